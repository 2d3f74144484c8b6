"""What reads leave behind, written in one transaction: requests, rows, alerts.

Rows get their time here, under the same lock that closes hours: never at or before an instant
that is closed, so that no row comes late into an hour whose digest is on the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from api.accesses.alert_rules import NEW_READER, AlertRule, parse_alert_rule
from api.accesses.rows import Access, ShownGroup
from api.accesses.tables import ACCESS, ALERT, MARK, REQUEST, RULE, RULE_READER

_INSERT_ACCESS: Final = ACCESS.insert()
_INSERT_ALERT: Final = ALERT.insert()
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Noted:
    """What one request showed: its evidence and its rows, all of one reader and one instant."""

    digest: str
    evidence: str
    at_ms: int
    accesses: Sequence[Access]


def write_noted(connection: Connection, noted: Sequence[Noted]) -> int:
    """Write requests with their rows, and the alerts that they raise; gives how many rows."""
    closed_ms = connection.execute(select(MARK.c.closed_ms).with_for_update(read=True)).scalar_one()
    timed = [_after(one, closed_ms) for one in noted]
    insert = _inserter(connection)
    requests = [
        {"digest": one.digest, "at_ms": one.at_ms, "evidence": one.evidence} for one in timed
    ]
    connection.execute(insert(REQUEST).on_conflict_do_nothing(), requests)
    accesses = [access for one in timed for access in one.accesses]
    connection.execute(_INSERT_ACCESS, [_values(access) for access in accesses])
    _raise_alerts(connection, accesses)
    return len(accesses)


def keep_rule(connection: Connection, owner: str, name: str, *, rule: AlertRule) -> None:
    """Put a rule in the place of the one of its name; who has read until now is not new to it."""
    insert = _inserter(connection)
    values = {"owner": owner, "name": name, "rule": rule.encode()}
    statement = insert(RULE).values(values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["owner", "name"], set_={"rule": statement.excluded.rule}
        )
    )
    drop_readers(connection, owner, name)
    if rule.when == NEW_READER:
        found = connection.execute(_readers_of(owner, rule)).scalars()
        rows = [{"owner": owner, "name": name, "reader": reader} for reader in found]
        if rows:
            connection.execute(RULE_READER.insert(), rows)


def drop_readers(connection: Connection, owner: str, name: str) -> None:
    """Forget who was known to a rule."""
    known = RULE_READER.c
    connection.execute(RULE_READER.delete().where(known.owner == owner, known.name == name))


def group_column(groups: Iterable[ShownGroup]) -> str:
    """The names of groups as the column holds them: a space before and behind each."""
    return f" {' '.join(shown.group for shown in groups)} "


def _readers_of(owner: str, rule: AlertRule) -> Any:
    column = ACCESS.c
    statement = select(column.reader).distinct().where(column.owner == owner)
    if rule.types:
        statement = statement.where(column.vct.in_(rule.types))
    if rule.groups:
        shows = [column.groups.contains(f" {name} ", autoescape=True) for name in rule.groups]
        condition = shows[0]
        for other in shows[1:]:
            condition = condition | other
        statement = statement.where(condition)
    return statement


def _inserter(connection: Connection) -> Any:
    return insert_sqlite if connection.dialect.name == "sqlite" else insert_postgres


def _after(noted: Noted, closed_ms: int) -> Noted:
    if noted.at_ms >= closed_ms:
        return noted
    moved = [replace(access, at_ms=closed_ms) for access in noted.accesses]
    return replace(noted, at_ms=closed_ms, accesses=moved)


def _values(access: Access) -> Values:
    return {
        "at_ms": access.at_ms,
        "owner": access.owner,
        "reader": access.reader,
        "record": access.record_id,
        "vct": access.vct,
        "groups": group_column(access.groups),
        "request": access.request,
        "text": access.encode(),
    }


# ---- alerts ----


def _raise_alerts(connection: Connection, accesses: Sequence[Access]) -> None:
    owners = sorted({access.owner for access in accesses})
    rules = connection.execute(select(RULE).where(RULE.c.owner.in_(owners))).all()
    if not rules:
        return
    by_owner: dict[str, list[tuple[str, AlertRule]]] = {}
    for row in rules:
        by_owner.setdefault(row.owner, []).append((row.name, parse_alert_rule(row.rule.encode())))
    for (owner, name, reader), found in _matches(accesses, by_owner).items():
        rule, rows = found
        if rule.when != NEW_READER or _is_new(connection, owner, name, reader):
            _note_alert(connection, {"owner": owner, "name": name, "reader": reader}, rows)


def _matches(
    accesses: Sequence[Access], rules: Mapping[str, Sequence[tuple[str, AlertRule]]]
) -> dict[tuple[str, str, str], tuple[AlertRule, list[Access]]]:
    found: dict[tuple[str, str, str], tuple[AlertRule, list[Access]]] = {}
    for access in accesses:
        for name, rule in rules.get(access.owner, ()):
            if rule.is_about(access):
                key = access.owner, name, access.reader
                found.setdefault(key, (rule, []))[1].append(access)
    return found


def _is_new(connection: Connection, owner: str, name: str, reader: str) -> bool:
    values = {"owner": owner, "name": name, "reader": reader}
    statement = _inserter(connection)(RULE_READER).values(values).on_conflict_do_nothing()
    return bool(connection.execute(statement).rowcount == 1)


def _note_alert(connection: Connection, key: Values, rows: Sequence[Access]) -> None:
    last, column = rows[-1], ALERT.c
    is_open = column.acknowledged_ms.is_(None)
    for name, value in key.items():
        is_open = is_open & (column[name] == value)
    said = {"last_ms": last.at_ms, "last": last.encode()}
    moved = connection.execute(
        update(ALERT).where(is_open).values(reads=column.reads + len(rows), **said)
    )
    if not moved.rowcount:
        begun = {"first_ms": rows[0].at_ms, "reads": len(rows), "acknowledged_ms": None}
        connection.execute(_INSERT_ALERT, {**key, **said, **begun})
