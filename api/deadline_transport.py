"""HTTP with one deadline for a whole exchange: connecting, TLS, head and body together.

The timeouts of httpx hold for each read alone, so that whoever answers a byte at a time is
waited for without end. Here every read and write gets what is left of the time. Not bounded
here: how long the system takes to resolve a name.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx


class Deadline:
    """The time by which an exchange must be over."""

    def __init__(self) -> None:
        """Without :meth:`begin`, it is over."""
        self._at = 0.0

    def begin(self, seconds: float) -> None:
        """An exchange begins that may take so long."""
        self._at = time.monotonic() + seconds

    def left(self, error: type[Exception], most: float | None = None) -> float:
        """The seconds that are left, at most ``most``; raises ``error`` where there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise error("the answer was not whole in time")
        return left if most is None else min(left, most)


class DeadlineTransport(httpx.HTTPTransport):
    """Connections whose reads and writes end at the deadline. One request at a time."""

    def __init__(self, deadline: Deadline, *, is_tls: bool) -> None:
        """Nothing is connected yet."""
        # Certificates take long to read, and a plain address has none to check.
        context = httpx.create_ssl_context(verify=is_tls, trust_env=False)
        super().__init__(verify=context, trust_env=False)
        # httpx has no parameter for what lies below its connections.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, network_backend=_Backend(deadline)
        )


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(httpcore.ConnectTimeout, timeout)
        stream = self._network.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(httpcore.ReadTimeout, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(httpcore.WriteTimeout, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(httpcore.ConnectTimeout, timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
