"""``lotmark study``: charts, signals and capability of a measurement file, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from api.cli.cells import DecimalSign
from api.cli.faults import CommandFault
from api.cli.measured_events import is_of_measurements, measured_events
from api.cli.options import language_option, pass_output
from api.cli.output import Output
from api.cli.studying_counts import study_counts
from api.cli.studying_gage import study_gage
from api.cli.studying_options import check_asked, counts_options, gage_options, shift_options
from api.cli.studying_shifts import Shifts, shift_lines, shift_members, shifts_of
from api.cli.studying_tables import columns_of_table, open_table
from api.cli.studying_words import members, refused, tell
from quality.errors import MeasurementFileRefused, StatisticsError

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
@click.option(
    "--target",
    type=float,
    help="Target; default: the middle of both limits, for --ewma and --cusum the mean.",
)
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
@shift_options
@counts_options
@gage_options
@language_option
@pass_output
def study(output: Output, *, file: Path, language: str, **asked: Any) -> None:
    """Study the measured values of FILE: Q-DAS DFQ, QIF, or a table, a column a characteristic.

    Tells control limits, what the run rules call and how often they would of a stable process,
    capability with 95 % intervals, and what to be careful about. Of a table, --counts charts
    defectives or defects, and --gage studies the gauge. Nothing is sent anywhere.
    """
    check_asked(asked, is_table=not is_of_measurements(file))
    if asked["gage"]:
        study_gage(output, file, language=language, asked=asked)
        return
    if asked["counts"]:
        rules = None if asked["rules"] is None else _rules(asked["rules"])
        study_counts(output, file, language=language, asked={**asked, "rules": rules})
        return
    _study_values(output, file, language=language, asked=asked)


def _study_values(output: Output, file: Path, *, language: str, asked: dict[str, Any]) -> None:
    rules = _rules(asked["rules"])
    read = _read(file, asked)
    chosen = _choose(read.columns, asked)
    for fault in read.faults[:_FAULTS_SHOWN]:
        output.note(f"{file}: {fault}")
    if len(read.faults) > _FAULTS_SHOWN:
        output.note(f"{file}: {len(read.faults) - _FAULTS_SHOWN} more places")
    results = []
    for column in chosen:
        try:
            found, shifts = _study(column, rules, asked)
        except StatisticsError as fault:
            if len(chosen) == 1:
                raise refused(fault, column.name, language) from fault
            output.say(f"{column.name}: {fault.code}: {fault}")
            results.append({"name": column.name, "error": fault.code, "detail": str(fault)})
            continue
        tell(output, column, found, language=language)
        if shifts is not None:
            for line in shift_lines(shifts, is_zh=language == "zh"):
                output.say(f"  {line}")
        told: dict[str, Any] = {} if shifts is None else {"shifts": shift_members(shifts)}
        results.append({**members(column, found), **told})
    output.result(
        {
            "file": str(file),
            "characteristics": results,
            "counts_left_out": read.attributive,
            "faults": [str(fault) for fault in read.faults],
        }
    )


def _study(
    column: Column, rules: tuple[Rule, ...], asked: dict[str, Any]
) -> tuple[Study, Shifts | None]:
    """One column, with the charts for small shifts where they were asked for.

    Raises:
        StatisticsError: nothing follows from its values.
    """
    from quality.spc.study import study as study_series

    found = study_series(column.values, column.tolerance(), subgroup=asked["subgroup"], rules=rules)
    if not (asked["ewma"] or asked["cusum"]):
        return found, None
    return found, shifts_of(found.charts, asked["target"], asked)


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
    return Columns(columns_of_table(open_table(file, asked)), (), 0)


def _choose(columns: tuple[Column, ...], asked: dict[str, Any]) -> tuple[Column, ...]:
    """The columns that were asked for, with the limits that were named.

    Raises:
        CommandFault: there is none of that name, or none at all.
        click.UsageError: limits were named for several, or a target that nothing is told of.
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
    is_two_sided = found[0].lower is not None and found[0].upper is not None
    if asked["target"] is not None and not (is_two_sided or asked["ewma"] or asked["cusum"]):
        raise click.UsageError(
            "a target is for Cpm, which needs both limits, or for --ewma and --cusum: "
            "name --lower and --upper, or one of these"
        )
    return found
