"""``lotmark sampling``: what it says of an answer, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from api.cli.sampling_words import SamplingWords
from quality.sampling.told import SamplingQuestion, tell_sampling
from tests.quality.sampling.filed import (
    CUSTOMER,
    SUPPLIER,
    a_commit,
    a_report,
    a_shipment,
    read_all,
)

pytestmark = pytest.mark.item("6.2.state")


def rows() -> dict[str, list[dict[str, Any]]]:
    """Three lots, two not accepted, and one at another stage."""
    reports = [a_report(index, defective=4 * (index != 1)) for index in range(3)]
    reports.append(a_report(3, stage="in-process"))
    return tell_sampling(read_all(reports), [SamplingQuestion(CUSTOMER, SUPPLIER)]).rows


def test_state_lots_and_switches_are_told_with_their_reasons() -> None:
    head, state, *lots = SamplingWords("en").lines(rows())
    assert head == "part P-1 of s for c, site not stated"
    assert state.startswith("  class major: tightened inspection for the next lot, since entry 2:")
    assert [line.split()[:4] for line in lots] == [
        ["0", "L-0", "reject", "major"],
        ["1", "L-1", "accept", "major"],
        ["2", "L-2", "reject", "major"],
        ["3", "L-3", "accept", "-"],
    ]
    assert "switched from normal to tightened" in lots[2]
    assert "in-process: receiving inspections count" in lots[3]


def test_the_same_in_chinese() -> None:
    head, state, *lots = SamplingWords("zh").lines(rows())
    assert head == "零件 P-1（s 供 c），场所未注明"
    assert state.startswith("  严重类：下一批采用加严检验，自条目 2 起：")
    assert "由正常检验转为加严检验" in lots[2]


@pytest.mark.parametrize(("most", "told"), [(None, 4), (4, 4), (2, 3)])
def test_the_newest_lots_are_told_unless_all_are_asked_for(most: int | None, told: int) -> None:
    _, _, *lots = SamplingWords("en", most).lines(rows())
    assert len(lots) == told
    assert ("2 earlier lots" in lots[0]) is (most == 2)


def test_draws_are_told_by_shipment() -> None:
    records = [a_report(0), a_commit(1), a_shipment(2), a_shipment(3)]
    question = SamplingQuestion(CUSTOMER, SUPPLIER)
    told = tell_sampling(read_all(records), [question]).rows
    *_, one, other = SamplingWords("en").lines(told)
    assert one.split()[:5] == ["2", "shipment", "S-2", "awaited", "major"]
    assert other.split()[:5] == ["3", "shipment", "S-3", "awaited", "major"]
    *_, earlier, newest = SamplingWords("zh", 1).lines(told)
    assert "另有较早的 1 批" in earlier
    assert newest.split()[:5] == ["3", "发货单", "S-3", "待揭示", "严重"]
