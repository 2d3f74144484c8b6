"""Positions of skip-lot that a customer counts itself, whatever the service says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.setup_errors import FolderDamaged
from api.skip_chains import SkipChains
from api.skip_positions import (
    KeptReveal,
    Unexpected,
    check_position,
    count_positions,
    own_commit,
)
from quality.deliveries.agreed import Filed
from tests.quality.sampling.filed import CUSTOMER, PART, SUPPLIER, a_commit, a_shipment, an_act

pytestmark = pytest.mark.item("6.2.skip-lot")

COMMIT = a_commit(10, site="A")


def positions(*shipments: Filed, last: KeptReveal | None = None) -> dict[str, int]:
    found = count_positions(COMMIT, shipments, last=last)
    return {record_id: place.position for record_id, place in found.items()}


def shipped(index: int, **given: Any) -> Filed:
    return a_shipment(index, **{"site": "A", **given})


def test_shipments_of_the_part_and_site_behind_the_commit_are_counted_once() -> None:
    others = [
        shipped(9),
        shipped(12, site="B"),
        shipped(13, corrects="r11"),
        shipped(14, subject="did:web:o"),
        shipped(15, part=PART | {"number": "P-9"}),
        an_act(16, act="end", of="r1"),
    ]
    assert positions(shipped(20), shipped(11), shipped(11), *others) == {"r11": 1, "r20": 2}


def test_counting_goes_on_from_the_last_reveal_and_ends_with_the_chain() -> None:
    last = KeptReveal(8, "r18", 18)
    lots = [shipped(index) for index in range(17, 23)]
    assert positions(*lots, last=last) == {"r19": 9, "r20": 10}


@pytest.mark.parametrize(
    ("found", "told", "is_given"),
    [
        (KeptReveal(3, "r14", 14), 3, True),
        (KeptReveal(3, "r14", 14), 10, False),
        (KeptReveal(3, "r14", 14), 2, False),
        (KeptReveal(5, "r14", 14), 5, False),
        (None, 3, False),
        # Given away before: again for its own lot, but neither for another nor elsewhere.
        (KeptReveal(2, "r12", 12), 2, True),
        (KeptReveal(3, "r12", 12), 3, False),
        (KeptReveal(2, "r13", 13), 2, False),
    ],
)
def test_a_position_is_given_away_once_for_the_lot_that_has_it(
    found: KeptReveal | None, told: int, is_given: bool
) -> None:
    kept = [KeptReveal(2, "r12", 12)]
    if is_given:
        assert check_position(found, told, commit_index=10, kept=kept) == found
        return
    with pytest.raises(Unexpected):
        check_position(found, told, commit_index=10, kept=kept)


def test_a_commit_is_this_partys() -> None:
    assert own_commit(COMMIT, own=CUSTOMER).record_id == "r10"
    for record in (a_commit(1, by=SUPPLIER), an_act(1, act="end", of="r10"), shipped(1)):
        with pytest.raises(Unexpected):
            own_commit(record, own=CUSTOMER)


def test_what_was_revealed_is_kept_before_it_is_sent(tmp_path: Path) -> None:
    chains = SkipChains(tmp_path)
    chain = chains.draw(5)
    assert chains.reveals(chain.end) == ()
    kept = (KeptReveal(1, "r11", 11), KeptReveal(2, "r12", 12))
    for one in (*kept, kept[0]):
        with chains.alone(chain.end):
            chains.keep_reveal(chain.end, one)
    assert SkipChains(tmp_path).reveals(chain.end) == kept
    assert [one.end for one in chains.kept()] == [chain.end]
    (tmp_path / f"{chain.end}.revealed").write_text("[]")
    with pytest.raises(FolderDamaged):
        chains.reveals(chain.end)
