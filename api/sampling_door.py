"""``GET /v1/sampling``: the severity in force, and how every lot and switch led to it.

Made of one state of the derived tables. Who may ask is judged before anything is looked up, so
that what is not one's own looks like nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deliveries_query import WAIT_SECONDS_MAX
from api.derived.answering import TooMuch
from api.derived.worker import DerivedWorker
from api.exchange import Reader, Refused
from api.observability import log
from api.records import RecordShelf, private
from api.sampling_query import parse_sampling, parts_for, question_of
from ledger.clock import Clock
from ledger.faults import Refusal
from ledger.fold_state import Parameters
from ledger.store_errors import StoreUnavailable
from quality.flags import Flag
from quality.sampling.answers import METHOD
from quality.sampling.specified import specified_severities
from quality.sampling.state_flags import state_flags
from quality.sampling.told import tell_sampling
from quality.values import Groups


@dataclass(frozen=True, slots=True)
class SamplingDoor:
    """Answers about the sampling of parts, of one log."""

    derived: DerivedWorker
    shelf: RecordShelf
    clock: Clock
    parameters: Callable[[], Parameters | None]

    async def await_entries(self, request: Request, reader: Reader) -> None:
        """Wait for the entries that a question asks for, as far as the log has them.

        Raises:
            Refused: it is of another form, or not signed; for that nobody waits.
        """
        asked = parse_sampling(request.query_params, now_ms=self.clock.now_ms())
        parts_for(asked.parts, reader)
        await self.derived.reach(asked.at_least, WAIT_SECONDS_MAX)

    def sampling(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/sampling``.

        Raises:
            Refused: of another form, not signed, or more than one answer may take.
        """
        asked = parse_sampling(request.query_params, now_ms=self.clock.now_ms())
        parts = parts_for(asked.parts, reader)
        # Figures are made of both sides' records, and who is no member reads its own alone.
        parts = parts if self.shelf.is_member(reader) else ()
        in_force = self.parameters()
        try:
            loaded = self.derived.sampling.load(parts)
        except TooMuch as fault:
            raise _too_large(fault) from fault
        questions = [question_of(asked, part) for part in parts]
        told = tell_sampling(loaded.records, questions, reader=reader.did)
        provenance = {
            "method": METHOD,
            "tree_size": loaded.tree_size,
            "as_of_ms": asked.as_of_ms,
            "parameters": _describe(in_force),
        }
        answer: dict[str, Any] = {**told.rows, "provenance": provenance}
        if asked.with_inputs:
            answer |= {
                "entries": list(told.inputs),
                "erased": list(told.erased),
                "withdrawn": list(told.withdrawn),
            }
        return private(JSONResponse(answer))


def sampling_flags(
    derived: DerivedWorker,
    record_id: str,
    reader: Reader,
    *,
    specification: Groups | None = None,
) -> tuple[Flag, ...] | None:
    """What a report shows beside the other records of its part; None where nobody can tell now.

    ``specification`` is the one that it cites, where the reader reads it whole.
    Its two sides are told: who else reads the report reads not all that it follows from.
    """
    try:
        records = derived.sampling.load_beside(record_id).records
    except (StoreUnavailable, TooMuch) as fault:
        log.warning("flags.without_sampling", detail=str(fault))
        return None
    own = next((one.lane for one in records if one.filed.record_id == record_id), None)
    if own is None or reader.did not in (own.customer, own.supplier):
        return ()
    return state_flags(records, record_id, specified=specified_severities(specification))


def _describe(found: Parameters | None) -> dict[str, Any] | None:
    if found is None:
        return None
    entry, sha256 = found.versions[-1]
    return {"name": found.name, "entry": entry, "sha256": sha256}


def _too_large(fault: TooMuch) -> Refused:
    remedy = "name a part, a partner, or both"
    return Refused(Refusal("malformed-query", f"part: expected {fault}: {remedy}"))
