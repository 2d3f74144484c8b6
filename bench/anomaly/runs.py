"""Runs of a process, and which of their rows were bad."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scoring.anomaly.table import ParameterTable

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Run:
    """Rows in their order, and which were bad; ``bad`` None where nobody said."""

    name: str
    table: ParameterTable
    bad: Flags | None = None
    fault: str = ""

    @property
    def onset(self) -> int:
        """The first bad row; the number of rows where none is."""
        if self.bad is None or not self.bad.any():
            return len(self.table)
        return int(np.argmax(self.bad))

    def rows(self, low: int, high: int) -> Run:
        """A part of the run."""
        bad = None if self.bad is None else self.bad[low:high]
        return replace(
            self,
            name=f"{self.name}[{low}:{high}]",
            table=self.table.take(slice(low, high)),
            bad=bad,
        )

    @property
    def origin(self) -> str:
        """The name of the run that this is a part of."""
        return self.name.partition("[")[0]

    @property
    def before(self) -> Run:
        """What came before the first bad row."""
        return self.rows(0, self.onset)


@dataclass(frozen=True, slots=True)
class Runs:
    """What to learn from, what was good besides, and what went bad; distinct rows each."""

    training: tuple[Run, ...]
    normal: tuple[Run, ...]
    faults: tuple[Run, ...]


def distinct(runs: Iterable[Run]) -> list[Run]:
    """Runs that begin differently: two faults may share what was before them."""
    found: dict[bytes, Run] = {}
    for run in runs:
        found.setdefault(run.table.values[:3].tobytes(), run)
    return list(found.values())
