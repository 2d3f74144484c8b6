"""Whatever passes the schema, the rules answer: no record can make them fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain import DomainRules
from quality.rules import QualityRules
from tests.quality.examples import HANFENG, VCTS, Json, changed, example, validator

pytestmark = pytest.mark.item("2.3")
RULES = QualityRules()
#: The rules as admission sees them.
PORT: DomainRules = RULES
POOL: tuple[Json, ...] = (
    *("0", "-1", "0.000", "9" * 36, "-" + "9" * 34, "1.5", "pcs", "kg", "accept", "CC", "x"),
    *("1900-01-01", "2199-12-31", "2199-12-31T23:59:59.999999-14:59", "1900-01-01T00:00:00Z"),
    *(0, 1, 1_000_000_000, True, False, None, ..., [], {}, HANFENG),
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
