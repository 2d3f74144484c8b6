"""Cases for the order of the checks of a receipt, and for what it does not check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from keys.encoding import decode_base64
from ledger.tlog_proof import TlogProof, encode_tlog_proof
from ledger.tree import LeafIndex
from tests.ledger.parties import NOW_MS, ORIGIN, record_id_of
from tests.ledger.spec_readings import ANCHOR, LOG, Outcome, Reading
from tests.ledger.verdicts import Case
from tests.ledger.view_log import ForgedLog
from tests.ledger.view_story import REPORT

HEAD: Final = LOG.entries[REPORT][0]
FOREIGN: Final = HEAD.replace(ORIGIN, "other.example")
NEXT: Final = HEAD.replace(f"\n{REPORT}\n", f"\n{REPORT + 1}\n")
JWS: Final = LOG.jwss[REPORT]
NOTE: Final = LOG.note()


def _receipt(
    head: str | bytes | None = HEAD, *, index: int = REPORT, note: str = NOTE, log: ForgedLog = LOG
) -> bytes:
    path = tuple(decode_base64(text) for text in log.entry(REPORT)["path"])
    extra = head.encode() if isinstance(head, str) else head
    return encode_tlog_proof(TlogProof(LeafIndex(index), path, note.encode(), extra=extra))


def _reading(
    name: str, expected: Outcome, receipt: bytes, *, jws: str = JWS, anchor: str = ANCHOR
) -> Reading:
    return Reading(Case(f"receipt: {name}", receipt, anchor.encode(), jws), expected)


def receipt_readings() -> list[Reading]:
    """Every reading about receipts."""
    return [*_orders(), *_heads(), *_jwss()]


def _orders() -> Iterator[Reading]:
    """Two faults each; the earlier check gives the code."""
    good = _receipt()
    unsigned = _receipt("x", note="x")
    result: dict[str, Any] = {
        "record_id": record_id_of(f"{JWS}~"),
        "origin": ORIGIN,
        "index": REPORT,
        "size": len(LOG.jwss),
        "admitted_ms": NOW_MS + 1000 * REPORT,
        "cosigned_by": [],
    }
    yield _reading("whole", result, good)
    yield _reading("no anchor, no proof", "malformed-anchor", b"", anchor="x")
    yield _reading("no proof, no note", "malformed-proof", b"x" + unsigned)
    yield _reading("no note, no head", "malformed-note", unsigned)
    dropped = NOTE.replace("— log.example", "— other.example")
    yield _reading("another signer, no head", "log-signature-missing", _receipt("x", note=dropped))
    yield _reading("no head, another index", "malformed-entry", _receipt("x", index=1))
    yield _reading("another origin and index", "wrong-origin", _receipt(FOREIGN, index=1))
    yield _reading("another index, not included", "wrong-index", _receipt(NEXT))
    late = LOG.with_head(REPORT, lambda head: head.replace(str(NOW_MS)[:4], "1900"))
    yield _reading("another head", "not-included", _receipt(late.entries[REPORT][0]))


def _heads() -> Iterator[Reading]:
    yield _reading("without extra", "malformed-entry", _receipt(None))
    yield _reading("extra is not UTF-8", "malformed-entry", _receipt(b"\xff" + HEAD.encode()))
    yield _reading("a head with an odd origin", "wrong-origin", _receipt(HEAD.replace(ORIGIN, "é")))


def _jwss() -> Iterator[Reading]:
    yield _reading("of another record", "not-included", _receipt(), jws=f"{JWS}A")
    room = 60 * 1024 - len(HEAD) - 1
    yield _reading("an entry of 60 KiB", "not-included", _receipt(), jws="A" * room)
    yield _reading("an entry beyond", "malformed-entry", _receipt(), jws="A" * (room + 1))
    odd = "é\n~"
    log = LOG.with_record(REPORT, odd)
    data = _receipt(log.entries[REPORT][0], note=log.note(), log=log)
    yield _reading("of a text that is no JWS", {"index": REPORT}, data, jws=odd)
