"""Whose a submission is, before it is admitted: for turns and quotas, and for nothing else.

A party is charged for what its own key signed and the log does not have yet, because only
the party can send that. Everything else, what nobody signed, what a key signed that the log
does not know, and what is an entry already and so in many hands, is charged to the address
that it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.check_pool import parse_submission
from api.http_addresses import flow_of_address
from keys.errors import BadSignature
from ledger.content import CheckedRecord, split_submission
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.record import encode_record_id, parse_jws, record_id, verify_jws
from ledger.service import Ledger

PROBED_BYTES_MAX: Final = 64 * 1024


def source_of(request: Request) -> str:
    """The flow of the address that a request comes from."""
    return flow_of_address(request.client.host if request.client else "")


class Claimants:
    """Tells whose flow a submission takes its turns in."""

    def __init__(self, ledger: Ledger) -> None:
        """Ask the keys that ``ledger`` knows."""
        self._ledger = ledger

    def of_record(self, record: CheckedRecord, source: str) -> str:
        """The flow of a record whose signature holds."""
        return record.iss if self._is_known(record.kid) else source

    async def of_lines(self, lines: Sequence[bytes], source: str, *, is_loaded: bool) -> str:
        """The flow of a batch: that of its first line, which is all that is looked at here.

        Args:
            lines: the submissions, at least one.
            source: the flow of their address.
            is_loaded: much waits; then a party's own line must be one the log does not have.
        """
        found = self._signer_of(lines[0])
        if found is None:
            return source
        party, key = found
        if is_loaded and await run_in_threadpool(self._is_entry, key):
            return source
        return party

    def _signer_of(self, line: bytes) -> tuple[str, bytes] | None:
        """The party whose registered key signed a line, and the record's id."""
        # A large line can take long to refuse; this is the event loop.
        if len(line) > PROBED_BYTES_MAX:
            return None
        sd_jwt = parse_submission(line)
        if isinstance(sd_jwt, Refusal):
            return None
        try:
            jws, _ = split_submission(sd_jwt)
            parsed = parse_jws(jws, origin=self._ledger.fold.origin)
            if not self._is_known(parsed.header.kid):
                return None
            verify_jws(parsed)
        except (LedgerError, BadSignature):
            return None
        return parsed.claims.iss, record_id(jws)

    def _is_known(self, kid: str) -> bool:
        return self._ledger.fold.key(kid) is not None

    def _is_entry(self, key: bytes) -> bool:
        try:
            return self._ledger.find_record(encode_record_id(key)) is not None
        except LedgerError:
            return False
