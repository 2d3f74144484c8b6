"""``lotmark submit`` and ``lotmark import``: records from files, signed, sent, safe to repeat."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from api.cli.faults import CommandFault
from api.cli.options import Place, open_session, pass_output, place_options
from api.cli.output import Output
from api.cli.submit_options import SubmitOptions, files_argument, submit_options
from api.cli.submit_run import SubmitRun
from api.client_errors import UnknownType
from quality.types import business_types


@click.command()
@files_argument
@click.option("--type", "vct", help="Record type, such as inspection-report/v1.")
@submit_options
@place_options
@pass_output
def submit(output: Output, *, place: Place, **options: Any) -> None:
    """Sign records and submit them.

    FILES are JSON (groups by name, or an array of such), tables (CSV, XLSX) or measurement
    files (DFQ, QIF), of which inspection reports are made. A table's
    mapping is found out, shown by --dry-run, and remembered beside it and in the party's
    folder. An interrupted run is taken up by the same command: what was signed is sent again
    as it was. A record that the log has under its document number is not sent twice.
    """
    SubmitRun(output, open_session(place), SubmitOptions(**options)).go()


@click.command("import")
@click.argument("vct", metavar="TYPE")
@files_argument
@submit_options
@place_options
@pass_output
def import_(
    output: Output, *, vct: str, files: tuple[Path, ...], place: Place, **options: Any
) -> None:
    """Import masters and deliveries from tables (CSV, XLSX).

    TYPE is site, part, specification, requirement, act, shipment, goods-receipt or any other
    record type; 'lotmark template TYPE --xlsx FILE' writes a workbook to be filled in.
    Everything else is as with 'lotmark submit': look at it with --dry-run first.
    """
    named = vct if "/" in vct else f"{vct}/v1"
    try:
        SubmitRun(
            output, open_session(place), SubmitOptions(files=files, vct=named, **options)
        ).go()
    except UnknownType as fault:
        raise _unknown_type(vct, fault) from fault


def _unknown_type(word: str, fault: UnknownType) -> UnknownType | CommandFault:
    """The fault with the type that was probably meant: parts are imported as ``part``."""
    known = [json.loads(text)["vct"].partition("/")[0] for text in business_types()]
    near = get_close_matches(word.partition("/")[0].casefold(), known, n=1)
    if not near:
        return fault
    return CommandFault(
        fault.code,
        f"expected a record type, found {word!r}: {near[0]}?",
        remedy=f"Say 'lotmark import {near[0]} FILE'.",
    )
