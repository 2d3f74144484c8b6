"""The worker that closes hours, puts their digests on the log, and purges what is too old.

One thread in the service, told the time by its clock. It begins again where the tables are:
a missed hour is caught up, one at a time, and one that two replicas write is admitted once,
for both give it the same ``jti``.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, update

from api.accesses.book import AccessBook, AskedAccesses, pages_of
from api.accesses.log import AccessLog
from api.accesses.periods import AccessMark, Period, digest_jti, digest_state, period_after
from api.accesses.purging import purge_accesses
from api.accesses.tables import MARK
from api.observability import describe_fault, log
from api.party_folder import PartySigner
from ledger import limits
from ledger.clock import Clock
from ledger.compose import Composer, Filing
from ledger.content import CheckedRecord, check_submission
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.own_types import ACCESS_DIGEST
from ledger.party import Standing
from ledger.service import Ledger

#: How long after its end an hour is written, so that every hour is written at the same minute.
DELAY_MS: Final = 5 * 60_000
LOOK_SECONDS: Final = 5.0
REST_SECONDS: Final = 30.0
_TOGETHER: Final = 250
_OUTCOME_SECONDS: Final = limits.OUTCOME_SECONDS_MAX
#: Another replica has put the same digest on the log.
_IS_THERE: Final = "jti-used"


class DigestRefused(LedgerError):
    """The log does not take a digest."""

    code = "digest-refused"


@dataclass(frozen=True, slots=True)
class DigestParts:
    """What the worker is built from; without a ``signer`` it writes no digest."""

    log: AccessLog
    ledger: Ledger
    clock: Clock
    signer: PartySigner | None
    retention_ms: int


class DigestWorker:
    """Keeps the digests of one log. Create, :meth:`start`, :meth:`close`."""

    def __init__(self, parts: DigestParts) -> None:
        """Prepare; nothing is written yet."""
        self._parts = parts
        self._book = AccessBook(parts.log)
        self._stop = threading.Event()
        self.fault: BaseException | None = None
        self._mark: AccessMark | None = None
        self._thread = threading.Thread(target=self._run, name="access-digests", daemon=True)

    @property
    def digested_ms(self) -> int | None:
        """Until when digests are on the log, as far as is known here."""
        return self._mark.digested_ms if self._mark else None

    def describe(self) -> dict[str, object]:
        """What health says of receipts and digests."""
        return {
            "status": "kept" if self._parts.log.is_open else "unavailable",
            "digests": self._why_none() or ("behind" if self.fault else "written"),
            "digested_ms": self.digested_ms,
        }

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop before the next hour."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def catch_up(self) -> int:
        """Write every hour that is due, then purge; gives how many hours were written.

        Raises:
            StoreUnavailable, DigestRefused, LedgerError: the rest is for the next time.
        """
        written = 0
        database = self._parts.log.database()
        with database.turn() as has_turn:
            self._mark = self._book.mark()
            while has_turn and not self._stop.is_set() and self._write_next():
                written += 1
            if has_turn:
                self._purge()
        return written

    # ---- the thread ----

    def _run(self) -> None:
        wait = LOOK_SECONDS
        while not self._stop.wait(wait):
            try:
                self.catch_up()
                self.fault, wait = None, LOOK_SECONDS
            except LedgerError as fault:
                if str(self.fault) != str(fault):
                    log.warning("accesses.behind", code=fault.code, detail=str(fault))
                self.fault, wait = fault, REST_SECONDS
            except BaseException as fault:
                # A mistake of ours: the thread ends, its trace is printed, health tells it.
                self.fault = fault
                log.error("accesses.broken", **describe_fault(fault))
                raise

    def _why_none(self) -> str | None:
        """Why no digest is written here; None where they are."""
        signer, fold = self._parts.signer, self._parts.ledger.fold
        if signer is None:
            return "no-service-key"
        operator = next((p for p in fold.parties.values() if p.slug == fold.rules.operator), None)
        if operator is None or operator.did != signer.did:
            return "not-of-the-operator"
        if not fold.may_sign(signer.kid, ACCESS_DIGEST):
            return "key-not-registered"
        return None if ACCESS_DIGEST in fold.types else "type-not-defined"

    def _write_next(self) -> bool:
        """Write the next period if it is due; False where there is nothing to do."""
        assert self._mark is not None, "read just now"
        period = period_after(self._mark)
        if self._why_none() or self._parts.clock.now_ms() < period.until_ms + DELAY_MS:
            return False
        with self._parts.log.database().writing() as connection:
            _move(connection, "closed_ms", period.until_ms)
        # From here on the rows of the period do not change.
        owners = self._owners()
        for start in range(0, len(owners), _TOGETHER):
            self._submit(owners[start : start + _TOGETHER], period)
        with self._parts.log.database().writing() as connection:
            _move(connection, "digested_ms", period.until_ms)
        self._mark = self._book.mark()
        log.info("accesses.digested", until_ms=period.until_ms, count=len(owners))
        return True

    def _owners(self) -> list[str]:
        """Every party that is admitted, whether anybody has read of it or not."""
        parties = self._parts.ledger.fold.parties.values()
        return sorted(party.did for party in parties if party.standing is not Standing.REMOVED)

    def _submit(self, owners: Sequence[str], period: Period) -> None:
        checked = list(self._checked(owners, period))
        for outcome in self._parts.ledger.submit(checked).result(_OUTCOME_SECONDS):
            if isinstance(outcome, Refusal) and outcome.code != _IS_THERE:
                raise DigestRefused(f"{outcome.code}: {outcome.detail}")

    def _checked(self, owners: Sequence[str], period: Period) -> Iterator[CheckedRecord]:
        for owner in owners:
            checked = check_submission(self._compose(owner, period), self._parts.ledger.checker)
            if isinstance(checked, Refusal):
                raise DigestRefused(f"{checked.code}: {checked.detail}")
            yield checked

    def _compose(self, owner: str, period: Period) -> str:
        ledger, signer = self._parts.ledger, self._parts.signer
        assert signer is not None, "nothing is written without"
        fold = ledger.fold
        draws = _Draws(digest_jti(fold.origin, owner, period))
        composer = Composer(fold.origin, fold.charter_id, signer, draws)
        rows = (row.text for row in pages_of(self._book, _all_of(owner, period)))
        return composer.compose_record(
            fold.types[ACCESS_DIGEST],
            {"state": digest_state(period, rows)},
            filing=Filing(subject=owner),
            iat=self._parts.clock.now_ms() // 1000,
        )

    def _purge(self) -> None:
        assert self._mark is not None, "read just now"
        latest = self._parts.clock.now_ms() - self._parts.retention_ms
        if self._parts.signer is not None:
            latest = min(latest, self._mark.digested_ms)
        if purge_accesses(self._parts.log.database(), before_ms=latest):
            self._mark = self._book.mark()


class _Draws:
    """Random bytes of which the first draw is given: a composer draws the ``jti`` first."""

    def __init__(self, first: bytes) -> None:
        self._first: bytes | None = first

    def __call__(self, count: int) -> bytes:
        first, self._first = self._first, None
        return secrets.token_bytes(count) if first is None else first


def _all_of(owner: str, period: Period) -> AskedAccesses:
    return AskedAccesses(
        owner,
        limits.ACCESSES_PAGE_MAX,
        since_ms=period.from_ms,
        until_ms=period.until_ms,
        is_ascending=True,
    )


def _move(connection: Connection, column: str, until_ms: int) -> None:
    """Move the mark forward; another replica may have moved it further."""
    values: dict[str, Any] = {column: until_ms}
    connection.execute(update(MARK).where(MARK.c[column] < until_ms).values(values))
