"""The public fold: what is in force after each entry, and documents that come in parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.admission import Place, admit
from ledger.commitment import commit_key
from ledger.content import CheckedRecord, Checker, check_submission
from ledger.domain import NoDomainRules
from ledger.errors import MalformedCharter, MalformedDocument
from ledger.faults import Refusal
from ledger.fold import Governing, PublicFold, apply
from ledger.record import encode_record_id, parse_jws, record_id
from ledger.record_type import builtin_governance_types
from tests.ledger.governance_documents import (
    OTHER_TYPE,
    sign_definition,
    sign_part,
    sign_policy,
)
from tests.ledger.parties import (
    NOW_MS,
    ORIGIN,
    SEARCH_SECRET,
    KnownRecords,
    Plan,
    a_consortium,
    code_of,
    record_id_of,
    sign_charter,
    sign_endorsement,
    sign_key,
    sign_type,
)
from tests.ledger.sample_types import SAMPLE_VCT, sample_type_text

pytestmark = pytest.mark.item("2.4")

FOUNDED = a_consortium(Plan(thresholds={"record-type": 1, "policy": 1}))
FIRST, SECOND, THIRD = FOUNDED.parties.values()


def governing(text: str, index: int, at_ms: int = NOW_MS) -> Governing:
    parsed = parse_jws(text.split("~", 1)[0], origin=ORIGIN)
    claims = parsed.claims
    return Governing(
        index=index,
        admitted_ms=at_ms,
        record_id=record_id(parsed.jws),
        iss=claims.iss,
        kid=parsed.header.kid,
        vct=claims.vct,
        body=claims.body or {},
    )


def folded(texts: Sequence[str]) -> PublicFold:
    entries = [governing(text, index) for index, text in enumerate(texts)]
    return reduce(apply, entries, PublicFold(ORIGIN))


# ---- what each entry puts in force ----


def test_before_the_charter_the_built_in_governance_types_are_in_the_book() -> None:
    empty = PublicFold(ORIGIN)
    assert not empty.is_complete
    assert empty.book().types == {kind.vct: kind for kind in builtin_governance_types()}


def test_the_charter_makes_the_founders_parties_and_awaits_all_but_the_first() -> None:
    fold = folded(FOUNDED.texts[:1])
    assert fold.charter_id == record_id_of(FOUNDED.charter)
    assert list(fold.parties) == [FIRST.did, SECOND.did, THIRD.did]
    assert fold.awaited == {SECOND.did, THIRD.did}
    for party in (FIRST, SECOND, THIRD):
        assert fold.parties[party.did].admin_keys == {party.admin.multikey}
        assert fold.parties[party.did].commitment == commit_key(party.next_admin.multikey)
    assert not fold.is_complete


def test_each_endorsement_says_when_its_founder_joined() -> None:
    fold = folded(FOUNDED.texts[:3])
    joined = {party.slug: party.joined_at for party in fold.parties.values()}
    assert joined == {FIRST.slug: 0, SECOND.slug: 1, THIRD.slug: 2}
    assert fold.is_complete


def test_a_key_is_registered_at_its_entry() -> None:
    key = FOUNDED.fold.key(SECOND.signing.kid)
    assert key is not None
    assert (key.party, key.holder_kind, key.registered_at) == (SECOND.did, "machine", 4)
    assert "records" in key.uses


def test_a_type_is_defined_at_its_entry() -> None:
    assert FOUNDED.fold.types[SAMPLE_VCT].text == sample_type_text()
    assert FOUNDED.fold.type_entries == {SAMPLE_VCT: FOUNDED.size - 1}


def test_a_policy_is_known_by_the_id_of_its_record() -> None:
    text = sign_policy(FOUNDED, FIRST)
    fold = FOUNDED.after(text).fold
    assert [item.record_id for item in fold.policies] == [fold.charter_id, record_id_of(text)]


def test_the_book_carries_the_bounds_of_the_charter() -> None:
    bounds = {"entry_bytes_max": 20_480, "disclosure_bytes_max": 9_999, "disclosures_max": 9}
    small = a_consortium(Plan(amend=lambda body: body["limits"].update(bounds)))
    book = small.fold.book()
    assert book.entry_bytes_max == 20_480
    assert (book.disclosure_bytes_max, book.disclosures_max) == (9_999, 9)
    assert book.types is small.fold.types


def test_an_entry_of_no_governance_type_changes_nothing() -> None:
    text = FOUNDED.record(SECOND)
    assert apply(FOUNDED.fold, governing(text, 99)) is FOUNDED.fold


def test_a_fold_that_was_kept_stays_as_it_was() -> None:
    before = FOUNDED.fold
    copies = (dict(before.parties), dict(before.types), dict(before.parts))
    grown = FOUNDED.after(
        sign_key(FOUNDED, SECOND, SECOND.another_key("x")),
        sign_type(FOUNDED, FIRST, OTHER_TYPE),
        sign_part(FOUNDED, FIRST, "text", 0),
    )
    assert grown.fold != before
    assert copies == (before.parties, before.types, before.parts)


# ---- the fold does not depend on how the entries arrived ----


def test_reading_the_entries_again_gives_the_same_fold() -> None:
    assert folded(FOUNDED.texts) == FOUNDED.fold


def later_texts() -> list[str]:
    """Governance after the founding, admitted and refused records mixed."""
    fresh = SECOND.another_key("fresh")
    registered = FOUNDED.after(sign_key(FOUNDED, SECOND, fresh))
    return [
        sign_key(FOUNDED, SECOND, fresh),
        sign_key(FOUNDED, SECOND, fresh),
        sign_endorsement(FOUNDED, THIRD),
        sign_part(FOUNDED, FIRST, OTHER_TYPE[:900], 0, of=2, document=OTHER_TYPE),
        sign_definition(FOUNDED, FIRST, OTHER_TYPE, inline=False),
        sign_part(FOUNDED, FIRST, OTHER_TYPE[900:], 1, of=2, document=OTHER_TYPE),
        sign_definition(FOUNDED, FIRST, OTHER_TYPE, inline=False),
        sign_policy(FOUNDED, FIRST),
        registered.record(SECOND, label="business"),
        sign_type(FOUNDED, FIRST, OTHER_TYPE),
    ]


LATER = later_texts()


def enter(text: str, fold: PublicFold, *, snapshot: PublicFold, index: int) -> PublicFold | Refusal:
    """Check against an older fold, as outside of the lock, and admit under the newest."""
    checker = Checker(ORIGIN, snapshot.book(), NoDomainRules(), SEARCH_SECRET)
    checked = check_submission(text, checker)
    assert isinstance(checked, CheckedRecord), checked
    return admit(checked, fold, place=Place(index, NOW_MS), precedents=KnownRecords())


def enter_all(sizes: Sequence[int]) -> tuple[PublicFold, list[str]]:
    """Enter the texts in groups; each group is checked against the fold before it."""
    fold, index, codes, position = FOUNDED.fold, FOUNDED.size, [], 0
    for size in [*sizes, len(LATER)]:
        snapshot = fold
        for text in LATER[position : position + size]:
            after = enter(text, fold, snapshot=snapshot, index=index)
            codes.append(code_of(after) or "admitted")
            if isinstance(after, PublicFold):
                fold, index = after, index + 1
        position += size
    return fold, codes


ONE_BY_ONE = enter_all([1] * len(LATER))


def test_refused_records_leave_no_trace() -> None:
    fold, codes = ONE_BY_ONE
    assert codes == [
        *("admitted", "key-not-valid", "not-permitted", "admitted", "malformed-document"),
        *("admitted", "admitted", "admitted", "admitted", "not-permitted"),
    ]
    kept = [text for text, code in zip(LATER, codes, strict=True) if code == "admitted"]
    assert folded([*FOUNDED.texts, *kept]) == fold


@given(st.lists(st.integers(1, 4), max_size=6))
def test_the_fold_does_not_depend_on_where_groups_end(sizes: list[int]) -> None:
    assert enter_all(sizes) == ONE_BY_ONE


# ---- content that admission would have refused ----


def test_a_key_that_is_no_point_is_a_finding_and_no_crash() -> None:
    entry = governing(sign_key(FOUNDED, SECOND, SECOND.another_key("x")), 20)
    assert apply(FOUNDED.fold, entry).key(SECOND.another_key("x").kid)
    broken = replace(entry, body={**entry.body, "multikey": "z6Mk" + "1" * 44})
    with pytest.raises(MalformedDocument, match="key: "):
        apply(FOUNDED.fold, broken)


def test_a_charter_is_the_one_of_its_entry() -> None:
    entry = governing(sign_charter(FOUNDED.parties, {"origin": "x"}), 0)
    with pytest.raises(MalformedCharter):
        apply(PublicFold(ORIGIN), entry)
    right = governing(FOUNDED.charter, 0)
    assert apply(PublicFold(ORIGIN), right).charter_id == encode_record_id(right.record_id)
