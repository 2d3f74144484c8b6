"""``lotmark migrate``: the schema of a log's database, and what the service's role may do."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.options import data_folder, data_option, pass_output
from api.cli.output import Output
from api.data_folder import read_config
from api.migrate import current, grant, upgrade


@click.command()
@click.option(
    "--role",
    envvar="LOTMARK_DATABASE_ROLE",
    metavar="NAME",
    help="PostgreSQL: let this role serve the log; it gets nothing beyond that. "
    "[LOTMARK_DATABASE_ROLE]",
)
@data_option
@pass_output
def migrate(output: Output, *, data: Path, role: str | None) -> None:
    """Bring the database of a log to this version's schema.

    On PostgreSQL, run it before 'lotmark init' and after every upgrade, with
    LOTMARK_DATABASE_URL naming the role that owns the database; serve as another role, named
    by --role. A SQLite log must not be served meanwhile.
    """
    folder = data_folder(data)
    if not folder.server_url:
        read_config(folder)
    url = folder.database_url
    before = current(url)
    upgrade(url)
    if role:
        grant(url, role)
    after = current(url)
    output.say(
        f"schema {after}, as before" if before == after else f"schema {before or 'none'} -> {after}"
    )
    if role:
        output.say(f"  {role} may serve the log, and owns nothing of it")
    output.result({"before": before, "schema": after, "role": role})
