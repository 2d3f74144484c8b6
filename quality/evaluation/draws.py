"""Seeded draws: each thing that is drawn has a stream of its own.

A stream depends on the seed, on what is drawn and for whom, and on nothing else: a supplier's
records are the same whether it is drawn alone, first or last. Only :meth:`random.Random.random`
is asked, which Python promises to keep as it is from version to version.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from random import Random
from statistics import NormalDist
from typing import Final, TypeVar

_PURPOSE: Final = "lotmark.evaluation/v1"
_NORMAL: Final = NormalDist()
_Choice = TypeVar("_Choice")


def open_stream(seed: int, what: str, who: str) -> Random:
    """The random numbers for one thing."""
    return Random(int.from_bytes(_digest(seed, what, who), "big"))


def spread(seed: int, what: str, *, number: int, root: int) -> float:
    """A number in 0..1 for the ``number``-th of many, evenly spread over any run of them.

    Multiples of an irrational number modulo 1 (a Weyl sequence): of 327 numbers, those below
    0.10 are 32 to 34, where independent draws would give 22 to 44. The seed shifts them all.

    Args:
        seed: the consortium's.
        what: what is drawn, for the shift.
        number: whose it is, from 1.
        root: a number that is no square, another one for each thing, so that they are
            spread jointly too.
    """
    shift = int.from_bytes(_digest(seed, what, "")[:6], "big") / 2**48
    return (shift + number * math.sqrt(root)) % 1.0


def normal_quantile(share: float) -> float:
    """The standard normal quantile; shares beyond 0.0005 and 0.9995 count as these."""
    return _NORMAL.inv_cdf(min(max(share, 0.0005), 0.9995))


def draw_whole(draw: Random, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``, both included."""
    return low + int(draw.random() * (high - low + 1))


def draw_one(draw: Random, choices: Sequence[_Choice]) -> _Choice:
    """One of them, all alike."""
    return choices[int(draw.random() * len(choices))]


def draw_distance(draw: Random, rate: float) -> float:
    """How far it is to the next of events that come at this rate (exponential)."""
    return math.inf if rate <= 0.0 else -math.log(1.0 - draw.random()) / rate


def draw_geometric(draw: Random, mean: float) -> int:
    """A number from 1 up whose chance falls by the same factor each step."""
    return 1 + int(math.log(1.0 - draw.random()) / math.log(1.0 - 1.0 / mean))


def round_fairly(draw: Random, value: float) -> int:
    """One of the two whole numbers around ``value``, which is its expectation."""
    return int(value + draw.random())


def _digest(seed: int, what: str, who: str) -> bytes:
    return hashlib.sha256(f"{_PURPOSE}\n{seed}\n{what}\n{who}".encode()).digest()
