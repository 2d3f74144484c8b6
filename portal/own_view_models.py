"""What a party's own pages show: what others see of its records, and who read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.fold import PublicFold
from ledger.sharing.seen import Basis, SeenGroup
from portal.instants import Instant, instant_of_ms
from portal.messages import Words
from portal.names import Name, PartyName, TypeName, labels_of, name_party, name_type
from portal.own_facts import AccessPage, SeenRecords

#: The reader of the page about what anyone sees; no slug has this form.
ANYONE = "-"


@dataclass(frozen=True, slots=True)
class GroundLine:
    """A rule in words, how often it applied, and the record it rests on."""

    text: str
    records: int
    by: str | None
    command: str | None


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group: its tier, in how many records it is shown, why, and what would unlock it."""

    name: Name
    tiers: tuple[str, ...]
    shown: int
    records: int
    grounds: tuple[GroundLine, ...]
    needs: tuple[str, ...]
    erased: int

    @property
    def state(self) -> str:
        """``all``, ``some`` or ``none``: how it is marked."""
        if self.shown == 0:
            return "none"
        return "all" if self.shown == self.records else "some"


@dataclass(frozen=True, slots=True)
class SeenType:
    """The groups of one record type, and the command that gives the same answer."""

    type: TypeName
    groups: tuple[GroupLine, ...]
    records: int
    command: str


@dataclass(frozen=True, slots=True)
class SeenPage:
    """What one reader sees; ``reader`` is None for anyone."""

    reader: PartyName | None
    records: int
    has_more: bool
    relations: tuple[str, ...]
    types: tuple[SeenType, ...]
    command: str


@dataclass(frozen=True, slots=True)
class ReaderLine:
    """One reader in the list of all, with how many kinds of groups it gets some of."""

    party: PartyName | None
    slug: str
    roles: tuple[str, ...]
    relations: tuple[str, ...]
    shown: int
    groups: int


@dataclass(frozen=True, slots=True)
class ReadersPage:
    """All readers, the ones that see most first."""

    owner: PartyName
    records: int
    has_more: bool
    readers: tuple[ReaderLine, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One read, in words."""

    at: Instant | None
    reader: PartyName
    record_id: str
    type: TypeName
    groups: tuple[Name, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessesPage:
    """Who read the party's records."""

    owner: PartyName
    rows: tuple[AccessRow, ...]
    older: str | None


@dataclass(frozen=True, slots=True)
class OwnPage:
    """The first page of a party that has signed in."""

    owner: PartyName
    until: Instant | None


def seen_page(seen: SeenRecords, fold: PublicFold, *, words: Words) -> SeenPage:
    """What one reader sees, type by type."""
    reader = None if seen.reader is None else name_party(seen.reader, fold, words=words)
    slug = ANYONE if reader is None else reader.slug
    by_type: dict[str, list[SeenGroup]] = {}
    for group in seen.groups:
        by_type.setdefault(group.vct, []).append(group)
    return SeenPage(
        reader=reader,
        records=seen.records,
        has_more=seen.has_more,
        relations=tuple(words.text(f"relation.{kind}") for kind in seen.relations),
        types=tuple(
            _seen_type(vct, groups, fold, slug=slug, words=words) for vct, groups in by_type.items()
        ),
        command=f"lotmark seen-by {slug}",
    )


def reader_line(seen: SeenRecords, fold: PublicFold, *, words: Words) -> ReaderLine:
    """One reader among all."""
    party = None if seen.reader is None else fold.parties.get(seen.reader)
    name = None if seen.reader is None else name_party(seen.reader, fold, words=words)
    return ReaderLine(
        party=name,
        slug=ANYONE if name is None else name.slug,
        roles=tuple(words.text(f"role.{role}") for role in sorted(party.roles)) if party else (),
        relations=tuple(words.text(f"relation.{kind}") for kind in seen.relations),
        shown=sum(group.shown > 0 for group in seen.groups),
        groups=len(seen.groups),
    )


def accesses_page(owner: str, page: AccessPage, fold: PublicFold, *, words: Words) -> AccessesPage:
    """Who read the owner's records, in words."""
    rows = (
        AccessRow(
            at=instant_of_ms(line.at_ms, words),
            reader=name_party(line.reader, fold, words=words),
            record_id=line.record_id,
            type=name_type(line.vct, fold, words=words),
            groups=tuple(
                labels_of(fold.types.get(line.vct)).of_group(group, words) for group in line.groups
            ),
            rules=tuple(words.text(f"sharing.{rule}") for rule in line.rules),
        )
        for line in page.lines
    )
    return AccessesPage(name_party(owner, fold, words=words), tuple(rows), page.older)


def _seen_type(
    vct: str, groups: Sequence[SeenGroup], fold: PublicFold, *, slug: str, words: Words
) -> SeenType:
    labels = labels_of(fold.types.get(vct))
    lines = tuple(
        GroupLine(
            name=labels.of_group(group.group, words),
            tiers=tuple(words.text(f"tier.{tier}") for tier in group.tiers),
            shown=group.shown,
            records=group.records,
            grounds=tuple(_ground(ground, words) for ground in group.grounds),
            needs=tuple(words.text(f"needs.{need}") for need in group.needs),
            erased=group.erased,
        )
        for group in groups
    )
    return SeenType(
        type=name_type(vct, fold, words=words),
        groups=lines,
        records=max(group.records for group in groups),
        command=f"lotmark seen-by {slug} --type {vct}",
    )


def _ground(ground: Basis, words: Words) -> GroundLine:
    command = None
    if ground.by is not None and ground.rule in ("grant", "delegation"):
        command = f"lotmark revoke-grant {ground.by}"
    elif ground.by is not None:
        command = f"lotmark show {ground.by}"
    return GroundLine(words.text(f"sharing.{ground.rule}"), ground.records, ground.by, command)
