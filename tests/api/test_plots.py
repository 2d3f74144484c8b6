"""Plots: the same series give the same picture, in both languages, and nothing is left out."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # of our own pictures

import pytest

from api.plots import (
    POINTS_MAX,
    ContributionBar,
    Contributions,
    Panel,
    PlotFormat,
    ScoreSeries,
    Span,
    _draw_scores,
    _drawing,
    _plain,
    _thinned,
    draw_plot,
)

_BARS = (
    ContributionBar("pressure", 0.75, 5.1, "82.1 bar", "74.0 bar"),
    ContributionBar("合模力", 0.25, -3.1, "410 kN", "433 kN"),
)


def _panels(title: str = "Line L1") -> list[Panel]:
    scores = [0.4, 0.6, float("nan"), 2.5, 2.7, 0.5]
    levels = ["none", "none", "none", "red", "red", "none"]
    return [
        ScoreSeries(
            title,
            scores,
            at_us=[1_790_000_000_000_000 + n * 60_000_000 for n in range(6)],
            limits={"yellow": 1.0, "red": 2.0, "never": float("inf")},
            levels=levels,
            episodes=[Span(3, 4, "red")],
        ),
        Contributions(title, _BARS),
    ]


@pytest.mark.item("7.8.plots")
@pytest.mark.parametrize("form", list(PlotFormat))
def test_same_series_give_the_same_picture_whenever_it_is_drawn(form: PlotFormat) -> None:
    drawn = draw_plot(_panels(), form)

    assert drawn == draw_plot(_panels(), form)
    assert drawn != draw_plot(_panels("Line L2"), form)


@pytest.mark.item("7.8.plots")
def test_a_picture_speaks_chinese_and_needs_no_font_to_be_seen() -> None:
    in_english = draw_plot(_panels()[1:], PlotFormat.SVG)
    in_chinese = draw_plot(_panels("产线")[1:], PlotFormat.SVG, language="zh")

    assert in_chinese != in_english
    assert {element.tag.rpartition("}")[2] for element in ET.fromstring(in_chinese).iter()} & {
        "text",
        "image",
        "script",
    } == set()


def test_what_the_font_cannot_write_or_a_terminal_must_not_see_is_written_as_its_code() -> None:
    assert _plain("a\u202eb $x$ 产线 \U0001f600") == "a\\u202eb $x$ 产线 [U+1F600]"


def test_of_very_many_rows_the_largest_of_each_run_are_drawn() -> None:
    scores = [0.0] * (POINTS_MAX * 5)
    scores[4_321] = 9.0
    scores[17] = float("inf")

    kept = _thinned(scores)

    assert len(kept) <= POINTS_MAX
    assert 4_321 in kept
    assert 17 not in kept


def test_a_single_row_at_noon_is_drawn() -> None:
    series = ScoreSeries("one row", [10.0], at_us=[1_799_913_600_000_000], levels=["red"])
    assert draw_plot([series], PlotFormat.SVG).startswith(b"<?xml")


@pytest.mark.parametrize(("peak", "scale"), [(9.0, "linear"), (5e6, "symlog")])
def test_limits_are_seen_beside_scores_far_above_them(peak: float, scale: str) -> None:
    panel = ScoreSeries("L1", [0.4, 0.6, peak], limits={"yellow": 0.8, "red": 1.0})
    with _drawing([panel]) as (_, (axis,)):
        _draw_scores(axis, panel, "en")

        assert axis.get_yscale() == scale
    assert draw_plot([panel], PlotFormat.SVG)


def test_times_of_a_wrong_clock_are_drawn_without_a_warning() -> None:
    at_us = [0, 1, 200 * 365 * 86_400 * 10**6]
    panel = ScoreSeries("L1", [0.4, 0.6, 0.5], at_us=at_us)

    assert draw_plot([panel], PlotFormat.SVG)
