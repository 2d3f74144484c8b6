"""``lotmark anomaly score``: verdicts on the rows of a plain file, by a model file alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from api.cli.anomaly_options import (
    file_argument,
    file_asked,
    file_options,
    model_option,
    open_beside,
    open_model,
    write_whole,
)
from api.cli.options import language_option, pass_output, read_file
from api.cli.output import Output

if TYPE_CHECKING:
    from api.cli.anomaly_watch import FileWatch
    from api.plots import PlotFormat, ScoreSeries
    from scoring.anomaly.file_layout import FileLayout
    from scoring.anomaly.line import Line
    from scoring.anomaly.model import Model
    from scoring.anomaly.serving import OnnxDetector

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_EPISODES_TOLD: Final = 20
_NOTES: Final = {
    "clock-went-back": "the clock went backwards: rows are taken in by their measured time",
    "scored-again": "rows came late: verdicts on the rows behind them were given again",
    "rows-apart": "rows older than all that is kept were scored by themselves",
    "clock-ahead": "rows are measured later than now: their clock is wrong",
    "units-suspected": "values look as if they were in another unit: they are scored as they are",
}


@click.command("score")
@file_argument
@model_option
@click.option("--out", type=_FILE, help="Verdicts, one JSON object a line.")
@click.option("--decisions", type=_FILE, help="Whole decisions, for 'lotmark anomaly replay'.")
@click.option("--plot", type=_FILE, help="Score over time with limits: a .png or .svg file.")
@click.option(
    "--state",
    type=_FILE,
    help="State of the stream: read where it is there, written at the end, so that the next "
    "file goes on.",
)
@click.option("--limits", type=_FILE, help="Table of limits instead of those of the training.")
@file_options
@language_option
@pass_output
def score(
    output: Output, *, file: Path, model: Path, plot: Path | None, language: str, **options: Any
) -> None:
    """Score the rows of FILE in the order in which they were measured.

    Tells how many are yellow and red, and one event an episode. Nothing is sent anywhere.
    """
    form = plot_format(plot)
    out, decisions, state, limits = (
        options.pop(name) for name in ("out", "decisions", "state", "limits")
    )
    detector = open_model(model)
    wanted = detector.model.names if detector.model.lots is None else detector.model.lots.names
    asked = file_asked(options, wanted=wanted)
    line = line_of(output, model, detector, limits=limits)
    with ExitStack() as files:
        verdicts = files.enter_context(out.open("w", encoding="utf-8")) if out else None
        kept = files.enter_context(decisions.open("wb")) if decisions else None
        keep = None if kept is None else (lambda data: (kept.write(data + b"\n"), None)[1])
        watch = _begin(file, detector, line, state=state, keep=keep)
        for told in _verdicts(output, watch, file, asked):
            if verdicts is not None:
                verdicts.write(told + "\n")
    if state is not None:
        _keep_state(state, watch)
    if plot is not None:
        write_whole(plot, _draw(watch, form, language))
    _tell(output, watch, language)


def plot_format(path: Path | None) -> PlotFormat:
    """What a plot is written as, by the ending of its file.

    Raises:
        click.UsageError: another ending.
    """
    from api.plots import PlotFormat

    suffix = ".png" if path is None else path.suffix.lower()
    if suffix not in (".png", ".svg"):
        raise click.UsageError(f"--plot: expected a file .png or .svg, found {suffix!r}")
    return PlotFormat(suffix[1:])


def line_of(output: Output, model: Path, detector: OnnxDetector, *, limits: Path | None) -> Line:
    """The model's line: what stands beside it, with other limits where they are named."""
    from dataclasses import replace

    from scoring.anomaly.limits_file import read_limits
    from scoring.anomaly.line import Line

    beside = open_beside(model, detector.digest)
    if beside is None:
        output.note(f"{model}: no limits and rules beside it: by the model alone")
    line = Line(detector.model) if beside is None else beside.line(detector.model)
    if limits is not None:
        line = replace(line, limits=read_limits([limits.read_bytes()]))
    return line


def _begin(
    file: Path, detector: OnnxDetector, line: Line, *, state: Path | None, keep: Any
) -> FileWatch:
    from api.cli.anomaly_watch import FileWatch, had_of, watch_of
    from scoring.anomaly.watch_bytes import BYTES_MAX, decode_watch_state

    watch = watch_of(detector, line, keep)
    begun = watch.start()
    if state is not None and state.exists():
        begun = decode_watch_state(read_file(state, "a state", bytes_max=BYTES_MAX))
    return FileWatch(watch, begun, file.name, had=had_of(begun))


def _verdicts(output: Output, watch: FileWatch, file: Path, asked: Any) -> Iterator[str]:
    from api.cli.anomaly_watch import verdict_line
    from api.parameter_files import open_parameters
    from scoring.anomaly.files import whole_table

    with open_parameters(file, asked, output.progress) as opened:
        for note in opened.notes:
            output.note(note)
        note_setups(output, opened.layout, watch.watch.line.model)
        batches = opened.tables()
        if watch.watch.line.model.lots is not None:
            # A lot may go on in the next batch: all rows are needed to sum up one.
            batches = iter([whole_table(batches)])
        for batch in batches:
            for verdict in watch.push(batch):
                yield verdict_line(verdict)


def note_setups(output: Output, layout: FileLayout, model: Model) -> None:
    """Say that a model knows set-ups and the file's rows name none."""
    if model.setups and not layout.setups:
        known = ", ".join(setup.label for setup in model.setups[:5])
        output.note(
            f"the model was trained by set-up ({known}) and the rows name none: they are scored"
            " against no set-up's baseline; name the column with --setup"
        )


def _keep_state(path: Path, watch: FileWatch) -> None:
    from scoring.anomaly.watch_bytes import encode_watch_state

    write_whole(path, encode_watch_state(watch.state))


def series_of(watch: FileWatch, title: str) -> ScoreSeries:
    """The series of a plot: scores in measured order, limits, and events."""
    import numpy as np

    from api.cli.anomaly_watch import score_limits
    from api.plots import ScoreSeries, Span

    series = watch.series
    has_times = len(series.at_us) == len(series.scores) and len(series.scores) > 0
    order = np.argsort(series.at_us if has_times else series.rows, kind="stable")
    rows = np.asarray(series.rows)[order]
    place = {int(row): at for at, row in enumerate(rows)}
    levels = series.level_words()
    spans = [
        Span(place[each.first.row], place[each.last.row], str(each.level))
        for each in watch.episodes.values()
        if each.first.row in place and each.last.row in place
    ]
    return ScoreSeries(
        title,
        np.asarray(series.scores)[order].tolist(),
        at_us=np.asarray(series.at_us)[order].tolist() if has_times else None,
        first_row=int(rows[0]) if len(rows) else 1,
        limits=score_limits(watch.watch.line.model, watch.state.now.stream.alpha),
        levels=[levels[at] for at in order],
        episodes=spans,
    )


def _draw(watch: FileWatch, form: PlotFormat, language: str) -> bytes:
    from api.plots import draw_plot

    return draw_plot([series_of(watch, watch.source)], form, language=language)


def _tell(output: Output, watch: FileWatch, language: str) -> None:
    from api.cli.anomaly_watch import episode_members
    from scoring.anomaly.model import Stage
    from scoring.anomaly.stages import stage_text

    model, levels = watch.watch.line.model, watch.levels
    rows = len(watch.series.scores)
    for note, count in sorted(watch.notes.items()):
        output.note(f"{_NOTES.get(note, note)} ({count})")
    if watch.repeated:
        output.note(
            f"{watch.repeated} rows have times that the stream of --state already has: is this"
            " file scored a second time? They are scored again"
        )
    if not rows:
        output.note(f"{watch.source}: no rows, only a heading: nothing was scored")
    learning = ": no model alarms yet" if model.stage is Stage.LEARNING else ""
    if language == "zh":
        quiet = "，模型暂不报警" if learning else ""
        output.say(
            f"{rows} 行，模型 {watch.state.model[:16]}（{stage_text(model)}{quiet}）："
            f"红色 {levels['red']}，黄色 {levels['yellow']}，未评分 {watch.unscored}"
        )
    else:
        output.say(
            f"{rows} rows by model {watch.state.model[:16]} ({stage_text(model)}{learning}):"
            f" {levels['red']} red, {levels['yellow']} yellow, {watch.unscored} not scored"
        )
    _tell_events(output, watch, language)
    output.result(
        {
            "model": watch.state.model,
            "stage": str(model.stage),
            "rows": rows,
            "levels": {name: levels[name] for name in ("none", "yellow", "red")},
            "unscored": watch.unscored,
            "repeated": watch.repeated,
            "episodes": [
                json.loads(json.dumps(episode_members(each))) for each in watch.episodes.values()
            ],
            "notes": sorted(watch.notes),
        }
    )


def _tell_events(output: Output, watch: FileWatch, language: str) -> None:
    from scoring.anomaly.sentences import Language, units_suspected

    told_in: Language = "zh" if language == "zh" else "en"
    episodes = list(watch.episodes.values())
    for episode in episodes[:_EPISODES_TOLD]:
        lead = ", ".join(name for name, _ in episode.parameters[:3])
        output.say(
            f"  {episode.level} {episode.kind}: rows {episode.first.row} to {episode.last.row},"
            f" p {episode.peak_p:.2g}{f', led by {lead}' if lead else ''}"
        )
        for change in episode.units_suspected:
            output.say(f"    {units_suspected(change, told_in)}")
    if len(episodes) > _EPISODES_TOLD:
        output.say(f"  and {len(episodes) - _EPISODES_TOLD} more events")
