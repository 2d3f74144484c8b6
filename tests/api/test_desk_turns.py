"""Turns at the desk, in orders that are counted: the same arrivals, with and without a flood."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from api.desk import SubmissionDesk
from api.quotas import build_quotas
from ledger import limits
from ledger.high_water import Mark
from ledger.submission import Admitted, Outcome
from tests.api.service import STRANGER, SUPPLIER, LiveService, encode_submission, serve

pytestmark = pytest.mark.item("3.8.quotas")
SOURCE = "address:127.0.0.1"
FLOODER = STRANGER
BATCHES = 16


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that checks in worker processes."""
    yield from serve(tmp_path_factory.mktemp("log"), check_processes=2)


def a_desk(live: LiveService) -> SubmissionDesk:
    """A desk of the running loop's own."""
    quotas = build_quotas(live.settings, time.monotonic)
    return SubmissionDesk(live.wired.ledger, live.wired.pool, quotas)


def lines_of(live: LiveService, count: int, by: str) -> list[bytes]:
    """New submissions of one party."""
    return [encode_submission(live.record(by=by)).encode() for _ in range(count)]


def answered_in_order(live: LiveService, arrivals: Sequence[tuple[str, list[bytes]]]) -> list[str]:
    """Bring batches to a desk at once, in this order; whose are answered in which."""

    async def bring() -> list[str]:
        desk, order = a_desk(live), list[str]()

        async def admit(name: str, lines: list[bytes]) -> None:
            outcomes = await desk.admit_lines(lines, f"address:{name}")
            assert all(isinstance(outcome, Admitted) for outcome in outcomes)
            order.append(name)

        await asyncio.gather(*(admit(name, lines) for name, lines in arrivals))
        return order

    return asyncio.run(bring())


def test_a_batch_is_checked_in_its_own_turn(workers: LiveService) -> None:
    """One line for all would answer it last: it arrived behind every batch of the flood."""
    flood = [("flood", lines_of(workers, 250, FLOODER)) for _ in range(BATCHES)]
    order = answered_in_order(workers, [*flood, ("other", lines_of(workers, 250, SUPPLIER))])
    assert len(order) == BATCHES + 1
    assert order.index("other") <= BATCHES // 2


def test_a_repeat_is_proven_in_the_turn_of_its_address(workers: LiveService) -> None:
    """Whoever has seen an entry can send it again: it is not its party's doing."""
    batches = [lines_of(workers, 100, FLOODER) for _ in range(BATCHES)]
    known = lines_of(workers, 10, SUPPLIER)
    for lines in [*batches, known]:
        answered_in_order(workers, [("first", lines)])
    flood = [("flood", lines) for lines in batches]
    order = answered_in_order(workers, [*flood, ("other", known)])
    assert order.index("other") <= BATCHES // 2


# ---- before the writer ----


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for other threads and processes."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


@pytest.mark.parametrize(("by", "is_early"), [(SUPPLIER, True), (FLOODER, False)])
def test_who_comes_with_one_record_is_admitted_before_the_flood(
    workers: LiveService, monkeypatch: pytest.MonkeyPatch, by: str, is_early: bool
) -> None:
    """The writer stands still until everything waits: what it then takes is the order of turns."""
    ahead = limits.WRITER_AHEAD_RECORDS_MAX
    flood = [lines_of(workers, ahead // 4, FLOODER) for _ in range(BATCHES)]
    first, last = lines_of(workers, 1, FLOODER)[0], lines_of(workers, 1, by)[0]
    begun, gate, write = threading.Event(), threading.Event(), workers.wired.high_water.write

    def write_later(mark: Mark) -> None:
        begun.set()
        assert gate.wait(60)
        write(mark)

    async def bring() -> Outcome:
        desk = a_desk(workers)
        all_others = [asyncio.ensure_future(desk.admit_line(first, SOURCE))]
        await until(begun.is_set)
        batches = [asyncio.ensure_future(desk.admit_lines(lines, SOURCE)) for lines in flood]
        await until(lambda: desk.waiting == BATCHES - 4)
        single = asyncio.ensure_future(desk.admit_line(last, SOURCE))
        await until(lambda: desk.waiting == BATCHES - 3)
        gate.set()
        await asyncio.gather(*all_others, *batches)
        return await single

    size = workers.size()
    with monkeypatch.context() as patch:
        patch.setattr(workers.wired.high_water, "write", write_later)
        outcome = asyncio.run(bring())
    assert isinstance(outcome, Admitted)
    records = 1 + len(flood) * len(flood[0])
    assert workers.size() == size + records + 1
    assert (outcome.index - size <= 2 * ahead) is is_early
    assert (outcome.index - size == records) is not is_early
