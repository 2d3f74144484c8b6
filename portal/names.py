"""How parties, types and groups are called on a page, in the reader's language where there is one.

Names come from members and type definitions: foreign text, which a template isolates and
escapes. Where a name has no version in the reader's language, it says in which one it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ledger.fold import PublicFold
from ledger.record_type import RecordType
from portal.languages import HTML_LANG, Language, parse_language
from portal.messages import Words


@dataclass(frozen=True, slots=True)
class Name:
    """A name, and its language where that is not the page's."""

    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class PartyName:
    """A party as it is shown: its name, and the DID that the name stands for."""

    name: Name
    slug: str
    did: str


@dataclass(frozen=True, slots=True)
class TypeName:
    """A record type as it is shown; ``vct`` is its name on the log."""

    name: Name
    vct: str


def choose_name(names: Mapping[str, str], fallback: str, *, language: Language) -> Name:
    """The name in the reader's language, else in another one, else ``fallback``."""
    if language in names:
        return Name(names[language])
    for other, text in names.items():
        known = parse_language(other)
        return Name(text, HTML_LANG[known] if known else None)
    return Name(fallback)


def name_party(did: str, fold: PublicFold, *, words: Words) -> PartyName:
    """A party by its DID; one that is not a member is called by the DID itself."""
    party = fold.parties.get(did)
    if party is None:
        return PartyName(Name(did), did.rpartition(":")[2], did)
    return PartyName(choose_name(party.names, party.slug, language=words.language), party.slug, did)


def name_type(vct: str, fold: PublicFold, *, words: Words) -> TypeName:
    """A record type by its vct."""
    kind = fold.types.get(vct)
    titles = kind.titles if kind else {}
    return TypeName(choose_name(titles, vct, language=words.language), vct)


@dataclass(frozen=True, slots=True)
class Labels:
    """What a type definition calls its groups and fields."""

    groups: Mapping[str, Mapping[str, str]]
    fields: Mapping[str, Mapping[str, str]]

    def of_group(self, group: str, words: Words) -> Name:
        """The title of a group."""
        if group in self.groups:
            return choose_name(self.groups[group], group, language=words.language)
        key = f"group.{group}"
        return Name(words.text(key) if words.has(key) else group)

    def of_field(self, pointer: str, words: Words) -> Name:
        """The label of a field by its pointer, ``*`` standing for any position."""
        if pointer in self.fields:
            return choose_name(self.fields[pointer], pointer, language=words.language)
        name = pointer.rpartition("/")[2]
        key = f"field.{name}"
        return Name(words.text(key) if words.has(key) else name)


NO_LABELS = Labels({}, {})


@lru_cache(maxsize=256)
def _read_labels(definition: str) -> Labels:
    members: dict[str, Any] = json.loads(definition)
    groups = members.get("groups", {})
    titles = {name: rule["title"] for name, rule in groups.items() if "title" in rule}
    return Labels(titles, members.get("labels", {}))


def labels_of(kind: RecordType | None) -> Labels:
    """The labels of a type; none for one that the log does not define."""
    return _read_labels(kind.text) if kind else NO_LABELS
