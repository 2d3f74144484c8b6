"""What each test must reach and aims at, and the judgement of what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Judged: TypeAlias = dict[str, object]
Figures: TypeAlias = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Bound:
    """One figure: at most or at least ``must``, better ``aim``; None where nothing is asked."""

    figure: str
    sign: str
    must: float | None
    aim: float | None

    def says(self, limit: float | None) -> str | None:
        """The bound in words: ``<= 0.01``."""
        return None if limit is None else f"{self.sign} {limit:g}"

    def is_kept(self, value: float, limit: float | None) -> bool:
        """Whether a value keeps a limit; what is not a number keeps none."""
        if limit is None:
            return True
        return value <= limit if self.sign == "<=" else value >= limit


def _most(figure: str, must: float | None, aim: float | None = None) -> Bound:
    return Bound(figure, "<=", must, aim)


def _least(figure: str, must: float | None, aim: float | None = None) -> Bound:
    return Bound(figure, ">=", must, aim)


TARGETS: Final[Mapping[str, tuple[Bound, ...]]] = {
    "T1": (_most("mean", 0.01, 0.005), _most("worst", 0.02, 0.01)),
    "T2": (_least("detection", 0.97, 0.982),),
    "T3": (
        _least("found", 1.0, 1.0),
        _most("delay_median", 12, 9),
        _most("delay_p90", 45, 35),
        _most("false_events_per_1000", 1.0, 0.5),
    ),
    "T5": (_least("detection", 0.95, 0.963), _most("false_alarms", 0.02)),
    "T6": (),
    "T7": (_least("f1", 0.80, 0.84), _most("false_alarms", 0.28, 0.20)),
    "T8": (_most("false_alarms", 0.05, 0.03),),
    "T9": (
        _most("prior_false_alarms", 0.02),
        _least("prior_detection", 0.85, 0.90),
        _most("alone_false_alarms", 0.02),
        _least("alone_detection", 0.60, 0.73),
    ),
    "T10": (_least("said_learning", 1.0), _most("model_alarms", 0)),
    "T11": (
        _least("sigma_3", 0.50, 0.60),
        _least("sigma_4", 0.78, 0.84),
        _least("sigma_5", 0.92, 0.95),
    ),
    "T12": (_least("sigma_3", 0.80, 0.86), _least("sigma_5", 0.97, 0.99)),
    "T13": (_most("relative_error", 1e-6),),
    "T14": (
        _most("batch_1_p99_us", 100, 40),
        _least("rows_per_s", 100_000, 250_000),
        _most("file_mib", 1.0),
        _most("parity", 1e-3),
    ),
    "T15": (_most("false_alarms", 0.025, 0.012), _least("detection", 0.97, 0.983)),
    "T16": (_most("false_events", 2, 0), _least("shifts_found", 0.80, 0.95)),
    "T17": (_least("named_or_missing", 1.0), _most("silent", 0)),
    "T18": (_most("seconds", 10, 3), _least("same_digest", 1.0)),
}


def judge(test: str, figures: Figures, *, reason: str = "", beside: object = None) -> Judged:
    """What was measured beside what is asked; a test of one figure is told as a number.

    Args:
        test: its name in :data:`TARGETS`.
        figures: at least those that have bounds.
        reason: why it misses what it aims at, or what has to be known of the figures.
        beside: further detail, for a reader.
    """
    bounds = TARGETS[test]
    found: Judged = {
        "value": _told(bounds, {b.figure: _short(figures[b.figure]) for b in bounds}),
        "must": _told(bounds, {b.figure: b.says(b.must) for b in bounds}),
        "aim": _told(bounds, {b.figure: b.says(b.aim) for b in bounds}),
        "kept": _told(bounds, {b.figure: b.is_kept(figures[b.figure], b.must) for b in bounds}),
        "holds": all(b.is_kept(figures[b.figure], b.must) for b in bounds),
        "reaches_aim": all(b.is_kept(figures[b.figure], b.aim) for b in bounds),
    }
    more = {name: _short(value) for name, value in figures.items() if name not in _names(bounds)}
    if not bounds:
        found["value"] = more
    elif more:
        found["more"] = more
    if reason:
        found["reason"] = reason
    if beside is not None:
        found["detail"] = beside
    return found


def unmeasured(test: str, reason: str) -> Judged:
    """A test that the data does not allow."""
    bounds = TARGETS[test]
    return {
        "value": None,
        "must": _told(bounds, {b.figure: b.says(b.must) for b in bounds}),
        "aim": _told(bounds, {b.figure: b.says(b.aim) for b in bounds}),
        "holds": None,
        "reason": reason,
    }


def _names(bounds: tuple[Bound, ...]) -> set[str]:
    return {bound.figure for bound in bounds}


def _told(bounds: tuple[Bound, ...], by_figure: Mapping[str, object]) -> object:
    return by_figure[bounds[0].figure] if len(bounds) == 1 else dict(by_figure) or None


def _short(value: float) -> float:
    """Six significant digits are enough of any figure."""
    return float(f"{value:.6g}")
