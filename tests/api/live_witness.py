"""A witness for tests: its real folder, memory and server on loopback."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from api.witness_app import WitnessService, build_witness_app, open_witness
from api.witness_folder import WitnessFolder, add_log, create_witness, witness_cosigner
from keys.signer import SeedSigner
from ledger.clock import Clock, ManualClock
from ledger.note import Ed25519Signer
from ledger.store_witness import ForkRow, WitnessStore
from ledger.witness import WitnessedLog
from tests.ledger.parties import NOW_MS
from tests.server_thread import quiet_server, start_server, stop_server


@dataclass
class LiveWitness:
    """A served witness; ``port`` stays the same over restarts."""

    root: Path
    name: str = "witness.example/w1"
    clock: Clock = field(default_factory=lambda: ManualClock(NOW_MS))
    port: int = 0
    advances_per_second: float = 1_000

    def __post_init__(self) -> None:
        """Lay it out; nothing runs yet."""
        self.folder = WitnessFolder(self.root)
        self.signer = SeedSigner(hashlib.sha256(self.name.encode()).digest())
        self.vkey = witness_cosigner(self.name, self.signer).vkey
        if not self.folder.config.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            create_witness(self.folder, self.name, signer=self.signer, key_uri="env:NONE", url="")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def know(self, log: WitnessedLog) -> None:
        """Witness a log."""
        add_log(self.folder, log.origin, log.keys)

    def know_signer(self, signer: Ed25519Signer) -> None:
        """Witness the log of this key's name."""
        add_log(self.folder, signer.key.name, [signer.key])

    def start(self) -> None:
        """Serve on a free port, or on the one it had."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = int(listener.getsockname()[1])
        self.service: WitnessService = open_witness(
            self.folder,
            self.signer,
            clock=self.clock,
            advances_per_second=self.advances_per_second,
        )
        self.server = quiet_server(build_witness_app(self.service))
        self.thread = start_server(self.server, listener)
        self.http = httpx.Client(base_url=self.url, timeout=30, verify=False)

    def stop(self) -> None:
        """Stop as SIGTERM would, and wait."""
        self.http.close()
        stop_server(self.server, self.thread)

    def forks(self) -> list[ForkRow]:
        """The evidence, as it lies on the disk."""
        store = WitnessStore(self.folder.database, vkey=self.vkey, read_only=True)
        try:
            return store.forks()
        finally:
            store.close()

    def policy_line(self, name: str) -> str:
        """The line of a trust policy that names it."""
        return f"witness {name} {self.vkey} {self.url}"
