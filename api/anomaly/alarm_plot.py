"""The picture of an alarm: scores of its line around it, and what its peak is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from api.anomaly.alarm_book import Alarm, KeptSeries
from api.anomaly.alarm_query import AskedPlot
from api.anomaly.series import LEVELS, series_of_row
from api.plots import (
    ContributionBar,
    Contributions,
    Panel,
    PlotFormat,
    ScoreSeries,
    Span,
    draw_plot,
)

#: Rows of a picture: more are drawn as fewer anyway.
ROWS_MAX: Final = 50_000
_TITLES: Final = {
    "score": ("{line}: scores around the alarm", "{line}：报警前后的得分"),
    "bars": ("What the worst row is made of", "最异常行的构成"),
}


def draw_alarm(
    alarm: Alarm,
    series: Sequence[KeptSeries],
    peak: tuple[dict[str, Any], bytes] | None,
    asked: AskedPlot,
) -> bytes:
    """The same series give the same bytes."""
    panels: list[Panel] = [_scores(alarm, series, asked.language)]
    explanation = None if peak is None else peak[0].get("explanation")
    if explanation is not None:
        panels.append(_bars(explanation, asked.language))
    return draw_plot(panels, PlotFormat(asked.form), language=asked.language)


def _scores(alarm: Alarm, series: Sequence[KeptSeries], language: str) -> ScoreSeries:
    parts = [series_of_row(each.series) for each in series]
    rows = np.concatenate(parts) if parts else series_of_row(b"")
    rows = rows[rows["is_scored"] == 1]
    rows = rows[np.argsort(rows["at_us"], kind="stable")][-ROWS_MAX:]
    at_us = [int(at) for at in rows["at_us"]]
    inside = [n for n, at in enumerate(at_us) if alarm.from_us <= at <= alarm.until_us]
    spans = [Span(inside[0], inside[-1], alarm.level)] if inside else []
    return ScoreSeries(
        _title("score", language).format(line=alarm.id.split(":", 1)[0]),
        [float(score) for score in rows["score"]],
        at_us=at_us,
        limits=_limits(rows),
        levels=[str(LEVELS[level]) for level in rows["level"]],
        episodes=spans,
    )


def _limits(rows: Any) -> dict[str, float]:
    """The lowest score that was called: the limit in force, as far as these rows show it."""
    found = {}
    for number, level in enumerate(LEVELS):
        called = rows["score"][rows["level"] == number]
        if str(level) == "yellow" and len(called):
            found["yellow"] = float(called.min())
    return found


def _bars(explanation: dict[str, Any], language: str) -> Contributions:
    bars = [
        ContributionBar(
            each["parameter"],
            each["share"],
            each["residual"],
            _number(each["value"], each["unit"]),
            _number(each["expected"], each["unit"]),
        )
        for each in explanation["top"]
    ]
    return Contributions(_title("bars", language), bars)


def _number(value: float | None, unit: str) -> str:
    told = "?" if value is None else f"{value:.6g}"
    return f"{told} {unit}" if unit else told


def _title(name: str, language: str) -> str:
    return _TITLES[name][1 if language == "zh" else 0]
