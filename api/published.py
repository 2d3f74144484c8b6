"""Under which checkpoint an answer is proven: one that the log's own trust policy accepts.

Where the policy has a quorum, views and the public checkpoint wait for witnesses; a receipt
may. What no cosigned checkpoint covers yet is told as such (``not-cosigned``), with the time
after which to ask again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.cosigning import Cosigning
from api.exchange import Refused
from ledger.cosigning import read_own_checkpoint
from ledger.faults import Refusal
from ledger.reader import LogReader
from ledger.submission import Admitted, Outcome

#: The query parameter by which a client asks for cosignatures, or does without them.
COSIGNED: Final = "cosigned"
_CHOICES: Final = {"true": True, "false": False}
_LOOK_SECONDS: Final = 0.05


class Published:
    """What of a log may leave as proven."""

    def __init__(self, reader: LogReader, cosigning: Cosigning) -> None:
        """Read from ``reader``; ``cosigning`` says what the policy asks for."""
        self._reader = reader
        self._cosigning = cosigning

    def checkpoint(self, *, cosigned: bool | None = None) -> str:
        """The newest checkpoint; by default cosigned where the policy has a quorum.

        Raises:
            Refused: none is cosigned yet.
            NotInLog: the log is empty.
        """
        if not (self._cosigning.has_quorum if cosigned is None else cosigned):
            return self._reader.latest_checkpoint()
        note = self._cosigning.latest()
        if note is None:
            raise self._not_cosigned("no checkpoint of this log is cosigned yet")
        return note

    def checkpoint_over(self, size: int, *, cosigned: bool | None = None) -> str:
        """The newest checkpoint for a view of the first ``size`` entries.

        Raises:
            Refused: none that covers them is cosigned yet.
        """
        note = self.checkpoint(cosigned=cosigned)
        if read_own_checkpoint(note).size < size:
            raise self._not_cosigned(f"no cosigned checkpoint covers entry {size - 1} yet")
        return note

    def size(self) -> int | None:
        """How many entries the newest cosigned checkpoint covers; None where none is asked for."""
        if not self._cosigning.has_quorum:
            return None
        note = self._cosigning.latest()
        return read_own_checkpoint(note).size if note else 0

    def receipt(self, index: int, *, cosigned: bool) -> str:
        """The entry's receipt: the first, or the one against the first cosigned checkpoint.

        Raises:
            Refused: no cosigned checkpoint covers it yet.
        """
        if not cosigned:
            return self._reader.receipt(index)
        receipt = self._reader.cosigned_receipt(index)
        if receipt is None:
            raise self._not_cosigned(f"no cosigned checkpoint covers entry {index} yet")
        return receipt

    async def await_cosigned(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes, their receipts cosigned where that came in time."""
        last = max((item.index for item in outcomes if isinstance(item, Admitted)), default=-1)
        deadline = time.monotonic() + self._cosigning.wait_seconds
        while self._cosigning.is_awaited(last) and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
        return await run_in_threadpool(self._upgrade, outcomes)

    def _upgrade(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        return [
            self._upgrade_one(item) if isinstance(item, Admitted) else item for item in outcomes
        ]

    def _upgrade_one(self, admitted: Admitted) -> Admitted:
        receipt = self._reader.cosigned_receipt(admitted.index)
        if receipt is None:
            return admitted
        return replace(admitted, receipt=receipt, is_cosigned=True)

    def _not_cosigned(self, detail: str) -> Refused:
        if self._cosigning.is_collecting:
            return Refused(Refusal("not-cosigned", detail), headers={"Retry-After": "1"})
        # Nothing will come of waiting.
        reason = "the trust policy of this log names no witness to ask, or asks for none"
        return Refused(Refusal("not-cosigned", reason))


def asks_for_cosigned(request: Request) -> bool | None:
    """What the query says of cosignatures; None where it says nothing.

    Raises:
        Refused: it says something else.
    """
    given = request.query_params.getlist(COSIGNED)
    if not given:
        return None
    if len(given) > 1 or given[0] not in _CHOICES:
        raise Refused(Refusal("malformed-query", f"expected {COSIGNED}=true or false, once"))
    return _CHOICES[given[0]]
