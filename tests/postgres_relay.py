"""A network that fails: a relay before a PostgreSQL server that loses one COMMIT or its answer."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from tests.postgres import LogDatabase, PostgresServer

_SOCKET = ".s.PGSQL.5432"
_CHUNK_BYTES = 65_536

Loss = Literal["before", "after"]


class Relay:
    """Passes bytes on in both directions, until it is told to lose the next COMMIT."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        """Listen on a socket of its own in ``folder``."""
        self._target = str(server.folder / _SOCKET)
        self._folder = folder
        self._loss: Loss | None = None
        self._is_losing = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / _SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, log: LogDatabase) -> str:
        """The URL of a log through the relay."""
        return f"{log.url.partition('?')[0]}?host={self._folder}"

    def lose(self, loss: Loss) -> None:
        """End the connection of the next COMMIT: before the server gets it, or after it did it."""
        self._loss = loss

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                losing = threading.Event()
                for way in (self._to_server, self._to_client):
                    threading.Thread(target=way, args=(client, server, losing), daemon=True).start()

    def _to_server(
        self, client: socket.socket, server: socket.socket, losing: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := client.recv(_CHUNK_BYTES):
                if self._loss and b"COMMIT\0" in data:
                    loss, self._loss = self._loss, None
                    losing.set()
                    if loss == "before":
                        break
                server.sendall(data)
            else:
                server.shutdown(socket.SHUT_WR)
                return
        _end(client, server)

    def _to_client(
        self, client: socket.socket, server: socket.socket, losing: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := server.recv(_CHUNK_BYTES):
                if losing.is_set():
                    # The server has answered: the transaction is over, and nobody hears of it.
                    break
                client.sendall(data)
        _end(client, server)


@contextmanager
def relayed(server: PostgresServer) -> Iterator[Relay]:
    """A relay before a server, until the block is left."""
    with tempfile.TemporaryDirectory(prefix="lotmark-relay-", dir="/tmp") as folder:
        relay = Relay(server, Path(folder))
        try:
            yield relay
        finally:
            relay.close()


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
