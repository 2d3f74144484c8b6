"""Contents in the SQL stores: the rows that the vault seals and opens, and what they belong to.

Rows come with the id of their entry's record, to which they are bound. An entry without a row
is found too: what is left of it after an erasure may lie in the shelf alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from ledger import limits
from ledger.store import CommitGroup
from ledger.store_tables import ENTRY, VAULT
from ledger.vault.sealing import Found, Plain, VaultRow
from ledger.vault.vault import Vault

_COLUMNS: Final = (
    select(
        ENTRY.c.idx,
        ENTRY.c.record_id,
        VAULT.c.epoch_key,
        VAULT.c.version,
        VAULT.c.wrapped,
        VAULT.c.content,
    )
    .select_from(ENTRY.outerjoin(VAULT, VAULT.c.idx == ENTRY.c.idx))
    .order_by(ENTRY.c.idx)
)
_OF_INDICES: Final = _COLUMNS.where(ENTRY.c.idx.in_(bindparam("indices", expanding=True)))
_BETWEEN: Final = _COLUMNS.where(ENTRY.c.idx >= bindparam("start"), ENTRY.c.idx < bindparam("stop"))


def find_contents(connection: Connection, indices: Sequence[int]) -> list[Found]:
    """The entries of these indices that there are, in order."""
    found: list[Found] = []
    wanted = sorted(set(indices))
    for first in range(0, len(wanted), limits.STORE_LOOKUP_IDS_MAX):
        part = wanted[first : first + limits.STORE_LOOKUP_IDS_MAX]
        found += map(_found, connection.execute(_OF_INDICES, {"indices": part}))
    return found


def contents_between(connection: Connection, span: range) -> list[Found]:
    """The entries of a span, in order."""
    asked = {"start": span.start, "stop": span.stop}
    return [_found(row) for row in connection.execute(_BETWEEN, asked)]


def seal_group(vault: Vault, group: CommitGroup) -> list[VaultRow]:
    """The rows of a group: what comes sealed as it is, and the rest under new keys."""
    first = group.entries[0].index
    plains = [
        Plain(text, index, group.entries[index - first].record_id)
        for text, index in group.disclosures
    ]
    return [*group.sealed, *vault.seal(plains)]


def _found(row: Any) -> Found:
    index, record_id, epoch_key, version, wrapped, content = row
    if content is None:
        return Found(index, record_id, None)
    return Found(index, record_id, VaultRow(index, epoch_key, version, wrapped, content))
