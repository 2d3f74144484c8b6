"""Replicas as users run them: ``lotmark serve``, a process each, killed as processes are."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

START_SECONDS_MAX: Final = 60


@dataclass
class ReplicaProcess:
    """One replica; ``environment`` names its folder and the database of all."""

    environment: dict[str, str]
    lines: Path
    port: int = field(default_factory=lambda: free_port())  # noqa: PLW0108  (defined below)
    running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin to start; :meth:`await_ready` waits for the end of that."""
        with self.lines.open("ab") as lines:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port)],
                stdout=lines,
                stderr=lines,
                env={**os.environ, **self.environment, "LOTMARK_CHECK_PROCESSES": "0"},
            )

    def await_ready(self) -> None:
        """Wait until it takes records."""
        assert self.running, "expected a replica that was started"
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._is_ready():
            assert self.running.poll() is None, self.lines.read_text("utf-8")
            assert time.monotonic() < deadline, self.lines.read_text("utf-8")
            time.sleep(0.05)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """Send a signal and wait; the status, None where it did not run."""
        if self.running is None:
            return None
        process, self.running = self.running, None
        process.send_signal(number)
        return process.wait(30)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, verify=False).is_success
        except httpx.TransportError:
            return False


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
