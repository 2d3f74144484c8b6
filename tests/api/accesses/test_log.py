"""Receipts of reads: what leaves one, for whom, and that they are kept before anything is shown."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from api.accesses.book import AccessBook, AskedAccesses
from api.accesses.errors import AccessNotKept, MalformedAccess, MalformedEvidence
from api.accesses.log import AccessLog
from api.accesses.rows import ShownGroup, parse_access
from api.exchange import ANYONE
from api.http_signatures import prove_request
from api.request_errors import BadRequestSignature
from api.request_evidence import evidence_digest, parse_evidence
from ledger.clock import ManualClock
from tests.api.accesses.reads import (
    HOUR,
    OTHER,
    OWNER,
    READER,
    SEEN,
    START,
    a_log,
    a_reader,
    seen,
)
from tests.api.signed_requests import KID

pytestmark = pytest.mark.item("5.7")


def rows_of(log: AccessLog, owner: str = OWNER) -> list[str]:
    """The rows that an owner is told of, newest first."""
    return [row.text for row in AccessBook(log).rows(AskedAccesses(owner, 100))]


def test_a_row_names_reader_key_record_groups_and_rules(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    reader = a_reader()
    log.note(reader, [SEEN])
    (text,) = rows_of(log)
    row = parse_access(text)
    assert (row.at_ms, row.owner, row.reader, row.kid) == (START, OWNER, READER, KID)
    assert (row.record_id, row.index, row.vct) == (SEEN.record_id, SEEN.index, SEEN.vct)
    assert row.groups == SEEN.groups
    assert json.loads(text)["groups"]["measurements"]["rule"] == "grant"
    log.close()


def test_the_evidence_of_a_row_is_the_reader_s_own_signature(tmp_path: Path) -> None:
    log, book = a_log(tmp_path), None
    log.note(a_reader("https://log.example/v1/records/x"), [SEEN])
    book = AccessBook(log)
    (row,) = book.rows(AskedAccesses(OWNER, 1))
    text = book.evidence([row.request])[row.request]
    assert evidence_digest(text) == row.request
    evidence = parse_evidence(text)
    assert (evidence.method, evidence.target) == ("GET", "https://log.example/v1/records/x")
    assert prove_request(evidence) == KID
    log.close()


def test_evidence_of_another_target_proves_nothing() -> None:
    signed = a_reader().signed
    assert signed is not None
    forged = replace(signed.evidence, target="https://log.example/v1/records/other")
    with pytest.raises(BadRequestSignature):
        prove_request(forged)
    with pytest.raises(MalformedEvidence):
        prove_request(replace(signed.evidence, base=signed.evidence.base + " "))
    with pytest.raises(MalformedEvidence):
        parse_evidence(signed.evidence.encode() + " ")


@pytest.mark.parametrize(
    ("rule", "owner", "is_noted"),
    [
        ("grant", OWNER, True),
        ("subject", OWNER, True),
        ("auditor", OWNER, True),
        ("order", OWNER, True),
        ("issuer", OWNER, False),
        ("owner", READER, False),
    ],
)
@pytest.mark.item("5.2.logged")
def test_a_read_is_noted_unless_the_reader_reads_its_own(
    tmp_path: Path, rule: str, owner: str, is_noted: bool
) -> None:
    log = a_log(tmp_path)
    shown = ShownGroup("measurements", "restricted", rule, None)
    log.note(a_reader(), [replace(SEEN, owners=(owner,), groups=(shown,))])
    assert bool(rows_of(log, owner)) is is_noted
    log.close()


def test_what_is_public_leaves_no_row(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.note(ANYONE, [SEEN])
    log.note(a_reader(), [replace(SEEN, groups=())])
    assert rows_of(log) == []
    log.close()


def test_each_side_of_a_case_is_told_of_the_other_s_reads(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    shown = ShownGroup("measurements", "restricted", "case", "c" * 43)
    log.note(a_reader(), [replace(SEEN, owners=(OWNER, READER), groups=(shown,))])
    assert len(rows_of(log)) == 1
    assert rows_of(log, READER) == []
    log.close()


def test_rows_outlast_the_process_that_kept_them(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.note(a_reader(), [SEEN])
    kept = rows_of(log)
    log.close()
    again = a_log(tmp_path)
    assert rows_of(again) == kept
    again.close()


def test_a_read_whose_receipt_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.note(a_reader(), [SEEN])
    with closing(sqlite3.connect(tmp_path / "accesses.sqlite")) as others:
        others.execute("ALTER TABLE request RENAME TO elsewhere")
        with pytest.raises(AccessNotKept, match="expected a receipt"):
            log.note(a_reader(), [SEEN])
        others.execute("ALTER TABLE elsewhere RENAME TO request")
    log.note(a_reader(), [SEEN])
    assert (len(rows_of(log)), log.kept, log.refused) == (2, 2, 1)
    log.close()


def test_readers_at_the_same_time_share_transactions(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    readers = [a_reader() for _ in range(48)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda reader: log.note(reader, [SEEN]), readers))
    assert len(rows_of(log)) == log.kept == 48
    assert log.transactions < 48
    log.close()


def test_rows_of_one_view_are_written_together(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.note(a_reader(), [seen(index) for index in range(300)])
    assert (log.kept, log.transactions) == (300, 1)
    log.close()


def test_no_owner_is_told_of_another_s_rows(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.note(a_reader(), [seen(1), seen(2, owner=OTHER)])
    assert [parse_access(text).index for text in rows_of(log)] == [1]
    assert [parse_access(text).index for text in rows_of(log, OTHER)] == [2]
    log.close()


def test_no_row_comes_into_an_hour_that_is_closed(tmp_path: Path) -> None:
    clock = ManualClock(START)
    log = a_log(tmp_path, clock)
    with log.database().writing() as connection:
        connection.exec_driver_sql(f"UPDATE mark SET closed_ms = {START + HOUR}")
    # The clock of this process is behind that of the one that closed the hour.
    log.note(a_reader(), [SEEN])
    assert parse_access(rows_of(log)[0]).at_ms == START + HOUR
    log.close()


def test_another_form_of_a_row_is_refused(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.note(a_reader(), [SEEN])
    (text,) = rows_of(log)
    log.close()
    for forged in (text + " ", text.replace('"index":7', '"index":"7"'), "{}", "[]"):
        with pytest.raises(MalformedAccess):
            parse_access(forged)


def test_filters_narrow_what_an_owner_is_told(tmp_path: Path) -> None:
    clock = ManualClock(START)
    log = a_log(tmp_path, clock)
    log.note(a_reader(), [seen(1)])
    clock.advance(HOUR)
    log.note(a_reader(), [seen(2, vct="part/v1")])
    asked = AskedAccesses(OWNER, 100)
    for change, expected in (
        ({"since_ms": START + 1}, [2]),
        ({"until_ms": START + 1}, [1]),
        ({"vct": "part/v1"}, [2]),
        ({"reader": READER}, [2, 1]),
        ({"reader": OTHER}, []),
        ({"group": "measurements"}, [2, 1]),
        ({"group": "measure"}, []),
        ({"record": f"{1:043}"}, [1]),
        ({"is_ascending": True}, [1, 2]),
    ):
        found = AccessBook(log).rows(replace(asked, **change))
        assert [parse_access(row.text).index for row in found] == expected, change
    log.close()
