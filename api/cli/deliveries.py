"""``lotmark delivered`` and ``lotmark differences``: what was delivered, told or counted again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import click

from api.cli.asked_again import parse_again
from api.cli.faults import CommandFault
from api.cli.options import Place, pass_output, place_options
from api.cli.output import Output, columns, show_each
from api.cli.reading import Reader, open_reader
from api.client_errors import ClientError
from api.deliveries_query import MONTH_FORM, MONTHS_MAX, parse_deliveries
from api.recounting import DIFFERENCES, MONTHLY, Told, encode_rows, read_told, recount
from keys.identifiers import Slug, parse_origin, party_did

_MONTH_COLUMNS: Final = (
    "month",
    "part",
    "customer",
    "supplier",
    "delivered",
    "unconfirmed",
    "lots",
    "bad",
    "open_cases",
    "ppm",
)
_DIFFERENCE_COLUMNS: Final = (
    "on",
    "kind",
    "part",
    "customer",
    "supplier",
    "number",
    "expected",
    "found",
    "lot",
)
_COMMANDS: Final = {MONTHLY: "delivered", DIFFERENCES: "differences"}
_MONTHS: Final = {"month": "--month", "first": "--from", "last": "--to"}
Command = Callable[..., None]


def question_options(command: Command) -> Command:
    """The options of a question about deliveries."""
    options = (
        click.option("--supplier", metavar="SLUG", help="Only this supplier's."),
        click.option("--customer", metavar="SLUG", help="Only this customer's."),
        click.option("--part", help="Only this part, by the customer's number."),
        click.option(
            "--month", metavar="YYYY-MM", help="Only this month; default: that of --as-of."
        ),
        click.option(
            "--from",
            "first",
            metavar="YYYY-MM",
            help=f"The first of several months, {MONTHS_MAX} at most; default: that of --to.",
        ),
        click.option(
            "--to", "last", metavar="YYYY-MM", help="The last month; default: that of --as-of."
        ),
        click.option(
            "--as-of",
            metavar="YYYY-MM-DD",
            help="The day on which shipments without a receipt are looked at; default: today.",
        ),
        click.option("--inputs", is_flag=True, help="Name every record that the rows rest on."),
        click.option(
            "--recompute",
            is_flag=True,
            help="Fetch these records, verify each offline, and count again.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@question_options
@place_options
@pass_output
def delivered(output: Output, *, place: Place, **asked: Any) -> None:
    """Tell delivered units, bad units and PPM by part and month: of this month, unless asked.

    Of your own party: as a supplier, or of its suppliers. PPM counts confirmed units that are
    the supplier's fault; where nothing was delivered, or a part is counted in lots only, there
    is none.
    """
    _Asking(output, place, MONTHLY, asked).tell(_MONTH_COLUMNS)


@click.command()
@question_options
@place_options
@pass_output
def differences(output: Output, *, place: Place, **asked: Any) -> None:
    """List differences between shipped and received, of this month unless others are asked for.

    Both sides are told the same.
    """
    _Asking(output, place, DIFFERENCES, asked).tell(_DIFFERENCE_COLUMNS)


class _Asking:
    """One question to the service, and what becomes of its answer."""

    def __init__(
        self, output: Output, place: Place, what: str, asked: Mapping[str, Any], /
    ) -> None:
        self._output = output
        self._what = what
        self._asked = asked
        self._reader = open_reader(place, is_anonymous=False)

    def tell(self, names: tuple[str, ...]) -> None:
        """Ask, count again where that is wanted, and tell."""
        check_months(self._asked, f"lotmark {_COMMANDS[self._what]}")
        with self._reader.client:
            told = read_told(self._reader.client.deliveries(self._what, **self._query()))
            elsewhere = None if told.rows else self._newest_month(told)
            is_recounted = bool(self._asked["recompute"])
            if is_recounted:
                self._recount(told)
        self._tell_months(told, elsewhere)
        self._tell(told, names, is_recounted=is_recounted)

    def _newest_month(self, told: Told) -> str:
        """Where there is something, where nothing is in the months that were asked for."""
        last = str(told.provenance.get("as_of"))[:7]
        first = _months_before(last, MONTHS_MAX - 1)
        wider = self._query() | {"from": first, "to": last, "inputs": "false"}
        try:
            rows = read_told(self._reader.client.deliveries(self._what, **wider)).rows
        except (ClientError, ValueError):
            # A courtesy: the answer to the question itself is there.
            return "--from YYYY-MM asks for more"
        months = sorted(str(row.get("month") or row.get("on"))[:7] for row in rows)
        if months:
            return f"the newest month that has something is {months[-1]}: --month {months[-1]}"
        return f"nothing from {first} to {last} either; --from and --to ask for other months"

    def _query(self) -> dict[str, str | int]:
        asked = self._asked
        given = {
            "customer": self._did("customer"),
            "supplier": self._did("supplier"),
            "part": asked["part"],
            "from": asked["first"] or asked["month"],
            "to": asked["last"] or asked["month"],
            "as_of": asked["as_of"],
            "inputs": "true" if asked["inputs"] or asked["recompute"] else None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def _did(self, side: str) -> str | None:
        slug = self._asked[side]
        origin = self._reader.anchor.origin
        return None if slug is None else party_did(parse_origin(origin), Slug(slug))

    def _recount(self, told: Told) -> None:
        """Count again from the records that the service names, verified one by one.

        Raises:
            CommandFault: they come to other rows than it told.
        """
        question = self._query() | {
            name: str(told.provenance.get(name, "")) for name in ("from", "to", "as_of")
        }
        asked = parse_again(parse_deliveries, question)
        with self._output.progress("counting again", len(told.entries)) as update:
            entries = show_each(told.entries, update)
            rows = _recounted(self._reader, entries, what=self._what, asked=asked)
        if encode_rows(rows) != encode_rows(told.rows):
            raise CommandFault(
                "recount-differs",
                f"expected {json.dumps(rows)[:300]}, found {json.dumps(told.rows)[:300]}",
                remedy="Show both to the other side and the operator: 'lotmark rebuild --check'.",
            )

    def _tell_months(self, told: Told, elsewhere: str | None) -> None:
        first, last = told.provenance.get("from"), told.provenance.get("to")
        months = f"{first}" if first == last else f"{first} to {last}"
        word = "; --from YYYY-MM asks for more" if elsewhere is None else f": nothing; {elsewhere}"
        self._output.say(f"{_COMMANDS[self._what]}, {months}{word}")

    def _tell(self, told: Told, names: tuple[str, ...], *, is_recounted: bool) -> None:
        output, provenance = self._output, told.provenance
        if told.rows:
            shown = [[_cell(row, name) for name in names] for row in told.rows]
            for line in columns([tuple(names), *map(tuple, shown)]):
                output.say(line)
        if self._asked["inputs"]:
            for entry in told.entries:
                output.say(f"  {entry}")
        for entry in told.erased:
            output.note(f"erased in part, and counted as unknown: {entry}")
        made = f"{provenance.get('method')} of {provenance.get('tree_size')} entries"
        word = (
            f"counted again from {len(told.entries)} verified records: the same"
            if is_recounted
            else "the service's word; --recompute counts again"
        )
        output.note(f"by {made}, as of {provenance.get('as_of')}; {word}")
        listed = list(told.entries) if self._asked["inputs"] else None
        output.result(
            {
                "rows": list(told.rows),
                "provenance": dict(provenance),
                "recounted": is_recounted,
                **({"entries": listed} if listed is not None else {}),
                **({"erased": list(told.erased)} if told.erased else {}),
            }
        )


def check_months(asked: Mapping[str, Any], command: str) -> None:
    """Refuse a month of another form, by the name of its option.

    Raises:
        CommandFault: one is none.
    """
    for name, option in _MONTHS.items():
        given = asked[name]
        if given is not None and not re.fullmatch(MONTH_FORM, given):
            raise CommandFault(
                "malformed-query",
                f"{option}: expected a month as YYYY-MM, found {given!r}",
                remedy=f"Write it such as {option} 2026-01; see '{command} --help'.",
            )


def _months_before(month: str, count: int) -> str:
    year, number = map(int, month.split("-"))
    index = 12 * year + number - 1 - count
    return f"{index // 12:04}-{index % 12 + 1:02}"


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if name in ("customer", "supplier"):
        return str(value).rpartition(":")[2]
    return "-" if value is None else str(value)


def _recounted(
    reader: Reader, entries: Iterable[str], *, what: str, asked: Any
) -> list[dict[str, Any]]:
    return recount(reader.client, reader.anchor, entries, what=what, asked=asked)
