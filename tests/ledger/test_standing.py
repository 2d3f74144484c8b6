"""What members may do, amend and allow together (docs/spec/governance.md, 2, 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from ledger.faults import Refusal
from ledger.log_keys import introduce_log_key
from ledger.note import encode_vkey
from ledger.party import Standing
from ledger.record_type import document_digest
from ledger.rules import ACTS
from tests.ledger.acts import HOUR_MS, Members, admission_of, recovery_of
from tests.ledger.five_parties import (
    AUDITOR,
    CERTIFIER,
    GEAR,
    NEW,
    OEM,
    OTHER,
    SUPPLIER,
    at_work,
    with_new_party,
)
from tests.ledger.governance_documents import OTHER_TYPE, OTHER_VCT
from tests.ledger.parties import (
    ORIGIN,
    Plan,
    a_consortium,
    a_log_signer,
    code_of,
    record_id_of,
    sign_type,
)

pytestmark = pytest.mark.item("3.1")


# ---- standing ----


def suspended() -> Members:
    members = at_work()
    members.decide(OEM, "suspend", {"party": GEAR.did}, SUPPLIER, AUDITOR)
    return members


def removed() -> Members:
    members = at_work()
    members.decide(OEM, "remove", {"party": GEAR.did}, SUPPLIER, AUDITOR)
    return members


OTHER_KEY: Final = GEAR.another_key("other device")

SAYINGS: list[tuple[str, Callable[[Members], str], str | None, str | None, str | None]] = [
    ("record", lambda m: m.consortium.record(GEAR), None, "party-suspended", "not-permitted"),
    ("key", lambda m: m.key(GEAR, OTHER_KEY), None, "party-suspended", "not-permitted"),
    (
        "proposal",
        lambda m: m.proposal(GEAR, "admit", admission_of(NEW)),
        None,
        "party-suspended",
        "not-permitted",
    ),
    (
        "revocation",
        lambda m: m.revocation(GEAR.admin, GEAR.signing.kid),
        None,
        None,
        "not-permitted",
    ),
    (
        "rotation",
        lambda m: m.rotation(GEAR, GEAR.another_key("third")),
        None,
        None,
        "not-permitted",
    ),
]


@pytest.mark.parametrize(
    ("name", "sign", "member", "held", "gone"), SAYINGS, ids=[item[0] for item in SAYINGS]
)
def test_what_a_party_may_sign_by_its_standing(
    name: str,
    sign: Callable[[Members], str],
    member: str | None,
    held: str | None,
    gone: str | None,
) -> None:
    del name
    for members, code in ((at_work(), member), (suspended(), held), (removed(), gone)):
        assert members.submit(sign(members)) == code


def test_a_reader_stays_one_while_its_party_is_suspended() -> None:
    members = at_work()
    device = GEAR.another_key("reader")
    members.admit(members.key(GEAR, device))
    assert members.fold.may_request(device.kid)
    members.decide(OEM, "suspend", {"party": GEAR.did}, SUPPLIER, AUDITOR)
    assert members.fold.may_request(device.kid)
    assert not members.fold.may_sign(device.kid, "sample-report/v1")
    assert members.fold.may_sign(GEAR.admin.kid, "key-revocation/v1")
    assert not members.fold.may_sign(GEAR.admin.kid, "proposal/v1")
    members.decide(OEM, "remove", {"party": GEAR.did}, SUPPLIER, AUDITOR)
    assert not members.fold.may_request(device.kid)
    assert not members.fold.may_sign(GEAR.admin.kid, "key-revocation/v1")


def test_a_party_is_reinstated() -> None:
    members = suspended()
    assert members.submit(members.proposal(OEM, "suspend", {"party": GEAR.did})) == "not-permitted"
    members.decide(OEM, "reinstate", {"party": GEAR.did}, SUPPLIER, AUDITOR)
    assert members.submit(members.consortium.record(GEAR)) is None
    text = members.proposal(OEM, "reinstate", {"party": GEAR.did})
    assert members.submit(text) == "not-permitted"
    party = members.fold.parties[GEAR.did]
    assert [standing for _, standing in party.standings] == ["member", "suspended", "member"]


def test_a_removed_party_never_comes_back() -> None:
    members = removed()
    assert all(not key.is_in_force for key in members.fold.parties[GEAR.did].keys.values())
    for act, content in [
        ("reinstate", {"party": GEAR.did}),
        ("suspend", {"party": GEAR.did}),
        ("remove", {"party": GEAR.did}),
        ("recover", recovery_of(GEAR, OTHER.admin, OTHER.next_admin)),
        ("admit", admission_of(NEW) | {"slug": GEAR.slug}),
    ]:
        assert members.submit(members.proposal(OEM, act, content)) == "not-permitted"


@pytest.mark.parametrize("act", ["suspend", "remove"])
def test_the_operator_is_neither_suspended_nor_removed(act: str) -> None:
    members = at_work()
    text = members.proposal(SUPPLIER, act, {"party": OEM.did})
    assert members.submit(text) == "not-permitted"
    members.decide(OEM, "amend", {"operator": SUPPLIER.slug}, GEAR, AUDITOR)
    assert members.fold.rules.operator == SUPPLIER.slug
    assert members.submit(text) is None


def test_a_party_leaves_without_being_asked() -> None:
    members = at_work()
    members.admit(members.proposal(GEAR, "remove", {"party": GEAR.did}))
    assert members.fold.standing(GEAR.did) is Standing.REMOVED
    # The operator hands the log over first.
    assert members.submit(members.proposal(OEM, "remove", {"party": OEM.did})) == "not-permitted"


@pytest.mark.item("3.1.roles")
def test_roles_and_parent_are_changed_by_the_members() -> None:
    members = with_new_party()
    content = {
        "party": NEW.did,
        "roles": ["supplier", "laboratory"],
        "accreditations": ["ilac-l-7"],
        "entity": "legal-entity",
        "parent": GEAR.slug,
    }
    members.decide(OEM, "roles", content, SUPPLIER, CERTIFIER, GEAR)
    party = members.fold.parties[NEW.did]
    assert party.roles == {"supplier", "laboratory"}
    assert party.accreditations == {"ilac-l-7"}
    assert party.parent == GEAR.slug
    # Neither a circle nor oneself.
    circle = {**content, "party": GEAR.did, "parent": NEW.slug}
    assert members.submit(members.proposal(OEM, "roles", circle)) == "not-permitted"
    assert members.submit(members.proposal(OEM, "roles", {**content, "parent": None})) is None


# ---- amendments ----


LOG_KEY: Final = encode_vkey(a_log_signer().key)
OTHER_LOG_KEY: Final = encode_vkey(a_log_signer(label="x").key)
SMALL: Final = {"entry_bytes_max": 8192, "disclosure_bytes_max": 8192, "disclosures_max": 8}


def quorum_of(threshold: object, *roles: str) -> dict[str, Any]:
    rule = {"electorate": list(roles or ("oem", "supplier")), "threshold": threshold}
    return {"quorum": dict.fromkeys(ACTS, rule)}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (quorum_of(3), None),
        (quorum_of(4), "quorum-out-of-reach"),
        (quorum_of("majority", "auditor"), None),
        (quorum_of(1, "operator"), None),
        ({}, "invalid-claims"),
        ({"origin": "x"}, "invalid-claims"),
        ({"operator": "hanfeng-drive"}, None),
        ({"operator": "nobody-here"}, "not-permitted"),
        ({"entry_bundles": "members"}, None),
        ({"limits": SMALL}, None),
        ({"limits": SMALL | {"disclosures_max": 65}}, "invalid-claims"),
        ({"credentials": []}, None),
        ({"witness_policy": "quorum none\n"}, None),
        ({"witness_policy": "quorum some\n"}, "malformed-charter"),
        ({"witness_policy": f"log {OTHER_LOG_KEY}\nquorum none\n"}, "malformed-charter"),
        ({"log_keys": {"add": [], "retire": []}}, None),
        ({"log_keys": {"add": [], "retire": [LOG_KEY]}}, "malformed-charter"),
    ],
)
def test_what_may_be_amended(content: dict[str, Any], code: str | None) -> None:
    members = at_work()
    assert members.submit(members.proposal(OEM, "amend", content)) == code


def test_an_amendment_is_in_force_from_its_index_on() -> None:
    members = at_work()
    before = members.fold.rules
    members.decide(OEM, "amend", quorum_of(2) | {"entry_bundles": "members"}, SUPPLIER, GEAR)
    at = members.size - 1
    fold = members.fold
    assert fold.rules_at(at) == before
    assert fold.rules_at(at + 1) == fold.rules
    assert fold.rules_at(0) is None
    assert fold.rules.quorum["admit"].threshold == 2
    assert not fold.rules.has_open_bundles
    # Two are enough now.
    members.decide(OEM, "suspend", {"party": GEAR.did}, SUPPLIER)
    assert members.fold.standing(GEAR.did) is Standing.SUSPENDED


@pytest.mark.parametrize("act", ["suspend", "remove", "roles", "leave"])
def test_no_act_leaves_a_rule_out_of_reach(act: str) -> None:
    members = at_work()
    members.decide(OEM, "amend", quorum_of(3), SUPPLIER, GEAR)
    content: dict[str, Any] = {"party": GEAR.did}
    if act == "roles":
        content |= {"roles": ["auditor"], "accreditations": [], "entity": "group", "parent": None}
    proposer = GEAR if act == "leave" else OEM
    name = "remove" if act == "leave" else act
    text = members.proposal(proposer, name, content)
    refusal = members.try_out(text)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "quorum-out-of-reach"
    assert "there would be 2" in refusal.detail
    members.join(NEW, OEM, SUPPLIER, GEAR, roles=["supplier"])
    assert members.submit(text) is None


def test_a_log_key_is_introduced_by_itself_and_by_one_in_force() -> None:
    members = at_work()
    old, new = a_log_signer(), a_log_signer(label="second")
    vkeys = (encode_vkey(old.key), encode_vkey(new.key))
    row = introduce_log_key(ORIGIN, new, old)
    stranger = a_log_signer(label="stranger")
    for signer, code in ((stranger, "malformed-charter"), (new, "malformed-charter"), (old, None)):
        change = {"add": [introduce_log_key(ORIGIN, new, signer)], "retire": []}
        assert members.submit(members.proposal(OEM, "amend", {"log_keys": change})) == code
    members.decide(OEM, "amend", {"log_keys": {"add": [row], "retire": [vkeys[0]]}}, SUPPLIER, GEAR)
    at = members.size
    assert members.fold.rules.log_keys == (vkeys[1],)
    held = members.fold.rules_at(at - 1)
    assert held is not None
    assert held.log_keys == (vkeys[0],)
    # A key that was retired never comes back.
    again = {"add": [introduce_log_key(ORIGIN, old, new)], "retire": []}
    assert members.submit(members.proposal(OEM, "amend", {"log_keys": again})) == "key-not-valid"


# ---- documents ----


def test_a_type_is_defined_once_the_members_allow_it() -> None:
    members = at_work()
    text = sign_type(members.consortium, SUPPLIER, OTHER_TYPE)
    assert members.submit(text) == "approval-needed"
    content = {"vct": OTHER_VCT, "sha256": document_digest(OTHER_TYPE)}
    members.decide(OEM, "record-type", content, GEAR, AUDITOR)
    assert members.submit(members.proposal(OEM, "record-type", content)) == "not-permitted"
    assert members.submit(text) is None
    assert members.fold.approved == {}
    assert members.submit(members.proposal(OEM, "record-type", content)) == "not-permitted"


@pytest.mark.parametrize("vct", ["policy/v1", "parameters/v1"])
def test_a_document_uses_its_proposal_up(vct: str) -> None:
    members = at_work()
    document = '{"types":{}}'
    body = {"name": "first", "sha256": document_digest(document), "document": document}
    text = members.sign(SUPPLIER.signing, vct, body)
    assert members.submit(text) == "approval-needed"
    content = {"name": "first", "sha256": body["sha256"]}
    act = vct.partition("/")[0]
    for change in ({"name": "other"}, {"sha256": "B" * 42 + "A"}):
        members.decide(OEM, act, content | change, GEAR, AUDITOR)
        assert members.submit(text) == "approval-needed"
    members.decide(OEM, act, content, GEAR, AUDITOR)
    assert members.submit(text) is None
    again = members.sign(SUPPLIER.signing, vct, body)
    assert members.submit(again) == "approval-needed"


def test_the_newest_parameters_of_a_name_are_in_force() -> None:
    members = Members(a_consortium(Plan(thresholds={"policy": 1})))
    first = next(iter(members.consortium.parties.values()))
    indices = []
    for document in ('{"alpha":1}', '{"alpha":2}'):
        body = {"name": "score", "sha256": document_digest(document), "document": document}
        indices.append(members.size)
        members.admit(members.sign(first.signing, "parameters/v1", body))
    found = members.fold.parameters["score"]
    assert found.text == '{"alpha":2}'
    assert [index for index, _ in found.versions] == indices
    body = {"name": "score", "sha256": document_digest("[1]"), "document": "[1]"}
    refused = members.sign(first.signing, "parameters/v1", body)
    assert code_of(members.try_out(refused)) == "malformed-document"


def test_a_refused_proposal_leaves_no_trace() -> None:
    members = at_work()
    before = members.fold
    text = members.proposal(OEM, "suspend", {"party": OEM.did})
    assert members.submit(text) == "not-permitted"
    assert members.fold is before
    assert record_id_of(text) not in before.proposals
    members.wait(HOUR_MS)
