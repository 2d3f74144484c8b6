"""``lotmark anomaly rows``: the rows of an upload as a table, for whoever checks a verdict."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from api.cli.anomaly_options import write_whole
from api.cli.faults import CommandFault
from api.cli.options import pass_output, read_file
from api.cli.output import Output
from ledger import limits
from ledger.errors import MalformedJson
from ledger.strict_json import parse_json

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_SET_UP: Final = ("tool", "recipe", "material_lot")


@click.command("rows")
@click.argument("record", type=_FILE)
@click.option("--out", required=True, type=_FILE, help="Where the table is written, as CSV.")
@pass_output
def rows(output: Output, *, record: Path, out: Path) -> None:
    """Write the rows of an upload, from RECORD ('lotmark show ENTRY --json'), as a table.

    Row N of the upload is row N + 1 of the table, below its heading; values are as they were
    signed. Columns of time, lot and set-up stand before the parameters.
    """
    data = read_file(record, "a record", bytes_max=limits.DRAFT_BYTES_MAX)
    try:
        found = next(_uploads(parse_json(data, bytes_max=len(data) + 1, numbers="any")), None)
    except MalformedJson as fault:
        raise _refused(record, str(fault)) from fault
    if found is None:
        raise _refused(record, "none with process and values")
    table = list(table_of(found))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    write_whole(out, text.getvalue().encode())
    output.say(f"{len(table) - 1} rows in {out}")
    output.result({"rows": len(table) - 1, "columns": table[0]})


def _refused(record: Path, found: str) -> CommandFault:
    return CommandFault(
        "malformed-draft",
        f"{record}: expected an upload of parameters, found {found}",
        remedy="Write it with 'lotmark show ENTRY --json'; sealed values cannot be shown.",
    )


def _uploads(value: Any) -> Iterator[Mapping[str, Any]]:
    """The groups of uploads, wherever a command writes them."""
    if isinstance(value, Mapping):
        members = ((value.get("process"), "parameters"), (value.get("values"), "rows"))
        if all(isinstance(group, Mapping) and name in group for group, name in members):
            yield value
        for member in value.values():
            yield from _uploads(member)
    elif isinstance(value, list):
        for member in value:
            yield from _uploads(member)


def table_of(groups: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """The heading and the rows of an upload's groups."""
    signed = groups["values"]["rows"]
    has_lots = any("lot" in row for row in signed)
    members = [name for name in _SET_UP if any(name in row.get("set_up", {}) for row in signed)]
    names = [one["id"] for one in groups["process"]["parameters"]]
    yield ["time", *(["lot"] if has_lots else []), *members, *names]
    for row in signed:
        beside = [row.get("lot", "")] if has_lots else []
        beside += [row.get("set_up", {}).get(name, "") for name in members]
        yield [row["at"], *beside, *("" if cell is None else cell for cell in row["values"])]
