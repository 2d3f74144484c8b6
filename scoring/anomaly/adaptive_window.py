"""ADWIN: a window over a stream that grows while its mean stays, and drops what is older.

Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing", SIAM Data Mining
2007 (algorithm ADWIN2): values lie in buckets of 2^k; wherever the window can be cut into an
older and a newer part whose means differ by more than chance allows at ``delta``, the older part
goes. Values have to lie between 0 and 1 and not to depend on each other: who feeds it scales
them, and feeds means of as many rows as depend on each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

DELTA: Final = 1e-4
#: Buckets of one size before the two oldest are made one.
BUCKETS_MAX: Final = 5
#: Values on either side of a cut.
_PART_LEAST: Final = 5
#: Cuts are looked for at every so many values.
_CLOCK: Final = 4
#: Buckets of this size are not made one: 2^20 values are kept at most, the oldest go first.
_SIZE_MAX: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Bucket:
    """``size`` values: their sum, and the sum of their squared deviations."""

    size: int
    total: float
    deviation: float


@dataclass(frozen=True, slots=True)
class AdaptiveWindow:
    """The window, oldest bucket first; ``fed`` counts all values that ever came."""

    buckets: tuple[Bucket, ...] = ()
    fed: int = 0

    @property
    def size(self) -> int:
        """Values in the window."""
        return sum(bucket.size for bucket in self.buckets)

    @property
    def mean(self) -> float:
        """Their mean, NaN of none."""
        size = self.size
        return sum(bucket.total for bucket in self.buckets) / size if size else math.nan


@dataclass(frozen=True, slots=True)
class Cut:
    """Where older values were dropped: newer mean less older mean, and what chance allows."""

    moved: float
    allowed: float


def feed_window(
    window: AdaptiveWindow, value: float, *, delta: float = DELTA
) -> tuple[AdaptiveWindow, Cut | None]:
    """The window after a value, and how the mean moved where older values were dropped.

    Args:
        window: the one before.
        value: within 0 and 1; beyond it counts as the nearer of them.
        delta: the chance of dropping values of a stream that has not changed.

    Returns:
        The window, and the last cut that was made; None without one.
    """
    kept = min(1.0, max(0.0, value))
    buckets = _joined([*window.buckets, Bucket(1, kept, 0.0)])
    fed, cut = window.fed + 1, None
    if fed % _CLOCK == 0:
        while (found := _cut(buckets, delta)) is not None:
            cut = found
            buckets = buckets[1:]
    return AdaptiveWindow(tuple(buckets), fed), cut


def _joined(buckets: list[Bucket]) -> list[Bucket]:
    """Make two of a size one, from the newest on, wherever there are more than five of it."""
    at = len(buckets)
    while at > 0:
        size = buckets[at - 1].size
        first = at
        while first > 0 and buckets[first - 1].size == size:
            first -= 1
        if at - first <= BUCKETS_MAX:
            at = first
            continue
        if size >= _SIZE_MAX:
            return buckets[1:]
        buckets[first : first + 2] = [_sum(buckets[first], buckets[first + 1])]
        at = first + 1
    return buckets


def _sum(one: Bucket, other: Bucket) -> Bucket:
    size = one.size + other.size
    between = one.total / one.size - other.total / other.size
    deviation = one.deviation + other.deviation + between**2 * one.size * other.size / size
    return Bucket(size, one.total + other.total, deviation)


def _cut(buckets: list[Bucket], delta: float) -> Cut | None:
    """The first cut where older and newer mean differ too much; None: nowhere."""
    if len(buckets) < 2:
        return None
    whole = buckets[0]
    for bucket in buckets[1:]:
        whole = _sum(whole, bucket)
    variance = whole.deviation / whole.size
    chance = math.log(2.0 * math.log(max(whole.size, 3)) / delta)
    older = 0
    total = 0.0
    for bucket in buckets[:-1]:
        older, total = older + bucket.size, total + bucket.total
        newer = whole.size - older
        if min(older, newer) < _PART_LEAST:
            continue
        moved = (whole.total - total) / newer - total / older
        harmonic = 1.0 / older + 1.0 / newer
        allowed = math.sqrt(2.0 * harmonic * variance * chance) + 2.0 / 3.0 * harmonic * chance
        if abs(moved) > allowed:
            return Cut(moved, allowed)
    return None
