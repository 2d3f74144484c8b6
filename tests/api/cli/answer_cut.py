"""A way to a service on which the answer to a submission never arrives: its sender is killed.

What the service admitted stays admitted; the client dies between sending and knowing.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def cut_answers(port: int, kill: Callable[[], None], *, instead: bytes = b"") -> Iterator[int]:
    """A port that leads to ``port``; once a ``POST`` was answered there, ``kill`` is called.

    Then ``instead`` is answered in its place.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, port, kill, instead), daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])


def _accept(listener: socket.socket, port: int, kill: Callable[[], None], instead: bytes) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_relay, args=(client, port, kill, instead), daemon=True).start()


def _relay(client: socket.socket, port: int, kill: Callable[[], None], instead: bytes) -> None:
    with suppress(OSError), client, socket.create_connection(("127.0.0.1", port)) as service:
        while request := client.recv(1 << 20):
            service.sendall(request)
            if request.startswith(b"POST"):
                # Whatever part of the answer this is, the record is durable by now.
                service.recv(1 << 20)
                kill()
                client.sendall(instead)
                return
            client.sendall(service.recv(1 << 20))
