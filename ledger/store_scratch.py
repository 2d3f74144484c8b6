"""Compares what a store holds with what it should hold, in little memory whatever the size.

Both sides go into a database without a name, which SQLite keeps in a temporary file of its
own and removes. It is no part of any log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal

from ledger.store import Projected

Side = Literal["expected", "found"]
EXAMPLES_MAX: Final = 5
_ROWS_AT_A_TIME: Final = 2_000
_MISSING: Final = "SELECT * FROM expected EXCEPT SELECT * FROM found"
_SURPLUS: Final = "SELECT * FROM found EXCEPT SELECT * FROM expected"


@dataclass(slots=True)
class Difference:
    """Rows of one kind that only one side has: how many, and a few of them."""

    count: int = 0
    examples: list[Projected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Differences:
    """What is missing and what is too much, by kind; kinds without a difference are left out."""

    missing: dict[str, Difference]
    surplus: dict[str, Difference]

    @property
    def are_none(self) -> bool:
        """Whether both sides are the same."""
        return not self.missing and not self.surplus


class Scratch:
    """Takes the rows of both sides; close it to drop them."""

    def __init__(self) -> None:
        """Begin with two empty sides."""
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=OFF")
        for side in ("expected", "found"):
            self._database.execute(f"CREATE TABLE {side} (kind TEXT, key BLOB, idx INTEGER)")

    def close(self) -> None:
        """Drop everything."""
        self._database.close()

    def add(self, side: Side, rows: Iterable[Projected]) -> None:
        """Take rows, in any order; repeats count once."""
        remaining = iter(rows)
        while part := list(islice(remaining, _ROWS_AT_A_TIME)):
            self._database.execute("BEGIN")
            self._database.executemany(f"INSERT INTO {side} VALUES (?, ?, ?)", part)
            self._database.execute("COMMIT")

    def differences(self) -> Differences:
        """What only one side has."""
        return Differences(self._only(_MISSING), self._only(_SURPLUS))

    def _only(self, statement: str) -> dict[str, Difference]:
        found: dict[str, Difference] = {}
        for row in self._rows(statement):
            difference = found.setdefault(row.kind, Difference())
            difference.count += 1
            if len(difference.examples) < EXAMPLES_MAX:
                difference.examples.append(row)
        return found

    def _rows(self, statement: str) -> Iterator[Projected]:
        return map(Projected._make, self._database.execute(statement))
