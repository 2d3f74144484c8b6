"""The demo's data: real, as published, and told in records that the rules let through."""

from __future__ import annotations

import math
import re
import statistics
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import pytest

from examples.measurements import (
    DATA,
    PlannedRecord,
    agreed_records,
    planned_records,
    read_rows,
)
from quality.rules import QualityRules
from quality.types import business_types
from tests.quality.anomaly_examples import ANOMALY_EXAMPLES
from tests.quality.examples import FILE, Json, validator
from tests.vectors import vectors_dir

ROLES = {"borealis-motors": "oem", "meridian-cert": "certifier"}
CHINESE = {"hanfeng-drive", "suzhou-ceramics", "lanhe-forging"}
PARTIES = {*ROLES, *CHINESE, "rheintal-systems", "lindqvist-gears"}
RECORDS = (*agreed_records(), *planned_records())
#: What was measured, found and certified; the other types say what was agreed and delivered.
MEASURED = {
    "inspection-report/v1",
    "parameter-upload/v1",
    "corrective-action/v1",
    "quality-credential/v1",
}
FILES = sorted(DATA.glob("*.csv"))
SOURCES = (DATA / "SOURCES.md").read_text(encoding="utf-8")
ADMITTED = [record for record in RECORDS if record.refused is None]
each_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.number)
each_admitted = pytest.mark.parametrize("record", ADMITTED, ids=lambda record: record.number)
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def did_of(slug: str) -> str:
    """A party of some log."""
    return f"did:web:demo.example:parties:{slug}"


def id_of(number: str) -> str:
    """The record id of an earlier record."""
    assert number in {record.number for record in ADMITTED}
    return "r" * 43


def groups_of(record: PlannedRecord) -> dict[str, Json]:
    """The record's groups, files and all."""
    return record.groups(did_of, id_of=id_of, upload=lambda _: FILE)


def column(name: str, values: str) -> list[float]:
    """One column of a data file."""
    return [float(row[values]) for row in read_rows(DATA / name)]


@each_admitted
def test_a_planned_record_passes_its_schema_and_the_rules(record: PlannedRecord) -> None:
    groups = groups_of(record)
    assert list(validator(record.vct).iter_errors(groups)) == []
    roles = frozenset({ROLES.get(record.party, "supplier")})
    judged = QualityRules().judge(record.vct, groups, issuer=did_of(record.party), roles=roles)
    assert judged == ()


def test_the_plan_announces_the_flags_that_a_record_has_by_itself() -> None:
    rules = QualityRules()
    for record in ADMITTED:
        flags = {flag.code for flag in rules.flags(record.vct, groups_of(record))}
        assert flags <= {*record.flags}, record.number


def test_what_is_refused_or_flagged_is_what_the_story_tells() -> None:
    assert [record.refused for record in RECORDS if record.refused] == [
        *("relation-not-in-force", "unknown-site", "limit-typed"),
    ]
    assert {record.number: record.flags for record in RECORDS if record.flags} == {
        "CP-40 A": ("conversion-missing",),
        "PU-WF-1": ("rows-out-of-order",),
        "WE-340": ("receipt-above-shipment",),
        "IR-GR-10": ("specification-superseded",),
        "OQ-CB-2": ("outside-limits-accepted",),
        **{f"IP-ST-{machine}": ("site-missing", "limits-not-agreed") for machine in range(1, 5)},
    }


def test_every_party_has_a_site_but_the_one_that_is_new() -> None:
    sites = {record.party: record.number for record in RECORDS if record.vct == "site/v1"}
    assert sites.keys() == PARTIES - {"lanhe-forging"}
    assert len(set(sites.values())) == len(sites)


def test_every_party_reports_and_every_type_is_used() -> None:
    assert {record.party for record in RECORDS if record.vct in MEASURED} == PARTIES
    assert {slug for record in RECORDS for slug in record.to} <= PARTIES
    # What is said of models is another chapter's: it takes rows by the hundred.
    assert len({record.vct for record in RECORDS}) == len(business_types()) - len(ANOMALY_EXAMPLES)
    assert len({record.number for record in RECORDS}) == len(RECORDS)


def test_an_answer_and_what_is_cited_goes_to_an_earlier_record() -> None:
    numbers = [record.number for record in RECORDS]
    links = [(r.number, earlier) for r in RECORDS for earlier in (*r.answers, *r.cites)]
    assert ("CA-GR-5", "IR-GR-5") in links
    assert len(links) == 6
    assert all(numbers.index(earlier) < numbers.index(later) for later, earlier in links)


def test_no_limit_is_typed_where_a_specification_is_cited() -> None:
    agreed = {
        (group["specification"], group["revision"])
        for group in (groups_of(r)["state"] for r in RECORDS if r.vct == "specification/v1")
    }
    inspections = [r for r in ADMITTED if r.vct == "inspection-report/v1" and r.family]
    assert len(inspections) == 13
    for record in inspections:
        groups = groups_of(record)
        cited = groups["lot"]["specification"]
        assert (cited["id"], cited["revision"]) in agreed
        (characteristic,) = groups["measurements"]["characteristics"]
        assert not {"lower", "upper", "nominal"} & characteristic.keys()


@pytest.mark.parametrize(
    "record", [r for r in RECORDS if r.vct in MEASURED], ids=lambda record: record.number
)
def test_chinese_parties_write_chinese(record: PlannedRecord) -> None:
    written = str(groups_of(record))
    assert bool(re.search(r"[\u4e00-\u9fff]", written)) == (record.party in CHINESE)


@each_record
def test_without_a_place_for_files_the_groups_that_cite_them_are_left_out(
    record: PlannedRecord,
) -> None:
    groups = record.groups(did_of, id_of=id_of)
    left_out = groups_of(record).keys() - groups.keys()
    assert left_out == ({"document"} if record.vct == "quality-credential/v1" else set())


@each_file
def test_every_row_is_reported(path: Path) -> None:
    reported = sum(
        len(record.rows)
        for record in ADMITTED
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
    (record,) = (record for record in RECORDS if record.vct == "quality-credential/v1")
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
        "unit": "INH",
        "count": 10,
        "minimum": "0.992",
        "mean": "0.99800",
        "maximum": "1.006",
        "deviation": "0.00435",
    }
