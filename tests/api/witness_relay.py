"""A relay before a witness, for tests: it counts what is asked, and answers late or not well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class WitnessRelay(ThreadingHTTPServer):
    """Hands every request on to ``target`` after ``hold`` seconds; without one it says 500."""

    daemon_threads = True
    target: str | None = None
    hold = 0.0
    asked = 0

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Relayed)
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Relayed(BaseHTTPRequestHandler):
    server: WitnessRelay

    def do_GET(self) -> None:
        self._relay()

    def do_POST(self) -> None:
        self._relay()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        relay = self.server
        relay.asked += 1
        relay.closing.wait(relay.hold)
        status, reply = 500, b"the relay has no witness\n"
        if relay.target is not None:
            answer = httpx.request(self.command, relay.target + self.path, content=body)
            status, reply = answer.status_code, answer.content
        self.send_response(status)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


@contextmanager
def a_relay() -> Iterator[WitnessRelay]:
    """A relay at work."""
    with WitnessRelay() as relay:
        thread = threading.Thread(target=relay.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield relay
        finally:
            relay.closing.set()
            relay.shutdown()
            thread.join()
