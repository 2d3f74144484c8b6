"""Findings: what was made up is found, what is honest is left alone, and nothing is ever proven."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from quality.findings.finding import EN, ZH, Finding, Thresholds
from quality.findings.reported import Reported, report_of_groups
from quality.findings.search import CODES, find
from tests.quality.examples import VCTS, changed, example
from tests.quality.findings.honest import (
    DECIDED,
    GAUGES,
    PROCESSES,
    a_report,
    a_series,
    decimals,
    honest_reports,
    lots_apart,
    normal,
)

LIMITS = Thresholds()


def seeded(seed: int) -> np.random.Generator:
    """The same values in every run."""
    return np.random.default_rng(seed)


def codes(*reports: Reported) -> list[str]:
    """What is found."""
    return [finding.code for finding in find(reports)]


@pytest.mark.item("6.6.copied")
@pytest.mark.parametrize(("length", "found"), [(8, ["measurements-copied"]), (3, [])])
def test_values_copied_within_a_report_are_found_with_both_places(
    length: int, found: list[str]
) -> None:
    values = decimals(normal(seeded(1), 60))
    forged = (*values[:40], *values[5 : 5 + length], *values[40 + length :])
    assert codes(a_report(values)) == []
    findings = find([a_report(forged)])
    assert [finding.code for finding in findings] == found
    if findings:
        assert findings[0].evidence == ("R#/m/0/values/5..12", "R#/m/0/values/40..47")


@pytest.mark.item("6.6.copied")
def test_values_copied_from_another_report_are_found() -> None:
    first, second = decimals(normal(seeded(2), 25)), decimals(normal(seeded(3), 25))
    assert codes(a_report(first, source="A"), a_report(second, source="B")) == []
    (finding,) = find([a_report(first, source="A"), a_report(first, source="B")])
    assert finding.code == "measurements-copied"
    assert finding.evidence == ("A#/m/0/values/0..24", "B#/m/0/values/0..24")


@pytest.mark.item("6.6.copied")
def test_other_decimals_do_not_hide_a_copy() -> None:
    values = decimals(normal(seeded(2), 25), "0.01")
    padded = tuple(value.quantize(Decimal("0.0001")) for value in values)
    assert "measurements-copied" in codes(
        a_report(values, source="A"), a_report(padded, source="B")
    )


@pytest.mark.item("6.6.copied")
def test_a_correction_may_say_again_what_it_corrects() -> None:
    values = decimals(normal(seeded(2), 25))
    first, second = a_report(values, source="A"), a_report(values, source="B")
    assert codes(first, replace(second, root="A")) == []
    assert codes(first, second) == ["measurements-copied"]


def test_a_gauge_that_shows_one_value_copies_nothing() -> None:
    same = (Decimal("10.0"),) * 200
    assert codes(a_report(same, source="A"), a_report(same, source="B")) == []


def preferring(values: tuple[Decimal, ...], share: float) -> tuple[Decimal, ...]:
    """Somebody who writes a share of the values to the nearest five."""
    five = Decimal("0.005")
    rounded = [(value / five).to_integral_value() * five for value in values]
    chosen = seeded(5).random(len(values)) < share
    return tuple(r if c else v for v, r, c in zip(values, rounded, chosen, strict=True))


@pytest.mark.item("6.6.digits")
@pytest.mark.parametrize(("share", "found"), [(0.4, ["digit-preference"]), (0.0, [])])
def test_preferred_last_digits_are_found(share: float, found: list[str]) -> None:
    values = preferring(decimals(normal(seeded(4), 300)), share)
    assert codes(a_report(values)) == found


@pytest.mark.item("6.6.digits")
@pytest.mark.parametrize("step", ["0.0127", "0.0254", "0.05", "0.005"])
def test_a_grid_of_the_gauge_is_no_preference(step: str) -> None:
    exact = [round(v / float(step)) * float(step) for v in seeded(4).normal(10, 0.5, 300)]
    values = tuple(Decimal(f"{value:.3f}") for value in exact)
    assert codes(a_report(values)) == []


@pytest.mark.item("6.6.variance")
@pytest.mark.parametrize(("scale", "found"), [(0.15, ["variance-too-small"]), (0.6, [])])
def test_a_spread_far_below_the_usual_is_found(scale: float, found: list[str]) -> None:
    generator = seeded(6)
    reports = [
        a_report(decimals(lots_apart(generator, 20)), source=f"R{at}")
        for at in range(LIMITS.spread_reports)
    ]
    close = decimals(10 + scale * (normal(generator, 20) - 10))
    findings = find([*reports, a_report(close, source="X")])
    assert [finding.code for finding in findings] == found
    assert all(finding.evidence == ("X#/m/0",) for finding in findings)


@pytest.mark.item("6.6.variance")
def test_too_few_other_reports_say_nothing_of_a_spread() -> None:
    generator = seeded(6)
    reports = [
        a_report(decimals(normal(generator, 20)), source=f"R{at}")
        for at in range(LIMITS.spread_reports - 1)
    ]
    assert codes(*reports, a_report(decimals([10.0] * 20), source="X")) == []


@pytest.mark.item("6.6.resolution")
@pytest.mark.parametrize(("resolution", "found"), [("0.01", ["finer-than-gauge"]), ("0.001", [])])
def test_values_between_the_steps_of_the_gauge_are_found(resolution: str, found: list[str]) -> None:
    values = decimals(normal(seeded(7), 40))
    assert codes(a_report(values, resolution=Decimal(resolution))) == found


@pytest.mark.item("6.6.resolution")
def test_a_gauge_that_was_zeroed_elsewhere_reads_on_its_own_grid() -> None:
    values = tuple(value + Decimal("0.003") for value in decimals(normal(seeded(7), 40), "0.01"))
    assert codes(a_report(values, resolution=Decimal("0.01"))) == []


@pytest.mark.item("6.6.resolution")
@pytest.mark.parametrize(("upper", "found"), [("10.04", ["gauge-too-coarse"]), ("10.06", [])])
def test_a_gauge_that_divides_the_tolerance_into_few_parts_is_found(
    upper: str, found: list[str]
) -> None:
    values = decimals(normal(seeded(8), 40), "0.01")
    limits: dict[str, Any] = {"lower": Decimal("9.96"), "upper": Decimal(upper)}
    assert codes(a_report(values, **limits)) == found
    assert codes(a_report(values, resolution=Decimal("0.01"), **limits)) == found


@pytest.mark.item("6.6.backdating")
@pytest.mark.parametrize(("hours", "found"), [(169, ["backdated"]), (168, [])])
def test_a_verdict_signed_long_after_its_time_is_found(hours: int, found: list[str]) -> None:
    report = a_report(decimals(normal(seeded(9), 5)))
    late = replace(report, signed_at=DECIDED + timedelta(hours=hours))
    assert codes(late) == found
    # What the log's clock says counts, whatever the signer's does.
    by_log = replace(report, signed_at=DECIDED, admitted_at=DECIDED + timedelta(hours=hours))
    assert codes(by_log) == found


@pytest.mark.item("6.6.backdating")
@pytest.mark.parametrize(("minutes", "found"), [(6, ["times-contradict"]), (5, [])])
def test_times_that_contradict_each_other_are_found(minutes: int, found: list[str]) -> None:
    report, later = a_report(decimals(normal(seeded(9), 5))), timedelta(minutes=minutes)
    assert codes(replace(report, readings=(("R#/at", DECIDED + later),))) == found
    assert codes(replace(report, signed_at=DECIDED - later)) == found
    before = replace(report, readings=(("R#/at", DECIDED - timedelta(days=3)),))
    assert codes(before) == ["times-contradict"]


@pytest.mark.item("6.6.suspected")
def test_every_finding_says_suspected_and_names_its_evidence() -> None:
    generator = seeded(10)
    usual = [a_report(decimals(normal(generator, 20)), source=f"R{at}") for at in range(6)]
    close = decimals(10 + 0.1 * (normal(generator, 20) - 10))
    finer = a_report(decimals(normal(generator, 20)), source="G", resolution=Decimal("0.01"))
    tight: dict[str, Any] = {"lower": Decimal("9.97"), "upper": Decimal("10.03")}
    coarse = a_report(decimals(normal(generator, 30), "0.01"), source="C", **tight)
    preferred = a_report(preferring(decimals(normal(generator, 300)), 0.5), source="P")
    copied = a_report(tuple(Decimal(v).scaleb(-3) for v in usual[0].series[0].values), source="K")
    times = replace(usual[1], source="T", decided_at=DECIDED - timedelta(days=9), series=())
    findings = find([*usual, a_report(close, source="X"), finer, coarse, preferred, copied, times])
    assert {finding.code for finding in findings} == set(CODES)
    for finding in findings:
        assert finding.en.startswith(EN)
        assert finding.zh.startswith(ZH)
        assert all("#" in place for place in finding.evidence)
        assert finding.p_value is None or finding.p_value <= LIMITS.level


@pytest.mark.item("6.6.suspected")
def test_no_finding_can_be_worded_as_a_fact() -> None:
    with pytest.raises(AssertionError):
        Finding("backdated", None, ("R#/verdict",), "backdated", "疑似倒填日期")
    with pytest.raises(AssertionError):
        Finding("backdated", None, (), "suspected: backdating", "疑似倒填日期")


def rate(process: str, gauge: str, *, searches: int, level: float) -> dict[str, float]:
    """The share of searches among honest reports that find something, by code."""
    found: Counter[str] = Counter()
    for seed in range(searches):
        reports = honest_reports(PROCESSES[process], gauge, seeded(seed))
        found.update({finding.code for finding in find(reports, Thresholds(level=level))})
    return {code: count / searches for code, count in found.items()}


@pytest.mark.item("6.6.suspected")
@pytest.mark.parametrize("process", PROCESSES)
def test_honest_reports_are_left_alone(process: str) -> None:
    """With 20 searches at 5 %: more than 4 have a chance below 1 in 300."""
    for gauge in ("0.0005", "0.01"):
        found = rate(process, gauge, searches=20, level=0.05)
        assert all(share <= 4 / 20 for share in found.values()), (gauge, found)


@pytest.mark.long
@pytest.mark.parametrize("gauge", GAUGES)
@pytest.mark.parametrize("process", PROCESSES)
def test_honest_reports_are_left_alone_as_often_as_stated(process: str, gauge: str) -> None:
    """Of 400 searches at 5 % 20 are expected, more than 33 have a chance below 1 in 500."""
    found = rate(process, gauge, searches=400, level=0.05)
    assert all(share <= 33 / 400 for share in found.values()), found


@pytest.mark.long
def test_at_the_default_level_a_thousand_honest_searches_find_next_to_nothing() -> None:
    found = rate("lots_apart", "0.001", searches=1000, level=LIMITS.level)
    assert all(share <= 5 / 1000 for share in found.values()), found


def test_a_record_is_read_as_it_stands() -> None:
    vct = next(vct for vct in VCTS if vct.startswith("inspection-report"))
    groups = example(vct)
    report = report_of_groups("R", groups)
    (first, *_) = report.series
    shown = groups["measurements"]["characteristics"][0]["values"]
    assert len(first.values) == len(shown)
    assert first.place == "/measurements/characteristics/0"
    assert report.decided_at is not None
    assert all(place.startswith("R#/measurements/") for place, _ in report.readings)


@pytest.mark.parametrize("wrong", ["1e5", "NaN", "", None, 5, "9" * 80])
def test_a_record_that_nobody_checked_gives_no_series_of_what_is_no_value(wrong: object) -> None:
    vct = next(vct for vct in VCTS if vct.startswith("inspection-report"))
    groups = changed(example(vct), "/measurements/characteristics/0/values/0/value", wrong)
    find([report_of_groups("R", groups)])


def test_one_value_and_none_are_no_ground_for_anything() -> None:
    assert codes(a_report(())) == []
    assert codes(a_report((Decimal(1),))) == []
    assert a_series(()).values == ()
