"""What an owner finds where rows were changed, taken away, invented, or not digested."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.accesses.checking import FoundDigest, check_digests, check_signatures
from api.accesses.periods import Period, digest_state
from api.accesses.rows import Access
from api.request_evidence import evidence_digest
from tests.api.accesses.reads import HOUR, OTHER, OWNER, READER, SEEN, START, a_reader
from tests.api.signed_requests import KID

SIGNED = a_reader().signed
assert SIGNED is not None
EVIDENCE = SIGNED.evidence.encode()
REQUEST = evidence_digest(EVIDENCE)
ROW = Access(START, OWNER, READER, KID, SEEN.record_id, 7, SEEN.vct, SEEN.groups, REQUEST)


def signature_faults(row: Access, evidence: str = EVIDENCE) -> list[str]:
    """What is found of one row and one request."""
    found = check_signatures([row.encode()], {REQUEST: evidence}, owner=OWNER)
    return [finding.detail for finding in found]


@pytest.mark.item("5.7.listed")
def test_a_row_holds_by_its_reader_s_signature_alone() -> None:
    assert signature_faults(ROW) == []
    assert "found another or none" in signature_faults(replace(ROW, request="x" * 43))[0]
    assert "found another or none" in signature_faults(ROW, EVIDENCE.replace("GET", "PUT"))[0]
    assert "expected a key of" in signature_faults(replace(ROW, reader=OTHER))[0]
    assert "expected a request signed by" in signature_faults(replace(ROW, kid=f"{KID}x"))[0]
    assert "expected a row of" in signature_faults(replace(ROW, owner=OTHER))[0]


def rows_at(*hours: float) -> list[str]:
    """A row at each of these hours."""
    return [replace(ROW, at_ms=START + int(hour * HOUR)).encode() for hour in hours]


def digests_of(rows: list[str], *hours: int) -> list[FoundDigest]:
    """The digests of these hours over rows of which none is missing."""
    found = []
    for hour in hours:
        period = Period(START + hour * HOUR, START + (hour + 1) * HOUR)
        own = [row for row in rows if any(row == at for at in rows_at(hour, hour + 0.5))]
        found.append(FoundDigest(f"digest {hour}", hour, digest_state(period, own)))
    return found


def codes(
    rows: list[str], digests: list[FoundDigest], *, kept_from: int = 0, now: float = 4
) -> list[str]:
    """What is found, in their order."""
    kept_from_ms, now_ms = START + kept_from * HOUR, START + int(now * HOUR)
    found = check_digests(rows, digests, kept_from_ms=kept_from_ms, now_ms=now_ms)
    return [finding.code for finding in found]


@pytest.mark.item("5.7.digests")
def test_a_row_that_is_missing_changed_or_added_is_a_finding() -> None:
    rows = rows_at(0, 0.5, 1)
    digests = digests_of(rows, 0, 1)
    assert codes(rows, digests) == []
    assert codes(rows[1:], digests) == ["accesses-differ"]
    assert codes(rows[:2], digests) == ["accesses-differ"]
    assert codes([rows[0].replace("grant", "owner"), *rows[1:]], digests) == ["accesses-differ"]
    assert codes([*rows, *rows_at(1.5)], digests) == ["accesses-differ"]
    # Rows of an hour that is not digested yet are nobody's finding.
    assert codes([*rows, *rows_at(2)], digests) == []
    # What was purged is not looked for.
    assert codes(rows[2:], digests, kept_from=1) == []


@pytest.mark.item("5.7.digests")
def test_an_hour_without_a_digest_is_a_finding() -> None:
    digests = digests_of([], 0, 1, 2)
    assert codes([], digests) == []
    assert codes([], [digests[0], digests[2]]) == ["digest-missing"]
    assert codes([], digests, now=6) == []
    assert codes([], digests, now=6.1) == ["digest-missing"]
