"""Targets of what is verified offline: receipts and views, as they are and as others spoil them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from keys.encoding import decode_base64
from keys.errors import KeysError
from ledger.anchor import Anchor, parse_anchor
from ledger.errors import LedgerError, MalformedJson, MalformedView, ViewTooLarge
from ledger.receipt import verify_receipt
from ledger.tlog_proof import TlogProof, encode_tlog_proof
from ledger.tree import LeafIndex
from ledger.verify import VerifiedView, verify_view
from ledger.view import View, ViewEntry, ViewRecord, encode_view, encode_view_lines, parse_view
from tests.fuzz.choices import Choices, edited
from tests.fuzz.target import Target, raw_text_of
from tests.ledger.parties import ORIGIN
from tests.ledger.view_log import anchor_text, as_lines, as_text
from tests.ledger.view_mutations import mutated_view
from tests.ledger.view_story import REPORT, a_story

_PROGRAMS: Final = (
    b"",
    b"\x00\x01\x02A",
    b"\x10\x00\x00\x05",
    b"\x20\x00\x01\x02abc",
    b"j\x00\x05\x02z",
)


def _verify_receipt(data: bytes) -> None:
    receipt, jws, anchor = a_receipt()
    cut = len(data) // 2 if data[:1] == b"j" else 0
    document, record = edited(receipt, data[cut + 1 :]), raw_text_of(edited(jws, data[1:cut]))
    found = verify_receipt(document, record, anchor=anchor)
    # Where a lone byte of the frame may differ, what is said may not.
    assert (found.index, found.included_in) == (REPORT, len(a_story().submissions))
    assert record.encode() == jws


def _parse_view(data: bytes) -> None:
    found = parse_view(data)
    assert parse_view(encode_view(found).encode()) == found
    assert parse_view(encode_view_lines(found).encode()) == found


def _verify_edited_view(data: bytes) -> None:
    documents = _documents()
    document = edited(documents[data[0] % len(documents)] if data else documents[0], data[1:])
    _check_known(verify_view(parse_view(document), _anchor()))


def _verify_mutated_view(data: bytes) -> None:
    case = mutated_view(Choices(data))
    verify_view(parse_view(case.document), parse_anchor(case.anchor))


# ---- what is changed, and what it said ----


@cache
def a_receipt() -> tuple[bytes, bytes, Anchor]:
    log = a_story().log
    path = tuple(bytes(node) for node in _path_of(REPORT))
    note, head = log.note().encode(), log.entries[REPORT][0].encode()
    proof = TlogProof(LeafIndex(REPORT), path, note, extra=head)
    return encode_tlog_proof(proof), log.jwss[REPORT].encode(), _anchor()


def _path_of(index: int) -> list[bytes]:
    return [decode_base64(text) for text in a_story().log.entry(index)["path"]]


@cache
def _anchor() -> Anchor:
    return parse_anchor(anchor_text(a_story().charter).encode())


@cache
def _documents() -> tuple[bytes, ...]:
    story = a_story()
    view = story.log.view(story.show(REPORT, "manifest", "lot", "note"))
    return as_text(view).encode(), as_lines(view).encode()


@cache
def _known() -> dict[int, dict[str, Any]]:
    """What the log's records say, by index: groups by name."""
    story = a_story()
    whole = story.log.view(*(story.show(index) for index in range(len(story.submissions))))
    verified = verify_view(parse_view(as_text(whole).encode()), _anchor())
    return {
        item.index: {group.group: group.value for group in item.groups} for item in verified.records
    }


def _check_known(verified: VerifiedView) -> None:
    """An accepted view says nothing that the log does not: it may say less."""
    assert verified.origin == ORIGIN
    assert verified.records
    for record in verified.records:
        known = _known()[record.index]
        assert all(known[item.group] == item.value for item in record.groups)


def _small_views() -> list[bytes]:
    entry = ViewEntry("head\n", "a.b.c", ("AAAA",))
    record = ViewRecord(entry=0, type=None, keys=(0, 1), after=(1,), disclosures=("WyJ4Il0",))
    view = View("origin\n1\nAAAA\n\n", (entry, entry), (record, record))
    return [encode_view(view).encode(), encode_view_lines(view).encode(), b"{}", b"{}\n{}\n"]


TARGETS: Final = (
    Target(
        "receipt-edits",
        _verify_receipt,
        (LedgerError,),
        (verify_receipt,),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
    Target(
        "view",
        _parse_view,
        (ViewTooLarge, MalformedJson, MalformedView),
        (parse_view,),
        _small_views,
        bytes_max=2048,
        words=('"entries"', '"records"', '"checkpoint"', "lotmark.view/v1", "\n"),
    ),
    Target(
        "view-edits",
        _verify_edited_view,
        (LedgerError, KeysError),
        (verify_view,),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
    # Each execution signs a log of its own, so there are fewer; the parsers in front of the
    # signatures have their million in the two targets above.
    Target(
        "view-forgeries",
        _verify_mutated_view,
        (LedgerError, KeysError),
        (verify_view,),
        lambda: [bytes([number]) * 24 for number in range(0, 256, 37)],
        bytes_max=96,
        runs=100_000,
    ),
)
