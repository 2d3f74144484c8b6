"""What is said of single files: alarms, the first of them, and F1 where something is labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from bench.anomaly.folders import Folder
from bench.anomaly.line import Flags, Line, learn
from bench.anomaly.runs import Run
from bench.anomaly.targets import Judged, judge
from bench.anomaly.tep import three_of_five
from scoring.errors import ScoringError

#: T7 is of a set of files; what a single one gives stands in its own row.
_FILES: Final = 2


@dataclass(frozen=True, slots=True)
class File:
    """The verdicts on the rows of one run, ``bad`` None where nothing is said of them."""

    name: str
    rows_learnt: int
    stage: str
    flags: Flags
    bad: Flags | None
    is_alone: bool

    def told(self) -> dict[str, Any]:
        """As one row of a report."""
        red = np.flatnonzero(three_of_five(self.flags))
        found: dict[str, Any] = {
            "file": self.name,
            "learnt_rows": self.rows_learnt,
            "stage": self.stage,
            "rows": len(self.flags),
            "flagged": round(float(self.flags.mean()), 5),
            "first_red": int(red[0]) if len(red) else None,
        }
        if self.bad is not None:
            found |= {name: round(v, 5) for name, v in rates([self]).items()}
        return found


def by_file(read: Folder, rows: int) -> tuple[list[File], list[dict[str, str]]]:
    """Each run by the model of the first training run, or by one of its own first good rows.

    Returns:
        The files, and those that the product refuses, with the code of the refusal.
    """
    found: list[File] = []
    refused: list[dict[str, str]] = []
    runs = read.runs
    source = runs.training[0] if runs.training else None
    line = None if source is None else learn(source.table)
    for run in (*runs.training[1:], *runs.normal, *runs.faults, *read.alone):
        try:
            if source is None or line is None or set(run.table.names) != set(source.table.names):
                found.append(_by_itself(run, rows))
            else:
                found.append(_file(run, line, learnt=len(source.table)))
        except ScoringError as refusal:
            refused.append({"file": run.name, "refused": refusal.code, "why": str(refusal)})
    return found, refused


def _by_itself(run: Run, rows: int) -> File:
    end = min(rows, len(run.table) // 2)
    good = confirmed(run.rows(0, end))
    rest = run.rows(end, len(run.table))
    return _file(rest, learn(good.table), learnt=len(good.table), alone=True)


def confirmed(run: Run) -> Run:
    """The rows that nobody called bad: what the product learns from."""
    return run if run.bad is None else replace(run, table=run.table.take(~run.bad), bad=None)


def _file(run: Run, line: Line, *, learnt: int, alone: bool = False) -> File:
    flags = line.flags(run.table)
    return File(run.name, learnt, str(line.model.stage), flags, run.bad, alone)


def rates(files: Sequence[File]) -> dict[str, float]:
    """False alarms over good rows, detection over bad ones and F1, rows of all files together."""
    told = [file for file in files if file.bad is not None]
    flags = np.concatenate([file.flags for file in told])
    bad = np.concatenate([file.bad for file in told if file.bad is not None])
    hit, false = int((flags & bad).sum()), int((flags & ~bad).sum())
    found = {"false_alarms": false / max(int((~bad).sum()), 1)}
    if bad.any():
        found["detection"] = hit / int(bad.sum())
        found["f1"] = 2.0 * hit / max(hit + false + int(bad.sum()), 1)
    return found


def labelled(files: Sequence[File]) -> dict[str, Judged]:
    """T7, where files with labels were learnt from by their own first rows."""
    own = [file for file in files if file.is_alone and file.bad is not None and file.bad.any()]
    if len(own) < _FILES:
        return {}
    return {"T7": judge("T7", rates(own), reason=f"{len(own)} files, rows of all together")}
