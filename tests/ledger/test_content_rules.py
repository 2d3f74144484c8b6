"""What content must be beside the schema: text, tiers, owner, blobs, the trade's rules."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import decode_base64url, encode_base64url
from ledger import limits
from ledger.compose import Filing
from ledger.content import (
    BlobClaim,
    CheckedRecord,
    check_submission,
)
from ledger.disclosure import digest_of
from ledger.faults import Fault, Refusal
from ledger.record_type import parse_record_type
from ledger.strict_json import encode_json
from ledger.vault.erasing import group_of
from tests.ledger.parties import (
    code_of,
    payload_of,
    resign,
)
from tests.ledger.sample_types import SAMPLE_VCT, sample_definition, sample_type_text
from tests.ledger.submissions import (
    FILE,
    FOUNDED,
    ID,
    KIND,
    LOT,
    OEM,
    PARTY,
    a_submission,
    changed,
    checker_of,
    faults_of,
    judge,
    values_of,
)

pytestmark = pytest.mark.item("2.3")


# ---- text ----

HIDDEN = [
    ("a\nb", True),
    ("é", True),
    ("\u200fשלום", True),
    ("\U0001f600", True),
    ("a\tb", False),
    ("\x00", False),
    ("\x7f", False),
    ("\x85", False),
    ("e\u0301", False),
    ("\u212b", False),
    ("\u202e", False),
    ("\u2066", False),
]


@pytest.mark.parametrize(("text", "accepted"), HIDDEN)
@pytest.mark.parametrize("spelling", ["as it is", "escaped"])
def test_text_is_judged_however_its_json_spells_it(
    text: str, accepted: bool, spelling: str
) -> None:
    # An escape keeps the bytes ASCII, so a reader that looks at bytes alone sees nothing.
    values = values_of(lot=LOT, note="PLACE")
    submission = a_submission(values)
    units = text.encode("utf-16-be")
    escaped = "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))
    plain = encode_json(text)[1:-1].decode()
    spelled = _respelled(submission, plain if spelling == "as it is" else escaped)
    assert (code_of(FOUNDED.check(spelled)) is None) == accepted
    if not accepted:
        assert faults_of(FOUNDED.check(spelled)) == ["/note"]


def _respelled(submission: str, spelling: str) -> str:
    """The submission with the note PLACE spelled in JSON as given, and signed again."""
    disclosures = submission[:-1].split("~")[1:]
    old = disclosures[-1]
    new = encode_base64url(decode_base64url(old).replace(b"PLACE", spelling.encode()))
    digests = set(payload_of(submission)["_sd"]) - {digest_of(old)} | {digest_of(new)}
    text = submission.replace(f"~{old}~", f"~{new}~")
    return resign(text, PARTY.signing, claims={"_sd": sorted(digests)})


@pytest.mark.parametrize(("length", "accepted"), [(65_536, True), (65_537, False)])
@pytest.mark.parametrize("letter", ["x", "é"])
def test_a_text_has_at_most_65536_code_points(letter: str, length: int, accepted: bool) -> None:
    outcome = judge(values_of(lot=LOT, note=letter * length))
    assert (code_of(outcome) is None) == accepted
    if isinstance(outcome, Refusal):
        assert outcome.faults == (Fault("/note", "at most 65536 characters", str(length)),)


def test_names_of_members_are_text_too_and_stand_escaped_in_pointers() -> None:
    definition = sample_definition()
    definition["schema"]["properties"]["lot"] = {"type": "object"}
    kind = parse_record_type(encode_json(definition).decode())
    assert isinstance(judge(values_of() | {"lot": {"a/b~": ["ok"]}}, kind), CheckedRecord)
    wrong = values_of() | {"lot": {"a/b~": ["ok", {"c": "\x7f"}], "d\u202e": 1}}
    assert sorted(faults_of(judge(wrong, kind))) == ["/lot", "/lot/a~1b~0/1/c"]


def test_text_faults_are_told_in_a_bounded_answer() -> None:
    definition = sample_definition()
    definition["schema"]["properties"]["values"]["items"] = {"type": "string", "maxLength": 9}
    kind = parse_record_type(encode_json(definition).decode())
    refusal = judge(values_of(lot=LOT, values=["\x01"] * 4_000), kind)
    assert len(faults_of(refusal)) == limits.FAULTS_MAX


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_a_text_is_accepted_exactly_if_it_is_plain_nfc(text: str) -> None:
    forbidden = {*range(10), *range(11, 32), *range(0x7F, 0xA0)}
    forbidden |= {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    is_right = unicodedata.normalize("NFC", text) == text and not forbidden & {*map(ord, text)}
    assert isinstance(judge(values_of(lot=LOT, note=text)), CheckedRecord) == is_right


# ---- tiers, owner, correction, addressees ----


def test_a_group_that_is_not_there_may_be_named_sealed() -> None:
    values = values_of(Filing(tiers={"values": "sealed"}), lot=LOT)
    assert isinstance(judge(values), CheckedRecord)


@pytest.mark.parametrize(
    ("owner_is", "subject", "owner", "accepted"),
    [
        ("issuer", None, PARTY.did, True),
        ("issuer", OEM.did, PARTY.did, True),
        ("issuer", OEM.did, OEM.did, False),
        ("subject", OEM.did, OEM.did, True),
        ("subject", OEM.did, PARTY.did, False),
        ("subject", None, PARTY.did, False),
    ],
)
def test_the_owner_is_the_one_whom_the_type_names(
    owner_is: str, subject: str | None, owner: str, accepted: bool
) -> None:
    kind = parse_record_type(sample_type_text(owner=owner_is))
    outcome = judge(changed(values_of(), "manifest", subject=subject, owner=owner), kind)
    assert (code_of(outcome) is None) == accepted
    if not accepted:
        assert faults_of(outcome) == ["/manifest/owner"]
    elif owner != PARTY.did:
        assert isinstance(outcome, CheckedRecord)
        assert outcome.standing == (OEM.did,)


@pytest.mark.parametrize(("corrects", "reason"), [(ID, None), (None, {"reason": "typo"})])
def test_a_correction_and_what_it_corrects_come_together(
    corrects: str | None, reason: dict[str, str] | None
) -> None:
    groups = {"lot": LOT} | ({"correction": reason} if reason else {})
    both = values_of(Filing(corrects=ID), lot=LOT, correction={"reason": "typo"})
    assert isinstance(judge(both), CheckedRecord)
    assert isinstance(judge(values_of(lot=LOT)), CheckedRecord)
    assert faults_of(judge(values_of(Filing(corrects=corrects), **groups))) == ["/correction"]


def test_a_record_is_addressed_to_others() -> None:
    assert isinstance(judge(values_of(Filing(to=[OEM.did]))), CheckedRecord)
    assert faults_of(judge(values_of(Filing(to=[OEM.did, PARTY.did])))) == ["/address/to"]


# ---- blobs ----


def test_the_blobs_of_a_record_are_listed_once() -> None:
    other = FILE | {"blob": "c" * 22}
    record = judge(values_of(lot=LOT, evidence=[FILE, other, FILE]))
    assert isinstance(record, CheckedRecord)
    assert record.blobs == (BlobClaim("b" * 22, ID, 5), BlobClaim("c" * 22, ID, 5))


@pytest.mark.parametrize(
    ("evidence", "pointers"),
    [
        (FILE, []),
        ([FILE], []),
        ([], []),
        ([FILE, 5], ["/evidence/1"]),
        ([None], ["/evidence/0"]),
        ([[FILE]], ["/evidence/0"]),
        ("b" * 22, ["/evidence"]),
        ({}, ["/evidence"]),
        ({**FILE, "blob": 5}, ["/evidence"]),
        ({**FILE, "sha256": None}, ["/evidence"]),
        ({**FILE, "bytes": "5"}, ["/evidence"]),
        ({**FILE, "bytes": True}, ["/evidence"]),
        ({"blob": "b" * 22, "bytes": 5}, ["/evidence"]),
    ],
)
def test_a_blob_reference_has_its_form_whatever_the_schema_lets_through(
    evidence: object, pointers: list[str]
) -> None:
    definition = sample_definition()
    definition["schema"]["properties"]["evidence"] = True
    kind = parse_record_type(encode_json(definition).decode())
    outcome = judge(values_of(lot=LOT, evidence=[]) | {"evidence": evidence}, kind)
    assert (faults_of(outcome) if isinstance(outcome, Refusal) else []) == pointers


# ---- the trade's rules ----


class NoOddPieces:
    """Rules of a trade that counts in pairs, and in which only auditors count to zero."""

    def find_faults(self, vct: str, groups: Mapping[str, Any]) -> tuple[Fault, ...]:
        assert vct == SAMPLE_VCT
        pieces = groups["lot"]["pieces"]
        return (Fault("/lot/pieces", "an even number", str(pieces)),) if pieces % 2 else ()

    def roles_for(self, vct: str, groups: Mapping[str, Any]) -> frozenset[str] | None:
        assert vct == SAMPLE_VCT
        return frozenset({"auditor"}) if groups["lot"]["pieces"] == 0 else None

    def credential_kind(self, vct: str, groups: Mapping[str, Any]) -> str | None:
        assert vct == SAMPLE_VCT
        return "even-count" if groups["lot"]["pieces"] == 2 else None

    def facts(self, vct: str, groups: Mapping[str, Any]) -> Mapping[str, Any] | None:
        del vct, groups
        return None


@pytest.mark.parametrize(("pieces", "pointers"), [(4, []), (5, ["/lot/pieces"])])
def test_the_rules_of_the_trade_are_asked_of_right_content(
    pieces: int, pointers: list[str]
) -> None:
    text = a_submission(values_of(lot=LOT | {"pieces": pieces}))
    outcome = check_submission(text, checker_of(KIND, NoOddPieces()))
    assert (faults_of(outcome) if isinstance(outcome, Refusal) else []) == pointers


def test_the_rules_of_the_trade_never_see_what_the_schema_refuses() -> None:
    text = a_submission(values_of(lot={"pieces": "many"}))
    assert code_of(check_submission(text, checker_of(KIND, NoOddPieces()))) == "invalid-claims"


def test_the_rules_of_the_trade_say_whose_content_it_is() -> None:
    for pieces, roles, kind in [(0, {"auditor"}, None), (2, None, "even-count")]:
        text = a_submission(values_of(lot=LOT | {"pieces": pieces}))
        record = check_submission(text, checker_of(KIND, NoOddPieces()))
        assert isinstance(record, CheckedRecord)
        assert record.roles == roles
        assert record.credential == kind


# ---- how large the closed groups are ----


@pytest.mark.parametrize(
    ("group", "characters", "code"),
    [
        ("manifest", limits.CLOSED_GROUP_BYTES_MAX, None),
        ("manifest", limits.CLOSED_GROUP_BYTES_MAX + 2, "closed-group-too-large"),
        ("address", limits.CLOSED_GROUP_BYTES_MAX + 2, "closed-group-too-large"),
        ("filing", limits.CLOSED_GROUP_BYTES_MAX + 2, "closed-group-too-large"),
        ("note", limits.CLOSED_GROUP_BYTES_MAX + 2, None),
    ],
)
def test_closed_groups_are_bounded_however_their_json_is_written(
    group: str, characters: int, code: str | None
) -> None:
    submission = a_submission(values_of(lot=LOT, note="x"))
    assert code_of(FOUNDED.check(_padded(submission, group, characters))) == code


def _padded(submission: str, group: str, characters: int) -> str:
    """The submission with white space in the disclosure of one group, and signed again."""
    (old,) = [part for part in submission[:-1].split("~")[1:] if group_of(part) == group]
    written = decode_base64url(old)
    padding = b" " * (characters * 3 // 4 - len(written))
    new = encode_base64url(written[:1] + padding + written[1:])
    digests = set(payload_of(submission)["_sd"]) - {digest_of(old)} | {digest_of(new)}
    text = submission.replace(old, new)
    return resign(text, PARTY.signing, claims={"_sd": sorted(digests)})
