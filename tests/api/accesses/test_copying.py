"""Receipts in a backup: everything comes back, and goes on behind what was there."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.accesses.alert_rules import AlertRule
from api.accesses.book import AccessBook, Alert, AskedAccesses
from api.accesses.copying import copy_accesses, put_back_accesses
from api.accesses.periods import HOUR_MS
from ledger.backup_rows import BackupDamaged
from tests.api.accesses.reads import OWNER, SEEN, START, a_log, a_reader

ASKED = AskedAccesses(OWNER, 10)


def alerts(book: AccessBook) -> list[Alert]:
    """All alerts of the owner."""
    return book.alerts(OWNER, limit=9, after=None, is_all=True)


@pytest.mark.item("5.7")
def test_receipts_come_back_from_a_backup_whole(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    log, other = a_log(tmp_path), a_log(tmp_path / "other")
    before, after = AccessBook(log), AccessBook(other)
    before.put_rule(OWNER, "new", AlertRule("new-reader"))
    log.note(a_reader(), [SEEN])
    other.note(a_reader(), [SEEN, SEEN])
    count = put_back_accesses(other.database(), copy_accesses(log.database()))
    assert count == 6
    assert after.rows(ASKED) == before.rows(ASKED)
    (row,) = after.rows(ASKED)
    assert after.evidence([row.request]) == before.evidence([row.request])
    assert after.rules(OWNER) == before.rules(OWNER)
    assert alerts(after) == alerts(before)
    # The reader is known to the rule, and rows go on behind those that came back.
    other.note(a_reader(), [SEEN])
    assert len(alerts(after)) == 1
    assert after.rows(ASKED)[0].number > row.number
    log.close()
    other.close()


@pytest.mark.item("5.7.digests")
@pytest.mark.parametrize(("digested", "expected"), [(2, 2), (3, 2), (40, 16)])
def test_the_last_day_is_digested_anew(tmp_path: Path, digested: int, expected: int) -> None:
    log = a_log(tmp_path)
    with log.database().writing() as connection:
        connection.exec_driver_sql(f"UPDATE mark SET digested_ms = {START + digested * HOUR_MS}")
    put_back_accesses(log.database(), list(copy_accesses(log.database())))
    assert AccessBook(log).mark().digested_ms == START + expected * HOUR_MS
    log.close()


@pytest.mark.item("5.7")
@pytest.mark.parametrize("content", [b"", b"{}", b'{"mark":{}}', b'{"entry":{"a":1}}', b"[1]"])
def test_what_is_no_row_of_the_tables_is_refused_and_nothing_is_lost(
    tmp_path: Path, content: bytes
) -> None:
    log = a_log(tmp_path)
    log.note(a_reader(), [SEEN])
    with pytest.raises(BackupDamaged):
        put_back_accesses(log.database(), [(0, content)])
    assert len(AccessBook(log).rows(ASKED)) == 1
    log.close()
