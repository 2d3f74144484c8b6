"""Step 4 of admission: a submission is judged by itself, and every fault is told."""

from __future__ import annotations

import hmac
import pickle

import pytest

from keys.encoding import encode_base64url
from ledger import limits
from ledger.compose import Filing
from ledger.content import (
    ANYONE,
    SEARCH_VALUE_CACHED_CHARACTERS_MAX,
    CheckedRecord,
    check_submission,
    check_submissions,
    derive_projections,
    search_key,
    split_submission,
)
from ledger.errors import MalformedRecord, RecordTooLarge
from ledger.faults import Refusal
from ledger.kept import Kept
from ledger.record import jti_key
from ledger.record_type import parse_record_type
from ledger.strict_json import encode_json
from tests.ledger.parties import (
    SAMPLE_GROUPS,
    SEARCH_SECRET,
    code_of,
    payload_of,
    record_id_of,
    resign,
    sign_key,
)
from tests.ledger.sample_types import SAMPLE_VCT, sample_definition
from tests.ledger.submissions import (
    FOUNDED,
    ID,
    KIND,
    LOT,
    OEM,
    PARTY,
    RECORD,
    a_submission,
    changed,
    checker_of,
    faults_of,
    judge,
    values_of,
)

pytestmark = pytest.mark.item("2.3")


# ---- what is said of a right record ----


def test_a_checked_record_says_what_admission_asks_for() -> None:
    filing = Filing(
        subject=OEM.did,
        to=(OEM.did,),
        case=ID,
        answers=("B" * 42 + "A",),
        cites=(ID,),
        corrects="C" * 42 + "A",
        number="R-1",
        tiers={"note": "public"},
    )
    text = FOUNDED.record(PARTY, {**SAMPLE_GROUPS, "correction": {"reason": "typo"}}, filing=filing)
    record = FOUNDED.check(text)
    assert isinstance(record, CheckedRecord)
    claims = payload_of(text)
    assert encode_base64url(record.record_id) == record_id_of(text)
    assert record.jti_key == jti_key(PARTY.did, claims["jti"])[:16]
    assert (record.iss, record.vct, record.iat) == (PARTY.did, SAMPLE_VCT, claims["iat"])
    assert record.policy == FOUNDED.fold.charter_id
    assert record.body is None
    assert record.type_known
    assert record.late_max_seconds == KIND.late_max_seconds
    assert dict(record.tiers)["note"] == "public"
    assert record.tiers[0] == ("lot", "partner")
    assert record.parties == (OEM.did,)
    assert record.standing == (OEM.did, ANYONE)
    assert record.links == (ID, "B" * 42 + "A")
    assert record.corrects == "C" * 42 + "A"
    assert record.roles is None
    assert record.blobs == ()


def test_a_searchable_value_is_stored_as_a_keyed_digest() -> None:
    record = FOUNDED.check(FOUNDED.record(PARTY, filing=Filing(number="R-1")))
    assert isinstance(record, CheckedRecord)
    expected = [
        ("/lot/number", LOT["number"]),
        ("/lot/pieces", str(LOT["pieces"])),
        ("/filing/number", "R-1"),
    ]
    assert record.search == tuple(
        hmac.digest(SEARCH_SECRET, f"{PARTY.did}\n{field}\n{value}".encode(), "sha256")
        for field, value in expected
    )
    assert record.search[0] == search_key(
        SEARCH_SECRET, PARTY.did, field="/lot/number", value=LOT["number"]
    )


def test_what_a_record_is_found_by_is_derived_again_as_it_was_at_admission() -> None:
    text = FOUNDED.record(PARTY, filing=Filing(subject=OEM.did, number="R-1"))
    record = FOUNDED.check(text)
    assert isinstance(record, CheckedRecord)
    checker = FOUNDED.checker()
    assert derive_projections(text, checker) == (record.search, record.standing, ())
    assert record.standing == (OEM.did,)
    public = FOUNDED.record(PARTY, filing=Filing(tiers={"lot": "public"}))
    assert derive_projections(public, checker).standing == (ANYONE,)
    assert derive_projections(FOUNDED.charter, checker) == ((), (ANYONE,), ())
    # An unknown type and a record whose manifest is gone have none.
    unknown = resign(text, PARTY.signing, claims={"vct": "unheard-of/v1"})
    bare = text.split("~")[0] + "~"
    for other in (unknown, bare):
        assert derive_projections(other, checker) == ((), (), ())


def test_only_texts_and_integers_are_searchable() -> None:
    pointers = ["/lot", "/filing/number", "/note", "/flag", "/nowhere", "/lot/number"]
    definition = sample_definition(search=pointers)
    definition["groups"]["flag"] = definition["groups"]["note"]
    definition["schema"]["properties"]["flag"] = {"type": "boolean"}
    definition["sd_length"] = 9
    kind = parse_record_type(encode_json(definition).decode())
    values = values_of() | {"flag": True}
    values = changed(values, "filing", present=["flag", "lot", "note"])
    tiers = values["manifest"]["groups"] | {"flag": "partner"}
    record = judge(changed(values, "manifest", groups=tiers), kind)
    assert isinstance(record, CheckedRecord)
    assert len(record.search) == len(["/note", "/lot/number"])


def test_a_checked_record_travels_between_processes() -> None:
    record = FOUNDED.check(RECORD)
    assert pickle.loads(pickle.dumps(record)) == record


@pytest.mark.item("2.bad.unknown-type")
@pytest.mark.parametrize("vct", ["sample-report/v2", "unheard-of/v1"])
def test_of_an_unknown_type_only_the_clear_claims_are_believed(vct: str) -> None:
    text = resign(RECORD, PARTY.signing, claims={"vct": vct})
    record = FOUNDED.check(text)
    assert isinstance(record, CheckedRecord)
    assert not record.type_known
    assert record.vct == vct
    nothing = (record.tiers, record.parties, record.links, record.search, record.blobs)
    assert nothing == ((), (), (), (), ())
    assert record.late_max_seconds == limits.IAT_BEHIND_SECONDS_MAX


def test_the_signature_is_checked_before_the_content() -> None:
    wrong = a_submission({})
    assert code_of(FOUNDED.check(wrong)) == "disclosure-missing"
    forged = resign(wrong, PARTY.another_key("x"), header={"kid": PARTY.signing.kid})
    assert code_of(FOUNDED.check(forged)) == "bad-signature"


# ---- the groups that must be there ----


@pytest.mark.item("2.bad.missing-disclosure")
@pytest.mark.parametrize("group", ["manifest", "address", "filing"])
def test_every_business_record_has_the_three_closed_groups(group: str) -> None:
    values = values_of()
    assert isinstance(judge(values), CheckedRecord)
    refusal = judge({name: value for name, value in values.items() if name != group})
    assert code_of(refusal) == "disclosure-missing"
    assert faults_of(refusal) == [f"/{group}"]


@pytest.mark.item("2.bad.missing-disclosure")
@pytest.mark.parametrize("group", ["lot", "note"])
def test_every_group_that_is_filed_is_disclosed(group: str) -> None:
    values = values_of()
    assert isinstance(judge(values), CheckedRecord)
    refusal = judge({name: value for name, value in values.items() if name != group})
    assert code_of(refusal) == "disclosure-missing"
    assert faults_of(refusal) == [f"/{group}"]


@pytest.mark.parametrize(
    "present", [["lot"], ["note", "lot"], ["lot", "note", "note"], [], ["lot", "manifest", "note"]]
)
def test_every_group_that_is_disclosed_is_filed_once_and_in_order(present: list[str]) -> None:
    assert isinstance(judge(changed(values_of(), "filing", present=["lot", "note"])), CheckedRecord)
    refusal = judge(changed(values_of(), "filing", present=present))
    assert code_of(refusal) == "invalid-claims"
    assert faults_of(refusal) == ["/filing/present"]


def test_a_required_group_is_missed_by_the_schema_where_it_is_not_filed() -> None:
    values = values_of()
    del values["lot"]
    refusal = judge(changed(values, "filing", present=["note"]))
    assert code_of(refusal) == "invalid-claims"
    assert faults_of(refusal) == ["/lot"]


@pytest.mark.parametrize("filing", [None, [], "x", {"present": None}, {"present": [1, {}]}])
def test_a_filing_of_any_form_is_judged(filing: object) -> None:
    assert code_of(judge(values_of() | {"filing": filing})) == "invalid-claims"


def test_many_missing_groups_are_told_in_a_bounded_answer() -> None:
    names = [f"{n}" * 100 for n in range(1_000)]
    refusal = judge(changed(values_of(), "filing", present=names))
    assert code_of(refusal) == "disclosure-missing"
    assert len(faults_of(refusal)) == limits.FAULTS_MAX
    assert isinstance(refusal, Refusal)
    assert len(refusal.detail) < 800


# ---- schema ----


@pytest.mark.item("2.bad.schema-faults")
def test_all_schema_faults_of_all_groups_are_told_at_once() -> None:
    values = values_of(lot={"number": "", "pieces": -1, "extra": 0}, values=["1", "01", "1e5"])
    refusal = judge(changed(values, "manifest", owner=5))
    assert code_of(refusal) == "invalid-claims"
    assert sorted(faults_of(refusal)) == [
        *("/lot/extra", "/lot/number", "/lot/pieces", "/manifest/owner", "/values/1", "/values/2")
    ]
    assert isinstance(refusal, Refusal)
    assert refusal.detail.endswith("(and 5 more)")


@pytest.mark.item("2.bad.schema-faults")
def test_schema_and_text_faults_are_told_together() -> None:
    refusal = judge(values_of(lot={"number": "a\u202eb", "pieces": -1}, note="e\u0301"))
    assert sorted(faults_of(refusal)) == ["/lot/number", "/lot/pieces", "/note"]


@pytest.mark.item("2.bad.schema-faults")
def test_a_governance_body_has_every_fault_told() -> None:
    text = sign_key(FOUNDED, PARTY, PARTY.another_key("x"), uses=["records", "everything"])
    body = payload_of(text)["body"] | {"holder_kind": "robot", "extra": "\u202e"}
    refusal = FOUNDED.check(resign(text, PARTY.admin, claims={"body": body}))
    assert sorted(faults_of(refusal)) == [
        *("/body/extra", "/body/extra", "/body/holder_kind", "/body/uses/1")
    ]


def test_a_holder_is_judged_like_any_group() -> None:
    composer = FOUNDED.composer(PARTY.admin)
    body = payload_of(sign_key(FOUNDED, PARTY, PARTY.another_key("x")))["body"]

    def named(name: str) -> CheckedRecord | Refusal:
        holder = {"name": name, "role": "x"}
        return FOUNDED.check(composer.compose_governance("key/v1", body, iat=1, holder=holder))

    assert isinstance(named("Müller"), CheckedRecord)
    assert faults_of(named("")) == ["/holder/name"]
    assert faults_of(named("Mu\u0308ller")) == ["/holder/name"]


# ---- the charter's bounds ----


@pytest.mark.item("2.bad.oversized-record")
def test_the_charter_bounds_the_entry() -> None:
    length = len(RECORD.split("~")[0])
    room = limits.ENTRY_HEAD_BYTES_MAX
    fits = check_submission(RECORD, checker_of(KIND, bounds={"entry_bytes_max": length + room}))
    assert isinstance(fits, CheckedRecord)
    refusal = check_submission(
        RECORD, checker_of(KIND, bounds={"entry_bytes_max": length + room - 1})
    )
    assert code_of(refusal) == "record-too-large"
    assert isinstance(refusal, Refusal)
    assert refusal.detail == f"expected a JWS of at most {length - 1} bytes, found {length}"


def test_the_charter_bounds_each_disclosure_and_their_number() -> None:
    disclosures = split_submission(RECORD)[1].disclosures
    longest = max(map(len, disclosures))
    for bounds, code in [
        ({"disclosure_bytes_max": longest}, None),
        ({"disclosure_bytes_max": longest - 1}, "disclosure-malformed"),
        ({"disclosures_max": len(disclosures)}, None),
        ({"disclosures_max": len(disclosures) - 1}, "disclosure-malformed"),
    ]:
        assert code_of(check_submission(RECORD, checker_of(KIND, bounds=bounds))) == code


def test_splitting_says_what_is_wrong_before_anything_is_decoded() -> None:
    assert split_submission("a~b~c~") == ("a", Kept(["b", "c"], []))
    assert split_submission("a~b~!c~") == ("a", Kept(["b"], ["!c"]))
    assert split_submission("a~") == ("a", Kept([], []))
    assert split_submission("a~~") == ("a", Kept([""], []))
    with pytest.raises(MalformedRecord, match="ended by '~'"):
        split_submission("a~b")
    with pytest.raises(RecordTooLarge, match="expected a JWS of at most 60928 bytes, found 60929"):
        split_submission("a" * 60_929 + "~")


# ---- many at once ----


def test_what_is_said_of_a_record_does_not_depend_on_those_beside_it() -> None:
    good = [FOUNDED.record(PARTY, label=f"{number}") for number in range(3)]
    signatures = [text.split("~")[0].rpartition(".")[2] for text in good]
    bad_form, bad_signature = "no record", good[0].replace(signatures[0], signatures[1])
    unused = f"{good[1]}{split_submission(good[2])[1].disclosures[0]}~"
    misfiled = a_submission(changed(values_of(), "filing", present=[]))
    mixed = [good[0], bad_form, bad_signature, good[1], unused, misfiled, good[2]]
    checker = checker_of(KIND)
    alone = [check_submission(text, checker) for text in mixed]
    assert check_submissions(mixed, checker) == alone
    assert [code_of(outcome) for outcome in alone] == [
        None,
        "malformed-record",
        "bad-signature",
        None,
        "disclosure-not-of-this-record",
        "invalid-claims",
        None,
    ]


def test_a_long_value_is_found_by_the_same_key_as_if_it_were_short() -> None:
    for value in ("x" * SEARCH_VALUE_CACHED_CHARACTERS_MAX, "x" * 5_000):
        expected = hmac.digest(b"secret", f"did\n/lot/number\n{value}".encode(), "sha256")
        for _ in range(2):
            assert search_key(b"secret", "did", field="/lot/number", value=value) == expected
