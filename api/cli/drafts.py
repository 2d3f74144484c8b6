"""Drafts: records that are not signed yet, from JSON files; and how they are addressed.

A JSON file holds one draft, an array of them, or one a line. A draft is
``{"type": ..., "groups": {...}, "filing": {...}, "seal": {GROUP: [PARTY]}}`` with the members of
:class:`ledger.compose.Filing`; the groups may also stand beside ``type`` themselves. Parties
may be named by slug. ``{"$file": "photo.jpg"}`` stands for a file beside the draft that is
uploaded and cited.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Protocol

from api.cli.table_errors import MalformedDraft
from keys.errors import KeysError
from keys.identifiers import Origin, parse_slug, party_did
from ledger import limits
from ledger.compose import Filing
from ledger.errors import MalformedJson
from ledger.record_type import SEALED
from ledger.strict_json import parse_json

FILE_MEMBER: Final = "$file"
_FILING_MEMBERS: Final = frozenset(item.name for item in fields(Filing))
_FILING_LISTS: Final = frozenset({"to", "answers", "endorses", "cites"})
_DRAFT_MEMBERS: Final = frozenset({"type", "groups", "filing", "seal"})


class Located(Protocol):
    """What drafts are made of, as far as it names places: a table, or a file of readings."""

    @property
    def where(self) -> str:
        """The file, and the sheet, to stand before a place in it."""

    def place(self, row: int, heading: str) -> str:
        """A cell or a reading, as its reader finds it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One record to be signed, and where it came from: for the words of a refusal.

    ``seals`` are groups to be sealed, each with the DIDs of those who may open it; ``faults``
    are lines of what was found to be wrong with it beside others, such as a specification;
    ``cells`` says where the place of a report's workbook stands, and ``report_of`` is the
    record that the workbook says it was made of.
    """

    vct: str
    groups: Mapping[str, Any]
    filing: Filing
    place: str
    sources: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    folder: Path = field(default_factory=Path)
    table: Located | None = field(default=None, compare=False, repr=False)
    rows: tuple[int, ...] = ()
    seals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    report_of: str | None = None

    @property
    def whole_place(self) -> str:
        """Its place, with the file and the sheet of a table before it."""
        return f"{self.table.where if self.table else ''}{self.place}"

    def locate(self, pointer: str) -> str:
        """Where a pointer came from: row and column, else the draft's own place."""
        text = pointer
        while text:
            if text in self.sources and self.table is not None:
                row, heading = self.sources[text]
                return f"{self.table.place(row, heading)} ({pointer})"
            if text in self.cells:
                return f"{self.place}, {self.cells[text]} ({pointer})"
            text = text.rpartition("/")[0]
        return f"{self.whole_place} ({pointer or '/'})"


def content_key(draft: Draft) -> str:
    """A digest that two drafts share if and only if they say the same.

    Files count by their content, so that a changed file makes another draft.
    """
    filing = {**asdict(draft.filing), "tiers": dict(draft.filing.tiers)}
    members = [draft.vct, _with_digests(draft.groups, draft.folder), filing]
    text = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_drafts(path: Path, data: bytes, *, vct: str | None, origin: Origin) -> list[Draft]:
    """The drafts in a JSON file.

    Raises:
        MalformedDraft: not JSON, or JSON of another form.
    """
    values = list(_documents(path, data))
    places = [f"{path}" if len(values) == 1 else f"{path}[{at}]" for at in range(len(values))]
    return [
        replace(_draft(value, place, vct=vct, origin=origin), folder=path.parent)
        for value, place in zip(values, places, strict=True)
    ]


def with_filing(draft: Draft, filing: Filing) -> Draft:
    """The draft with what was said on the command line where it says nothing itself."""
    empty = Filing()
    changed = {
        item.name: getattr(filing, item.name)
        for item in fields(Filing)
        if getattr(draft.filing, item.name) == getattr(empty, item.name)
    }
    return replace(draft, filing=replace(draft.filing, **changed))


def with_seals(draft: Draft, seals: Mapping[str, tuple[str, ...]]) -> Draft:
    """The draft with these groups sealed, to these parties beside those it names itself."""
    merged = {
        group: tuple(dict.fromkeys((*draft.seals.get(group, ()), *seals.get(group, ()))))
        for group in (*draft.seals, *seals)
    }
    tiers = {**draft.filing.tiers, **dict.fromkeys(seals, SEALED)}
    return replace(draft, seals=merged, filing=replace(draft.filing, tiers=tiers))


def name_party(text: str, origin: Origin) -> str:
    """A party's DID, from the DID or its slug.

    Raises:
        MalformedDraft: it is neither.
    """
    if text.startswith("did:"):
        return text
    try:
        return party_did(origin, parse_slug(text))
    except KeysError as fault:
        raise MalformedDraft(f"expected a party's short name or DID, found {text!r}") from fault


def cited_files(value: Any) -> Iterator[str]:
    """The names under ``$file`` in a value, in order."""
    match value:
        case {"$file": str(name)} if len(value) == 1:
            yield name
        case dict():
            for item in value.values():
                yield from cited_files(item)
        case list():
            for item in value:
                yield from cited_files(item)


def put_files(value: Any, uploaded: Mapping[str, Mapping[str, Any]]) -> Any:
    """The value with every ``$file`` replaced by the upload of that name."""
    match value:
        case {"$file": str(name)} if len(value) == 1:
            return dict(uploaded[name])
        case dict():
            return {key: put_files(item, uploaded) for key, item in value.items()}
        case list():
            return [put_files(item, uploaded) for item in value]
    return value


def file_below(folder: Path, name: str) -> Path:
    """A cited file, which must be a plain file in the draft's own folder or below it.

    A draft may come from somebody else; it must not make its signer hand over other files.

    Raises:
        MalformedDraft: it is elsewhere, or no plain file.
    """
    path = (folder / name).resolve()
    if path.is_relative_to(folder.resolve()) and path.is_file():
        return path
    raise MalformedDraft(
        f"expected a file to upload in {folder.resolve()} or below it, found {name!r}",
        remedy="Names under $file are relative to the draft's own folder.",
    )


def _with_digests(value: Any, folder: Path) -> Any:
    digests = {
        name: {FILE_MEMBER: _file_digest(file_below(folder, name))} for name in cited_files(value)
    }
    return put_files(value, digests) if digests else value


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as fault:
        raise MalformedDraft(
            f"expected a file to upload at {path}, found: {fault.strerror or fault}",
            remedy="Names under $file are relative to the draft's own folder.",
        ) from fault


def _documents(path: Path, data: bytes) -> Iterator[Any]:
    if path.suffix in {".jsonl", ".ndjson"}:
        for at, line in enumerate(data.split(b"\n"), start=1):
            if line.strip():
                yield _parse(line, str(path), first_line=at)
        return
    value = _parse(data, str(path))
    yield from value if isinstance(value, list) else [value]


def _parse(data: bytes, place: str, *, first_line: int = 1) -> Any:
    try:
        return parse_json(data, bytes_max=limits.DRAFT_BYTES_MAX)
    except MalformedJson as fault:
        if isinstance(fault.__cause__, json.JSONDecodeError):
            raise _broken(fault.__cause__, place, first_line) from fault
        where = f"{place} line {first_line}" if first_line > 1 else place
        remedy = 'Write measured values as texts ("12.50").' if "fraction" in str(fault) else ""
        raise MalformedDraft(f"{where}: {fault}", remedy=remedy) from fault


def _broken(fault: json.JSONDecodeError, place: str, first_line: int) -> MalformedDraft:
    found = fault.doc[fault.pos : fault.pos + 20].partition("\n")[0]
    return MalformedDraft(
        f"{place}: line {fault.lineno + first_line - 1}, column {fault.colno}: this is no JSON "
        f"({fault.msg}), found {found!r}",
        remedy="Look at that place and the one before it: a comma, a quote or a bracket.",
    )


def _draft(value: object, place: str, *, vct: str | None, origin: Origin) -> Draft:
    if not isinstance(value, dict) or not value:
        raise MalformedDraft(f"{place}: expected an object of groups by name")
    is_whole = "groups" in value and value.keys() <= _DRAFT_MEMBERS
    # A group is an object, so a text under 'type' is no group; 'filing' is never a type's own.
    named = value.get("type") if is_whole or isinstance(value.get("type"), str) else None
    beside = {"filing", "type"} if named is not None else {"filing"}
    flat = {name: group for name, group in value.items() if name not in beside}
    groups = value["groups"] if is_whole else flat
    wanted = named or vct
    if not isinstance(wanted, str):
        raise MalformedDraft(
            f"{place}: expected a type", remedy="Name it with --type, or as a member 'type'."
        )
    if not isinstance(groups, dict):
        raise MalformedDraft(
            f"{place}/groups: expected an object of groups by name",
            remedy=f"'lotmark template {wanted}' prints one to be filled in.",
        )
    draft = Draft(wanted, groups, _filing(value.get("filing", {}), place, origin), place)
    return with_seals(draft, _seals(value.get("seal", {}) if is_whole else {}, place, origin))


def _filing(value: object, place: str, origin: Origin) -> Filing:
    if not isinstance(value, dict) or not value.keys() <= _FILING_MEMBERS:
        raise MalformedDraft(f"{place}/filing: expected members of {sorted(_FILING_MEMBERS)}")
    members = {name: _filed(name, item, place) for name, item in value.items()}
    for name in ("owner", "subject"):
        if members.get(name) is not None:
            members[name] = name_party(members[name], origin)
    members["to"] = tuple(name_party(item, origin) for item in members.get("to", ()))
    return Filing(**members)


def _seals(value: object, place: str, origin: Origin) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict) or not all(isinstance(item, list) for item in value.values()):
        raise MalformedDraft(f"{place}/seal: expected an object of arrays of parties by group")
    return {
        group: tuple(name_party(str(party), origin) for party in parties)
        for group, parties in value.items()
    }


def _filed(name: str, value: object, place: str) -> Any:
    """A member of the filing, of the type that it must have."""
    if name in _FILING_LISTS:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise MalformedDraft(f"{place}/filing/{name}: expected an array of texts")
    if name == "tiers":
        if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
            return value
        raise MalformedDraft(f"{place}/filing/tiers: expected an object of tiers by group")
    if value is None or isinstance(value, str):
        return value
    raise MalformedDraft(f"{place}/filing/{name}: expected a text, found {value!r:.40}")
