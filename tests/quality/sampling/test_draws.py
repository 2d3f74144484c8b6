"""Which lots of a part are skipped by the log, and what is told of each draw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from keys.encoding import encode_base64url
from quality.deliveries.agreed import Filed
from quality.in_force.skipping import chain_end, pre_image
from quality.sampling.skip_lot import is_drawn
from quality.sampling.state_flags import state_flags
from quality.sampling.told import SamplingQuestion, tell_sampling
from tests.quality.sampling.filed import (
    CUSTOMER,
    HOUR_MS,
    SUPPLIER,
    a_commit,
    a_report,
    a_reveal,
    a_shipment,
    an_act,
    read_all,
)

#: Of which positions 1 and 2 skip the shipments r2 and r3.
SEED = next(
    seed
    for seed in (bytes([number]) * 32 for number in range(256))
    if not is_drawn(pre_image(seed, 10, position=1), "r2", one_in=2)
    and not is_drawn(pre_image(seed, 10, position=2), "r3", one_in=2)
)
END = encode_base64url(chain_end(SEED, 10))


def history(*more: Filed, before: int = 0) -> list[Filed]:
    """A report, a commit, two shipments, and more; ``before`` units of the report are bad."""
    start = [a_report(0, defective=before), a_commit(1, end=END), a_shipment(2), a_shipment(3)]
    return [*start, *more]


def draws(records: list[Filed], *, hours: int = 0, **asked: Any) -> list[tuple[str, int, str, str]]:
    """Shipment, position, outcome and reason of every draw, so many hours after the last record."""
    as_of_ms = (len(records) + hours) * HOUR_MS
    question = SamplingQuestion(CUSTOMER, SUPPLIER, as_of_ms=as_of_ms, **asked)
    rows = tell_sampling(read_all(records), [question]).rows["draws"]
    return [(row["shipment"], row["position"], row["outcome"], row["code"]) for row in rows]


@pytest.mark.item("6.2.skip-lot")
def test_a_revealed_lot_is_skipped_or_inspected_by_the_draw() -> None:
    skipped = [
        a_reveal(index + 3, lot=f"r{index + 1}", position=index, seed=SEED) for index in (1, 2)
    ]
    assert draws(history(*skipped)) == [
        ("r2", 1, "skip", "not-drawn"),
        ("r3", 2, "skip", "not-drawn"),
    ]


@pytest.mark.item("6.2.skip-lot.forfeit")
@pytest.mark.parametrize(("hours", "outcome"), [(0, "pending"), (30, "forfeited")])
def test_no_reveal_in_time_forfeits_the_skip(hours: int, outcome: str) -> None:
    assert {found[2] for found in draws(history(), hours=hours)} == {outcome}


@pytest.mark.item("6.2.skip-lot.forfeit")
@pytest.mark.parametrize(
    ("records", "reason"),
    [
        (history(a_reveal(4, lot="r2", position=1, seed=SEED), before=4), "not-qualified"),
        (history(a_reveal(4, lot="r2", position=2, seed=SEED)), "wrong-position"),
        (history(an_act(4, act="end", of="r1")), "not-revealed"),
    ],
)
def test_what_keeps_a_lot_from_being_skipped_is_told(records: list[Filed], reason: str) -> None:
    assert draws(records)[0][3] == reason


def test_corrections_take_no_position_and_sites_and_classes_are_chosen() -> None:
    records = [*history(), a_shipment(4, corrects="r2"), a_shipment(5, site="NB-1")]
    assert [found[:2] for found in draws(records)][:2] == [("r2", 1), ("r3", 2)]
    assert {found[:2] for found in draws(records, site="NB-1")} == {("r5", 3)}
    assert draws(records, defect_class="minor", site="NB-1") == [
        ("r5", 3, "inspect", "not-qualified")
    ]


@pytest.mark.item("6.2.skip-lot")
@pytest.mark.parametrize(
    ("reveal", "lot", "is_flagged"),
    [("r2", "r2", False), ("r2", "r3", True), (None, "r2", True)],
)
def test_a_report_of_a_skip_that_was_not_drawn_is_flagged(
    reveal: str | None, lot: str, is_flagged: bool
) -> None:
    revealed = [a_reveal(4, lot=reveal, position=1, seed=SEED)] if reveal else []
    report = a_report(6, lot={"shipment": lot})
    plan = {**report.groups["plan"], "standard": "skip-lot", "skipped_by": "r4"}  # type: ignore[dict-item]
    report = replace(report, groups={**report.groups, "plan": plan})
    late = a_reveal(7, lot="r3", position=2, seed=SEED)
    found = state_flags(read_all(history(*revealed, report, late)), "r6")
    assert [flag.code for flag in found] == ["skip-not-drawn"] * is_flagged
