"""The journal of a submission: what was signed before it was sent, and what came back.

A line is on the disk before the record that it holds leaves. After an interruption the same
bytes are sent again, and the log answers with the first receipt; records are found by what
they say, so a file that was mended sends only what is new in it. It holds the disclosures
and is readable by its owner only.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, NamedTuple, Self

from api.cli.table_errors import JournalDamaged, JournalInUse
from ledger import limits
from ledger.submission import Admitted

FORMAT: Final = "lotmark.journal/v1"
SUFFIX: Final = ".journal.jsonl"


class Slot(NamedTuple):
    """One record of a file: the digest of what it says, and the how-manieth of that digest."""

    key: str
    occurrence: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What the journal knows of a record: its signed text, and its receipt if it has one."""

    sd_jwt: str
    admitted: Admitted | None = None


def journal_path(source: Path) -> Path:
    """Where the journal of a file is kept."""
    return source.with_name(source.name + SUFFIX)


class Journal:
    """An open journal; one process at a time. Use it in a ``with`` statement."""

    def __init__(self, path: Path, *, origin: str, party: str) -> None:
        """Open the journal at ``path``, or begin one.

        Raises:
            JournalInUse: another process has it open.
            JournalDamaged: it is another log's or party's, or no journal.
        """
        self._path = path
        self._kept: dict[Slot, Kept] = {}
        self._file = _open(path)
        try:
            self._read({"format": FORMAT, "origin": origin, "party": party})
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Use the journal in a ``with`` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; another process may open it then."""
        self._file.close()

    def find(self, slot: Slot) -> Kept | None:
        """What is known of a record; None where it was never signed, or was refused."""
        return self._kept.get(slot)

    def counts(self) -> tuple[int, int]:
        """How many records are signed, and how many of them have a receipt."""
        kept = self._kept.values()
        return len(kept), sum(item.admitted is not None for item in kept)

    def keep_signed(self, signed: Iterable[tuple[Slot, str]]) -> None:
        """Put signed records on the disk, before they are sent."""
        lines = []
        for slot, sd_jwt in signed:
            self._kept[slot] = Kept(sd_jwt)
            lines.append({**slot._asdict(), "sd_jwt": sd_jwt})
        self._append(lines)

    def keep_answers(self, answers: Iterable[tuple[Slot, Admitted | str]]) -> None:
        """Note the receipt of each record, or the code that it was refused with."""
        lines: list[dict[str, Any]] = []
        for slot, answer in answers:
            if isinstance(answer, str):
                # Refused, so it is not in the log: it is signed anew the next time.
                self._kept.pop(slot, None)
                lines.append({**slot._asdict(), "refused": answer})
                continue
            self._kept[slot] = Kept(self._kept[slot].sd_jwt, answer)
            lines.append({**slot._asdict(), **_members(answer)})
        self._append(lines)

    def _append(self, lines: Iterable[Mapping[str, Any]]) -> None:
        data = b"".join(_encode(line) for line in lines)
        if data:
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())

    def _read(self, header: Mapping[str, str]) -> None:
        whole, torn = self._whole_lines()
        if torn:
            # The end of a write that a crash cut off: what it held was never sent.
            self._file.truncate(sum(len(line) + 1 for line in whole))
            self._file.seek(0, os.SEEK_END)
        if not whole:
            self._append([header])
            return
        found = self._parse(whole[0], 1)
        if found != header:
            raise JournalDamaged(
                f"{self._path}: expected a journal of {header['party']}, "
                f"found one of {str(found.get('party'))[:200]}",
                remedy="Name another journal with --journal, or move this one away.",
            )
        for number, line in enumerate(whole[1:], start=2):
            self._note(self._parse(line, number), number)

    def _whole_lines(self) -> tuple[list[bytes], bytes]:
        self._file.seek(0)
        data = self._file.read(limits.JOURNAL_BYTES_MAX + 1)
        if len(data) > limits.JOURNAL_BYTES_MAX:
            raise JournalDamaged(f"{self._path}: too large", remedy="Move it away.")
        *whole, torn = data.split(b"\n")
        return whole, torn

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            members = json.loads(line)
        # A long row of brackets exhausts the decoder's stack.
        except (ValueError, RecursionError):
            members = None
        if not isinstance(members, dict):
            raise self._damaged(number)
        return members

    def _note(self, members: Mapping[str, Any], number: int) -> None:
        match members:
            case {"key": str(key), "occurrence": int(occurrence), "sd_jwt": str(sd_jwt)}:
                self._kept[Slot(key, occurrence)] = Kept(sd_jwt)
            case {"key": str(key), "occurrence": int(occurrence), "refused": str()}:
                self._kept.pop(Slot(key, occurrence), None)
            case {
                "key": str(key),
                "occurrence": int(occurrence),
                "record_id": str(record_id),
                "index": int(index),
                "receipt": str(receipt),
            } if Slot(key, occurrence) in self._kept:
                admitted = Admitted(record_id, index, receipt, False)
                slot = Slot(key, occurrence)
                self._kept[slot] = Kept(self._kept[slot].sd_jwt, admitted)
            case _:
                raise self._damaged(number)

    def _damaged(self, number: int) -> JournalDamaged:
        return JournalDamaged(
            f"{self._path} line {number}: expected a line of a journal, found another",
            remedy="Restore it, or move it away: records it holds would then be sent as new ones.",
        )


def _open(path: Path) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise JournalDamaged(
            f"expected to write {path}, found: {fault.strerror or fault}",
            remedy="Name a journal in a folder that you may write to with --journal.",
        ) from fault
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        os.close(descriptor)
        raise JournalInUse(
            f"expected {path} to be free, found another process submitting from it",
            remedy="Wait until it has ended.",
        ) from fault
    return os.fdopen(descriptor, "r+b")


def _members(admitted: Admitted) -> dict[str, Any]:
    return {
        "record_id": admitted.record_id,
        "index": admitted.index,
        "receipt": admitted.receipt,
    }


def _encode(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
