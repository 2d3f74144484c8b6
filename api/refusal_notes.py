"""Refusals of records, signed for submitters who ask (docs/spec/sharing.md, section 7)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import errors
from api.desk import record_id_of_line
from api.exchange import Refused
from api.turns import FairTurns
from ledger import limits
from ledger.clock import Clock
from ledger.faults import Refusal
from ledger.note import Ed25519Signer
from ledger.record import encode_record_id
from ledger.service import Ledger
from ledger.sharing.members import Submitted, submission_digest
from ledger.sharing.signed import sign_refusal
from ledger.submission import Outcome


class RefusalNotes:
    """Signs, by the log key, that a submission was refused. Belongs to one event loop."""

    def __init__(self, ledger: Ledger, clock: Clock, signer: Ed25519Signer) -> None:
        """Say the size of ``ledger`` and the instant of ``clock``; ``signer`` is the log's."""
        self._ledger = ledger
        self._clock = clock
        self._signer = signer
        self._turns = FairTurns(1, quantum=limits.CHECKS_TURN_RECORDS)

    async def sign_all(
        self, lines: Sequence[bytes], outcomes: Sequence[Outcome], flow: str
    ) -> list[str | None]:
        """For each line the note on its refusal; None where its record was not refused."""
        refused = {
            position: outcome
            for position, outcome in enumerate(outcomes)
            if isinstance(outcome, Refusal) and is_of_record(outcome)
        }
        if not refused:
            return [None] * len(outcomes)
        # Lines are read again, which takes as long as it did: one at a time, parties in turns.
        async with self._turns.taken(flow, cost=len(refused)):
            told = [(lines[position], refusal) for position, refusal in refused.items()]
            signed = await run_in_threadpool(lambda: [self._sign(*item) for item in told])
        notes = dict(zip(refused, signed, strict=True))
        return [notes.get(position) for position in range(len(outcomes))]

    def _sign(self, line: bytes, refusal: Refusal) -> str:
        found = record_id_of_line(line)
        of = Submitted(
            record_id=None if found is None else encode_record_id(found),
            submission=submission_digest(line),
            at_ms=self._clock.now_ms(),
            size=self._ledger.size,
        )
        return sign_refusal(refusal, of, origin=self._signer.key.name, signer=self._signer)


def is_of_record(refusal: Refusal) -> bool:
    """Whether it is the record that was refused, and not a service that could not judge it."""
    status = errors.status_of(refusal.code)
    return status < errors.INTERNAL and status != errors.TOO_MANY


def asks_for_signed(request: Request) -> bool:
    """Whether the query asks for signed refusals.

    Raises:
        Refused: it says something else.
    """
    given = request.query_params.getlist(errors.REFUSALS)
    if given not in ([], [errors.SIGNED]):
        detail = f"expected {errors.REFUSALS}={errors.SIGNED}, once"
        raise Refused(Refusal("malformed-query", detail))
    return bool(given)
