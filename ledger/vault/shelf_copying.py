"""Copies of a shelf: made whole, written down where they are made from, and dropped.

A copy is the one thing that brings erased groups back, together with old bytes of the
database. So none is made without being written down, with the day on which it ends.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from ledger.durable_files import sync_directory
from ledger.vault.errors import ShelfCopyExists, ShelfCopyMissing, ShelfUnavailable
from ledger.vault.shelf import BLOB_KEYS, EPOCHS, KeyShelf
from ledger.vault.shelf_copies import ShelfCopy

#: How long the folder that a restore took its keys from is named, until it is dropped.
TAKEN_MILLISECONDS: Final = 30 * 24 * 3600 * 1000


def copy_shelf(shelf: KeyShelf, target: Path, *, now_ms: int, expires_ms: int) -> ShelfCopy:
    """Copy a shelf into a new folder, and write the copy down.

    Raises:
        ShelfMissing: there is no shelf.
        ShelfCopyExists: there is something at the target.
        ShelfDamaged, ShelfUnavailable: it could not be read or written; a copy that was begun
            is written down.
    """
    shelf.expect()
    if target.exists():
        raise ShelfCopyExists(f"expected nothing at {target}, found something: name a new folder")
    with shelf.locked():
        copy = ShelfCopy(str(target.resolve()), now_ms, expires_ms, shelf.key_ids())
        # Written down first: a copy that nobody knows of is worse than one that is not there.
        shelf.write_copies((*shelf.copies(), copy))
        _copy_files(shelf.folder, target)
    return copy


def drop_copy(shelf: KeyShelf, where: Path) -> bool:
    """Remove a copy, and forget it.

    Returns:
        Whether its folder was there; where it was not, it is for the operator to destroy.

    Raises:
        ShelfCopyMissing: no such copy was made.
        ShelfDamaged, ShelfUnavailable: it could not be removed, and is not forgotten.
    """
    with shelf.locked():
        known = shelf.copies()
        named = str(where.resolve())
        if named not in {copy.where for copy in known}:
            raise ShelfCopyMissing(f"expected a copy at {named}, found none written down")
        is_there = where.exists()
        try:
            for part in (EPOCHS, BLOB_KEYS):
                shutil.rmtree(where / part, ignore_errors=not (where / part).exists())
        except OSError as fault:
            raise ShelfUnavailable(f"expected to remove {where}: {fault}") from fault
        shelf.write_copies(tuple(copy for copy in known if copy.where != named))
    return is_there


def take_shelf(source: KeyShelf, target: KeyShelf, *, now_ms: int) -> None:
    """Begin a shelf with the keys of another, whose folder counts as a copy of it from then on.

    Raises:
        ShelfMissing: there is no shelf to take.
        ShelfDamaged, ShelfUnavailable: it could not be read or written.
    """
    source.expect()
    with source.locked():
        _copy_files(source.folder, target.folder)
        left = ShelfCopy(
            str(source.folder.resolve()), now_ms, now_ms + TAKEN_MILLISECONDS, source.key_ids()
        )
        copies = source.copies()
    with target.locked():
        target.write_copies((*copies, left))


def _copy_files(source: Path, target: Path) -> None:
    try:
        for part in (EPOCHS, BLOB_KEYS):
            (target / part).mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (source / part).is_dir():
                continue
            for path in sorted((source / part).iterdir()):
                if path.suffix in {".json", ".key"}:
                    _copy_file(path, target / part / path.name)
            sync_directory(target / part)
        sync_directory(target)
        sync_directory(target.parent)
    except OSError as fault:
        raise ShelfUnavailable(f"expected to copy the shelf to {target}: {fault}") from fault


def _copy_file(source: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())
