"""The data folder of a log: which file is what, and how a new one is laid out.

::

    config.json     origin, and where the log key is
    log.key         the log's own key, under a passphrase
    service.key     signs digests of accesses, under the same passphrase; where there is one
    high-water      the last signed head, beside the key and not in the database
    search.secret   keys the search index; without it the index is rebuilt
    anchor.json     the trust anchor, to be handed to everyone out of band
    ledger.db       the log, unless LOTMARK_DATABASE_URL names a server that has it
    derived.sqlite  what is counted from the log; made again from it at any time
    erasures.sqlite what was done for each erasure; without it they are carried out once more
    accesses.sqlite receipts of reads; they follow from nothing, so back them up
    tallies.sqlite  inspections under way; what they end as is signed and in the log
    anomaly.sqlite  scored parameters, and the models that score them: back it up for these
    shelf/          the keys of all contents, unless LOTMARK_SHELF names another folder for them;
                    replicas share one, and no backup has it
    blobs/          uploads, unless LOTMARK_BLOBS names the folder that replicas share
    copy            there where the folder was restored for reading and has no high-water mark
    founding        there while the log is being made; see :mod:`api.founding`
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from api.setup_errors import WRONG_FOLDER, FolderDamaged, FolderMissing
from ledger.blob_errors import BlobsUnavailable
from ledger.blob_files import FileBlobs
from ledger.blob_files_shared import SharedFileBlobs
from ledger.blob_moving import has_plain_uploads
from ledger.durable_files import replace_file
from ledger.vault.shelf import KeyShelf

CONFIG_FORMAT = "lotmark.config/v1"
SEARCH_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths below one data folder, and what of the log lies elsewhere.

    ``server_url`` is the database server, ``shared_blobs`` the folder of uploads that several
    replicas share, where the log has one; ``keys`` the key shelf, where it lies elsewhere.
    """

    root: Path
    server_url: str = field(default="", repr=False)
    shared_blobs: Path | None = None
    keys: Path | None = None

    @property
    def config(self) -> Path:
        """Origin and key URI."""
        return self.root / "config.json"

    @property
    def log_key(self) -> Path:
        """The log's key file."""
        return self.root / "log.key"

    @property
    def service_key(self) -> Path:
        """The key that signs what the service says of the log."""
        return self.root / "service.key"

    @property
    def high_water(self) -> Path:
        """The high-water file."""
        return self.root / "high-water"

    @property
    def search_secret(self) -> Path:
        """The key of the search index."""
        return self.root / "search.secret"

    @property
    def anchor(self) -> Path:
        """The trust anchor."""
        return self.root / "anchor.json"

    @property
    def database(self) -> Path:
        """The SQLite database."""
        return self.root / "ledger.db"

    @property
    def derived(self) -> Path:
        """The SQLite database of derived tables."""
        return self.root / "derived.sqlite"

    @property
    def accesses(self) -> Path:
        """The SQLite database of access receipts."""
        return self.root / "accesses.sqlite"

    @property
    def tallies(self) -> Path:
        """The SQLite database of tallies."""
        return self.root / "tallies.sqlite"

    @property
    def anomaly(self) -> Path:
        """The SQLite database of scored parameters and of models."""
        return self.root / "anomaly.sqlite"

    @property
    def erasures(self) -> Path:
        """The SQLite database of erasures that were carried out."""
        return self.root / "erasures.sqlite"

    @property
    def blobs(self) -> Path:
        """The folder of uploads: the one that replicas share, else the data folder's own."""
        return self.shared_blobs or self.root / "blobs"

    @property
    def shelf(self) -> Path:
        """The key shelf: the one that is named, else the data folder's own."""
        return self.keys or self.root / "shelf"

    @property
    def copy(self) -> Path:
        """The mark of a copy that may be read and never signs."""
        return self.root / "copy"

    @property
    def founding(self) -> Path:
        """The mark of a founding that has not ended."""
        return self.root / "founding"

    @property
    def database_url(self) -> str:
        """The database as SQLAlchemy names it: on its server, else the file in the folder."""
        return self.server_url or f"sqlite:///{self.database}"


@dataclass(frozen=True, slots=True)
class LogConfig:
    """What a service must know to open its log.

    ``key_uri`` is a signer URI; a relative ``file:`` path is one below the data folder, so
    that the folder may be moved.
    """

    origin: str
    key_uri: str


def write_config(folder: DataFolder, config: LogConfig) -> None:
    """Write ``config.json``, whole or not at all: with it the folder holds a log."""
    members = {"format": CONFIG_FORMAT, "origin": config.origin, "key": config.key_uri}
    replace_file(folder.config, (json.dumps(members, indent=1) + "\n").encode())


def write_search_secret(folder: DataFolder) -> bytes:
    """Draw the key of the search index; it is never overwritten."""
    secret = secrets.token_bytes(SEARCH_SECRET_BYTES)
    write_new(folder.search_secret, secret, mode=0o600)
    return secret


def locate_key(folder: DataFolder, uri: str) -> str:
    """The signer URI with a relative ``file:`` path made one below the folder."""
    scheme, _, path = uri.partition(":")
    if scheme != "file" or path.startswith("/"):
        return uri
    return f"file:{folder.root.absolute() / path}"


def read_config(folder: DataFolder) -> LogConfig:
    """Read ``config.json``.

    Raises:
        FolderMissing: there is no log in the folder.
        FolderDamaged: the file is not what :func:`write_config` wrote.
    """
    try:
        members = json.loads(folder.config.read_bytes())
        if members["format"] != CONFIG_FORMAT:
            raise FolderDamaged(f"{folder.config}: expected format {CONFIG_FORMAT!r}")
        return LogConfig(str(members["origin"]), str(members["key"]))
    except FileNotFoundError as fault:
        raise FolderMissing(
            f"{WRONG_FOLDER} expected a log in {folder.root.absolute()}, "
            f"found no {folder.config.name}: run 'lotmark init' first, or set LOTMARK_DATA"
        ) from fault
    # A long row of brackets exhausts the decoder's stack.
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise FolderDamaged(f"{folder.config}: {fault}") from fault


def open_blobs(folder: DataFolder) -> FileBlobs:
    """The uploads of the log; other processes may use a folder that is shared at once.

    Raises:
        BlobsUnavailable: they cannot be read.
    """
    kind = SharedFileBlobs if folder.shared_blobs else FileBlobs
    if has_plain_uploads(folder.blobs):
        raise BlobsUnavailable(
            f"expected sealed uploads in {folder.blobs}, found those of an earlier version: run "
            "lotmark migrate"
        )
    return kind(folder.blobs, shelf=KeyShelf(folder.shelf), random_bytes=os.urandom)


def read_search_secret(folder: DataFolder) -> bytes:
    """Read the key of the search index.

    Raises:
        FolderDamaged: it is missing or has another length.
    """
    try:
        secret = folder.search_secret.read_bytes()
    except OSError as fault:
        raise FolderDamaged(f"{folder.search_secret}: {fault}") from fault
    if len(secret) != SEARCH_SECRET_BYTES:
        raise FolderDamaged(f"{folder.search_secret}: expected {SEARCH_SECRET_BYTES} bytes")
    return secret


def read_anchor_text(folder: DataFolder) -> str:
    """Read the trust anchor as it was handed out.

    Raises:
        FolderDamaged: it is missing or no text.
    """
    try:
        return folder.anchor.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise FolderDamaged(f"{folder.anchor}: {fault}") from fault


def write_new(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file that must not exist yet, durably."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
