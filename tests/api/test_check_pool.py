"""Worker processes: what they say is what would be said here, and their death harms nobody."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import pytest

from api.check_pool import (
    BYTES_AT_A_TIME,
    LINES_AT_A_TIME,
    Checked,
    CheckPool,
    WorkerSetup,
    check_lines,
)
from ledger.errors import TooBusy
from ledger.faults import Fault
from quality.rules import QualityRules
from tests.api.service import OPEN_PLAN, SUPPLIER, encode_submission
from tests.ledger.parties import ORIGIN, SEARCH_SECRET, Consortium, a_consortium

pytestmark = pytest.mark.item("2.6")
DEADLY = "this lot kills"


class DeadlyRules(QualityRules):
    """The rules of the trade, and one content over which a process dies."""

    __slots__ = ()

    def find_faults(self, vct: str, groups: Mapping[str, Any]) -> tuple[Fault, ...]:
        if DEADLY in str(groups):
            os._exit(1)
        return super().find_faults(vct, groups)


def a_line(consortium: Consortium, number: int, lot: str = "L-1") -> bytes:
    """A submission."""
    party = consortium.parties[SUPPLIER]
    groups = {"lot": {"number": lot, "pieces": number}}
    return encode_submission(consortium.record(party, groups, label=f"{number}")).encode()


async def check_each(pool: CheckPool, *batches: list[bytes]) -> list[list[Checked] | TooBusy]:
    """What the pool says of each batch."""
    checker = a_consortium(OPEN_PLAN).checker(QualityRules())
    said: list[list[Checked] | TooBusy] = []
    for batch in batches:
        try:
            said.append(await pool.check_lines(batch, checker))
        except TooBusy as fault:
            said.append(fault)
    return said


@pytest.mark.parametrize("processes", [0, 1, 2])
@pytest.mark.parametrize("count", [1, 15, 16, 33, 300])
def test_workers_say_what_would_be_said_here(processes: int, count: int) -> None:
    consortium = a_consortium(OPEN_PLAN)
    lines = [a_line(consortium, number) if number % 5 else b"{}" for number in range(count)]
    pool = CheckPool(WorkerSetup(ORIGIN, QualityRules, SEARCH_SECRET), processes)
    (said,) = asyncio.run(check_each(pool, lines))
    pool.close()
    assert said == check_lines(lines, consortium.checker(QualityRules()))


def test_a_line_over_which_workers_die_is_refused_and_others_are_not() -> None:
    consortium = a_consortium(OPEN_PLAN)
    lines = [a_line(consortium, number) for number in range(20)]
    deadly = [*lines, a_line(consortium, 99, DEADLY)]
    pool = CheckPool(WorkerSetup(ORIGIN, DeadlyRules, SEARCH_SECRET), 1)
    before, refused, after = asyncio.run(check_each(pool, lines, deadly, lines))
    pool.close()
    assert isinstance(refused, TooBusy)
    assert before == after == check_lines(lines, consortium.checker(QualityRules()))


@pytest.mark.parametrize("size", [10, BYTES_AT_A_TIME // 3, BYTES_AT_A_TIME, BYTES_AT_A_TIME * 2])
def test_lines_are_refused_in_their_order_whatever_their_size(size: int) -> None:
    lines = [b"%d %s" % (number, b"x" * size) for number in range(2 * LINES_AT_A_TIME + 1)]
    alone = [check_lines([line], a_consortium().checker()) for line in lines]
    assert check_lines(lines, a_consortium().checker()) == [said for (said,) in alone]
    assert check_lines([], a_consortium().checker()) == []
