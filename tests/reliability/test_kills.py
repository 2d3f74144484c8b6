"""A server killed while 64 clients submit keeps every receipt, and no half of an entry."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.reliability.clients import CLIENTS
from tests.reliability.grounds import Founded
from tests.reliability.kills import RECORDS_EACH, Counts
from tests.reliability.rounds import SERIES_RECORDS, ground_of, play

pytestmark = pytest.mark.timeout(300)


def check_kills(engine: str, root: Path, *, rounds: int, records: int) -> Counts:
    """Play rounds with a new seed, which a failure shows."""
    seed = random.SystemRandom().randrange(2**32)
    with ground_of(engine) as ground, Founded.on(ground, root, records=records) as founded:
        counts = play(founded, root, rounds=rounds, seed=seed)
        for again in range(1, 5):
            if counts.receipts:
                break
            # On a slow machine every round may be cut before its first receipt.
            place = root / f"again-{again}"
            place.mkdir()
            counts = play(founded, place, rounds=rounds, seed=seed + again)
    assert counts.receipts, f"expected receipts with seed {seed}"
    assert counts.entries
    return counts


@pytest.mark.item("3.6.kills-sqlite")
def test_a_service_killed_under_load_on_sqlite_keeps_every_receipt(tmp_path: Path) -> None:
    records = 2 * CLIENTS * RECORDS_EACH
    check_kills("sqlite", tmp_path, rounds=2, records=records)


@pytest.mark.item("3.6.kills-postgresql")
def test_a_service_killed_under_load_on_postgresql_keeps_every_receipt(tmp_path: Path) -> None:
    records = 2 * CLIENTS * RECORDS_EACH
    check_kills("postgresql", tmp_path, rounds=1, records=records)


@pytest.mark.long
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize(("engine", "rounds"), [("sqlite", 200), ("postgresql", 50)])
def test_a_service_killed_very_often_keeps_every_receipt(
    tmp_path: Path, engine: str, rounds: int
) -> None:
    check_kills(engine, tmp_path, rounds=rounds, records=SERIES_RECORDS)
