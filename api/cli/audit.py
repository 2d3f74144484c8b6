"""``lotmark audit`` and ``lotmark rebuild``: the whole log, checked; its projections, made anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from api.audit_sources import (
    AnchoredSource,
    ServiceSource,
    StoreSource,
    map_in_processes,
    open_service_source,
)
from api.cli.faults import CommandFault
from api.cli.options import Place, data_option, pass_output, place_options, read_anchor, read_file
from api.cli.output import Output
from api.cli.reading import open_reader
from api.data_folder import DataFolder, read_config
from api.rebuilding import rebuild as rebuild_projections
from ledger.anchor import Anchor, parse_anchor
from ledger.audit import AuditReport, AuditSource, Finding, describe
from ledger.audit import audit as audit_log
from ledger.errors import LogRolledBack
from ledger.high_water import HighWaterFile
from ledger.recovery import check_mark
from ledger.store_sql import SqlStore

_FINDINGS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class _Opened:
    """A log ready to be audited: its bytes, what it must agree with, and its size."""

    source: AuditSource
    anchor: Anchor
    size: int
    findings: list[Finding]


@click.command()
@click.argument("source", required=False)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=lambda: min(os.cpu_count() or 1, 4),
    show_default="the machine's cores, at most 4",
    help="How many check signatures.",
)
@place_options
@pass_output
def audit(output: Output, *, source: str | None, processes: int, place: Place) -> None:
    """Audit a whole log: chain, tree, signatures, admission, digests, checkpoints.

    SOURCE is a data folder (also beside a running service) or the address of a service;
    default: LOTMARK_DATA, else data.
    """
    opener = _open_service if source and "://" in source else _open_folder
    with opener(source, place) as opened:
        anchored = AnchoredSource(opened.source, opened.anchor)
        with output.progress("auditing", opened.size) as update:
            report = audit_log(
                opened.anchor.origin,
                anchored,
                map_chunks=map_in_processes(processes if opened.size > 1000 else 1),
                on_progress=_steps(update),
            )
        findings = [*opened.findings, *anchored.findings]
    for finding in findings:
        report.add(*finding)
    _tell(output, report, is_folder=opener is _open_folder)
    if not report.is_clean:
        click.get_current_context().exit(CommandFault.exit_code)


@click.command()
@data_option
@pass_output
def rebuild(output: Output, *, data: Path) -> None:
    """Recreate the search index and the standing of parties from entries and disclosures.

    The service must be stopped. The log itself is not touched.
    """
    folder = DataFolder(data)
    with output.progress("rebuilding", None) as update:
        rebuilt = rebuild_projections(folder, on_progress=_steps(update))
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


@contextmanager
def _open_folder(source: str | None, place: Place) -> Iterator[_Opened]:
    folder = DataFolder(Path(source or os.environ.get("LOTMARK_DATA") or "data"))
    config = read_config(folder)
    anchor = _folder_anchor(folder, place)
    store = SqlStore(folder.database_url, read_only=True)
    try:
        mark = HighWaterFile(folder.high_water).read()
        head = store.head()
        findings = []
        try:
            check_mark(store, head, mark, is_new=False)
        except LogRolledBack as fault:
            findings.append(Finding("high-water", fault.code, str(fault)))
        if config.origin != anchor.origin:
            findings.append(Finding("config.json", "wrong-origin", config.origin))
        size = head.size if head else 0
        yield _Opened(StoreSource(store, size), anchor, size, findings)
    finally:
        store.close()


def _folder_anchor(folder: DataFolder, place: Place) -> Anchor:
    if place.anchor is not None:
        return parse_anchor(read_anchor(place))
    return parse_anchor(read_file(folder.anchor, "a trust anchor"))


@contextmanager
def _open_service(source: str | None, place: Place) -> Iterator[_Opened]:
    there = Place(place.party, source, place.anchor)
    reader = open_reader(there, is_anonymous=there.reader() is None)
    with reader.client as client:
        found: ServiceSource = open_service_source(client, reader.anchor)
        yield _Opened(found, reader.anchor, found.size, found.findings)


def _steps(update: Callable[[int], None]) -> Callable[[int], None]:
    """From a count of what is done to the steps that a progress bar takes."""
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        update(count - done)
        done = count

    return progress


def _tell(output: Output, report: AuditReport, *, is_folder: bool) -> None:
    say = output.say
    say(f"log {report.origin}: {report.entries} entries, {report.checkpoints} checkpoints")
    say(f"  chain, order and times of {report.entries} entries")
    say(f"  tree at every one of {report.checkpoints} checkpoints, and the log's signatures")
    say(f"  {report.signatures} signatures, each by a key in force at its entry")
    if is_folder:
        say(f"  {report.disclosures} disclosures against the digests that were signed")
    say(f"not checked: the content of {report.without_disclosures} records without disclosures")
    if report.is_clean:
        say("nothing was found")
    else:
        say(f"{len(report.findings)} findings:")
        for finding in report.findings[:_FINDINGS_SHOWN]:
            say(f"  {finding.place}: {finding.code}: {finding.detail}")
    output.result(describe(report))
