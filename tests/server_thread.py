"""A real server in a thread of the test, on loopback."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import httpx
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


def client_of_many(url: str) -> httpx.Client:
    """A client for many threads: every connection is kept.

    Of more threads than are kept alive, the pool may close what it has just given to one.
    """
    kept = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    return httpx.Client(base_url=url, timeout=30, verify=False, limits=kept)
