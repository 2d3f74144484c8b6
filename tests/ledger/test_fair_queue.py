"""Fair rounds over flows: who has much waiting waits for itself."""

from __future__ import annotations

import threading
from collections import Counter
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.fair_queue import FairQueue
from ledger.fair_worker import FairWorker

pytestmark = pytest.mark.item("3.8.quotas")
FLOWS = ("a", "b", "c")
pushes = st.lists(st.tuples(st.sampled_from(FLOWS), st.integers(1, 25)), max_size=60)


def filled(items: list[tuple[str, int]], quantum: int = 10) -> FairQueue[tuple[str, int, int]]:
    """A queue of (flow, number, cost)."""
    queue: FairQueue[tuple[str, int, int]] = FairQueue(quantum)
    for number, (flow, cost) in enumerate(items):
        queue.push(flow, (flow, number, cost), cost)
    return queue


def test_one_item_passes_a_flood_that_came_before_it() -> None:
    queue = filled([("a", 10)] * 100 + [("b", 1)])
    flows = [flow for flow, _, _ in iter(queue.pop, None)]
    assert flows.index("b") == 1


def test_a_newcomer_does_not_overtake_who_waits_for_a_turn() -> None:
    queue = filled([("a", 10), ("b", 10), ("a", 10)])
    first = queue.pop()
    assert first is not None
    queue.push("c", ("c", 9, 10), 10)
    assert [flow for flow, _, _ in iter(queue.pop, None)] == ["b", "c", "a"]


@given(pushes)
def test_everything_comes_out_once_and_each_flow_in_its_order(items: list[tuple[str, int]]) -> None:
    queue = filled(items)
    assert len(queue) == len(items)
    out = list(iter(queue.pop, None))
    assert (len(queue), queue.flows) == (0, 0)
    assert sorted(number for _, number, _ in out) == list(range(len(items)))
    for flow in FLOWS:
        own = [number for name, number, _ in out if name == flow]
        assert own == sorted(own)


# The bound of deficit round robin: two flows that both wait differ by less than a quantum
# and an item each.
@given(pushes)
def test_flows_that_wait_spend_alike(items: list[tuple[str, int]]) -> None:
    queue = filled(items)
    left = Counter(flow for flow, _ in items)
    spent: Counter[str] = Counter()
    while (item := queue.pop()) is not None:
        flow, _, cost = item
        spent[flow] += cost
        left[flow] -= 1
        waiting = [spent[name] for name in FLOWS if left[name]]
        if len(waiting) == len({name for name, _ in items}):
            assert max(waiting) - min(waiting) <= 2 * (10 + 25)


def test_work_of_one_does_not_wait_for_all_the_work_of_another() -> None:
    worker = FairWorker(name="test", quantum=1)
    gate = threading.Event()
    done: list[tuple[str, int]] = []
    answers = [worker.submit("a", gate.wait, cost=1)]

    def note(flow: str, number: int) -> bool:
        done.append((flow, number))
        return True

    answers += [worker.submit("a", partial(note, "a", number), cost=1) for number in range(20)]
    answers.append(worker.submit("b", partial(note, "b", 0), cost=1))
    gate.set()
    worker.shutdown()
    assert all(answer.done() for answer in answers)
    assert done.index(("b", 0)) <= 1
    assert [number for flow, number in done if flow == "a"] == list(range(20))


def test_work_that_fails_fails_alone() -> None:
    worker = FairWorker(name="test", quantum=1)
    bad, good = worker.submit("a", lambda: 1 // 0, cost=1), worker.submit("a", lambda: 7, cost=1)
    worker.shutdown()
    assert isinstance(bad.exception(), ZeroDivisionError)
    assert good.result() == 7
