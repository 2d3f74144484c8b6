"""Which lots of a part are skipped by the log, and what is told of each draw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from keys.encoding import encode_base64url
from quality.deliveries.agreed import Filed
from quality.in_force.skipping import chain_end, pre_image
from quality.sampling.history import erase_sampled
from quality.sampling.skip_lot import is_drawn
from quality.sampling.state_flags import state_flags
from quality.sampling.told import SamplingQuestion, tell_sampling
from tests.quality.sampling.filed import (
    CUSTOMER,
    HOUR_MS,
    PART,
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
    report = a_report(6, lot={"shipment": lot, "number": f"L-{lot[1:]}"})
    plan = {**report.groups["plan"], "standard": "skip-lot", "skipped_by": "r4"}  # type: ignore[dict-item]
    report = replace(report, groups={**report.groups, "plan": plan})
    late = a_reveal(7, lot="r3", position=2, seed=SEED)
    found = state_flags(read_all(history(*revealed, report, late)), "r6")
    assert [flag.code for flag in found] == ["skip-not-drawn"] * is_flagged


def a_skip(index: int, number: str, shipment: str | None = "r2", by: str = "r4") -> Filed:
    """A report that says that its lot was skipped."""
    report = a_report(index, lot={"number": number, **({"shipment": shipment} if shipment else {})})
    plan = {**report.groups["plan"], "standard": "skip-lot", "skipped_by": by}  # type: ignore[dict-item]
    return replace(report, groups={**report.groups, "plan": plan})


def flagged(records: list[Filed], record_id: str) -> list[str]:
    return [flag.en for flag in state_flags(read_all(records), record_id)]


@pytest.mark.item("6.2.skip-lot")
@pytest.mark.parametrize(
    ("report", "why"),
    [
        (a_skip(6, "L-2"), None),
        (a_skip(6, "L-9"), "its lot is none of those of the shipment"),
        (a_skip(6, "L-2", None), "expected the shipment that was drawn"),
        (a_skip(6, "L-2", by="r5"), "is for another shipment"),
    ],
)
def test_a_skip_excuses_the_lots_of_its_own_shipment_alone(report: Filed, why: str | None) -> None:
    reveals = [a_reveal(3 + n, lot=f"r{n + 1}", position=n, seed=SEED) for n in (1, 2)]
    found = flagged(history(*reveals, report), "r6")
    assert [why in flag for flag in found if why] == [True] * bool(why)
    assert bool(found) is bool(why)


@pytest.mark.item("6.2.skip-lot")
def test_a_skip_excuses_a_lot_once() -> None:
    reveal = a_reveal(4, lot="r2", position=1, seed=SEED)
    records = history(reveal, a_skip(5, "L-2"), a_skip(6, "L-2"))
    assert flagged(records, "r5") == []
    assert "another report used the skip" in flagged(records, "r6")[0]


@pytest.mark.item("6.2.skip-lot.forfeit")
def test_a_lot_that_is_filed_again_is_inspected() -> None:
    """Whoever was drawn cannot ask for another draw, neither by a shipment nor by a correction."""
    again = [a_report(0), a_commit(1, end=END), a_shipment(2), a_shipment(3, lots=("L-3", "L-2"))]
    corrected = history(a_shipment(4, corrects="r3", lots=("L-2",)))
    for records, code in ((again, "lot-repeated"), (corrected, "lot-repeated")):
        assert [found[3] for found in draws(records)] == ["awaited", code]
    # Under a later commit it is the same lot.
    later = [*history(), an_act(4, act="end", of="r1"), a_commit(5), a_shipment(6, lots=("L-2",))]
    assert draws(later)[-1] == ("r6", 1, "inspect", "lot-repeated")


@pytest.mark.item("6.2.skip-lot.forfeit")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, "not-drawn"),
        ({"shipment": "S-9"}, "not-drawn"),
        ({"lots": ("L-9",)}, "corrected"),
        ({"lots": ("L-2", "L-9")}, "corrected"),
        ({"site": "NB-1"}, "corrected"),
        ({"part": PART | {"number": "P-2"}}, "corrected"),
    ],
)
def test_a_correction_behind_the_reveal_that_changes_what_was_drawn_forfeits_the_skip(
    changed: dict[str, Any], code: str
) -> None:
    reveal = a_reveal(4, lot="r2", position=1, seed=SEED)
    given = {"lots": ("L-2",), **changed}
    assert draws(history(reveal, a_shipment(5, corrects="r2", **given)))[0][3] == code


def test_what_is_corrected_before_the_reveal_is_drawn_as_corrected() -> None:
    reveal = a_reveal(5, lot="r2", position=1, seed=SEED)
    records = history(a_shipment(4, corrects="r2", lots=("L-9",)), reveal)
    assert draws(records)[0][3] == "not-drawn"
    assert flagged([*records, a_skip(6, "L-9", by="r5")], "r6") == []
    assert "its lot is none" in flagged([*records, a_skip(6, "L-2", by="r5")], "r6")[0]


@pytest.mark.item("6.2.skip-lot.forfeit")
def test_a_shipment_of_which_the_lots_are_unknown_is_inspected() -> None:
    records = read_all(history(a_reveal(4, lot="r2", position=1, seed=SEED)))
    erased = [
        erase_sampled(record, ["goods"]) if record.filed.record_id == "r2" else record
        for record in records
    ]
    question = SamplingQuestion(CUSTOMER, SUPPLIER, as_of_ms=5 * HOUR_MS)
    rows = tell_sampling([record for record in erased if record], [question]).rows["draws"]
    assert (rows[0]["outcome"], rows[0]["code"]) == ("forfeited", "lots-unknown")


@pytest.mark.parametrize("sites", [1, 4])
def test_each_draw_is_made_once_for_a_class_of_the_lots_site(sites: int) -> None:
    reports = [
        a_report(n, lot={"inspected": {"site": f"s{n % sites}", "party": SUPPLIER}})
        for n in range(sites)
    ]
    end = encode_base64url(chain_end(SEED, 40))
    shipments = [a_shipment(sites + 1 + n, site=f"s{n % sites}") for n in range(40)]
    records = [*reports, a_commit(sites, end=end, length=40), *shipments]
    found = draws(records)
    assert len(found) == 40
    assert sorted(draw[1] for draw in found) == list(range(1, 41))
