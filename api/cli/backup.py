"""``lotmark backup`` and ``lotmark restore``: a copy of the log, and the log from a copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from api.backing_up import back_up
from api.backup_files import read_manifest
from api.cli.options import (
    anchor_option,
    data_folder,
    data_option,
    open_client,
    pass_output,
    read_file,
)
from api.cli.output import Output
from api.client_errors import ClientError
from api.data_folder import read_config
from api.opening_log import open_log
from api.process_clock import ProcessClock
from api.restoring import Progress, RestoreAsked, Restored, restore
from api.setup_errors import OldInstanceServes
from ledger.anchor import Anchor, parse_anchor
from ledger.high_water import HighWaterFile, Mark
from ledger.trust_policy import check_checkpoint

_FILE: Final = click.Path(path_type=Path)


@click.command()
@click.argument("target", type=_FILE)
@data_option
@click.option(
    "--with-keys",
    is_flag=True,
    help="Take the log key and the search secret along; keep such a backup as you keep the key.",
)
@pass_output
def backup(output: Output, *, target: Path, data: Path, with_keys: bool) -> None:
    """Write a backup of the log to the new folder TARGET; the service may run.

    A backup carries no right to sign: it holds neither the high-water mark nor, unless asked
    for, the keys.
    """
    folder = data_folder(data)
    read_config(folder)
    with closing(open_log(folder, read_only=True)) as store:
        head = store.head()
        with output.progress("copying entries", head.size if head else 0) as update:
            done = back_up(folder, store, target, with_keys=with_keys, on_entries=update)
    manifest = done.manifest
    output.say(f"log {manifest.origin}: {manifest.size} entries are in {target}")
    output.say(f"  {done.disclosures} of them with disclosures, {done.blobs} uploads")
    output.say("  contents are sealed: it opens with the key shelf of the day, not without one")
    output.say("  with its keys" if with_keys else "  without its keys: keep a copy of log.key")
    output.result(
        {
            "origin": manifest.origin,
            "size": manifest.size,
            "disclosures": done.disclosures,
            "blobs": done.blobs,
            "bytes": done.bytes,
            "keys": manifest.has_keys,
        }
    )


@click.command("restore")
@click.argument("source", type=_FILE)
@data_option
@click.option(
    "--old-instance-is-gone",
    "may_sign",
    is_flag=True,
    help="State that the instance which was backed up will never sign again: only then may "
    "this one.",
)
@click.option(
    "--high-water",
    type=_FILE,
    help="The high-water file of the old instance: nothing below what it signed is restored.",
)
@click.option(
    "--signed",
    type=_FILE,
    multiple=True,
    help="A checkpoint that the log has signed, from a mirror or a member; may be given again.",
)
@click.option(
    "--shelf",
    type=_FILE,
    help="The log's key shelf of today, to be copied into the data folder; or LOTMARK_SHELF names "
    "the folder that stays its shelf.",
)
@click.option("--url", envvar="LOTMARK_URL", help="Address of the old instance. [LOTMARK_URL]")
@anchor_option
@pass_output
def restore_command(output: Output, *, source: Path, data: Path, **asked: Any) -> None:
    """Restore the log of the backup SOURCE into a new data folder.

    Every file is checked, and the whole log audited, before the folder is there. Without
    --old-instance-is-gone the restored log can be read and audited, and 'serve' is refused.
    No backup has the keys of its contents: without the shelf of today they stay closed.
    """
    manifest = read_manifest(source)
    stated = _stated(source, asked)
    with _progress(output, sum(file.bytes for file in manifest.files), manifest.size) as progress:
        restored = restore(source, data_folder(data), stated, progress=progress)
    _tell(output, restored, data, shelf=asked["shelf"])


def _stated(source: Path, asked: dict[str, Any]) -> RestoreAsked:
    path = asked["anchor"] or source / "anchor.json"
    anchor = parse_anchor(read_file(path, "a trust anchor"))
    signed = [_signed_head(read_file(path, "a checkpoint"), anchor) for path in asked["signed"]]
    if asked["high_water"]:
        mark = HighWaterFile(asked["high_water"]).read()
        signed += [mark] if mark else []
    if asked["may_sign"] and asked["url"]:
        _refuse_served(asked["url"], anchor)
    trusted = anchor if asked["anchor"] else None
    now_ms = ProcessClock().now_ms()
    return RestoreAsked(asked["may_sign"], signed, trusted, asked["shelf"], now_ms)


def _signed_head(note: bytes, anchor: Anchor) -> Mark:
    # The log's own signature is what counts here: a head that no witness saw was signed too.
    policy = replace(anchor.policy, quorum=None)
    found = check_checkpoint(note, policy, origin=anchor.origin).checkpoint
    return Mark(found.size, found.root)


def _refuse_served(url: str, anchor: Anchor) -> None:
    """Refuse if the log answers at an address: then it is not gone."""
    try:
        with open_client(url, None) as client:
            found = _signed_head(client.checkpoint(), anchor)
    except ClientError:
        return
    raise OldInstanceServes(
        f"expected nobody to serve {anchor.origin} at {url}, found a log of {found.size} entries: "
        "stop it for ever, then take a new backup of its folder"
    )


@contextmanager
def _progress(output: Output, size: int, entries: int) -> Iterator[Progress]:
    with (
        output.progress("checking files", size) as files,
        output.progress("loading entries", entries) as loaded,
        output.progress("auditing", entries) as audited,
    ):
        yield Progress(files, loaded, audited)


def _tell(output: Output, restored: Restored, data: Path, *, shelf: Path | None) -> None:
    manifest = restored.manifest
    output.say(f"log {manifest.origin}: {manifest.size} entries are in {data}, audited")
    output.say(f"  {restored.blobs} uploads, each as its record commits to it")
    if restored.closed:
        output.say(
            f"  the contents of {restored.closed} entries do not open: give --shelf, or set "
            "LOTMARK_SHELF, and restore again; or put the files back into the shelf and run "
            "'lotmark rebuild'"
        )
    if shelf is not None:
        output.say(
            f"  {shelf} counts as a copy of the shelf from now on: 'lotmark shelf drop {shelf}' "
            "once the log is served from here"
        )
    if restored.may_sign:
        output.say(f"  it may sign after entry {manifest.size - 1}")
    else:
        output.say(
            "  it may not sign: the old instance was not stated to be gone. Where it is, restore "
            "with --old-instance-is-gone"
        )
    if not restored.has_log_key:
        output.say(f"  without its key: put log.key into {data} before it is served")
    output.result(
        {
            "origin": manifest.origin,
            "size": manifest.size,
            "blobs": restored.blobs,
            "may_sign": restored.may_sign,
            "closed": restored.closed,
            "log_key": restored.has_log_key,
        }
    )
