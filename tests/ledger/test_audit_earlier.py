"""What an audit reads once more: times of entries, and the signers of contested records."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.audit_earlier import AdmissionTimes, EarlierEntries
from ledger.entry import NO_LEAF, EntryHead, encode_head, entry_bytes
from ledger.precedents import Signed
from tests.ledger.acts import FIVE, HOUR_MS, Members
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
    return EarlierEntries(read_from, times or AdmissionTimes(), fold=MEMBERS.fold, party=party)


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

    broken = EarlierEntries(noise, AdmissionTimes(), fold=MEMBERS.fold, party=SUPPLIER.did)
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
