"""Rates, room and turns: what one flow may have of what all share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from api.exchange import Refused
from api.http_addresses import flow_of_address
from api.quotas import Rate, Room
from api.turns import FairTurns
from ledger import limits

pytestmark = pytest.mark.item("3.8.quotas")


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def refused(call: Callable[[], object]) -> tuple[str, int]:
    """The code of a refusal, and after how many seconds to come back."""
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code, int(caught.value.headers["Retry-After"])


# ---- rates ----


def test_a_flow_that_spends_its_burst_waits_for_as_long_as_it_says() -> None:
    now = Seconds()
    rate = Rate(10, unit="records", now=now)
    rate.charge("a", 10 * limits.QUOTA_BURST_SECONDS + 25)
    code, seconds = refused(lambda: rate.charge("a"))
    assert (code, seconds) == ("quota-exceeded", 3)
    now.at += seconds
    rate.charge("a")


def test_what_one_flow_spends_another_has() -> None:
    rate = Rate(10, unit="records", now=Seconds())
    rate.charge("a", 10_000)
    refused(lambda: rate.charge("a"))
    rate.charge("b")


def test_a_steady_flow_below_its_rate_is_never_refused() -> None:
    now = Seconds()
    rate = Rate(10, unit="records", now=now)
    for _ in range(2_000):
        rate.charge("a")
        now.at += 0.1


def test_no_number_of_flows_fills_the_memory() -> None:
    rate = Rate(10, unit="records", now=Seconds())
    for number in range(limits.QUOTA_FLOWS_MAX + 100):
        rate.charge(f"address:{number}")
    assert rate.flows == limits.QUOTA_FLOWS_MAX


# ---- room ----


def test_a_flood_leaves_room_for_another() -> None:
    room = Room(100, unit="records", now=Seconds())
    for _ in range(5):
        room.enter("flood", 10)
    assert refused(lambda: room.enter("flood", 10))[0] == "quota-exceeded"
    room.enter("other", 20)
    room.enter("third", 30)


def test_who_has_nothing_waiting_is_told_that_the_service_is_busy() -> None:
    room = Room(100, unit="records", now=Seconds())
    room.enter("a", 90)
    assert refused(lambda: room.enter("b", 11))[0] == "too-busy"
    room.enter("b", 10)


def test_a_request_of_any_size_is_let_in_where_nothing_waits() -> None:
    room = Room(100, unit="records", now=Seconds())
    with room.hold("a", 500):
        assert refused(lambda: room.enter("b", 1))[0] == "too-busy"
    room.enter("b", 1)


def test_what_has_left_is_not_held() -> None:
    room = Room(100, unit="records", now=Seconds())
    for number in range(1_000):
        with room.hold(f"flow {number}", 60):
            assert room.total == 60
    assert (room.total, room.held("flow 1")) == (0, 0)


def test_when_to_come_back_follows_from_how_fast_it_drains() -> None:
    def seconds_at(drained_per_s: int) -> int:
        now = Seconds()
        room = Room(10_000, unit="records", now=now)
        for _ in range(100):
            room.enter("a", drained_per_s)
            room.leave("a", drained_per_s)
            now.at += 1
        room.enter("a", 4_000)
        return refused(lambda: room.enter("a", 4_000))[1]

    assert 9 <= seconds_at(400) <= 12
    assert 36 <= seconds_at(100) <= 46
    assert seconds_at(5_000) == 1
    assert seconds_at(1) == limits.RETRY_AFTER_SECONDS_MAX


# ---- turns ----


def test_turns_go_round_the_flows_that_wait() -> None:
    async def order() -> list[str]:
        turns, done = FairTurns(1, quantum=1), []

        async def work(flow: str) -> None:
            async with turns.taken(flow):
                await asyncio.sleep(0)
                done.append(flow)

        await asyncio.gather(*map(work, ["a"] * 50 + ["b"] * 2))
        return done

    done = asyncio.run(order())
    assert len(done) == 52
    assert done.index("b") <= 2, "after the one inside, and one round"
    assert [place for place, flow in enumerate(done) if flow == "b"][1] <= 4


def test_no_more_is_inside_than_there_is_room_for() -> None:
    async def most() -> int:
        turns, inside, seen = FairTurns(10, quantum=5), 0, 0

        async def work(flow: str, weight: int) -> None:
            nonlocal inside, seen
            await turns.take(flow, cost=weight, weight=weight)
            inside += weight
            seen = max(seen, inside)
            await asyncio.sleep(0)
            inside -= weight
            turns.release(weight)

        await asyncio.gather(*(work("ab"[n % 2], 1 + n % 4) for n in range(60)))
        assert turns.try_take(10), "everything was given back"
        return seen

    assert 8 <= asyncio.run(most()) <= 10


@pytest.mark.parametrize("is_granted", [False, True])
def test_who_stops_waiting_takes_no_turn_along(is_granted: bool) -> None:
    async def leave() -> bool:
        turns = FairTurns(1, quantum=1)
        assert turns.try_take()
        waits = asyncio.ensure_future(turns.take("a"))
        await asyncio.sleep(0)
        if is_granted:
            turns.release()
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        if not is_granted:
            turns.release()
        assert turns.waiting_of("a") == 0
        return turns.try_take()

    assert asyncio.run(leave())


# ---- addresses ----


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("", "socket", True),
    ],
)
def test_addresses_of_one_site_are_one_flow(one: str, other: str, is_same: bool) -> None:
    assert (flow_of_address(one) == flow_of_address(other)) is is_same
