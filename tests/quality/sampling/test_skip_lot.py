"""Which lots are drawn, and that neither side nor the operator can have one skipped by choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import encode_base64url
from quality.in_force.parts import PartKey
from quality.in_force.skipping import SkipCommit, chain_end, hashed, pre_image
from quality.sampling.shipped import Load, ShippedLot
from quality.sampling.skip_lot import (
    LotDraw,
    Outcome,
    Reveal,
    draw_lots,
    is_drawn,
    positioned,
    qualified,
)
from quality.sampling.switching import At, InspectedLot, SamplingHistory, fold_all

HOUR_MS = 3_600_000
LENGTH = 6
SEED = bytes(range(32))
COMMIT = SkipCommit(
    record_id="c" * 43,
    index=10,
    part=PartKey("did:web:x:oem", "did:web:x:tier1", "GR-1"),
    site=None,
    end=encode_base64url(chain_end(SEED, LENGTH)),
    length=LENGTH,
    one_in=2,
    accepted_before=10,
    reveal_within_hours=24,
    known=encode_base64url(chain_end(SEED, LENGTH)),
)


def lot_id(number: int) -> str:
    return encode_base64url(sha256(b"lot %d" % number).digest())


def a_lot(number: int, *, index: int | None = None, site: str | None = None) -> ShippedLot:
    at = 10 * number + 10 if index is None else index
    load = Load(at, frozenset({f"L-{number}"}))
    return ShippedLot(lot_id(number), at, at * HOUR_MS, site, loads=(load,))


def a_reveal(number: int, *, position: int | None = None, index: int | None = None) -> Reveal:
    """What the customer reveals for a lot, an hour behind it."""
    at = 10 * number + 11 if index is None else index
    position = number if position is None else position
    value = pre_image(SEED, LENGTH, position=position)
    return Reveal(
        f"r{number:042}", at, at * HOUR_MS, lot=lot_id(number), position=position, pre_image=value
    )


def draws(
    lots: Sequence[ShippedLot],
    reveals: Sequence[Reveal],
    *,
    commit: SkipCommit = COMMIT,
    as_of: int = 1_000,
) -> list[LotDraw]:
    found = draw_lots(commit, lots, reveals, is_qualified=lambda _: True, as_of_ms=as_of * HOUR_MS)
    return list(found)


LOTS = [a_lot(number) for number in (1, 2, 3)]
REVEALS = [a_reveal(number) for number in (1, 2, 3)]


def outcomes(found: Sequence[LotDraw]) -> list[str]:
    return [draw.outcome.value for draw in found]


# ---- the bytes ----


@pytest.mark.item("6.2.skip-lot")
def test_the_vector_of_the_specification() -> None:
    assert encode_base64url(chain_end(SEED, 3)) == "TgUGM5L0K1GANT74LahscUBCFVBE2RqzJT8bqwgSCgo"
    first = pre_image(SEED, 3, position=1)
    assert encode_base64url(first) == "Lyh7TT1JEPbK2p4b0bRkgJnoxSyBqkpq6_pvyG8Zg04"
    lot = "ORW-rXt4Dqz7C0Nw48AOKXtknwRiiTFMzyoxynLdsXw"
    assert lot == lot_id(1)
    drawn = "cd978d4112535f6dc3a415269e7fb6338246fa9df73ddb260be99eabf94ab537"
    assert sha256(first + lot.encode()).hexdigest() == drawn
    assert [is_drawn(first, lot, one_in=one_in) for one_in in (2, 3, 5)] == [False, True, False]


def test_each_pre_image_leads_to_the_one_before_it_and_the_first_one_to_the_end() -> None:
    chain = [pre_image(SEED, LENGTH, position=position) for position in range(1, LENGTH + 1)]
    assert chain[-1] == SEED
    assert [sha256(value).digest() for value in chain] == [chain_end(SEED, LENGTH), *chain[:-1]]
    assert hashed(chain[4], 3) == chain[1]


@pytest.mark.parametrize(("position", "leads"), [(1, True), (3, True), (0, False), (7, False)])
def test_a_commit_knows_the_pre_images_that_lead_on(position: int, leads: bool) -> None:
    value = pre_image(SEED, LENGTH, position=position)
    assert COMMIT.leads_on(value, position) is leads
    assert not COMMIT.leads_on(b"\0" * 32, position)
    known = encode_base64url(pre_image(SEED, LENGTH, position=3))
    later = replace(COMMIT, position=3, known=known)
    assert [later.leads_on(pre_image(SEED, LENGTH, position=n), n) for n in (3, 4, 6)] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("one_in", [2, 3, 5])
def test_one_lot_in_so_many_is_drawn(one_in: int) -> None:
    count = 6_000
    drawn = sum(is_drawn(SEED, lot_id(number), one_in=one_in) for number in range(count))
    expected, deviation = count / one_in, (count * (one_in - 1)) ** 0.5 / one_in
    assert abs(drawn - expected) < 4 * deviation


# ---- what becomes of a lot ----


@pytest.mark.item("6.2.skip-lot")
def test_the_next_pre_image_with_the_lots_record_id_decides() -> None:
    found = draws(LOTS, REVEALS)
    assert [draw.position for draw in found] == [1, 2, 3]
    for draw, lot, reveal in zip(found, LOTS, REVEALS, strict=True):
        is_inspected = is_drawn(reveal.pre_image, lot.record_id, one_in=2)
        assert draw.outcome is (Outcome.INSPECT if is_inspected else Outcome.SKIP)
        assert draw.reveal == reveal.record_id
        assert draw.reason.en
        assert draw.reason.zh
    assert set(outcomes(found)) == {"inspect", "skip"}


@pytest.mark.item("6.2.skip-lot.forfeit")
@pytest.mark.parametrize(("hours", "is_late"), [(24, False), (25, True)])
def test_a_reveal_behind_its_deadline_forfeits_the_skip(hours: int, is_late: bool) -> None:
    reveal = a_reveal(1, index=LOTS[0].index + hours)
    (found,) = draws(LOTS[:1], [reveal])
    assert (found.outcome is Outcome.FORFEITED) is is_late
    assert (found.reason.code == "late") is is_late


@pytest.mark.item("6.2.skip-lot.forfeit")
def test_without_a_reveal_a_lot_waits_until_its_deadline_and_is_inspected_then() -> None:
    deadline = LOTS[0].index + 24
    assert outcomes(draws(LOTS[:1], [], as_of=deadline)) == ["pending"]
    (found,) = draws(LOTS[:1], [], as_of=deadline + 1)
    assert (found.outcome, found.reason.code) == (Outcome.FORFEITED, "not-revealed")


@pytest.mark.item("6.2.skip-lot.forfeit")
def test_the_end_of_a_commit_forfeits_what_was_not_revealed() -> None:
    ended = replace(COMMIT, ended_at=25)
    assert outcomes(draws(LOTS, [], commit=COMMIT, as_of=26)) == ["pending"] * 3
    assert outcomes(draws(LOTS, [], commit=ended, as_of=26)) == ["forfeited"]


@pytest.mark.parametrize(
    ("site", "numbers"), [(None, [1, 2, 3]), ("Arvika", [1, 3]), ("Wuhan", [2]), ("Ulm", [])]
)
def test_a_commit_takes_the_lots_behind_it_of_its_site(
    site: str | None, numbers: list[int]
) -> None:
    sites = ("Arvika", "Wuhan", "Arvika")
    lots = [a_lot(number, site=name) for number, name in enumerate(sites, start=1)]
    commit = replace(COMMIT, site=site)
    taken = [lot.record_id for lot in positioned(commit, [a_lot(9, index=9), *lots])]
    assert taken == [lot_id(number) for number in numbers]


def test_a_chain_takes_no_more_lots_than_it_has_positions() -> None:
    lots = [a_lot(number) for number in range(1, 10)]
    assert len(list(positioned(COMMIT, lots))) == LENGTH


# ---- who may be skipped ----


def history(decisions: str) -> SamplingHistory:
    return fold_all(
        InspectedLot(At(index, f"{index:043}"), str(index), is_accepted=sign == "+")
        for index, sign in enumerate(decisions)
    )


@pytest.mark.item("6.2.skip-lot.forfeit")
@pytest.mark.parametrize(
    ("decisions", "is_qualified"),
    [
        ("+" * 9, False),
        ("+" * 10, True),
        ("+" * 9 + "-", False),
        ("-" + "+" * 10, True),
        ("+" * 8 + "--" + "+" * 4, False),
        ("--" + "+" * 4, False),
        ("--" + "+" * 10, True),
        ("", False),
    ],
)
def test_a_part_is_qualified_by_the_lots_accepted_just_before(
    decisions: str, is_qualified: bool
) -> None:
    for name, expected in (("major", is_qualified), ("critical", False)):
        asked = qualified(history(decisions), name, accepted_before=10)
        assert asked(len(decisions)) is expected


def test_a_part_on_tightened_is_not_qualified_however_many_lots_were_accepted() -> None:
    asked = qualified(history("--++++"), "major", accepted_before=4)
    assert not asked(6)
    assert qualified(history("--+++++"), "major", accepted_before=4)(7)


def test_a_lot_of_a_part_that_is_not_qualified_is_inspected_whatever_was_drawn() -> None:
    found = draw_lots(
        COMMIT, LOTS, REVEALS, is_qualified=lambda index: index > 20, as_of_ms=HOUR_MS
    )
    assert [draw.reason.code == "not-qualified" for draw in found] == [True, False, False]


# ---- attackers ----


def a_skipped_lot(position: int, *, after: int = 0) -> int:
    """A number whose lot would be skipped at a position."""
    value = pre_image(SEED, LENGTH, position=position)
    numbers = range(1 + after, 1_000)
    return next(n for n in numbers if not is_drawn(value, lot_id(n), one_in=2))


@pytest.mark.item("6.2.skip-lot.forfeit")
def test_a_customer_that_withholds_a_reveal_inspects_the_lot() -> None:
    """It sees the draw before it reveals: to keep silent only ever adds an inspection."""
    withheld = draws(LOTS, [REVEALS[0], REVEALS[2]])
    assert withheld[1].outcome is Outcome.FORFEITED
    honest = draws(LOTS, REVEALS)
    assert (withheld[0], withheld[2]) == (honest[0], honest[2])


@pytest.mark.item("6.2.skip-lot")
def test_a_customer_that_reveals_for_another_lot_skips_neither() -> None:
    number = a_skipped_lot(1, after=1)
    lots = [a_lot(1), replace(a_lot(number), index=21, admitted_ms=21 * HOUR_MS)]
    wanted = Reveal(
        "r" * 43,
        22,
        22 * HOUR_MS,
        lot=lot_id(number),
        position=1,
        pre_image=pre_image(SEED, LENGTH, position=1),
    )
    found = draws(lots, [wanted])
    assert [draw.reason.code for draw in found] == ["not-revealed", "wrong-position"]
    assert outcomes(found) == ["forfeited", "forfeited"]


@pytest.mark.item("6.2.skip-lot")
def test_a_customer_that_tells_the_supplier_the_pre_image_loses_the_skip() -> None:
    """A reveal gives away all positions up to its own: lots admitted later may be made to fit."""
    told = a_reveal(1, position=3, index=21)
    number = a_skipped_lot(3, after=3)
    made_to_fit = a_lot(number, index=30)
    found = draws([LOTS[0], a_lot(2, index=29), made_to_fit], [told])
    assert [draw.reason.code for draw in found] == [
        "wrong-position",
        "known-before",
        "known-before",
    ]


@pytest.mark.item("6.2.skip-lot")
def test_a_customer_cannot_use_one_pre_image_for_two_lots() -> None:
    again = replace(a_reveal(2, position=1), record_id="again")
    found = draws(LOTS[:2], [REVEALS[0], again])
    assert found[0].outcome in (Outcome.INSPECT, Outcome.SKIP)
    assert found[1].reason.code == "wrong-position"


@pytest.mark.item("6.2.skip-lot")
def test_a_supplier_that_makes_many_records_for_a_lot_is_skipped_no_more_often() -> None:
    """It does not know the pre-image: whichever id it chooses, one lot in two is inspected.

    The choice here is by a chain of its own making, which is as good as any.
    """
    guess, trials = sha256(b"guess").digest(), 400
    inspected = 0
    for trial in range(trials):
        value = sha256(b"secret %d" % trial).digest()
        ids = (lot_id(20 * trial + try_) for try_ in range(20))
        chosen = next((one for one in ids if not is_drawn(guess, one, one_in=2)), lot_id(trial))
        inspected += is_drawn(value, chosen, one_in=2)
    assert abs(inspected - trials / 2) < 4 * (trials / 4) ** 0.5


@pytest.mark.item("6.2.skip-lot")
@given(st.permutations([1, 2, 3, 4, 5]))
def test_an_operator_that_reorders_lots_gives_each_the_draw_of_its_place(
    order: list[int],
) -> None:
    """Positions go by the order of the log, and of the pre-images it knows none in advance."""
    lots = [a_lot(number, index=20 + place) for place, number in enumerate(order)]
    reveals = [
        replace(a_reveal(number, position=place), index=40 + place, admitted_ms=40 * HOUR_MS)
        for place, number in enumerate(order, start=1)
    ]
    for place, draw in enumerate(draws(lots, reveals), start=1):
        value = pre_image(SEED, LENGTH, position=place)
        is_inspected = is_drawn(value, lot_id(order[place - 1]), one_in=2)
        assert draw.outcome is (Outcome.INSPECT if is_inspected else Outcome.SKIP)


@given(st.sets(st.integers(1, 5)), st.integers(0, 60))
def test_fewer_reveals_or_later_ones_never_skip_more_lots(kept: set[int], late: int) -> None:
    lots = [a_lot(number) for number in range(1, 6)]
    reveals = [a_reveal(number) for number in range(1, 6)]
    honest = draws(lots, reveals)
    delayed = [
        replace(reveal, admitted_ms=reveal.admitted_ms + late * HOUR_MS)
        for reveal in reveals
        if reveal.position in kept
    ]
    for one, other in zip(draws(lots, delayed), honest, strict=True):
        assert one.outcome is not Outcome.SKIP or other.outcome is Outcome.SKIP
