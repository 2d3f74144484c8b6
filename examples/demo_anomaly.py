"""A forging press is watched: a model, an alarm, why, a label, and the same decision again.

Model, alarm, sentence and decision are the running service's; the decision is made again here.

The rows are made up from a seed (the demo has no press): force, travel, temperature, dwell and
vibration move together, as they do. From row 16 of the last upload the die wears, so that the
force drifts away from what the other parameters let expect, long before it leaves its own limits.
``python -m examples.demo_anomaly watch FOLDER ...`` is the supplier's step, ``ask`` its customer's.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from api.anomaly.places import Place
from api.client import LogClient
from api.client_anomaly import AnomalyClient, Told
from api.governing import KeyTerms, compose_key
from api.party_folder import PartySigner
from examples.demo_party import Desk, did_of, open_desk
from examples.demo_stage import Stage, StepFailed, at_service, chapter
from keys.ed25519 import SEED_BYTES
from keys.signer import SeedSigner
from ledger.compose import Filing
from ledger.record_type import parse_record_type
from ledger.submission import Admitted
from scoring.anomaly.decision import decode_decision
from scoring.anomaly.replay import ReplayReport, replay
from scoring.anomaly.serving import OnnxDetector

SUPPLIER: Final = "lindqvist-gears"
CUSTOMER: Final = "hanfeng-drive"
PLACE: Final = {"site": "LG-1", "line": "L2", "machine": "PRESS-4", "part": "GR-1001"}
LINE: Final = Place(did_of(SUPPLIER), **PLACE)
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
TRAINING_SECONDS_MAX: Final = 60.0
_WEAR_KN: Final = 1.2
_LIMIT_SIGMA: Final = 8.0
_BEGUN: Final = datetime(2026, 11, 19, 6, 0, tzinfo=UTC)


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


def told_of(alarm: Told) -> Iterator[str]:
    """What people are told of an alarm."""
    episode, peak = alarm["episode"], alarm["peak"]
    for language in ("en", "zh"):
        yield f"row {peak['row']}, {peak['level']}: {alarm['sentence'][language]}"
    for one in peak["explanation"]["top"][:3]:
        value = "missing" if one["value"] is None else f"{one['value']:.1f}"
        yield (
            f"  {one['parameter']:<7} {value:>8} {one['unit']:<5} expected {one['expected']:8.1f}, "
            f"{one['share']:6.1%} of T2"
        )
    yield (
        f"one event for {episode['loud_rows']} rows; first told at row {episode['first']['row']}, "
        f"the die wears since row {WORN_FROM}"
    )


def replayed(alarm: Told, onnx: bytes) -> Iterator[ReplayReport]:
    """The decisions on the row at which it opened and on its peak, made again."""
    for name in ("opening_decision", "decision"):
        text = json.dumps(alarm[name], ensure_ascii=False, separators=(",", ":"))
        yield replay(decode_decision(text.encode()), OnnxDetector(onnx))


# ---- at the log ----


def play_watched_line(stage: Stage) -> None:
    """Play the chapter."""
    chapter("A press is watched: an upload, an alarm, why, and a label")
    at_service(stage, SUPPLIER, "watch", program="anomaly")
    at_service(stage, CUSTOMER, "ask", program="anomaly")


def watch_line(desk: Desk) -> None:
    """Upload, have the service train, two people approve, upload a fault, label its alarm."""
    people = {name: _register(desk, name) for name in ("Anna Lind", "Bo Ek")}
    asking = AnomalyClient(desk.client)
    good = pressed(TRAINING_ROWS, seed=7)
    upload = _file(desk, "parameter-upload/v1", upload_groups(good))
    _tell(desk, upload, f"uploads {TRAINING_ROWS} rows of {len(PARAMETERS)} parameters")
    job = _trained(asking, upload.record_id)
    onnx = asking.onnx(job["model"])
    card = job.get("signed") or _sign_card(desk, job, len(onnx))
    _decide(desk, card, people)
    rows = pressed(FAULT_ROWS, seed=11, first=TRAINING_ROWS, worn_from=WORN_FROM)
    worn = _file(desk, "parameter-upload/v1", upload_groups(rows))
    _tell(desk, worn, f"uploads {FAULT_ROWS} rows more")
    (head,) = asking.alarms(limit=10, line=LINE.key)
    alarm = asking.alarm(head["id"])
    for line in told_of(alarm):
        print(f"  {line}")
    label = _file(desk, "alarm-label/v1", _label(alarm), people["Anna Lind"])
    _tell(desk, label, "Anna Lind labels it: a known cause, tool wear")
    reports = list(replayed(alarm, onnx))
    largest = max(report.largest_difference for report in reports)
    print(
        f"  replayed from model and inputs: {len(reports)} decisions of the service, largest "
        f"difference of a score {largest:.0e}"
    )


def _trained(asking: AnomalyClient, record_id: str) -> Told:
    """A model that the service has trained, and the card that it hands back."""
    asking.await_log()
    job = asking.train(LINE.key, (record_id,))
    until = time.monotonic() + TRAINING_SECONDS_MAX
    while job["status"] in ("queued", "running") and time.monotonic() < until:
        time.sleep(0.1)
        job = asking.training(job["job"])
    if job["status"] != "done":
        raise StepFailed(f"expected a model, found a training that is {job['status']}")
    return job


def _sign_card(desk: Desk, job: Told, size: int) -> str:
    """File the card where no key of the service is there for it; its record id."""
    card = _file(desk, "model-card/v1", job["card"])
    _tell(desk, card, f"signs the card of model {job['model'][:12]}, {size:,} bytes")
    return card.record_id


def ask_for_alarms(desk: Desk) -> None:
    """The customer asks: the values of the upload are opened to nobody, and so is the alarm."""
    found = list(AnomalyClient(desk.client).alarms(limit=10, owner=LINE.owner))
    told = "is told none: the values are not opened to it" if not found else f"{len(found)} alarms"
    print(f"  {desk.folder.root.name:<19} asks for alarms of the press, and {told}")


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


def _label(alarm: Told) -> dict[str, Any]:
    first, last = (alarm["episode"][name]["row"] for name in ("first", "last"))
    about = {"upload": alarm["record_id"], "from_row": first, "to_row": last}
    said = {"action": "label", "label": "known-cause", "cause": "tool-wear"}
    note = {"text": "die worn, changed / 模具磨损，已更换"}
    return {"alarm": {**about, "episode": alarm["id"]}, "label": said, "note": note}


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
    """Do the step of the supplier, or of its customer."""
    parser = argparse.ArgumentParser(prog="examples.demo_anomaly")
    parser.add_argument("step", choices=("watch", "ask"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--anchor", type=Path, required=True)
    given = parser.parse_args(arguments)
    desk = open_desk(given.folder, given.url, given.anchor)
    with LogClient(given.url, signer=desk.signing) as signed:
        step = {"watch": watch_line, "ask": ask_for_alarms}[given.step]
        step(replace(desk, client=signed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
