"""Masters come from workbooks with headings as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.cli.solo import SoloLog
from tests.api.cli.workbooks import a_workbook

pytestmark = pytest.mark.item("4.8")

SITE_HEADINGS = ["Site code", "Kind", "Name", "GLN", "Address", "City", "Country", "Time zone"]
SHIFTS = ["Working days", "Shift from", "Shift to"]


def sites(path: Path, rows: list[list[Any]]) -> Path:
    """A workbook of sites."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(a_workbook([["Our plants"], [], [*SITE_HEADINGS, *SHIFTS], *rows]))
    return path


def a_site(code: str, *, city: str = "Jena") -> list[Any]:
    """A row of a site."""
    shifts = ["Mo-Fr", "06:00", "22:00"]
    gln = "4012345000016"
    return [code, "Werk", f"Plant {code}", gln, "Weg 1", city, "Germany", "Europe/Berlin", *shifts]


def test_a_workbook_of_sites_becomes_a_record_a_row(solo: SoloLog, tmp_path: Path) -> None:
    path = sites(tmp_path / "sites.xlsx", [a_site("J1"), a_site("J2")])
    shown = solo.json("import", "site", str(path), "--dry-run")["records"]
    assert [item["number"] for item in shown] == ["J1", "J2"]
    assert shown[0]["groups"]["calendar"]["shifts"] == [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "22:00"}
    ]
    assert shown[0]["groups"]["place"]["country"] == "DE"
    before = solo.json("audit")["entries"]
    sent = solo.json("import", "site", str(path))
    assert [item["first"] for item in sent["records"]] == [True, True]
    assert solo.json("audit")["entries"] == before + 2
    elsewhere = sites(tmp_path / "x" / "sites.xlsx", [a_site("J1"), a_site("J3")])
    again = solo.json("import", "site", str(elsewhere))
    assert [item["number"] for item in again["there"]] == ["J1"]
    assert len(again["records"]) == 1
    moved = sites(tmp_path / "y" / "sites.xlsx", [a_site("J1", city="Gera")])
    refused = solo.run("import", "site", str(moved))
    place = "sites.xlsx, sheet \"Teile\", cell F4 'City' (/place/city): expected 'Jena' as in entry"
    assert place in refused.stderr
    assert len(solo.json("import", "site", str(moved), "--replace")["records"]) == 1


def test_a_word_that_is_no_type_is_told_the_one_that_is_near(solo: SoloLog, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Part number;Revision\nP-1;A\n")
    refused = solo.run("import", "parts", str(path), "--dry-run")
    assert (refused.exit_code, "found 'parts': part?" in refused.stderr) == (1, True)
    assert "lotmark import part FILE" in refused.stderr
    assert "known-type" in solo.run("import", "zzz", str(path), "--dry-run").stderr


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_empty_template_says_that_no_rows_are_filled_in(
    solo: SoloLog, tmp_path: Path, language: str
) -> None:
    path = tmp_path / "parts.xlsx"
    solo.json("template", "part", "--xlsx", str(path), "--language", language)
    assert "no rows filled in yet" in solo.run("import", "part", str(path), "--dry-run").stderr
    csv = tmp_path / "parts.csv"
    csv.write_text("Part number;Revision\n")
    assert "no rows filled in yet" in solo.run("import", "part", str(csv), "--dry-run").stderr
