"""Submissions at the desk: what arrives together goes together, and each is answered by itself."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from api.answers import Answers
from api.desk import CHECKED_HERE_MAX, SubmissionDesk
from api.quotas import build_quotas
from ledger.errors import LogClosed
from ledger.faults import Refusal
from ledger.submission import Admitted, Outcome
from tests.api.service import LiveService, encode_submission, serve

pytestmark = [pytest.mark.item("2.6"), pytest.mark.item("2.10")]

SOURCE = "address:127.0.0.1"


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that checks in worker processes."""
    yield from serve(tmp_path_factory.mktemp("log"), check_processes=2)


def a_desk(live: LiveService) -> SubmissionDesk:
    """A desk of the running loop's own."""
    quotas = build_quotas(live.settings, time.monotonic)
    return SubmissionDesk(live.wired.ledger, live.wired.pool, quotas)


def lines_of(live: LiveService, count: int) -> list[bytes]:
    """New submissions."""
    return [encode_submission(live.record()).encode() for _ in range(count)]


def admit_at_once(live: LiveService, lines: Sequence[bytes]) -> list[Outcome | BaseException]:
    """Bring single submissions to a desk in one turn of an event loop."""

    async def bring() -> list[Outcome | BaseException]:
        desk = a_desk(live)
        return await asyncio.gather(
            *(desk.admit_line(line, SOURCE) for line in lines), return_exceptions=True
        )

    return asyncio.run(bring())


def commits(live: LiveService) -> int:
    """How many groups were committed."""
    return len(list(live.wired.store.checkpoints()))


@pytest.mark.parametrize("count", [1, CHECKED_HERE_MAX, CHECKED_HERE_MAX + 1, 70])
def test_singles_that_arrive_together_are_committed_together(
    workers: LiveService, count: int
) -> None:
    before, size = commits(workers), workers.size()
    outcomes = admit_at_once(workers, lines_of(workers, count))
    indices = [outcome.index for outcome in outcomes if isinstance(outcome, Admitted)]
    assert indices == list(range(size, size + count))
    assert commits(workers) == before + 1


@pytest.mark.parametrize("count", [CHECKED_HERE_MAX, 40])
def test_a_bad_single_is_refused_beside_good_ones(workers: LiveService, count: int) -> None:
    lines = lines_of(workers, count)
    lines[2] = b'{"sd_jwt": 5}'
    outcomes = admit_at_once(workers, lines)
    refused = [outcome.code for outcome in outcomes if isinstance(outcome, Refusal)]
    assert refused == ["malformed-submission"]
    assert isinstance(outcomes[2], Refusal)


def test_one_record_at_once_from_two_is_one_entry(workers: LiveService) -> None:
    (line,) = lines_of(workers, 1)
    first, second = admit_at_once(workers, [line, line])
    assert isinstance(first, Admitted)
    assert isinstance(second, Admitted)
    assert (first.is_first, second.is_first) == (True, False)
    assert first.receipt == second.receipt


def test_who_goes_away_takes_nobody_along(workers: LiveService) -> None:
    async def bring(lines: Sequence[bytes]) -> list[Outcome]:
        desk = a_desk(workers)
        tasks = [asyncio.ensure_future(desk.admit_line(line, SOURCE)) for line in lines]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return await asyncio.gather(*tasks[1:])

    outcomes = asyncio.run(bring(lines_of(workers, 3)))
    assert all(isinstance(outcome, Admitted) for outcome in outcomes)


def test_every_single_learns_that_the_log_has_stopped(own_service: LiveService) -> None:
    lines = lines_of(own_service, 3)
    own_service.wired.ledger.close()
    outcomes = admit_at_once(own_service, lines)
    assert [type(outcome) for outcome in outcomes] == [LogClosed] * 3


def test_answers_of_many_threads_reach_those_who_wait() -> None:
    async def ask() -> list[int]:
        answers: Answers[int] = Answers(asyncio.get_running_loop())
        expected = [answers.expect() for _ in range(50)]
        for number, one in enumerate(expected):
            threading.Thread(target=one.set_result, args=(number,)).start()
        return list(await asyncio.gather(*(one.future for one in expected)))

    assert asyncio.run(ask()) == list(range(50))


def test_an_answer_for_a_loop_that_is_gone_troubles_nobody() -> None:
    loop = asyncio.new_event_loop()
    answers: Answers[int] = Answers(loop)
    expected = answers.expect()
    loop.close()
    expected.set_result(1)
    assert not expected.done()
