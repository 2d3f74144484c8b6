"""``lotmark migrate``: the schema of a log's database, and what the service's role may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from api.cli.options import data_folder, data_option, pass_output
from api.cli.output import Output
from api.data_folder import DataFolder, read_config
from api.migrate import current, grant, upgrade
from ledger.blob_moving import has_plain_uploads, move_uploads
from ledger.vault.blob_keys import BlobKeys
from ledger.vault.shelf import KeyShelf


@dataclass(slots=True)
class Tally:
    """Counts, and passes on."""

    update: Callable[[int], None]
    total: int = 0

    def __call__(self, count: int) -> None:
        """So many more."""
        self.total += count
        self.update(count)


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
    by --role. Plain contents of an earlier version move into the vault, under the keys of
    LOTMARK_SHELF. The log must not be served meanwhile.
    """
    folder = data_folder(data)
    if not folder.server_url:
        read_config(folder)
    url = folder.database_url
    before = current(url)
    # On a server the folder must be the one that all replicas share: it is named, or not there.
    shelf = folder.keys if folder.server_url else folder.shelf
    with output.progress("moving contents into the vault", None) as update:
        moved = Tally(update)
        upgrade(url, shelf=shelf, on_moved=moved)
    uploads = _move_uploads(folder, output)
    if role:
        grant(url, role)
    after = current(url)
    output.say(
        f"schema {after}, as before" if before == after else f"schema {before or 'none'} -> {after}"
    )
    if moved.total:
        output.say(f"  {moved.total} contents have moved into the vault, and lie nowhere plain")
    if uploads:
        output.say(f"  {uploads} uploads are sealed now")
    if role:
        output.say(f"  {role} may serve the log, and owns nothing of it")
    output.result(
        {"before": before, "schema": after, "role": role, "moved": moved.total, "uploads": uploads}
    )


def _move_uploads(folder: DataFolder, output: Output) -> int:
    """Seal the plain uploads of an earlier version, where this machine has them."""
    if not has_plain_uploads(folder.blobs):
        return 0
    keys = KeyShelf(folder.shelf)
    keys.make()
    with output.progress("sealing uploads", None) as update:
        return move_uploads(folder.blobs, BlobKeys(keys), on_moved=update)
