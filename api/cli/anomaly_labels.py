"""What a column of labels says of rows, in one place: training and bench follow the same rule."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from api.cli.faults import CommandFault
from api.cli.output import Output

if TYPE_CHECKING:
    from scoring.anomaly.files import FileBatch

#: What a label says of a good row.
_GOOD: Final = frozenset({"", "0", "0.0", "-1", "false", "no", "normal", "ok", "good", "pass"})


def is_bad(label: str) -> bool:
    """Whether a label calls its row bad: it is not empty, 0, -1, no, ok, good, pass, normal."""
    return label.strip().casefold() not in _GOOD


def good_rows(output: Output, batch: FileBatch, name: str) -> tuple[FileBatch, int]:
    """A batch without the rows that its labels call bad, and how many these are.

    Raises:
        CommandFault: not one row is good.
    """
    if batch.labels is None:
        return batch, 0
    good = [row for row, label in enumerate(batch.labels) if not is_bad(label)]
    left_out = len(batch.labels) - len(good)
    if not left_out:
        return batch, 0
    if not good:
        raise CommandFault(
            "rows-missing",
            f"{name}: expected good rows to train on, found all {left_out} labelled bad",
            remedy="Name the column of labels with --label, or leave it out with --leave-out.",
        )
    output.note(f"{name}: {left_out} rows that are labelled bad are left out of the training")
    return _taken(batch, good), left_out


def _taken(batch: FileBatch, rows: list[int]) -> FileBatch:
    import numpy as np

    assert batch.labels is not None, "only labelled rows are left out"
    return replace(
        batch,
        table=batch.table.take(np.asarray(rows)),
        numbers=tuple(batch.numbers[row] for row in rows),
        labels=tuple(batch.labels[row] for row in rows),
    )
