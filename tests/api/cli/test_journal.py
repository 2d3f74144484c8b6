"""The journal survives what a submission survives: crashes, refusals, two at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.cli.journal import Journal, Slot
from api.cli.table_errors import JournalDamaged, JournalInUse
from ledger.submission import Admitted

pytestmark = pytest.mark.item("2.7")

FIRST, SECOND = Slot("k", 0), Slot("k", 1)
ADMITTED = Admitted("r" * 43, 7, "receipt", True)


def a_journal(path: Path, party: str = "did:web:a:parties:bb") -> Journal:
    return Journal(path, origin="a", party=party)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.csv.journal.jsonl"


def test_what_was_signed_is_found_again_byte_for_byte(path: Path) -> None:
    with a_journal(path) as journal:
        journal.keep_signed([(FIRST, "jws~d~")])
        assert journal.find(SECOND) is None
    with a_journal(path) as journal:
        kept = journal.find(FIRST)
    assert kept is not None
    assert (kept.sd_jwt, kept.admitted) == ("jws~d~", None)


def test_a_receipt_is_kept_with_its_record(path: Path) -> None:
    with a_journal(path) as journal:
        journal.keep_signed([(FIRST, "jws~d~")])
        journal.keep_answers([(FIRST, ADMITTED)])
    with a_journal(path) as journal:
        kept = journal.find(FIRST)
    assert kept is not None
    assert kept.admitted is not None
    assert kept.admitted.receipt == "receipt"


def test_a_refused_record_is_signed_anew_the_next_time(path: Path) -> None:
    with a_journal(path) as journal:
        journal.keep_signed([(FIRST, "jws~d~")])
        journal.keep_answers([(FIRST, "stale")])
        assert journal.find(FIRST) is None
    with a_journal(path) as journal:
        assert journal.find(FIRST) is None


@pytest.mark.parametrize("torn", [1, 20, 40])
def test_the_torn_end_of_a_crash_is_dropped_and_written_over(path: Path, torn: int) -> None:
    with a_journal(path) as journal:
        journal.keep_signed([(FIRST, "jws~d~")])
        whole = path.read_bytes()
        journal.keep_signed([(SECOND, "other~d~")])
    path.write_bytes(whole + path.read_bytes()[len(whole) :][:torn])
    with a_journal(path) as journal:
        assert journal.find(FIRST) is not None
        assert journal.find(SECOND) is None
        journal.keep_signed([(SECOND, "again~d~")])
    with a_journal(path) as journal:
        kept = journal.find(SECOND)
    assert kept is not None
    assert kept.sd_jwt == "again~d~"


def test_a_second_process_is_refused_while_the_first_one_writes(path: Path) -> None:
    with a_journal(path), pytest.raises(JournalInUse):
        a_journal(path)
    with a_journal(path):
        pass


def test_another_partys_journal_is_refused(path: Path) -> None:
    with a_journal(path):
        pass
    with pytest.raises(JournalDamaged, match="cc, found one of did:web:a:parties:bb"):
        a_journal(path, party="did:web:a:parties:cc")
    with a_journal(path):
        pass


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        "[" * 100_000,
        '{"key": "k"}',
        '{"key": "x", "occurrence": 0, "record_id": "r", "index": 1, "receipt": "c"}',
    ],
)
def test_a_line_that_is_none_of_a_journal_is_refused_by_number(path: Path, line: str) -> None:
    with a_journal(path) as journal:
        journal.keep_signed([(FIRST, "jws~d~")])
    good = path.read_bytes()
    path.write_bytes(good + line.encode() + b"\n")
    with pytest.raises(JournalDamaged, match="line 3"):
        a_journal(path)
    path.write_bytes(good)
    with a_journal(path):
        pass


def test_it_is_its_owners_to_read(path: Path) -> None:
    with a_journal(path):
        pass
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_may_not_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalDamaged, match="gone") as refused:
        a_journal(tmp_path / "gone" / "j.jsonl")
    assert "--journal" in refused.value.remedy


def test_every_line_is_json(path: Path) -> None:
    with a_journal(path) as journal:
        journal.keep_signed([(FIRST, "jws~d~")])
        journal.keep_answers([(FIRST, ADMITTED)])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [sorted(line) for line in lines[1:]] == [
        ["key", "occurrence", "sd_jwt"],
        ["index", "key", "occurrence", "receipt", "record_id"],
    ]
