"""Folders of files into runs: which are to learn from, which are good, which went bad and when.

* ``d00`` and ``d00_te`` are normal, ``dNN_te`` has fault NN from row 160 on (Russell, Chiang and
  Braatz 2000);
* one file with ``faultNumber`` and ``simulationRun`` has many runs: those of fault 0 are normal,
  others go bad at row 20 where they have 500 rows and at row 160 else (Rieth and others 2017);
* files whose names say ``train``, or that lie in a folder of that name, are learnt from, others
  scored by them; labels say what was bad, or ``onset`` does;
* where no name says so, a file with labels or an onset is learnt from by its own first good rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from bench.anomaly.files import Columns, ReadTable, read_any
from bench.anomaly.runs import Run, Runs
from scoring.errors import ScoringError

_BRAATZ: Final = re.compile(r"^d(\d\d)(_te)?$")
_BRAATZ_ONSET: Final = 160
_SHORT_ONSET: Final = 20
_SHORT: Final = 500
_PROCESS_WIDTH: Final = 52
_SUFFIXES: Final = (".dat", ".csv", ".txt", ".tsv", ".parquet")
_TRAIN: Final = re.compile(r"train|fit|learn", re.IGNORECASE)
_NORMAL: Final = re.compile(
    r"normal|good|fault[-_ ]?free|anomaly[-_ ]?free|healthy|no[-_ ]?fault|(^|\D)d?00(\D|$)"
)
_FAULT: Final = re.compile(r"(?:^d|fault[-_ ]?|idv[-_ ]?|f)(\d+)")
#: Of a file that nothing else was learnt for.
OWN_ROWS: Final = 400


@dataclass(frozen=True, slots=True)
class Reading:
    """What is said of files from outside.

    Their columns, the first bad row, how many rows are learnt from where a file stands alone, and
    whether plain methods are measured beside the model.
    """

    columns: Columns = field(default_factory=Columns)
    onset: int | None = None
    rows: int = OWN_ROWS
    is_compared: bool = True


@dataclass(frozen=True, slots=True)
class Folder:
    """The runs of a folder, those that bring their own training, and what was done to files."""

    runs: Runs
    alone: tuple[Run, ...]
    told: tuple[str, ...]


def stem_of(path: Path) -> str:
    """The name without the endings of its form: ``d00_te`` of ``d00_te.dat.gz``."""
    name = path.name.removesuffix(".gz")
    return name.removesuffix(Path(name).suffix)


def tables_in(folder: Path) -> list[Path]:
    """The files of a folder, and of those in it, that may hold tables."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and Path(path.name.removesuffix(".gz")).suffix.lower() in _SUFFIXES
    )


def read_folder(folder: Path, reading: Reading | None = None) -> Folder:
    """Read all tables of a folder.

    Raises:
        ValueError: no file that may hold a table.
    """
    paths = tables_in(folder)
    if not paths:
        raise ValueError(f"{folder}: expected {', '.join(_SUFFIXES)} files, found none")
    training = [path for path in paths if _is_training(path, folder)]
    others = [path for path in paths if path not in training]
    return _gather(training, others, _Reader(reading or Reading(), skips=True))


def read_files(train: Sequence[Path], others: Sequence[Path], *, reading: Reading) -> Folder:
    """Read tables to learn from, and others.

    Raises:
        ValueError: a file that holds no table.
    """
    return _gather(train, others, _Reader(reading, skips=False))


class _Reader:
    """Reads file after file; what the first was like tells how to take a matrix after it."""

    def __init__(self, reading: Reading, *, skips: bool) -> None:
        self._reading, self._skips = reading, skips
        self._width: int | None = None
        self.told: list[str] = []

    def runs(self, path: Path, *, is_training: bool) -> list[Run]:
        try:
            read = read_any(path, self._reading.columns, width=self._width)
        except (ValueError, ScoringError) as fault:
            if not self._skips:
                raise
            self.told.append(f"{path.name}: left out: {fault}")
            return []
        self._width = self._width or read.table.values.shape[1]
        self.told += [f"{path.name}: {text}" for text in read.told]
        return list(_runs_of(path, read, None if is_training else self._reading.onset))


def _gather(train: Sequence[Path], others: Sequence[Path], reader: _Reader) -> Folder:
    learnt = [run for path in train for run in reader.runs(path, is_training=True)]
    scored = [(path, run) for path in others for run in reader.runs(path, is_training=False)]
    good = [run for run in learnt if not _went(run)]
    names = good[0].table.names if good else ()
    good = [run for run in good if run.table.names == names]
    told = tuple(reader.told)
    if not good:
        return Folder(Runs((), (), ()), (*learnt, *(run for _, run in scored)), told)
    strange = [run for _, run in scored if set(run.table.names) != set(names)]
    known = [(path, run) for path, run in scored if set(run.table.names) == set(names)]
    faults = [run for run in (*learnt, *(run for _, run in known)) if _went(run)]
    calm = [(path, run) for path, run in known if not _went(run)]
    normal = [run for path, run in calm if _is_normal(path, run)]
    alone = [run for path, run in calm if not _is_normal(path, run)]
    return Folder(Runs(tuple(good), tuple(normal), tuple(faults)), (*alone, *strange), told)


def _went(run: Run) -> bool:
    return run.bad is not None and bool(run.bad.any())


def _is_training(path: Path, folder: Path) -> bool:
    stem = stem_of(path)
    if found := _BRAATZ.match(stem):
        return found[1] == "00" and not found[2]
    return bool(_TRAIN.search(str(path.relative_to(folder).with_name(stem))))


def _is_normal(path: Path, run: Run) -> bool:
    return run.bad is not None or bool(_NORMAL.search(stem_of(path).lower()))


def _runs_of(path: Path, read: ReadTable, onset: int | None) -> Iterator[Run]:
    stem, width = stem_of(path), read.table.values.shape[1]
    found = _BRAATZ.match(stem)
    if read.runs is not None:
        yield from _many(stem, read)
    elif read.bad is not None:
        yield Run(stem, read.table, read.bad, _fault_of(stem, width))
    elif found:
        begins = (_BRAATZ_ONSET if onset is None else onset) if found[2] else 0
        yield _went_bad(Run(stem, read.table, fault=_fault_of(stem, width)), begins)
    elif onset is None or _NORMAL.search(stem.lower()):
        yield Run(stem, read.table)
    else:
        yield _went_bad(Run(stem, read.table, fault=_fault_of(stem, width)), onset)


def _fault_of(stem: str, width: int) -> str:
    """The number of the fault that a file is named for; empty where its name has none."""
    found = _FAULT.search(stem.lower())
    return "" if found is None else _told_fault(found[1].lstrip("0"), width)


def _told_fault(number: str, width: int) -> str:
    """The number alone where it is one of the process that the targets are of."""
    return number if width == _PROCESS_WIDTH or not number else f"fault {number}"


def _went_bad(run: Run, onset: int) -> Run:
    """With everything bad from ``onset`` on, unless it is a run of normal operation."""
    bad = np.zeros(len(run.table), bool)
    bad[onset if run.fault or not _BRAATZ.match(run.name) else len(bad) :] = True
    return replace(run, bad=bad)


def _many(stem: str, read: ReadTable) -> Iterator[Run]:
    """The runs of a file that has many, by fault and number."""
    numbers = read.runs or ()
    kinds = read.faults or ("0",) * len(numbers)
    rows: dict[tuple[str, str], list[int]] = {}
    for row, which in enumerate(zip(kinds, numbers, strict=True)):
        rows.setdefault(which, []).append(row)
    for (kind, number), mine in rows.items():
        run = Run(f"{stem}:{kind}:{number}", read.table.take(np.array(mine)))
        bad = np.zeros(len(mine), bool)
        if kind != "0":
            bad[_SHORT_ONSET if len(mine) <= _SHORT else _BRAATZ_ONSET :] = True
        fault = "" if kind == "0" else _told_fault(kind, run.table.values.shape[1])
        yield replace(run, fault=fault, bad=bad)
