"""A row of the vault as bytes, as a backup holds it (docs/spec/backup.md, section 1)."""

from __future__ import annotations

from typing import Final

from ledger.vault.epoch_file import KEY_ID_BYTES
from ledger.vault.errors import ShelfDamaged
from ledger.vault.sealing import TAG_BYTES, WRAPPED_BYTES, VaultRow, is_version

_VERSION_END: Final = KEY_ID_BYTES + 4
_WRAPPED_END: Final = _VERSION_END + WRAPPED_BYTES
#: How much longer the bytes are than the disclosures that they hold.
OVERHEAD_BYTES: Final = _WRAPPED_END + TAG_BYTES


def encode_packed(row: VaultRow) -> bytes:
    """Id of the epoch key, version in 4 bytes, wrapped key, content."""
    return row.epoch_key + row.version.to_bytes(4, "big") + row.wrapped + row.content


def parse_packed(entry: int, data: bytes) -> VaultRow:
    """The row of an entry.

    Raises:
        ShelfDamaged: it is too short, or of no version.
    """
    version = int.from_bytes(data[KEY_ID_BYTES:_VERSION_END], "big")
    if len(data) < OVERHEAD_BYTES or not is_version(version):
        raise ShelfDamaged(
            f"entry {entry}: expected contents of {OVERHEAD_BYTES} bytes or more and of a version, "
            f"found {len(data)} and {version}"
        )
    return VaultRow(
        entry,
        data[:KEY_ID_BYTES],
        version,
        data[_VERSION_END:_WRAPPED_END],
        data[_WRAPPED_END:],
    )
