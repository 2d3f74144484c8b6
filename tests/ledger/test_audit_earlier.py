"""What an audit reads once more: times of entries, and the signers of contested records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ledger.audit import audit
from ledger.audit_earlier import AdmissionTimes, ContestedIds, EarlierEntries
from ledger.entry import NO_LEAF, EntryHead, encode_head, entry_bytes
from ledger.party import Contested
from ledger.precedents import Signed
from tests.ledger.acts import FIVE, HOUR_MS, Members
from tests.ledger.audit_copies import CopiedLog, Forgery, Row
from tests.ledger.parties import NOW_MS, ORIGIN, a_consortium, record_id_of, resign

pytestmark = [pytest.mark.item("3.2.contested"), pytest.mark.item("3.7.audit")]

FOUNDED = a_consortium(FIVE)
OEM, SUPPLIER, *_ = FOUNDED.parties.values()
PHONE = SUPPLIER.another_key("phone")


def contested() -> Members:
    """A phone's second and third record are contested, its first is not."""
    members = Members(FOUNDED)
    members.admit(members.key(SUPPLIER, PHONE))
    for hour in range(3):
        text = FOUNDED.record(SUPPLIER, iat=members.at_ms // 1000, label=f"hour {hour}")
        members.admit(resign(text, PHONE, header={"kid": PHONE.kid}))
        members.wait(HOUR_MS)
    members.admit(members.revocation(SUPPLIER.admin, PHONE.kid, contested_from=FOUNDED.size + 2))
    return members


MEMBERS = contested()
TEXTS = [(text, NOW_MS) for text in FOUNDED.texts] + MEMBERS.log


def read_from(start: int) -> Iterator[bytes]:
    for index, (text, at_ms) in enumerate(TEXTS):
        if index >= start:
            head = encode_head(EntryHead(ORIGIN, index, NO_LEAF, at_ms))
            yield entry_bytes(head, text.split("~", maxsplit=1)[0])


def earlier(times: AdmissionTimes | None = None, *, party: str = SUPPLIER.did) -> EarlierEntries:
    return EarlierEntries(
        read_from,
        times or AdmissionTimes(),
        ids=ContestedIds(read_from),
        fold=MEMBERS.fold,
        party=party,
    )


def test_times_are_those_that_the_audit_saw() -> None:
    times = AdmissionTimes()
    for index, at_ms in ((4, 70), (5, 70), (6, 90), (7, 90), (8, 91)):
        times.note(index, at_ms)
    assert [times.find(index) for index in range(3, 9)] == [None, 70, 70, 90, 90, 91]
    # What the source says later of an entry that was seen makes no difference.
    assert earlier(times).admitted_ms(6) == 90


def test_times_of_an_earlier_audit_are_read_again() -> None:
    assert earlier().admitted_ms(FOUNDED.size + 2) == NOW_MS + HOUR_MS
    assert earlier().admitted_ms(len(TEXTS)) is None


def test_what_is_no_entry_has_no_time() -> None:
    def noise(start: int) -> Iterator[bytes]:
        yield from [b"no entry"] * (start + 1)

    broken = EarlierEntries(
        noise, AdmissionTimes(), ids=ContestedIds(noise), fold=MEMBERS.fold, party=SUPPLIER.did
    )
    assert broken.admitted_ms(1) is None
    assert broken.find_signed(record_id_of(MEMBERS.log[2][0])) is None


@pytest.mark.parametrize(
    ("hour", "party", "is_found"),
    [(1, SUPPLIER, True), (2, SUPPLIER, True), (0, SUPPLIER, False), (1, OEM, False)],
)
def test_only_contested_records_of_the_party_are_found(
    hour: int, party: object, is_found: bool
) -> None:
    did = getattr(party, "did", "")
    found = earlier(party=did).find_signed(record_id_of(MEMBERS.log[1 + hour][0]))
    index = FOUNDED.size + 1 + hour
    assert found == (Signed(index, PHONE.kid, "sample-report/v1") if is_found else None)


# ---- how much is read ----

AFFIRMED = 12


@dataclass(frozen=True, slots=True)
class CountedLog(CopiedLog):
    """A log whose entries are counted when they are read again."""

    reads: list[int] = field(default_factory=list)

    def entry_texts(self, start: int = 0) -> Iterator[Row]:
        """Each entry's bytes and disclosures; from the first on, an audit reads them anyway."""
        for row in self.entries[start:]:
            self.reads.append(start)
            yield row


def affirming(count: int) -> CountedLog:
    """A log in which all of a phone's records are contested, and so many then affirmed."""
    members = Members(FOUNDED)
    members.admit(members.key(SUPPLIER, PHONE))
    records = []
    for number in range(AFFIRMED):
        text = FOUNDED.record(SUPPLIER, iat=members.at_ms // 1000, label=f"number {number}")
        records.append(members.admit(resign(text, PHONE, header={"kid": PHONE.kid})))
    members.admit(members.revocation(SUPPLIER.admin, PHONE.kid, contested_from=FOUNDED.size + 1))
    for of in records[:count]:
        members.admit(members.endorsement(SUPPLIER.admin, of, "accept"))
    texts = tuple(text for text, _ in [*((text, 0) for text in FOUNDED.texts), *members.log])
    copy = Forgery(texts).copy()
    return CountedLog(copy.entries, copy.kept)


@pytest.mark.parametrize("count", [0, 1, AFFIRMED])
def test_a_contested_range_is_read_once_however_much_of_it_is_affirmed(count: int) -> None:
    log = affirming(count)
    assert audit(ORIGIN, log).findings == []
    read_again = [start for start in log.reads if start]
    # The range, and each affirmed record once more to compare it in full.
    assert len(read_again) == (AFFIRMED + count if count else 0)


@pytest.mark.parametrize(
    ("ids_max", "read"),
    [
        (5, {2: 1, 4: 1, 7: 1}),
        # The range of three is dropped while the third one is in use, and read again.
        (4, {2: 2, 4: 1, 7: 1}),
        # Nothing is kept but the range that is in use.
        (0, {2: 2, 4: 2, 7: 1}),
    ],
)
def test_ids_of_ranges_are_kept_up_to_a_bound(ids_max: int, read: dict[int, int]) -> None:
    begun: list[int] = []

    def counted(start: int) -> Iterator[bytes]:
        begun.append(start)
        return read_from(start)

    ids = ContestedIds(counted, ids_max=ids_max)
    first, second, third = Contested(2, 5, 9), Contested(4, 6, 9), Contested(7, 8, 9)
    for contested in (first, second, third, third, second, first):
        assert list(ids.find(contested, b"no record's id".ljust(32))) == []
    assert Counter(begun) == read
