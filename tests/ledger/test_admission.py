"""Step 5 of admission: is the record its signer's to say, here and now?"""

from __future__ import annotations

from typing import Any

import pytest

from ledger import limits
from ledger.admission import Place, Precedent, admit
from ledger.compose import Composer, Filing
from ledger.content import BlobClaim, CheckedRecord
from ledger.faults import Refusal
from ledger.fold import PublicFold
from ledger.record import NO_POLICY
from tests.ledger.governance_documents import sign_policy
from tests.ledger.parties import (
    NOW_MS,
    NOW_S,
    ORIGIN,
    SAMPLE_GROUPS,
    Consortium,
    KnownRecords,
    PartySigner,
    Plan,
    RandomStream,
    a_consortium,
    a_party,
    code_of,
    record_id_of,
    resign,
    sign_key,
)
from tests.ledger.sample_types import SAMPLE_VCT, sample_type_text

pytestmark = pytest.mark.item("2.4")

FOUNDED = a_consortium()
OEM, SUPPLIER, CERTIFIER = FOUNDED.parties.values()
DAY_S = 24 * 3600
RECORD = FOUNDED.record(SUPPLIER)


def judge(text: str, consortium: Consortium = FOUNDED) -> str | None:
    return code_of(consortium.judge(text))


def test_a_business_record_changes_nothing_in_the_fold() -> None:
    assert FOUNDED.judge(RECORD) is FOUNDED.fold


# ---- time ----


@pytest.mark.item("2.bad.iat-past")
@pytest.mark.item("2.bad.iat-future")
@pytest.mark.parametrize(
    ("iat", "code"),
    [
        (NOW_S, None),
        (NOW_S - 30 * DAY_S, None),
        (NOW_S - 30 * DAY_S - 1, "stale"),
        (NOW_S + 300, None),
        (NOW_S + 301, "stale"),
        (0, "stale"),
        (2**53 - 1, "stale"),
    ],
)
@pytest.mark.parametrize("milliseconds", [0, 999])
def test_a_record_is_fresh_when_it_is_admitted(
    iat: int, code: str | None, milliseconds: int
) -> None:
    text = FOUNDED.record(SUPPLIER, iat=iat)
    assert code_of(FOUNDED.judge(text, at_ms=NOW_MS + milliseconds)) == code


@pytest.mark.parametrize(
    ("late_max_seconds", "behind", "code"),
    [
        (3600, 3600, None),
        (3600, 3601, "stale"),
        (0, 0, None),
        (0, 1, "stale"),
        # A type may also allow more than the thirty days that hold where it says nothing.
        (365 * DAY_S, 365 * DAY_S, None),
        (365 * DAY_S, 365 * DAY_S + 1, "stale"),
    ],
)
def test_a_type_says_how_late_its_records_may_be(
    late_max_seconds: int, behind: int, code: str | None
) -> None:
    text = sample_type_text(late_max_seconds=late_max_seconds)
    consortium = a_consortium(Plan(types=(text,)))
    assert judge(consortium.record(SUPPLIER, iat=NOW_S - behind), consortium) == code


def test_governance_is_fresh_too() -> None:
    text = sign_key(FOUNDED, SUPPLIER, SUPPLIER.another_key("fresh"))
    for behind, code in [(30 * DAY_S, None), (30 * DAY_S + 1, "stale")]:
        assert judge(resign(text, SUPPLIER.admin, claims={"iat": NOW_S - behind})) == code


@pytest.mark.item("2.bad.unknown-type")
@pytest.mark.parametrize("vct", ["unheard-of/v1", "sample-report/v2"])
@pytest.mark.parametrize("iat", [NOW_S, NOW_S - 30 * DAY_S])
def test_an_unknown_type_or_version_is_refused_as_such(vct: str, iat: int) -> None:
    text = FOUNDED.record(SUPPLIER, iat=iat)
    assert judge(text) is None
    assert judge(resign(text, SUPPLIER.signing, claims={"vct": vct})) == "unknown-type"


def test_a_record_whose_type_was_unknown_when_it_was_checked_is_not_admitted() -> None:
    checked = FOUNDED.check(RECORD)
    assert isinstance(checked, CheckedRecord)
    place = Place(FOUNDED.size, NOW_MS)
    known = KnownRecords()
    assert admit(checked, FOUNDED.fold, place=place, precedents=known) is FOUNDED.fold
    unknown = checked._replace(type_known=False)
    refusal = admit(unknown, FOUNDED.fold, place=place, precedents=known)
    assert code_of(refusal) == "unknown-type"


# ---- policies ----

SPAN = '{"floor":"partner","default":"partner","ceiling":"restricted"}'
NARROW = f'{{"types":{{"{SAMPLE_VCT}":{{"lot":{SPAN}}}}}}}'


def with_policy(document: str = NARROW) -> tuple[Consortium, str]:
    """A consortium in which one member decides on policies, and the id of one in force."""
    open_to_one = a_consortium(Plan(thresholds={"policy": 1}))
    text = sign_policy(open_to_one, open_to_one.founder, document)
    return open_to_one.after(text), record_id_of(text)


@pytest.mark.parametrize(
    ("tier", "code"),
    [("public", "invalid-claims"), ("partner", None), ("restricted", None)],
)
def test_a_record_lies_inside_the_range_of_the_policy_it_names(tier: str, code: str | None) -> None:
    consortium, policy = with_policy()
    composer = consortium.composer(SUPPLIER.signing, policy=policy)
    filing = Filing(tiers={"lot": tier})
    text = composer.compose_record(consortium.kind, SAMPLE_GROUPS, filing=filing, iat=NOW_S)
    outcome = consortium.judge(text)
    assert code_of(outcome) == code
    if isinstance(outcome, Refusal):
        assert [fault.pointer for fault in outcome.faults] == ["/manifest/groups/lot"]
    # Under the charter's default policy the type's own range holds.
    default = consortium.record(SUPPLIER, filing=filing)
    assert judge(default, consortium) is None


def test_a_policy_that_is_not_in_force_cannot_be_named() -> None:
    consortium, policy = with_policy()
    for named, code in [
        (policy, None),
        (consortium.fold.charter_id, None),
        (NO_POLICY, "policy-not-in-force"),
        (record_id_of(RECORD), "policy-not-in-force"),
    ]:
        composer = consortium.composer(SUPPLIER.signing, policy=named)
        text = composer.compose_record(consortium.kind, SAMPLE_GROUPS, filing=Filing(), iat=NOW_S)
        assert judge(text, consortium) == code


# ---- writers, members, links, blobs ----


def test_a_type_is_written_by_the_roles_it_names() -> None:
    # Certifier is also the laboratory; the OEM has no role that writes reports.
    assert judge(FOUNDED.record(SUPPLIER)) is None
    assert judge(FOUNDED.record(CERTIFIER)) is None
    assert judge(FOUNDED.record(OEM)) == "not-permitted"


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        (None, None),
        ({"supplier"}, None),
        ({"supplier", "auditor"}, None),
        ({"laboratory"}, "not-permitted"),
        # A role that the trade allows and the type does not, does not write either.
        ({"auditor"}, "not-permitted"),
        (set(), "not-permitted"),
    ],
)
def test_content_may_be_for_some_of_the_writers_only(
    roles: set[str] | None, code: str | None
) -> None:
    checked = FOUNDED.check(RECORD)
    assert isinstance(checked, CheckedRecord)
    limited = checked._replace(roles=None if roles is None else frozenset(roles))
    outcome = admit(
        limited, FOUNDED.fold, place=Place(FOUNDED.size, NOW_MS), precedents=KnownRecords()
    )
    assert code_of(outcome) == code


STRANGER = a_party("stranger").did


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        (Filing(subject=OEM.did), Filing(subject=STRANGER)),
        (Filing(to=[OEM.did]), Filing(to=[OEM.did, STRANGER])),
        (Filing(subject=OEM.did), Filing(subject="anything")),
    ],
)
def test_everybody_named_is_a_member(allowed: Filing, refused: Filing) -> None:
    assert judge(FOUNDED.record(SUPPLIER, filing=allowed)) is None
    outcome = FOUNDED.judge(FOUNDED.record(SUPPLIER, filing=refused))
    assert code_of(outcome) == "unknown-party"
    assert isinstance(outcome, Refusal)
    assert outcome.faults[0].found in {STRANGER, "anything"}


def checked_as(text: str) -> CheckedRecord:
    checked = FOUNDED.check(text)
    assert isinstance(checked, CheckedRecord)
    return checked


@pytest.mark.parametrize("link", ["case", "answers", "endorses", "cites"])
def test_linked_records_are_there(link: str) -> None:
    earlier = FOUNDED.record(SUPPLIER, label="earlier")
    name = record_id_of(earlier)
    members: dict[str, Any] = {link: name if link == "case" else [name]}
    text = FOUNDED.record(SUPPLIER, filing=Filing(**members))
    known = KnownRecords()
    assert code_of(FOUNDED.judge(text, precedents=known)) == "unknown-record"
    known.add(checked_as(earlier))
    assert code_of(FOUNDED.judge(text, precedents=known)) is None


CORRECTION = {**SAMPLE_GROUPS, "correction": {"reason": "typo"}}


@pytest.mark.parametrize(
    ("precedent", "code"),
    [
        (Precedent(SUPPLIER.did, SAMPLE_VCT), None),
        # A later version corrects an earlier one of the same name.
        (Precedent(SUPPLIER.did, "sample-report/v7"), None),
        (Precedent(SUPPLIER.did, "sample-reports/v1"), "not-permitted"),
        (Precedent(CERTIFIER.did, SAMPLE_VCT), "not-permitted"),
        (None, "not-permitted"),
    ],
)
def test_a_party_corrects_its_own_records_of_the_same_type(
    precedent: Precedent | None, code: str | None
) -> None:
    text = FOUNDED.record(SUPPLIER, CORRECTION, filing=Filing(corrects="A" * 43))
    assert code_of(FOUNDED.judge(text, precedents=OneRecord(precedent))) == code


class OneRecord(KnownRecords):
    """A log that gives the same answer for every record id."""

    def __init__(self, precedent: Precedent | None) -> None:
        super().__init__()
        self._precedent = precedent

    def find_record(self, record_id: str) -> Precedent | None:
        """The one answer."""
        assert record_id == "A" * 43
        return self._precedent


@pytest.mark.parametrize(
    ("claim", "owner", "code"),
    [
        (BlobClaim("b" * 22, "A" * 43, 5), SUPPLIER.did, None),
        (BlobClaim("b" * 22, "A" * 43, 6), SUPPLIER.did, "blob-not-ready"),
        (BlobClaim("b" * 22, "B" * 42 + "A", 5), SUPPLIER.did, "blob-not-ready"),
        (BlobClaim("c" * 22, "A" * 43, 5), SUPPLIER.did, "blob-not-ready"),
        (BlobClaim("b" * 22, "A" * 43, 5), CERTIFIER.did, "blob-not-ready"),
    ],
)
def test_every_blob_is_the_party_s_own_and_as_claimed(
    claim: BlobClaim, owner: str, code: str | None
) -> None:
    files = [{"blob": "b" * 22, "sha256": "A" * 43, "bytes": 5}]
    text = FOUNDED.record(SUPPLIER, {"lot": SAMPLE_GROUPS["lot"], "evidence": files})
    assert code_of(FOUNDED.judge(text, precedents=KnownRecords([(claim, owner)]))) == code


# ---- order: what is said first where several things are wrong ----


def test_genesis_key_time_policy_and_content_are_judged_in_this_order() -> None:
    empty = PublicFold(ORIGIN)
    stranger = PartySigner(SUPPLIER.did, SUPPLIER.another_key("fresh").key)

    def text(signer: PartySigner, *, iat: int, policy: str, filing: Filing) -> CheckedRecord:
        composer = Composer(ORIGIN, policy, signer, RandomStream("order"))
        return checked_as(
            composer.compose_record(FOUNDED.kind, SAMPLE_GROUPS, filing=filing, iat=iat)
        )

    wrong = Filing(to=[STRANGER])
    own = FOUNDED.fold.charter_id
    steps = [
        (empty, stranger, 0, NO_POLICY, "genesis-incomplete"),
        (FOUNDED.fold, stranger, 0, NO_POLICY, "key-not-valid"),
        (FOUNDED.fold, SUPPLIER.signing, 0, NO_POLICY, "stale"),
        (FOUNDED.fold, SUPPLIER.signing, NOW_S, NO_POLICY, "policy-not-in-force"),
        (FOUNDED.fold, SUPPLIER.signing, NOW_S, own, "unknown-party"),
    ]
    for fold, signer, iat, policy, code in steps:
        record = text(signer, iat=iat, policy=policy, filing=wrong)
        place = Place(FOUNDED.size, NOW_MS)
        assert code_of(admit(record, fold, place=place, precedents=KnownRecords())) == code


def test_a_refusal_of_time_says_by_how_much() -> None:
    early = FOUNDED.judge(FOUNDED.record(SUPPLIER, iat=NOW_S + 301))
    late = FOUNDED.judge(FOUNDED.record(SUPPLIER, iat=NOW_S - 30 * DAY_S - 1))
    assert isinstance(early, Refusal)
    assert isinstance(late, Refusal)
    assert early.detail == "iat lies 301 s in the future, at most 300 are accepted"
    assert late.detail == "iat lies 2592001 s in the past, at most 2592000 are accepted"
    assert limits.IAT_BEHIND_SECONDS_MAX == 2_592_000
