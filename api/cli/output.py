"""What a command says: prose for people, or one JSON document for programs."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

LANGUAGES: Final = ("en", "zh")
T = TypeVar("T")
#: Controls but TAB, line and paragraph separators, and whatever turns the direction of writing.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def visible(text: str) -> str:
    """One line of text with control and bidirectional characters written out, for a terminal.

    What a view or a service says is foreign: it must not move the cursor, turn the line or
    begin another one, in which it could say whatever the command itself says.
    """
    return _UNSEEN.sub(_written_out, text)


def json_document(members: Mapping[str, Any]) -> str:
    """Members as JSON for programs that a terminal may show too: the same values either way."""
    lines = json.dumps(members, ensure_ascii=False, indent=1).split("\n")
    return "\n".join(map(visible, lines))


def _written_out(found: re.Match[str]) -> str:
    return "\\n" if found[0] == "\n" else f"\\u{ord(found[0]):04x}"


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's words go. With ``is_json`` prose leaves standard output."""

    is_json: bool

    def say(self, text: str = "") -> None:
        """A line of the result in prose."""
        click.echo(visible(text), err=self.is_json)

    def say_lines(self, text: str) -> None:
        """A text whose lines are the result, each by itself: a document that was asked for."""
        for line in text.rstrip("\n").split("\n"):
            self.say(line)

    def note(self, text: str) -> None:
        """A line beside the result: progress, advice, warnings."""
        click.echo(visible(text), err=True)

    def result(self, members: Mapping[str, Any]) -> None:
        """The result as the one JSON document; nothing where prose was asked for."""
        if self.is_json:
            click.echo(json_document(members))

    @contextmanager
    def progress(self, label: str, length: int | None) -> Iterator[Callable[[int], None]]:
        """A bar on standard error, told how many more are done; silent where nobody looks."""
        bar: Any = click.progressbar(
            length=length or 0, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
        )
        with bar:
            yield bar.update


def show_each(items: Iterable[T], update: Callable[[int], None]) -> Iterator[T]:
    """Pass items on and move a progress bar by one for each."""
    for item in items:
        yield item
        update(1)


def language_of_environment() -> str:
    """``zh`` where the terminal speaks Chinese, else ``en``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Rows as lines with their first cells below one another."""
    kept = list(rows)
    if not kept:
        return
    widths = [max(_width(row[at]) for row in kept) for at in range(len(kept[0]) - 1)]
    for row in kept:
        padded = [
            cell + " " * (width - _width(cell))
            for cell, width in zip(row[:-1], widths, strict=True)
        ]
        yield "  ".join([*padded, row[-1]]).rstrip()


def _width(text: str) -> int:
    # Chinese characters take two places in a terminal.
    return sum(2 if character >= "\u1100" else 1 for character in text)
