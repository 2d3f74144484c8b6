"""A real server in a thread of the test, on loopback."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import uvicorn

_STOP_SECONDS_MAX = 30


def quiet_server(app: Any) -> uvicorn.Server:
    """A server that says nothing of its own."""
    return uvicorn.Server(uvicorn.Config(app, loop="uvloop", access_log=False, log_config=None))


def start_server(server: uvicorn.Server, listener: socket.socket) -> threading.Thread:
    """Run a server until :func:`stop_server`; it answers from now on."""
    # A daemon, so that a test that breaks off does not hold up the whole run.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.005)
    return thread


def stop_server(server: uvicorn.Server, thread: threading.Thread) -> None:
    """Stop as SIGTERM would, and wait."""
    server.should_exit = True
    thread.join(_STOP_SECONDS_MAX)
    assert not thread.is_alive()
