"""The realised rate and its interval; error rates over many lines."""

from __future__ import annotations

import pytest

from scoring.anomaly.adaptive import AdaptiveLevel
from scoring.anomaly.false_alarms import discoveries, line_p_value, rate_of, realised_rate


# R: binom.test(3, 200)$conf.int
@pytest.mark.item("7.5.far")
def test_the_realised_rate_has_the_exact_interval_of_a_proportion() -> None:
    found = realised_rate(3, 200, nominal=0.01)
    assert found.rate == 0.015
    assert found.lower == pytest.approx(0.003103, abs=1e-5)
    assert found.upper == pytest.approx(0.043166, abs=1e-4)
    assert found.is_kept


def test_a_rate_is_not_kept_once_its_interval_lies_above_the_nominal_one() -> None:
    assert realised_rate(4, 200, nominal=0.01).is_kept
    assert not realised_rate(8, 200, nominal=0.01).is_kept


def test_before_a_row_is_confirmed_the_rate_is_unknown() -> None:
    found = rate_of(AdaptiveLevel(0.0075, 0.0075))
    assert (found.rate, found.lower, found.upper) == (None, 0.0, 1.0)


def test_counts_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 to 2 alarms, found 3"):
        realised_rate(3, 2, nominal=0.01)


def test_no_line_stands_out_of_many_by_its_smallest_p_value_alone() -> None:
    quiet = {f"line-{n}": (n + 1) / 101 for n in range(100)}
    assert discoveries(quiet) == frozenset()
    assert discoveries(quiet | {"line-0": 1e-5}) == {"line-0"}


# Benjamini and Hochberg 1995, section 3.2: 15 p-values, of which the first four stand out.
def test_the_example_of_benjamini_and_hochberg_has_four_discoveries() -> None:
    p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    assert discoveries(dict(zip("abcdefghijklmno", p, strict=True))) == set("abcd")


def test_the_p_value_of_a_line_counts_its_rows() -> None:
    assert line_p_value([0.5, 0.001, 0.2]) == pytest.approx(0.003)
    assert line_p_value([]) == 1.0
