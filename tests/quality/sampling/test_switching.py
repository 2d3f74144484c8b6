"""The switching rules of ISO 2859-1, 9.3 and 9.4, one lot at a time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.sampling.severity import Severity, is_looser
from quality.sampling.switching import (
    At,
    CorrectiveActionAccepted,
    CustomersWish,
    GapLot,
    InspectedLot,
    IrregularProduction,
    LotEvent,
    ReducedAuthorised,
    SamplingHistory,
    SamplingState,
    fold,
    fold_all,
)

NORMAL, TIGHTENED, REDUCED = Severity.NORMAL, Severity.TIGHTENED, Severity.REDUCED
DISCONTINUED = Severity.DISCONTINUED


def at(index: int) -> At:
    return At(index, f"{index:043}")


def lots(decisions: str, *, start: int = 0) -> list[LotEvent]:
    """A lot for each sign: ``+`` accepted, ``-`` not accepted."""
    return [
        InspectedLot(at(start + i), str(start + i), is_accepted=sign == "+", accept=0)
        for i, sign in enumerate(decisions)
    ]


def severities(decisions: str) -> str:
    """The severity in force for each lot, by its first letter, then the one after the last."""
    history = fold_all(lots(decisions))
    in_force = [verdict.severity for verdict in history.verdicts]
    return "".join(one.value[0] for one in (*in_force, history.state.severity))


@pytest.mark.item("6.2.switching")
@pytest.mark.parametrize(
    ("decisions", "in_force"),
    [
        ("+++++", "nnnnnn"),
        # Two of two, of five at their ends, and of six: the last is one lot too far.
        ("--", "nnt"),
        ("-+++-", "nnnnnt"),
        ("-++++-", "nnnnnnn"),
        ("+-+++-", "nnnnnnt"),
        # Five in a row on tightened, counted anew after one that was not accepted.
        ("--+++++", "nnttttt" + "n"),
        ("--++++-+++++", "nnttttttttttn"),
        ("--++++", "nnttttt"),
        # What happened before a switch counts no more behind it.
        ("--+++++-", "nntttttnn"),
        ("--+++++--", "nntttttnnt"),
        # Five not accepted on tightened, in a row or not.
        ("-------", "nntttttd"),
        ("---+-+-+-+-", "nnttttttttt" + "d"),
        ("------", "nnttttt"),
    ],
)
def test_each_lot_is_inspected_by_the_severity_that_those_before_it_ask_for(
    decisions: str, in_force: str
) -> None:
    assert severities(decisions) == in_force


@pytest.mark.item("6.2.switching")
def test_each_switch_names_its_entry_and_its_reason_in_both_languages() -> None:
    history = fold_all(lots("--+++++"))
    told = [(one.at.index, one.before, one.after, one.reason.code) for one in history.switches]
    assert told == [(1, NORMAL, TIGHTENED, "two-of-five"), (6, TIGHTENED, NORMAL, "five-accepted")]
    assert "two of the last 2 lots" in history.switches[0].reason.en
    assert "两批不接收" in history.switches[0].reason.zh
    assert all(one.reason.en and one.reason.zh for one in history.verdicts)


@pytest.mark.item("6.2.discontinued")
def test_discontinued_lasts_until_a_corrective_action_is_accepted_and_goes_on_tightened() -> None:
    history = fold_all(lots("-------+++++"))
    assert history.state.severity is DISCONTINUED
    assert {one.reason.code for one in history.verdicts[7:]} == {"while-discontinued"}
    resumed = fold_all([CorrectiveActionAccepted(at(12))], history)
    assert resumed.state.severity is TIGHTENED
    assert fold_all(lots("----", start=13), resumed).state.severity is TIGHTENED
    assert fold_all(lots("-----", start=13), resumed).state.severity is DISCONTINUED
    assert fold_all(lots("+++++", start=13), resumed).state.severity is NORMAL


def test_a_corrective_action_changes_nothing_where_nothing_is_discontinued() -> None:
    for decisions in ("+", "--"):
        history = fold_all(lots(decisions))
        assert fold_all([CorrectiveActionAccepted(at(9))], history) == history


def scored(count: int, *, accept: int, passes_tighter: bool | None = None) -> list[LotEvent]:
    return [
        InspectedLot(at(i), str(i), is_accepted=True, accept=accept, passes_tighter=passes_tighter)
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("accept", "passes_tighter", "score"),
    [(0, None, 8), (1, None, 8), (2, True, 12), (2, False, 0), (2, None, 0), (7, True, 12)],
)
def test_the_switching_score_grows_by_two_or_three_or_is_reset(
    accept: int, passes_tighter: bool | None, score: int
) -> None:
    events = scored(4, accept=accept, passes_tighter=passes_tighter)
    assert fold_all(events).state.score == score


def test_a_lot_that_was_not_accepted_resets_the_score() -> None:
    assert fold_all(lots("+++-")).state.score == 0
    assert fold_all(lots("+++-+")).state.score == 2


AUTHORISED = ReducedAuthorised(at(0))


@pytest.mark.item("6.2.switching")
@pytest.mark.parametrize(("count", "severity"), [(14, NORMAL), (15, REDUCED)])
def test_reduced_needs_a_score_of_thirty(count: int, severity: Severity) -> None:
    assert fold_all([AUTHORISED, *scored(count, accept=1)]).state.severity is severity


def test_reduced_needs_authority_and_steady_production_whenever_they_come() -> None:
    high = fold_all(scored(15, accept=0))
    assert high.state.severity is NORMAL
    assert fold_all([AUTHORISED], high).state.severity is REDUCED
    irregular = fold_all([AUTHORISED, IrregularProduction(at(0)), *scored(15, accept=0)])
    assert irregular.state.severity is NORMAL
    assert fold_all([AUTHORISED], irregular).state.severity is REDUCED


@pytest.mark.item("6.2.switching")
@pytest.mark.parametrize(
    ("event", "code"),
    [
        (InspectedLot(at(20), "20", is_accepted=False), "not-accepted-on-reduced"),
        (InspectedLot(at(20), "20", is_accepted=True, is_in_gap=True), "gap-lot"),
        (GapLot(at(20)), "gap-lot"),
        (IrregularProduction(at(20)), "irregular-production"),
        (CustomersWish(at(20), NORMAL), "customer-wish"),
    ],
)
def test_reduced_ends_with_the_first_of_its_conditions(event: LotEvent, code: str) -> None:
    reduced = fold_all([AUTHORISED, *scored(15, accept=0)])
    accepted = fold_all([InspectedLot(at(20), "20", is_accepted=True)], reduced)
    assert accepted.state.severity is REDUCED
    folded = fold(reduced.state, event)
    assert folded.switch is not None
    assert (folded.switch.after, folded.switch.reason.code) == (NORMAL, code)
    # The score begins anew: one lot more does not lead back.
    assert fold_all(lots("+", start=30), SamplingHistory(folded.state)).state.severity is NORMAL


def test_a_wish_tightens_and_withdraws_but_never_loosens() -> None:
    tightened = fold(SamplingState(), CustomersWish(at(1), TIGHTENED)).state
    assert tightened.severity is TIGHTENED
    assert fold(tightened, CustomersWish(at(2), NORMAL)).state.severity is TIGHTENED
    withdrawn = fold_all([AUTHORISED, CustomersWish(at(1), NORMAL), *scored(15, accept=0)])
    assert withdrawn.state.severity is NORMAL
    discontinued = fold_all(lots("-------")).state
    assert fold(discontinued, CustomersWish(at(2), TIGHTENED)).state == discontinued


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"is_original": False}, "resubmitted"),
        ({"lot": "0"}, "counted-already"),
        ({"severity": REDUCED}, "looser-plan"),
        ({"is_complete": False}, "sample-short"),
    ],
)
def test_a_lot_that_does_not_count_says_why_and_changes_nothing(
    changes: dict[str, object], code: str
) -> None:
    before = fold_all(lots("+")).state
    lot = InspectedLot(at(1), "1", is_accepted=True, severity=NORMAL)
    assert fold(before, lot).state != before
    folded = fold(before, replace(lot, **changes))  # type: ignore[arg-type]
    assert folded.state == before
    assert folded.verdict is not None
    assert (folded.verdict.is_counted, folded.verdict.reason.code) == (False, code)


def test_a_lot_that_was_counted_as_accepted_counts_again_where_it_is_turned_away() -> None:
    before = fold_all(lots("+")).state
    worse = InspectedLot(at(1), "0", is_accepted=False, severity=NORMAL)
    folded = fold(before, worse)
    assert folded.verdict is not None
    assert folded.verdict.is_counted
    again = fold(folded.state, replace(worse, at=at(2))).verdict
    assert again is not None
    assert again.reason.code == "counted-already"


def test_what_even_a_looser_plan_does_not_accept_counts() -> None:
    tightened = fold_all(lots("--")).state
    lot = InspectedLot(at(2), "2", is_accepted=False, severity=NORMAL)
    assert fold(tightened, lot).state.not_accepted == 1


# ---- laws ----

EVENTS = st.integers(0, 30).flatmap(
    lambda lot: st.one_of(
        st.builds(
            InspectedLot,
            st.just(at(lot)),
            st.just(str(lot)),
            is_accepted=st.booleans(),
            is_original=st.sampled_from([True, True, True, False]),
            severity=st.sampled_from([None, NORMAL, TIGHTENED, REDUCED]),
            accept=st.sampled_from([None, 0, 1, 2, 7]),
            passes_tighter=st.sampled_from([None, True, False]),
            is_in_gap=st.booleans(),
        ),
        st.sampled_from(
            [
                GapLot(at(lot)),
                IrregularProduction(at(lot)),
                CustomersWish(at(lot), NORMAL),
                CustomersWish(at(lot), TIGHTENED),
                CorrectiveActionAccepted(at(lot)),
                ReducedAuthorised(at(lot)),
            ]
        ),
    )
)


@pytest.mark.item("6.done.batches")
@given(st.lists(EVENTS, max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_any_cutting_into_batches_gives_the_same_history(
    events: list[LotEvent], cuts: list[int]
) -> None:
    bounds = [0, *sorted(cuts), len(events)]
    history = SamplingHistory()
    for start, stop in itertools.pairwise(bounds):
        history = fold_all(events[start:stop], history)
    assert history == fold_all(events)


@given(st.lists(EVENTS, max_size=40))
def test_every_switch_follows_the_one_before_it_and_leads_elsewhere(
    events: list[LotEvent],
) -> None:
    history = fold_all(events)
    told = [NORMAL, *(switch.after for switch in history.switches)]
    assert [switch.before for switch in history.switches] == told[:-1]
    assert all(one is not other for one, other in itertools.pairwise(told))
    assert history.state.severity is told[-1]


def by_the_letter(decisions: Sequence[bool]) -> list[Severity]:
    """The clauses read off the whole list of decisions each time, without any running count."""
    severity, began, found = NORMAL, 0, []
    for i in range(len(decisions)):
        found.append(severity)
        since = decisions[began : i + 1]
        after = severity
        if severity is NORMAL and since[-5:].count(False) >= 2:
            after = TIGHTENED
        elif severity is TIGHTENED and since.count(False) >= 5:
            after = DISCONTINUED
        elif severity is TIGHTENED and len(since) >= 5 and all(since[-5:]):
            after = NORMAL
        if after is not severity:
            severity, began = after, i + 1
    return [*found, severity]


@given(st.lists(st.sampled_from([True, True, False]), max_size=40))
def test_running_counts_say_what_the_clauses_say_of_the_whole_list(decisions: list[bool]) -> None:
    history = fold_all(lots("".join("+" if one else "-" for one in decisions)))
    told = [*(verdict.severity for verdict in history.verdicts), history.state.severity]
    assert told == by_the_letter(decisions)


def test_severities_are_ordered_by_what_they_ask_of_a_lot() -> None:
    order = [REDUCED, NORMAL, TIGHTENED, DISCONTINUED]
    for i, one in enumerate(order):
        assert [is_looser(one, other) for other in order] == [i < j for j in range(4)]
