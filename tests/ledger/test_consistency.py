"""Rules between groups: a band beside exact values, found wrong wherever both are seen."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import decode_base64url
from ledger import limits
from ledger.consistency import Contradiction, compile_rules, find_contradictions, propose_bands
from ledger.content import CheckedRecord
from ledger.errors import MalformedType
from ledger.faults import Refusal
from ledger.record_type import parse_record_type
from ledger.verify import verify_view
from ledger.view import parse_view
from tests.ledger.contradictory_log import SAMPLE_RULE, ContradictoryLog, banded_definition
from tests.ledger.parties import Plan, a_consortium
from tests.ledger.sample_types import sample_type_text

pytestmark = pytest.mark.item("5.5")

GROUPS: Final = ("bands", "defects", "summary", "verdict")
EDGES: Final = [{"name": "low", "below": "50"}, {"name": "mid", "below": "500"}, {"name": "high"}]
PPM: Final = {"ratio": ["/defects/bad", "/defects/all"], "times": "1000000"}
BAND: Final = {"band": "/bands/ppm", "of": PPM, "edges": EDGES}
LEAST: Final = {"flag": "/bands/capable", "of": {"least": "/summary/*/ppk"}, "at_least": "1.33"}
AMONG: Final = {"flag": "/bands/ok", "text": "/verdict/decision", "among": ["accept"]}
RULES: Final = compile_rules([BAND, LEAST, AMONG], GROUPS)


def found(groups: dict[str, Any]) -> list[tuple[str, object, object]]:
    return [(item.stated, item.expected, item.found) for item in find_contradictions(RULES, groups)]


@pytest.mark.parametrize(
    ("bad", "band"),
    [(0, "low"), (49, "low"), (50, "mid"), (499, "mid"), (500, "high"), (1_000_000, "high")],
)
def test_a_band_is_the_first_whose_bound_lies_above_the_value(bad: int, band: str) -> None:
    groups = {"defects": {"bad": bad, "all": 1_000_000}, "bands": {"ppm": band}}
    assert found(groups) == []
    other = "high" if band != "high" else "low"
    groups["bands"] = {"ppm": other}
    assert found(groups) == [("/bands/ppm", band, other)]


@pytest.mark.parametrize(
    ("values", "capable"),
    [
        (["1.33"], True),
        (["1.3299999999999999999999999999999999"[:33]], False),
        (["1.330", "2"], True),
        (["5", "1.32"], False),
        ([None, "1.67"], True),
    ],
)
def test_the_least_of_all_values_is_compared_exactly(values: list[Any], capable: bool) -> None:
    summary = [{"ppk": value} if value else {} for value in values]
    for stated in (True, False):
        groups = {"summary": summary, "bands": {"capable": stated}}
        assert (found(groups) == []) == (stated is capable)


def test_a_flag_on_a_text_is_whether_it_is_one_of_them() -> None:
    groups: dict[str, Any] = {"verdict": {"decision": "reject"}, "bands": {"ok": True}}
    assert found(groups) == [("/bands/ok", False, True)]
    assert found({**groups, "verdict": {"decision": "accept"}}) == []
    # One is not true.
    assert found({**groups, "bands": {"ok": 1}}) == [("/bands/ok", False, 1)]


def test_a_rule_is_asked_only_of_a_reader_who_sees_both() -> None:
    whole = {"defects": {"bad": 1, "all": 10}, "bands": {"ppm": "low"}}
    assert found(whole) == [("/bands/ppm", "high", "low")]
    for group in whole:
        assert found({name: value for name, value in whole.items() if name != group}) == []


def test_a_band_that_nothing_bears_out_is_a_contradiction() -> None:
    for defects in ({"bad": 0, "all": 0}, {"bad": 1}, {}, {"bad": "x", "all": "y"}):
        groups = {"defects": defects, "bands": {"ppm": "low"}}
        assert found(groups) == [("/bands/ppm", None, "low")]


def test_more_values_than_the_bound_are_not_looked_through() -> None:
    most = limits.CONSISTENCY_VALUES_MAX
    for count, contradictions in ((most, 1), (most + 1, 0)):
        groups = {"summary": [{"ppk": "1"}] * count, "bands": {"capable": True}}
        assert len(found(groups)) == contradictions


def test_a_contradiction_names_the_band_and_every_place_it_rests_on() -> None:
    groups = {"defects": {"bad": 1, "all": 10}, "bands": {"ppm": "low"}}
    assert find_contradictions(RULES, groups) == (
        Contradiction("/bands/ppm", ("/defects/bad", "/defects/all"), "high", "low"),
    )


@given(
    bad=st.integers(0, 10**9),
    inspected=st.integers(0, 10**9),
    values=st.lists(st.decimals(0, 9, places=4).map(str), max_size=4),
)
def test_what_is_proposed_never_contradicts(bad: int, inspected: int, values: list[str]) -> None:
    groups: dict[str, Any] = {
        "defects": {"bad": bad, "all": inspected},
        "summary": [{"ppk": value} for value in values],
        "verdict": {"decision": "accept"},
    }
    proposed = propose_bands(RULES, groups)
    assert found({**groups, **proposed}) == []
    assert ("ppm" in proposed["bands"]) == (inspected > 0)
    if inspected:
        exact = Fraction(bad * 1_000_000, inspected)
        assert (proposed["bands"]["ppm"] == "high") == (exact >= 500)


def test_what_is_stated_already_is_not_proposed_again() -> None:
    groups = {"verdict": {"decision": "accept"}, "bands": {"ok": False}}
    assert propose_bands(RULES, groups) == {}


def _with(rule: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {**rule, **members}


def _deep(levels: int) -> Any:
    expression: Any = "/defects/bad"
    for _ in range(levels):
        expression = {"ratio": [expression, "/defects/all"], "times": "1"}
    return expression


@pytest.mark.parametrize(
    "items",
    [
        None,
        {},
        [BAND] * 2,
        [_with(BAND, band=f"/bands/b{at}") for at in range(limits.CONSISTENCY_RULES_MAX + 1)],
        ["x"],
        [{}],
        [_with(BAND, extra=1)],
        [_with(BAND, band="/bands")],
        [_with(BAND, band="/bands/a/b")],
        [_with(BAND, band="/nothing/ppm")],
        [_with(BAND, band="/bands/*")],
        [_with(BAND, of="/nothing/x")],
        [_with(BAND, of="defects")],
        [_with(BAND, of="/defects/*/x")],
        [_with(BAND, of={"mean": "/summary/*/ppk"})],
        [_with(BAND, of={"ratio": ["/defects/bad"], "times": "1"})],
        [_with(BAND, of={"ratio": ["/defects/bad", "/defects/all"], "times": 1})],
        [_with(BAND, of=_deep(limits.CONSISTENCY_DEPTH_MAX + 1))],
        [_with(BAND, edges=[])],
        [_with(BAND, edges=[{"name": "one"}])],
        [_with(BAND, edges=EDGES[:2])],
        [_with(BAND, edges=[EDGES[1], EDGES[0], EDGES[2]])],
        [_with(BAND, edges=[EDGES[0], {"name": "low"}])],
        [_with(BAND, edges=[{"name": "low", "below": "1e3"}, {"name": "high"}])],
        [_with(LEAST, at_least=1.33)],
        [_with(LEAST, at_least="one")],
        [_with(AMONG, among=[])],
        [_with(AMONG, among=[1])],
    ],
)
def test_a_rule_of_another_form_is_refused(items: Any) -> None:
    assert compile_rules([_with(BAND, of=_deep(limits.CONSISTENCY_DEPTH_MAX))], GROUPS)
    with pytest.raises(MalformedType, match="definition/consistency"):
        compile_rules(items, GROUPS)


def test_a_definition_says_its_rules() -> None:
    kind = parse_record_type(sample_type_text(**banded_definition()))
    assert [rule.stated for rule in kind.consistency] == ["/bands/many"]
    wrong = banded_definition() | {"consistency": [{**SAMPLE_RULE, "of": "/nothing/pieces"}]}
    with pytest.raises(MalformedType, match="/consistency/0/of"):
        parse_record_type(sample_type_text(**wrong))


def test_a_record_whose_band_contradicts_its_values_is_refused_with_both_places() -> None:
    log = a_consortium(Plan(types=(sample_type_text(**banded_definition()),)))
    party = tuple(log.parties.values())[1]
    lot = {"number": "L-1", "pieces": 99}
    right = log.check(log.record(party, {"lot": lot, "bands": {"many": False}}, label="right"))
    wrong = log.check(log.record(party, {"lot": lot, "bands": {"many": True}}, label="wrong"))
    assert isinstance(right, CheckedRecord)
    assert isinstance(wrong, Refusal)
    assert wrong.code == "band-contradicts"
    assert [fault.pointer for fault in wrong.faults] == ["/bands/many", "/lot/pieces"]


@pytest.mark.item("5.5.reader")
def test_a_reader_who_sees_both_finds_what_the_log_could_not_see() -> None:
    """As where the exact group was sealed at admission and opened later."""
    story = ContradictoryLog()
    bands_alone = [
        item for item in story.disclosures if b'"lot"' not in decode_base64url(item)[:60]
    ]

    def contradictions(shown: list[str]) -> list[str]:
        (record,) = verify_view(parse_view(story.view(shown)), story.anchor).records
        return [item.stated for item in record.contradictions]

    assert contradictions(story.disclosures) == ["/bands/many"]
    assert contradictions(bands_alone) == []
