"""The book of tallies: readings in their order, on the disk before they are answered.

A reading is taken once: its sequence is the next one, or it is the same again. It is judged
before anything is locked: the readings before it never change. Only to write it does it wait for
others: on PostgreSQL for those of its tally, at its row, whichever replica they come to; on
SQLite, which has one writer, for the writes of all tallies.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, text, update

from api.side_tables import SideTables
from api.tallies.errors import SequenceMissing, SequenceTaken, TallyFull, TooManyTallies
from api.tallies.tables import FORM, FORM_ROW, METADATA, READING, SCHEMA, TALLY
from ledger import limits
from ledger.store_errors import StoreOutdated, StoreUnavailable
from ledger.store_postgres_tables import TALLIES_SUFFIX

#: A tally that nobody has touched for so long is gone.
KEPT_MS: Final = 30 * 24 * 3_600_000
#: Expired ones that go at once, so that nobody waits long for them.
_PURGED_MAX: Final = 1_000
_WAIT: Final = "SELECT pg_advisory_xact_lock(hashtext('lotmark tally tables'))"
_WAIT_PARTY: Final = text("SELECT pg_advisory_xact_lock(hashtext('lotmark tallies of ' || :party))")
Judge = Callable[["Tally", Sequence[str]], None]
"""Refuses a reading by the texts of those before it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """A tally as it is kept: whose it is, what it was opened for, and how far it has come."""

    tally_id: str
    party: str
    opened: str
    opened_ms: int
    touched_ms: int
    last: int

    @property
    def expires_ms(self) -> int:
        """When it is gone, unless a reading comes before."""
        return self.touched_ms + KEPT_MS


@dataclass(frozen=True, slots=True)
class NewReading:
    """A reading that has come: its sequence, its one text, and when."""

    sequence: int
    text: str
    at_ms: int


class TallyBook:
    """The tallies of one log. May be used by threads."""

    def __init__(self, url: str, *, origin: str) -> None:
        """Keep them in the tables at ``url``, which are opened when they are first needed."""
        self._url, self._origin = url, origin
        self._tables: SideTables | None = None
        self._opening = threading.Lock()

    def open(self, tally: Tally) -> None:
        """Keep a new one. Those that have expired go.

        Raises:
            TooManyTallies: its party has as many as it may.
            StoreUnavailable: it could not be kept.
        """
        tables = self._ready()
        with tables.writing() as connection:
            if tables.is_postgres:
                # Else two that are opened at once would both find room for one.
                connection.execute(_WAIT_PARTY, {"party": tally.party})
            _purge(connection, before_ms=tally.opened_ms - KEPT_MS)
            of_party = select(func.count()).where(
                TALLY.c.party == tally.party, TALLY.c.touched_ms > tally.opened_ms - KEPT_MS
            )
            if connection.execute(of_party).scalar_one() >= limits.TALLIES_MAX:
                raise TooManyTallies(
                    f"expected at most {limits.TALLIES_MAX} tallies of a party, found as many"
                )
            connection.execute(
                insert(TALLY),
                {
                    "id": tally.tally_id,
                    "party": tally.party,
                    "opened": tally.opened,
                    "opened_ms": tally.opened_ms,
                    "touched_ms": tally.touched_ms,
                    "last": 0,
                    "bytes": 0,
                },
            )

    def find(self, tally_id: str, *, party: str, now_ms: int) -> Tally | None:
        """A tally of the party; None where it has none of this id, or had."""
        with self._ready().reading() as connection:
            row = connection.execute(_own(tally_id, party, now_ms)).one_or_none()
        return None if row is None else _tally(row)

    def of_party(self, party: str, *, now_ms: int) -> list[Tally]:
        """The tallies of a party, the newest first."""
        column = TALLY.c
        statement = (
            select(TALLY)
            .where(column.party == party, column.touched_ms > now_ms - KEPT_MS)
            .order_by(column.opened_ms.desc(), column.id)
            .limit(limits.TALLIES_MAX)
        )
        with self._ready().reading() as connection:
            return [_tally(row) for row in connection.execute(statement)]

    def readings(self, tally: Tally) -> list[str]:
        """The texts of its readings, in their order."""
        with self._ready().reading() as connection:
            return _texts(connection, tally.tally_id, tally.last)

    def add(self, tally: Tally, new: NewReading, *, judge: Judge) -> list[str] | None:
        """Take a reading; the same one again is taken once.

        Args:
            tally: as it was found for its party.
            new: the reading.
            judge: asked of a reading that is not there yet, with those before it.

        Returns:
            The texts of all readings up to this one; None where the tally is gone.

        Raises:
            SequenceTaken: another one has its sequence.
            SequenceMissing: those before it have not come.
            TallyFull: there is no room for it.
            StoreUnavailable: it is not known to be kept.
        """
        found, before = self._before(tally, new)
        if found is None:
            return None
        if len(before) == new.sequence:
            return _expect_same(before, new)
        _expect_next(found.last, new)
        judge(found, before)
        with self._ready().writing() as connection:
            own = _own(tally.tally_id, tally.party, new.at_ms).with_for_update()
            row = connection.execute(own).one_or_none()
            if row is None:
                return None
            if new.sequence <= row.last:
                # Another one came while this one was judged.
                return _expect_same(_texts(connection, row.id, new.sequence), new)
            _keep(connection, row, new)
        # From here on the reading survives a crash.
        return [*before, new.text]

    def _before(self, tally: Tally, new: NewReading) -> tuple[Tally | None, list[str]]:
        """The tally as it is now, and its readings up to the sequence of the new one."""
        with self._ready().reading() as connection:
            own = _own(tally.tally_id, tally.party, new.at_ms)
            row = connection.execute(own).one_or_none()
            if row is None:
                return None, []
            last = min(row.last, new.sequence)
            return _tally(row), _texts(connection, row.id, last)

    def drop(self, tally_id: str, *, party: str, now_ms: int) -> bool:
        """Delete a tally of the party with its readings; whether it had one."""
        with self._ready().writing() as connection:
            # Locked, so that no reading comes in between and stays behind.
            own = _own(tally_id, party, now_ms).with_for_update()
            if connection.execute(own).one_or_none() is None:
                return False
            connection.execute(delete(READING).where(READING.c.tally == tally_id))
            return connection.execute(delete(TALLY).where(TALLY.c.id == tally_id)).rowcount == 1

    def close(self) -> None:
        """Close all connections."""
        with self._opening:
            if self._tables is not None:
                self._tables.close()

    def _ready(self) -> SideTables:
        with self._opening:
            if self._tables is None:
                tables = SideTables(
                    self._url, name=SCHEMA, words="tally tables", suffix=TALLIES_SUFFIX
                )
                try:
                    _make(tables, self._origin)
                except BaseException:
                    tables.close()
                    raise
                self._tables = tables
            return self._tables


def _make(tables: SideTables, origin: str) -> None:
    with tables.writing() as connection:
        if tables.is_postgres:
            connection.exec_driver_sql(_WAIT)
        if not connection.dialect.has_table(connection, FORM_ROW.name, schema=tables.schema):
            METADATA.create_all(connection)
            connection.execute(insert(FORM_ROW), {"form": FORM, "origin": origin})
        found = connection.execute(select(FORM_ROW)).one()
    if found.form != FORM:
        raise StoreOutdated(f"expected tally tables {FORM}, found {found.form}")
    if found.origin != origin:
        raise StoreUnavailable(f"expected tallies of {origin}, found those of {found.origin}")


def _own(tally_id: str, party: str, now_ms: int) -> Any:
    """The row of a tally: of another party, or expired, it is as if there were none."""
    column = TALLY.c
    return select(TALLY).where(
        column.id == tally_id, column.party == party, column.touched_ms > now_ms - KEPT_MS
    )


def _texts(connection: Connection, tally_id: str, last: int) -> list[str]:
    column = READING.c
    statement = (
        select(column.reading)
        .where(column.tally == tally_id, column.sequence <= last)
        .order_by(column.sequence)
    )
    return list(connection.execute(statement).scalars())


def _expect_same(kept: list[str], new: NewReading) -> list[str]:
    if kept[-1] != new.text:
        raise SequenceTaken(
            f"/sequence: expected the reading that {new.sequence} has already, found another: "
            "send it with the next sequence"
        )
    return kept


def _expect_next(last: int, new: NewReading) -> None:
    if new.sequence > last + 1:
        raise SequenceMissing(
            f"/sequence: expected {last + 1}, found {new.sequence}: send first what is missing"
        )


def _keep(connection: Connection, row: Row[Any], new: NewReading) -> None:
    size = row.bytes + len(new.text.encode())
    if new.sequence > limits.TALLY_READINGS_MAX or size > limits.TALLY_BYTES_MAX:
        raise TallyFull(
            f"expected at most {limits.TALLY_READINGS_MAX} readings and {limits.TALLY_BYTES_MAX} "
            f"bytes, found {new.sequence} and {size}: decide, and open another tally"
        )
    values = {"tally": row.id, "sequence": new.sequence, "reading": new.text, "at_ms": new.at_ms}
    connection.execute(insert(READING), values)
    statement = update(TALLY).where(TALLY.c.id == row.id)
    moved = statement.values(last=new.sequence, bytes=size, touched_ms=new.at_ms)
    connection.execute(moved)


def _purge(connection: Connection, *, before_ms: int) -> None:
    """Delete what has expired: locked first, so that no reading that comes now stays behind."""
    column = TALLY.c
    expired = (
        select(column.id)
        .where(column.touched_ms <= before_ms)
        .order_by(column.id)
        .limit(_PURGED_MAX)
    )
    gone = list(connection.execute(expired.with_for_update()).scalars())
    if gone:
        connection.execute(delete(READING).where(READING.c.tally.in_(gone)))
        connection.execute(delete(TALLY).where(column.id.in_(gone)))


def _tally(row: Row[Any]) -> Tally:
    return Tally(row.id, row.party, row.opened, row.opened_ms, row.touched_ms, row.last)
