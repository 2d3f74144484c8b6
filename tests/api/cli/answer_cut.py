"""A way to a service on which the answer to a submission never arrives: its sender is killed.

What the service admitted stays admitted; the client dies between sending and knowing.
"""

from __future__ import annotations

import re
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
        while request := _whole_request(client):
            service.sendall(request)
            if request.startswith(b"POST"):
                # Whatever part of the answer this is, the record is durable by now.
                service.recv(1 << 20)
                kill()
                client.sendall(instead)
                return
            client.sendall(service.recv(1 << 20))


def _whole_request(client: socket.socket) -> bytes:
    """Head and body, in however many parts they arrive: half a request is never answered."""
    request = b""
    while (end := request.find(b"\r\n\r\n")) < 0 or len(request) < end + 4 + _length(request[:end]):
        if not (part := client.recv(1 << 20)):
            return b""
        request += part
    return request


def _length(head: bytes) -> int:
    """The length of the body that a head announces."""
    found = re.search(rb"(?im)^content-length: *(\d+)", head)
    return int(found[1]) if found else 0
