"""Listening on one address and serving an application there, until told to stop."""

from __future__ import annotations

import signal
import socket
from types import FrameType
from typing import Any, Final

from api.cli.faults import CommandFault

_BACKLOG: Final = 1024
_STOP_SECONDS: Final = 20
_CONNECTIONS_MAX: Final = 800
_KEEP_ALIVE_SECONDS: Final = 15


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
    """Serve until SIGTERM or Ctrl-C, then stop in order."""
    import uvicorn

    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        # Slow clients hold a place each; what is beyond is told to come back (503).
        limit_concurrency=_CONNECTIONS_MAX,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        # Who stands in front is told by base_url; nobody's word is taken for it.
        proxy_headers=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    # Once it has stopped in order, uvicorn raises the signal again for whoever handled it
    # before; for us the story ends there, with status 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stopped)
    uvicorn.Server(config).run(sockets=[listener])


def _stopped(number: int, frame: FrameType | None) -> None:
    """Nothing is left to be done."""
    del number, frame
