"""What cannot be measured is known from the specification, or from the unit alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from quality.plausible import plausible_range

pytestmark = pytest.mark.item("6.bad.implausible")


@pytest.mark.parametrize(
    ("characteristic", "inside", "outside"),
    [
        ({"unit": "MMT"}, "0", "-0.001"),
        ({"unit": "mm"}, "0.01", "-12"),
        ({"unit": "CEL"}, "-273.15", "-273.16"),
        ({"unit": "FAH"}, "-459.67", "-459.68"),
        ({"unit": "60"}, "100", "100.1"),
        ({"unit": "60"}, "0", "-0.1"),
        ({"unit": "MMT", "plausible": {"from": "9", "to": "11"}}, "9", "8.99"),
        ({"unit": "MMT", "plausible": {"from": "-1", "to": "11"}}, "-1", "11.01"),
    ],
)
def test_a_value_on_the_bound_is_plausible_and_one_beyond_is_not(
    characteristic: dict[str, object], inside: str, outside: str
) -> None:
    known = plausible_range(characteristic)
    assert not known.excludes(Decimal(inside))
    assert known.excludes(Decimal(outside))


@pytest.mark.parametrize(
    "limits", [{"lower": "-0.05"}, {"nominal": "0"}, {"upper": "-0.1", "lower": "-0.2"}]
)
def test_a_length_is_a_deviation_where_its_own_limits_say_so(limits: dict[str, str]) -> None:
    assert plausible_range({"unit": "MMT"}).excludes(Decimal("-0.02"))
    assert not plausible_range({"unit": "MMT", **limits}).excludes(Decimal("-0.02"))


@pytest.mark.parametrize("characteristic", [{}, {"unit": "HRC"}, {"unit": "NU"}, {"unit": "N2"}])
def test_where_nothing_bounds_a_value_every_one_is_plausible(
    characteristic: dict[str, object],
) -> None:
    assert not plausible_range(characteristic).excludes(Decimal("-1e6"))
