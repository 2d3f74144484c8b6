"""Targets of what inspectors send while a lot is inspected."""

from __future__ import annotations

import json
from typing import Any, Final

from ledger.errors import MalformedJson
from ledger.strict_json import parse_json
from quality.errors import MalformedReading, ReadingContradicts
from quality.tally.fold import tally_up
from quality.tally.judging import judge_reading
from quality.tally.readings import parse_reading, parse_sequence, reading_members
from quality.tally.telling import tell
from tests.fuzz.target import Target
from tests.quality.tally.tallies import MEASURED

_BYTES_MAX: Final = 1024
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


TARGETS: Final = (
    Target(
        "tally-reading",
        _read_readings,
        (MalformedJson, MalformedReading, ReadingContradicts),
        (parse_reading, parse_sequence),
        lambda: [b"\n".join(json.dumps(one).encode() for one in _READINGS[:4]), b"{}"],
        words=('"measured"', '"defect"', '"good"', '"withdrawn"', '"piece"', '"value"'),
    ),
)
