"""Receipts and proofs of any entry hold, however the log was cut into groups."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.encoding import encode_base64
from ledger.errors import LedgerError, NotIncluded
from ledger.receipt import VerifiedReceipt, verify_receipt
from ledger.submission import Admitted
from ledger.verify import verify_view
from ledger.view import encode_view, parse_view
from ledger.view_builder import Shown, build_view
from tests.ledger import reference_tree
from tests.ledger.ledger_stories import (
    FOUNDED,
    FOUNDING_SIZE,
    Story,
    a_founded_story,
    a_story,
    anchor,
    check_ledger,
    reports,
)
from tests.ledger.parties import NOW_MS, record_id_of

pytestmark = pytest.mark.item("2.4")

# Each example founds a log, which costs a tenth of a second.
FEW: Final = settings(max_examples=12)
TEXTS: Final = reports(24)
JWSS: Final = {record_id_of(text): text.split("~")[0] for text in (*FOUNDED.texts, *TEXTS)}


def verified(outcome: Admitted, jws: str) -> VerifiedReceipt:
    return verify_receipt(outcome.receipt.encode(), jws, anchor=anchor())


def admit_in_groups(story: Story, cuts: Sequence[int]) -> list[Admitted]:
    """Submit all reports, cut into groups at these places."""
    places = [0, *sorted(set(cuts)), len(TEXTS)]
    groups = [TEXTS[a:b] for a, b in itertools.pairwise(places) if a < b]
    return [outcome for group in groups for outcome in story.admit(*group)]


@FEW
@given(st.lists(st.integers(0, len(TEXTS)), max_size=10))
def test_receipts_verify_for_any_split_into_groups(cuts: list[int]) -> None:
    story = a_founded_story()
    outcomes = admit_in_groups(story, cuts)
    assert [outcome.index - FOUNDING_SIZE for outcome in outcomes] == list(range(len(TEXTS)))
    for outcome in outcomes:
        found = verified(outcome, JWSS[outcome.record_id])
        assert (found.record_id, found.index) == (outcome.record_id, outcome.index)
        assert found.admitted_ms == NOW_MS
        assert outcome.index < found.included_in <= FOUNDING_SIZE + len(TEXTS)
        assert story.ledger.reader.receipt(outcome.index) == outcome.receipt
    story.ledger.close()


@FEW
@given(st.lists(st.integers(0, len(TEXTS)), max_size=10))
def test_split_into_groups_changes_no_entry(cuts: list[int]) -> None:
    story, whole = a_founded_story(), a_founded_story()
    admit_in_groups(story, cuts)
    admit_in_groups(whole, [])
    size = FOUNDING_SIZE + len(TEXTS)
    assert list(story.store.entries(0, size)) == list(whole.store.entries(0, size))
    assert check_ledger(story, size).root == check_ledger(whole, size).root
    story.ledger.close()
    whole.ledger.close()


@pytest.fixture(scope="module")
def long_story() -> Story:
    """A log of one full tile and a bit, in groups of uneven size."""
    story = a_founded_story()
    first = 1000
    for count in (1, 90, 2, 150, 13, 7):
        story.admit(*reports(count, first=first))
        first += count
    story.ledger.close()
    return story


@given(st.data())
def test_any_entry_is_proven_in_any_later_tree(long_story: Story, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, long_story.ledger.size))
    index = data.draw(st.integers(0, size - 1))
    leaves = [row.leaf for row in long_story.store.entries(0, size)]
    path = long_story.ledger.reader.inclusion_path(index, size)
    assert path == [encode_base64(node) for node in reference_tree.path(index, leaves)]


@given(st.data())
def test_any_two_trees_are_proven_consistent(long_story: Story, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, long_story.ledger.size))
    older = data.draw(st.integers(1, size))
    leaves = [row.leaf for row in long_story.store.entries(0, size)]
    proof = long_story.ledger.reader.consistency_proof(older, size)
    assert proof == [encode_base64(node) for node in reference_tree.consistency(older, leaves)]


@given(st.data())
def test_receipt_of_another_entry_proves_nothing(long_story: Story, data: st.DataObject) -> None:
    indices = st.integers(0, long_story.ledger.size - 1)
    index, other = data.draw(st.lists(indices, min_size=2, max_size=2, unique=True))
    receipt = long_story.ledger.reader.receipt(index)
    row = long_story.store.entry(other)
    assert row is not None
    jws = row.text.decode().splitlines()[-1]
    with pytest.raises(NotIncluded):
        verify_receipt(receipt.encode(), jws, anchor=anchor())


@given(st.data())
def test_receipt_with_any_byte_changed_is_refused(long_story: Story, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, long_story.ledger.size - 1))
    receipt = bytearray(long_story.ledger.reader.receipt(index).encode())
    place = data.draw(st.integers(0, len(receipt) - 1))
    receipt[place] ^= data.draw(st.integers(1, 255))
    row = long_story.store.entry(index)
    assert row is not None
    with pytest.raises(LedgerError):
        verify_receipt(bytes(receipt), row.text.decode().splitlines()[-1], anchor=anchor())


@given(st.data())
def test_view_of_any_records_verifies(long_story: Story, data: st.DataObject) -> None:
    indices = st.integers(0, long_story.ledger.size - 1)
    chosen = data.draw(st.lists(indices, min_size=1, max_size=6))
    shown = [shown_of(long_story, index) for index in chosen]
    view = build_view(shown, long_story.ledger.reader, long_story.ledger.fold)
    result = verify_view(parse_view(encode_view(view).encode()), anchor())
    assert [record.index for record in result.records] == chosen
    assert [len(record.groups) for record in result.records] == [
        len(item.disclosures) for item in shown
    ]


def shown_of(story: Story, index: int) -> Shown:
    row = story.store.entry(index)
    assert row is not None
    held = story.store.disclosures([index]).get(index, "")
    return Shown(row, tuple(held[:-1].split("~")) if held else ())


def test_every_size_of_a_small_log_is_proven() -> None:
    story = a_story()
    for size, text in enumerate([*FOUNDED.texts, *TEXTS], start=1):
        story.admit(text)
        leaves = [row.leaf for row in story.store.entries(0, size)]
        for index in range(size):
            path = story.ledger.reader.inclusion_path(index, size)
            assert path == [encode_base64(node) for node in reference_tree.path(index, leaves)]
    check_ledger(story, FOUNDING_SIZE + len(TEXTS))
    story.ledger.close()
