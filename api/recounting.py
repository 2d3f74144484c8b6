"""Counting deliveries again, offline: from the records that an answer rests on, each verified.

What the service says is compared with what its own inputs come to. A record that it leaves
out is not noticed here: whoever misses one of its own papers among the inputs asks about it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from api.client import LogClient
from api.client_errors import AnswerMalformed
from api.deliveries_query import AskedDeliveries, questions_for
from api.derived.entries import month_of_admission
from api.exchange import Reader
from ledger.anchor import Anchor
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view
from quality.deliveries.agreed import AGREED_VCTS, AgreedRecords, Filed
from quality.deliveries.answers import differences, encode_difference, encode_month, monthly
from quality.deliveries.book import DeliveryReading, MemoryDeliveryBook, Question
from quality.deliveries.fold import PaperOrCase, fold_page
from quality.deliveries.papers import Gap, read_paper

MONTHLY: Final = "monthly"
DIFFERENCES: Final = "differences"
#: What a question is answered by, by the last part of its route.
ANSWERS: Final[Mapping[str, Callable[[DeliveryReading, Question, date], list[dict[str, Any]]]]] = {
    MONTHLY: lambda book, question, as_of: [
        encode_month(row) for row in monthly(book, question, as_of=as_of)
    ],
    DIFFERENCES: lambda book, question, as_of: [
        encode_difference(row) for row in differences(book, question, as_of=as_of)
    ],
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the service answered: rows, provenance, and the ids of the records they rest on.

    Of those that are ``erased`` as well something is gone that counted.
    """

    rows: Sequence[Mapping[str, Any]]
    provenance: Mapping[str, Any]
    entries: Sequence[str]
    erased: Sequence[str] = ()


def read_told(members: Mapping[str, Any]) -> Told:
    """Read an answer.

    Raises:
        AnswerMalformed: it is of another form.
    """
    rows, provenance = members.get("rows"), members.get("provenance")
    entries, erased = members.get("entries", []), members.get("erased", [])
    if not (
        _are(rows, dict)
        and isinstance(provenance, dict)
        and _are(entries, str)
        and _are(erased, str)
    ):
        raise AnswerMalformed(f"expected rows and provenance, found {str(members)[:80]}")
    assert isinstance(rows, list)
    return Told(rows, provenance, entries, erased)


def encode_rows(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as the bytes that are compared."""
    return json.dumps(list(rows), ensure_ascii=False, separators=(",", ":")).encode()


def recount(
    client: LogClient, anchor: Anchor, entries: Iterable[str], *, what: str, asked: AskedDeliveries
) -> list[dict[str, Any]]:
    """The rows that these records come to, each fetched and verified offline.

    Args:
        client: signs as the reader.
        anchor: what the records are verified from.
        entries: the ids of the records.
        what: :data:`MONTHLY` or :data:`DIFFERENCES`.
        asked: the question, and the day on which it was asked.

    Raises:
        AnswerMalformed: another record came than was asked for.
        LedgerError, KeysError: one does not verify.
        ClientError: the service did not give one.
    """
    book = count_records(fetch_records(client, anchor, entries))
    reader = Reader(client.did)
    questions = questions_for(asked.question, reader)
    return [row for question in questions for row in ANSWERS[what](book, question, asked.as_of)]


def fetch_records(client: LogClient, anchor: Anchor, entries: Iterable[str]) -> Iterator[Filed]:
    """Records by id, each verified from the anchor."""
    for record_id in entries:
        verified = verify_view(parse_view(client.view(record_id)), anchor)
        (record,) = verified.records or (None,)
        if record is None or record.record_id != record_id:
            raise AnswerMalformed(f"expected record {record_id}, found another")
        yield _filed(record)


def count_records(records: Iterable[Filed]) -> MemoryDeliveryBook:
    """The book that these records make, in the order of the log."""
    agreed, papers, size = AgreedRecords(), list[PaperOrCase | Gap](), 0
    for record in sorted(records, key=lambda found: found.index):
        size = record.index + 1
        if record.vct in AGREED_VCTS:
            agreed.apply(record)
        elif (paper := read_paper(record, agreed)) is not None:
            papers.append(paper)
    book = MemoryDeliveryBook()
    book.save(fold_page(book, papers, size=size), before=0)
    return book


def _filed(record: VerifiedRecord) -> Filed:
    groups = {item.group: item.value for item in record.groups}
    erased = frozenset(item.group for item in record.erased)
    return Filed(
        index=record.index,
        record_id=record.record_id,
        party=record.issuer,
        vct=record.type,
        groups=groups,
        erased=erased,
        month=month_of_admission(record.admitted_ms),
        admitted_ms=record.admitted_ms,
    )


def _are(found: object, kind: type) -> bool:
    return isinstance(found, list) and all(isinstance(item, kind) for item in found)
