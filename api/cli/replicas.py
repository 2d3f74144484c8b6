"""``lotmark replica``: one more data folder for a log that several processes serve."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.options import data_option, pass_output
from api.cli.output import Output
from api.data_folder import DataFolder
from api.joining import join_replica


@click.command()
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    help="Data folder of a replica that exists, or a copy of one.",
)
@data_option
@pass_output
def replica(output: Output, *, source: Path, data: Path) -> None:
    """Make the data folder of one more replica of a log on PostgreSQL.

    Copies the log's key (sealed), the search secret, the anchor and the high-water mark. Each
    replica needs a folder of its own; all name the same database (LOTMARK_DATABASE_URL),
    uploads (LOTMARK_BLOBS) and key shelf (LOTMARK_SHELF).
    """
    joined = join_replica(DataFolder(source), DataFolder(data))
    output.say(f"replica of {joined.origin} is in {data}, goes on from {joined.size} entries")
    output.say(
        "next: 'lotmark serve' with the same LOTMARK_DATABASE_URL, LOTMARK_BLOBS and LOTMARK_SHELF"
    )
    output.result({"origin": joined.origin, "size": joined.size, "data": str(data)})
