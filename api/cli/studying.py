"""``lotmark study``: charts, signals and capability of a measurement file, offline."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from api.cli.cells import DecimalSign
from api.cli.decimal_sign import find_decimal
from api.cli.faults import CommandFault
from api.cli.options import language_option, pass_output, read_file
from api.cli.output import Output
from api.cli.studying_words import STATISTICS_REMEDIES, members, tell
from api.cli.table import Table, TableOptions
from api.cli.table_sheet import read_any_table
from ledger import limits
from quality.errors import MeasurementFileRefused, StatisticsError
from quality.readers.dfq import read_dfq

if TYPE_CHECKING:
    from quality.spc.columns import Column, Columns
    from quality.spc.runs import Rule
    from quality.spc.study import Study

_CHUNK: Final = 1024 * 1024
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
    """Study the measured values of FILE: Q-DAS DFQ, CSV or XLSX with a column a characteristic.

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

    if file.suffix.lower() in (".dfq", ".dfx", ".dfd"):
        try:
            return columns_of(read_dfq(_chunks(file)))
        except MeasurementFileRefused as fault:
            raise CommandFault(
                "measurement-file-refused",
                f"{file}: {fault}",
                remedy="Export the file again from where it was made.",
            ) from fault
    data = read_file(file, "measurements", bytes_max=limits.DRAFT_BYTES_MAX)
    table = read_any_table(data, TableOptions(sheet=asked["sheet"]))
    return Columns(tuple(_columns(table, asked["decimal"])), (), 0)


def _chunks(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                yield chunk
    except OSError as fault:
        raise CommandFault(
            "file-unreadable",
            f"expected measurements at {file}, found: {fault.strerror or fault}",
            remedy="Correct the path.",
        ) from fault


def _columns(table: Table, decimal: str | None) -> Iterator[Column]:
    """The columns that hold numbers and nothing else."""
    from quality.spc.columns import Column

    sign = DecimalSign(decimal) if decimal else _sign(table)
    for heading in table.headings:
        at = table.column(heading)
        cells = list(table.cells(heading))
        if not cells or any(row.is_date(at) or at in row.faults for row, _ in cells):
            continue
        numbers = _numbers([cell for _, cell in cells], sign)
        if numbers is not None:
            yield Column(heading, values=numbers)


def _sign(table: Table) -> DecimalSign | None:
    """The decimal sign that the numbers of the whole table show.

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


def _numbers(cells: list[str], sign: DecimalSign | None) -> array[float] | None:
    try:
        if sign is DecimalSign.COMMA:
            cells = [cell.replace(",", ".", 1) for cell in cells]
        return array("d", map(float, cells))
    except ValueError:
        return None


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
