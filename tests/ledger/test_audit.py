"""An audit finds what does not hold, says where, and finds nothing in an honest log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit import audit
from ledger.audit_entries import CHUNK_ENTRIES, CheckedEntry, check_chunk
from ledger.audit_findings import FINDINGS_MAX, describe
from ledger.audit_jtis import NO_KEY, UsedJtis
from ledger.audit_memory import Extent
from ledger.disclosure import tag_of
from ledger.sharing.filings import NO_FILINGS, Filings
from ledger.tiles import HashTile
from ledger.tree import EMPTY_ROOT
from tests.ledger.audit_copies import (
    FIRST_REPORT,
    LAST,
    TEXTS,
    CopiedLog,
    Forgery,
    Row,
    audited,
    found,
)
from tests.ledger.ledger_stories import FOUNDED
from tests.ledger.parties import (
    NOW_S,
    ORIGIN,
    payload_of,
    resign,
)
from tests.ledger.view_cases_disclosures import disclosure

pytestmark = pytest.mark.item("2.4")

HONEST: Final = Forgery()
COPY: Final = HONEST.copy()
FIRST, SECOND, THIRD = FOUNDED.parties.values()
REPORT: Final = TEXTS[FIRST_REPORT]
TYPE: Final = FIRST_REPORT - 1
PLACE: Final = f"entry {FIRST_REPORT}"
SIZE: Final = len(TEXTS)


def test_honest_log_is_clean() -> None:
    report = audited(COPY)
    assert report.findings == []
    assert report.is_clean
    assert {**describe(report), "root": ""} == {
        "origin": ORIGIN,
        "entries": len(TEXTS),
        "resumed_at": 0,
        "signatures": len(TEXTS),
        "disclosures": sum(text.count("~") - 1 for text in TEXTS),
        "contents": 0,
        "without_disclosures": 0,
        "against_state": 0,
        "not_entitled": LAST - FIRST_REPORT + 1,
        "checkpoints": 3,
        "cosigned": 0,
        "root": "",
        "clean": True,
        "findings": [],
    }
    assert report.root == HONEST.log().checkpoint().root


def test_log_without_disclosures_is_clean_and_says_so() -> None:
    bare = replace(COPY, entries=tuple((text, None) for text, _ in COPY.entries))
    report = audited(bare)
    assert report.findings == []
    tallies = report.tallies
    assert (tallies.disclosures, tallies.without_disclosures) == (0, LAST - FIRST_REPORT + 1)


def test_empty_log_is_clean() -> None:
    assert audited(CopiedLog((), ())).findings == []


# ---- bytes that were changed afterwards ----


@pytest.mark.parametrize("index", range(len(TEXTS)))
def test_any_changed_entry_breaks_its_signature_chain_and_tree(index: int) -> None:
    text, held = COPY.entries[index]
    changed = text[:-3] + (b"AA" if text[-3:-1] != b"AA" else b"BA") + b"\n"
    codes = {code for _, code in found(COPY.with_entry(index, (changed, held)))}
    assert codes & {"bad-signature", "malformed-record"}
    # Without its charter the log has no key, and no checkpoint can be opened.
    assert ("root-mismatch" if index else "no-known-signature") in codes
    assert ("chain-broken" in codes) == (index < LAST)


def test_changed_admission_time_breaks_chain_and_tree() -> None:
    text, held = COPY.entries[FIRST_REPORT]
    lines = text.decode().split("\n")
    lines[4] = str(int(lines[4]) + 1)
    places = found(COPY.with_entry(FIRST_REPORT, ("\n".join(lines).encode(), held)))
    assert places == [
        (f"entry {FIRST_REPORT + 1}", "chain-broken"),
        (f"checkpoint {len(TEXTS)}", "root-mismatch"),
    ]


def test_missing_entry_is_found() -> None:
    without = replace(COPY, entries=COPY.entries[:FIRST_REPORT] + COPY.entries[FIRST_REPORT + 1 :])
    places = found(without)
    assert (PLACE, "wrong-index") in places
    assert (PLACE, "chain-broken") in places
    assert places[-1] == (f"checkpoint {len(TEXTS)}", "wrong-index")


def test_swapped_entries_are_found() -> None:
    rows = list(COPY.entries)
    rows[FIRST_REPORT], rows[LAST] = rows[LAST], rows[FIRST_REPORT]
    codes = {code for _, code in found(replace(COPY, entries=tuple(rows)))}
    assert {"wrong-index", "chain-broken", "time-decreases", "root-mismatch"} <= codes


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"lotmark.entry/v1", b"lotmark.entry/v2"),
        lambda text: text[:-1],
        lambda text: text + b"\n",
        lambda text: b"\xff" + text,
        lambda text: text + b"A" * 61_440,
        lambda _: b"",
    ],
)
def test_bytes_that_are_no_entry_are_one_finding(change: Callable[[bytes], bytes]) -> None:
    text, held = COPY.entries[LAST]
    assert found(COPY.with_entry(LAST, (change(text), held))) == [
        (f"entry {LAST}", "malformed-entry"),
        (f"checkpoint {len(TEXTS)}", "root-mismatch"),
    ]


def test_entry_of_another_log_is_found() -> None:
    forged = replace(HONEST, heads={LAST: lambda head: head.replace(ORIGIN, "other.example")})
    assert found(forged.copy()) == [(f"entry {LAST}", "wrong-origin")]


def test_wrong_index_inside_the_tree_is_found() -> None:
    forged = replace(HONEST, heads={LAST: lambda head: head.replace(f"\n{LAST}\n", "\n99\n")})
    assert found(forged.copy()) == [(f"entry {LAST}", "wrong-index")]


def test_broken_chain_inside_the_tree_is_found() -> None:
    def broken(head: str) -> str:
        lines = head.split("\n")
        lines[3] = "A" * 43 + "="
        return "\n".join(lines)

    forged = replace(HONEST, heads={LAST: broken})
    assert found(forged.copy()) == [(f"entry {LAST}", "chain-broken")]


def test_time_that_decreases_is_found() -> None:
    def earlier(head: str) -> str:
        return head.replace(f"{NOW_S * 1000 + 1000 * LAST}", f"{NOW_S * 1000}")

    forged = replace(HONEST, heads={LAST: earlier})
    assert found(forged.copy()) == [(f"entry {LAST}", "time-decreases")]


# ---- disclosures ----


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("disclosure-malformed", lambda held: held + "A~"),
        ("disclosure-malformed", lambda held: held + "~"),
        ("disclosure-malformed", lambda held: held[:-1] + "x"),
        ("disclosure-malformed", lambda held: held.replace("~", "=~", 1)),
        ("disclosure-duplicate", lambda held: held + held.split("~")[0] + "~"),
        ("disclosure-not-of-this-record", lambda _: TEXTS[LAST].split("~", 1)[1]),
        ("disclosure-unused", lambda held: held + f"{_unused()}~"),
    ],
)
def test_disclosure_that_was_changed_is_one_finding(
    code: str, change: Callable[[str], str]
) -> None:
    text, held = COPY.entries[FIRST_REPORT]
    assert held is not None
    assert found(COPY.with_entry(FIRST_REPORT, (text, change(held)))) == [(PLACE, code)]


def _unused() -> str:
    claims = payload_of(REPORT)
    return disclosure("0" * 22 + tag_of(claims["iss"], claims["jti"]), "values", ["1"])


def test_changed_disclosure_of_a_key_leaves_the_key_in_force() -> None:
    index = next(n for n, text in enumerate(TEXTS) if payload_of(text)["vct"] == "key/v1")
    text, held = COPY.entries[index]
    assert held is not None
    assert found(COPY.with_entry(index, (text, held + held))) == [
        (f"entry {index}", "disclosure-duplicate")
    ]


# ---- how an audit runs ----


@given(st.lists(st.integers(1, 7), min_size=SIZE))
def test_cutting_into_batches_changes_nothing(sizes: list[int]) -> None:
    tampered = FORGED.copy()

    def in_batches(origin: str, chunks: Iterable[Sequence[Row]]) -> Iterator[list[CheckedEntry]]:
        rows = iter([row for chunk in chunks for row in chunk])
        for size in sizes:
            if batch := list(islice(rows, size)):
                yield check_chunk(origin, batch)

    for copy in (COPY, tampered):
        assert audit(ORIGIN, copy, map_chunks=in_batches) == audited(copy)


FORGED: Final = HONEST.with_text(FIRST_REPORT + 1, resign(TEXTS[FIRST_REPORT + 1], SECOND.admin))


def test_audit_holds_one_chunk_of_the_log_at_a_time() -> None:
    text, held = COPY.entries[LAST]
    done, taken, ahead = [0], [0], [0]

    class Stream:
        def extent(self) -> Extent:
            return Extent(0, EMPTY_ROOT)

        def cosigned(self) -> Iterator[tuple[int, str]]:
            return iter(())

        def read_tile(self, tile: HashTile, /) -> bytes:
            return bytes(32 * tile.width)

        def entry_texts(self, start: int = 0) -> Iterator[Row]:
            assert start == 0
            for _ in range(5 * CHUNK_ENTRIES):
                taken[0] += 1
                ahead[0] = max(ahead[0], taken[0] - done[0])
                yield text, held

        def filings(self, origin: str) -> Filings:
            assert origin == ORIGIN
            return NO_FILINGS

        def checkpoints(self, above: int = 0) -> Iterator[tuple[int, str]]:
            assert above == 0
            return iter(())

    def on_progress(entries: int) -> None:
        done[0] = entries

    report = audit(ORIGIN, Stream(), on_progress=on_progress)
    assert report.entries == done[0] == 5 * CHUNK_ENTRIES
    assert ahead[0] <= CHUNK_ENTRIES
    # Every entry is wrong in several ways, and the report stays short all the same.
    assert len(report.findings) == FINDINGS_MAX


def test_progress_is_told_until_the_end() -> None:
    told: list[int] = []
    audit(ORIGIN, COPY, on_progress=told.append)
    assert told == [SIZE]


@pytest.mark.parametrize("known", range(11))
@pytest.mark.parametrize("compared_max", [1, 3, 100])
def test_repeated_jtis_are_found_once_by_the_audit_that_reads_them(
    known: int, compared_max: int
) -> None:
    numbers = [0, 1, None, 0, 2, None, 1, 0, 3, 2]
    keys = [NO_KEY if n is None else hashlib.sha256(bytes([n])).digest()[:16] for n in numbers]
    used = UsedJtis(b"".join(keys[:known]), compared_max=compared_max)
    for key in keys[known:]:
        used.add(key)
    repeats = [(0, 3), (1, 6), (0, 7), (4, 9)]
    assert used.repeats() == [pair for pair in repeats if pair[1] >= known]
    assert used.keys() == b"".join(keys)


def test_findings_are_described_as_plain_values() -> None:
    described = describe(audited(FORGED.copy()))
    assert described["clean"] is False
    assert described["findings"] == [
        {
            "place": f"entry {FIRST_REPORT + 1}",
            "code": "key-not-valid",
            "detail": audited(FORGED.copy()).findings[0].detail,
        }
    ]
