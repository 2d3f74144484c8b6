"""Records with sealed groups: what is admitted without being read (docs/spec/sealed.md, 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ledger.audit_contents import ContentJudge
from ledger.audit_entries import check_chunk
from ledger.compose import Filing
from ledger.content import (
    CheckedRecord,
    Checker,
    TypeBook,
    check_submission,
    derive_projections,
    split_submission,
)
from ledger.domain import NoDomainRules
from ledger.entitled_reading import is_whole
from ledger.entry import NO_LEAF, EntryHead, encode_head, entry_bytes
from ledger.faults import Refusal
from ledger.kept import Kept, join_kept
from ledger.record_type import parse_record_type
from ledger.sealed import OpenerKey, encode_envelope, parse_envelope
from ledger.sealing_submission import seal_submission, what_to_seal
from quality.rules import QualityRules
from quality.types import business_types
from tests.ledger.parties import (
    NOW_MS,
    ORIGIN,
    SEARCH_SECRET,
    RandomStream,
    a_seed,
    code_of,
    payload_of,
    resign,
    sign_key,
)
from tests.ledger.submissions import FOUNDED, LOT, OEM, PARTY, checker_of, faults_of, opened_groups
from tests.quality import examples

pytestmark = pytest.mark.item("5.6.sealed")

OWN = OpenerKey.of(PARTY.did, a_seed("owner's office"))
READERS = OpenerKey.of(OEM.did, a_seed("reader's desk"))
GROUPS = {"lot": LOT, "note": "a secret", "values": ["1"]}
TIERS = {"note": "sealed"}


def composed(tiers: dict[str, str] = TIERS, **groups: Any) -> str:
    return FOUNDED.record(PARTY, groups or GROUPS, filing=Filing(tiers=tiers))


def sealed(text: str, *keys: OpenerKey, groups: Sequence[str] = ("note",)) -> str:
    kids = [key.kid for key in keys or (OWN, READERS)]
    return seal_submission(
        text, dict.fromkeys(groups, kids), origin=ORIGIN, random_bytes=RandomStream("seal")
    )


TEXT = sealed(composed())
CHECKER = checker_of(FOUNDED.kind)


def judge(text: str) -> CheckedRecord | Refusal:
    return check_submission(text, CHECKER)


def test_a_record_is_admitted_without_its_sealed_group() -> None:
    outcome = judge(TEXT)
    assert isinstance(outcome, CheckedRecord)
    assert outcome.sealed_to == (OWN.kid, READERS.kid)
    assert outcome.disclosures == TEXT.partition("~")[2]
    assert "a secret" not in str(opened_groups(TEXT))


def test_the_groups_to_seal_are_those_of_this_tier() -> None:
    assert what_to_seal(composed(), origin=ORIGIN) == (PARTY.did, ("note",))
    assert what_to_seal(composed({}), origin=ORIGIN) == (PARTY.did, ())


def test_a_group_of_tier_sealed_does_not_come_in_clear() -> None:
    refusal = judge(composed())
    assert faults_of(refusal) == ["/note"]
    assert isinstance(judge(sealed(composed())), CheckedRecord)


def test_only_groups_of_tier_sealed_come_in_envelopes() -> None:
    refusal = judge(sealed(composed({"note": "restricted"})))
    assert faults_of(refusal) == ["/manifest/groups/note"]


def test_the_owner_can_open_what_is_sealed() -> None:
    assert isinstance(judge(sealed(composed(), OWN)), CheckedRecord)
    refusal = judge(sealed(composed(), READERS))
    assert code_of(refusal) == "owner-not-recipient"


def test_a_sealed_group_that_was_filed_is_sent() -> None:
    jws, kept = split_submission(TEXT)
    without = f"{jws}~{join_kept(Kept(kept.disclosures, []))}"
    refusal = judge(without)
    assert code_of(refusal) == "disclosure-missing"
    assert faults_of(refusal) == ["/note"]


def changed(change: Callable[[Kept], Kept]) -> str:
    jws, kept = split_submission(TEXT)
    return f"{jws}~{join_kept(change(kept))}"


def _renamed(kept: Kept) -> Kept:
    envelope = replace(parse_envelope(kept.envelopes[0]), group="values")
    return Kept(kept.disclosures, [encode_envelope(envelope)])


def _of_another(kept: Kept) -> Kept:
    envelope = replace(parse_envelope(kept.envelopes[0]), digest="A" * 43)
    return Kept(kept.disclosures, [encode_envelope(envelope)])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda kept: kept, None),
        (_of_another, "disclosure-unused"),
        (lambda kept: Kept(kept.disclosures, kept.envelopes * 2), "disclosure-duplicate"),
        (lambda kept: Kept(kept.disclosures, ["!e30"]), "malformed-envelope"),
        (_renamed, "disclosure-missing"),
    ],
)
def test_an_envelope_is_of_a_digest_and_a_group_of_its_own(
    change: Callable[[Kept], Kept], code: str | None
) -> None:
    assert code_of(judge(changed(change))) == code


def test_an_envelope_stands_behind_the_disclosures() -> None:
    jws, *parts = TEXT[:-1].split("~")
    first = "".join(f"{part}~" for part in (jws, parts[-1], *parts[:-1]))
    assert code_of(judge(first)) == "malformed-record"


def test_the_schema_is_judged_of_what_can_be_read() -> None:
    assert isinstance(judge(sealed(composed(lot=LOT, note="x"))), CheckedRecord)
    wrong = judge(sealed(composed(lot={**LOT, "pieces": -1}, note="x")))
    assert faults_of(wrong) == ["/lot/pieces"]
    # What is inside is the owner's word: nobody here can say whether it is right.
    assert isinstance(judge(sealed(composed(lot=LOT, note=5))), CheckedRecord)


def test_a_group_that_every_record_has_may_be_sealed_and_not_be_missing() -> None:
    kind = parse_record_type(
        next(text for text in business_types() if '"parameter-upload/v1"' in text)
    )
    checker = Checker(ORIGIN, TypeBook({kind.vct: kind}), QualityRules(), SEARCH_SECRET)
    groups = {**examples.example(kind.vct)}
    groups.pop("correction", None)
    filing = Filing(tiers={"values": "sealed"})
    composer = FOUNDED.composer(PARTY.signing)

    def signed(groups: dict[str, Any]) -> str:
        return composer.compose_record(kind, groups, filing=filing, iat=payload_of(TEXT)["iat"])

    text = sealed(signed(groups), groups=["values"])
    assert isinstance(check_submission(text, checker), CheckedRecord)
    less = {name: value for name, value in groups.items() if name != "process"}
    refusal = check_submission(sealed(signed(less), groups=["values"]), checker)
    assert faults_of(refusal) == ["/process"]


def test_a_group_that_cites_uploads_is_not_sealed() -> None:
    file = {"blob": "b" * 22, "sha256": "A" * 43, "bytes": 5}
    text = composed({"evidence": "sealed"}, lot=LOT, evidence=[file])
    assert faults_of(judge(sealed(text, groups=["evidence"]))) == ["/manifest/groups/evidence"]


def _registered() -> Any:
    """The members with a sealing key each."""
    consortium = FOUNDED
    for party, key in ((PARTY, OWN), (OEM, READERS)):
        text = sign_key(consortium, party, party.another_key("any"))
        body = payload_of(text)["body"]
        body |= {"multikey": key.kid.partition("#")[2], "uses": ["seal"], "possession": None}
        consortium = consortium.after(resign(text, party.admin, claims={"body": body}))
    return consortium


MEMBERS = _registered()


def test_a_record_is_sealed_to_registered_keys_of_members() -> None:
    assert code_of(MEMBERS.judge(TEXT)) is None
    assert code_of(FOUNDED.judge(TEXT)) == "unknown-sealing-key"


def test_a_record_is_not_sealed_to_a_key_that_nobody_registered() -> None:
    stranger = OpenerKey.of(OEM.did, a_seed("nobody's"))
    assert code_of(MEMBERS.judge(sealed(composed(), OWN, stranger))) == "unknown-sealing-key"


def test_a_record_is_not_sealed_to_a_key_that_ended() -> None:
    body: dict[str, Any] = {
        "kid": READERS.kid,
        "keeps": [],
        "reason": "lost",
        "contested_from": None,
    }
    after = MEMBERS.after(MEMBERS.governance(OEM.admin, "key-revocation/v1", body))
    assert code_of(after.judge(TEXT)) == "unknown-sealing-key"
    assert code_of(after.judge(sealed(composed(), OWN))) is None


def test_governance_has_no_envelopes() -> None:
    text = sign_key(FOUNDED, PARTY, PARTY.another_key("any"))
    envelope = split_submission(TEXT)[1].envelopes[0]
    digest = payload_of(text)["_sd"][0]
    moved = encode_envelope(replace(parse_envelope(envelope), group="holder", digest=digest))
    jws = text.partition("~")[0]
    spoiled = f"{jws}~{join_kept(Kept([], [moved]))}"
    checker = Checker(ORIGIN, TypeBook(FOUNDED.fold.types), NoDomainRules(), SEARCH_SECRET)
    assert isinstance(check_submission(text, checker), CheckedRecord)
    assert code_of(check_submission(spoiled, checker)) in ("invalid-claims", "disclosure-duplicate")


def test_a_record_is_whole_without_what_is_sealed() -> None:
    groups = dict(opened_groups(TEXT))
    assert is_whole(groups)
    assert not is_whole({name: value for name, value in groups.items() if name != "lot"})


def test_an_audit_judges_what_can_be_read() -> None:
    jws, _, kept = TEXT.partition("~")
    head = EntryHead(ORIGIN, 0, NO_LEAF, NOW_MS)
    judge = ContentJudge(FOUNDED.fold.types, NoDomainRules())

    def audited(kept: str) -> tuple[tuple[str, str], ...]:
        (found,) = check_chunk(ORIGIN, [(entry_bytes(encode_head(head), jws), kept)], judge)
        return found.faults

    assert audited(kept) == ()
    without = join_kept(Kept(split_submission(TEXT)[1].disclosures, []))
    assert [code for code, _ in audited(without)] == ["disclosure-missing"]


def test_what_follows_from_a_record_follows_from_what_can_be_read() -> None:
    outcome = judge(TEXT)
    assert isinstance(outcome, CheckedRecord)
    found = derive_projections(TEXT, CHECKER)
    assert (found.search, found.standing) == (outcome.search, outcome.standing)
