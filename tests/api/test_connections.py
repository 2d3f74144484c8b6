"""The book of connections: whoever leaves it, however it left, gives its place back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest

from api.bounded_http import BoundedHttp, Connections, HttpBounds

pytestmark = pytest.mark.item("3.8.slow")
_MOMENTS = count()


class Visitor(BoundedHttp):
    """A connection without a socket: whence it comes, since when, and whether it may be ended."""

    def __init__(
        self, source: str, loop: asyncio.AbstractEventLoop, *, is_replaceable: bool = True
    ) -> None:
        self.source = source
        self.loop = loop
        self.since = next(_MOMENTS)
        self.may_be_ended = is_replaceable
        self.is_ended = False

    @property
    def is_replaceable(self) -> bool:
        return self.may_be_ended

    def end(self) -> None:
        self.is_ended = True


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.mark.parametrize("connections", [2, 3])
def test_an_address_that_replaces_its_only_connection_gives_every_place_back(
    loop: asyncio.AbstractEventLoop, connections: int
) -> None:
    book = Connections(HttpBounds(connections=connections, connections_per_address=2))
    busy = Visitor("b", loop, is_replaceable=False)
    visitors = [busy, *(Visitor("a", loop) for _ in range(201))]
    for visitor in visitors:
        assert book.enter(visitor)
        assert book.count == sum(book.held(source) for source in "ab") <= connections
    assert not busy.is_ended
    assert not visitors[-1].is_ended
    for visitor in visitors:
        book.leave(visitor)
        # Its transport says so a second time, once an ended connection is gone.
        book.leave(visitor)
    assert book.count == 0
    assert book.enter(Visitor("c", loop))
