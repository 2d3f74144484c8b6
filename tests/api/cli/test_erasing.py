"""Erasing from the command line: what is refused says why, and what is done can be looked up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.cli.solo import SoloLog
from tests.ledger.sample_types import sample_type_text
from tests.quality.examples import example

pytestmark = pytest.mark.item("5.8")


def submitted(log: SoloLog, place: Path, vct: str, groups: dict[str, Any]) -> str:
    """A record that is admitted; its id."""
    path = place / "record.json"
    path.write_text(json.dumps(groups))
    done = log.json("submit", str(path), "--type", vct)
    return str(done["records"][0]["record_id"])


@pytest.fixture(scope="module")
def sample(solo: SoloLog, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A record of a type that says nothing of retention."""
    place = tmp_path_factory.mktemp("sample")
    definition = place / "sample.json"
    definition.write_text(sample_type_text())
    solo.json("propose", "record-type", str(definition), "--yes")
    solo.json("define", "record-type", str(definition))
    groups = {"lot": {"number": "L-1", "pieces": 5}, "note": "the bath was at 183.25"}
    return submitted(solo, place, "sample-report/v1", groups)


def test_erasing_before_retention_is_over_is_refused_with_its_remedy(
    solo: SoloLog, tmp_path: Path
) -> None:
    groups = example("corrective-action/v1")
    groups["problem"] |= {"defect": "MAT-STRENGTH"}
    for name in ("correction", "evidence"):
        groups.pop(name, None)
    record_id = submitted(solo, tmp_path, "corrective-action/v1", groups)
    given = ("--group", "closure", "--reason", "owner-request", "--yes")
    refused = solo.run("erase", record_id, *given, "--json")
    assert refused.exit_code != 0
    assert json.loads(refused.stdout)["error"]["code"] == "retention-not-over"
    assert "retention" in refused.stderr
    (kept,) = [item for item in solo.json("retention")["records"] if item["record"] == record_id]
    assert kept["state"] == "kept"
    assert kept["must_ms"] is None or kept["must_ms"] >= kept["may_ms"]


def test_erased_group_is_listed_reported_and_gone(solo: SoloLog, sample: str) -> None:
    done = solo.json("erase", sample, "--group", "note", "--reason", "owner-request", "--yes")
    again = solo.run("erase", sample, "--group", "note", "--reason", "x", "--yes", "--json")
    assert json.loads(again.stdout)["error"]["code"] == "already-erased"
    (listed,) = solo.json("erasures")["erasures"]
    assert (listed["act"], listed["groups"]) == (done["record_id"], ["note"])
    report = solo.run("purge-report", sample)
    assert f"entry {done['index']}: note" in report.stdout
    assert "copies of the key shelf with the old key" in report.stdout
    assert "deliveries: " in report.stdout
    for named in (str(listed["entry"]), str(solo.json("show", sample)["records"][0]["index"])):
        told = solo.json("purge-report", named)
        assert [item["act"] for item in told["reports"]] == [done["record_id"]]
        assert told["record"] == sample
    chinese = solo.run("purge-report", done["record_id"], "--language", "zh")
    assert "密钥架" in chinese.stdout
    assert "183.25" not in solo.run("show", sample).stdout


def test_retention_run_changes_nothing_unless_it_is_signed(solo: SoloLog, sample: str) -> None:
    del sample
    before = solo.json("erasures")
    run = solo.json("retention", "run")
    assert run == {"records": [], "acts": []}
    assert solo.json("erasures") == before


def test_log_with_erased_groups_passes_its_audit_and_its_comparison(
    solo: SoloLog, sample: str
) -> None:
    del sample
    found = solo.json("audit", str(solo.data), "--full")
    assert (found["clean"], found["findings"]) == (True, [])
    compared = solo.run("rebuild", "--check")
    assert compared.exit_code == 0, compared.stdout
