"""Whose a submission is, before it is admitted: for turns and quotas, and for nothing else.

A party is charged for what a key signed that signs for it now, and what the log does not have
yet, because only the party can send that. Everything else, what nobody signed, what a key
signed that the log does not know or that has ended, and what is an entry already and so in
many hands, is charged to the address that it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.check_pool import parse_submission
from api.http_addresses import flow_of_address
from keys.errors import BadSignature
from ledger.content import CheckedRecord, split_submission
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.record import parse_jws, record_id, verify_jws
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

    async def of_records(
        self, records: Sequence[CheckedRecord], sources: Sequence[str]
    ) -> list[str]:
        """The flow of each record whose signature holds; a repeat among them is the address's."""
        if not records:
            return []
        return await run_in_threadpool(self._of_records, records, sources)

    async def of_lines(self, lines: Sequence[bytes], source: str) -> str:
        """Whose turns a batch takes: that of its first line, which is all that is looked at here.

        Args:
            lines: the submissions, at least one.
            source: the flow of their address.
        """
        found = self._signer_of(lines[0])
        if found is None:
            return source
        party, key = found
        # A first line costs a stranger nothing where the log has it: anybody may read it there.
        is_new = await run_in_threadpool(self._new_of, [key])
        return party if key in is_new else source

    def _of_records(self, records: Sequence[CheckedRecord], sources: Sequence[str]) -> list[str]:
        may_sign = cache(self._ledger.fold.may_sign)
        signed = [item.record_id for item in records if may_sign(item.kid, item.vct)]
        new = self._new_of(signed)
        flows = []
        for item, source in zip(records, sources, strict=True):
            is_own = item.record_id in new and may_sign(item.kid, item.vct)
            # The same line a thousand times over is not what a party has to send.
            new.discard(item.record_id)
            flows.append(item.iss if is_own else source)
        return flows

    def _signer_of(self, line: bytes) -> tuple[str, bytes] | None:
        """The party whose key signed a line, and the record's id."""
        # A large line can take long to refuse; this is the event loop.
        if len(line) > PROBED_BYTES_MAX:
            return None
        sd_jwt = parse_submission(line)
        if isinstance(sd_jwt, Refusal):
            return None
        try:
            jws, _ = split_submission(sd_jwt)
            parsed = parse_jws(jws, origin=self._ledger.fold.origin)
            if not self._ledger.fold.may_sign(parsed.header.kid, parsed.claims.vct):
                return None
            verify_jws(parsed)
        except (LedgerError, BadSignature):
            return None
        return parsed.claims.iss, record_id(jws)

    def _new_of(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the record ids that are no entries; none where that cannot be told."""
        if not keys:
            return set()
        try:
            return set(keys) - self._ledger.find_entries(keys)
        except LedgerError:
            return set()
