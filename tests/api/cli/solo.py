"""A log of one party, served in this process, and the command line beside it."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from click.testing import CliRunner, Result

from api.app import build_app
from api.builtin_types import builtin_types
from api.cli.main import main
from api.party_folder import PartySigner, signer_for
from api.settings import Settings
from api.wiring import open_service
from keys.identifiers import parse_origin
from keys.signer import open_signer
from ledger.anchor import Anchor, parse_anchor
from ledger.clock import Clock
from quality.builtin_parameters import builtin_parameters
from quality.builtin_policies import builtin_policies
from tests.api.cli.shell import PASSPHRASE
from tests.server_thread import quiet_server, start_server, stop_server

SLUG = "hanfeng-drive"
#: Entries of a log that one party has just founded: charter, two keys, types, codebooks, policies.
FOUNDED = 3 + len(builtin_types()) + len(builtin_parameters()) + len(builtin_policies())


def lotmark(
    *arguments: str, env: Mapping[str, str] | None = None, lines: str | None = None
) -> Result:
    """Run a command in this process; nothing is asked but ``lines``, the passphrase is set."""
    variables = {
        "LOTMARK_PASSPHRASE": PASSPHRASE,
        "LOTMARK_COST": "interactive",
        "LANG": "C.UTF-8",
        **(env or {}),
    }
    return CliRunner().invoke(main, list(arguments), input=lines, env=variables)


@dataclass(slots=True)
class SoloLog:
    """A founded log of one party; :meth:`served` puts its service on loopback."""

    root: Path
    port: int = 0
    founding: tuple[str, ...] = ()
    clock: Clock | None = None
    party: Path = field(init=False)

    def __post_init__(self) -> None:
        """Found it with the command itself."""
        self.party = self.root / "parties" / SLUG
        folders = ("--data", str(self.data), "--party", str(self.party))
        made = lotmark("init", "--solo", SLUG, *folders, *self.founding)
        assert made.exit_code == 0, made.stderr

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.root / "data"

    @property
    def url(self) -> str:
        """Where the service is while it is served."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def anchor(self) -> Anchor:
        """The trust anchor."""
        return parse_anchor((self.data / "anchor.json").read_bytes())

    def signer(self) -> PartySigner:
        """The party's key for records and requests."""
        uri = f"file:{self.party / 'signing.key'}"
        key = open_signer(uri, environment={}, passphrase=lambda: PASSPHRASE)
        return signer_for(parse_origin(self.anchor.origin), SLUG, key)

    def run(self, *arguments: str, lines: str | None = None) -> Result:
        """Run a command as the party, on this log; ``lines`` are its standard input."""
        env = {
            "LOTMARK_PARTY": str(self.party),
            "LOTMARK_URL": self.url,
            "LOTMARK_DATA": str(self.data),
        }
        return lotmark(*arguments, env=env, lines=lines)

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run a command that must succeed; its JSON document."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        document = json.loads(result.stdout)
        assert isinstance(document, dict)
        return document

    @contextmanager
    def served(self) -> Iterator[None]:
        """Serve the log while the block runs; what it logs is not what a command says."""
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
        with socket.create_server(("127.0.0.1", self.port)) as listener:
            self.port = int(listener.getsockname()[1])
            settings = Settings(data=self.data, port=self.port, check_processes=0)
            service = open_service(settings, passphrase=lambda: PASSPHRASE, clock=self.clock)
            server = quiet_server(build_app(service))
            thread = start_server(server, listener)
            try:
                yield
            finally:
                stop_server(server, thread)
