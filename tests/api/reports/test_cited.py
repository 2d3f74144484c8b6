"""A report by the limits of the specification that its record cites, or by none, and says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from api.reports.cited import Beside, Cited, flag_lines
from api.reports.inspection import inspection_sections
from api.reports.layout import Section
from api.reports.subject import Subject
from tests.api.reports.subjects import INSPECTION, RECORD_ID, a_subject
from tests.quality.examples import example

pytestmark = pytest.mark.item("6.5.report-pdf")
SPECIFICATION = Cited("SP-1001", "C", RECORD_ID, 12, example("specification/v1"))


def citing(*values: str, **members: Any) -> dict[str, Any]:
    """An accepted inspection of D1 that cites the specification and types no limits."""
    groups = example(INSPECTION)
    groups["lot"]["specification"] = {"id": "SP-1001", "revision": "C"}
    one = {"id": "D1", "class": "none", "unit": "INH", **members}
    one["values"] = [{"value": value} for value in values]
    groups["measurements"] = {"characteristics": [one]}
    return groups


def subject(groups: dict[str, Any], cited: Cited | None, language: str = "en") -> Subject:
    """The subject of its report, with the flags that it has then."""
    flags = flag_lines(INSPECTION, groups, Beside(cited), language=language)
    return replace(a_subject(groups, language=language), cited=cited, flags=tuple(flags))


def measured(subject: Subject, *, group: str = "Measurements") -> Section:
    names = {"Measurements": "/measurements", "Summary": "/summary"}
    title = subject.labels.name(names[group])
    return next(one for one in inspection_sections(subject) if one.title == title)


def texts(section: Section) -> list[str]:
    return [cell.text for cell in section.grids[0].rows[0]]


def test_limits_of_the_cited_specification_are_told_and_counted_by() -> None:
    made = subject(citing("1.000", "1.026"), SPECIFICATION)
    section = measured(made)
    assert texts(section)[3:11] == [
        *("0.975", "1.000", "1.025"),
        *("2", "1.000", "1.01300", "1.026", "1"),
    ]
    (field,) = section.fields
    assert field.text == f"specification SP-1001, revision C: entry 12, record {RECORD_ID}"
    assert any(line.startswith("outside-limits-accepted") for line in made.flags)


@pytest.mark.parametrize(("language", "told"), [("en", "not compared"), ("zh", "未比较")])
def test_values_are_not_said_to_be_inside_limits_that_nobody_read(language: str, told: str) -> None:
    made = subject(citing("1.000", "1.026"), None, language)
    section = measured(made)
    assert texts(section)[3:6] == ["–", "–", "–"]
    assert texts(section)[10] == told
    (field,) = section.fields
    assert field.is_alarming
    assert "SP-1001" in field.text


def test_extremes_of_a_summary_stand_beside_the_limits_of_the_specification() -> None:
    groups = citing("1.000")
    groups["summary"]["characteristics"][0] |= {"unit": "INH", "maximum": "1.026"}
    row = measured(subject(groups, SPECIFICATION), group="Summary").grids[0].rows[0]
    assert row[2].text == "0.975 … 1.025"
    assert [cell.text for cell in row if cell.is_alarming] == ["1.026"]
    unread = measured(subject(groups, None), group="Summary").grids[0].rows[0]
    assert unread[2].text == "not compared"


def test_flags_that_read_the_same_name_their_characteristic() -> None:
    groups = citing("1.026")
    (one,) = groups["measurements"]["characteristics"]
    limits = {"lower": "0.975", "upper": "1.025", "nominal": None}
    del groups["lot"]["specification"]
    groups["measurements"]["characteristics"] = [
        {**one, **limits, "id": name} for name in ("D1", "D2")
    ]
    lines = [
        line
        for line in flag_lines(INSPECTION, groups, Beside(), language="en")
        if line.startswith("outside-limits-accepted")
    ]
    assert [line[-4:] for line in lines] == ["(D1)", "(D2)"]
