"""Small changes of JSON documents, and the base documents that the cases of views change."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.ledger.view_log import Document, ForgedLog, Show, anchor_text, as_text
from tests.ledger.view_story import REPORT, Story, a_story
from tests.ledger.view_vectors import Piece, Pieces, Repeat, ViewCase

_RUN: Final = re.compile(r"(.)\1{999,}")

Edit = Callable[[Any], object]

STORY: Final[Story] = a_story()
LOG: Final[ForgedLog] = STORY.log
ANCHOR: Final = anchor_text(STORY.charter)
SHOW: Final[Show] = STORY.show(REPORT)
SINGLE: Final[Document] = LOG.view(SHOW)


def put(*path: str | int, to: object) -> Edit:
    """Set the member or element at a path."""

    def edit(document: Any) -> None:
        _at(document, path[:-1])[path[-1]] = to

    return edit


def drop(*path: str | int) -> Edit:
    """Remove the member or element at a path."""

    def edit(document: Any) -> None:
        del _at(document, path[:-1])[path[-1]]

    return edit


def add(*path: str | int, item: object) -> Edit:
    """Append to the array at a path."""

    def edit(document: Any) -> None:
        _at(document, path).append(item)

    return edit


def rewrite(*path: str | int, by: Callable[[Any], object]) -> Edit:
    """Replace the value at a path by what a function makes of it."""

    def edit(document: Any) -> None:
        place = _at(document, path[:-1])
        place[path[-1]] = by(place[path[-1]])

    return edit


def all_of(*edits: Edit) -> Edit:
    """Several changes, one after the other."""

    def edit(document: Any) -> None:
        for change in edits:
            change(document)

    return edit


def edited(document: Any, *edits: Edit) -> Any:
    """A copy of the document after the changes."""
    other = copy.deepcopy(document)
    for edit in edits:
        edit(other)
    return other


def flipped(text: str, position: int = -2) -> str:
    """The text with one base64 character changed to another."""
    found = text[position]
    other = "B" if found == "A" else "A"
    stop = position + 1 or None
    return text[:position] + other + (text[stop:] if stop else "")


def pieces_of(value: Document | str | bytes | Pieces) -> Pieces:
    """A document, its text or its pieces, as pieces."""
    match value:
        case dict():
            return squeezed(as_text(value))
        case str():
            return squeezed(value)
        case bytes():
            return (value,)
        case _:
            return value


def squeezed(text: str) -> Pieces:
    """The text in pieces: a character that stands there a thousand times is written once."""
    pieces: list[Piece] = []
    position = 0
    for run in _RUN.finditer(text):
        pieces += [text[position : run.start()], Repeat(run[1], run.end() - run.start())]
        position = run.end()
    return tuple(piece for piece in (*pieces, text[position:]) if piece)


def refused(
    rule: str,
    name: str,
    code: str,
    view: Document | str | bytes | Pieces = SINGLE,
    *,
    anchor: str | Pieces = ANCHOR,
) -> ViewCase:
    """A case that ends with a code."""
    return ViewCase(f"{rule} {name}", rule, pieces_of(anchor), pieces_of(view), code)


def accepted(
    name: str,
    result: Mapping[str, Any],
    view: Document | str | bytes | Pieces,
    *,
    anchor: str | Pieces = ANCHOR,
) -> ViewCase:
    """A case that ends with a result."""
    return ViewCase(name, "result", pieces_of(anchor), pieces_of(view), result)


def _at(document: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        document = document[step]
    return document
