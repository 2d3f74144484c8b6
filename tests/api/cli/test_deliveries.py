"""``lotmark delivered``, ``differences`` and ``sampling`` of a party that delivers nothing yet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.api.cli.solo import SoloLog
from tests.api.cli.test_reading import SETS

pytestmark = pytest.mark.item("4.6.exposure")


def test_a_party_without_deliveries_is_told_nothing(solo: SoloLog) -> None:
    told = solo.json("delivered", "--month", "2026-10", "--inputs", "--recompute")
    assert (told["rows"], told["entries"], told["recounted"]) == ([], [], True)
    assert told["provenance"]["method"] == "DLV-1"
    shown = solo.run("differences", "--supplier", "hanfeng-drive")
    assert shown.exit_code == 0
    assert re.fullmatch(
        r"differences, (\d{4}-\d\d): nothing; nothing from \d{4}-\d\d to \1 either; "
        r"--from and --to ask for other months\n",
        shown.stdout,
    )


@pytest.mark.parametrize("option", ["--month", "--from", "--to"])
def test_a_month_of_another_form_is_named_by_its_option(solo: SoloLog, option: str) -> None:
    for month, status in (("2025-1", 1), ("2025-01", 0)):
        both = ("--from", "2025-01") if option == "--to" else ()
        both = ("--to", "2025-01") if option == "--from" else both
        told = solo.run("delivered", *both, option, month)
        assert told.exit_code == status
    refused = solo.run("delivered", option, "2025-1", "--json")
    error = json.loads(refused.stdout)["error"]
    assert error["code"] == "malformed-query"
    assert error["detail"] == f"{option}: expected a month as YYYY-MM, found '2025-1'"
    assert "'lotmark delivered --help'" in error["remedy"]


def test_a_shown_record_has_its_flags_beside_other_records(solo: SoloLog, tmp_path: Path) -> None:
    report = tmp_path / "m.csv"
    report.write_text("Charge;D [mm]\nA-17;12,50\n")
    sent = solo.json("submit", str(report), "--type", "inspection-report/v1", *SETS)
    record = str(sent["records"][0]["record_id"])
    assert [flag["code"] for flag in sent["records"][0]["log_flags"]] == ["site-missing"]
    # No site is registered here, which the record itself does not show.
    assert [flag["code"] for flag in solo.json("show", record)["records"][0]["log_flags"]] == [
        "site-missing"
    ]
    shown = solo.run("show", record, "--language", "en").stdout
    assert "as the service says: site-missing: the signer has registered no site" in shown
    # No group of it is public: whoever does not sign gets neither the record nor its flags.
    alone = solo.run("show", record, "--anonymous")
    assert (alone.exit_code, "not-found" in alone.stderr, alone.stdout) == (1, True, "")


def test_what_is_flagged_is_told_as_soon_as_it_is_admitted(solo: SoloLog, tmp_path: Path) -> None:
    report = tmp_path / "flagged.csv"
    report.write_text("Charge;D [mm]\nA-18;12,50\n")
    command = ("submit", str(report), "--type", "inspection-report/v1", *SETS, "--language", "en")
    entry, flag, *_ = solo.run(*command).stdout.splitlines()
    assert "got entry" in entry
    assert flag == (
        "  flagged: site-missing: the signer has registered no site: where this was done is not "
        "known"
    )
    # What was told is not told again of a record that was sent before.
    assert "flagged" not in solo.run(*command).stdout


@pytest.mark.item("6.2.state")
def test_a_party_without_parts_is_told_no_sampling(solo: SoloLog) -> None:
    told = solo.json("sampling", "--part", "P-1", "--inputs", "--recompute")
    assert (told["states"], told["entries"], told["recomputed"]) == ([], [], True)
    assert told["provenance"]["method"] == "SMP-1"
    assert solo.run("sampling", "--language", "zh").stdout == "抽样：没有此类零件的检验\n"
