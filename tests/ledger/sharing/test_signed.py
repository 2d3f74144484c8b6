"""Signed decisions and refusals: what they say comes back, and nothing else passes for one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger import limits
from ledger.checkpoint import parse_checkpoint
from ledger.errors import LedgerError, MalformedNote, WrongOrigin
from ledger.faults import Fault, Refusal
from ledger.note import encode_note as encode
from ledger.note import parse_note, sign_note
from ledger.sharing.decision import NEEDS, Decision, GroupDecision
from ledger.sharing.errors import (
    BadDecisionSignature,
    BadRefusalSignature,
    DecisionMismatch,
    MalformedDecision,
    MalformedRefusal,
)
from ledger.sharing.members import decision_members
from ledger.sharing.signed import (
    check_decision_fits,
    parse_decision,
    parse_refusal,
    verify_decision,
    verify_refusal,
)
from ledger.strict_json import encode_json
from tests.ledger.parties import ORIGIN, a_log_signer
from tests.ledger.sharing.decisions import (
    DECISION,
    REFUSAL,
    SUBMITTED,
    a_signed_decision,
    a_signed_refusal,
    an_anchor,
    an_id,
)

pytestmark = pytest.mark.item("5.3.signed")


def forged(change: dict[str, Any] | None = None, *, lot: dict[str, Any] | None = None) -> str:
    """A decision that the log key signed, with members that decide() never gives."""
    members = decision_members(DECISION)
    members.update(change or {})
    if lot is not None:
        members["groups"]["lot"].update(lot)
    return signed(f"lotmark decision v1\n{ORIGIN}\n{encode_json(members).decode()}\n")


def signed(text: str) -> str:
    return encode(sign_note(text, [a_log_signer()])).decode()


def test_a_decision_comes_back_as_it_was_made() -> None:
    assert verify_decision(a_signed_decision(), anchor=an_anchor()) == DECISION


def test_the_public_gets_a_decision_too() -> None:
    anyone = DECISION._replace(reader=None)
    assert verify_decision(a_signed_decision(anyone), anchor=an_anchor()) == anyone


def test_who_is_not_shown_the_manifest_is_told_of_no_tier() -> None:
    hidden = GroupDecision("manifest", "consortium", False, "none", None, ("membership",))
    groups = tuple(hidden if item.group == "manifest" else item for item in DECISION.groups)
    told = verify_decision(a_signed_decision(DECISION._replace(groups=groups)), anchor=an_anchor())
    assert [item.group for item in told.groups] == ["address", "filing", "lot", "manifest"]


def test_a_decision_is_three_lines_of_a_note() -> None:
    text = parse_note(a_signed_decision().encode()).text
    purpose, origin, members, end = text.split("\n")
    assert (purpose, origin, end) == ("lotmark decision v1", ORIGIN, "")
    assert members == encode_json(decision_members(DECISION)).decode()


def test_the_largest_decision_fits() -> None:
    name = "g" * 36
    groups = tuple(
        GroupDecision(f"{name}{n:04}", "consortium", False, "none", None, NEEDS)
        for n in range(limits.DECISION_GROUPS_MAX)
    )
    shown = next(item for item in DECISION.groups if item.group == "manifest")
    groups = (*groups[:-1], shown)
    largest = DECISION._replace(groups=groups, at_ms=2**53 - 1, size=2**53 - 1)
    assert verify_decision(a_signed_decision(largest), anchor=an_anchor()) == largest


def test_a_decision_is_no_checkpoint() -> None:
    with pytest.raises(MalformedNote):
        parse_checkpoint(parse_note(a_signed_decision().encode()).text)


def test_a_decision_is_no_refusal() -> None:
    with pytest.raises(MalformedRefusal, match="expected 'lotmark refusal v1'"):
        parse_refusal(a_signed_decision())
    with pytest.raises(MalformedDecision, match="expected 'lotmark decision v1'"):
        parse_decision(a_signed_refusal())


def test_a_decision_by_another_key_is_refused() -> None:
    other = a_signed_decision().rpartition("\n\n")[0]
    text = encode(sign_note(f"{other}\n", [a_log_signer(label="another log")])).decode()
    with pytest.raises(BadDecisionSignature, match="expected a line by one of 1 log keys"):
        verify_decision(text, anchor=an_anchor())


def test_a_changed_decision_is_refused() -> None:
    text = a_signed_decision()
    with pytest.raises(BadDecisionSignature):
        verify_decision(text.replace('"size":41', '"size":42'), anchor=an_anchor())


def test_a_decision_of_another_origin_is_refused() -> None:
    with pytest.raises(WrongOrigin, match="expected origin"):
        verify_decision(a_signed_decision(origin="other.example"), anchor=an_anchor())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "expected LF at the end"),
        ("\ud800", "expected UTF-8"),
        (signed(f"lotmark decision v1\n{ORIGIN}\n"), "2 lines"),
        (signed(f"lotmark decision v2\n{ORIGIN}\n{{}}\n"), "lotmark decision v2"),
        (signed(f"lotmark decision v1\n{ORIGIN}\n[]\n"), "expected an object"),
        (signed(f"lotmark decision v1\n{ORIGIN}\n{{}}\n"), "expected exactly"),
        (forged({"more": 1}), "expected exactly"),
        (forged({"record": "x"}), "record: expected a record id"),
        (forged({"policy": None}), "policy: expected a record id"),
        (forged({"reader": 1}), "reader: expected text"),
        (forged({"at_ms": -1}), "at_ms: expected an integer"),
        (forged({"size": True}), "size: expected an integer"),
        (forged({"groups": []}), "groups: expected an object"),
        (forged({"groups": {"lot": 1, "address": 1}}), "ascending"),
        (forged({"groups": {"Lot": decision_members(DECISION)["groups"]["lot"]}}), "name"),
        (forged(lot={"tier": "filing"}), "lot/tier: expected one of"),
        (forged(lot={"rule": "mercy"}), "lot/rule: expected one of"),
        (forged(lot={"rule": "none", "by": None}), "expected readable where a rule opens it"),
        (forged(lot={"readable": 1}), "expected readable where a rule opens it"),
        (forged(lot={"by": None}), "expected by as a record id"),
        (forged(lot={"rule": "issuer"}), "expected by as a record id"),
        (forged(lot={"needs": ["grant"]}), "expected needs of what is withheld"),
        (forged(lot={"needs": "grant"}), "needs: expected a list"),
        (forged(lot={"needs": ["grant", "relation"]}), "in this order"),
        (forged(lot={"needs": [["grant"]]}), "in this order"),
        (forged(lot={"more": 1}), "groups/lot: expected exactly"),
    ],
)
def test_another_form_is_refused(text: str, found: str) -> None:
    with pytest.raises(MalformedDecision, match=found):
        verify_decision(text, anchor=an_anchor())


def test_too_many_groups_are_refused() -> None:
    some = decision_members(DECISION)["groups"]["manifest"]
    groups = {f"g{n:04}": some for n in range(limits.DECISION_GROUPS_MAX + 1)}
    with pytest.raises(MalformedDecision, match="expected an object of some groups"):
        parse_decision(forged({"groups": groups}))


def test_a_decision_fits_the_record_that_it_opens() -> None:
    shown = {"lot", "manifest"}
    check_decision_fits(DECISION, record_id=DECISION.record_id, shown=shown)
    with pytest.raises(DecisionMismatch, match=r"found \['values'\]"):
        check_decision_fits(DECISION, record_id=DECISION.record_id, shown={*shown, "values"})
    with pytest.raises(DecisionMismatch, match="expected a decision on"):
        check_decision_fits(DECISION, record_id=an_id("another"), shown=shown)


def test_a_sealed_group_that_its_reader_opened_fits_a_decision_that_opens_it_to_nobody() -> None:
    item = GroupDecision("settings", "sealed", False, "none", None, ("sealing-key",))
    decision = DECISION._replace(groups=(*DECISION.groups, item))
    check_decision_fits(decision, record_id=DECISION.record_id, shown={"settings"})
    restricted = DECISION._replace(groups=(*DECISION.groups, item._replace(tier="restricted")))
    with pytest.raises(DecisionMismatch, match="settings"):
        check_decision_fits(restricted, record_id=DECISION.record_id, shown={"settings"})


@pytest.mark.item("5.3.refusals")
def test_a_refusal_comes_back_as_it_was_made() -> None:
    found = verify_refusal(a_signed_refusal(), anchor=an_anchor())
    assert (found.of, found.code, found.detail) == (SUBMITTED, REFUSAL.code, REFUSAL.detail)
    assert (found.faults, found.faults_left) == (REFUSAL.faults, 0)


@pytest.mark.item("5.3.refusals")
def test_a_long_refusal_is_cut_and_says_so() -> None:
    fault = Fault("/\x01" * 300, "\x02" * 500, "\ud800\x03" * 300)
    long = Refusal("invalid-claims", "\x04" * 5_000, (fault,) * limits.FAULTS_MAX)
    found = verify_refusal(a_signed_refusal(long), anchor=an_anchor())
    assert len(found.faults) == limits.REFUSAL_FAULTS_MAX
    assert len(found.faults) + found.faults_left == limits.FAULTS_MAX


@pytest.mark.item("5.3.refusals")
@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (('"size":41', '"size":42'), BadRefusalSignature),
        (('"size":41', '"size":-1'), MalformedRefusal),
        (('"faults":[', '"faults":[1,'), MalformedRefusal),
        (('"faults":[', '"faults":7,"more":['), MalformedRefusal),
        (('"detail":"1 fault"', '"detail":1'), MalformedRefusal),
        (('"/lot/pieces"', "1"), MalformedRefusal),
    ],
)
def test_a_changed_refusal_is_refused(change: tuple[str, str], refusal: type[LedgerError]) -> None:
    with pytest.raises(refusal):
        verify_refusal(a_signed_refusal().replace(*change), anchor=an_anchor())


@pytest.mark.item("5.3.refusals")
def test_a_refusal_of_another_origin_is_refused() -> None:
    with pytest.raises(WrongOrigin):
        verify_refusal(a_signed_refusal(origin="other.example"), anchor=an_anchor())


def test_an_anchor_of_another_log_vouches_for_nothing() -> None:
    other = replace(an_anchor(), origin="other.example")
    with pytest.raises(BadDecisionSignature, match="one of 0 log keys"):
        verify_decision(a_signed_decision(), anchor=other)


def test_a_decision_says_what_is_readable() -> None:
    found: Decision = DECISION
    assert found.readable == {"address", "lot", "manifest"}
