"""What the PostgreSQL store writes in one transaction.

Rows that come with every record go in by binary COPY; the rest of a group goes in one round
trip (libpq's pipeline), because each one more is a time during which all writers wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.store import CommitGroup
from ledger.store_merge import key_prefix
from ledger.store_postgres_database import AtHead, Raw
from ledger.store_writes import entry_tuples, outbox_runs
from ledger.vault.sealing import VaultRow

_TILE: Final = "INSERT INTO tile (level, number, root, hashes) VALUES (%b, %b, %b, %b)"
_CHECKPOINT: Final = "INSERT INTO checkpoint (size, note) VALUES (%b, %b)"
_PIN: Final = "INSERT INTO pin (blob, idx) VALUES (%b, %b) ON CONFLICT DO NOTHING"
_OUTBOX: Final = "INSERT INTO outbox (position, topic, idx, entries) VALUES (%b, %b, %b, %b)"
_HEAD: Final = (
    "UPDATE head SET size = %b, leaf = %b, root = %b, admitted_ms = %b, frontier = %b, "
    "outbox_end = %b WHERE id = 0"
)


@dataclass(frozen=True, slots=True)
class _Copy:
    """A table's columns and their types, as binary COPY takes them."""

    target: str
    types: tuple[str, ...]

    def write(self, raw: Raw, rows: Iterable[Sequence[Any]]) -> None:
        with raw.cursor().copy(f"COPY {self.target} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(self.types)
            for row in rows:
                copy.write_row(row)


_ENTRY: Final = _Copy(
    "entry (idx, record_id, jti_key, leaf, party, vct, admitted_ms, text)",
    ("int8", "bytea", "bytea", "bytea", "int8", "int8", "int8", "bytea"),
)
_VAULT: Final = _Copy(
    "vault (idx, epoch_key, version, wrapped, content)",
    ("int8", "bytea", "int8", "bytea", "bytea"),
)
_CONTENT: Final = (
    "INSERT INTO vault (idx, epoch_key, version, wrapped, content) VALUES (%b, %b, %b, %b, %b) "
    "ON CONFLICT (idx) DO UPDATE SET epoch_key = EXCLUDED.epoch_key, "
    "version = EXCLUDED.version, wrapped = EXCLUDED.wrapped, content = EXCLUDED.content"
)
_SEARCH: Final = _Copy("search (prefix, idx)", ("int8", "int8"))
_STANDING: Final = _Copy("standing (party, idx)", ("int8", "int8"))


def write_group(
    at: AtHead, group: CommitGroup, names: Mapping[str, int], *, contents: Sequence[VaultRow]
) -> None:
    """Everything of a group, after the head that ``at`` has locked."""
    raw = at.raw
    _ENTRY.write(raw, entry_tuples(group, names))
    if contents:
        _VAULT.write(raw, contents)
    if group.search:
        _SEARCH.write(raw, {(key_prefix(key), index) for key, index in group.search})
    if group.standing:
        _STANDING.write(raw, {(names[party], index) for party, index in group.standing})
    _write_rest(at, group)


def _write_rest(at: AtHead, group: CommitGroup) -> None:
    raw, head, end = at.raw, group.head, at.outbox_end
    with raw.pipeline(), raw.cursor() as cursor:
        for tile in group.tiles:
            cursor.execute(_TILE, (tile.level, tile.number, tile.root, tile.hashes))
        cursor.execute(_CHECKPOINT, (head.size, group.checkpoint))
        for pin in group.pins:
            cursor.execute(_PIN, pin)
        for run in outbox_runs(group.outbox, end + 1):
            cursor.execute(_OUTBOX, run)
        frontier = b"".join(head.frontier)
        moved = (head.size, head.leaf, head.root, head.admitted_ms, frontier)
        cursor.execute(_HEAD, (*moved, end + len(group.outbox)))


def write_cosigned(raw: Raw, size: int, note: str) -> None:
    """A cosigned note, unless one of its size or of a larger one is kept."""
    # The lock first, in a statement of its own: the next one then sees what others kept.
    raw.execute("SELECT pg_advisory_xact_lock('cosigned'::regclass::oid::bigint)")
    raw.execute(
        "INSERT INTO cosigned (size, note) SELECT %(size)s::bigint, %(note)s::text "
        "WHERE %(size)s > (SELECT coalesce(max(size), 0) FROM cosigned)",
        {"size": size, "note": note},
    )


def write_pins(raw: Raw, pins: Sequence[tuple[str, int]]) -> None:
    """Pins of blobs that have none."""
    for pin in pins:
        raw.execute(_PIN, pin)


def replace_contents(raw: Raw, rows: Sequence[VaultRow]) -> None:
    """Contents in the place of those that the entries have, if they have some."""
    with raw.pipeline(), raw.cursor() as cursor:
        for row in rows:
            cursor.execute(_CONTENT, row)


def clear_projections(raw: Raw, size: int) -> None:
    """Search and standing below ``size`` emptied; that takes longer than a statement may."""
    raw.execute("SET LOCAL statement_timeout = 0")
    # Services may have appended since the rebuild read the head: their rows it does not have.
    raw.execute("DELETE FROM search WHERE idx < %s", (size,))
    raw.execute("DELETE FROM standing WHERE idx < %s", (size,))


def write_projections(
    raw: Raw,
    search: Sequence[tuple[bytes, int]],
    standing: Sequence[tuple[str, int]],
    names: Mapping[str, int],
) -> None:
    """Rows of both projections; those that are there already stay."""
    with raw.pipeline():
        raw.execute(
            "INSERT INTO search SELECT * FROM unnest(%s::bigint[], %s::bigint[]) "
            "ON CONFLICT DO NOTHING",
            ([key_prefix(key) for key, _ in search], [index for _, index in search]),
        )
        raw.execute(
            "INSERT INTO standing SELECT * FROM unnest(%s::bigint[], %s::bigint[]) "
            "ON CONFLICT DO NOTHING",
            ([names[party] for party, _ in standing], [index for _, index in standing]),
        )
