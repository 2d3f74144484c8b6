"""A forging press is watched: an upload, an alarm, why, a label, and the same verdict again.

The rows are made up from a seed (the demo has no press): force, travel, temperature, dwell and
vibration move together, as they do. From row 16 of the last upload the die wears, so that the
force drifts away from what the other parameters let expect, long before it leaves its own limits.
``python -m examples.demo_anomaly watch FOLDER ...`` is the supplier's step.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from api import __version__
from api.client import LogClient
from api.governing import KeyTerms, compose_key
from api.party_folder import PartySigner
from examples.demo_party import Desk, did_of, open_desk
from examples.demo_stage import Stage, at_service, chapter
from keys.ed25519 import SEED_BYTES
from keys.signer import SeedSigner
from ledger.compose import Filing
from ledger.record_type import parse_record_type
from ledger.submission import Admitted
from scoring.anomaly.cards import LinePlace, TrainingRecord
from scoring.anomaly.decision import Limit as LevelLimit
from scoring.anomaly.drafting import Lineage, Trained, draft_card
from scoring.anomaly.graph import export_model
from scoring.anomaly.line import Line
from scoring.anomaly.replay import ReplayReport, decide, replay
from scoring.anomaly.sentences import sentence
from scoring.anomaly.serving import OnnxDetector
from scoring.anomaly.specification import Limit, Limits
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.anomaly.training import train
from scoring.anomaly.verdict import Level, Verdict
from scoring.anomaly.watch import LineWatch

SUPPLIER: Final = "lindqvist-gears"
PLACE: Final = {"site": "LG-1", "line": "L2", "machine": "PRESS-4", "part": "GR-1001"}
#: Name, unit, usual value, spread, how much of the press's common movement it has.
PARAMETERS: Final = (
    ("force", "kN", 840.0, 6.0, 0.8),
    ("travel", "mm", 62.4, 0.05, -0.7),
    ("heat", "Cel", 1148.0, 4.0, 0.9),
    ("dwell", "ms", 310.0, 3.0, 0.6),
    ("shake", "mm/s", 4.1, 0.2, 0.5),
)
TRAINING_ROWS: Final = 500
FAULT_ROWS: Final = 40
WORN_FROM: Final = 16
_WEAR_KN: Final = 1.2
_LIMIT_SIGMA: Final = 8.0
_BEGUN: Final = datetime(2026, 11, 19, 6, 0, tzinfo=UTC)
_NAMES: Final = tuple(name for name, *_ in PARAMETERS)


@dataclass(frozen=True, slots=True)
class Watched:
    """What the model says of the upload with the fault.

    ``first`` is its first verdict with a level and ``red`` its first red one.
    """

    verdicts: tuple[Verdict, ...]
    first: Verdict
    red: Verdict
    events: int
    replayed: ReplayReport


def pressed(rows: int, *, seed: int, first: int = 0, worn_from: int | None = None) -> list[Any]:
    """Rows as an upload states them, four a minute; with wear from a row on.

    Args:
        rows: how many.
        seed: of all that is random.
        first: rows before them, which tell when they were pressed.
        worn_from: the row, from 1, at which the die begins to wear.
    """
    random = np.random.default_rng(seed)
    common = random.normal(size=rows)
    told = []
    for row in range(rows):
        worn = 0 if worn_from is None else max(0, row + 2 - worn_from)
        values = []
        for name, _, usual, spread, share in PARAMETERS:
            own = np.sqrt(1 - share**2) * random.normal()
            value = usual + spread * (share * common[row] + own)
            values.append(f"{value + (_WEAR_KN * worn if name == 'force' else 0.0):.3f}")
        at = _BEGUN + timedelta(seconds=15 * (first + row))
        told.append({"at": at.isoformat(timespec="seconds"), "values": values})
    return told


def limits() -> dict[str, tuple[float, float]]:
    """The specification: as wide as most are, far beyond what the process does."""
    return {
        name: (usual - _LIMIT_SIGMA * spread, usual + _LIMIT_SIGMA * spread)
        for name, _, usual, spread, _ in PARAMETERS
    }


def table_of(rows: list[Any]) -> ParameterTable:
    """The rows of an upload as the model takes them."""
    values: Numbers = np.array([[float(value) for value in row["values"]] for row in rows])
    at = [datetime.fromisoformat(row["at"]) for row in rows]
    at_us = np.array([int(one.timestamp()) * 1_000_000 for one in at], np.int64)
    return ParameterTable(_NAMES, values, at_us, units=tuple(unit for _, unit, *_ in PARAMETERS))


def train_on(rows: list[Any]) -> Trained:
    """Train, export, and open what serves."""
    table = table_of(rows)
    model = train(table)
    onnx = export_model(model)
    return Trained(model, onnx, OnnxDetector(onnx), table)


def watch(trained: Trained, rows: list[Any], *, source: str) -> Watched:
    """Score an upload, then replay what was decided."""
    line = Line(
        trained.model,
        Limits({name: Limit(low, high) for name, (low, high) in limits().items()}),
    )
    watching = LineWatch(trained.detector, line)
    pushed = watching.push(table_of(rows), watching.start(), source=source, first_row=1)
    levels = [one for one in pushed.verdicts if one.level is not Level.NONE]
    red = next(one for one in levels if one.level is Level.RED)
    detector = OnnxDetector(trained.onnx)
    kept = (LevelLimit("yellow", 0.01), LevelLimit("red", 0.001))
    path = decide(detector, table_of(rows), detector.start(), limits=kept)
    replayed = replay(path, OnnxDetector(trained.onnx))
    return Watched(pushed.verdicts, levels[0], red, len(pushed.episodes), replayed)


def told_of(found: Watched) -> Iterator[str]:
    """What people are told of an alarm."""
    for language in ("en", "zh"):
        yield f"row {found.red.row}, {found.red.level}: {sentence(found.red, language)}"
    explanation = found.red.explanation
    for one in explanation.top[:3] if explanation else ():
        value = "missing" if one.value is None else f"{one.value:.1f}"
        yield (
            f"  {one.parameter:<7} {value:>8} {one.unit:<5} expected {one.expected:8.1f}, "
            f"{one.share:6.1%} of T2"
        )
    yield (
        f"{found.events} event for {sum(v.level is not Level.NONE for v in found.verdicts)} rows; "
        f"first told at row {found.first.row}, the die wears since row {WORN_FROM}"
    )


# ---- at the log ----


def play_watched_line(stage: Stage) -> None:
    """Play the chapter."""
    chapter("A press is watched: an upload, an alarm, why, and a label")
    at_service(stage, SUPPLIER, "watch", program="anomaly")


def watch_line(desk: Desk) -> None:
    """Upload, train, have two people approve, upload a fault, label the alarm."""
    people = {name: _register(desk, name) for name in ("Anna Lind", "Bo Ek")}
    good = pressed(TRAINING_ROWS, seed=7)
    upload = _file(desk, "parameter-upload/v1", upload_groups(good))
    _tell(desk, upload, f"uploads {TRAINING_ROWS} rows of {len(PARAMETERS)} parameters")
    trained = train_on(good)
    card = _file(desk, "model-card/v1", _card(trained, good, upload.record_id))
    digest = hashlib.sha256(trained.onnx).hexdigest()
    _tell(desk, card, f"files the card of model {digest[:12]}, {len(trained.onnx):,} bytes")
    _decide(desk, card.record_id, people)
    rows = pressed(FAULT_ROWS, seed=11, first=TRAINING_ROWS, worn_from=WORN_FROM)
    worn = _file(desk, "parameter-upload/v1", upload_groups(rows))
    _tell(desk, worn, f"uploads {FAULT_ROWS} rows more")
    found = watch(trained, rows, source=worn.record_id)
    for line in told_of(found):
        print(f"  {line}")
    label = _file(desk, "alarm-label/v1", _label(worn.record_id, found), people["Anna Lind"])
    _tell(desk, label, "Anna Lind labels it: a known cause, tool wear")
    print(
        f"  replayed from model and inputs: {found.replayed.rows} rows, largest difference of a "
        f"score {found.replayed.largest_difference:.0e}"
    )


def upload_groups(rows: list[Any]) -> dict[str, Any]:
    """The groups of an upload of the press."""
    bounds = limits()
    parameters = [
        {
            "id": name,
            "unit": unit,
            "nominal": f"{usual:.2f}",
            "lower": f"{bounds[name][0]:.2f}",
            "upper": f"{bounds[name][1]:.2f}",
        }
        for name, unit, usual, *_ in PARAMETERS
    ]
    return {"process": {**PLACE, "parameters": parameters}, "values": {"rows": rows}}


def _card(trained: Trained, rows: list[Any], record_id: str) -> Mapping[str, Any]:
    times = table_of(rows).at_us
    assert times is not None, "every row of the press says when it was pressed"
    lineage = Lineage(
        LinePlace(did_of(SUPPLIER), **PLACE),
        (TrainingRecord(record_id),),
        f"lotmark {__version__}",
        int(times[0]),
        int(times[-1]),
    )
    return draft_card(trained, lineage).content


def _label(record_id: str, found: Watched) -> dict[str, Any]:
    alarm = {"upload": record_id, "from_row": found.first.row, "to_row": FAULT_ROWS}
    said = {"action": "label", "label": "known-cause", "cause": "tool-wear"}
    return {"alarm": alarm, "label": said, "note": {"text": "die worn, changed / 模具磨损，已更换"}}


def _decide(desk: Desk, card: str, people: Mapping[str, PartySigner]) -> None:
    for name, signer in people.items():
        state = {"card": card, "decision": "approve", "reason": "first-model"}
        _tell(desk, _file(desk, "model-decision/v1", {"state": state}, signer), f"{name} approves")
    state = {"card": card, "decision": "activate", "reason": "first-model"}
    admitted = _file(desk, "model-decision/v1", {"state": state}, signer)
    _tell(desk, admitted, f"four eyes have seen it, and {name} lets it watch the line")


def _register(desk: Desk, name: str) -> PartySigner:
    """A key of a person; the machine's key decides nothing."""
    signer = PartySigner(desk.signing.did, SeedSigner(secrets.token_bytes(SEED_BYTES)))
    terms = KeyTerms(("records",), "person")
    text = compose_key(desk.composer(desk.admin), signer.signer, terms=terms, iat=int(time.time()))
    _tell(desk, desk.client.submit(text), f"registers a key of {name}")
    return signer


def _file(
    desk: Desk, vct: str, groups: Mapping[str, Any], signer: PartySigner | None = None
) -> Admitted:
    kind = parse_record_type(desk.client.record_type(vct))
    composer = desk.composer(signer or desk.signing)
    text = composer.compose_record(kind, dict(groups), filing=Filing(), iat=int(time.time()))
    return desk.client.submit(text)


def _tell(desk: Desk, admitted: Admitted, words: str) -> None:
    print(f"  {desk.folder.root.name:<19} entry {admitted.index:>3}  {words}")


def main(arguments: list[str]) -> int:
    """Do the supplier's step."""
    parser = argparse.ArgumentParser(prog="examples.demo_anomaly")
    parser.add_argument("step", choices=("watch",))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--anchor", type=Path, required=True)
    given = parser.parse_args(arguments)
    desk = open_desk(given.folder, given.url, given.anchor)
    with LogClient(given.url, signer=desk.signing) as signed:
        watch_line(replace(desk, client=signed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
