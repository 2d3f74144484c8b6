"""A real server on loopback for a test: pages are asked for as a browser asks."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from tests.server_thread import start_server, stop_server


@contextmanager
def serve(app: ASGIApp) -> Generator[str, None, None]:
    """Serve ``app`` at a free port; gives the address."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="off"))
    thread = start_server(server, listening)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stop_server(server, thread)
