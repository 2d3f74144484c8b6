"""Listening on one address and serving an application there, until told to stop."""

from __future__ import annotations

import signal
import socket
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from api.cli.faults import CommandFault

if TYPE_CHECKING:
    from uvicorn import Server

_BACKLOG: Final = 1024


def listen(host: str, port: int) -> socket.socket:
    """Take an address before anything slow is done; 0 takes a free port.

    Raises:
        CommandFault: it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as fault:
        listener.close()
        raise CommandFault(
            "address-in-use",
            f"expected to listen on {host}:{port}, found: {fault.strerror or fault}",
            remedy="Stop what listens there, or choose another --port.",
        ) from fault
    return listener


def run_app(app: Any, listener: socket.socket) -> None:
    """Serve within the usual bounds until SIGTERM or Ctrl-C, then stop in order."""
    from api.bounded_http import HttpBounds
    from api.http_server import build_server

    run_server(build_server(app, HttpBounds(), dates_itself=False), listener)


def run_server(server: Server, listener: socket.socket) -> None:
    """The same for a server of one's own."""
    # Once it has stopped in order, uvicorn raises the signal again for whoever handled it
    # before; for us the story ends there, with status 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stopped)
    server.run(sockets=[listener])


def _stopped(number: int, frame: FrameType | None) -> None:
    """Nothing is left to be done."""
    del number, frame
