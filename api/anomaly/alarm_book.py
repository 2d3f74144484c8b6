"""Alarms, lines and uploads as answers read them: rows of one state of the tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select

from api.anomaly.changes import decode_facts
from api.anomaly.database import AnomalyDatabase
from api.anomaly.places import CARD_VCT, Place
from api.anomaly.tables import ALARM, BOOKMARK, EVENT, FORM, LINE, UPLOAD, VERDICT
from ledger.store_errors import StoreUnavailable

#: Alarms that are looked at for one page, shown or not.
LOOKED_AT_MAX: Final = 500
LINES_MAX: Final = 1_000
#: Uploads whose rows a plot may show.
UPLOADS_MAX: Final = 50
#: Rows and uploads of which the part of one event is made, the earliest.
LOUD_ROWS_MAX: Final = 5_000
LOUD_UPLOADS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class AskedAlarms:
    """A question about alarms; the newest come first, from behind ``before``.

    ``before`` is an alarm as the reader was told of it, ``steps`` how far to go on from there.
    """

    limit: int
    before: tuple[int, str] | None = None
    steps: int = 0
    owner: str | None = None
    line: str | None = None
    level: str | None = None
    kind: str | None = None
    since_us: int | None = None
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An event of a line, and where it may be seen from: the upload that it opened in."""

    id: str
    line: str
    owner: str
    kind: str
    level: str
    from_us: int
    until_us: int
    record_id: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filing:
    """What decides who sees an upload: its entry, and the two closed groups."""

    entry: int
    manifest: dict[str, Any]
    address: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToldLine:
    """A line with what is told of it."""

    key: str
    place: Place
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeptSeries:
    """The figures of an upload's rows, packed."""

    record_id: str
    entry: int
    facts: dict[str, Any]
    series: bytes


@dataclass(frozen=True, slots=True)
class LoudRow:
    """A row that is not normal, with its verdict."""

    record_id: str
    row: int
    facts: dict[str, Any]


class AlarmReading:
    """The rows as one connection sees them."""

    def __init__(self, connection: Connection) -> None:
        """Read through ``connection``."""
        self._connection = connection

    def size(self) -> int:
        """How many entries the tables hold.

        Raises:
            StoreUnavailable: another version made the tables.
        """
        found = select(BOOKMARK.c.size).where(BOOKMARK.c.form == FORM)
        size = self._connection.execute(found).scalar()
        if size is None:
            raise StoreUnavailable(f"expected anomaly tables of form {FORM}, found others")
        return int(size)

    def alarms(
        self, asked: AskedAlarms, *, start: int = 0, count: int = LOOKED_AT_MAX
    ) -> list[Alarm]:
        """Events that may be what is asked for, so many from ``start`` on."""
        rows = self._connection.execute(_alarms(asked).offset(start).limit(count))
        return [_alarm(row) for row in rows]

    def alarm(self, name: str) -> Alarm | None:
        """One event."""
        row = self._connection.execute(select(ALARM).where(ALARM.c.id == name)).one_or_none()
        return None if row is None else _alarm(row)

    def filings(self, record_ids: Collection[str]) -> Mapping[str, Filing]:
        """What decides who sees these uploads."""
        columns = (UPLOAD.c.record_id, UPLOAD.c.entry, UPLOAD.c.manifest, UPLOAD.c.address)
        found = select(*columns).where(UPLOAD.c.record_id.in_(sorted(record_ids)))
        return {
            row.record_id: Filing(row.entry, decode_facts(row.manifest), decode_facts(row.address))
            for row in self._connection.execute(found)
        }

    def verdict(self, record_id: str, row: int) -> tuple[dict[str, Any], bytes] | None:
        """The verdict on a row that is not normal, and the whole decision where it is kept."""
        is_it = (VERDICT.c.record_id == record_id) & (VERDICT.c.row == row)
        found = self._connection.execute(select(VERDICT).where(is_it)).one_or_none()
        return None if found is None else (decode_facts(found.facts), bytes(found.path))

    def series(self, line: str, *, from_us: int, until_us: int) -> list[KeptSeries]:
        """Uploads of a line with rows in a span of time, the newest of them."""
        newest = select(UPLOAD).where(UPLOAD.c.line == line).order_by(UPLOAD.c.entry.desc())
        found = []
        for row in self._connection.execute(newest.limit(UPLOADS_MAX)):
            facts = decode_facts(row.facts)
            first, last = facts["first_us"], facts["last_us"]
            if first is not None and first <= until_us and last >= from_us:
                found.append(KeptSeries(row.record_id, row.entry, facts, bytes(row.series)))
        return found[::-1]

    def uploads(self, line: str) -> list[KeptSeries]:
        """The uploads of a line, in the order of their entries."""
        found = select(UPLOAD).where(UPLOAD.c.line == line).order_by(UPLOAD.c.entry)
        return [
            KeptSeries(row.record_id, row.entry, decode_facts(row.facts), bytes(row.series))
            for row in self._connection.execute(found)
        ]

    def loud_rows(self, line: str) -> list[tuple[str, int, dict[str, Any]]]:
        """Rows of a line that are not normal: record id, number and verdict."""
        found = select(VERDICT).where(VERDICT.c.line == line)
        rows = self._connection.execute(found)
        return [(row.record_id, row.row, decode_facts(row.facts)) for row in rows]

    def loud_uploads(self, line: str, span: tuple[int, int]) -> set[str]:
        """Uploads with rows of a line that are not normal, in a span of time."""
        found = select(VERDICT.c.record_id).where(_in_span(line, span)).distinct()
        return {str(row.record_id) for row in self._connection.execute(found)}

    def loud_of(
        self, line: str, span: tuple[int, int], record_ids: Collection[str]
    ) -> list[LoudRow]:
        """Rows of these uploads that are not normal, in the order of their time."""
        columns = (VERDICT.c.record_id, VERDICT.c.row, VERDICT.c.facts)
        among = VERDICT.c.record_id.in_(sorted(record_ids)[:LOUD_UPLOADS_MAX])
        found = select(*columns).where(_in_span(line, span), among)
        ordered = found.order_by(VERDICT.c.at_us, VERDICT.c.record_id, VERDICT.c.row)
        rows = self._connection.execute(ordered.limit(LOUD_ROWS_MAX))
        return [LoudRow(row.record_id, row.row, decode_facts(row.facts)) for row in rows]

    def uploads_of(self, record_ids: Collection[str]) -> list[KeptSeries]:
        """These uploads, in the order of their entries."""
        named = UPLOAD.c.record_id.in_(sorted(record_ids)[:LOUD_UPLOADS_MAX])
        found = select(UPLOAD).where(named).order_by(UPLOAD.c.entry)
        return [
            KeptSeries(row.record_id, row.entry, decode_facts(row.facts), bytes(row.series))
            for row in self._connection.execute(found)
        ]

    def uploads_behind(self, line: str, record_id: str, at_us: int) -> list[str]:
        """The uploads that a row may rest on: filed before its own, or measured before it."""
        columns = (UPLOAD.c.record_id, UPLOAD.c.entry, UPLOAD.c.facts)
        rows = self._connection.execute(select(*columns).where(UPLOAD.c.line == line)).all()
        own = max((row.entry for row in rows if row.record_id == record_id), default=0)
        return [
            str(row.record_id)
            for row in rows
            if row.entry <= own or (decode_facts(row.facts)["first_us"] or 0) <= at_us
        ]

    def lines(self, owner: str) -> list[ToldLine]:
        """The lines of an owner."""
        found = select(LINE).where(LINE.c.owner == owner).order_by(LINE.c.key).limit(LINES_MAX)
        return [_line(row) for row in self._connection.execute(found)]

    def line(self, key: str) -> ToldLine | None:
        """One line."""
        row = self._connection.execute(select(LINE).where(LINE.c.key == key)).one_or_none()
        return None if row is None else _line(row)

    def cards(self, line: str) -> Sequence[str]:
        """The record ids of a line's cards, the oldest first."""
        is_card = (EVENT.c.line == line) & (EVENT.c.kind == CARD_VCT)
        found = select(EVENT.c.record_id).where(is_card).order_by(EVENT.c.entry)
        return [str(row.record_id) for row in self._connection.execute(found)]


class AlarmBook:
    """Reads the tables of scored parameters; may be used by threads."""

    def __init__(self, database: AnomalyDatabase) -> None:
        """Read from ``database``."""
        self._database = database

    def at_once(self) -> AbstractContextManager[AlarmReading]:
        """One state of the tables for several questions.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        return _Reading(self._database)


class _Reading(AbstractContextManager[AlarmReading]):
    def __init__(self, database: AnomalyDatabase) -> None:
        self._snapshot = database.snapshot()

    def __enter__(self) -> AlarmReading:
        return AlarmReading(self._snapshot.__enter__())

    def __exit__(self, *raised: Any) -> None:
        self._snapshot.__exit__(*raised)


def _alarms(asked: AskedAlarms) -> Select[Any]:
    wanted = [
        (ALARM.c.owner, asked.owner),
        (ALARM.c.line, asked.line),
        # A part of a red event may be yellow: which it is, is known when it is made.
        (ALARM.c.level, asked.level if asked.level == "red" else None),
        (ALARM.c.kind, asked.kind),
    ]
    conditions = [column == value for column, value in wanted if value is not None]
    if asked.since_us is not None:
        conditions.append(ALARM.c.until_us >= asked.since_us)
    if asked.until_us is not None:
        conditions.append(ALARM.c.from_us <= asked.until_us)
    if asked.before is not None:
        at_us, name = asked.before
        earlier = and_(ALARM.c.from_us == at_us, ALARM.c.id < name)
        conditions.append(or_(ALARM.c.from_us < at_us, earlier))
    newest = (ALARM.c.from_us.desc(), ALARM.c.id.desc())
    return select(ALARM).where(*conditions).order_by(*newest)


def _in_span(line: str, span: tuple[int, int]) -> ColumnElement[bool]:
    return and_(VERDICT.c.line == line, VERDICT.c.at_us.between(min(span), max(span)))


def _alarm(row: Row[Any]) -> Alarm:
    return Alarm(
        row.id,
        row.line,
        row.owner,
        row.kind,
        row.level,
        row.from_us,
        row.until_us,
        row.record_id,
        decode_facts(row.facts),
    )


def _line(row: Row[Any]) -> ToldLine:
    place = Place(row.owner, row.site, row.line, row.machine, row.part)
    return ToldLine(row.key, place, decode_facts(row.facts))
