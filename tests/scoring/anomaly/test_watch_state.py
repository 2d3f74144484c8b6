"""The state of a watch as bytes, and rule sets as bytes."""

from __future__ import annotations

import json

import pytest

from quality.spc.runs import Rule
from scoring.anomaly.rule_calibration import decode_rule_calibration, encode_rule_calibration
from scoring.anomaly.rules import ParameterRules, RuleSet, decode_rules, encode_rules
from scoring.anomaly.watch_bytes import decode_watch_state, encode_watch_state
from scoring.errors import MalformedModel, MalformedState, MalformedTable
from tests.fuzz.targets_watch import a_rule_calibration, a_watch_state


def test_a_state_is_read_from_its_bytes() -> None:
    written = encode_watch_state(a_watch_state())
    again = decode_watch_state(written)
    assert again.now.following == a_watch_state().now.following
    assert encode_watch_state(again) == written


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("format", "lotmark.watch/v0"),
        ("model", 7),
        ("kept", {"values": {"shape": [9, 9], "f8": ""}}),
        ("now", []),
    ],
)
def test_a_state_with_another_value_is_refused(at: str, value: object) -> None:
    content = json.loads(encode_watch_state(a_watch_state())) | {at: value}
    with pytest.raises(MalformedState, match="expected"):
        decode_watch_state(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"format":[' + b"[]," * 600_000 + b"1]}", "values in a state"),
        (b"[" * 100_000, "deep at most"),
        (b'{"format":"' + b'\\"[' * 100_000, "expected the state of a watch"),
    ],
    ids=["items", "nesting", "text"],
)
def test_a_state_of_too_many_values_or_too_deep_is_refused_unread(
    content: bytes, told: str
) -> None:
    with pytest.raises(MalformedState, match=told):
        decode_watch_state(content)


def test_rules_are_read_from_their_bytes() -> None:
    rules = RuleSet(
        (Rule.N1, Rule.N5), (ParameterRules("p1", (Rule.WE1,), 0.5, None, 3.5),), 2, "ab"
    )
    assert decode_rules(encode_rules(rules)) == rules


def test_a_parameter_without_rules_of_its_own_has_the_default_ones() -> None:
    assert RuleSet((Rule.N2,)).of("p9") == ParameterRules("p9", (Rule.N2,))


@pytest.mark.parametrize(
    "changed",
    [{"rules": ["N9"]}, {"weight": 11}, {"weight": "1"}, {"lower": 4.0}, {"id": ""}],
    ids=str,
)
def test_a_rule_that_is_none_is_refused(changed: dict[str, object]) -> None:
    good = {"id": "p1", "rules": ["N1"], "weight": 1.0, "lower": 1.0, "upper": 3.0}
    decode_rules(json.dumps({"parameters": [good]}).encode())
    with pytest.raises(MalformedTable, match="expected a rule set"):
        decode_rules(json.dumps({"parameters": [good | changed]}).encode())


def test_a_calibration_of_rules_is_read_from_its_bytes() -> None:
    written = encode_rule_calibration(a_rule_calibration())
    assert encode_rule_calibration(decode_rule_calibration(written)) == written
    with pytest.raises(MalformedModel, match="weights or scores that do not fit"):
        decode_rule_calibration(written.replace(b'"rules":["N1"]', b'"rules":["N1","N2"]'))
