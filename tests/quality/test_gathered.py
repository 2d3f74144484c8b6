"""Figures of gathered values are exact, and values are kept as long as a report may hold them."""

from __future__ import annotations

import statistics
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.errors import MeasurementFileRefused
from quality.exact_sums import ValueSums
from quality.readers.gathered import Gathered, gather
from quality.readers.model import Characteristic, Event, Fault, Part, Reading
from quality.spc.descriptive import describe

DECIMALS = st.decimals(-10_000, 10_000, allow_nan=False, places=4).map(lambda d: f"{d:f}")


def sums_of(values: list[str]) -> ValueSums:
    """The figures of some values."""
    sums = ValueSums()
    for line, value in enumerate(values):
        sums.add(value, line)
    return sums


@given(st.lists(DECIMALS, min_size=2, max_size=30))
def test_figures_are_those_of_the_definitions(values: list[str]) -> None:
    exact = [Fraction(value) for value in values]
    sums = sums_of(values)
    assert sums.mean() == statistics.mean(exact)
    assert sums.variance() == statistics.variance(exact)
    assert (sums.minimum, sums.maximum) == (min(map(Decimal, values)), max(map(Decimal, values)))


@given(st.lists(DECIMALS, min_size=2, max_size=30))
def test_figures_are_those_of_the_statistics_of_the_same_values(values: list[str]) -> None:
    sums, peer = sums_of(values), describe([float(value) for value in values])
    deviation = sums.deviation()
    assert deviation is not None
    assert sums.count == peer.count
    assert float(sums.mean()) == pytest.approx(peer.mean, rel=1e-12, abs=1e-10)
    assert float(deviation) == pytest.approx(peer.deviation, rel=1e-9, abs=1e-10)
    assert (float(sums.minimum), float(sums.maximum)) == (peer.minimum, peer.maximum)


def test_figures_do_not_lose_digits_behind_a_great_mean() -> None:
    # NIST StRD's NumAcc3 and NumAcc4 are of this kind: nine digits before three that differ.
    values = ["1000000.2", *["1000000.1", "1000000.3"] * 500]
    assert sums_of(values).deviation() == Decimal("0.1")


def test_one_value_has_no_deviation() -> None:
    assert sums_of(["12.5"]).deviation() is None
    assert sums_of(["12.5", "12.5"]).deviation() == 0


def events(count: int) -> list[Event]:
    """A part with one characteristic and some readings."""
    said: list[Event] = [Part("p"), Characteristic("c", "p", number="1")]
    return said + [Reading("c", line, "1.5") for line in range(count)]


def kept(count: int) -> Gathered:
    """What is gathered of some readings where four may be kept."""
    return gather(events(count), values_max=4, kept_max=100)


@pytest.mark.parametrize(("count", "values"), [(4, 4), (5, None)])
def test_values_are_kept_up_to_what_a_report_holds(count: int, values: int | None) -> None:
    one = kept(count).parts["p"].characteristics["c"]
    assert (None if one.readings is None else len(one.readings)) == values
    assert one.sums.count == count


@pytest.mark.parametrize(("kept_max", "is_taken"), [(3, True), (2, False)])
def test_more_values_than_may_be_kept_in_all_are_refused(kept_max: int, is_taken: bool) -> None:
    if is_taken:
        assert gather(events(3), values_max=4, kept_max=kept_max).readings == 3
        return
    with pytest.raises(MeasurementFileRefused, match="split the file by lots"):
        gather(events(3), values_max=4, kept_max=kept_max)


def test_what_a_file_marks_as_invalid_is_counted_and_is_no_fault() -> None:
    dropped = Fault("line 3, K0002/1", "a valid value", "attribute 255", is_dropped=True)
    found = gather(
        [*events(2), dropped, Fault("line 4", "a number", "'x'")], values_max=4, kept_max=9
    )
    assert (found.dropped, found.faults_count) == (1, 1)


def test_counts_of_attributive_checks_are_added() -> None:
    said: list[Event] = [Part("p"), Characteristic("c", "p", is_attributive=True)]
    checks = [Reading("c", line, sample=50, defective=line) for line in (1, 2)]
    one = gather([*said, *checks], values_max=4, kept_max=9).parts["p"].characteristics["c"]
    assert (one.checks, one.sample, one.defective) == (2, 100, 3)
