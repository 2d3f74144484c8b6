"""Genesis and consent: who may found a log, endorse it, and decide for it."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.compose import Composer, Filing
from ledger.content import Checker, TypeBook, check_submission
from ledger.domain import NoDomainRules
from ledger.faults import Refusal
from ledger.fold import PublicFold
from ledger.record import GOVERNANCE_VCTS, NO_POLICY
from ledger.record_type import parse_record_type
from tests.ledger.governance_documents import OTHER_TYPE, sign_definition, sign_policy
from tests.ledger.parties import (
    NOW_MS,
    NOW_S,
    ORIGIN,
    Consortium,
    PartySigner,
    Plan,
    RandomStream,
    a_consortium,
    a_party,
    charter_body,
    code_of,
    resign,
    sign_charter,
    sign_endorsement,
    sign_key,
    sign_type,
)
from tests.ledger.sample_types import sample_type_text

pytestmark = pytest.mark.item("2.4")

FOUNDED = a_consortium()
FIRST, SECOND, THIRD = FOUNDED.parties.values()
EMPTY = Consortium(ORIGIN, FOUNDED.parties, "", (), (), (), PublicFold(ORIGIN), 0)
CHARTERED = EMPTY.after(FOUNDED.charter)
ENDORSED_ONCE = CHARTERED.after(FOUNDED.endorsements[0])
COMPLETE = CHARTERED.after(*FOUNDED.endorsements)
BODY = charter_body(Plan(), FOUNDED.parties)


def judge(consortium: Consortium, text: str) -> str | None:
    return code_of(consortium.judge(text))


def a_charter(
    signer: PartySigner = FIRST.admin, *, iat: int = NOW_S, policy: str = NO_POLICY
) -> str:
    composer = Composer(ORIGIN, policy, signer, RandomStream("charter"))
    return composer.compose_governance("charter/v1", BODY, iat=iat)


# ---- entry 0 ----


@pytest.mark.parametrize("position", range(1, 8))
def test_nothing_comes_before_the_charter(position: int) -> None:
    assert judge(EMPTY, FOUNDED.charter) is None
    text = [*FOUNDED.texts, FOUNDED.record(SECOND)][position]
    assert judge(EMPTY, text) == "genesis-incomplete"


@pytest.mark.parametrize(
    ("signer", "code"),
    [
        (FIRST.admin, None),
        (FIRST.signing, "key-not-valid"),
        (FIRST.next_admin, "key-not-valid"),
        (SECOND.admin, "key-not-valid"),
        (a_party("stranger").admin, "key-not-valid"),
    ],
)
def test_the_charter_is_signed_by_an_admin_key_of_founder_1(
    signer: PartySigner, code: str | None
) -> None:
    assert judge(EMPTY, a_charter(signer)) == code


@pytest.mark.parametrize(("behind", "code"), [(0, None), (30 * 24 * 3600 + 1, "stale")])
def test_the_charter_is_fresh_too(behind: int, code: str | None) -> None:
    assert judge(EMPTY, a_charter(iat=NOW_S - behind)) == code


def test_the_charter_names_no_policy() -> None:
    assert judge(EMPTY, a_charter(policy=NO_POLICY)) is None
    assert judge(EMPTY, a_charter(policy=FOUNDED.fold.charter_id)) == "policy-not-in-force"


def test_a_charter_that_could_not_be_kept_is_refused() -> None:
    body = BODY | {"operator": "nobody-here"}
    assert judge(EMPTY, sign_charter(FOUNDED.parties, BODY)) is None
    assert judge(EMPTY, sign_charter(FOUNDED.parties, body)) == "malformed-charter"


def test_a_charter_against_its_schema_has_its_faults_told() -> None:
    wrong = {**BODY, "entry_bundles": "public", "extra": 1}
    refusal = EMPTY.judge(sign_charter(FOUNDED.parties, wrong))
    assert isinstance(refusal, Refusal)
    assert sorted(fault.pointer for fault in refusal.faults) == [
        "/body/entry_bundles",
        "/body/extra",
    ]


@pytest.mark.parametrize("consortium", [CHARTERED, COMPLETE, FOUNDED])
def test_entry_0_is_never_replaced(consortium: Consortium) -> None:
    other = sign_charter(FOUNDED.parties, BODY | {"entry_bundles": "members"})
    assert judge(EMPTY, other) is None
    assert judge(consortium, other) == "not-permitted"


# ---- the endorsements ----


def test_endorsements_come_in_any_order() -> None:
    for texts in (FOUNDED.endorsements, FOUNDED.endorsements[::-1]):
        grown = CHARTERED
        for text in texts:
            assert not grown.fold.is_complete
            grown = grown.after(text)
        assert grown.fold.is_complete


@pytest.mark.parametrize("consortium", [CHARTERED, ENDORSED_ONCE])
@pytest.mark.parametrize("position", range(3, 8))
def test_until_all_have_endorsed_nothing_else_comes(consortium: Consortium, position: int) -> None:
    text = [*FOUNDED.texts, FOUNDED.record(SECOND)][position]
    refusal = consortium.judge(text)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "genesis-incomplete"
    assert "meridian-cert" in refusal.detail


def test_nobody_endorses_twice() -> None:
    again = sign_endorsement(FOUNDED, SECOND)
    assert judge(CHARTERED, again) is None
    assert judge(ENDORSED_ONCE, again) == "genesis-incomplete"
    assert judge(COMPLETE, again) == "not-permitted"


def test_founder_1_has_endorsed_by_signing() -> None:
    own = sign_endorsement(FOUNDED, FIRST)
    assert judge(CHARTERED, own) == "genesis-incomplete"
    assert judge(COMPLETE, own) == "not-permitted"


@pytest.mark.parametrize(
    ("signer", "code"),
    [
        (SECOND.admin, None),
        (SECOND.signing, "key-not-valid"),
        (SECOND.next_admin, "key-not-valid"),
        (a_party("stranger").admin, "genesis-incomplete"),
    ],
)
def test_a_founder_endorses_with_its_own_admin_key(signer: PartySigner, code: str | None) -> None:
    body = {"of": FOUNDED.fold.charter_id, "meaning": "approve", "reason": None}
    assert judge(CHARTERED, CHARTERED.governance(signer, "endorsement/v1", body)) == code


def test_a_founder_does_not_endorse_for_another() -> None:
    text = sign_endorsement(FOUNDED, SECOND)
    forged = resign(text, THIRD.admin, header={"kid": THIRD.admin.kid})
    assert judge(CHARTERED, forged) == "foreign-key"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, None),
        ({"of": "A" * 43}, "unknown-record"),
        ({"meaning": "reject"}, "not-permitted"),
        ({"meaning": "review"}, "not-permitted"),
        ({"reason": "late"}, "not-permitted"),
        ({"meaning": "maybe"}, "invalid-claims"),
        ({"reason": "Not a code"}, "invalid-claims"),
        ({"reason": 5}, "invalid-claims"),
        ({"comment": "x"}, "invalid-claims"),
    ],
)
def test_an_endorsement_approves_the_charter_and_nothing_else(
    members: dict[str, Any], code: str | None
) -> None:
    assert judge(CHARTERED, sign_endorsement(FOUNDED, SECOND, **members)) == code


def test_an_endorsement_names_the_charter_as_its_policy() -> None:
    text = sign_endorsement(FOUNDED, SECOND)
    other = resign(text, SECOND.admin, claims={"policy": NO_POLICY})
    assert judge(CHARTERED, text) is None
    assert judge(CHARTERED, other) == "policy-not-in-force"


# ---- types ----

KEYED = COMPLETE.after(*FOUNDED.keys)
SAMPLE = sample_type_text()


def test_founder_1_defines_the_types_of_the_charter_without_a_vote() -> None:
    assert judge(KEYED, sign_type(KEYED, FIRST, SAMPLE)) is None
    assert judge(KEYED, sign_type(KEYED, SECOND, SAMPLE)) == "approval-needed"


def test_a_type_of_the_charter_has_the_digest_that_the_charter_lists() -> None:
    # Also where one member may define types: a verifier holds it against the charter.
    other = sample_type_text(title={"en": "Another"})
    for plan in (Plan(), Plan(thresholds={"record-type": 1})):
        consortium = a_consortium(plan)
        undefined = EMPTY.after(consortium.charter)
        undefined = undefined.after(*consortium.endorsements, *consortium.keys)
        assert judge(undefined, sign_type(undefined, FIRST, SAMPLE)) is None
        assert judge(undefined, sign_type(undefined, FIRST, other)) == "not-permitted"


@pytest.mark.parametrize("text", [SAMPLE, sample_type_text(title={"en": "Changed"})])
def test_a_type_is_defined_once(text: str) -> None:
    assert judge(FOUNDED, sign_type(FOUNDED, FIRST, text)) == "not-permitted"


@pytest.mark.parametrize("vct", ["charter/v1", "key/v1"])
def test_governance_types_are_not_defined_by_entries(vct: str) -> None:
    open_to_one = a_consortium(Plan(thresholds={"record-type": 1}))
    assert judge(open_to_one, sign_definition(open_to_one, FIRST, OTHER_TYPE)) is None
    text = sign_definition(open_to_one, FIRST, OTHER_TYPE, vct=vct)
    assert judge(open_to_one, text) == "not-permitted"


# ---- consent ----

FOUNDERS = {"ab-works": ("oem",), "cd-works": ("supplier",), "ef-works": ("supplier",)}


@pytest.mark.parametrize("act", ["record-type", "policy"])
@pytest.mark.parametrize(
    ("electorate", "threshold", "slug", "code"),
    [
        (["oem", "supplier"], 1, "ab-works", None),
        (["oem", "supplier"], 2, "ab-works", "approval-needed"),
        (["oem", "supplier"], "majority", "ab-works", "approval-needed"),
        # The majority of one is one.
        (["oem"], "majority", "ab-works", None),
        (["oem"], 1, "ab-works", None),
        (["oem"], 1, "cd-works", "approval-needed"),
        (["supplier"], "majority", "cd-works", "approval-needed"),
        (["supplier"], 1, "ef-works", None),
    ],
)
def test_one_member_is_enough_where_the_charter_says_so(
    act: str, electorate: list[str], threshold: object, slug: str, code: str | None
) -> None:
    rule = {"electorate": electorate, "threshold": threshold}
    plan = Plan(founders=FOUNDERS, amend=lambda body: body["quorum"].update({act: rule}))
    consortium = a_consortium(plan)
    sign = sign_policy if act == "policy" else sign_definition
    text = sign(consortium, consortium.parties[slug], *([OTHER_TYPE] * (act == "record-type")))
    refusal = consortium.judge(text)
    assert code_of(refusal) == code
    if isinstance(refusal, Refusal):
        assert refusal.detail.startswith(f"{act} ")
        assert " needs the consent of " in refusal.detail


def test_the_consent_to_one_act_is_none_to_another() -> None:
    consortium = a_consortium(Plan(founders=FOUNDERS, thresholds={"policy": 1}))
    party = consortium.parties["cd-works"]
    assert judge(consortium, sign_policy(consortium, party)) is None
    assert judge(consortium, sign_definition(consortium, party, OTHER_TYPE)) == "approval-needed"


def test_a_defined_type_is_written_from_the_next_entry_on() -> None:
    open_to_one = a_consortium(Plan(thresholds={"record-type": 1}))
    kind = parse_record_type(OTHER_TYPE)
    composer = open_to_one.composer(SECOND.signing)
    groups = {"lot": {"number": "1", "pieces": 1}}
    text = composer.compose_record(kind, groups, filing=Filing(), iat=NOW_S)
    assert judge(open_to_one, text) == "unknown-type"
    defined = open_to_one.after(sign_definition(open_to_one, FIRST, OTHER_TYPE))
    assert judge(defined, text) is None
    assert defined.fold.type_entries["other-report/v1"] == open_to_one.size


def test_a_key_is_registered_only_after_genesis() -> None:
    fresh = sign_key(FOUNDED, SECOND, SECOND.another_key("fresh"))
    assert judge(ENDORSED_ONCE, fresh) == "genesis-incomplete"
    assert judge(COMPLETE, fresh) is None


def test_before_the_charter_only_governance_types_are_known() -> None:
    checker = EMPTY.checker()
    assert len(checker.book.types) == len(GOVERNANCE_VCTS)
    whole = Checker(ORIGIN, TypeBook(FOUNDED.fold.types), NoDomainRules(), bytes(32))
    record = FOUNDED.record(SECOND)
    for book in (checker, whole):
        assert not isinstance(check_submission(record, book), Refusal)
    assert code_of(EMPTY.judge(record, at_ms=NOW_MS)) == "genesis-incomplete"
