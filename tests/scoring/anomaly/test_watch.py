"""The watch of a line: order, restarts, levels, events."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from quality.spc.runs import Rule
from scoring.anomaly.reference_detector import ReferenceDetector
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.sentences import sentence
from scoring.anomaly.specification import Limit, Limits
from scoring.anomaly.table import Numbers
from scoring.anomaly.training import train
from scoring.anomaly.units import UnitChange
from scoring.anomaly.verdict import Level, Order, Reason, RuleHit, Status
from scoring.anomaly.watch import Line, LineWatch, Note
from scoring.anomaly.watch_bytes import decode_watch_state, encode_watch_state
from scoring.errors import MalformedModel, MalformedState, ParametersDiffer, UnitsDiffer
from tests.scoring.anomaly.lines import (
    BEGIN_US,
    STEP_US,
    Told,
    a_line,
    a_watch,
    law,
    push_parts,
    timed,
)

ROWS = 216


def shifted() -> Numbers:
    """Good rows, then p2 four sigma off for twenty rows, then good ones again."""
    values = law(ROWS, 7)
    values[50:70, 2] += 4.0 * values[:50, 2].std()
    return values


def in_one(values: Numbers) -> Told:
    """All rows at once."""
    return push_parts(a_watch(), [(0, timed(values))])


def expect_same(found: Told, expected: Told) -> None:
    """The same verdicts but for how the rows came, the same events, the same state."""
    assert len(found.verdicts) == len(expected.verdicts)
    for one, other in zip(found.verdicts, expected.verdicts, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-9)
        assert one.p == pytest.approx(other.p, rel=1e-9)
        assert (one.row, one.level, one.reasons, one.rules, one.episodes) == (
            other.row,
            other.level,
            other.reasons,
            other.rules,
            other.episodes,
        )
    assert found.episodes.keys() == expected.episodes.keys()
    for name, episode in found.episodes.items():
        assert (episode.rows, episode.parameters) == (
            expected.episodes[name].rows,
            expected.episodes[name].parameters,
        )
    assert found.state.now.rows == expected.state.now.rows


@pytest.mark.parametrize("cuts", [[1], [16, 33], [40, 41, 42, 150], list(range(1, ROWS))], ids=len)
def test_rows_in_parts_lead_to_the_verdicts_of_all_at_once(cuts: list[int]) -> None:
    values = shifted()
    edges = [0, *cuts, ROWS]
    parts = [(low, timed(values[low:high], first=low)) for low, high in pairwise(edges)]
    expect_same(push_parts(a_watch(), parts), in_one(values))


def test_a_restart_in_the_middle_changes_nothing() -> None:
    values, watch = shifted(), a_watch()
    before = watch.push(timed(values[:63]), watch.start(), source="upload")
    state = decode_watch_state(encode_watch_state(before.state))
    after = a_watch().push(timed(values[63:], first=63), state, source="upload", first_row=63)
    together = Told([*before.verdicts, *after.verdicts], {}, after.state)
    expect_same(together, replace(in_one(values), episodes={}))


@pytest.mark.item("7.done.arrival")
@pytest.mark.item("7.1.order")
def test_the_order_of_arrival_changes_no_verdict() -> None:
    values = shifted()
    edges = list(range(0, ROWS + 1, 12))
    parts = [(low, timed(values[low : low + 12], first=low)) for low in edges[:-1]]
    for seed in range(4):
        chance = np.random.default_rng(seed)
        # Nobody is later than the rows that are kept.
        order = sorted(range(len(parts)), key=lambda n: n + chance.uniform(0, 4))
        mixed = push_parts(a_watch(), [parts[n] for n in order])
        expect_same(mixed, in_one(values))


def test_rows_behind_a_late_one_are_said_to_be_scored_again() -> None:
    values, watch = law(60, 3), a_watch()
    first = watch.push(timed(np.delete(values, 40, axis=0)[:40]), watch.start())
    rest = watch.push(timed(values[41:], first=41), first.state, first_row=41)
    late = watch.push(timed(values[40:41], first=40), rest.state, first_row=40)
    assert [verdict.order for verdict in late.verdicts] == [Order.LATE]
    assert [verdict.row for verdict in late.again] == list(range(41, 60))
    assert {verdict.order for verdict in late.again} == {Order.AGAIN}
    assert late.notes == (Note.SCORED_AGAIN,)


@pytest.mark.item("7.1.order")
def test_a_row_older_than_all_that_is_kept_is_scored_in_a_second_stream_alone() -> None:
    watch = a_watch()
    before = watch.push(timed(law(ROWS, 3)), watch.start())
    found = watch.push(timed(law(1, 9), first=5), before.state, source="older")
    assert [verdict.order for verdict in found.verdicts] == [Order.APART]
    assert found.notes == (Note.APART,)
    assert found.state.aside is not None
    kept = replace(found.state, aside=None)
    assert encode_watch_state(kept) == encode_watch_state(before.state)


@pytest.mark.item("7.bad.clock")
def test_a_clock_that_goes_back_is_told_and_the_rows_are_taken_by_their_times() -> None:
    values = law(60, 3)
    table = timed(values)
    turned = table.take(np.array([*range(30), *range(45, 60), *range(30, 45)]))
    watch = a_watch()
    found = watch.push(turned, watch.start())
    assert found.notes == (Note.CLOCK_WENT_BACK,)
    late = [verdict.order is Order.LATE for verdict in found.verdicts]
    assert late == [False] * 45 + [True] * 15
    straight = watch.push(table, watch.start())
    assert [verdict.score for verdict in found.verdicts[45:]] == pytest.approx(
        [verdict.score for verdict in straight.verdicts[30:45]], abs=1e-9
    )


@pytest.mark.item("7.bad.clock")
@pytest.mark.parametrize(("now", "order"), [(59, Order.IN_ORDER), (-301, Order.AHEAD)])
def test_rows_measured_later_than_now_are_scored_by_themselves(now: int, order: Order) -> None:
    watch = a_watch()
    found = watch.push(timed(law(60, 3)), watch.start(), now_us=BEGIN_US + now * STEP_US)
    assert {verdict.order for verdict in found.verdicts} == {order}
    assert found.state.now.rows == (60 if order is Order.IN_ORDER else 0)


def test_rows_without_times_are_taken_as_they_come() -> None:
    values, watch = shifted(), a_watch()
    table = replace(timed(values), at_us=None)
    found = watch.push(table, watch.start(), source="upload")
    expect_same(Told(list(found.verdicts), {}, found.state), replace(in_one(values), episodes={}))


@pytest.mark.item("7.4.episodes")
def test_a_stretch_of_odd_rows_is_one_event() -> None:
    found = in_one(shifted())
    (episode,) = found.episodes.values()
    assert episode.level is Level.RED
    assert 50 <= episode.first.row <= 52
    assert episode.loud_rows > 10
    assert episode.parameters[0][0] == "p2"
    assert not episode.is_open
    assert found.verdicts[episode.peak.row].p == episode.peak_p


@pytest.mark.item("7.4.specification")
@pytest.mark.parametrize(("upper", "level"), [(40.0, Level.NONE), (3.0, Level.RED)])
def test_a_violated_specification_is_red_by_itself(upper: float, level: Level) -> None:
    values = law(30, 3)
    values[:, 4] = np.minimum(values[:, 4], 2.0)
    values[20, 4] = 3.5
    line = replace(a_line(), limits=Limits({"p4": Limit(-40.0, upper)}))
    found = push_parts(a_watch(line), [(0, timed(values))])
    verdict = found.verdicts[20]
    assert verdict.level is level
    assert verdict.model_level is Level.NONE
    assert (Reason.SPECIFICATION in verdict.reasons) is (level is Level.RED)
    kinds = [each.kind for each in found.episodes.values()]
    assert kinds == ([] if level is Level.NONE else ["specification"])


def test_a_row_with_few_values_is_missing_and_not_normal() -> None:
    values = law(30, 3)
    values[10, :3] = np.nan
    values[20, :2] = np.nan
    found = in_one(values)
    gone, scored = found.verdicts[10], found.verdicts[20]
    assert (gone.status, gone.p, gone.score) == (Status.MISSING, None, None)
    assert gone.missing == ("p0", "p1", "p2")
    assert scored.status is Status.SCORED
    assert scored.missing == ("p0", "p1")


def test_columns_in_another_order_are_taken_by_name() -> None:
    table, watch = timed(law(30, 3)), a_watch()
    order = [3, 1, 0, 4, 2]
    turned = replace(
        table, names=tuple(table.names[j] for j in order), values=table.values[:, order]
    )
    one, other = (watch.push(each, watch.start()) for each in (table, turned))
    assert one.verdicts == other.verdicts
    with pytest.raises(ParametersDiffer, match="p9"):
        watch.push(replace(table, names=("p0", "p1", "p2", "p3", "p9")), watch.start())


def test_a_state_of_another_model_is_refused() -> None:
    watch = a_watch()
    with pytest.raises(MalformedState, match="start again"):
        watch.push(timed(law(3, 1)), replace(watch.start(), model="00" * 32))


def test_the_calibration_of_other_rules_is_refused() -> None:
    line = a_line()
    with pytest.raises(MalformedModel, match="calibrate these rules first"):
        LineWatch(ReferenceDetector(line.model), replace(line, rules=RuleSet(())))


def test_no_rows_change_nothing() -> None:
    watch = a_watch()
    found = watch.push(timed(law(0, 1)), watch.start())
    assert (found.verdicts, found.episodes, found.state.now.rows) == ((), (), 0)


def test_the_line_is_what_was_given() -> None:
    line: Line = a_line()
    assert a_watch(line).line is line


@pytest.mark.item("7.bad.units")
@pytest.mark.parametrize("is_fault", [False, True])
def test_rows_that_seem_to_be_in_another_unit_are_scored_and_told_whatever_it_is(
    is_fault: bool,
) -> None:
    level = np.array([0.0, 0.0, 300.0, 0.0, 0.0])
    line = Line(train(timed(law(400, 1) + level)))
    values = law(40, 3) + level
    values[:, 2] *= 10.0
    values[:, 3] += 30.0 * is_fault
    watch = a_watch(line)
    found = watch.push(timed(values), watch.start())
    assert {verdict.level for verdict in found.verdicts[5:]} == {Level.RED}
    expected = (UnitChange("p2", 10.0, 0.0, ""),)
    assert {verdict.units_suspected for verdict in found.verdicts} == {expected}
    assert found.episodes[0].units_suspected == expected
    assert found.notes == (Note.UNITS_SUSPECTED,)
    assert "another unit: its values are 10 times as large" in sentence(found.verdicts[9], "en")
    assert "疑似改用了其他单位：数值为训练时的 10 倍" in sentence(found.verdicts[9], "zh")
    assert (
        decode_watch_state(encode_watch_state(found.state)).now.following[0].episode
        == (found.episodes[0])
    )


@pytest.mark.item("7.bad.units")
@pytest.mark.parametrize("unit", ["bar", "psi"])
def test_rows_whose_unit_is_written_otherwise_are_refused_with_the_conversion(unit: str) -> None:
    units = ("", "", "bar", "", "")
    watch = a_watch(Line(train(replace(timed(law(60, 1)), units=units))))
    rows = replace(timed(law(6, 3)), units=("", "", unit, "", ""))
    if unit == "bar":
        assert len(watch.push(rows, watch.start()).verdicts) == 6
        return
    with pytest.raises(UnitsDiffer, match=r"parameter p2: expected bar, found psi, which is 0\.06"):
        watch.push(rows, watch.start())


def test_a_constant_that_moves_is_an_alarm() -> None:
    values = law(400, 1)
    values[:, 4] = 7.0
    line = Line(train(timed(values)))
    later = law(30, 3)
    later[:, 4] = 7.0
    later[20, 4] = 8.0
    pushed = push_parts(a_watch(line), [(0, timed(later))])
    found = pushed.verdicts
    assert [verdict.row for verdict in found if verdict.level is not Level.NONE] == [20]
    assert RuleHit("p4", Rule.N1) in found[20].rules
    assert found[20].fired == "constant/p4"
    assert [each.parameters for each in pushed.episodes.values()] == [(("p4", 1),)]
    told = sentence(found[20], "en")
    assert "p4 never changed while training: it was always 7 and is 8 now" in told
    assert not any(f"p{j} is " in told for j in range(4))
    assert "p4 训练时恒为 7，现为 8" in sentence(found[20], "zh")


@pytest.mark.item("7.1.missing")
@pytest.mark.parametrize(("every", "is_told"), [(60, False), (2, True)])
def test_a_sensor_that_drops_out_more_often_than_before_is_an_event(
    every: int, is_told: bool
) -> None:
    values = law(120, 3)
    values[::every, 1] = np.nan
    found = in_one(values)
    told = [verdict for verdict in found.verdicts if Reason.MISSING_RATE in verdict.reasons]
    assert bool(told) is is_told
    assert {verdict.gaps for verdict in told} == ({("p1",)} if is_told else set())
    if is_told:
        assert "missing far more often than while training: p1" in sentence(told[0], "en")
        assert found.episodes[told[0].episodes[0]].parameters[0][0] == "p1"
