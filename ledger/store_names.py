"""Small numbers for the names of parties and types, so that a row carries no long text."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, insert, select

from ledger.store_tables import NAME


class NameBook:
    """The ``name`` table in memory; other processes may add to it, so a miss looks there."""

    def __init__(self) -> None:
        """Begin empty; :meth:`load` reads what is there."""
        self._lock = threading.Lock()
        self._ids: dict[str, int] = {}
        self._texts: dict[int, str] = {}

    def load(self, connection: Connection) -> None:
        """Read all names."""
        self.keep({text: number for number, text in connection.execute(select(NAME))})

    def keep(self, ids: Mapping[str, int]) -> None:
        """Remember numbers that are committed."""
        with self._lock:
            self._ids.update(ids)
            self._texts.update({number: text for text, number in ids.items()})

    def text(self, number: int, connection: Connection) -> str:
        """The name of a number that a row carries."""
        if number not in self._texts:
            self.load(connection)
        return self._texts[number]

    def find(self, text: str, connection: Connection) -> int | None:
        """The number of a name, None where no row carries it."""
        if text not in self._ids:
            found = connection.execute(select(NAME.c.id).where(NAME.c.text == text)).scalar()
            if found is not None:
                self.keep({text: found})
        return self._ids.get(text)

    def add(
        self, texts: Iterable[str], connection: Connection, added: Mapping[str, int]
    ) -> dict[str, int]:
        """Insert those names that are new; to be kept once the transaction is committed.

        Args:
            texts: names that rows are about to carry.
            connection: inside the transaction.
            added: what the same transaction added before.
        """
        wanted = list(dict.fromkeys(texts))
        if not added and not self._ids.keys() >= set(wanted):
            # Nothing of this transaction is in the table yet: what is there is committed.
            self.load(connection)
        held = self.ids(added)
        new = [text for text in wanted if text not in held]
        numbers = {text: number for number, text in enumerate(new, start=len(held) + 1)}
        if numbers:
            rows = [{"id": number, "text": text} for text, number in numbers.items()]
            connection.execute(insert(NAME), rows)
        return numbers

    def ids(self, added: Mapping[str, int]) -> Mapping[str, int]:
        """All numbers, with those just added."""
        return {**self._ids, **added} if added else self._ids
