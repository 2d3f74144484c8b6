"""A workbook to be filled in: the headings of a type, and a sheet that says what they want.

Its headings are among those that ``lotmark import`` recognises, so that it needs no mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from api.cli.faults import CommandFault
from api.cli.places import Places
from api.cli.suggestion import known_headings
from api.cli.workbook.values import SheetValue

_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_HELP: Final = {
    "en": ("Columns", ("Column", "Place", "Kind", "One of")),
    "zh": ("列说明", ("列", "位置", "类型", "可选值")),
}


def template_headings(places: Places, language: str) -> dict[str, str]:
    """Pointer by heading, in one language, in the order of the type.

    Raises:
        CommandFault: no headings are known for the type.
    """
    names = known_headings(places.vct).names
    if not names:
        raise CommandFault(
            "unknown-type",
            f"expected one of the built-in record types, found {places.vct}",
            remedy="Make a table whose headings are places: /group/member.",
        )
    return {_heading(known, language): pointer for pointer, known in names.items()}


def template_sheets(places: Places, language: str) -> dict[str, Sequence[Sequence[SheetValue]]]:
    """The sheets of a template: headings alone, and what each column wants."""
    headings = template_headings(places, language)
    title, columns = _HELP.get(language, _HELP["en"])
    first = [SheetValue(heading) for heading in headings]
    lines = [[SheetValue(text) for text in columns], *_lines(places, headings)]
    return {places.vct.partition("/")[0]: [first], title: lines}


def _lines(places: Places, headings: dict[str, str]) -> Iterator[Sequence[SheetValue]]:
    for heading, pointer in headings.items():
        wanted = places.wanted(pointer.replace("#", "0"))
        texts = (heading, pointer, wanted.kind.value, ", ".join(wanted.words))
        yield [SheetValue(text) for text in texts]


def _heading(known: Sequence[str], language: str) -> str:
    if language == "zh":
        found = next((name for name in known if _CHINESE.search(name)), known[0])
    else:
        found = known[0]
    return found[:1].upper() + found[1:]
