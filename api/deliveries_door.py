"""The HTTP routes that answer from derived tables: deliveries by month, differences, flags.

Every answer names method and tree size, and is made of one state of the tables. Who may ask
is judged before anything is looked up, so that what is not one's own looks like nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deliveries_query import (
    WAIT_SECONDS_MAX,
    AskedDeliveries,
    parse_deliveries,
    questions_for,
)
from api.derived.answering import ROWS_MAX, Asked, TooMuch, load
from api.derived.worker import DerivedWorker
from api.exchange import Reader, Refused
from api.observability import log
from api.record_flags import agreed_flags, cited_groups, encode_agreed_flag
from api.records import OpenedRecord, RecordShelf, private
from api.sampling_door import sampling_flags
from keys.encoding import encode_base64url
from ledger.clock import Clock
from ledger.domain_state import DomainState
from ledger.faults import Refusal
from ledger.store_errors import StoreUnavailable
from quality.deliveries.answers import (
    METHOD,
    differences,
    encode_difference,
    encode_flag,
    encode_month,
    erased_records,
    flags_of,
    inputs,
    monthly,
    provenance,
)
from quality.deliveries.book import DeliveryReading, Question
from quality.deliveries.delivery import RecordFlag
from quality.flags import Flag
from quality.sampling.history import INSPECTION_VCT

RowsOf: TypeAlias = Callable[[DeliveryReading, Question, AskedDeliveries], Iterable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class DeliveryDoor:
    """Answers from the derived tables of one log."""

    derived: DerivedWorker
    shelf: RecordShelf
    clock: Clock
    state: Callable[[], DomainState]

    def monthly(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/deliveries/monthly``: delivered units, bad units and PPM."""
        return self._answer(request, reader, _monthly_rows)

    def differences(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/deliveries/differences``: what was shipped and received otherwise."""
        return self._answer(request, reader, _difference_rows)

    def flags(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/records/{id}/flags``: what a record shows only beside others.

        Raises:
            Refused: there is no such record.
        """
        told = self.flags_beside(self.shelf.open(request.path_params["record_id"], reader), reader)
        return private(JSONResponse(told))

    def flags_beside(self, record: OpenedRecord, reader: Reader) -> dict[str, Any]:
        """The flags of a record beside others, for one reader, and what they are made of."""
        record_id = encode_base64url(record.row.record_id)
        # Who does not read the record whole, or is no member, is told nothing that follows from it.
        is_told = record.sight.is_whole and self.shelf.is_member(reader)
        found, size = self._beside_others(record_id if is_told else None)

        def open_record(other: str) -> OpenedRecord:
            return self.shelf.open(other, reader)

        sampled: tuple[Flag, ...] | None = ()
        if is_told and record.row.vct == INSPECTION_VCT:
            cited = cited_groups(record, self.state(), open_record=open_record)
            sampled = sampling_flags(self.derived, record_id, reader, specification=cited)
        agreed = agreed_flags(record, self.state(), open_record=open_record)
        missing = (("deliveries", size is None), ("sampling", sampled is None))
        return {
            "record_id": record_id,
            "flags": [
                *map(encode_flag, found),
                *map(encode_agreed_flag, (*(sampled or ()), *agreed)),
            ],
            "missing": [name for name, is_missing in missing if is_missing],
            "provenance": {"method": METHOD, "tree_size": size},
        }

    def _beside_others(self, record_id: str | None) -> tuple[tuple[RecordFlag, ...], int | None]:
        """Flags beside other deliveries, and the tree size; None where tables are away."""
        try:
            with self.derived.book.at_once() as book:
                found = flags_of(book, record_id) if record_id else ()
                return found, book.size()
        except StoreUnavailable as fault:
            # What was agreed is told without them.
            log.warning("flags.without_deliveries", code=fault.code, detail=str(fault))
            return (), None

    async def await_entries(self, request: Request, reader: Reader) -> None:
        """Wait for the entries that a question asks for, as far as the log has them.

        Raises:
            Refused: it is of another form, or not signed; for that nobody waits.
        """
        asked = parse_deliveries(request.query_params, now_ms=self.clock.now_ms())
        questions_for(asked.question, reader)
        await self.derived.reach(asked.at_least, WAIT_SECONDS_MAX)

    def _answer(self, request: Request, reader: Reader, rows_of: RowsOf) -> Response:
        asked = parse_deliveries(request.query_params, now_ms=self.clock.now_ms())
        questions = questions_for(asked.question, reader)
        # Figures are made of both sides' records, and who is no member reads its own alone.
        questions = questions if self.shelf.is_member(reader) else ()
        wanted = Asked(
            questions,
            months=rows_of is _monthly_rows,
            deliveries=rows_of is _difference_rows,
            with_inputs=asked.with_inputs,
        )
        try:
            book = load(self.derived.book, wanted)
            told = _tell(book, questions, asked, rows_of)
        except TooMuch as fault:
            raise _too_large(fault, with_inputs=asked.with_inputs) from fault
        return private(JSONResponse(told))


def _tell(
    book: DeliveryReading, questions: Sequence[Question], asked: AskedDeliveries, rows_of: RowsOf
) -> dict[str, Any]:
    rows = (row for question in questions for row in rows_of(book, question, asked))
    told: dict[str, Any] = {
        "rows": _bounded(rows),
        "provenance": provenance(book.size(), asked.question, asked.as_of),
    }
    if asked.with_inputs:
        told["entries"] = _bounded(_inputs(book, questions))
        told["erased"] = _bounded(_erased(book, questions))
    return told


def _monthly_rows(
    book: DeliveryReading, question: Question, asked: AskedDeliveries
) -> Iterable[dict[str, Any]]:
    return map(encode_month, monthly(book, question, as_of=asked.as_of))


def _difference_rows(
    book: DeliveryReading, question: Question, asked: AskedDeliveries
) -> Iterable[dict[str, Any]]:
    return map(encode_difference, differences(book, question, as_of=asked.as_of))


def _inputs(book: DeliveryReading, questions: Iterable[Question]) -> list[str]:
    return sorted({name for question in questions for name in inputs(book, question)})


def _erased(book: DeliveryReading, questions: Iterable[Question]) -> list[str]:
    return sorted({name for question in questions for name in erased_records(book, question)})


def _bounded(rows: Iterable[Any]) -> list[Any]:
    found = list(islice(rows, ROWS_MAX + 1))
    if len(found) > ROWS_MAX:
        raise TooMuch(f"an answer of at most {ROWS_MAX} rows and ids each, found more")
    return found


def _too_large(fault: TooMuch, *, with_inputs: bool) -> Refused:
    less = ", or ask without inputs" if with_inputs else ""
    remedy = f"name a part or a partner, or fewer months (from, to){less}"
    return Refused(Refusal("malformed-query", f"from: expected {fault}: {remedy}"))
