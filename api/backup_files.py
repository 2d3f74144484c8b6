"""The folder of a backup: its files, and the manifest that names them all (docs/spec/backup.md).

::

    manifest.json    origin, charter, size, root, and SHA-256 and size of every other file
    entries          rows: index, entry
    disclosures      rows: index, disclosures
    checkpoints      rows: size, signed note
    cosigned         rows: size, signed note
    accesses         rows: number, a row of the access tables; where there are some
    models           rows: number, an ONNX file and what is known of it; where there are some
    config.json      origin, and where the log key is
    anchor.json      the trust anchor
    blobs/<id>       an upload, and blobs/<id>.json what is known of it
    keys/log.key     only if asked for, as keys/search.secret

The folder gets its name when everything in it is on the disk; until then it ends in ``.partial``.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, Protocol

from keys.encoding import decode_base64, encode_base64
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.backup_rows import BackupDamaged, encode_row
from ledger.durable_files import sync_directory

FORMAT: Final = "lotmark.backup/v2"
MANIFEST: Final = "manifest.json"
PARTIAL: Final = ".partial"
ENTRIES: Final = "entries"
CONTENTS: Final = "contents"
CHECKPOINTS: Final = "checkpoints"
COSIGNED: Final = "cosigned"
ACCESSES: Final = "accesses"
MODELS: Final = "models"
BLOBS: Final = "blobs"
KEYS: Final = "keys"
_PIECE_BYTES: Final = 1 << 20
#: What reading a manifest of another's making can end in; ``{"size": Infinity}`` overflows.
_UNREADABLE: Final = (
    *(OSError, ValueError, KeyError, TypeError, OverflowError),
    *(RecursionError, MemoryError, MalformedEncoding, BackupDamaged),
)


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A file of a backup: its path below the folder, its size and SHA-256."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of, and all its files.

    ``outbox_from`` is the first entry that readers of the outbox had not seen.
    """

    origin: str
    charter: str
    size: int
    root: bytes
    outbox_from: int
    files: tuple[BackupFile, ...]

    @property
    def has_keys(self) -> bool:
        """Whether it holds secrets."""
        return any(file.path.startswith(KEYS + "/") for file in self.files)


class Counter(Protocol):
    """Told how many bytes more are done."""

    def __call__(self, count: int, /) -> None:
        """So many more."""


class BackupWriter:
    """Writes the files of a backup into a folder, and remembers what the manifest must say."""

    def __init__(self, folder: Path) -> None:
        """Begin in an empty folder."""
        self._folder = folder
        self.files: list[BackupFile] = []

    @contextmanager
    def file(self, path: str, *, mode: int = 0o600) -> Iterator[HashedFile]:
        """A new file, on the disk when the block ends."""
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            hashed = HashedFile(file)
            yield hashed
            file.flush()
            os.fsync(file.fileno())
        self.files.append(BackupFile(path, hashed.size, hashed.sha256.hexdigest()))

    def put(self, path: str, content: bytes) -> None:
        """A whole small file."""
        with self.file(path) as file:
            file.write(content)

    def copy(self, path: str, source: Path) -> bytes:
        """A copy of a file; gives its SHA-256."""
        with self.file(path) as file, source.open("rb") as content:
            while piece := content.read(_PIECE_BYTES):
                file.write(piece)
        return bytes.fromhex(self.files[-1].sha256)

    def rows(self, path: str, rows: Iterable[tuple[int, bytes]]) -> None:
        """A file of rows."""
        with self.file(path) as file:
            for number, content in rows:
                file.write(encode_row(number, content))

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest: with it the folder is a backup."""
        self.put(MANIFEST, encode_manifest(manifest))
        for folder in sorted({(self._folder / file.path).parent for file in self.files}):
            sync_directory(folder)


@dataclass(slots=True)
class HashedFile:
    """A file that is hashed as it is written."""

    file: BinaryIO
    size: int = 0
    sha256: Any = field(default_factory=hashlib.sha256)

    def write(self, content: bytes) -> None:
        """Append bytes."""
        self.file.write(content)
        self.sha256.update(content)
        self.size += len(content)


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as JSON, with the SHA-256 of itself without it."""
    members = asdict(manifest) | {"format": FORMAT, "root": encode_base64(manifest.root)}
    digest = hashlib.sha256(_encode(members)).hexdigest()
    return _encode(members | {"sha256": digest})


def _encode(members: dict[str, Any]) -> bytes:
    return (json.dumps(members, indent=1, sort_keys=True) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        BackupDamaged: there is none, or it is not one.
    """
    try:
        with _open_regular(folder / MANIFEST) as file:
            data = file.read(limits.BACKUP_MANIFEST_BYTES_MAX + 1)
        if len(data) > limits.BACKUP_MANIFEST_BYTES_MAX:
            raise BackupDamaged(f"expected at most {limits.BACKUP_MANIFEST_BYTES_MAX} bytes")
        manifest = _parse(json.loads(data))
        is_same = encode_manifest(manifest) == data
    except _UNREADABLE as fault:
        raise BackupDamaged(f"{folder}: expected a backup with its {MANIFEST}: {fault}") from fault
    if not is_same:
        raise BackupDamaged(
            f"{folder / MANIFEST}: expected {FORMAT}, found another or changed file"
        )
    return manifest


def _open_regular(path: Path) -> BinaryIO:
    """A file that is one: no link out of the backup, and no pipe that never ends.

    Raises:
        BackupDamaged, OSError: it is another thing, or cannot be opened.
    """
    # Without O_NONBLOCK the opening itself waits for the other end of a pipe.
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise BackupDamaged(f"{path}: expected a file, found another thing")
    return file


def _parse(members: Any) -> Manifest:
    files = tuple(
        BackupFile(str(item["path"]), int(item["bytes"]), str(item["sha256"]))
        for item in members["files"]
    )
    return Manifest(
        origin=str(members["origin"]),
        charter=str(members["charter"]),
        size=int(members["size"]),
        root=decode_base64(members["root"]),
        outbox_from=int(members["outbox_from"]),
        files=files,
    )


def check_files(folder: Path, manifest: Manifest, on_bytes: Counter) -> None:
    """Check every file of a backup, and that there is no other.

    Raises:
        BackupDamaged: a file is missing, another one, or not in the manifest.
    """
    try:
        found = set(_walk(folder))
    except OSError as fault:
        raise BackupDamaged(f"{folder}: expected a backup, found {fault}") from fault
    listed = {file.path for file in manifest.files}
    if found - {MANIFEST} != listed:
        strange = sorted((found - {MANIFEST}) ^ listed)[0]
        raise BackupDamaged(f"{folder}: expected exactly the files of its manifest, not {strange}")
    for file in manifest.files:
        if PurePosixPath(file.path).is_absolute() or ".." in PurePosixPath(file.path).parts:
            raise BackupDamaged(f"{folder}: expected a path inside it, found {file.path}")
        _check_file(folder / file.path, file, on_bytes)


def _walk(folder: Path) -> Iterator[str]:
    """The paths of all files below a folder, of which each is one, in folders that are.

    Raises:
        BackupDamaged, OSError: something else is there, or a folder cannot be read.
    """
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as listed:
            for item in listed:
                path = Path(item.path)
                if item.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif item.is_file(follow_symlinks=False):
                    yield path.relative_to(folder).as_posix()
                else:
                    raise BackupDamaged(f"{path}: expected files and folders, found another thing")


def _check_file(path: Path, expected: BackupFile, on_bytes: Counter) -> None:
    sha256, size = hashlib.sha256(), 0
    try:
        with _open_regular(path) as file:
            # One byte more than there should be tells as much as all of them.
            while size <= expected.bytes and (piece := file.read(_PIECE_BYTES)):
                sha256.update(piece)
                size += len(piece)
                on_bytes(len(piece))
    except OSError as fault:
        raise BackupDamaged(f"{path}: expected a file, found {fault}") from fault
    if (size, sha256.hexdigest()) != (expected.bytes, expected.sha256):
        raise BackupDamaged(
            f"{path}: expected {expected.bytes} bytes of SHA-256 {expected.sha256}, "
            f"found {size} of {sha256.hexdigest()}"
        )
