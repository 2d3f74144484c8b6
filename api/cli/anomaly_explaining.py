"""``lotmark anomaly explain``: why a row of a plain file stands out, or how it does not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from api.cli.anomaly_options import (
    file_argument,
    file_asked,
    file_options,
    model_option,
    open_model,
    write_whole,
)
from api.cli.anomaly_scoring import line_of, note_setups, plot_format, series_of
from api.cli.faults import CommandFault
from api.cli.options import language_option, pass_output
from api.cli.output import Output, columns

if TYPE_CHECKING:
    from api.cli.anomaly_watch import FileWatch
    from api.parameter_files import FileAsked
    from scoring.anomaly.explanation import Contribution, Explanation
    from scoring.anomaly.line import Line
    from scoring.anomaly.serving import OnnxDetector
    from scoring.anomaly.verdict import Verdict

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
#: Rows around the one explained that a plot shows.
_AROUND: Final = 200
_LEVELS_ZH: Final = {"none": "正常", "yellow": "黄色", "red": "红色"}


@click.command("explain")
@file_argument
@model_option
@click.option("--row", required=True, type=click.IntRange(1), help="Its number in the file.")
@click.option("--plot", type=_FILE, help="Score and contributions: a .png or .svg file.")
@click.option("--limits", type=_FILE, help="Table of limits instead of those of the training.")
@file_options
@language_option
@pass_output
def explain(
    output: Output, *, file: Path, model: Path, plot: Path | None, language: str, **options: Any
) -> None:
    """Tell which parameters make row N of FILE what it is: observed, expected, share of T2.

    The rows before it are scored too, since averages go over them.
    """
    form = plot_format(plot)
    row, limits = options.pop("row"), options.pop("limits")
    detector = open_model(model)
    wanted = detector.model.names if detector.model.lots is None else detector.model.lots.names
    asked = file_asked(options, wanted=wanted)
    line = line_of(output, model, detector, limits=limits)
    found = _find(output, file, asked, _Question(detector, line, row))
    _tell(output, found.verdict, found.explanation, language)
    if plot is not None:
        write_whole(plot, found.draw(form, language))
    output.result({"verdict": asdict(found.verdict), "explanation": asdict(found.explanation)})


class _Question:
    """Which row is asked for, of what line."""

    def __init__(self, detector: OnnxDetector, line: Line, row: int) -> None:
        self.detector, self.line, self.row = detector, line, row


class _Found:
    def __init__(self, watch: FileWatch, verdict: Verdict, explanation: Explanation) -> None:
        self.watch, self.verdict, self.explanation = watch, verdict, explanation

    def draw(self, form: Any, language: str) -> bytes:
        """Score of the rows around it, and bars."""
        from api.plots import Contributions, draw_plot

        is_zh = language == "zh"
        row = self.verdict.row
        title = f"第 {row} 行" if is_zh else f"Row {row}"
        bars = [_bar(one) for one in self.explanation.top]
        series = series_of(self.watch, self.watch.source)
        return draw_plot([series, Contributions(title, bars)], form, language=language)


def _bar(one: Contribution) -> Any:
    from api.plots import ContributionBar

    return ContributionBar(
        one.parameter, one.share, one.residual, _figure(one.value, one), _figure(one.expected, one)
    )


def _figure(value: float | None, one: Contribution) -> str:
    told = "-" if value is None else f"{value:.5g}"
    return f"{told} {one.unit}".strip()


def _find(output: Output, file: Path, asked: FileAsked, question: _Question) -> _Found:
    from api.cli.anomaly_watch import FileWatch, watch_of
    from api.parameter_files import open_parameters
    from scoring.anomaly.files import FileBatch, whole_table
    from scoring.anomaly.prepare import in_columns

    line = question.line
    watch = watch_of(question.detector, line, None)
    state = FileWatch(watch, watch.start(), file.name)
    with open_parameters(file, asked, output.progress) as opened:
        for note in opened.notes:
            output.note(note)
        note_setups(output, opened.layout, line.model)
        batches = opened.tables()
        if line.model.lots is not None:
            batches = iter([whole_table(batches)])
        for batch in batches:
            is_last = batch.numbers[-1] >= question.row
            until = sum(number <= question.row for number in batch.numbers) if is_last else None
            part = batch.table.take(slice(0, until))
            numbers = batch.numbers[: len(part)]
            before = state.state
            verdicts = list(state.push(FileBatch(part, numbers, None, 0)))
            if is_last:
                verdict = next((v for v in verdicts if v.row == question.row), None)
                if verdict is None:
                    break
                rows = in_columns(line.model, part)
                at = [v.row for v in verdicts].index(question.row)
                told = verdict.explanation or _explain(question, rows, before, at=at)
                return _Found(state, verdict, told)
    raise CommandFault(
        "row-missing",
        f"{file}: expected row {question.row}, found none of that number",
        remedy="Rows are numbered as a spreadsheet does, the heading is row 1.",
    )


def _explain(question: _Question, rows: Any, before: Any, *, at: int) -> Explanation:
    """The explanation of a row that no level was given to."""
    import numpy as np

    from scoring.anomaly.explanation import Context
    from scoring.anomaly.explanation import explain as explain_row
    from scoring.anomaly.front_end import quantise
    from scoring.anomaly.specification import bounds

    model, detector = question.line.model, question.detector
    scored = detector.score(rows, before.now.stream, with_detail=True)
    assert scored.detail is not None, "it was asked for"
    modelled = list(model.modelled)
    lower, upper = bounds(model.names, question.line.limits)
    offsets = {setup.label: setup.offset for setup in model.setups}
    label = rows.setups[at] if rows.setups else ""
    size = len(modelled)
    context = Context(
        model,
        quantise(rows.values, model.quantum)[at][modelled],
        lower[modelled],
        upper[modelled],
        offsets.get(label, np.zeros(size)),
        np.full((3, size), np.nan),
        at,
    )
    return explain_row(scored.detail, at, int(scored.fired[at]), context)


def _tell(output: Output, verdict: Verdict, explanation: Explanation, language: str) -> None:
    from scoring.anomaly.leading import is_by_model
    from scoring.anomaly.sentences import sentence
    from scoring.anomaly.statistic_words import statistic_words

    p = "-" if verdict.p is None else f"{verdict.p:.2g}"
    is_zh = language == "zh"
    fired = statistic_words(verdict.fired or explanation.statistic, is_zh=is_zh)
    if is_zh:
        level = _LEVELS_ZH[str(verdict.level)]
        output.say(f"第 {verdict.row} 行：{level}，p {p}，依据：{fired}，阶段 {verdict.stage_text}")
    else:
        output.say(
            f"row {verdict.row}: {verdict.level}, p {p}, by {fired}; stage {verdict.stage_text}"
        )
    for violation in verdict.violations:
        output.say(
            f"outside its specification: {violation.parameter} = {violation.value:g}"
            f" [{violation.lower}, {violation.upper}]"
        )
    for moved in verdict.moved:
        output.say(
            f"rule, a constant stays what it is: {moved.parameter} = {moved.value:g},"
            f" always {moved.trained:g} in training"
        )
    if verdict.gaps:
        output.say(f"missing far more often than in training: {', '.join(verdict.gaps)}")
    if verdict.level != "none" and not is_by_model(verdict):
        output.say("by the model alone the row is normal; its largest parts:")
    heading = ("parameter", "observed", "expected", "sigma", "share of T2")
    if language == "zh":
        heading = ("参数", "观测值", "预期值", "σ", "占 T2 的比例")
    rows = [
        (
            one.parameter,
            _figure(one.value, one),
            _figure(one.expected, one),
            f"{one.residual:+.2f}",
            f"{one.share:.1%}",
        )
        for one in explanation.top
    ]
    for line in columns([heading, *rows]):
        output.say(f"  {line}")
    others = explanation.rest / explanation.t2 if explanation.t2 > 0 else 0.0
    output.say(f"  T2 {explanation.t2:.6g}; all other parameters {others:.1%}")
    output.say(sentence(verdict, "zh" if language == "zh" else "en"))
