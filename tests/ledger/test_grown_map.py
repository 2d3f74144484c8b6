"""A mapping that grows by copies is what a dict would be, and every earlier one stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.grown_map import GrownMap

pytestmark = pytest.mark.item("4.state")


@given(st.lists(st.tuples(st.integers(0, 60), st.integers()), max_size=200))
def test_every_generation_is_what_a_dict_was(changes: list[tuple[int, int]]) -> None:
    grown: GrownMap[int, int] = GrownMap()
    generations, expected = [grown], [dict[int, int]()]
    for key, value in changes:
        grown = grown.grown(key, value)
        generations.append(grown)
        expected.append({**expected[-1], key: value})
    for found, wanted in zip(generations, expected, strict=True):
        assert found == wanted
        assert len(found) == len(wanted) == len(list(found))
        assert all(found[key] == value for key, value in wanted.items())
        assert [key in found for key in range(61)] == [key in wanted for key in range(61)]


def test_what_is_not_there_is_no_key_and_begins_with_what_is_given() -> None:
    given_first = GrownMap([("a", 1), ("b", 2)])
    assert dict(given_first) == {"a": 1, "b": 2}
    assert given_first.get("c") is None
    with pytest.raises(KeyError):
        given_first["c"]
    assert repr(given_first.grown("c", 3)) == "GrownMap({'a': 1, 'b': 2, 'c': 3})"


def test_growing_by_many_copies_little() -> None:
    """Each copy is at most about the root of what is there, but for the merges."""
    grown: GrownMap[int, int] = GrownMap()
    for number in range(20_000):
        grown = grown.grown(number, number)
    assert len(grown) == 20_000
    assert len(grown._newest) ** 2 <= len(grown._oldest)
