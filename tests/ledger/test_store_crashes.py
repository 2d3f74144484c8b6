"""A process that dies while it writes leaves a log that goes on from its last commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.killed_writers import check_left, write_and_be_killed
from tests.ledger.sqlite_files import new_database, opened

pytestmark = pytest.mark.item("2.4")


def check_after_kills(folder: Path, *, rounds: int) -> None:
    """Kill a writer again and again, each time a little later, and look at what it left."""
    url = new_database(folder)
    for number in range(rounds):
        seconds = 0.0007 * number
        durable = write_and_be_killed(url, after_commits=5 + number, after_seconds=seconds)
        with opened(url, read_only=True) as reader:
            check_left(reader, durable)
        with opened(url, segment_entries=8) as store:
            check_left(store, durable)


def test_killed_writer_leaves_whole_commits(tmp_path: Path) -> None:
    check_after_kills(tmp_path, rounds=2)


@pytest.mark.long
def test_writer_killed_at_many_moments_leaves_whole_commits(tmp_path: Path) -> None:
    check_after_kills(tmp_path, rounds=40)
