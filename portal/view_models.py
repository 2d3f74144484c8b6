"""What the pages show, as plain values made by pure functions; templates only print them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keys.encoding import encode_base64
from ledger.fold import Party, PublicFold
from ledger.record import encode_record_id
from ledger.store import EntryRow
from ledger.trust_policy import TrustedCheckpoint
from portal.instants import Instant, instant_of_ms
from portal.limits import ENTRIES_PER_PAGE
from portal.messages import Words
from portal.names import PartyName, TypeName, name_party, name_type


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One line of a list of entries."""

    index: int
    record_id: str
    type: TypeName
    signer: PartyName
    admitted: Instant | None


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the log's governance has it. ``joined_at`` is None until it has endorsed."""

    party: PartyName
    roles: tuple[str, ...]
    is_operator: bool
    joined_at: int | None
    keys: int


@dataclass(frozen=True, slots=True)
class CheckpointLine:
    """The newest checkpoint, as the service's own anchor accepts it."""

    size: int
    root: str
    signed_by: tuple[str, ...]
    cosigned_by: tuple[str, ...]
    last_admitted: Instant | None


@dataclass(frozen=True, slots=True)
class DefinedType:
    """A record type that members may use, and the entry that defines it."""

    type: TypeName
    defined_at: int


@dataclass(frozen=True, slots=True)
class HomePage:
    """What this log is."""

    origin: str
    charter_id: str
    operator: PartyName | None
    checkpoint: CheckpointLine
    members: tuple[Member, ...]
    types: tuple[DefinedType, ...]
    entries: tuple[EntryLine, ...]


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """A page of entries, newest first; ``older`` and ``newer`` are values of ``before``."""

    size: int
    entries: tuple[EntryLine, ...]
    older: int | None
    newer: int | None


def entry_line(row: EntryRow, fold: PublicFold, *, words: Words) -> EntryLine:
    """A row of the log as a line."""
    return EntryLine(
        index=row.index,
        record_id=encode_record_id(row.record_id),
        type=name_type(row.vct, fold, words=words),
        signer=name_party(row.party, fold, words=words),
        admitted=instant_of_ms(row.admitted_ms, words),
    )


def home_page(
    fold: PublicFold, rows: Sequence[EntryRow], *, trusted: TrustedCheckpoint, words: Words
) -> HomePage:
    """The first page, from the newest checkpoint and the newest entries."""
    operator = fold.rules.operator if fold.charter else None
    members = tuple(_member(party, fold, words) for party in fold.parties.values())
    return HomePage(
        origin=fold.origin,
        charter_id=fold.charter_id,
        operator=next((m.party for m in members if m.party.slug == operator), None),
        checkpoint=_checkpoint_line(trusted, rows, words),
        members=members,
        types=tuple(
            DefinedType(name_type(vct, fold, words=words), index)
            for vct, index in fold.type_entries.items()
        ),
        entries=tuple(entry_line(row, fold, words=words) for row in rows),
    )


def entries_page(
    fold: PublicFold, rows: Sequence[EntryRow], *, size: int, before: int, words: Words
) -> EntriesPage:
    """The entries below ``before``, and where the pages beside it begin."""
    last = rows[-1].index if rows else 0
    newer = min(size, before + ENTRIES_PER_PAGE)
    return EntriesPage(
        size=size,
        entries=tuple(entry_line(row, fold, words=words) for row in rows),
        older=last if last > 0 else None,
        newer=newer if before < size else None,
    )


def _member(party: Party, fold: PublicFold, words: Words) -> Member:
    is_operator = fold.charter is not None and fold.rules.operator == party.slug
    # The charter's word for who runs the log stands for the role of that name.
    roles = party.roles - {"operator"} if is_operator else party.roles
    return Member(
        party=name_party(party.did, fold, words=words),
        roles=tuple(words.text(f"role.{role}") for role in sorted(roles)),
        is_operator=is_operator,
        joined_at=None if party.did in fold.awaited else party.joined_at,
        keys=sum(1 for key in party.signing_keys if key.is_current),
    )


def _checkpoint_line(
    trusted: TrustedCheckpoint, rows: Sequence[EntryRow], words: Words
) -> CheckpointLine:
    return CheckpointLine(
        size=trusted.checkpoint.size,
        root=encode_base64(trusted.checkpoint.root),
        signed_by=tuple(trusted.signed_by),
        cosigned_by=tuple(found.witness for found in trusted.cosigned_by),
        last_admitted=instant_of_ms(rows[0].admitted_ms, words) if rows else None,
    )
