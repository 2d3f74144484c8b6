"""Restoring a log from a backup: verified as a whole before anything can serve it.

What is restored may be read at once, and may not sign: it has no high-water mark. Two
instances that sign from one past make two histories, so the mark is written only where the
operator states that the old instance is gone, and never below a head that is known to have
been signed (docs/spec/backup.md, section 3).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from api.accesses.copying import ROW_BYTES_MAX, put_back_accesses
from api.accesses.database import AccessDatabase
from api.anomaly.copying import ROW_BYTES_MAX as MODEL_ROW_BYTES_MAX
from api.anomaly.copying import put_back_models
from api.anomaly.database import AnomalyDatabase
from api.anomaly.keeping import ModelStore
from api.anomaly.rebuilding import anomaly_url
from api.audit_sources import StoreSource, charter_findings, log_types, map_in_processes
from api.backup_files import (
    ACCESSES,
    BLOBS,
    CHECKPOINTS,
    CONTENTS,
    COSIGNED,
    ENTRIES,
    KEYS,
    MODELS,
    Counter,
    Manifest,
    check_files,
    read_manifest,
)
from api.data_folder import DataFolder, read_search_secret, write_new, write_search_secret
from api.migrate import needs_upgrade, upgrade
from api.opening_log import open_log
from api.rebuilding import rebuild
from api.setup_errors import FolderNotEmpty, RestoreRefused
from api.side_tables import side_url
from api.trade import opening_state
from ledger import limits
from ledger.anchor import Anchor, parse_anchor
from ledger.audit import Audit
from ledger.audit_findings import AuditReport
from ledger.backup_rows import BackupDamaged, read_rows
from ledger.blob_copies import BlobCopy, check_upload, find_upload, pins_of, place_pinned
from ledger.blob_files import OPEN, PINNED, SEALED
from ledger.blobs import BlobId, is_blob_id
from ledger.durable_files import NEW, replace_file, sync_directory
from ledger.errors import LogRolledBack
from ledger.high_water import HighWaterFile, Mark
from ledger.reader import LogReader
from ledger.reloading import LogRows, Reloading
from ledger.store import Store
from ledger.tile_nodes import FoldedTiles, TileNodeReader
from ledger.tree import TreeSize, tree_root
from ledger.vault.blob_keys import BlobKeys
from ledger.vault.packed_row import OVERHEAD_BYTES
from ledger.vault.shelf import KeyShelf
from ledger.vault.shelf_copying import take_shelf
from ledger.vault.vault import Vault
from quality.rules import QualityRules

RESTORING: Final = ".restoring"
_ROOM: Final = {
    ENTRIES: limits.ENTRY_BYTES_MAX,
    CONTENTS: limits.DISCLOSURES_MAX * (limits.DISCLOSURE_BYTES_MAX + 1) + OVERHEAD_BYTES,
    CHECKPOINTS: limits.NOTE_BYTES_MAX,
    COSIGNED: limits.NOTE_BYTES_MAX,
}


@dataclass(frozen=True, slots=True)
class RestoreAsked:
    """What the operator states.

    ``signed`` are heads that are known to have been signed: of the old instance's high-water
    file, of a mirror, of a member's receipt. ``may_sign``: the old instance is gone for ever.
    ``shelf`` is the log's key shelf of today, to be copied into the data folder; none where
    the target names a folder that is the shelf already.
    """

    may_sign: bool
    signed: Sequence[Mark] = ()
    anchor: Anchor | None = None
    shelf: Path | None = None
    now_ms: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Told how much more is done, stage by stage."""

    files: Counter
    entries: Counter
    audit: Counter


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it; ``closed`` contents are there and do not open with the shelf as it is."""

    manifest: Manifest
    report: AuditReport
    blobs: int
    may_sign: bool
    has_log_key: bool
    closed: int


def _open_store(folder: DataFolder) -> Store:
    """The database to be filled: a new one in the folder, or the one that a server has."""
    if needs_upgrade(folder.database_url):
        upgrade(folder.database_url)
    return open_log(folder)


def restore(
    source: Path,
    target: DataFolder,
    asked: RestoreAsked,
    *,
    progress: Progress,
) -> Restored:
    """Make a data folder from a backup; either whole, or not at all.

    Raises:
        FolderNotEmpty: there is something at the target.
        BackupDamaged: the backup is not what was written.
        RestoreRefused: the restored log does not pass its audit, or is another one.
        LogRolledBack: a newer head is known to have been signed.
        HeadMoved: the database holds another log.
        StoreUnavailable, OSError: it could not be written; no folder is there. What a server
            has taken stays there, and uploads in a folder that replicas share; the next run
            goes on from both.
    """
    if target.root.exists() and any(target.root.iterdir()):
        raise FolderNotEmpty(f"expected nothing in {target.root}, found files: name a new folder")
    manifest = read_manifest(source)
    check_files(source, manifest, progress.files)
    anchor = _anchor_of(source, manifest, asked)
    half = replace(target, root=target.root.with_name(target.root.name + RESTORING))
    shutil.rmtree(half.root, ignore_errors=True)
    half.root.mkdir(parents=True, mode=0o700)
    restoring = _Restoring(source, half, manifest, anchor)
    outcome = restoring.run(asked, progress)
    if restoring.is_resumed:
        # What the killed run loaded may be indexed under a search secret that died with it.
        rebuild(half)
    # From here on everything below is on the disk, verified.
    if target.root.exists():
        target.root.rmdir()
    half.root.rename(target.root)
    sync_directory(target.root.parent)
    return outcome


def _anchor_of(source: Path, manifest: Manifest, asked: RestoreAsked) -> Anchor:
    anchor = asked.anchor or parse_anchor((source / "anchor.json").read_bytes())
    if (anchor.origin, anchor.charter) != (manifest.origin, manifest.charter):
        raise RestoreRefused(
            f"expected a backup of {anchor.origin}, charter {anchor.charter}, "
            f"found {manifest.origin}, charter {manifest.charter}"
        )
    return anchor


class _Restoring:
    """One restore, in a folder that nobody else knows yet."""

    def __init__(self, source: Path, half: DataFolder, manifest: Manifest, anchor: Anchor) -> None:
        self._source = source
        self._half = half
        self._manifest = manifest
        self._anchor = anchor
        self.is_resumed = False
        self._closed = 0

    def run(self, asked: RestoreAsked, progress: Progress) -> Restored:
        self._copy_secrets()
        self._take_shelf(asked)
        blobs = self._copy_blobs()
        self._put_back_accesses()
        self._put_back_models()
        with closing(_open_store(self._half)) as store:
            self.is_resumed = store.head() is not None
            self._load(store, progress.entries)
            self._check_pins(store)
            report = self._audit(store, progress.audit)
            _check_signed(store, self._manifest, asked.signed)
        self._copy_file("anchor.json", self._half.anchor, mode=0o644)
        if not asked.may_sign:
            write_new(self._half.copy, b"", mode=0o644)
        else:
            with closing(HighWaterFile(self._half.high_water)) as mark:
                mark.write(Mark(self._manifest.size, self._manifest.root))
        # With it the folder holds a log.
        self._copy_file("config.json", self._half.config, mode=0o644)
        sync_directory(self._half.root)
        has_key = self._half.log_key.exists()
        return Restored(self._manifest, report, blobs, asked.may_sign, has_key, self._closed)

    def _load(self, store: Store, on_entries: Counter) -> None:
        reloading = Reloading(
            self._anchor.origin,
            store,
            rules=QualityRules(),
            search_secret=read_search_secret(self._half),
            outbox_from=self._manifest.outbox_from,
        )
        done = 0
        with self._rows() as rows:
            for size in reloading.run(rows):
                on_entries(size - done)
                done = size
        self._closed = reloading.closed
        head = reloading.head
        expected = (self._manifest.size, self._manifest.root)
        found = (head.size, head.root) if head else (0, b"")
        if found != expected:
            raise BackupDamaged(f"expected {expected[0]} entries and their root, found {found[0]}")

    @contextmanager
    def _rows(self) -> Iterator[LogRows]:
        with ExitStack() as files:
            rows = [
                read_rows(
                    files.enter_context((self._source / name).open("rb")), content_max=_ROOM[name]
                )
                for name in (ENTRIES, CONTENTS, CHECKPOINTS, COSIGNED)
            ]
            entries, contents, checkpoints, cosigned = rows
            vault = Vault(KeyShelf(self._half.shelf))
            yield LogRows(entries, contents, checkpoints, cosigned, vault)

    def _audit(self, store: Store, on_entries: Counter) -> AuditReport:
        source = StoreSource.of(store)
        types = log_types(self._anchor.origin, store)
        running = Audit(self._anchor.origin, source, types=types, state=opening_state())
        running.excuse(source.erased(self._anchor.origin))
        done = 0
        for size in running.run(map_in_processes(1, types)):
            on_entries(size - done)
            done = size
        report = running.finish()
        for finding in charter_findings(source, self._anchor):
            report.add(*finding)
        if not report.is_clean:
            first = report.findings[0]
            raise RestoreRefused(
                f"expected a log without findings, found {len(report.findings)}, "
                f"the first at {first.place}: {first.code}: {first.detail}"
            )
        return report

    def _take_shelf(self, asked: RestoreAsked) -> None:
        """The keys of today, never those of a backup; without any, contents stay closed."""
        shelf = KeyShelf(self._half.shelf)
        if asked.shelf is not None:
            take_shelf(KeyShelf(asked.shelf), shelf, now_ms=asked.now_ms)
        shelf.make()

    def _copy_secrets(self) -> None:
        half = self._half
        for path in (half.log_key, half.service_key, half.search_secret):
            kept = self._source / KEYS / path.name
            if kept.exists():
                self._copy_file(f"{KEYS}/{path.name}", path, mode=0o600)
        if not self._half.search_secret.exists():
            # The index is made anew for a new secret.
            write_search_secret(self._half)

    def _put_back_accesses(self) -> None:
        """Receipts of reads, where the backup has some."""
        kept, half = self._source / ACCESSES, self._half
        if not kept.exists():
            return
        _open_store(half).close()
        url = side_url(half.database_url, half.accesses)
        opened = AccessDatabase(url, origin=self._anchor.origin, now_ms=0)
        with closing(opened) as database, kept.open("rb") as file:
            put_back_accesses(database, read_rows(file, content_max=ROW_BYTES_MAX))

    def _put_back_models(self) -> None:
        """Models, where the backup has some; what they score is made anew by the service."""
        kept, half = self._source / MODELS, self._half
        if not kept.exists():
            return
        _open_store(half).close()
        opened = AnomalyDatabase(anomaly_url(half), origin=self._anchor.origin)
        with closing(opened) as database, kept.open("rb") as file:
            put_back_models(ModelStore(database), read_rows(file, content_max=MODEL_ROW_BYTES_MAX))

    def _copy_blobs(self) -> int:
        count, keys = 0, BlobKeys(KeyShelf(self._half.shelf))
        for path in sorted((self._source / BLOBS).glob("*.json")):
            blob = path.stem
            if not is_blob_id(blob):
                raise BackupDamaged(f"{path}: expected the id of an upload")
            sidecar, data = place_pinned(self._half.blobs, BlobId(blob))
            if not sidecar.exists():
                # Beside it first: others may read a folder that is shared.
                beside = data.with_name(data.name + NEW)
                if path.with_suffix("").exists():
                    shutil.copyfile(path.with_suffix(""), beside)
                    _sync(beside)
                    beside.replace(data)
            check_upload(BlobCopy(BlobId(blob), path.read_bytes(), data), keys.find(blob))
            replace_file(sidecar, path.read_bytes())
            count += 1
        if count:
            # Their bytes and sidecars are on the disk; now the names are too.
            for names in (SEALED, OPEN, PINNED, "."):
                sync_directory(self._half.blobs / names)
            sync_directory(self._half.blobs.parent)
        return count

    def _check_pins(self, store: Store) -> None:
        for blob, index in pins_of(store, self._manifest.size):
            if find_upload(self._half.blobs, blob) is None:
                raise BackupDamaged(
                    f"expected the upload {blob}, which entry {index} cites, found it not"
                )

    def _copy_file(self, name: str, target: Path, *, mode: int) -> None:
        write_new(target, (self._source / name).read_bytes(), mode=mode)


def _check_signed(store: Store, manifest: Manifest, signed: Sequence[Mark]) -> None:
    """Refuse to bring back a log below, or beside, a head that it has signed."""
    for mark in signed:
        if mark.size > manifest.size:
            raise LogRolledBack(
                f"expected a backup of at least {mark.size} entries, which were signed, "
                f"found one of {manifest.size}: restore a newer one"
            )
        nodes = TileNodeReader(TreeSize(mark.size), FoldedTiles(LogReader(store)))
        if mark.size and tree_root(TreeSize(mark.size), nodes) != mark.root:
            raise LogRolledBack(f"the first {mark.size} entries are not those that were signed")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
