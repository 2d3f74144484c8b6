"""Targets of the watch of a line: its state, and the rules that engineers write."""

from __future__ import annotations

from typing import Final

import numpy as np

from quality.spc.runs import Rule
from scoring.anomaly.episodes import Episode, EpisodeKind, Following, RowMark
from scoring.anomaly.port import StreamState
from scoring.anomaly.rule_calibration import (
    RuleCalibration,
    decode_rule_calibration,
    encode_rule_calibration,
)
from scoring.anomaly.rules import ParameterRules, RuleSet, decode_rules, encode_rules
from scoring.anomaly.verdict import Level
from scoring.anomaly.watch_bytes import decode_watch_state, encode_watch_state
from scoring.anomaly.watch_state import Position, Rows, WatchState
from scoring.errors import MalformedModel, MalformedState, MalformedTable
from tests.fuzz.target import Target

_MARK: Final = RowMark("record", 3, 1_700_000_000_000_000)
_EPISODE: Final = Episode(
    id="anomaly:record:3",
    kind=EpisodeKind.ANOMALY,
    level=Level.RED,
    first=_MARK,
    last=_MARK,
    peak=_MARK,
    peak_p=0.0004,
    peak_score=2.5,
    rows=1,
    loud_rows=1,
    parameters=(("p1", 1),),
    model="00" * 32,
)


def a_watch_state() -> WatchState:
    """A state with an open episode, one row kept and one checkpoint before it."""
    stream = StreamState("00" * 32, {"level/drift@0.3": np.array([0.25, -0.5])}, 4, 17)
    points = np.array([[0.5, np.nan]])
    exceeded = np.array([[1.0], [2.0], [np.nan]])
    before = Position(stream, points, exceeded, np.zeros(2), (True, False), (), 3)
    following = (Following(_EPISODE, 2),)
    now = Position(stream, points, exceeded, np.zeros(2), (True, False), following, 4, _MARK)
    kept = Rows(np.array([[1.5, np.nan]]), (_MARK,), (None,))
    return WatchState("00" * 32, now, (before,), kept, (("anomaly:record:3", 3),))


def _watch_state(data: bytes) -> None:
    """What is read is written as bytes that are read as the same."""
    written = encode_watch_state(decode_watch_state(data))
    assert encode_watch_state(decode_watch_state(written)) == written


def _rules(data: bytes) -> None:
    rules = decode_rules(data)
    assert decode_rules(encode_rules(rules)) == rules


def _calibration(data: bytes) -> None:
    found = decode_rule_calibration(data)
    assert encode_rule_calibration(found) == data


def a_rule_calibration() -> RuleCalibration:
    """Of two parameters and one rule."""
    weights, scores = np.array([[2.5], [3.0]]), np.array([0.0, 2.5])
    return RuleCalibration(("p1", "p2"), (Rule.N1,), weights, scores, (True, False), "ab")


TARGETS: Final = (
    Target(
        "rule-calibration",
        _calibration,
        (MalformedModel,),
        (decode_rule_calibration,),
        lambda: [encode_rule_calibration(a_rule_calibration()), b"{}", b"[]"],
        words=('"names"', '"weights"', '"scores"', '"rules"', '"N1"', "true"),
    ),
    Target(
        "watch-state",
        _watch_state,
        (MalformedState,),
        (decode_watch_state,),
        lambda: [encode_watch_state(a_watch_state()), b"{}", b"[]"],
        bytes_max=4096,
        words=('"now"', '"kept"', '"shape"', '"f8"', '"format"', '"stream"', "NaN"),
    ),
    Target(
        "rule-set",
        _rules,
        (MalformedTable,),
        (decode_rules,),
        lambda: [
            encode_rules(RuleSet(parameters=(ParameterRules("p1", (Rule.N1,), 0.5, -1.0, 2.0),))),
            b"{}",
            b"7",
        ],
        words=('"id"', '"rules"', '"weight"', '"lower"', '"upper"', '"N1"', "1e999", "NaN"),
    ),
)
