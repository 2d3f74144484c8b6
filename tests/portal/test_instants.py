"""Instants and spans in words."""

from __future__ import annotations

import pytest

from portal.instants import describe_span, instant_of_ms
from portal.messages import Words

pytestmark = pytest.mark.item("2.8")


def test_an_instant_has_a_form_for_machines_and_one_for_people(
    english: Words, chinese: Words
) -> None:
    at_ms = 1_795_353_605_007
    english_form, chinese_form = instant_of_ms(at_ms, english), instant_of_ms(at_ms, chinese)
    assert english_form
    assert chinese_form
    assert english_form.iso == chinese_form.iso == "2026-11-22T13:20:05.007Z"
    assert english_form.text == "22 Nov 2026, 13:20:05 UTC"
    assert chinese_form.text == "2026年11月22日 13:20:05 UTC"


@pytest.mark.parametrize("at_ms", [10**18, 2**53 * 1000, 253_402_300_800_000])
def test_what_lies_beyond_the_calendar_is_no_instant(at_ms: int, english: Words) -> None:
    assert instant_of_ms(at_ms, english) is None


def test_the_last_millisecond_of_the_calendar_is_an_instant(english: Words) -> None:
    found = instant_of_ms(253_402_300_799_999, english)
    assert found
    assert found.iso == "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 minutes"),
        (7_199, "119 minutes"),
        (7_200, "2 hours"),
        (172_799, "47 hours"),
        (172_800, "2 days"),
        (2_592_000, "30 days"),
    ],
)
def test_a_span_is_told_in_its_largest_unit_that_counts_to_two(
    seconds: int, expected: str, english: Words
) -> None:
    assert describe_span(seconds, english) == expected
