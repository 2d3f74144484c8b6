"""The one writer: what it admits, in which order, and which receipt it answers with."""

from __future__ import annotations

import pytest

from ledger.compose import Filing
from ledger.errors import NotInLog
from ledger.faults import Refusal
from ledger.fold import PublicFold
from ledger.record import encode_record_id
from ledger.store import Store
from ledger.submission import Outcome
from tests.ledger.ledger_stories import (
    FOUNDED,
    FOUNDING_SIZE,
    a_founded_story,
    a_report,
    a_story,
    check_ledger,
    reports,
)
from tests.ledger.parties import (
    NOW_S,
    record_id_of,
    resign,
    sign_endorsement,
    sign_key,
    sign_type,
)
from tests.ledger.sample_types import SAMPLE_VCT, sample_type_text

pytestmark = pytest.mark.item("2.4")

SECOND = FOUNDED.parties["hanfeng-drive"]


def codes(outcomes: tuple[Outcome, ...]) -> list[str]:
    """The code of each refusal, the index of each entry."""
    return [o.code if isinstance(o, Refusal) else str(o.index) for o in outcomes]


def governed(fold: PublicFold) -> tuple[object, ...]:
    """What a fold says, without compiled schemas, which have no equality."""
    return fold.charter_id, fold.parties, fold.type_entries, fold.awaited


def test_founding_is_admitted_entry_by_entry(store: Store) -> None:
    story = a_story(store)
    check_ledger(story, 0)
    for index, text in enumerate(FOUNDED.texts):
        [admitted] = story.admit(text)
        assert (admitted.index, admitted.is_first) == (index, True)
        assert admitted.record_id == record_id_of(text)
        check_ledger(story, index + 1)
    story.ledger.close()


def test_founding_and_first_reports_are_admitted_in_one_group(store: Store) -> None:
    story = a_story(store)
    texts = [*FOUNDED.texts, *reports(3)]
    assert [admitted.index for admitted in story.admit(*texts)] == list(range(len(texts)))
    assert len(list(store.checkpoints())) == 1
    check_ledger(story, len(texts))
    story.ledger.close()


def test_founding_across_restarts(store: Store) -> None:
    story = a_story(store)
    check_ledger(story, 0)
    for size, text in enumerate(FOUNDED.texts):
        story = story.restarted()
        check_ledger(story, size)
        story.admit(text)
    story = story.restarted()
    check_ledger(story, FOUNDING_SIZE)
    assert governed(story.ledger.fold) == governed(FOUNDED.fold)
    story.ledger.close()


def test_group_takes_indices_in_its_order(store: Store) -> None:
    story = a_founded_story(store)
    texts = reports(5)
    admitted = story.admit(*texts)
    assert [a.index - FOUNDING_SIZE for a in admitted] == [0, 1, 2, 3, 4]
    assert [a.record_id for a in admitted] == [record_id_of(text) for text in texts]
    check_ledger(story, FOUNDING_SIZE + 5)
    story.ledger.close()


def test_refused_records_take_no_index(store: Store) -> None:
    story = a_founded_story(store)
    good = reports(3)
    stale = resign(a_report(9), SECOND.signing, claims={"iat": NOW_S - 31 * 24 * 3600})
    unknown = resign(a_report(8), SECOND.another_key("unregistered"))
    outcomes = story.submit(good[0], stale, good[1], unknown, good[2])
    assert codes(outcomes) == [
        str(FOUNDING_SIZE),
        "stale",
        str(FOUNDING_SIZE + 1),
        "key-not-valid",
        str(FOUNDING_SIZE + 2),
    ]
    check_ledger(story, FOUNDING_SIZE + 3)
    story.ledger.close()


def test_group_of_refused_records_writes_nothing(store: Store) -> None:
    story = a_founded_story(store)
    before = store.latest_checkpoint()
    unknown = resign(a_report(), SECOND.another_key("unregistered"))
    assert codes(story.submit(unknown, unknown)) == ["key-not-valid"] * 2
    assert store.latest_checkpoint() == before
    check_ledger(story, FOUNDING_SIZE)
    story.ledger.close()


@pytest.mark.item("2.bad.same-record-twice")
def test_same_record_again_gets_the_first_receipt(store: Store) -> None:
    story = a_founded_story(store)
    [first] = story.admit(a_report())
    story.admit(*reports(4, first=1))
    [again] = story.admit(a_report())
    assert (again.index, again.receipt, again.is_first) == (first.index, first.receipt, False)
    check_ledger(story, FOUNDING_SIZE + 5)
    story = story.restarted()
    [restarted] = story.admit(a_report())
    assert restarted == again
    check_ledger(story, FOUNDING_SIZE + 5)
    story.ledger.close()


@pytest.mark.item("2.bad.same-record-twice")
def test_same_record_twice_in_one_group_is_one_entry(store: Store) -> None:
    story = a_founded_story(store)
    first, other, again = story.admit(a_report(0), a_report(1), a_report(0))
    assert (again.index, again.receipt, again.is_first) == (first.index, first.receipt, False)
    assert other.index == first.index + 1
    check_ledger(story, FOUNDING_SIZE + 2)
    story.ledger.close()


def test_every_first_receipt_is_given_again_byte_by_byte(store: Store) -> None:
    story = a_founded_story(store)
    firsts = [a for count in (1, 4, 2) for a in story.admit(*reports(count, first=10 * count))]
    found = story.ledger.find_repeats(
        [story.checked(a_report(number)).record_id for number in (10, 40, 41, 42, 43, 20, 21)]
    )
    assert sorted(a.receipt for a in found.values()) == sorted(a.receipt for a in firsts)
    assert all(not a.is_first for a in found.values())
    assert [story.ledger.reader.receipt(a.index) for a in firsts] == [a.receipt for a in firsts]
    story.ledger.close()


def test_record_that_is_not_there_has_no_receipt(store: Store) -> None:
    story = a_founded_story(store)
    record_id = story.checked(a_report()).record_id
    assert story.ledger.find_repeats([record_id]) == {}
    assert story.ledger.reader.find(encode_record_id(record_id)) is None
    with pytest.raises(NotInLog, match="expected an entry"):
        story.ledger.reader.receipt(FOUNDING_SIZE)
    story.ledger.close()


@pytest.mark.item("2.bad.repeated-jti")
def test_jti_is_used_once(store: Store) -> None:
    story = a_founded_story(store)
    text = a_report()
    story.admit(text)
    other = resign(text, SECOND.signing, claims={"iat": NOW_S - 1})
    assert codes(story.submit(other)) == ["jti-used"]
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


@pytest.mark.item("2.bad.repeated-jti")
def test_jti_is_used_once_in_a_group(store: Store) -> None:
    story = a_founded_story(store)
    text = a_report()
    other = resign(text, SECOND.signing, claims={"iat": NOW_S - 1})
    assert codes(story.submit(text, other, a_report(1))) == [
        str(FOUNDING_SIZE),
        "jti-used",
        str(FOUNDING_SIZE + 1),
    ]
    check_ledger(story, FOUNDING_SIZE + 2)
    story.ledger.close()


def test_jti_of_a_refused_record_is_free(store: Store) -> None:
    story = a_founded_story(store)
    text = a_report()
    stale = resign(text, SECOND.signing, claims={"iat": 0})
    assert codes(story.submit(stale, text)) == ["stale", str(FOUNDING_SIZE)]
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


def test_key_signs_from_the_next_entry_of_the_same_group(store: Store) -> None:
    story = a_founded_story(store)
    key = SECOND.another_key("line 5")
    registered = sign_key(FOUNDED, SECOND, key, ["records"])
    report = resign(a_report(), key)
    assert codes(story.submit(report, registered, report)) == [
        "key-not-valid",
        str(FOUNDING_SIZE),
        str(FOUNDING_SIZE + 1),
    ]
    check_ledger(story, FOUNDING_SIZE + 2)
    story.ledger.close()


def test_type_is_defined_from_the_next_entry_of_the_same_group(store: Store) -> None:
    story = a_story(store)
    *before, kind = FOUNDED.texts
    story.admit(*before)
    report, faulty = a_report(), _with_fault()
    assert codes(story.submit(report, kind, report, faulty)) == [
        "unknown-type",
        str(FOUNDING_SIZE - 1),
        str(FOUNDING_SIZE),
        "invalid-claims",
    ]
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


def test_record_checked_before_its_type_was_defined_is_checked_again(store: Store) -> None:
    story = a_story(store)
    *before, kind = FOUNDED.texts
    story.admit(*before)
    early, faulty = story.checked(a_report()), story.checked(_with_fault())
    assert not early.type_known
    story.admit(kind)
    outcomes = story.ledger.submit([early, faulty]).result(timeout=30)
    assert codes(outcomes) == [str(FOUNDING_SIZE), "invalid-claims"]
    refusal = outcomes[1]
    assert isinstance(refusal, Refusal)
    assert [fault.pointer for fault in refusal.faults] == ["/lot/pieces"]
    # What is searched for is known only now that the type is.
    assert story.ledger.find_repeats([early.record_id])[early.record_id].index == FOUNDING_SIZE
    check_ledger(story, FOUNDING_SIZE + 1)
    story.ledger.close()


def _with_fault() -> str:
    groups = {"lot": {"number": "LG-0417", "pieces": -1}}
    return FOUNDED.record(SECOND, groups, label="faulty")


def test_second_definition_of_a_type_is_refused_in_the_same_group(store: Store) -> None:
    story = a_story(store)
    *before, kind = FOUNDED.texts
    story.admit(*before)
    again = resign(kind, FOUNDED.founder.signing, claims={"iat": NOW_S - 1, "jti": "B" * 22})
    assert codes(story.submit(kind, again)) == [str(FOUNDING_SIZE - 1), "not-permitted"]
    check_ledger(story, FOUNDING_SIZE)
    story.ledger.close()


def test_link_to_a_record_of_the_same_group_is_known(store: Store) -> None:
    story = a_founded_story(store)
    first = a_report()
    corrected = _correction(record_id_of(first), "first")
    missing = _correction("A" * 43, "missing")
    assert codes(story.submit(corrected, first, corrected, missing)) == [
        "not-permitted",
        str(FOUNDING_SIZE),
        str(FOUNDING_SIZE + 1),
        "not-permitted",
    ]
    check_ledger(story, FOUNDING_SIZE + 2)
    story.ledger.close()


def test_link_that_is_no_canonical_id_does_not_stop_the_writer(store: Store) -> None:
    story = a_founded_story(store)
    odd = story.checked(a_report(1))._replace(links=("A" * 42 + "B",))
    outcomes = story.ledger.submit([story.checked(a_report()), odd]).result(timeout=30)
    assert codes(outcomes) == [str(FOUNDING_SIZE), "unknown-record"]
    story.admit(a_report(2))
    check_ledger(story, FOUNDING_SIZE + 2)
    story.ledger.close()


def _correction(record_id: str, label: str) -> str:
    groups = {"lot": {"number": "LG-0417", "pieces": 499}, "correction": {"reason": "recount"}}
    return FOUNDED.record(SECOND, groups, filing=Filing(corrects=record_id), label=label)


def test_second_endorsement_is_refused_in_the_same_group(store: Store) -> None:
    story = a_story(store)
    charter, first, second, *_ = FOUNDED.texts
    party = list(FOUNDED.parties.values())[1]
    again = resign(
        sign_endorsement(FOUNDED, party), party.admin, claims={"jti": "C" * 22, "iat": NOW_S - 1}
    )
    assert codes(story.submit(charter, first, again, second)) == [
        "0",
        "1",
        "genesis-incomplete",
        "2",
    ]
    check_ledger(story, 3)
    story.ledger.close()


def test_types_of_one_group_are_those_of_the_fold(store: Store) -> None:
    story = a_founded_story(store)
    other = sign_type(FOUNDED, FOUNDED.founder, sample_type_text(vct="other-report/v1"))
    assert codes(story.submit(other)) == ["approval-needed"]
    assert set(story.ledger.checker.book.types) >= {SAMPLE_VCT}
    assert story.ledger.checker.book.types == story.ledger.fold.types
    story.ledger.close()
