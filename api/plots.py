"""Plots of the anomaly model as PNG and SVG: a score over time with its limits, bars of shares.

Whoever draws gives plain series and gets bytes; the same series give the same bytes, since
neither date nor random ids are written. Letters are drawn with Noto Sans SC from a package (ADR
0017), in SVG as outlines, so that a viewer needs no font. matplotlib is imported when something
is drawn, and draws by its Agg and SVG backends alone: no window, no state shared by figures.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from api.cli.output import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: More points than a line of pixels shows are drawn as the largest of their neighbours.
POINTS_MAX: Final = 2_000
BARS_MAX: Final = 20
_MINUTE: Final = 1.0 / 1440.0  # of a day
#: Scores of so many times the highest limit are drawn on decades.
_DECADES_FROM: Final = 10.0
_WIDTH: Final = 10.0  # inches
_DPI: Final = 120
_INK, _FAINT, _RULE = "#1c2026", "#6e7681", "#d0d7de"
_COLOURS: Final = {"yellow": "#9a6700", "red": "#b42318"}
_FILLS: Final = {"yellow": "#f2cc60", "red": "#ffb3ab"}
_MARKS: Final = {"yellow": "^", "red": "s"}
_BARS: Final = {True: "#1f4e79", False: "#7d4e9f"}
_RC: Final[Any] = {
    "svg.hashsalt": "lotmark",
    "svg.fonttype": "path",
    "axes.unicode_minus": False,
    "text.parse_math": False,
}
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "score": ("Score", "得分"),
    "time": ("Time (UTC)", "时间（UTC）"),
    "row": ("Row", "行号"),
    "yellow": ("yellow", "黄色"),
    "red": ("red", "红色"),
    "limit": ("limit {level}", "{level}限"),
    "share": ("Share of T²", "占 T² 的比例"),
    "above": ("above what the others let expect", "高于按其他参数的预期"),
    "below": ("below what the others let expect", "低于按其他参数的预期"),
    "observed": ("{observed}, expected {expected} ({sigma:+.1f} σ)",
                 "{observed}，预期 {expected}（{sigma:+.1f} σ）"),
}  # fmt: skip
# matplotlib's settings and its font cache belong to the process; figures are drawn one by one.
_LOCK: Final = Lock()


class PlotFormat(StrEnum):
    """What a plot can be written as."""

    PNG = "png"
    SVG = "svg"


@dataclass(frozen=True, slots=True)
class Span:
    """An episode, by its first and last position in the series, both within it."""

    first: int
    last: int
    level: str


@dataclass(frozen=True, slots=True)
class ScoreSeries:
    """Scores of rows in their order.

    Args:
        title: what stands above, in the language that is drawn in.
        scores: of each row; one that is not finite is left out.
        at_us: when each row was measured, in microseconds since 1970; without it rows count.
        first_row: the number of the first row, where rows count.
        limits: the score that each level begins at, by ``yellow`` and ``red``.
        levels: of each row: ``none``, ``yellow`` or ``red``; empty: no row is marked.
        episodes: drawn as bands behind the line.
    """

    title: str
    scores: Sequence[float]
    at_us: Sequence[int] | None = None
    first_row: int = 1
    limits: Mapping[str, float] = field(default_factory=dict)
    levels: Sequence[str] = ()
    episodes: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class ContributionBar:
    """A parameter's share of T2, and what was observed and expected, written with the unit."""

    parameter: str
    share: float
    sigma: float
    observed: str
    expected: str


@dataclass(frozen=True, slots=True)
class Contributions:
    """Bars of an alarm, the largest first; at most :data:`BARS_MAX` are drawn."""

    title: str
    bars: Sequence[ContributionBar]


Panel: TypeAlias = ScoreSeries | Contributions


def draw_plot(panels: Sequence[Panel], form: PlotFormat, *, language: str = "en") -> bytes:
    """Panels below one another as one picture.

    Args:
        panels: one or more.
        form: PNG or SVG.
        language: ``en`` or ``zh``.
    """
    assert panels, "a plot has a panel"
    with _drawing(panels) as (figure, axes):
        for panel, axis in zip(panels, axes, strict=True):
            if isinstance(panel, ScoreSeries):
                _draw_scores(axis, panel, language)
            else:
                _draw_bars(axis, panel, language)
        _set_font(figure)
        buffer = io.BytesIO()
        metadata = {"Software": None} if form is PlotFormat.PNG else {"Date": None}
        figure.savefig(buffer, format=str(form), dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


@contextmanager
def _drawing(panels: Sequence[Panel]) -> Iterator[tuple[Figure, list[Axes]]]:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    heights = [3.4 if isinstance(p, ScoreSeries) else _bars_height(p) for p in panels]
    with _LOCK, mpl.rc_context(), warnings.catch_warnings():
        # It picks some interval of dates all the same, and nobody who reads the plot can act on it.
        warnings.filterwarnings("ignore", message=".*(AutoDateLocator|[Dd]ate)")
        # A person's matplotlibrc must not change what is drawn here.
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        figure = Figure(figsize=(_WIDTH, sum(heights)), layout="constrained")
        axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
        yield figure, [row[0] for row in axes]


def _bars_height(panel: Contributions) -> float:
    return 1.1 + 0.36 * max(1, min(len(panel.bars), BARS_MAX))


def _draw_scores(axis: Axes, panel: ScoreSeries, language: str) -> None:
    axis.set_title(_plain(panel.title), loc="left", color=_INK)
    places = _places(panel)
    for span in panel.episodes:
        fill = _FILLS.get(span.level, _RULE)
        axis.axvspan(places[span.first], places[span.last], color=fill, alpha=0.6, lw=1)
    kept = _thinned(panel.scores)
    axis.plot([places[n] for n in kept], [panel.scores[n] for n in kept], color=_INK, lw=0.9)
    for level, limit in panel.limits.items():
        if _is_finite(limit):
            colour = _COLOURS.get(level, _FAINT)
            style = "--" if level == "red" else ":"
            words = _word("limit", language).format(level=_level(level, language))
            axis.axhline(limit, color=colour, ls=style, lw=1.2, label=words)
    for level in ("yellow", "red"):
        at = [n for n in kept if n < len(panel.levels) and panel.levels[n] == level]
        if at:
            axis.plot(
                [places[n] for n in at],
                [panel.scores[n] for n in at],
                ls="",
                marker=_MARKS[level],
                ms=4.5,
                color=_COLOURS[level],
                label=_level(level, language),
            )
    _scale_scores(axis, panel, [panel.scores[n] for n in kept])
    _label_scores(axis, panel, language)


def _scale_scores(axis: Axes, panel: ScoreSeries, scores: Sequence[float]) -> None:
    """Draw decades above the limits where scores are so large that limits were one line at 0."""
    highest = max((limit for limit in panel.limits.values() if _is_finite(limit)), default=0.0)
    if highest <= 0.0 or max(scores, default=0.0) <= _DECADES_FROM * highest:
        return
    axis.set_yscale("symlog", linthresh=highest)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_ylim(top=2.0 * max(scores))


def _label_scores(axis: Axes, panel: ScoreSeries, language: str) -> None:
    axis.set_ylabel(_word("score", language))
    axis.set_xlabel(_word("row" if panel.at_us is None else "time", language))
    if panel.at_us is not None and len(panel.at_us):
        first, last = min(panel.at_us) / 86_400e6, max(panel.at_us) / 86_400e6
        if first == last:
            # Rows of one moment span no time that a scale could be chosen for.
            axis.set_xlim(first - _MINUTE, last + _MINUTE)
        _date_axis(axis)
    if axis.get_legend_handles_labels()[0]:
        axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=4)
    _plain_frame(axis)


def _draw_bars(axis: Axes, panel: Contributions, language: str) -> None:
    axis.set_title(_plain(panel.title), loc="left", color=_INK)
    shown = list(panel.bars)[:BARS_MAX]
    reach = max([abs(bar.share) for bar in shown if _is_finite(bar.share)], default=1.0) or 1.0
    for place, bar in enumerate(shown):
        share = bar.share if _is_finite(bar.share) else 0.0
        is_above = bar.sigma >= 0
        axis.barh(place, share, color=_BARS[is_above], hatch="" if is_above else "///", ec="white")
        told = _word("observed", language).format(
            observed=bar.observed, expected=bar.expected, sigma=bar.sigma
        )
        axis.text(max(share, 0.0) + reach * 0.01, place, _plain(told), va="center", color=_INK)
    axis.set_yticks(range(len(shown)), [_plain(bar.parameter) for bar in shown])
    axis.invert_yaxis()
    low = min([bar.share for bar in shown if _is_finite(bar.share)], default=0.0)
    # Half of the width is left for what is written behind the bars.
    axis.set_xlim(min(low, 0.0) * 1.05, reach * 2.1)
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value <= reach * 1.01 else "")
    axis.set_xlabel(_word("share", language))
    _legend_of_signs(axis, shown, language)
    _plain_frame(axis)


def _legend_of_signs(axis: Axes, shown: Sequence[ContributionBar], language: str) -> None:
    from matplotlib.patches import Patch

    signs = sorted({bar.sigma >= 0 for bar in shown}, reverse=True)
    patches = [
        Patch(
            facecolor=_BARS[sign],
            hatch="" if sign else "///",
            edgecolor="white",
            label=_word("above" if sign else "below", language),
        )
        for sign in signs
    ]
    if patches:
        axis.legend(handles=patches, loc="lower right", frameon=False)


def _plain_frame(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="x", color=_RULE, lw=0.5)
    axis.set_axisbelow(True)


def _places(panel: ScoreSeries) -> list[float]:
    """Where rows stand: their number, or the days since 1970 that matplotlib counts by."""
    if panel.at_us is None:
        return [float(panel.first_row + n) for n in range(len(panel.scores))]
    return [at / 86_400e6 for at in panel.at_us]


def _date_axis(axis: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=8)  # type: ignore[no-untyped-call]
    # Numbers alone: names of months would be those of the machine's language.
    formats = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"]
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(
        ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator,
            formats=formats,
            zero_formats=["", "%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M"],
            offset_formats=["", "%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d %H:%M"],
        )
    )


def _thinned(scores: Sequence[float]) -> list[int]:
    """The positions to draw: all finite ones, of very many the largest of each run."""
    finite = [n for n, score in enumerate(scores) if _is_finite(score)]
    step = -(-len(finite) // POINTS_MAX)
    if step <= 1:
        return finite
    runs = (finite[start : start + step] for start in range(0, len(finite), step))
    return [max(run, key=lambda n: scores[n]) for run in runs]


def _is_finite(value: float) -> bool:
    return value - value == 0.0


def _word(name: str, language: str) -> str:
    return _WORDS[name][1 if language == "zh" else 0]


def _level(level: str, language: str) -> str:
    return _word(level, language) if level in _COLOURS else _plain(level)


def _set_font(figure: Figure) -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.text import Text

    path = _font()[0]
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        size = 10.0 if float(text.get_fontsize()) > 10.5 else 8.5
        text.set_fontproperties(FontProperties(fname=path, size=size))


def _plain(text: str) -> str:
    """A text whose every character the font has: of others the code, ``[U+1F600]``."""
    glyphs = _font()[1]
    return "".join(c if ord(c) in glyphs else f"[U+{ord(c):04X}]" for c in visible(text))


@cache
def _font() -> tuple[str, frozenset[int]]:
    import pylopdf_fonts_zh_cn
    from matplotlib.ft2font import FT2Font

    path = str(pylopdf_fonts_zh_cn.sans_path())
    return path, frozenset(FT2Font(path).get_charmap())
