"""``lotmark study``: charts, signals and capability of a measurement file, offline."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from api.cli.cells import DecimalSign
from api.cli.decimal_sign import find_decimal
from api.cli.faults import CommandFault
from api.cli.measured.row_streams import open_stream
from api.cli.measured.source import WHOLE_BYTES_MAX, silent
from api.cli.measured_events import is_of_measurements, measured_events
from api.cli.options import language_option, pass_output, read_file
from api.cli.output import Output
from api.cli.studying_words import STATISTICS_REMEDIES, members, tell
from api.cli.table import Row, Table, TableOptions
from api.cli.table_sheet import read_any_table
from ledger import limits
from quality.errors import MeasurementFileRefused, StatisticsError
from quality.readers.rows import TableRow

if TYPE_CHECKING:
    from quality.spc.columns import Column, Columns
    from quality.spc.runs import Rule
    from quality.spc.study import Study

_FAULTS_SHOWN: Final = 20
_RULES_HELP: Final = (
    "Run rules: nelson, western-electric, or some of N1 to N8 and WE1 to WE4, apart by commas; "
    "default: N1,N2,N5,N6."
)


@click.command("study")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--column", help="Only this column or characteristic; default: all of numbers.")
@click.option("--lower", type=float, help="Lower limit, where the file has none.")
@click.option("--upper", type=float, help="Upper limit, where the file has none.")
@click.option("--target", type=float, help="Target; default: the middle of both limits.")
@click.option(
    "--subgroup",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Consecutive values that make one subgroup; 1 charts individual values.",
)
@click.option("--rules", metavar="RULE,RULE", help=_RULES_HELP)
@click.option("--sheet", help="Sheet of a workbook.")
@click.option(
    "--decimal",
    type=click.Choice([sign.value for sign in DecimalSign]),
    help="Decimal sign of a table's numbers; default: found out.",
)
@language_option
@pass_output
def study(output: Output, *, file: Path, language: str, **asked: Any) -> None:
    """Study the measured values of FILE: Q-DAS DFQ, QIF, or a table, a column a characteristic.

    Tells control limits, what the run rules call and how often they would of a stable process,
    capability with 95 % intervals, and what to be careful about. Nothing is sent anywhere.
    """
    rules = _rules(asked["rules"])
    read = _read(file, asked)
    chosen = _choose(read.columns, asked)
    for fault in read.faults[:_FAULTS_SHOWN]:
        output.note(f"{file}: {fault}")
    if len(read.faults) > _FAULTS_SHOWN:
        output.note(f"{file}: {len(read.faults) - _FAULTS_SHOWN} more places")
    results = []
    for column in chosen:
        found = _study(column, rules, subgroup=asked["subgroup"], is_only=len(chosen) == 1)
        if isinstance(found, StatisticsError):
            output.say(f"{column.name}: {found.code}: {found}")
            results.append({"name": column.name, "error": found.code, "detail": str(found)})
            continue
        tell(output, column, found, language=language)
        results.append(members(column, found))
    output.result(
        {
            "file": str(file),
            "characteristics": results,
            "counts_left_out": read.attributive,
            "faults": [str(fault) for fault in read.faults],
        }
    )


def _study(
    column: Column, rules: tuple[Rule, ...], *, subgroup: int, is_only: bool
) -> Study | StatisticsError:
    """One column; what makes no statistic refuses the command only where nothing else was asked.

    Raises:
        CommandFault: it is the only one, and nothing follows from its values.
    """
    from quality.spc.study import study as study_series

    try:
        return study_series(column.values, column.tolerance(), subgroup=subgroup, rules=rules)
    except StatisticsError as fault:
        if is_only:
            raise CommandFault(
                fault.code,
                f"{column.name}: {fault}",
                remedy=STATISTICS_REMEDIES.get(fault.code, ""),
            ) from fault
        return fault


def _rules(text: str | None) -> tuple[Rule, ...]:
    from quality.spc.runs import DEFAULT_RULES, NELSON, WESTERN_ELECTRIC, Rule

    if text is None:
        return DEFAULT_RULES
    sets = {"nelson": NELSON, "western-electric": WESTERN_ELECTRIC}
    found: list[Rule] = []
    for name in (part.strip() for part in text.split(",")):
        if name.lower() in sets:
            found.extend(sets[name.lower()])
        elif name.upper() in Rule.__members__:
            found.append(Rule[name.upper()])
        else:
            raise click.BadParameter(
                f"expected nelson, western-electric, N1 to N8 or WE1 to WE4, found {name!r}",
                param_hint="--rules",
            )
    return tuple(dict.fromkeys(found))


def _read(file: Path, asked: dict[str, Any]) -> Columns:
    from quality.spc.columns import Columns, columns_of

    if is_of_measurements(file):
        try:
            return columns_of(measured_events(file))
        except MeasurementFileRefused as fault:
            raise CommandFault(
                "measurement-file-refused",
                f"{file}: {fault}",
                remedy="Export the file again from where it was made.",
            ) from fault
    options = TableOptions(sheet=asked["sheet"])
    stream = open_stream(file, options, whole_bytes_max=WHOLE_BYTES_MAX) if file.is_file() else None
    if stream is not None:
        return Columns(_columns(stream.table, stream.rows(silent), asked["decimal"]), (), 0)
    data = read_file(file, "measurements", bytes_max=limits.DRAFT_BYTES_MAX)
    table = read_any_table(data, options)
    return Columns(_columns(table, table.rows, asked["decimal"]), (), 0)


def _columns(
    table: Table, rows: Iterable[Row | TableRow], decimal: str | None
) -> tuple[Column, ...]:
    """The columns that hold numbers and nothing else, in one pass over the rows."""
    from quality.spc.columns import Column

    sign = DecimalSign(decimal) if decimal else _sign(table)
    numbers: dict[int, array[float]] = {at: array("d") for at in range(len(table.headings))}
    for row in rows:
        for at in [*numbers]:
            cell = row.cells[at] if at < len(row.cells) else ""
            if cell or at in row.faults:
                value = None if row.dates >> at & 1 or at in row.faults else _number(cell, sign)
                if value is None:
                    del numbers[at]
                else:
                    numbers[at].append(value)
    return tuple(
        Column(table.headings[at], values=values) for at, values in numbers.items() if values
    )


def _number(cell: str, sign: DecimalSign | None) -> float | None:
    """A cell as a number; NaN and infinity too, which the statistics refuse by name."""
    try:
        return float(cell.replace(",", ".", 1) if sign is DecimalSign.COMMA else cell)
    except ValueError:
        return None


def _sign(table: Table) -> DecimalSign | None:
    """The decimal sign that the numbers of a table show, of a long one its beginning.

    Raises:
        FormUnclear: they show both, or only what could as well group thousands.
    """
    texts = (
        (table.place(row.number, heading), cell)
        for heading in table.headings
        for row, cell in table.cells(heading)
        if not row.is_number(table.column(heading))
    )
    is_comma_table = table.delimiter == "," and len(table.headings) > 1
    return find_decimal(texts, is_comma_table=is_comma_table)


def _choose(columns: tuple[Column, ...], asked: dict[str, Any]) -> tuple[Column, ...]:
    """The columns that were asked for, with the limits that were named.

    Raises:
        CommandFault: there is none of that name, or none at all.
        click.UsageError: limits were named for several.
    """
    name = asked["column"]
    found = tuple(c for c in columns if name is None or name in (c.name, c.name.split(" ")[0]))
    if not found:
        names = ", ".join(column.name for column in columns) or "none"
        raise CommandFault(
            "column-missing",
            f"expected a column of numbers{f' {name!r}' if name else ''}, found {names}",
            remedy="Name one of these with --column.",
        )
    named = {side: asked[side] for side in ("lower", "upper", "target") if asked[side] is not None}
    if named and len(found) > 1:
        raise click.UsageError("limits belong to one characteristic: name it with --column")
    for side, value in named.items():
        setattr(found[0], side, value)
    return found
