"""A load generator that costs little: raw HTTP/1.1 over kept connections, requests made before.

Two ways to load: :func:`closed_loop` keeps a number of requests in flight; :func:`open_loop`
sends at fixed moments whether or not answers have come, and measures each latency from the
moment at which the request *should* have left, so that a stall is seen by all it delays.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_HEAD_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the service listens."""

    host: str
    port: int


@dataclass(slots=True)
class Answers:
    """What came back: a status, a body and seconds for each request, in the order of arrival."""

    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def milliseconds(self, share: float) -> float:
        """The latency that ``share`` (0..1) of the requests did not exceed."""
        ordered = sorted(self.latencies)
        return 1_000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def encode_post(path: str, media_type: str, body: bytes) -> bytes:
    """The bytes of one POST request."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: {media_type}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def encode_single(line: bytes) -> bytes:
    """The request that submits one record."""
    return encode_post("/v1/records", "application/json", line)


def encode_batch(lines: Sequence[bytes]) -> bytes:
    """The request that submits records together."""
    return encode_post("/v1/records", "application/jsonl", b"\n".join(lines) + b"\n")


class _Connection(asyncio.Protocol):
    """One kept connection with at most one request on it."""

    def __init__(self, on_answer: Callable[[_Connection, int, bytes], None]) -> None:
        self._on_answer = on_answer
        self._buffer = bytearray()
        self._transport: asyncio.Transport
        self.sent_at = 0.0
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if not self.lost.done():
            self.lost.set_result(None)

    def send(self, request: bytes, *, at: float) -> None:
        """Send a request whose latency counts from ``at``."""
        self.sent_at = at
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        head = buffer.find(_HEAD_END)
        if head < 0:
            return
        found = _LENGTH.search(buffer, 0, head + 2)
        assert found, f"expected an answer of known length, found {bytes(buffer[:head])!r}"
        end = head + len(_HEAD_END) + int(found[1])
        if len(buffer) < end:
            return
        status, body = int(buffer[9:12]), bytes(buffer[head + len(_HEAD_END) : end])
        del buffer[:end]
        self._on_answer(self, status, body)

    def close(self) -> None:
        self._transport.close()


class _Load:
    """Connections, and what came back over them."""

    def __init__(self, expected: int, on_free: Callable[[_Connection], None]) -> None:
        self.answers = Answers()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected = expected
        self._on_free = on_free
        self._connections: list[_Connection] = []

    async def connect(self, address: Address, count: int) -> list[_Connection]:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            _, connection = await loop.create_connection(
                lambda: _Connection(self._note), address.host, address.port
            )
            connection.lost.add_done_callback(self._lose)
            self._connections.append(connection)
        return self._connections

    def close(self) -> None:
        for connection in self._connections:
            connection.lost.remove_done_callback(self._lose)
            connection.close()

    def _lose(self, _: object) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the service closed a connection"))

    def _note(self, connection: _Connection, status: int, body: bytes) -> None:
        answers = self.answers
        answers.latencies.append(time.perf_counter() - connection.sent_at)
        answers.statuses.append(status)
        answers.bodies.append(body)
        if len(answers.statuses) == self._expected and not self.done.done():
            self.done.set_result(None)
        self._on_free(connection)


async def closed_loop(address: Address, requests: Sequence[bytes], in_flight: int) -> Answers:
    """Send all requests, always ``in_flight`` of them at once."""
    waiting: Iterator[bytes] = iter(requests)

    def send_next(connection: _Connection) -> None:
        request = next(waiting, None)
        if request is not None:
            connection.send(request, at=time.perf_counter())

    load = _Load(len(requests), send_next)
    connections = await load.connect(address, min(in_flight, len(requests)))
    started = time.perf_counter()
    for connection in connections:
        send_next(connection)
    await load.done
    load.answers.seconds = time.perf_counter() - started
    load.close()
    return load.answers


async def open_loop(
    address: Address, requests: Sequence[bytes], per_second: float, *, connections_max: int = 64
) -> Answers:
    """Send the requests at a fixed rate; one that finds no free connection waits for it."""
    free: deque[_Connection] = deque()
    due: deque[tuple[float, bytes]] = deque()

    def send_due(connection: _Connection) -> None:
        if due:
            at, request = due.popleft()
            connection.send(request, at=at)
        else:
            free.append(connection)

    load = _Load(len(requests), send_due)
    free.extend(await load.connect(address, min(connections_max, len(requests))))
    started = time.perf_counter()
    for at, request in _schedule(requests, started, per_second):
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        due.append((at, request))
        if free:
            send_due(free.popleft())
    await load.done
    load.answers.seconds = time.perf_counter() - started
    load.close()
    return load.answers


def _schedule(
    requests: Iterable[bytes], started: float, per_second: float
) -> Iterator[tuple[float, bytes]]:
    for number, request in enumerate(requests):
        yield started + number / per_second, request
