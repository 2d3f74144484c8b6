"""What the edge has on its disk: rows not yet signed, records signed and not yet admitted.

A folder: ``rows.jsonl`` holds accepted rows with their running number, ``NNNNNNNN.record`` a
signed record and the number of its last row, ``sent.jsonl`` what was admitted. A row is on the
disk before it is answered, a record before it is sent; after a crash each is in one place, told
by the numbers. One process at a time.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from api.cli.table_errors import JournalDamaged, JournalInUse
from api.streaming.rows import StreamRow
from ledger import limits
from ledger.durable_files import replace_file
from quality.errors import ReadingContradicts

#: Rows that wait on the disk: two weeks of one a second.
ROWS_MAX: Final = 1_200_000
#: What they may take there.
BYTES_MAX: Final = 1024 * 1024 * 1024
#: Rows of one record: its group is base64url, and has room for what else stands in it.
BATCH_BYTES_MAX: Final = limits.DISCLOSURE_BYTES_MAX * 3 // 4 - 1024
_IDS_KEPT: Final = 20_000
_ROWS, _SENT, _LOCK = "rows.jsonl", "sent.jsonl", "lock"


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """A record that was signed; ``last`` is the number of its last row."""

    number: int
    last: int
    rows: int
    sd_jwt: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: its record's entry, or the code that it was refused with."""

    number: int
    last: int
    rows: int
    record_id: str | None = None
    index: int | None = None
    refused: str | None = None


class Spool:
    """An open spool. Not for several threads at once."""

    def __init__(self, folder: Path) -> None:
        """Open the folder, or begin one.

        Raises:
            JournalInUse: another process has it open.
            JournalDamaged: its files are not as they were written.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._lock = _locked(folder / _LOCK)
        #: The number of the newest record, and of the last row in one.
        self.batches, self.last, self.next_row = 0, 0, 1
        try:
            self._read()
        except BaseException:
            self._lock.close()
            raise

    def close(self) -> None:
        """Let another process have it."""
        self._file.close()
        self._lock.close()

    def __len__(self) -> int:
        """How many rows wait to be signed."""
        return len(self._rows)

    def accept(self, rows: Sequence[StreamRow]) -> int:
        """Put rows on the disk; how many were new, by their ids.

        Raises:
            JournalDamaged: as many rows or bytes wait as may, or the disk takes no more.
            ReadingContradicts: an id is that of another row; none of the rows is kept.
        """
        fresh: list[dict[str, Any]] = []
        seen: dict[str, bytes] = {}
        for row in rows:
            if row.id is not None:
                before, digest = self._known.get(row.id) or seen.get(row.id), _digest(row.content)
                if before not in (None, digest):
                    raise ReadingContradicts(
                        f"id {row.id!r}: expected the row that it was before, found another:"
                        " look who else sends rows here, and send it by an id of its own"
                    )
                if before is not None:
                    continue
                seen[row.id] = digest
            fresh.append({"n": self.next_row + len(fresh), "id": row.id, "row": row.content})
        if len(self._rows) + len(fresh) > ROWS_MAX:
            raise JournalDamaged(
                f"expected at most {ROWS_MAX} rows that wait, found more",
                remedy="Is the service reachable? Rows are kept until it is.",
            )
        self._append(fresh)
        for members in fresh:
            self._note(members)
        self.next_row += len(fresh)
        return len(fresh)

    def rows(self, count: int) -> list[dict[str, Any]]:
        """The first rows that wait, as many as a record takes; one at least."""
        found: list[dict[str, Any]] = []
        room = BATCH_BYTES_MAX
        for members in islice(self._rows, count):
            room -= len(json.dumps(members["row"]))
            if found and room < 0:
                break
            found.append(members["row"])
        return found

    def keep_signed(self, sd_jwt: str, rows: int) -> SignedBatch:
        """Put a record of the first ``rows`` rows on the disk, and let go of these."""
        last = int(self._rows[rows - 1]["n"])
        batch = SignedBatch(self.batches + 1, last, rows, sd_jwt)
        replace_file(self._path_of(batch.number), json.dumps(asdict(batch)).encode())
        # From here on the rows are in the record; those in the other file are passed over.
        self.batches, self.last = batch.number, last
        self._signed[batch.number] = batch
        self._drop_signed()
        return batch

    def signed(self) -> list[SignedBatch]:
        """Records that wait for an answer, the oldest first."""
        return [self._signed[number] for number in sorted(self._signed)]

    def keep_outcome(self, outcome: Outcome) -> None:
        """Note what became of a record; one that was refused stays on the disk, renamed."""
        path = self._path_of(outcome.number)
        with (self._folder / _SENT).open("ab") as file:
            file.write(json.dumps(asdict(outcome)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.outcomes.append(outcome)
        self._signed.pop(outcome.number, None)
        if outcome.refused is not None:
            path.replace(path.with_suffix(".refused"))
        else:
            path.unlink(missing_ok=True)

    def _read(self) -> None:
        self.outcomes = [Outcome(**members) for members in _lines(self._folder / _SENT)]
        self._signed = {batch.number: batch for batch in self._read_signed()}
        marks = [(one.number, one.last) for one in self._signed.values()]
        marks += [(one.number, one.last) for one in self.outcomes]
        self.batches = max((number for number, _ in marks), default=0)
        self.last = max((last for _, last in marks), default=0)
        self._rows: deque[dict[str, Any]] = deque()
        self._ids: deque[str] = deque(maxlen=_IDS_KEPT)
        self._known: dict[str, bytes] = {}
        self._stale = 0
        kept = list(_lines(self._folder / _ROWS))
        for members in kept:
            self._note(members)
        self.next_row = 1 + max([self.last, *(int(members["n"]) for members in kept)])
        self._file = _appendable(self._folder / _ROWS)
        self._drop_signed()

    def _path_of(self, number: int) -> Path:
        return self._folder / f"{number:08}.record"

    def _read_signed(self) -> Iterator[SignedBatch]:
        refused = {outcome.number: outcome.refused is not None for outcome in self.outcomes}
        for path in sorted(self._folder.glob("*.record")):
            batch = SignedBatch(**_object(path.read_bytes(), path))
            if refused.get(batch.number, False):
                # A crash came between the outcome and the new name.
                path.replace(path.with_suffix(".refused"))
            elif batch.number in refused:
                path.unlink()
            else:
                yield batch

    def _note(self, members: dict[str, Any]) -> None:
        self._rows.append(members)
        given = members.get("id")
        if given is not None:
            if len(self._ids) == _IDS_KEPT:
                self._known.pop(self._ids[0], None)
            self._ids.append(given)
            self._known[given] = _digest(members["row"])

    def _append(self, lines: Iterable[dict[str, Any]]) -> None:
        data = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
        if self._file.tell() + len(data) > BYTES_MAX:
            raise JournalDamaged(
                f"expected at most {BYTES_MAX} bytes of rows that wait, found more",
                remedy="Is the service reachable? Rows are kept until it is.",
            )
        if data:
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())

    def _drop_signed(self) -> None:
        """Let go of rows that a record holds; ids are known as long as the process runs."""
        if not self._rows or self._rows[0]["n"] > self.last:
            return
        while self._rows and self._rows[0]["n"] <= self.last:
            self._rows.popleft()
            self._stale += 1
        if self._stale < len(self._rows):
            # They are passed over when the file is read: written anew for each batch, a long
            # spool would cost its whole length every time.
            return
        self._stale = 0
        self._file.close()
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in self._rows)
        replace_file(self._folder / _ROWS, text.encode())
        self._file = _appendable(self._folder / _ROWS)


def _digest(row: dict[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).digest()


def _locked(path: Path) -> BinaryIO:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        file.close()
        raise JournalInUse(
            f"expected {path.parent} to be free, found another process streaming from it",
            remedy="Wait until it has ended, or name another --spool.",
        ) from fault
    return file


def _appendable(path: Path) -> BinaryIO:
    """A file to append to; the end of a write that a crash cut off was never answered."""
    if path.exists():
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            replace_file(path, whole)
    return path.open("ab")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    *whole, _ = path.read_bytes().split(b"\n")
    for line in whole:
        yield _object(line, path)


def _object(data: bytes, path: Path) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise JournalDamaged(
            f"{path}: expected lines of a spool, found others",
            remedy="Restore it, or name another --spool; rows it holds would then be missing.",
        )
    return found
