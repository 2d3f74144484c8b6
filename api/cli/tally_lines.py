"""What an inspector types in a tally, a line each, and what of it becomes a reading.

The pieces of a sample are numbered as they come; a line is about the piece that is at hand:

===================  =====================================================================
``D1 10.02``         the value of characteristic D1; ``!`` behind it confirms it
``+``                the piece is good; the next one is at hand
``+ 20``             twenty more pieces are good, none of them named
``major SUR``        a defect of a class with its code; a number behind it says how often
``piece 7``          piece 7 is at hand
``next``             the next piece is at hand
``undo``             the last reading counts no longer; ``undo 4`` reading 4
``state``, ``draft`` told again; the draft of the report
``quit``             go on later, with ``--resume``
===================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from quality.tally.plan import CLASSES

STATE: Final = "state"
DRAFT: Final = "draft"
QUIT: Final = "quit"
HELP: Final = (
    "D1 10.02 | D1 10.02 ! | + | + 20 | major CODE [n] | piece 7 | next | undo [n] | state | "
    "draft | quit"
)
_WORDS: Final = frozenset({STATE, DRAFT, QUIT})
Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AtHand:
    """Where an inspector is: the number of the piece at hand, and of the last reading."""

    piece: int = 1
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What a line means: a reading to send, or a word, and the piece at hand afterwards."""

    reading: Said | None
    word: str | None
    piece: int


class UnknownLine(ValueError):
    """A line that means nothing here."""


def meaning_of(text: str, at: AtHand) -> Line:
    """What a line means.

    Args:
        text: as it was typed.
        at: where the inspector is.

    Raises:
        UnknownLine: it means nothing; the text says what would.
    """
    match text.split():
        case [word] if word in _WORDS:
            return Line(None, word, at.piece)
        case ["+"]:
            return Line({"good": {"piece": str(at.piece)}}, None, at.piece + 1)
        case ["+", count]:
            return Line({"good": {"pieces": _number(count)}}, None, at.piece)
        case ["next"]:
            return Line(None, None, at.piece + 1)
        case ["piece", number]:
            return Line(None, None, _number(number))
        case ["undo"]:
            return _undone(at, at.sequence)
        case ["undo", number]:
            return _undone(at, _number(number))
        case [name, code, *rest] if name in CLASSES and len(rest) <= 1:
            times = _number(rest[0]) if rest else 1
            found = {"piece": str(at.piece), "class": name, "code": code}
            return Line({"defect": {**found, "nonconformities": times}}, None, at.piece)
        case [number, value, *rest] if rest in ([], ["!"]):
            measured = {"piece": str(at.piece), "characteristic": number, "value": value}
            confirmed = {"confirmed": True} if rest else {}
            return Line({"measured": {**measured, **confirmed}}, None, at.piece)
    raise UnknownLine(f"expected {HELP}, found {text.strip()[:60]!r}")


def after(at: AtHand, line: Line, *, is_sent: bool) -> AtHand:
    """Where the inspector is after a line; one that was refused changes nothing."""
    if line.reading is not None and not is_sent:
        return at
    return replace(at, piece=line.piece, sequence=at.sequence + (line.reading is not None))


def _undone(at: AtHand, sequence: int) -> Line:
    if sequence < 1:
        raise UnknownLine("expected a reading that can be undone, found none")
    return Line({"withdrawn": {"sequence": sequence}}, None, at.piece)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= 9 and int(text)):
        raise UnknownLine(f"expected a whole number from 1 on, found {text[:20]!r}")
    return int(text)
