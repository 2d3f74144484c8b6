"""The command line on a log whose founders named witnesses: from founding to a cosigned receipt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.anchor import parse_anchor
from tests.api.cli.solo import SLUG, SoloLog, lotmark
from tests.api.live_witness import LiveWitness

pytestmark = [pytest.mark.item("3.4.receipts"), pytest.mark.timeout(180)]
REPORT = {
    "verdict": {"decision": "accept", "decided_at": "2026-11-20T09:00:00Z", "stage": "outgoing"},
    "lot": {"number": "L-1", "part": "P", "quantity": "1", "unit": "H87"},
}


@pytest.fixture(scope="module")
def witnesses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[LiveWitness]]:
    running = []
    for number in (1, 2):
        witness = LiveWitness(tmp_path_factory.mktemp(f"w{number}"), f"w{number}.example")
        witness.start()
        running.append(witness)
    yield running
    for witness in running:
        witness.stop()


@pytest.fixture(scope="module")
def solo(
    tmp_path_factory: pytest.TempPathFactory, witnesses: list[LiveWitness]
) -> Iterator[SoloLog]:
    root = tmp_path_factory.mktemp("solo")
    policy = root / "witnesses.txt"
    lines = [witness.policy_line(witness.name) for witness in witnesses]
    lines += ["group q 2 w1.example w2.example", "quorum q"]
    policy.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    log = SoloLog(root, founding=("--witnesses", str(policy)))
    for witness in witnesses:
        added = lotmark("witness", "add-log", *_paths(log, witness))
        assert added.exit_code == 0, added.stderr
    with log.served():
        yield log


def _paths(log: SoloLog, witness: LiveWitness) -> tuple[str, ...]:
    return (str(log.data / "anchor.json"), "--folder", str(witness.root))


def submit(solo: SoloLog, folder: Path, name: str, *options: str) -> dict[str, Any]:
    """Submit one record."""
    path = folder / f"{name}.json"
    report = REPORT | {"lot": REPORT["lot"] | {"number": name}}
    path.write_text(json.dumps(report), "utf-8")
    sent = solo.json("submit", str(path), "--type", "inspection-report/v1", *options)
    (record,) = sent["records"]
    assert isinstance(record, dict)
    return record


def test_the_anchor_and_the_charter_name_the_witnesses(solo: SoloLog) -> None:
    anchor = parse_anchor((solo.data / "anchor.json").read_bytes())
    assert [witness.name for witness in anchor.policy.witnesses] == ["w1.example", "w2.example"]
    assert anchor.policy.quorum == "q"
    assert "w2.example" in json.dumps(solo.json("anchor"))


def test_a_record_is_submitted_and_its_receipt_cosigned(solo: SoloLog, tmp_path: Path) -> None:
    record = submit(solo, tmp_path, "waits", "--cosigned")
    assert record["cosigned"] is True
    # Without the option the log's own promise is taken, and upgraded later.
    plain = submit(solo, tmp_path, "plain")
    assert plain["cosigned"] is False
    upgraded = solo.json("receipt", str(plain["record_id"]), "--cosigned")
    assert "w1.example" in upgraded["receipt"]
    assert "w1.example" not in str(plain["receipt"])


def test_what_is_shown_and_exported_verifies_under_the_quorum(
    solo: SoloLog, tmp_path: Path
) -> None:
    record_id = str(submit(solo, tmp_path, "shown")["record_id"])
    shown = solo.run("show", record_id, "--out", str(tmp_path / "view.json"))
    assert shown.exit_code == 0, shown.stderr
    verified = solo.run("verify", str(tmp_path / "view.json"))
    assert verified.exit_code == 0, verified.stderr
    assert "w1.example" in verified.stdout
    exported = solo.run("export", str(tmp_path / "all"))
    assert exported.exit_code == 0, exported.stderr


def test_a_policy_that_is_none_founds_nothing(tmp_path: Path) -> None:
    policy = tmp_path / "witnesses.txt"
    policy.write_text("quorum q\n", "utf-8")
    folders = ["--data", str(tmp_path / "data"), "--party", str(tmp_path / "party")]
    made = lotmark("init", "--solo", SLUG, *folders, "--witnesses", str(policy))
    assert made.exit_code == 1
    assert "refused: malformed-trust-policy" in made.stderr
    assert not (tmp_path / "data" / "config.json").exists()
