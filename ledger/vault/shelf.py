"""The key shelf: a folder of secrets beside the log, replaced and never archived.

::

    epochs/<number>.json   the key of an epoch, and what erasures left of it
    blobs/<id>.key         the key of an upload, or the word that it was erased
    copies.json            which copies of the shelf were made, and when they expire
    lock                   held by who replaces a file or copies the folder

Files are owner-only, made exclusively and replaced whole. They are not under a passphrase:
audits and rebuilds read them as they read the database (docs/adr/0016-key-shelf.md). Several
processes may use one shelf; what is remembered of a file is used only while the file is the
same, which costs one ``stat``. No file system keeps a key from whoever copied it before.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger import limits
from ledger.durable_files import NEW, replace_file, sync_directory
from ledger.vault.epoch_file import (
    KEY_BYTES,
    KEY_ID_BYTES,
    EpochFile,
    encode_epoch,
    epoch_of,
    parse_epoch,
)
from ledger.vault.errors import EpochMissing, ShelfDamaged, ShelfMissing, ShelfUnavailable
from ledger.vault.sealing import EpochKey
from ledger.vault.shelf_copies import COPIES, ShelfCopy, encode_copies, parse_copies

EPOCHS: Final = "epochs"
BLOB_KEYS: Final = "blobs"
_REMEMBERED_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch's file as it was read, its key ready for use."""

    file: EpochFile
    key: EpochKey
    seen: tuple[int, int, int]


class KeyShelf:
    """One folder of keys; every method may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is made with the first key."""
        self.folder: Final = folder
        self._lock = threading.Lock()
        self._remembered: OrderedDict[int, Epoch] = OrderedDict()

    @property
    def is_there(self) -> bool:
        """Whether the folder is one of keys."""
        return (self.folder / EPOCHS).is_dir()

    def make(self) -> None:
        """Make the folder, if it is not there.

        Raises:
            ShelfUnavailable: it cannot be made.
        """
        with files_needed():
            if self.is_there:
                return
            self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self.folder.exists():
                self.folder.mkdir(exist_ok=True, mode=0o700)
                sync_directory(self.folder.parent)
            (self.folder / EPOCHS).mkdir(exist_ok=True, mode=0o700)
            sync_directory(self.folder)

    def expect(self) -> None:
        """Refuse to go on where there is no shelf.

        Raises:
            ShelfMissing: there is none.
        """
        if not self.is_there:
            raise ShelfMissing(
                f"expected the key shelf of this log in {self.folder}, found none: put it back, "
                "set LOTMARK_SHELF to where it is, or, where it is lost for ever, run 'lotmark "
                "shelf new' and submit the lost contents again"
            )

    # ---- epochs ----

    def read(self, epoch: int) -> Epoch:
        """The newest file of an epoch.

        Raises:
            EpochMissing: there is none.
            ShelfDamaged, ShelfUnavailable: it cannot be read.
        """
        path = self._path(epoch)
        try:
            status = path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            with self._lock:
                known = self._remembered.get(epoch)
            if known is not None and known.seen == seen:
                return known
            return self._load(epoch, path)
        except FileNotFoundError as fault:
            raise EpochMissing(
                f"expected the keys of entries from {epoch * limits.VAULT_EPOCH_ENTRIES} on in "
                f"{path}, found no file: put it back, or submit the lost contents again"
            ) from fault
        except OSError as fault:
            raise ShelfUnavailable(f"expected to read {path}: {fault}") from fault

    def find(self, epoch: int) -> Epoch | None:
        """The newest file of an epoch, None where it is missing or damaged.

        Raises:
            ShelfUnavailable: it is there and could not be read.
        """
        try:
            return self.read(epoch)
        except (EpochMissing, ShelfDamaged):
            return None

    def ensure(self, epoch: int) -> Epoch:
        """The file of an epoch, made with a new key where there is none.

        Raises:
            ShelfDamaged, ShelfUnavailable: it cannot be read or made.
        """
        try:
            return self.read(epoch)
        except EpochMissing:
            self._create(new_epoch(epoch))
            # Another replica may have made it first: its key is the one.
            return self.read(epoch)

    def replace(self, file: EpochFile) -> None:
        """Put a new file in the place of an epoch's: from the return on, the old key is gone.

        Raises:
            ShelfUnavailable: it could not be written.
        """
        data = encode_epoch(file)
        if len(data) > limits.SHELF_FILE_BYTES_MAX:
            raise ShelfUnavailable(
                f"expected an epoch's file of at most {limits.SHELF_FILE_BYTES_MAX} bytes, "
                f"found {len(data)}"
            )
        with self.locked(), files_needed():
            self._replace(self._path(file.epoch), data)

    def _load(self, epoch: int, path: Path) -> Epoch:
        with path.open("rb") as opened:
            status = os.fstat(opened.fileno())
            data = opened.read(limits.SHELF_FILE_BYTES_MAX + 1)
        try:
            file = parse_epoch(data)
        except ShelfDamaged as fault:
            raise ShelfDamaged(f"{path}: {fault}: put it back as it was") from fault
        if file.epoch != epoch:
            raise ShelfDamaged(f"{path}: expected the file of epoch {epoch}, found {file.epoch}")
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        found = Epoch(file, EpochKey(file.key_id, file.key), seen)
        with self._lock:
            self._remembered[epoch] = found
            self._remembered.move_to_end(epoch)
            while len(self._remembered) > _REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return found

    def _create(self, file: EpochFile) -> None:
        self.make()
        path = self._path(file.epoch)
        # A name of this process and thread: two that make the same file must not share it.
        beside = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}{NEW}")
        with files_needed():
            try:
                _write(beside, encode_epoch(file))
                # A link to a name that is taken fails, where a rename would replace.
                os.link(beside, path)
            except FileExistsError:
                return
            finally:
                beside.unlink(missing_ok=True)
            sync_directory(path.parent)

    def _path(self, epoch: int) -> Path:
        return self.folder / EPOCHS / f"{epoch:012d}.json"

    def key_ids(self) -> dict[int, bytes]:
        """The id of the key of every epoch; of a damaged file there is none.

        Raises:
            ShelfUnavailable: a file could not be read.
        """
        with files_needed():
            names = sorted(path.stem for path in (self.folder / EPOCHS).glob("*.json"))
        found = {int(name): self.find(int(name)) for name in names if name.isdecimal()}
        return {epoch: keys.file.key_id for epoch, keys in found.items() if keys}

    # ---- copies ----

    def copies(self) -> tuple[ShelfCopy, ...]:
        """The copies of this shelf that were made and not dropped.

        Raises:
            ShelfDamaged, ShelfUnavailable: their list cannot be read.
        """
        path = self.folder / COPIES
        with files_needed():
            try:
                return parse_copies(path.read_bytes())
            except FileNotFoundError:
                return ()

    def copies_before(self, index: int) -> tuple[ShelfCopy, ...]:
        """The copies that hold another key of the entry's epoch than the one in use.

        After an erasure they still open what was erased, wherever the database's old bytes are.

        Raises:
            ShelfDamaged, ShelfUnavailable: the shelf cannot be read.
        """
        epoch = epoch_of(index)
        found = self.find(epoch)
        current = found.file.key_id if found else None
        return tuple(
            copy for copy in self.copies() if epoch in copy.keys and copy.keys[epoch] != current
        )

    def write_copies(self, copies: tuple[ShelfCopy, ...]) -> None:
        """Replace the list of copies; the caller holds :meth:`locked`.

        Raises:
            ShelfUnavailable: it could not be written.
        """
        with files_needed():
            self._replace(self.folder / COPIES, encode_copies(copies))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everyone else from replacing files of this shelf.

        Raises:
            ShelfUnavailable: it cannot be locked.
        """
        self.make()
        with files_needed():
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with files_needed():
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def put(self, path: Path, data: bytes) -> None:
        """Put a file below the folder, or a new one in its place.

        Raises:
            ShelfUnavailable: it could not be written.
        """
        with self.locked(), files_needed():
            path.parent.mkdir(exist_ok=True, mode=0o700)
            self._replace(path, data)

    def _replace(self, path: Path, data: bytes) -> None:
        beside = path.with_name(path.name + NEW)
        # Made owner-only before there is anything in it; what a crash left is overwritten.
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT, 0o600))
        replace_file(path, data)


def new_epoch(epoch: int) -> EpochFile:
    """A new key for an epoch in which nothing was erased."""
    return EpochFile(epoch, os.urandom(KEY_ID_BYTES), os.urandom(KEY_BYTES))


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def files_needed() -> Iterator[None]:
    """Tell what the files of the shelf refuse as :class:`ShelfUnavailable`."""
    try:
        yield
    except OSError as fault:
        raise ShelfUnavailable(f"expected to read and write the key shelf: {fault}") from fault
