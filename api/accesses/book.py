"""What an owner is told: accesses to its records, their evidence, its rules and alerts.

Every question names the owner that asks it, and is answered of rows of that owner alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, func, select, update

from api.accesses.alert_rules import AlertRule, parse_alert_rule
from api.accesses.database import AccessDatabase
from api.accesses.errors import TooManyAlertRules
from api.accesses.log import AccessLog
from api.accesses.periods import AccessMark
from api.accesses.tables import ACCESS, ALERT, MARK, REQUEST, RULE
from api.accesses.writing import drop_readers, keep_rule
from ledger import limits


@dataclass(frozen=True, slots=True)
class AskedAccesses:
    """Which rows an owner asks for, newest first; ``ascending`` turns that round.

    ``after`` is the number of the last row of the page before.
    """

    owner: str
    limit: int
    after: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    reader: str | None = None
    vct: str | None = None
    group: str | None = None
    record: str | None = None
    is_ascending: bool = False


class NumberedRow(NamedTuple):
    """A row and the number that its page goes on from; ``text`` is the row itself."""

    number: int
    request: str
    text: str


class Alert(NamedTuple):
    """Reads that a rule is about, of one reader; ``last`` is the newest row of them."""

    number: int
    name: str
    reader: str
    first_ms: int
    last_ms: int
    reads: int
    last: str
    acknowledged_ms: int | None


class AccessBook:
    """Answers owners. Every method may raise ``StoreUnavailable``."""

    def __init__(self, log: AccessLog) -> None:
        """Answer of the receipts that ``log`` keeps."""
        self._log = log

    @property
    def _database(self) -> AccessDatabase:
        return self._log.database()

    def mark(self) -> AccessMark:
        """How far receipts have come."""
        with self._database.reading() as connection:
            return find_mark(connection)

    def rows(self, asked: AskedAccesses) -> Sequence[NumberedRow]:
        """The rows asked for, one more than the limit where there are more."""
        with self._database.reading() as connection:
            found = connection.execute(_statement(asked)).all()
        return [NumberedRow(row.number, row.request, row.text) for row in found]

    def evidence(self, digests: Sequence[str]) -> dict[str, str]:
        """The evidence of requests that rows of the caller's own name."""
        column = REQUEST.c
        with self._database.reading() as connection:
            statement = select(column.digest, column.evidence).where(column.digest.in_(digests))
            return {row.digest: row.evidence for row in connection.execute(statement)}

    # ---- rules ----

    def rules(self, owner: str) -> dict[str, AlertRule]:
        """The owner's rules by name."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(RULE).where(RULE.c.owner == owner).order_by(RULE.c.name)
            )
            return {row.name: parse_alert_rule(row.rule.encode()) for row in found}

    def put_rule(self, owner: str, name: str, rule: AlertRule) -> None:
        """Keep a rule under a name, in the place of an earlier one.

        Raises:
            TooManyAlertRules: the owner has as many as it may.
        """
        with self._database.writing() as connection:
            names = set(
                connection.execute(select(RULE.c.name).where(RULE.c.owner == owner)).scalars()
            )
            if name not in names and len(names) >= limits.ALERT_RULES_MAX:
                raise TooManyAlertRules(
                    f"expected fewer than {limits.ALERT_RULES_MAX} rules, found {len(names)}: "
                    "delete one"
                )
            keep_rule(connection, owner, name, rule=rule)

    def drop_rule(self, owner: str, name: str) -> bool:
        """Delete a rule with the alerts that are open; False where there is none."""
        with self._database.writing() as connection:
            column, alert = RULE.c, ALERT.c
            gone = connection.execute(
                delete(RULE).where(column.owner == owner, column.name == name)
            )
            drop_readers(connection, owner, name)
            connection.execute(delete(ALERT).where(alert.owner == owner, alert.name == name))
            return bool(gone.rowcount)

    # ---- alerts ----

    def alerts(self, owner: str, *, limit: int, after: int | None, is_all: bool) -> list[Alert]:
        """The owner's alerts, newest first; acknowledged ones only if all are asked for."""
        column = ALERT.c
        statement = select(ALERT).where(column.owner == owner)
        if not is_all:
            statement = statement.where(column.acknowledged_ms.is_(None))
        if after is not None:
            statement = statement.where(column.number < after)
        statement = statement.order_by(column.number.desc()).limit(limit)
        with self._database.reading() as connection:
            return [_alert(row) for row in connection.execute(statement)]

    def acknowledge(self, owner: str, number: int, *, at_ms: int) -> bool:
        """Note that the owner knows; False where it has no such alert."""
        column = ALERT.c
        mine = (column.owner == owner) & (column.number == number)
        with self._database.writing() as connection:
            known_ms = func.coalesce(column.acknowledged_ms, at_ms)
            moved = connection.execute(update(ALERT).where(mine).values(acknowledged_ms=known_ms))
            return bool(moved.rowcount)


def find_mark(connection: Any) -> AccessMark:
    """The one row of the mark."""
    column = MARK.c
    statement = select(column.closed_ms, column.digested_ms, column.first_ms, column.kept_from_ms)
    return AccessMark(*connection.execute(statement).one())


def pages_of(book: AccessBook, asked: AskedAccesses) -> Iterator[NumberedRow]:
    """All rows asked for, page by page."""
    while True:
        rows = book.rows(asked)
        page = rows[: asked.limit]
        yield from page
        if len(rows) <= asked.limit:
            return
        asked = replace(asked, after=page[-1].number)


def _statement(asked: AskedAccesses) -> Select[Any]:
    column = ACCESS.c
    statement = select(column.number, column.request, column.text)
    statement = statement.where(column.owner == asked.owner)
    if asked.after is not None:
        behind = column.number > asked.after if asked.is_ascending else column.number < asked.after
        statement = statement.where(behind)
    if asked.since_ms is not None:
        statement = statement.where(column.at_ms >= asked.since_ms)
    if asked.until_ms is not None:
        statement = statement.where(column.at_ms < asked.until_ms)
    for wanted, found in ((asked.reader, column.reader), (asked.vct, column.vct)):
        if wanted is not None:
            statement = statement.where(found == wanted)
    if asked.record is not None:
        statement = statement.where(column.record == asked.record)
    if asked.group is not None:
        statement = statement.where(column.groups.contains(f" {asked.group} ", autoescape=True))
    order = column.number if asked.is_ascending else column.number.desc()
    return statement.order_by(order).limit(asked.limit + 1)


def _alert(row: Any) -> Alert:
    return Alert(
        number=row.number,
        name=row.name,
        reader=row.reader,
        first_ms=row.first_ms,
        last_ms=row.last_ms,
        reads=row.reads,
        last=row.last,
        acknowledged_ms=row.acknowledged_ms,
    )
