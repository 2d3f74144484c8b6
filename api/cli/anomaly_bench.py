"""``lotmark anomaly bench``: how a model does on files of one's own, before it is relied on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from api.cli.anomaly_labels import good_rows, is_bad
from api.cli.anomaly_options import file_asked, file_options
from api.cli.anomaly_training import read_whole, train_model
from api.cli.faults import CommandFault
from api.cli.options import pass_output
from api.cli.output import Output

if TYPE_CHECKING:
    from scoring.anomaly.files import FileBatch
    from scoring.anomaly.serving import OnnxDetector
    from scoring.anomaly.table import ParameterTable
    from scoring.anomaly.verdict import Verdict

_FILES: Final = click.Path(path_type=Path, dir_okay=False)
_SINGLE_ROWS: Final = 2_000


@click.command("bench")
@click.option("--train", "training", required=True, type=_FILES, help="File of good rows.")
@click.option("--score", "scored", required=True, multiple=True, type=_FILES, help="File to score.")
@click.option(
    "--onset",
    type=click.IntRange(0),
    help="How many rows of each scored file are good; the others are bad. Default: by --label.",
)
@file_options
@pass_output
def bench(
    output: Output,
    *,
    training: Path,
    scored: tuple[Path, ...],
    onset: int | None,
    **options: Any,
) -> None:
    """Train on good rows and tell false alarms, detection, delay and speed on other files.

    A column of labels counts as bad what is not empty, 0, -1, ok, good, pass or normal.
    """
    from scoring.anomaly.graph import export_model
    from scoring.anomaly.serving import OnnxDetector

    asked = file_asked(options)
    started = time.perf_counter()
    table = good_rows(output, read_whole(output, training, asked)[0], training.name)[0].table
    detector = OnnxDetector(export_model(train_model(output, table)))
    seconds = time.perf_counter() - started
    files = []
    for path in scored:
        batch = read_whole(output, path, asked)[0]
        figures = _measure(detector, table, batch, _bad_rows(batch, path, onset))
        files.append({"file": path.name, **figures.members()})
        output.say(f"{path.name}: {figures.told()}")
    speed = _speed(detector, table)
    output.say(
        f"stage {detector.model.stage}; trained in {seconds:.1f} s; a row alone takes"
        f" {speed['single_row_us_p99']:.0f} us (p99), {speed['rows_per_second']:.0f} rows/s"
    )
    output.result(
        {
            "model": detector.digest,
            "stage": str(detector.model.stage),
            "train_seconds": round(seconds, 3),
            **speed,
            "files": files,
        }
    )


@dataclass(frozen=True, slots=True)
class _Figures:
    """What was called of good and of bad rows; shares are None where there are no such rows."""

    good: int
    bad: int
    false_alarms: int
    detected: int
    false_events: int
    delay: int | None

    def members(self) -> dict[str, Any]:
        return {
            "good_rows": self.good,
            "bad_rows": self.bad,
            "false_alarm_rate": self.false_alarms / self.good if self.good else None,
            "detection_rate": self.detected / self.bad if self.bad else None,
            "false_red_rows_per_1000": 1000 * self.false_events / self.good if self.good else None,
            "rows_to_first_red": self.delay,
        }

    def told(self) -> str:
        parts = []
        if self.good:
            parts.append(f"{self.false_alarms / self.good:.2%} of {self.good} good rows called")
        if self.bad:
            parts.append(f"{self.detected / self.bad:.1%} of {self.bad} bad rows called")
            late = "never red" if self.delay is None else f"first red after {self.delay} rows"
            parts.append(late)
        return ", ".join(parts)


def _bad_rows(batch: FileBatch, path: Path, onset: int | None) -> list[bool]:
    if onset is not None:
        return [row >= onset for row in range(len(batch.table))]
    if batch.labels is None:
        raise CommandFault(
            "column-missing",
            f"{path}: expected a column of labels, or --onset, found neither",
            remedy="Say which column it is with --label, or how many rows are good with --onset.",
        )
    return [is_bad(label) for label in batch.labels]


def _measure(
    detector: OnnxDetector, training: ParameterTable, batch: FileBatch, bad: list[bool]
) -> _Figures:
    from scoring.anomaly.line import Line
    from scoring.anomaly.prepare import in_columns
    from scoring.anomaly.rule_training import calibrate_rules
    from scoring.anomaly.rules import RuleSet
    from scoring.anomaly.watch import LineWatch

    rules = RuleSet()
    calibration = calibrate_rules(training, detector, detector.model, rules)
    watch = LineWatch(detector, Line(detector.model, rules=rules, calibration=calibration))
    verdicts = watch.push(in_columns(detector.model, batch.table), watch.start()).verdicts
    return _figures(verdicts, bad)


def _figures(verdicts: tuple[Verdict, ...], bad: list[bool]) -> _Figures:
    called = [verdict.model_level != "none" for verdict in verdicts]
    red = [verdict.model_level == "red" for verdict in verdicts]
    onset = bad.index(True) if True in bad else len(bad)
    first = next((row for row in range(onset, len(red)) if red[row]), None)
    return _Figures(
        good=bad.count(False),
        bad=bad.count(True),
        false_alarms=sum(flag and not is_bad for flag, is_bad in zip(called, bad, strict=True)),
        detected=sum(flag and is_bad for flag, is_bad in zip(called, bad, strict=True)),
        false_events=sum(flag and not is_bad for flag, is_bad in zip(red, bad, strict=True)),
        delay=None if first is None else first - onset,
    )


def _speed(detector: OnnxDetector, table: ParameterTable) -> dict[str, float]:
    """One row at a time, and as many as 1,024 at once, on one thread."""
    import numpy as np

    state = detector.start()
    rows = [table.take(slice(n % len(table), n % len(table) + 1)) for n in range(_SINGLE_ROWS)]
    taken = []
    for row in rows:
        before = time.perf_counter()
        state = detector.score(row, state).state
        taken.append(time.perf_counter() - before)
    batch = table.take(np.arange(1_024) % len(table))
    before = time.perf_counter()
    for _ in range(5):
        detector.score(batch, state)
    return {
        "single_row_us_p99": 1e6 * float(np.quantile(taken, 0.99)),
        "rows_per_second": 5 * 1_024 / (time.perf_counter() - before),
    }
