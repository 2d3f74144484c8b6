"""An ``aics-witness`` as a process of its own: another implementation of the same standard."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from ledger.note import encode_vkey
from ledger.witness import WitnessedLog
from tests.api.cli.shell import free_port
from tests.independent.tile_auditor import auditor_python


@dataclass(frozen=True, slots=True)
class PeerWitness:
    """A running witness of another make."""

    url: str
    vkey: str

    def policy_line(self, name: str) -> str:
        """The line of a trust policy that names it."""
        return f"witness {name} {self.vkey} {self.url}"

    def add(self, body: bytes) -> httpx.Response:
        """Ask for a cosignature."""
        return httpx.post(f"{self.url}/add-checkpoint", content=body, timeout=10, verify=False)


def _run(folder: Path, *arguments: str) -> str:
    command = [str(auditor_python()), "-I", "-m", "aics_witness", *arguments]
    ended = subprocess.run(
        [*command, "--config", str(folder / "witness.json")],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    return ended.stdout.strip()


@contextmanager
def peer_witness(folder: Path, name: str, *logs: WitnessedLog) -> Iterator[PeerWitness]:
    """Make such a witness for some logs, and run it while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    vkey = _run(folder, "init", "--name", name, "--listen", f"127.0.0.1:{port}")
    for log in logs:
        for key in log.keys:
            _run(folder, "add-log", "--origin", log.origin, "--vkey", encode_vkey(key))
    command = [str(auditor_python()), "-I", "-m", "aics_witness", "serve"]
    process = subprocess.Popen(
        [*command, "--config", str(folder / "witness.json")],
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peer = PeerWitness(f"http://127.0.0.1:{port}", vkey)
    try:
        _wait_for(peer, process)
        yield peer
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(peer: PeerWitness, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        assert process.poll() is None, "the other witness did not start"
        try:
            httpx.get(f"{peer.url}/healthz", timeout=5, verify=False)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the other witness does not answer")
