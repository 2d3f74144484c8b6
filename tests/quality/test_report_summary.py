"""What a report's summary states follows from its values, rounded once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from quality.exact_sums import ValueSums
from quality.inspection import inspection_faults
from quality.limits import Limits
from quality.report_summary import ppk_of, summary_of, with_performance, with_summary
from quality.spc.capability import Tolerance, performance


def report(values: list[str]) -> dict[str, Any]:
    """The measurements of one characteristic."""
    one = {"id": "12", "name": "D", "unit": "MMT", "class": "none"}
    return {
        "measurements": {"characteristics": [{**one, "values": [{"value": v} for v in values]}]}
    }


def test_a_summary_is_made_of_the_values_and_judged_in_order() -> None:
    made = with_summary(report(["12.50", "12.52", "12.55"]))
    assert made["summary"] == {
        "characteristics": [
            {
                "id": "12",
                "name": "D",
                "unit": "MMT",
                "count": 3,
                "minimum": "12.50",
                "mean": "12.52333",
                "maximum": "12.55",
                "deviation": "0.0251661",
            }
        ]
    }
    assert not list(inspection_faults(made, signer=None))


@pytest.mark.parametrize("values", [["1"], ["1", "1"]])
def test_there_is_no_index_without_variation(values: list[str]) -> None:
    limits = {"12": Limits(Decimal(0), Decimal(2))}
    made = with_performance(with_summary(report(values)), limits)
    assert "ppk" not in made["summary"]["characteristics"][0]


def test_what_a_report_summarises_itself_stays() -> None:
    stated = {**report(["1", "2"]), "summary": {"characteristics": []}}
    assert with_summary(stated) == stated


@pytest.mark.parametrize(
    ("lower", "upper", "value"),
    [("9", "12", "0.667"), ("9", None, "1.333"), (None, "12", "0.667"), ("10.5", "12", "-0.167")],
)
def test_ppk_is_of_the_nearer_limit_and_one_sided_where_one_is_missing(
    lower: str | None, upper: str | None, value: str
) -> None:
    limits = Limits(Decimal(lower) if lower else None, Decimal(upper) if upper else None)
    summary = {"count": 30, "mean": "11", "deviation": "0.5"}
    if lower == "10.5":
        summary = {**summary, "mean": "10.25"}
    found = ppk_of(summary, limits)
    assert found is not None
    assert found["value"] == value
    assert Decimal(found["lower"]) < Decimal(value) < Decimal(found["upper"])


def test_the_interval_is_that_of_bissell() -> None:
    # n 50, Ppk 1.33: 1.96 * sqrt(1/450 + 1.33**2/98) = 0.2790 by hand.
    summary = {"count": 50, "mean": "10", "deviation": "1"}
    found = ppk_of(summary, Limits(Decimal("6.01"), None))
    assert found == {"value": "1.330", "lower": "1.051", "upper": "1.609"}


def test_a_tiny_deviation_is_written_without_an_exponent() -> None:
    sums = ValueSums()
    for value in ("1." + "0" * 17 + "1", "1." + "0" * 17 + "2"):
        sums.add(value)
    made = summary_of({"id": "1", "unit": "MMT"}, sums)
    assert all("E" not in str(value) and len(str(value)) <= 36 for value in made.values())


@pytest.mark.parametrize("count", [2, 3, 40, 400])
@pytest.mark.parametrize(
    ("lower", "upper"), [("12.4", "12.6"), ("12.4", None), (None, "12.6"), ("12.51", "12.6")]
)
def test_ppk_is_that_of_the_statistics_of_the_values(
    lower: str | None, upper: str | None, count: int
) -> None:
    values = [f"12.{490 + at * 7 % 31}" for at in range(count)]
    made = with_summary(report(values))["summary"]["characteristics"][0]
    found = ppk_of(
        made, Limits(Decimal(lower) if lower else None, Decimal(upper) if upper else None)
    )
    sides = Tolerance(float(lower) if lower else None, float(upper) if upper else None)
    peer = performance([float(value) for value in values], sides).ppk
    assert found is not None
    stated = [float(found[name]) for name in ("value", "lower", "upper")]
    assert stated == pytest.approx([peer.value, peer.lower, peer.upper], abs=5.5e-4)
