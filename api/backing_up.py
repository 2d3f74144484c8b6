"""A backup of a log, taken while it is served (docs/spec/backup.md).

The log up to a head that was read first is append-only, so it is one consistent state however
long the copying takes, and whatever engine it lies in. Uploads are copied after it: those
that it cites were complete before. A backup carries no right to sign: not the high-water
mark, and the keys only if they are asked for. The key shelf never is in one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from api.accesses.copying import copy_accesses
from api.accesses.database import AccessDatabase
from api.anomaly.copying import copy_models
from api.anomaly.database import AnomalyDatabase
from api.anomaly.keeping import ModelStore
from api.anomaly.rebuilding import anomaly_url, has_anomaly_tables
from api.backup_files import (
    ACCESSES,
    BLOBS,
    CHECKPOINTS,
    CONTENTS,
    COSIGNED,
    ENTRIES,
    KEYS,
    MODELS,
    PARTIAL,
    BackupWriter,
    Counter,
    Manifest,
)
from api.data_folder import DataFolder, read_config
from api.setup_errors import BackupExists, FolderMissing, UploadMissing
from api.side_tables import side_url
from ledger.anchor import parse_anchor
from ledger.blob_copies import check_upload, find_upload, pins_of
from ledger.blob_errors import BlobsUnavailable
from ledger.durable_files import sync_directory
from ledger.errors import LogRolledBack
from ledger.frontier import EMPTY_FRONTIER, append_leaves
from ledger.high_water import HighWaterFile
from ledger.recovery import check_mark
from ledger.store import Head, Store
from ledger.store_postgres_connections import is_postgres
from ledger.tree import leaf_hash
from ledger.vault.blob_keys import BlobKeys
from ledger.vault.packed_row import encode_packed
from ledger.vault.shelf import KeyShelf

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds."""

    manifest: Manifest
    disclosures: int
    blobs: int
    bytes: int


def back_up(
    folder: DataFolder, store: Store, target: Path, *, with_keys: bool, on_entries: Counter
) -> BackedUp:
    """Write a backup of what the log holds now.

    Args:
        folder: the data folder of the log; its service may run.
        store: reads its database.
        target: the folder to make.
        with_keys: whether log key and search secret go with it.
        on_entries: told how many entries more are copied.

    Raises:
        BackupExists: there is something at the target.
        FolderMissing: the log has no entry.
        LogRolledBack: it is not what was signed, or its entries are not those of its root.
        UploadMissing: an upload that it cites is not there as it was.
        BlobsUnavailable, StoreUnavailable, OSError: it could not be read or written.
    """
    if target.exists():
        raise BackupExists(f"expected no {target}, found one: name a new folder")
    # The mark before the head: a service that runs moves both, the head first.
    mark = HighWaterFile(folder.high_water).read()
    head = store.head()
    if head is None:
        raise FolderMissing(f"expected a log in {folder.root}, found an empty one")
    check_mark(store, head, mark, is_new=False)
    partial = target.with_name(target.name + PARTIAL)
    # What a killed backup left is no backup, and nothing in it is worth keeping.
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    outcome = _Copying(folder, store, head, BackupWriter(partial)).run(with_keys, on_entries)
    partial.rename(target)
    sync_directory(target.parent)
    return outcome


class _Copying:
    """One backup while it is written."""

    def __init__(self, folder: DataFolder, store: Store, head: Head, writer: BackupWriter) -> None:
        self._folder = folder
        self._store = store
        self._head = head
        self._keys = BlobKeys(KeyShelf(folder.shelf))
        self._writer = writer
        self._disclosures = 0
        self._blobs = 0

    def run(self, with_keys: bool, on_entries: Counter) -> BackedUp:
        writer, store, size = self._writer, self._store, self._head.size
        outbox = store.outbox_after(0, 1)
        writer.rows(ENTRIES, self._entries(on_entries))
        writer.rows(CONTENTS, self._contents())
        writer.rows(CHECKPOINTS, _until(store.checkpoints(), size))
        writer.rows(COSIGNED, _until(store.cosigned(0), size))
        self._copy_blobs()
        self._copy_accesses()
        self._copy_models()
        self._copy_settings(with_keys)
        manifest = self._manifest(outbox[0][2] if outbox else size)
        writer.finish(manifest)
        total = sum(file.bytes for file in writer.files)
        return BackedUp(manifest, self._disclosures, self._blobs, total)

    def _manifest(self, outbox_from: int) -> Manifest:
        return Manifest(
            origin=read_config(self._folder).origin,
            charter=parse_anchor(self._folder.anchor.read_bytes()).charter,
            size=self._head.size,
            root=self._head.root,
            outbox_from=min(outbox_from, self._head.size),
            files=tuple(self._writer.files),
        )

    def _entries(self, on_entries: Counter) -> Iterator[tuple[int, bytes]]:
        """Every entry; their root must be that of the head, or nothing is finished."""
        frontier = EMPTY_FRONTIER
        for start in range(0, self._head.size, _PAGE):
            stop = min(start + _PAGE, self._head.size)
            rows = [(row.index, row.text) for row in self._store.entries(start, stop)]
            frontier = append_leaves(frontier, [leaf_hash(text) for _, text in rows]).frontier
            yield from rows
            on_entries(len(rows))
        if frontier.root() != self._head.root:
            raise LogRolledBack(
                f"expected the root of {self._head.size} entries at the head, found another: "
                "run 'lotmark audit --full'"
            )

    def _contents(self) -> Iterator[tuple[int, bytes]]:
        """As the database holds them: sealed, and of no use without the shelf."""
        for row in self._store.vault_rows(0, self._head.size):
            self._disclosures += 1
            yield row.entry, encode_packed(row)

    def _copy_blobs(self) -> None:
        for blob, index in pins_of(self._store, self._head.size):
            found = find_upload(self._folder.blobs, blob)
            if found is None:
                raise UploadMissing(
                    f"expected the upload {blob}, which entry {index} cites, complete in "
                    f"{self._folder.blobs}, found it not: set LOTMARK_BLOBS as the service has it"
                )
            self._writer.put(f"{BLOBS}/{blob}.json", found.sidecar)
            try:
                check_upload(found, self._keys.find(blob))
            except BlobsUnavailable as fault:
                raise UploadMissing(
                    f"expected the upload {blob}, which entry {index} cites, as it was sent, "
                    f"found other bytes in {found.data}: put its file back from an older backup"
                ) from fault
            if found.data.exists():
                self._writer.copy(f"{BLOBS}/{blob}", found.data)
            self._blobs += 1

    def _copy_accesses(self) -> None:
        """Receipts of reads: evidence that follows from nothing else."""
        url = side_url(self._folder.database_url, self._folder.accesses)
        if not is_postgres(url) and not self._folder.accesses.exists():
            return
        origin = read_config(self._folder).origin
        with closing(AccessDatabase(url, origin=origin, now_ms=0)) as database:
            self._writer.rows(ACCESSES, copy_accesses(database))

    def _copy_models(self) -> None:
        """Models: training records that are erased since could not make them again."""
        if not has_anomaly_tables(self._folder):
            return
        url, origin = anomaly_url(self._folder), read_config(self._folder).origin
        with closing(AnomalyDatabase(url, origin=origin, read_only=True)) as database:
            rows = copy_models(ModelStore(database)) if database.has_models else iter(())
            first = next(rows, None)
            if first is not None:
                self._writer.rows(MODELS, chain([first], rows))

    def _copy_settings(self, with_keys: bool) -> None:
        folder, writer = self._folder, self._writer
        for path in (folder.config, folder.anchor):
            writer.put(path.name, path.read_bytes())
        if with_keys:
            for path in (folder.log_key, folder.service_key, folder.search_secret):
                if path.exists():
                    writer.put(f"{KEYS}/{path.name}", path.read_bytes())


def _until(notes: Iterator[tuple[int, str]], size: int) -> Iterator[tuple[int, bytes]]:
    return ((number, note.encode()) for number, note in notes if number <= size)
