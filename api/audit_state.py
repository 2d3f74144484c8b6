"""The file in which an audit remembers where it stopped (docs/spec/audit.md).

::

    FILE         one line with format and SHA-256 of what follows, then one JSON object
    FILE.jtis    16 bytes an entry, only ever appended to; FILE says how many of them count

The keys are durable before the file that counts them is replaced, so an audit that is killed
goes on from the last time it was kept. Who may write these files is trusted not to: keep
them where only the auditor writes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from ledger.audit import Audit
from ledger.audit_errors import AuditStateDamaged, AuditStateForeign, AuditStateInUse
from ledger.audit_jtis import KEY_BYTES
from ledger.audit_memory import AuditMemory, encode_memory, parse_memory
from ledger.durable_files import replace_file, write_at

FORMAT: Final = "lotmark.audit/v1"
JTIS: Final = ".jtis"
Scope = Literal["folder", "public"]


@dataclass(frozen=True, slots=True)
class AuditBinding:
    """Which log was audited, and how much of it: with what lies beside the public log, or not."""

    origin: str
    charter: str
    scope: Scope


class AuditStateFile:
    """Keeps an audit's memory in a file; one audit at a time."""

    def __init__(self, path: Path, binding: AuditBinding) -> None:
        """Take the file for this audit.

        Raises:
            AuditStateInUse: another audit has it.
            OSError: it cannot be made.
        """
        self.path = path
        self._jtis = path.with_name(path.name + JTIS)
        self._binding = binding
        self._kept = 0
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(self._jtis, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            os.close(self._lock)
            raise AuditStateInUse(f"expected {path} to be free, found another audit") from fault

    def close(self) -> None:
        """Let another audit have it."""
        os.close(self._lock)

    def read(self) -> AuditMemory | None:
        """What is remembered; None where nothing is.

        Raises:
            AuditStateDamaged: the files are not what :meth:`write` wrote.
            AuditStateForeign: they are of another log or another kind of source.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        members = self._parse(data)
        found = members.get("binding")
        if found != asdict(self._binding):
            raise AuditStateForeign(
                f"{self.path}: expected the audit of {asdict(self._binding)}, found {found}"
            )
        try:
            memory = parse_memory(members["memory"], self._jtis.read_bytes())
        except (AuditStateDamaged, KeyError) as fault:
            raise AuditStateDamaged(f"{self.path}: {fault}") from fault
        self._kept = memory.size
        return memory

    def write(self, memory: AuditMemory) -> None:
        """Remember; a crash leaves this memory or the one before.

        Raises:
            OSError: the memory before is still there.
        """
        start = self._kept * KEY_BYTES
        write_at(self._jtis, start, content=memory.jtis[start:])
        members = {"binding": asdict(self._binding), "memory": encode_memory(memory)}
        body = json.dumps(members, ensure_ascii=True, indent=1).encode() + b"\n"
        replace_file(self.path, _head_of(body) + body)
        self._kept = memory.size

    def forget(self) -> None:
        """Remember nothing."""
        with suppress(FileNotFoundError):
            self.path.unlink()
        self._kept = 0

    def _parse(self, data: bytes) -> dict[str, Any]:
        head, newline, body = data.partition(b"\n")
        if head + newline != _head_of(body):
            raise AuditStateDamaged(
                f"{self.path}: expected {FORMAT} and the SHA-256 of what follows, found another "
                "or changed file"
            )
        members: Any = json.loads(body)
        if not isinstance(members, dict) or members.keys() != {"binding", "memory"}:
            raise AuditStateDamaged(f"{self.path}: expected binding and memory")
        return members


class Keeping:
    """Keeps a running audit every so often."""

    def __init__(
        self,
        file: AuditStateFile | None,
        *,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep in ``file``, or nowhere, about every ``seconds``."""
        self._file = file
        self._seconds = seconds
        self._monotonic = monotonic
        self._last = monotonic()

    def keep_some(self, running: Audit) -> None:
        """Keep it if it is time."""
        if self._file and self._monotonic() - self._last >= self._seconds:
            self.keep(running)

    def keep(self, running: Audit) -> None:
        """Keep it now."""
        if self._file and running.size:
            self._file.write(running.memory())
            self._last = self._monotonic()


def _head_of(body: bytes) -> bytes:
    return f"{FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode()
