"""The words of the portal: one catalogue a language, read once when the portal is built."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import TypeAlias

from markupsafe import Markup

from portal.languages import HTML_LANG, LANGUAGES, Language

Value: TypeAlias = str | int | Markup
Catalogue: TypeAlias = MappingProxyType[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """The messages of one language."""

    language: Language
    catalogue: Catalogue

    @property
    def html_lang(self) -> str:
        """The language as HTML names it."""
        return HTML_LANG[self.language]

    def has(self, key: str) -> bool:
        """Whether there is a message for ``key``."""
        return key in self.catalogue

    def text(self, key: str, **values: str | int) -> str:
        """A message as plain text; a template escapes it when it prints it."""
        return self.catalogue[key].format(**values) if values else self.catalogue[key]

    def html(self, key: str, **values: Value) -> Markup:
        """A message as HTML; every text put into it is escaped and kept apart from its words."""
        isolated = {name: isolate(value) for name, value in values.items()}
        return Markup.escape(self.catalogue[key]).format(**isolated)


def isolate(value: Value) -> Markup:
    """A value that cannot change the direction or the structure of what stands around it."""
    if isinstance(value, Markup):
        return value
    return Markup("<bdi>{}</bdi>").format(value) if isinstance(value, str) else Markup(str(value))


def load_words() -> dict[Language, Words]:
    """Read every catalogue."""
    return {language: Words(language, read_catalogue(language)) for language in LANGUAGES}


def read_catalogue(language: Language) -> Catalogue:
    """Read the catalogue of one language."""
    file = resources.files("portal") / "catalogues" / f"{language}.json"
    return MappingProxyType(json.loads(file.read_text(encoding="utf-8")))
