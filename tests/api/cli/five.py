"""A served log of five founders, each with its folder, and the command line of each."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from click.testing import Result

from ledger.clock import ManualClock
from tests.api.cli.solo import SLUG, SoloLog, lotmark

OPERATOR: Final = SLUG
OEM, GEAR, AUDITOR, LABORATORY = (
    "borealis-motors",
    "lindqvist-gear",
    "auditors-ltd",
    "meridian-cert",
)
FOUNDERS: Final = {
    OPERATOR: "supplier",
    OEM: "oem",
    GEAR: "supplier",
    AUDITOR: "auditor",
    LABORATORY: "certifier",
}


@dataclass(slots=True)
class FiveLog(SoloLog):
    """Founded with the commands; :meth:`complete` has the others endorse once it is served.

    Its service has a clock of its own that begins now, so that days may pass.
    """

    clock: ManualClock = field(default_factory=lambda: ManualClock(int(time.time() * 1000)))

    def __post_init__(self) -> None:
        """Draw the keys of all and found the log."""
        self.party = self.folder(OPERATOR)
        for slug, role in FOUNDERS.items():
            self.keygen(slug, role)
        others = [str(self.folder(slug) / "founder.json") for slug in FOUNDERS if slug != OPERATOR]
        options = [word for path in others for word in ("--founder", path)]
        options += self.founding
        made = self.run("init", "--origin", "quality.example/five", *options)
        assert made.exit_code == 0, made.stderr

    def folder(self, slug: str) -> Path:
        """A party's folder."""
        return self.root / "parties" / slug

    def keygen(self, slug: str, role: str) -> None:
        """Draw the keys of a party."""
        made = lotmark("keygen", slug, "--role", role, "--party", str(self.folder(slug)))
        assert made.exit_code == 0, made.stderr

    def complete(self) -> None:
        """Have the other founders endorse."""
        for slug in FOUNDERS:
            if slug != OPERATOR:
                self.done(slug, "endorse", "--yes")

    def act(self, slug: str, *arguments: str) -> Result:
        """Run a command as a party that has the anchor from the operator."""
        anchor = str(self.data / "anchor.json")
        return self.run(*arguments, "--party", str(self.folder(slug)), "--anchor", anchor)

    def done(self, slug: str, *arguments: str) -> dict[str, Any]:
        """Run a command that must succeed; its JSON document."""
        result = self.act(slug, *arguments, "--json")
        assert result.exit_code == 0, result.stderr
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    def refused(self, slug: str, *arguments: str) -> str:
        """Run a command that must be refused; the code."""
        result = self.act(slug, *arguments, "--json")
        assert result.exit_code == 1, result.stdout
        return str(json.loads(result.stdout)["error"]["code"])

    def carry(self, of: str, *voters: str) -> dict[str, Any]:
        """Approve one after the other until nothing is missing; the last answer."""
        answer: dict[str, Any] = {}
        for slug in voters:
            answer = self.done(slug, "approve", of, "--yes")
            if answer["state"] != "open":
                return answer
        return answer

    def own(self, slug: str) -> dict[str, Any]:
        """What 'lotmark keys' says of a party."""
        return self.done(slug, "keys")
