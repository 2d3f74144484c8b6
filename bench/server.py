"""The service as users run it: ``lotmark serve`` in a process of its own, on loopback."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from bench.consortium import Consortium
from bench.load import Address

SERVE: Final = ("-m", "api.cli", "serve")
HOST: Final = "127.0.0.1"
START_SECONDS_MAX: Final = 30
STOP_SECONDS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Server:
    """A service that runs: where it listens, and its process."""

    address: Address
    process: subprocess.Popen[bytes]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep it from doing anything until the block is left."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def serving(consortium: Consortium) -> Iterator[Address]:
    """Serve the log until the block is left."""
    with running_server(consortium) as server:
        yield server.address


@contextmanager
def running_server(consortium: Consortium) -> Iterator[Server]:
    """The same, with its process."""
    with served(SERVE, consortium.environment, path="/readyz") as server:
        yield server


@contextmanager
def served(
    arguments: Sequence[str], environment: Mapping[str, str], *, path: str
) -> Iterator[Server]:
    """Run a command that serves on loopback, from when it answers ``path`` with 200."""
    address = Address(HOST, _free_port())
    command = [sys.executable, *arguments, "--host", HOST, "--port", str(address.port)]
    whole = {**os.environ, **environment}
    with subprocess.Popen(command, env=whole, stdout=subprocess.DEVNULL) as process:
        try:
            _await_ready(process, address, path)
            yield Server(address, process)
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _await_ready(process: subprocess.Popen[bytes], address: Address, path: str) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the service ended with {process.returncode} before it was ready")
        if _is_ready(address, path):
            return
        time.sleep(0.05)
    raise TimeoutError(f"expected a service within {START_SECONDS_MAX} s, found none")


def _is_ready(address: Address, path: str) -> bool:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
