"""HTTP/1.1 for clients that are slow, greedy or hostile: every connection has bounds.

A subclass of uvicorn's protocol. uvicorn itself bounds neither the head of a request nor the
time that head, body and the reading of an answer take, and what it says where there are too
many connections has no ``Retry-After``. Here

* a head has a size, a number of fields and a deadline (414, 431, 408),
* a body has a grace and then a least rate (408); the time in which it is the service that does
  not read does not count,
* an answer that is not read is thrown away with its connection, and at once where all the
  unread answers together are too large,
* connections are counted, overall and by address; a new one takes the place of one that has
  been idle longest, and is told to come back (503) where none is.

One look a moment at all connections serves every deadline; a request costs no timer. Memory
that a body takes is counted in :mod:`api.gate`.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from starlette.responses import Response
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api import errors
from api.http_addresses import flow_of_address
from ledger import limits
from ledger.faults import Refusal

_LOOK_SECONDS: Final = (0.05, 1.0)
#: Connections beyond the bound that are still told so in words.
_TOLD_MAX: Final = 64
_LINGER_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class HttpBounds:
    """What one connection, one address and all of them may take."""

    connections: int = 800
    connections_per_address: int = 400
    target_bytes: int = limits.HTTP_TARGET_BYTES_MAX
    head_bytes: int = limits.HTTP_HEAD_BYTES_MAX
    head_fields: int = limits.HTTP_HEAD_FIELDS_MAX
    pipelined: int = limits.HTTP_PIPELINED_MAX
    head_seconds: float = 10
    idle_seconds: int = 15
    body_seconds: float = 15
    body_bytes_per_s: float = 4_096
    answer_seconds: float = 20
    answer_bytes_per_s: float = 4_096
    unread_bytes: int = 256 * 1024 * 1024


class _Phase(Enum):
    IDLE = "nothing of a request has arrived"
    HEAD = "a head is arriving"
    BODY = "a body is arriving"
    ANSWER = "a whole request has arrived"


class Connections:
    """All connections of one server, and the one look at their deadlines."""

    def __init__(self, bounds: HttpBounds) -> None:
        """Hold connections to ``bounds``."""
        self.bounds = bounds
        self._of: dict[str, dict[BoundedHttp, None]] = {}
        self._count = 0
        self._is_looking = False
        shortest = min(bounds.head_seconds, bounds.body_seconds, bounds.answer_seconds)
        self._every = min(max(shortest / 4, _LOOK_SECONDS[0]), _LOOK_SECONDS[1])

    def enter(self, connection: BoundedHttp) -> bool:
        """Take a new connection in; False where there is no place for it."""
        own, bounds = self._of.get(connection.source, {}), self.bounds
        has_place = True
        if len(own) >= bounds.connections_per_address:
            has_place = self._make_place(list(own))
        elif self._count >= bounds.connections:
            has_place = self._make_place([one for many in self._of.values() for one in many])
        # Only now: making place forgets an address whose last connection has ended.
        self._of.setdefault(connection.source, {})[connection] = None
        self._count += 1
        self._look_later(connection.loop)
        return has_place

    def leave(self, connection: BoundedHttp) -> None:
        """The connection is gone."""
        own = self._of.get(connection.source, {})
        if connection in own:
            del own[connection]
            self._count -= 1
        if not own:
            self._of.pop(connection.source, None)

    @property
    def count(self) -> int:
        """How many there are."""
        return self._count

    def held(self, source: str) -> int:
        """How many there are of one address."""
        return len(self._of.get(source, ()))

    @property
    def is_overfull(self) -> bool:
        """Whether there are more than can even be told that there are too many."""
        return self._count > self.bounds.connections + _TOLD_MAX

    def _make_place(self, candidates: list[BoundedHttp]) -> bool:
        """End the connection that has waited longest without a whole head."""
        waiting = [one for one in candidates if one.is_replaceable]
        if not waiting:
            return False
        oldest = min(waiting, key=lambda one: one.since)
        self.leave(oldest)
        oldest.end()
        return True

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_looking:
            self._is_looking = True
            loop.call_later(self._every, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_looking = False
        now = loop.time()
        everyone = [one for many in self._of.values() for one in many]
        for connection in everyone:
            connection.look(now, self._every)
        self._bound_unread(everyone)
        if self._count:
            self._look_later(loop)

    def _bound_unread(self, everyone: list[BoundedHttp]) -> None:
        """End those that have not read for longest until what is unread fits."""
        unread = {one: one.unread_bytes for one in everyone}
        total = sum(unread.values())
        stalled = [one for one, size in unread.items() if size]
        for connection in sorted(stalled, key=lambda one: one.unread_since):
            if total <= self.bounds.unread_bytes:
                return
            total -= unread[connection]
            connection.end()


class BoundedHttp(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, book: Connections, **given: Any) -> None:
        """As uvicorn makes it, counted in ``book``."""
        super().__init__(*args, **given)
        self._book = book
        self._bounds = book.bounds
        self._phase = _Phase.IDLE
        self._head_bytes = 0
        self._fields_bytes = 0
        self._body_bytes = 0
        self._overflow: Refusal | None = None
        self._is_refused = False
        self._unread_before = 0
        #: Requests whose head was whole and whose answer is not, oldest first.
        self._under_way: list[RequestResponseCycle] = []
        #: When the present phase began; while the service does not read, it begins again.
        self.since = self.loop.time()
        self.unread_since = self.since
        self.source = ""

    # ---- what the book asks ----

    @property
    def is_replaceable(self) -> bool:
        """Whether nothing is lost with it: no whole head has arrived that is not answered."""
        is_answering = self._last is not None and not self._last.response_complete
        return self._phase in (_Phase.IDLE, _Phase.HEAD) and not is_answering

    @property
    def unread_bytes(self) -> int:
        """What was answered and has not left."""
        return 0 if self.transport.is_closing() else self.transport.get_write_buffer_size()

    def end(self) -> None:
        """Close at once, whatever is under way; whoever works on an answer is told."""
        for cycle in self._under_way:
            cycle.disconnected = True
            cycle.message_event.set()
        self.flow.resume_writing()
        self.transport.abort()

    def look(self, now: float, every: float) -> None:
        """End the connection where it is too slow."""
        self._look_at_answer(now)
        if self.transport.is_closing() or self._is_refused:
            return
        if self.flow.read_paused:
            self.since += every
            return
        taken, bounds = now - self.since, self._bounds
        if self._phase is _Phase.IDLE:
            # After an answer, uvicorn's own timer runs.
            if self._last is None and taken > bounds.head_seconds:
                self.end()
        elif self._phase is _Phase.HEAD:
            if taken > bounds.head_seconds:
                self._refuse(_slow(f"expected a head within {bounds.head_seconds:g} s"))
        elif self._phase is _Phase.BODY and self._is_slow(taken):
            rate = f"{bounds.body_bytes_per_s:g} bytes a second"
            self._refuse(_slow(f"expected a body at {rate} or more, found {self._body_bytes}"))

    def _is_slow(self, taken: float) -> bool:
        over = taken - self._bounds.body_seconds
        return over > 0 and self._body_bytes < over * self._bounds.body_bytes_per_s

    def _look_at_answer(self, now: float) -> None:
        unread, bounds = self.unread_bytes, self._bounds
        if not unread or not self._unread_before:
            self._unread_before, self.unread_since = unread, now
            return
        taken = now - self.unread_since
        if taken < bounds.answer_seconds:
            return
        if self._unread_before - unread < taken * bounds.answer_bytes_per_s:
            self.end()
        self._unread_before, self.unread_since = unread, now

    # ---- what the transport says ----

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, or be told that there is none."""
        super().connection_made(transport)
        self.source = flow_of_address(self.client[0] if self.client else "")
        if not self._book.enter(self):
            if self._book.is_overfull:
                self.end()
            self.app = _turn_away

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the place to another."""
        self._book.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what arrives of a head before it is whole, then parse it."""
        if self._is_refused:
            return
        if self._phase is _Phase.IDLE:
            self._begin(_Phase.HEAD)
        self._head_bytes += len(data)
        super().data_received(data)
        is_head = self._phase is _Phase.HEAD and not self._is_refused
        if is_head and self._head_bytes > self._bounds.head_bytes:
            self._refuse(_large(f"expected a head of at most {self._bounds.head_bytes} bytes"))

    def resume_writing(self) -> None:
        """What was unread has been read: whatever is unread next is another answer."""
        super().resume_writing()
        self._unread_before = 0

    # ---- what the parser says ----

    def on_message_begin(self) -> None:
        """A request begins, perhaps behind another in the same packet."""
        super().on_message_begin()
        self._begin(_Phase.HEAD)
        self._fields_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Part of the target."""
        super().on_url(url)
        if len(self.url) > self._bounds.target_bytes:
            most = self._bounds.target_bytes
            self._stop(Refusal("target-too-long", f"expected a target of at most {most} bytes"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole field."""
        super().on_header(name, value)
        self._fields_bytes += len(name) + len(value) + 4
        bounds = self._bounds
        if len(self.headers) > bounds.head_fields:
            self._stop(_large(f"expected at most {bounds.head_fields} fields"))
        if self._fields_bytes > bounds.head_bytes:
            self._stop(_large(f"expected a head of at most {bounds.head_bytes} bytes"))

    def on_headers_complete(self) -> None:
        """The head is whole: it is answered from here on."""
        super().on_headers_complete()
        self._begin(_Phase.BODY)
        self._under_way = [cycle for cycle in self._under_way if not cycle.response_complete]
        if self._last is not None:
            self._under_way.append(self._last)
        if len(self.pipeline) > self._bounds.pipelined:
            # Nothing can be said here that would not stand among the answers still due.
            self.end()

    def on_body(self, body: bytes) -> None:
        """Part of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        super().on_message_complete()
        is_answered = self._last is not None and self._last.response_complete
        self._begin(_Phase.IDLE if is_answered else _Phase.ANSWER)

    def on_response_complete(self) -> None:
        """The answer is written."""
        if self._phase is _Phase.ANSWER:
            self._begin(_Phase.IDLE)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Say why parsing stopped; uvicorn's own words where it was not a bound."""
        if self._overflow is None:
            super().send_400_response(msg)
        else:
            self._refuse(self._overflow)

    # ---- the rest ----

    def _begin(self, phase: _Phase) -> None:
        self._phase = phase
        self.since = self.loop.time()
        self._head_bytes = self._body_bytes = 0

    def _stop(self, refusal: Refusal) -> None:
        """End parsing: what a callback of the parser raises comes back as an error of it."""
        self._overflow = refusal
        raise ValueError(refusal.code)

    @property
    def _last(self) -> RequestResponseCycle | None:
        """The newest request whose head was whole; none at first, whatever uvicorn's type says."""
        return self.cycle

    def _may_answer(self) -> bool:
        """Whether no answer to another request is due, and none to this one has begun."""
        last = self._last
        if self.pipeline or self.transport.is_closing():
            return False
        if last is None:
            return True
        return last.response_complete if self._phase is _Phase.HEAD else not last.response_started

    def _refuse(self, refusal: Refusal) -> None:
        """Answer a request that will not be read to its end, and close."""
        if not self._may_answer():
            self.end()
            return
        if (last := self._last) is not None:
            last.disconnected = True
            last.message_event.set()
        self._is_refused = True
        self.transport.write(_encode(refusal))
        self.transport.write_eof()
        # Closed at once, what the client still sends would destroy the answer under way.
        self.flow.resume_reading()
        self.loop.call_later(_LINGER_SECONDS, self.end)


def _slow(detail: str) -> Refusal:
    return Refusal("request-too-slow", detail)


def _large(detail: str) -> Refusal:
    return Refusal("head-too-large", detail)


def _encode(refusal: Refusal) -> bytes:
    """A problem as a whole HTTP answer, where there is no application to give it."""
    response = _closing(refusal)
    head = [f"HTTP/1.1 {response.status_code} Refused".encode()]
    head += [name + b": " + value for name, value in response.raw_headers]
    return b"\r\n".join([*head, b"", b""]) + bytes(response.body)


def _closing(refusal: Refusal) -> Response:
    """The problem with what every answer carries, and the end of the connection."""
    fields = {
        "Connection": "close",
        "X-Request-Id": secrets.token_hex(8),
        "X-Content-Type-Options": "nosniff",
    }
    return errors.problem_response(refusal, headers=fields)


async def _turn_away(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """The application for connections that have no place."""
    refusal = Refusal("too-busy", "expected fewer connections, found too many")
    response = _closing(refusal)
    await response(scope, receive, send)  # type: ignore[arg-type]
