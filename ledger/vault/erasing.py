"""What an erasure writes: the new file of the epoch, then the rows of the database.

Pure but for the random keys. The file comes first: once it has replaced the old one, the key
under which the erased groups can be opened is gone, and everything else opens by what the
file holds, whether the rows are written after it or not (docs/spec/vault.md, section 4).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from keys.encoding import decode_base64url
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.errors import MalformedJson
from ledger.strict_json import parse_json
from ledger.vault.epoch_file import KEY_BYTES, KEY_ID_BYTES, EpochFile, Kept
from ledger.vault.opening import open_found, record_key
from ledger.vault.sealing import EpochKey, Found, VaultRow, encrypt_content

ENVELOPE: Final = "!"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is to be written, in this order; no file where the groups are gone already."""

    file: EpochFile | None
    rows: tuple[VaultRow, ...]


def plan_erasure(
    file: EpochFile, founds: Collection[Found], *, index: int, groups: Collection[str]
) -> Erasure:
    """Plan to erase groups of one record, and to keep all else.

    Args:
        file: the epoch's.
        founds: every entry of the epoch.
        index: the record's entry, one of them.
        groups: names; those that it does not have are passed over.
    """
    current = EpochKey(file.key_id, file.key)
    target = next(found for found in founds if found.entry == index)
    text = open_found(target, file, current)
    remaining = None if text is None else without_groups(text, groups)
    if text is not None and remaining == text:
        return Erasure(None, rewrapped(file, current, founds))
    after = _file_after(file, current, founds, target=target, remaining=remaining)
    return Erasure(after, rewrapped(after, EpochKey(after.key_id, after.key), founds))


def without_groups(disclosures: str, groups: Collection[str]) -> str:
    """Disclosures and envelopes of a record, each ended by ``~``, without those of some groups."""
    parts = disclosures.split("~")
    return "~".join(part for part in parts if not part or group_of(part) not in groups)


def group_of(part: str) -> str | None:
    """The group that a disclosure or an envelope is of, None where it cannot be told."""
    try:
        data = decode_base64url(part.removeprefix(ENVELOPE))
        value = parse_json(data, bytes_max=limits.SD_JWT_BYTES_MAX)
    except (MalformedEncoding, MalformedJson):
        return None
    match value:
        case [_, str(name), _]:
            return name
        case {"group": str(name)}:
            return name
        case _:
            return None


def _file_after(
    file: EpochFile,
    current: EpochKey,
    founds: Iterable[Found],
    *,
    target: Found,
    remaining: str | None,
) -> EpochFile:
    """The file with a new key, and with the key of every record but the erased one."""
    kept = {index: left for index, left in file.kept.items() if index != target.entry}
    survivors = dict(file.survivors)
    for found in founds:
        key = record_key(found, file, current)
        if key is not None:
            survivors[found.entry] = key
    if remaining is not None:
        before = (file.kept[target.entry],) if target.entry in file.kept else ()
        versions = [left.version for left in before]
        versions += [target.row.version] if target.row else []
        version, key = max(versions, default=0) + 1, os.urandom(KEY_BYTES)
        content = encrypt_content(key, remaining, target.record_id, version=version)
        kept[target.entry] = Kept(version, key, content)
    for index in (target.entry, *kept):
        survivors.pop(index, None)
    return EpochFile(
        file.epoch, os.urandom(KEY_ID_BYTES), os.urandom(KEY_BYTES), survivors=survivors, kept=kept
    )


def keep_instead(file: EpochFile, found: Found, text: str) -> EpochFile:
    """The file with another text in the place of what an erasure left of an entry."""
    version, key = file.kept[found.entry].version + 1, os.urandom(KEY_BYTES)
    content = encrypt_content(key, text, found.record_id, version=version)
    return replace(file, kept={**file.kept, found.entry: Kept(version, key, content)})


def rewrapped(
    after: EpochFile, new: EpochKey, founds: Iterable[Found], *, again: bool = False
) -> tuple[VaultRow, ...]:
    """The rows that another key than the new one wraps, under the new one.

    Args:
        after: the epoch's file.
        new: its key.
        founds: entries of the epoch.
        again: whether also rows that the new one wraps, whose content has changed.
    """
    rows = []
    for found in founds:
        row = found.row
        if row is None or (row.epoch_key == new.id and not again):
            continue
        kept = after.kept.get(found.entry)
        if kept is not None:
            wrapped = new.wrap(kept.key, found.record_id, version=kept.version)
            rows.append(VaultRow(found.entry, new.id, kept.version, wrapped, kept.content))
        elif found.entry in after.survivors:
            key = after.survivors[found.entry]
            wrapped = new.wrap(key, found.record_id, version=row.version)
            rows.append(row._replace(epoch_key=new.id, wrapped=wrapped))
    return tuple(rows)
