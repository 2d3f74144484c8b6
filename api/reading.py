"""Handlers that read: beside the event loop, in fair turns, within the quota of who asks.

A request that is signed is charged to its party, once the signature holds and before its nonce
is remembered, so that a party that floods fills nobody's memory. One whose signature does not
hold is charged to the address. Nobody has more than a few reads running or waiting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.claimants import source_of
from api.exchange import Reader, Refused, RequestJudge, read_body
from api.quotas import EXCEEDED, retry_after
from api.turns import FairTurns
from ledger import limits
from ledger.faults import Refusal

Handler = Callable[[Request], Awaitable[Response]]
Result = TypeVar("Result")
_WAIT_SECONDS: Final = 2.0


class ReadingDesk:
    """Runs what reads. Belongs to one event loop."""

    def __init__(self, judge: RequestJudge) -> None:
        """Find out who asks with ``judge``."""
        self._judge = judge
        self._turns = FairTurns(limits.READS_AT_ONCE_MAX, quantum=1)
        self._before_turn: Counter[str] = Counter()

    def beside(self, handler: Callable[[Request], Response]) -> Handler:
        """Run a synchronous handler beside the event loop."""

        async def handle(request: Request) -> Response:
            return await self.run(source_of(request), lambda: handler(request))

        return handle

    def read_by(
        self,
        handler: Callable[[Request, Reader], Response],
        *,
        first: Callable[[Request, Reader], Awaitable[None]] | None = None,
    ) -> Handler:
        """The same for a handler whose answer depends on who signed the request.

        Args:
            handler: gives the answer.
            first: what has to be waited for; neither a turn nor a thread is held meanwhile.
        """

        async def handle(request: Request) -> Response:
            body = await read_body(request, 0)
            # Beside the loop too: taking a nonce may ask the database that replicas share.
            reader = await run_in_threadpool(self._judge.reader_of, request, body)
            flow = reader.did or source_of(request)
            if first is not None:
                with self._waiting(flow):
                    await first(request, reader)
            return await self.run(flow, lambda: handler(request, reader))

        return handle

    async def run(self, flow: str, work: Callable[[], Result]) -> Result:
        """Do work in a thread when the flow's turn comes.

        Raises:
            Refused: the flow has too much waiting.
        """
        _expect_few(self._turns.waiting_of(flow))
        async with self._turns.taken(flow):
            return await run_in_threadpool(work)

    @contextmanager
    def _waiting(self, flow: str) -> Iterator[None]:
        _expect_few(self._before_turn[flow])
        self._before_turn[flow] += 1
        try:
            yield
        finally:
            self._before_turn[flow] -= 1
            if not self._before_turn[flow]:
                del self._before_turn[flow]


def _expect_few(waiting: int) -> None:
    most = limits.READS_WAITING_PER_FLOW_MAX
    if waiting >= most:
        detail = f"expected at most {most} requests waiting, found more"
        raise Refused(Refusal(EXCEEDED, detail), headers=retry_after(_WAIT_SECONDS))
