"""Receipts in a backup, and back: every row of their tables, whatever engine they lie in.

A row of a backup is JSON ``{table: values}``, numbered from 0; the mark is the first one. What
is put back is digested anew for a while before the backup: an hour that the log has is
refused there (docs/spec/accesses.md, section 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from api.accesses.database import AccessDatabase
from api.accesses.periods import HOUR_MS
from api.accesses.tables import ACCESS, ALERT, MARK, REQUEST, RULE, RULE_READER
from ledger.backup_rows import BackupDamaged
from ledger.errors import MalformedJson
from ledger.strict_json import encode_json, parse_json_object

ROW_BYTES_MAX: Final = 256 * 1024
#: How long a backup may take: so much is digested anew.
REDIGESTED_MS: Final = 24 * HOUR_MS
_TABLES: Final = (MARK, REQUEST, ACCESS, RULE, RULE_READER, ALERT)
_BY_NAME: Final = {table.name: table for table in _TABLES}
_TOGETHER: Final = 1_000


def copy_accesses(database: AccessDatabase) -> Iterator[tuple[int, bytes]]:
    """Every row of the tables at one moment.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    number = 0
    with database.snapshot() as connection:
        for table in _TABLES:
            for row in connection.execute(select(table).order_by(*table.primary_key)):
                values = {str(name): value for name, value in row._mapping.items()}
                yield number, encode_json({str(table.name): values})
                number += 1


def put_back_accesses(database: AccessDatabase, rows: Iterable[tuple[int, bytes]]) -> int:
    """Put rows in the place of all that the tables hold; gives how many.

    Raises:
        BackupDamaged: they are not rows of these tables.
        StoreUnavailable: nothing was put back.
    """
    count = 0
    with database.writing() as connection:
        for table in reversed(_TABLES):
            connection.execute(delete(table))
        read = (_read(content) for _, content in rows)
        while page := list(islice(read, _TOGETHER)):
            for table in _TABLES:
                values = [row for name, row in page if name == table.name]
                if values:
                    connection.execute(insert(table), values)
            count += len(page)
        if database.is_postgres:
            _move_counters(connection)
    return count


def _read(content: bytes) -> tuple[str, dict[str, Any]]:
    try:
        ((name, values),) = parse_json_object(content, bytes_max=ROW_BYTES_MAX).items()
    except (MalformedJson, ValueError) as fault:
        raise BackupDamaged(f"expected a row of an access table: {fault}") from fault
    table = _BY_NAME.get(name)
    if table is None or not isinstance(values, dict) or values.keys() != set(table.c.keys()):
        raise BackupDamaged(f"expected a row of an access table, found one of {name[:40]!r}")
    return name, _rewound(values) if table is MARK else dict(values)


def _rewound(mark: dict[str, Any]) -> dict[str, Any]:
    first_ms, digested_ms = mark["first_ms"], mark["digested_ms"]
    if digested_ms <= first_ms:
        return mark
    return {**mark, "digested_ms": max(first_ms, digested_ms - REDIGESTED_MS)}


def _move_counters(connection: Connection) -> None:
    """Rows came with their numbers: the next one must come behind them."""
    schema = connection.get_execution_options()["schema_translate_map"][MARK.schema]
    for table in (ACCESS, ALERT):
        _move_counter(connection, f'"{schema}"."{table.name}"')


def _move_counter(connection: Connection, named: str) -> None:
    connection.exec_driver_sql(
        "SELECT setval(pg_get_serial_sequence(%s, 'number'), "
        f"COALESCE((SELECT max(number) FROM {named}), 0) + 1, false)",
        (named,),
    )
