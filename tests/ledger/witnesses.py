"""A witness at work: the real memory in a file, and the thread that decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.clock import ManualClock
from ledger.cosignature import CosignatureVerifier
from ledger.errors import LedgerError
from ledger.note import Note, encode_vkey, parse_note, verify_lines
from ledger.store_witness import WitnessStore, create_witness_store
from ledger.witness import WitnessedLog, parse_request, verify_request
from ledger.witness_desk import WitnessDesk
from tests.ledger.signers import a_cosigner
from tests.ledger.witness_requests import ORIGIN, History

NAME: Final = "witness.example/w1"
COSIGNER: Final = a_cosigner(NAME)
VKEY: Final = encode_vkey(COSIGNER.key)
NOW_MS: Final = 1_700_000_000_000
LOGS: Final = {ORIGIN: History().log}


@dataclass(frozen=True, slots=True)
class AWitness:
    """A witness of one process."""

    desk: WitnessDesk
    store: WitnessStore
    clock: ManualClock

    def ask(self, body: bytes, logs: dict[str, WitnessedLog] = LOGS) -> str:
        """The line, or the refusal."""
        return self.desk.submit(verify_request(parse_request(body), logs)).result(timeout=30)

    def refusal(self, body: bytes) -> LedgerError:
        """Why there is none."""
        try:
            line = self.ask(body)
        except LedgerError as fault:
            return fault
        raise AssertionError(f"expected a refusal, found {line}")

    def size(self) -> int:
        """The size cosigned last, as the disk says."""
        last = self.store.last().get(ORIGIN)
        return last.size if last else 0


@contextmanager
def a_witness(path: Path) -> Iterator[AWitness]:
    """Open a witness's memory, made where it is not there, and go to work."""
    if not path.exists():
        create_witness_store(path, VKEY)
    store, clock = WitnessStore(path, vkey=VKEY), ManualClock(NOW_MS)
    desk = WitnessDesk(store, COSIGNER, clock)
    desk.start()
    try:
        yield AWitness(desk, store, clock)
    finally:
        desk.close()
        store.close()


def check_line(line: str, note: str) -> int:
    """Check a line as a cosignature of a signed checkpoint; its time."""
    text = parse_note(note.encode()).text
    found = parse_note(f"{text}\n{line}".encode())
    (verified,) = verify_lines(Note(text, found.signatures), [CosignatureVerifier(COSIGNER.key)])
    return int.from_bytes(verified.signature[:8], "big")
