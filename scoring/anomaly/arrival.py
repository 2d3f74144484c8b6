"""Rows as they arrive, into the order in which they were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from scoring.anomaly.episodes import RowMark
from scoring.anomaly.verdict import Order
from scoring.anomaly.watch_state import Rows, WatchState

#: Clocks of honest machines are this far apart.
AHEAD_US_MAX: Final = 300_000_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where pushed rows go.

    ``merged`` are the kept rows with those put into their places that may be; the first
    ``unchanged`` of them are as they were, ``orders`` tell of each how it came. ``pushed`` are
    the numbers in the push by number in ``merged``. ``apart`` and ``ahead`` are numbers of rows
    that are scored by themselves, in measured order.
    """

    merged: Rows
    unchanged: int
    orders: tuple[Order, ...]
    pushed: dict[int, int]
    apart: tuple[int, ...]
    ahead: tuple[int, ...]
    went_back: bool


Key = tuple[int, str, int]


def key(mark: RowMark) -> Key:
    """What rows of a stream are in order of: when they were measured, then which row it is."""
    return (-1 if mark.at_us is None else mark.at_us, mark.source, mark.row)


def place(rows: Rows, state: WatchState, now_us: int | None) -> Arrival:
    """Find the place of each pushed row."""
    if any(mark.at_us is None for mark in rows.marks):
        return _append(rows, state.kept)
    latest = None if now_us is None else now_us + AHEAD_US_MAX
    floor = _floor(state)
    keys = [key(mark) for mark in rows.marks]
    if _are_next(keys, state, latest):
        # Nearly all rows of nearly all lines; what follows leads to the same, more slowly.
        return _append(rows, state.kept)
    found = _Sorted([], [], [])
    for n in sorted(range(len(rows)), key=keys.__getitem__):
        at = keys[n]
        if latest is not None and at[0] > latest:
            found.ahead.append(n)
        elif floor is not None and at < floor:
            found.apart.append(n)
        else:
            found.placed.append(n)
    return _merge(rows, state, found)


@dataclass(frozen=True, slots=True)
class _Sorted:
    placed: list[int]
    apart: list[int]
    ahead: list[int]


def _floor(state: WatchState) -> Key | None:
    """Before it no row can be put into its place: nothing that old is kept."""
    newest = state.checkpoints[0].newest if state.checkpoints else state.now.newest
    if newest is None:
        return None
    last_us = state.now.stream.last_us
    # Behind rows without times the newest time that is known is the one before them.
    return (last_us, "", 0) if newest.at_us is None and last_us is not None else key(newest)


def _are_next(keys: Sequence[Key], state: WatchState, latest: int | None) -> bool:
    """Whether rows came in their order, behind all that are known, by a clock that is right."""
    known = [key(state.kept.marks[-1])] if len(state.kept) else []
    known += [] if state.now.newest is None else [key(state.now.newest)]
    floor = _floor(state)
    known += [] if floor is None else [floor]
    if not keys or max(known, default=keys[0]) > keys[0]:
        return False
    is_past = latest is None or keys[-1][0] <= latest
    return is_past and all(one <= other for one, other in pairwise(keys))


def _append(rows: Rows, kept: Rows) -> Arrival:
    """Rows that are in the order in which they come, as those without times are."""
    orders = (Order.IN_ORDER,) * (len(kept) + len(rows))
    pushed = {len(kept) + n: n for n in range(len(rows))}
    return Arrival(kept.joined(rows), len(kept), orders, pushed, (), (), False)


def _merge(rows: Rows, state: WatchState, found: _Sorted) -> Arrival:
    kept = state.kept
    joined = kept.joined(rows.picked(found.placed))
    order = sorted(range(len(joined)), key=lambda n: key(joined.marks[n]))
    unchanged = next((at for at, n in enumerate(order) if n >= len(kept)), len(kept))
    late = _late(rows, state, found.ahead)
    orders = []
    for at, n in enumerate(order):
        if n >= len(kept):
            is_late = found.placed[n - len(kept)] in late
            orders.append(Order.LATE if is_late else Order.IN_ORDER)
        else:
            orders.append(Order.AGAIN if at >= unchanged else Order.IN_ORDER)
    return Arrival(
        joined.picked(order),
        unchanged,
        tuple(orders),
        {at: found.placed[n - len(kept)] for at, n in enumerate(order) if n >= len(kept)},
        tuple(found.apart),
        tuple(found.ahead),
        _went_back(rows),
    )


def _went_back(rows: Rows) -> bool:
    """Whether the clock of rows that came together did."""
    times = [mark.at_us or 0 for mark in rows.marks]
    return any(later < earlier for earlier, later in pairwise(times))


def _late(rows: Rows, state: WatchState, ahead: list[int]) -> set[int]:
    """The rows that came behind one that was measured later."""
    newest = state.now.newest
    latest = None if newest is None else key(newest)
    found, skipped = set(), set(ahead)
    for n, mark in enumerate(rows.marks):
        if n in skipped:
            continue
        at = key(mark)
        if latest is not None and at < latest:
            found.add(n)
        else:
            latest = at
    return found
