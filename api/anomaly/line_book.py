"""Lines as they were written: what their folds go on from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, select

from api.anomaly.changes import LineChanges, decode_facts
from api.anomaly.database import AnomalyDatabase
from api.anomaly.places import Place
from api.anomaly.tables import EVENT, LINE, UPLOAD
from api.anomaly.writing import write_page
from api.derived.bookmark import Bookmark, MarkedLog
from api.observability import log as events

#: Uploads whose rows labels are looked up in, the newest: some days of a busy line.
UPLOADS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line as it was written."""

    place: Place
    facts: dict[str, Any]
    state: bytes


class LineBook:
    """Reads and writes the tables for folds; only onto the entries that they were made of."""

    def __init__(self, database: AnomalyDatabase, log: MarkedLog) -> None:
        """Keep lines of ``log`` in ``database``; tables of another log are made anew."""
        self._database = database
        self._log = log
        fault = log.fault_of(database.bookmark())
        if fault is not None:
            events.warning("anomaly.remade", detail=fault)
            database.remake()

    def size(self) -> int:
        """How many entries the tables hold."""
        return self._database.bookmark().size

    def line(self, key: str) -> KeptLine | None:
        """A line; None before its first record."""
        with self._database.reading() as connection:
            row = connection.execute(select(LINE).where(LINE.c.key == key)).one_or_none()
        return None if row is None else _line(row)

    def line_of(self, record_id: str) -> str | None:
        """The key of the line that a record is about."""
        found = select(EVENT.c.line).where(EVENT.c.record_id == record_id).limit(1)
        with self._database.reading() as connection:
            line = connection.execute(found).scalar()
        return None if line is None else str(line)

    def entries(self, key: str, *, but: str | None = None) -> list[int]:
        """The entries that a line follows from, in their order, without those of a type."""
        found = select(EVENT.c.entry).where(EVENT.c.line == key)
        if but is not None:
            found = found.where(EVENT.c.kind != but)
        with self._database.reading() as connection:
            return [int(row.entry) for row in connection.execute(found.order_by(EVENT.c.entry))]

    def uploads(self, key: str) -> Sequence[tuple[str, int, dict[str, Any]]]:
        """Scored uploads of a line: record id, entry and row; the newest, the last one last."""
        newest = select(UPLOAD).where(UPLOAD.c.line == key)
        newest = newest.order_by(UPLOAD.c.entry.desc()).limit(UPLOADS_MAX)
        with self._database.reading() as connection:
            rows = connection.execute(newest).all()
        return [(row.record_id, row.entry, dict(row._mapping)) for row in reversed(rows)]

    def save(self, changes: Iterable[LineChanges], *, before: int, after: int) -> bool:
        """Write a page onto the entries it was made for; False where another one has moved them.

        Raises:
            StoreUnavailable: nothing is known to have been written.
        """
        was = self._log.mark(before) if before else Bookmark()
        with self._database.writing() as connection:
            return write_page(connection, changes, before=was, after=self._log.mark(after))


def _line(row: Row[Any]) -> KeptLine:
    place = Place(row.owner, row.site, row.line, row.machine, row.part)
    return KeptLine(place, decode_facts(row.facts), bytes(row.state))
