"""The codebooks that a new log starts with: documents that its charter lists.

Their texts are fixed by digest once a log is founded; a later version of them is brought by the
members' vote, like any other parameters. The book of units is made of the conversion table, so
that no unit has a code without a conversion.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from quality.codebooks import PREFIX, UNITS_BOOK
from quality.unit_table import UNITS

#: In the order in which a new log receives them; units are made, the others are files.
_BOOKS: Final = ("defects", "materials", "characteristics", UNITS_BOOK)
_UNITS_VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class BuiltinDocument:
    """The name and the text of parameters that this version brings."""

    name: str
    text: str


@cache
def builtin_codebooks() -> tuple[BuiltinDocument, ...]:
    """The built-in codebooks, always in the same order; compact, as each log keeps them."""
    return tuple(BuiltinDocument(f"{PREFIX}{book}", _compact(_document(book))) for book in _BOOKS)


def _document(book: str) -> object:
    if book == UNITS_BOOK:
        return _units()
    folder = resources.files("quality").joinpath("codebooks")
    return json.loads(folder.joinpath(f"{book}.json").read_text(encoding="utf-8"))


def _units() -> object:
    codes = [{"code": unit.code, "en": unit.en, "zh": unit.zh} for unit in UNITS.values()]
    return {"codebook": UNITS_BOOK, "version": _UNITS_VERSION, "codes": codes}


def _compact(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
