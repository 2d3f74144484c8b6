"""Whatever passes the schema, the rules answer: no record can make them fail."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain import DomainRules
from quality.rules import QualityRules
from quality.values import day, decimal, instant
from tests.quality.examples import HANFENG, VCTS, Json, changed, example, validator

pytestmark = pytest.mark.item("2.3")
RULES = QualityRules()
#: The rules as admission sees them.
PORT: DomainRules = RULES
POOL: tuple[Json, ...] = (
    *("0", "-1", "0.000", "9" * 36, "-" + "9" * 34, "1.5", "H87", "kg", "accept", "CC", "x"),
    *("1900-01-01", "2199-12-31", "2199-12-31T23:59:59.999999-14:59", "1900-01-01T00:00:00Z"),
    *(0, 1, 1_000_000_000, True, False, None, ..., [], {}, HANFENG),
)

FORMLESS: tuple[Json, ...] = (
    *("NaN", "sNaN", "-Infinity", "1e999999", "1e-999999", "٣", "2026-11-20T09:30:00", "", "\n"),
    *(2**53 - 1, -1, [[]], {"value": "x"}),
)


def pointers(value: Json, pointer: str = "") -> Iterator[str]:
    """The pointer of every value inside a value."""
    members: Json = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    for name, inner in members:
        yield f"{pointer}/{name}"
        yield from pointers(inner, f"{pointer}/{name}")


def resolves(groups: Json, pointer: str) -> bool:
    """Whether the pointer, or at least the place it would stand in, is there."""
    place = groups
    for name in pointer.split("/")[1:-1]:
        place = place[int(name) if isinstance(place, list) else name]
    return isinstance(place, dict | list)


@settings(deadline=None)
@pytest.mark.parametrize("vct", VCTS)
@given(data=st.data())
def test_rules_answer_for_every_record_that_passes_its_schema(
    vct: str, data: st.DataObject
) -> None:
    groups = example(vct)
    for _ in range(data.draw(st.integers(1, 6))):
        pointer = data.draw(st.sampled_from(list(pointers(groups))))
        proposed = changed(groups, pointer, data.draw(st.sampled_from(POOL)))
        groups = proposed if validator(vct).is_valid(proposed) else groups
    found = RULES.judge(vct, groups, issuer=HANFENG, roles=frozenset({"supplier"}))
    assert set(PORT.find_faults(vct, groups)) <= set(found)
    stated = [fault.pointer for fault in found]
    stated += [flag.pointer for flag in RULES.flags(vct, groups)]
    assert all(resolves(groups, pointer) for pointer in stated)


# Who verifies a view offline has only the signer's word that the schema was met.
@settings(deadline=None)
@pytest.mark.parametrize("vct", VCTS)
@given(data=st.data())
def test_flags_of_a_record_that_its_schema_never_saw_are_told_or_not(
    vct: str, data: st.DataObject
) -> None:
    groups = example(vct)
    for _ in range(data.draw(st.integers(1, 6))):
        places = list(pointers(groups))
        if places:
            pointer = data.draw(st.sampled_from(places))
            groups = changed(groups, pointer, data.draw(st.sampled_from((*POOL, *FORMLESS))))
    assert all(flag.code for flag in RULES.flags(vct, groups))


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "1e999999", "twelve", ""])
def test_what_is_no_decimal_is_passed_over_in_silence(number: str) -> None:
    assert decimal({"value": number}, "value") is None
    assert decimal({"value": "12.50"}, "value") == Decimal("12.50")


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", ""])
def test_what_is_no_day_and_no_instant_is_passed_over_in_silence(text: str) -> None:
    assert day({"at": text}, "at") is None
    assert instant({"at": text}, "at") is None
    assert instant({"at": "2026-11-20T09:30:00"}, "at") is None
    assert instant({"at": "2026-11-20T09:30:00Z"}, "at")
