"""Options of ``lotmark study`` beyond a chart of values, and which of them go together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import click

_POSITIVE: Final = click.FloatRange(0, 1000, min_open=True)
_ONLY_WITH: Final[Mapping[str, tuple[str, ...]]] = {
    "sizes": ("counts",),
    "part": ("gage",),
    "operator": ("gage",),
    "trial": ("gage",),
    "weight": ("ewma",),
    "width": ("ewma",),
    "allowance": ("cusum",),
    "decision": ("cusum",),
}
_NOT_WITH: Final[Mapping[str, tuple[str, ...]]] = {
    "gage": ("counts", "ewma", "cusum", "rules", "target"),
    "counts": ("ewma", "cusum", "lower", "upper", "target"),
}


def _all(*options: Callable[..., Any]) -> Callable[..., Any]:
    def mark(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return mark


shift_options = _all(
    click.option("--ewma", is_flag=True, help="Also a chart of moving averages, for small shifts."),
    click.option(
        "--weight",
        type=click.FloatRange(0, 1, min_open=True),
        help="Of --ewma: weight of the newest value; default: 0.2.",
    ),
    click.option("--width", type=_POSITIVE, help="Of --ewma: limits in deviations; default: 3."),
    click.option("--cusum", is_flag=True, help="Also a chart of cumulative sums."),
    click.option(
        "--allowance",
        type=click.FloatRange(0, 1000),
        help="Of --cusum: half the shift to be found, in deviations; default: 0.5.",
    ),
    click.option(
        "--decision", type=_POSITIVE, help="Of --cusum: decision in deviations; default: 5."
    ),
)
counts_options = _all(
    click.option(
        "--counts",
        type=click.Choice(["p", "np", "c", "u"]),
        help="Chart the counts of --column: defective units (p, np) or defects (c, u).",
    ),
    click.option(
        "--sizes",
        metavar="COLUMN|NUMBER",
        help="Of --counts: units of each sample, a column, or a number for all.",
    ),
)
gage_options = _all(
    click.option(
        "--gage",
        is_flag=True,
        help="Study the gauge: every operator measures every part equally often (Gage R&R).",
    ),
    click.option("--part", metavar="COLUMN", help="Of --gage: default: part."),
    click.option("--operator", metavar="COLUMN", help="Of --gage: default: operator."),
    click.option(
        "--trial", metavar="COLUMN", help="Of --gage: default: trial, where there is one."
    ),
)


def check_asked(asked: Mapping[str, Any], *, is_table: bool) -> None:
    """That the options belong together.

    Raises:
        click.UsageError: one would have no effect.
    """
    named = {name for name, value in asked.items() if value is not None and value is not False}
    for name, others in _ONLY_WITH.items():
        if name in named and not named.intersection(others):
            raise click.UsageError(f"--{name} is only for --{others[0]}")
    if asked["gage"] and len(named.intersection(("lower", "upper"))) == 1:
        raise click.UsageError("--gage compares with the tolerance: name --lower and --upper")
    for name, others in _NOT_WITH.items():
        if name not in named:
            continue
        if wrong := sorted(named.intersection(others)):
            raise click.UsageError(f"--{name} has no use for --{wrong[0]}")
        if asked["subgroup"] > 1:
            raise click.UsageError(f"--{name} has no use for --subgroup")
        if not is_table:
            raise click.UsageError(f"--{name} reads tables: export the file as CSV or XLSX")
