"""From the writer's thread back to the event loop: one wake-up for all answers of a group.

A future of the standard library costs a lock, two callbacks and a wake-up of the loop each;
at thousands of single records a second that is more than admitting them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class Answers(Generic[_Value]):
    """Brings values from other threads to tasks of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on ``loop``."""
        self.loop = loop
        self._arrived: deque[
            tuple[asyncio.Future[_Value], _Value | BaseException] | Callable[[], None]
        ] = deque()
        self._is_woken = False

    def expect(self) -> Expected[_Value]:
        """A place for one answer: any thread fills it, a task of the loop awaits it."""
        return Expected(self, self.loop.create_future())

    def bring(self, future: asyncio.Future[_Value], value: _Value | BaseException) -> None:
        """Hand over one answer; called on any thread."""
        self._arrived.append((future, value))
        self._wake()

    def call(self, told: Callable[[], None]) -> None:
        """Have something called on the loop; called on any thread."""
        self._arrived.append(told)
        self._wake()

    def _wake(self) -> None:
        # Whoever finds the mark set appended before the loop took it off, and is delivered.
        if not self._is_woken:
            self._is_woken = True
            # A closed loop has nobody left who waits, and the writer goes on.
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._is_woken = False
        while self._arrived:
            arrived = self._arrived.popleft()
            if not isinstance(arrived, tuple):
                arrived()
                continue
            future, value = arrived
            if future.done():
                continue  # Whoever asked has gone away.
            if isinstance(value, BaseException):
                future.set_exception(value)
            else:
                future.set_result(value)


class Expected(Generic[_Value]):
    """One answer that is awaited."""

    __slots__ = ("_answers", "future", "on_taken")

    def __init__(self, answers: Answers[_Value], future: asyncio.Future[_Value]) -> None:
        """See :meth:`Answers.expect`."""
        self._answers = answers
        self.future = future
        #: Called on the loop when whoever answers has begun.
        self.on_taken: Callable[[], None] | None = None

    def set_running_or_notify_cancel(self) -> bool:
        """Whether anybody still waits; called on any thread, once."""
        if self.on_taken is not None:
            self._answers.call(self.on_taken)
        return not self.future.cancelled()

    def done(self) -> bool:
        """Whether the answer has arrived."""
        return self.future.done()

    def set_result(self, value: _Value, /) -> None:
        """Answer; called on any thread."""
        self._answers.bring(self.future, value)

    def set_exception(self, fault: BaseException, /) -> None:
        """Fail; called on any thread."""
        self._answers.bring(self.future, fault)
