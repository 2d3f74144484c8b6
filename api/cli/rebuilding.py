"""``lotmark rebuild``: the projections of a log, made anew."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.audit import steps
from api.cli.options import data_folder, data_option, pass_output
from api.cli.output import Output
from api.rebuilding import rebuild as rebuild_projections


@click.command()
@data_option
@pass_output
def rebuild(output: Output, *, data: Path) -> None:
    """Recreate the search index and the standing of parties from entries and disclosures.

    The service must be stopped. The log itself is not touched.
    """
    folder = data_folder(data)
    with output.progress("rebuilding", None) as update:
        rebuilt = rebuild_projections(folder, on_progress=steps(update))
    output.say(
        f"{rebuilt.entries} entries: {rebuilt.search_keys} search keys and "
        f"{rebuilt.standings} standings made anew"
    )
    output.say(
        f"  {rebuilt.missing_before} of them had been missing"
        if rebuilt.missing_before
        else "  none of them had been missing"
    )
    output.say(f"  {rebuilt.without_disclosures} entries hold no disclosures here")
    if rebuilt.unreadable:
        output.say(f"  {rebuilt.unreadable} entries cannot be read: run 'lotmark audit'")
    output.result(
        {
            "entries": rebuilt.entries,
            "search_keys": rebuilt.search_keys,
            "standings": rebuilt.standings,
            "missing_before": rebuilt.missing_before,
            "without_disclosures": rebuilt.without_disclosures,
            "unreadable": rebuilt.unreadable,
        }
    )
