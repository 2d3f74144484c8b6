"""Opening what the database holds, by the file of the epoch.

What an erasure kept in the file counts before any row: a row may be older than the erasure,
as after a crash or from a backup. A row that another key wrapped opens by the record keys
of the survivors.
"""

from __future__ import annotations

from ledger.vault.epoch_file import EpochFile
from ledger.vault.sealing import EpochKey, Found, decrypt_content


def open_found(found: Found, file: EpochFile, current: EpochKey) -> str | None:
    """The disclosures of an entry, None where it has none or they cannot be opened."""
    kept = file.kept.get(found.entry)
    if kept is not None:
        return decrypt_content(kept.key, kept.content, found.record_id, version=kept.version)
    key = record_key(found, file, current)
    if key is None or found.row is None:
        return None
    return decrypt_content(key, found.row.content, found.record_id, version=found.row.version)


def record_key(found: Found, file: EpochFile, current: EpochKey) -> bytes | None:
    """The key of an entry's row, None where there is no row or none opens it."""
    row = found.row
    if row is None:
        return None
    if row.epoch_key == current.id:
        return current.unwrap(row.wrapped, found.record_id, version=row.version)
    return file.survivors.get(found.entry)
