"""Figures of many rows as plain values by row: an array asked for one element at a time is slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np

from quality.spc.runs import Bits
from scoring.anomaly.figures import Figures
from scoring.anomaly.verdict import RuleHit

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class HitNames:
    """What is said of each rule on each chart [m x rules], of each constant, of each parameter."""

    rules: Sequence[RuleHit]
    constants: Sequence[RuleHit]
    parameters: Sequence[str]


@dataclass(frozen=True, slots=True)
class PlainFigures:
    """Of each scored row: all but ``missing`` and ``gaps``, which are of each row.

    ``beyond`` are the places of the parameters that are beyond 3 sigma.
    """

    score: list[float]
    p_model: list[float]
    p_rules: list[float] | None
    p: list[float]
    fired: list[int]
    is_borderline: list[bool]
    is_extrapolated: list[bool]
    hits: list[tuple[RuleHit, ...]]
    beyond: list[list[int]]
    missing: list[tuple[str, ...]]
    gaps: list[tuple[str, ...]]
    moved: list[tuple[str, ...]]


def plain_figures(figures: Figures, names: HitNames) -> PlainFigures:
    """The figures, by row."""
    hits = _named(figures.hits, names.rules)
    if figures.moved.any():
        moved = _named(figures.moved, names.constants)
        hits = [(*one, *other) for one, other in zip(hits, moved, strict=True)]
    return PlainFigures(
        figures.scored.score.tolist(),
        figures.scored.p_value.tolist(),
        None if figures.p_rules is None else figures.p_rules.tolist(),
        figures.p.tolist(),
        figures.scored.fired.tolist(),
        figures.borderline.tolist(),
        figures.is_extrapolated.tolist(),
        hits,
        _places(figures.is_beyond),
        _named(np.isnan(figures.rows.values), names.parameters),
        _named(figures.gaps, names.parameters),
        _named(figures.moved, [hit.parameter for hit in names.constants]),
    )


def _places(bits: Bits) -> list[list[int]]:
    """Which are set in each row, the axes behind the first counted as one."""
    flat = bits.reshape(len(bits), int(np.prod(bits.shape[1:])))
    rows, places = np.nonzero(flat)
    edges = np.searchsorted(rows, np.arange(len(bits) + 1)).tolist()
    listed = places.tolist()
    return [listed[first:last] for first, last in pairwise(edges)]


def _named(bits: Bits, names: Sequence[_T]) -> list[tuple[_T, ...]]:
    if not bits.any():
        return [()] * len(bits)
    return [tuple(names[place] for place in places) for places in _places(bits)]
