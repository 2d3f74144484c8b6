"""Targets of what inspectors send while a lot is inspected."""

from __future__ import annotations

import json
from typing import Any, Final

from ledger.errors import MalformedJson
from ledger.strict_json import parse_json
from quality.builtin_parameters import builtin_sampling
from quality.errors import MalformedReading, MalformedTally, ReadingContradicts
from quality.sampling.parameters import parse_sampling_parameters
from quality.tally.fold import tally_up
from quality.tally.judging import judge_reading
from quality.tally.opening import Grounds, parse_opening, plan_lot
from quality.tally.plan import plan_of
from quality.tally.readings import parse_reading, parse_sequence, reading_members
from quality.tally.telling import tell
from tests.fuzz.target import Target
from tests.quality.tally.tallies import MEASURED

_BYTES_MAX: Final = 1024
_PARAMETERS: Final = parse_sampling_parameters(builtin_sampling().text)
_OPENING: Final[dict[str, Any]] = {
    "lot": {"number": "L-1", "part": "GR-1", "quantity": "100", "unit": "H87"},
    "stage": "receiving",
    "severities": {"major": "tightened"},
    "outside": {},
}
_READINGS: Final[tuple[Any, ...]] = (
    {"measured": {"piece": "1", "characteristic": "D1", "value": "10.05", "cavity": "2"}},
    {"defect": {"piece": "2", "class": "major", "code": "SURF", "nonconformities": 2}},
    {"good": {"piece": "3"}},
    {"good": {"pieces": 2}},
    {"withdrawn": {"sequence": 1}},
)


def _read_readings(data: bytes) -> None:
    """Read one after another, each of which is kept where it fits."""
    kept: list[tuple[int, Any]] = []
    for line in data.split(b"\n"):
        parse_sequence(len(kept) + 1, "/sequence")
        reading = parse_reading(parse_json(line, bytes_max=_BYTES_MAX))
        assert parse_reading(reading_members(reading)) == reading
        judge_reading(reading, MEASURED, tally_up(MEASURED, kept))
        kept.append((len(kept) + 1, reading))
    assert json.dumps(tell(MEASURED, tally_up(MEASURED, kept)))


def _open(data: bytes) -> None:
    """What is opened has a plan, or is told why it has none."""
    opening = parse_opening(data)
    if opening.typed is not None or opening.characteristics:
        # The schemas of the record types judge these first.
        return
    planned = plan_lot(opening, Grounds(100, _PARAMETERS))
    assert plan_of(planned.plan.members()) == planned.plan
    assert planned.plan.sample >= 1


TARGETS: Final = (
    Target(
        "tally-opening",
        _open,
        (MalformedTally,),
        (parse_opening,),
        lambda: [json.dumps(_OPENING).encode(), b"{}"],
        words=('"lot"', '"stage"', '"severities"', '"outside"', '"characteristics"'),
    ),
    Target(
        "tally-reading",
        _read_readings,
        (MalformedJson, MalformedReading, ReadingContradicts),
        (parse_reading, parse_sequence),
        lambda: [b"\n".join(json.dumps(one).encode() for one in _READINGS[:4]), b"{}"],
        words=('"measured"', '"defect"', '"good"', '"withdrawn"', '"piece"', '"value"'),
    ),
)
