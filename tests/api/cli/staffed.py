"""Two people of a party with keys of their own, and what they decide about models."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result

from tests.api.cli.shell import PASSPHRASE
from tests.api.cli.solo import SLUG, SoloLog, lotmark

ANNA, BERT = "anna", "bert"


def with_people(solo: SoloLog) -> SoloLog:
    """The same log, on which two people have keys beside the machine's."""
    for name in (ANNA, BERT):
        anchor = str(solo.data / "anchor.json")
        folder = str(solo.root / name)
        told(device(solo, name, "device-key", SLUG, "--anchor", anchor, "--party", folder))
        path = str(solo.root / name / "device.json")
        told(solo.run("register-key", "--from", path, "--holder", "person", "--json"))
    return solo


def device(solo: SoloLog, name: str, *arguments: str) -> Result:
    """A command with the key of one of the party's people."""
    env = {
        "LOTMARK_PASSPHRASE": PASSPHRASE,
        "LOTMARK_PARTY": str(solo.root / name),
        "LOTMARK_URL": solo.url,
    }
    return lotmark(*arguments, "--json", env=env)


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def code(result: Result) -> str:
    assert result.exit_code != 0, result.stdout
    return str(json.loads(result.stdout)["error"]["code"])


def decide(solo: SoloLog, who: str, decision: str, card: str) -> Result:
    return device(solo, who, "model", decision, card, "--reason", "drift", "--yes")


def put_in_force(solo: SoloLog, card: str) -> None:
    told(decide(solo, ANNA, "approve", card))
    told(decide(solo, BERT, "approve", card))
    told(decide(solo, BERT, "activate", card))
