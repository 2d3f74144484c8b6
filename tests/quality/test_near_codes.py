"""Near codes: the distance equals the plain one, and what was meant comes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.near_codes import edit_distance, near_codes

pytestmark = pytest.mark.item("4.7.near")
WORDS = st.text("AB-C", max_size=8)


def whole_distance(first: str, second: str) -> int:
    """Optimal string alignment by its definition, over the whole table."""
    table = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(second) + 1)]
             for i in range(len(first) + 1)]  # fmt: skip
    for i, left in enumerate(first, start=1):
        for j, right in enumerate(second, start=1):
            table[i][j] = min(
                table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (left != right)
            )
            if i > 1 and j > 1 and left == second[j - 2] and right == first[i - 2]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(WORDS, WORDS, st.integers(0, 4))
def test_the_bounded_distance_is_the_whole_one_within_its_bound(
    first: str, second: str, most: int
) -> None:
    whole = whole_distance(first, second)
    assert edit_distance(first, second, most=most) == (whole if whole <= most else None)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("scratch", "SCRATCH"),
        ("SCARTCH", "SCRATCH"),
        ("SCRATC", "SCRATCH"),
        ("SCRATCHH", "SCRATCH"),
        ("SKRATCH", "SCRATCH"),
        ("diminner", "DIM-INNER"),
        ("dim inner", "DIM-INNER"),
        ("DIM_INNER", "DIM-INNER"),
        ("SCR", "SCRATCH"),
        ("CRACK-HOT", "CRACK"),
    ],
)
def test_what_was_probably_meant_comes_first(wanted: str, expected: str) -> None:
    assert near_codes(wanted, ["BURR", "CRACK", "DIM-INNER", "SCRATCH"])[0] == expected


@pytest.mark.parametrize("wanted", ["", "X", "QWERTY", "-", "CRACK-HOT-LONG"])
def test_nothing_is_near_what_resembles_nothing(wanted: str) -> None:
    assert near_codes(wanted, ["BURR", "CRACK", "DIM-INNER", "A"]) == ()


def test_no_more_than_asked_for_are_named_nearest_first() -> None:
    codes = ["CRACK1", "CRACK", "CRACKS", "CRACK-2", "CRAC"]
    assert near_codes("CRACK", codes, limit=2) == ("CRACK", "CRAC")
