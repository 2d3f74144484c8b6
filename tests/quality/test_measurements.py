"""The demo's data: real, as published, and told in records that the rules let through."""

from __future__ import annotations

import math
import re
import statistics
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import pytest

from examples.measurements import DATA, PlannedRecord, planned_records, read_rows
from quality.rules import QualityRules
from tests.quality.examples import FILE, Json, validator
from tests.vectors import vectors_dir

ROLES = {"borealis-motors": "oem", "meridian-cert": "certifier"}
CHINESE = {"hanfeng-drive", "suzhou-ceramics", "lanhe-forging"}
PARTIES = {*ROLES, *CHINESE, "rheintal-systems", "lindqvist-gears"}
RECORDS = planned_records()
FILES = sorted(DATA.glob("*.csv"))
SOURCES = (DATA / "SOURCES.md").read_text(encoding="utf-8")
each_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.number)
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def did_of(slug: str) -> str:
    """A party of some log."""
    return f"did:web:demo.example:parties:{slug}"


def groups_of(record: PlannedRecord) -> dict[str, Json]:
    """The record's groups, files and all."""
    return record.groups(did_of, upload=lambda _: FILE)


def column(name: str, values: str) -> list[float]:
    """One column of a data file."""
    return [float(row[values]) for row in read_rows(DATA / name)]


@each_record
def test_a_planned_record_passes_its_schema_and_the_rules(record: PlannedRecord) -> None:
    groups = groups_of(record)
    assert list(validator(record.vct).iter_errors(groups)) == []
    roles = frozenset({ROLES.get(record.party, "supplier")})
    judged = QualityRules().judge(record.vct, groups, issuer=did_of(record.party), roles=roles)
    assert judged == ()


def test_the_plan_raises_the_flags_that_the_sources_announce() -> None:
    rules = QualityRules()
    flags = {
        record.number: [flag.code for flag in rules.flags(record.vct, groups_of(record))]
        for record in RECORDS
    }
    assert {number: codes for number, codes in flags.items() if codes} == {
        "OQ-CB-2": ["outside-limits-accepted"],
        "PU-WF-1": ["rows-out-of-order"],
    }


def test_every_party_reports_and_every_type_is_used() -> None:
    assert {record.party for record in RECORDS} == PARTIES
    assert {slug for record in RECORDS for slug in record.to} <= PARTIES
    assert len({record.vct for record in RECORDS}) == 4
    assert len({record.number for record in RECORDS}) == len(RECORDS)


def test_an_answer_goes_to_an_earlier_record() -> None:
    numbers = [record.number for record in RECORDS]
    answers = [(record.number, answer) for record in RECORDS for answer in record.answers]
    assert answers == [("CA-GR-5", "IR-GR-5")]
    assert all(numbers.index(earlier) < numbers.index(later) for later, earlier in answers)


@each_record
def test_chinese_parties_write_chinese(record: PlannedRecord) -> None:
    written = str(groups_of(record))
    assert bool(re.search(r"[\u4e00-\u9fff]", written)) == (record.party in CHINESE)


@each_record
def test_without_a_place_for_files_the_groups_that_cite_them_are_left_out(
    record: PlannedRecord,
) -> None:
    groups = record.groups(did_of)
    left_out = groups_of(record).keys() - groups.keys()
    assert left_out == ({"document"} if record.party == "meridian-cert" else set())


@each_file
def test_every_row_is_reported(path: Path) -> None:
    reported = sum(
        len(record.rows)
        for record in RECORDS
        if record.data == path and record.vct != "corrective-action/v1"
    )
    assert reported == len(read_rows(path))


@each_file
def test_a_data_file_is_plain(path: Path) -> None:
    text = path.read_bytes().decode("ascii")
    assert text.endswith("\n")
    assert "\r" not in text
    for row in read_rows(path):
        assert None not in row.values()
        assert all(re.fullmatch(r"-?[0-9.]+|[0-9T:-]+", value) for value in row.values())


@each_file
def test_the_sources_state_every_file_with_its_rows_and_its_check(path: Path) -> None:
    lines = [line for line in SOURCES.splitlines() if line.startswith(f"| `{path.name}` |")]
    assert len(lines) == 2
    assert lines[0].split("|")[2].strip() == str(len(read_rows(path)))


def test_the_filter_is_the_published_reference_set() -> None:
    values = column("filter-transmittance.csv", "transmittance")
    assert statistics.fmean(values) == pytest.approx(2.001856, abs=1e-13)
    assert statistics.stdev(values) == pytest.approx(0.000429123454003053, rel=1e-9)
    lines = (vectors_dir() / "quality/spc/nist_strd/Mavro.dat").read_text("ascii").splitlines()
    assert values == [float(line) for line in lines[60:] if line.strip()]


def test_the_certified_value_is_the_mean_of_the_readings() -> None:
    (record,) = (record for record in RECORDS if record.party == "meridian-cert")
    (item,) = groups_of(record)["results"]["items"]
    readings = [Decimal(row["transmittance"]) for row in record.rows]
    mean = sum(readings, Decimal(0)) / len(readings)
    assert Decimal(item["value"]) == mean.quantize(Decimal("0.00001"))
    assert item["count"] == len(readings)


def test_the_gears_give_the_published_test_statistic() -> None:
    rows = read_rows(DATA / "gear-diameter.csv")
    batches = [
        [float(row["diameter"]) for row in batch]
        for _, batch in groupby(rows, key=lambda row: row["batch"])
    ]
    variances = [statistics.variance(batch) for batch in batches]
    pooled = math.log(statistics.fmean(variances))
    spread = 9 * sum(pooled - math.log(variance) for variance in variances)
    assert spread / (1 + (10 / 9 - 1 / 90) / 27) == pytest.approx(20.785873428, abs=1e-8)


def test_the_wafers_give_the_published_results() -> None:
    values = column("wafer-check-standard.csv", "resistivity")
    within = column("wafer-check-standard.csv", "deviation")
    assert round(statistics.fmean(values), 5) == 97.06984
    assert round(statistics.stdev(values), 5) == 0.0268
    assert round(math.sqrt(statistics.fmean(value**2 for value in within)), 5) == 0.06139


def test_the_fatigue_lives_ascend_in_the_columns_they_were_published_in() -> None:
    lives = column("fatigue-life.csv", "life")
    assert len(lives) == 101
    columns = [life for start in range(6) for life in lives[start::6]]
    assert columns == sorted(lives)


def test_a_summary_is_rounded_once_and_half_to_even() -> None:
    (record,) = (record for record in RECORDS if record.number == "IR-GR-1")
    (summary,) = groups_of(record)["summary"]["characteristics"]
    assert summary == {
        "id": "D1",
        "unit": "in",
        "count": 10,
        "minimum": "0.992",
        "mean": "0.99800",
        "maximum": "1.006",
        "deviation": "0.00435",
    }
