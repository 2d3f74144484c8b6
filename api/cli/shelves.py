"""``lotmark shelf``: the keys of a log's contents, and the copies that were made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from api.cli.options import data_folder, data_option, pass_output
from api.cli.output import Output
from api.data_folder import read_config
from api.process_clock import ProcessClock
from ledger.vault.shelf import KeyShelf
from ledger.vault.shelf_copies import ShelfCopy
from ledger.vault.shelf_copying import copy_shelf, drop_copy

_FOLDER: Final = click.Path(path_type=Path)
_DAY_MILLISECONDS: Final = 24 * 3600 * 1000
_DAYS_MAX: Final = 3_650


@click.group()
def shelf() -> None:
    """Look after the key shelf: the keys without which no contents of the log open.

    What is erased is erased by destroying a key, so a copy of the shelf that is older than an
    erasure still opens what was erased. Make copies by this command only, and drop them when
    they expire.
    """


@shelf.command("copy")
@click.option("--to", "target", type=_FOLDER, required=True, help="Folder to make.")
@click.option(
    "--expires",
    "days",
    type=click.IntRange(1, _DAYS_MAX),
    required=True,
    metavar="DAYS",
    help="Days after which the copy is to be dropped.",
)
@data_option
@pass_output
def copy(output: Output, *, target: Path, days: int, data: Path) -> None:
    """Copy the shelf to a new folder, and write down where and until when; services may run."""
    now_ms = ProcessClock().now_ms()
    expires_ms = now_ms + days * _DAY_MILLISECONDS
    made = copy_shelf(_shelf_of(data), target, now_ms=now_ms, expires_ms=expires_ms)
    output.say(f"the shelf is in {made.where}, until {_day(made.expires_ms)}")
    output.say("  whoever has it and the database reads every content that is not sealed")
    output.result(_members(made, now_ms))


@shelf.command("list")
@data_option
@pass_output
def list_copies(output: Output, *, data: Path) -> None:
    """List the copies of the shelf that were made and not dropped."""
    now_ms = ProcessClock().now_ms()
    copies = _shelf_of(data).copies()
    output.say(f"{len(copies)} copies of the shelf")
    for found in copies:
        word = "expired, drop it" if found.expires_ms <= now_ms else "until"
        output.say(f"  {found.where}: of {_day(found.made_ms)}, {word} {_day(found.expires_ms)}")
    output.result({"copies": [_members(found, now_ms) for found in copies]})


@shelf.command("drop")
@click.argument("where", type=_FOLDER)
@data_option
@pass_output
def drop(output: Output, *, where: Path, data: Path) -> None:
    """Remove the copy in the folder WHERE, and forget it."""
    is_there = drop_copy(_shelf_of(data), where)
    output.say(f"the copy in {where} is {'removed' if is_there else 'forgotten'}")
    if not is_there:
        output.say("  its folder is not there: destroy the medium that it is on")
    output.result({"where": str(where), "removed": is_there})


@shelf.command("new")
@data_option
@pass_output
def new(output: Output, *, data: Path) -> None:
    """Begin an empty shelf where the log's own is lost for ever.

    What was sealed under the lost keys stays closed; submitted again, it is kept anew.
    """
    keys = _shelf_of(data)
    was_there = keys.is_there
    keys.make()
    output.say(f"the shelf in {keys.folder} {'was there already' if was_there else 'is empty'}")
    output.result({"folder": str(keys.folder), "new": not was_there})


def _shelf_of(data: Path) -> KeyShelf:
    folder = data_folder(data)
    read_config(folder)
    return KeyShelf(folder.shelf)


def _members(copy: ShelfCopy, now_ms: int) -> dict[str, Any]:
    return {
        "where": copy.where,
        "made_ms": copy.made_ms,
        "expires_ms": copy.expires_ms,
        "expired": copy.expires_ms <= now_ms,
    }


def _day(instant_ms: int) -> str:
    return datetime.fromtimestamp(instant_ms / 1000, UTC).strftime("%Y-%m-%d")
