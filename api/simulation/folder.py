"""The folder of a simulation: what was asked for, the drafts or the log, and the truth.

``simulation.json`` says what was asked for and is written first, ``truth.json`` last: a folder
without it is one that was left early, and the same command goes on from where it stopped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from api.setup_errors import SimulationExists
from ledger.durable_files import move_file, replace_file
from quality.evaluation.consortium import EvaluationConsortium
from quality.evaluation.draft import Draft, draft_body
from quality.evaluation.truth import Truth

FORMAT: Final = "lotmark.simulation/v1"
TRUTH_FORMAT: Final = "lotmark.truth/v1"
#: Told of each record that is done: its admission time.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class SimulationPlan:
    """What is simulated; ``records`` ends it early, ``months`` is then no end where None."""

    seed: int
    suppliers: int
    months: int | None
    records: int | None
    begin: date
    is_signed: bool

    def consortium(self) -> EvaluationConsortium:
        """Who speaks."""
        return EvaluationConsortium(
            self.seed, suppliers=self.suppliers, months=self.months, begin=self.begin
        )

    def body(self) -> dict[str, Any]:
        """What ``simulation.json`` says."""
        return {"format": FORMAT, **asdict(self), "begin": self.begin.isoformat()}


@dataclass(frozen=True, slots=True)
class SimulationFolder:
    """The paths below the folder of one simulation."""

    root: Path

    @property
    def plan(self) -> Path:
        """What was asked for."""
        return self.root / "simulation.json"

    @property
    def drafts(self) -> Path:
        """The records, one a line, not signed."""
        return self.root / "drafts.jsonl"

    @property
    def drafts_so_far(self) -> Path:
        """The same while they are being written."""
        return self.root / "drafts.jsonl.part"

    @property
    def truth(self) -> Path:
        """What is true; there when all is."""
        return self.root / "truth.json"

    @property
    def data(self) -> Path:
        """The data folder of the signed log."""
        return self.root / "data"

    @property
    def founded(self) -> Path:
        """How large the log was before its first business record."""
        return self.root / "founded.json"

    @property
    def parties(self) -> Path:
        """The keys of a few parties, to try the log out with."""
        return self.root / "parties"


def claim(folder: SimulationFolder, plan: SimulationPlan) -> bool:
    """Make the folder this simulation's; False where all of it is there already.

    Raises:
        SimulationExists: there is another simulation in the folder, or something else.
    """
    folder.root.mkdir(parents=True, exist_ok=True)
    wanted = orjson.dumps(plan.body(), option=orjson.OPT_INDENT_2) + b"\n"
    if not folder.plan.exists():
        found = sorted(path.name for path in folder.root.iterdir())
        if found:
            raise SimulationExists(
                f"expected an empty folder {folder.root}, found {', '.join(found[:4])}: "
                "name another one"
            )
        replace_file(folder.plan, wanted)
    elif folder.plan.read_bytes() != wanted:
        raise SimulationExists(
            f"expected the simulation that {folder.plan} describes, found other options: give "
            "the same ones to go on with it, or name another folder"
        )
    return not folder.truth.exists()


def write_drafts(folder: SimulationFolder, plan: SimulationPlan, progress: Progress) -> Truth:
    """Write ``drafts.jsonl``; what an earlier run wrote is compared, and kept where it is right."""
    truth = Truth()
    with folder.drafts_so_far.open("r+b" if folder.drafts_so_far.exists() else "w+b") as file:
        is_kept = True
        for draft in islice(plan.consortium().drafts(), plan.records):
            line = encode_draft(draft)
            if is_kept:
                place = file.tell()
                is_kept = file.readline() == line
                if not is_kept:
                    file.seek(place)
                    file.truncate()
            if not is_kept:
                file.write(line)
            truth.note(draft.fact)
            progress(draft.at_ms)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    move_file(folder.drafts_so_far, folder.drafts)
    return truth


def encode_draft(draft: Draft) -> bytes:
    """A line of ``drafts.jsonl``."""
    return orjson.dumps(draft_body(draft), option=orjson.OPT_APPEND_NEWLINE)


def write_truth(folder: SimulationFolder, plan: SimulationPlan, truth: Truth) -> None:
    """Write ``truth.json``, which ends the simulation."""
    replace_file(folder.truth, b"".join(_truth_lines(plan, truth)))


def _truth_lines(plan: SimulationPlan, truth: Truth) -> Iterator[bytes]:
    consortium = plan.consortium()
    head = {
        **plan.body(),
        "format": TRUTH_FORMAT,
        "origin": consortium.origin,
        "count": truth.drafts,
    }
    yield orjson.dumps(head)[:-1]
    yield from _rows("profiles", map(asdict, consortium.profiles))
    yield from _rows("cells", truth.cell_rows())
    yield from _rows("bad_lots", truth.lot_rows())
    yield from _rows("complaints", truth.complaint_rows())
    yield b"}\n"


def _rows(name: str, rows: Iterable[object]) -> Iterator[bytes]:
    """One row a line, so that the file can be read by eye and by line."""
    yield b',\n"%s":[' % name.encode()
    for at, row in enumerate(rows):
        yield (b",\n" if at else b"\n") + orjson.dumps(row)
    yield b"]"
