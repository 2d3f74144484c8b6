"""What a witness signed it remembers, in order, through crashes and crowds."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from ledger.errors import ClockSuspect, LedgerError, LogClosed
from ledger.fork_evidence import verify_fork
from ledger.limits import WITNESS_EVIDENCE_PER_LOG_MAX
from ledger.store_errors import StoreBusy, StoreUnavailable
from ledger.store_witness import CosignedRow, WitnessStore, create_witness_store
from ledger.witness_errors import (
    ExtensionNotProven,
    RootsDiffer,
    SizeConflict,
    WitnessStateLost,
)
from tests.ledger.witness_requests import ORIGIN, History
from tests.ledger.witnesses import NOW_MS, VKEY, AWitness, a_witness, check_line

pytestmark = pytest.mark.item("3.4")

ROOT = Path(__file__).resolve().parent.parent.parent
HONEST = History()
FORKED = History(fork=3)
JUNK = b"\x07" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "witness.db"


def test_a_cosignature_verifies_and_its_time_is_the_clocks(path: Path) -> None:
    with a_witness(path) as witness:
        line = witness.ask(HONEST.request(0, 5))
    assert check_line(line, HONEST.note(5)) == NOW_MS // 1000


def test_what_was_cosigned_is_there_after_a_restart(path: Path) -> None:
    with a_witness(path) as witness:
        line = witness.ask(HONEST.request(0, 5))
    with a_witness(path) as witness:
        assert isinstance(witness.refusal(HONEST.request(0, 6)), SizeConflict)
        witness.ask(HONEST.request(5, 6))
        kept = witness.store.cosigned_at(ORIGIN, 5)
        assert kept is not None
        assert kept.note == HONEST.note(5) + line


def test_the_same_checkpoint_again_gets_the_time_of_now(path: Path) -> None:
    with a_witness(path) as witness:
        witness.ask(HONEST.request(0, 5))
        witness.clock.advance(7_000)
        again = witness.ask(HONEST.request(5, 5))
        assert check_line(again, HONEST.note(5)) == NOW_MS // 1000 + 7


def test_a_clock_a_little_back_repeats_the_time_and_far_back_signs_nothing(path: Path) -> None:
    with a_witness(path) as witness:
        witness.ask(HONEST.request(0, 5))
        witness.clock.advance(-59_000)
        line = witness.ask(HONEST.request(5, 6))
        assert check_line(line, HONEST.note(6)) == NOW_MS // 1000
        witness.clock.advance(-2_000)
        assert isinstance(witness.refusal(HONEST.request(6, 7)), ClockSuspect)
        assert witness.size() == 6


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_repeated_cosignature_is_remembered_as_the_last_one(
    path: Path, is_restarted: bool
) -> None:
    with a_witness(path) as witness:
        witness.ask(HONEST.request(0, 5))
        for hours in (1, 2):
            witness.clock.advance(3_600_000)
            assert check_line(witness.ask(HONEST.request(5, 5)), HONEST.note(5)) == (
                NOW_MS // 1000 + 3_600 * hours
            )
        if not is_restarted:
            check_clock_after_repeat(witness)
    if is_restarted:
        with a_witness(path) as witness:
            witness.clock.advance(7_200_000)
            check_clock_after_repeat(witness)


def check_clock_after_repeat(witness: AWitness) -> None:
    """A little behind the repeated time gives that time, and far behind it nothing."""
    witness.clock.advance(-59_000)
    line = witness.ask(HONEST.request(5, 5))
    assert check_line(line, HONEST.note(5)) == NOW_MS // 1000 + 7_200
    witness.clock.advance(-3_441_000)
    assert isinstance(witness.refusal(HONEST.request(5, 5)), ClockSuspect)
    assert isinstance(witness.refusal(HONEST.request(5, 6)), ClockSuspect)
    assert witness.size() == 5


def test_of_many_at_once_each_size_is_cosigned_once_and_in_order(path: Path) -> None:
    with a_witness(path) as witness, ThreadPoolExecutor(16) as pool:

        def grow(size: int) -> bool:
            old = size - 1
            for _ in range(400):
                try:
                    witness.ask(HONEST.request(old, size))
                    return True
                except SizeConflict as fault:
                    if fault.size >= size:
                        return False
                    old = fault.size
            raise AssertionError("never cosigned")

        cosigned = list(pool.map(grow, range(1, 33)))
        assert witness.size() == 32
        with closing(sqlite3.connect(path)) as reader:
            sizes = [
                row[0] for row in reader.execute("SELECT size FROM cosigned ORDER BY position")
            ]
    assert sizes == sorted(set(sizes))
    assert len(sizes) == sum(cosigned)


def test_a_second_process_is_refused(path: Path) -> None:
    with a_witness(path), pytest.raises(StoreBusy):
        WitnessStore(path, vkey=VKEY)


def test_a_witness_without_its_memory_does_not_go_on(path: Path, tmp_path: Path) -> None:
    with pytest.raises(WitnessStateLost, match="new name"):
        WitnessStore(path, vkey=VKEY)
    create_witness_store(path, "another.example+00000000+AAAA")
    with pytest.raises(WitnessStateLost, match=r"another\.example"):
        WitnessStore(path, vkey=VKEY)
    with pytest.raises(StoreUnavailable):
        create_witness_store(path, VKEY)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cosigned SET size = 1",
        "DELETE FROM cosigned",
        "INSERT OR REPLACE INTO cosigned SELECT position, origin, 4, root, cosigned_s, note "
        "FROM cosigned",
        "INSERT INTO cosigned SELECT position + 1, origin, size, root, cosigned_s, note "
        "FROM cosigned",
        "DELETE FROM fork",
        "UPDATE fork SET second = ''",
        "UPDATE identity SET vkey = ''",
        "UPDATE repeated SET cosigned_s = cosigned_s - 1",
        "DELETE FROM repeated",
        "INSERT OR REPLACE INTO repeated SELECT origin, 1 FROM repeated",
    ],
)
def test_the_database_refuses_to_forget(path: Path, statement: str) -> None:
    with a_witness(path) as witness:
        witness.ask(HONEST.request(0, 5))
        witness.clock.advance(1_000)
        witness.ask(HONEST.request(5, 5))
        witness.refusal(FORKED.request(5, 5))
    refused = pytest.raises(sqlite3.IntegrityError, match="append-only")
    with closing(sqlite3.connect(path)) as connection, refused:
        connection.execute(statement)


def test_a_failed_write_signs_nothing_and_the_next_one_looks_again(path: Path) -> None:
    with a_witness(path) as witness:
        witness.ask(HONEST.request(0, 5))
        # Somebody wrote what this process does not remember: the database refuses.
        with closing(sqlite3.connect(path)) as other:
            other.execute(
                "INSERT INTO cosigned SELECT position + 1, origin, 9, root, cosigned_s, note "
                "FROM cosigned"
            )
            other.commit()
        assert isinstance(witness.refusal(HONEST.request(5, 7)), StoreUnavailable)
        conflict = witness.refusal(HONEST.request(5, 7))
        assert isinstance(conflict, SizeConflict)
        assert conflict.size == 9


def test_a_stopped_witness_answers_nobody(path: Path) -> None:
    with a_witness(path) as witness:
        witness.desk.close()
        assert isinstance(witness.refusal(HONEST.request(0, 5)), LogClosed)


# ---- evidence ----


def forks(store: WitnessStore) -> list[bool]:
    return [row.is_proven for row in store.forks()]


@pytest.mark.item("3.4.forks")
@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (FORKED.request(6, 6), RootsDiffer),
        (FORKED.request(6, 9), ExtensionNotProven),
        # Whoever hides the fork behind another old size shows it all the same.
        (FORKED.request(0, 6), SizeConflict),
        (FORKED.request(0, 5), SizeConflict),
    ],
)
def test_a_second_history_is_refused_and_kept_as_evidence(
    path: Path, body: bytes, refusal: type[LedgerError]
) -> None:
    with a_witness(path) as witness:
        witness.ask(HONEST.request(0, 5))
        witness.ask(HONEST.request(5, 6))
        assert isinstance(witness.refusal(body), refusal)
        (row,) = witness.store.forks()
        assert row.is_proven
        verify_fork(row.evidence, [HONEST.signer.key])
        # It goes on witnessing the history that it knows.
        witness.ask(HONEST.request(6, 8))
    with a_witness(path) as witness:
        witness.refusal(body)
        assert forks(witness.store) == [True], "the same evidence is kept once"


@pytest.mark.item("3.4.forks")
def test_a_proof_that_anybody_can_write_is_no_evidence_of_a_fork(path: Path) -> None:
    with a_witness(path) as witness:
        witness.ask(HONEST.request(0, 5))
        witness.refusal(HONEST.request(5, 7, proof=[JUNK]))
        witness.refusal(HONEST.request(0, 3))
        witness.refusal(HONEST.request(0, 5))
        assert forks(witness.store) == [False]


@pytest.mark.item("3.4.forks")
def test_a_flood_of_refused_proofs_leaves_room_for_what_is_proven(path: Path) -> None:
    with a_witness(path) as witness:
        witness.ask(HONEST.request(0, 6))
        for size in range(7, 9 + WITNESS_EVIDENCE_PER_LOG_MAX):
            witness.refusal(HONEST.request(6, size, proof=[JUNK]))
        assert forks(witness.store) == [False] * WITNESS_EVIDENCE_PER_LOG_MAX
        # The same checkpoint first came with a proof that leads nowhere, then with its own.
        witness.refusal(FORKED.request(6, 9, proof=[JUNK]))
        witness.refusal(FORKED.request(6, 9))
        assert forks(witness.store)[-1]
        for size in range(10, 12 + WITNESS_EVIDENCE_PER_LOG_MAX):
            witness.refusal(FORKED.request(6, size))
        assert forks(witness.store).count(True) == WITNESS_EVIDENCE_PER_LOG_MAX


# ---- crashes ----

# Grows one log for as long as it lives, and hands each line out only when the desk has.
WRITER = """
import sys
from pathlib import Path
from tests.ledger.witness_requests import History
from tests.ledger.witnesses import a_witness
history = History()
with a_witness(Path(sys.argv[1])) as witness:
    size = witness.size()
    while True:
        line = witness.ask(history.request(size, size + 1))
        size += 1
        print(size, line, end="", flush=True)
"""


def cosign_and_be_killed(path: Path, *, after: int, seconds: float) -> list[tuple[int, str]]:
    """Run the writer and kill it; the lines that left it."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(after)]
        time.sleep(seconds)
        writer.kill()
        said += [
            text for text in writer.stdout.read().splitlines(keepends=True) if text[-1:] == "\n"
        ]
    assert writer.returncode == -signal.SIGKILL
    pairs = [text.partition(" ") for text in said]
    return [(int(size), line) for size, _, line in pairs]


def check_after_kills(path: Path, *, rounds: int) -> None:
    """Every line that left was remembered, whenever its witness was killed."""
    for number in range(rounds):
        signed = cosign_and_be_killed(path, after=3 + number % 3, seconds=0.0011 * number)
        with a_witness(path) as witness:
            last = witness.store.last()[ORIGIN]
            assert last.size >= signed[-1][0]
            assert last.root == HONEST.root(last.size)
            for size, line in signed:
                kept = witness.store.cosigned_at(ORIGIN, size)
                assert kept == CosignedRow(
                    ORIGIN, size, HONEST.root(size), NOW_MS // 1000, HONEST.note(size) + line
                )


def test_a_killed_witness_remembers_every_line_that_left_it(path: Path) -> None:
    check_after_kills(path, rounds=3)


@pytest.mark.long
def test_a_witness_killed_many_times_remembers_every_line(path: Path) -> None:
    check_after_kills(path, rounds=60)
