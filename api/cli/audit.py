"""``lotmark audit``: the whole log, checked; and afterwards only what is new."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from api.audit_sources import (
    MirrorFolder,
    StoreSource,
    charter_findings,
    log_types,
    map_in_processes,
    open_public_source,
)
from api.audit_state import AuditBinding, AuditStateFile, Keeping, Scope
from api.cli.faults import CommandFault
from api.cli.options import (
    Place,
    data_folder,
    pass_output,
    place_options,
    read_anchor,
    read_file,
)
from api.cli.output import Output
from api.cli.reading import open_reader
from api.data_folder import DataFolder, read_config
from api.opening_log import open_log
from api.trade import opening_state
from ledger.anchor import Anchor, parse_anchor
from ledger.audit import Audit, AuditSource
from ledger.audit_findings import AuditReport, Finding, describe
from ledger.errors import LogRolledBack
from ledger.high_water import HighWaterFile, Mark
from ledger.recovery import check_mark
from ledger.store import Store

_FINDINGS_SHOWN: Final = 50
_ENTRIES_ALONE_MAX: Final = 5_000
STATE_NAME: Final = "audit.state"


@dataclass(frozen=True, slots=True)
class _Opened:
    """A log ready to be audited: its bytes, what it must agree with, where it is remembered."""

    source: AuditSource
    anchor: Anchor
    findings: list[Finding]
    scope: Scope
    state: Path | None
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return self.source.extent().size


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options of one audit."""

    processes: int
    state: Path | None
    is_full: bool
    save_seconds: float


@click.command()
@click.argument("source", required=False)
@click.option(
    "--full",
    "is_full",
    is_flag=True,
    help="Begin anew, whatever is remembered.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    envvar="LOTMARK_AUDIT_STATE",
    help="File that remembers where the audit stopped; default: audit.state in the data folder, "
    "or in the party's. [LOTMARK_AUDIT_STATE]",
)
@click.option(
    "--save-seconds",
    type=click.FloatRange(0),
    default=10,
    show_default=True,
    help="How often it is remembered while it runs.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=lambda: min(os.cpu_count() or 1, 4),
    show_default="the machine's cores, at most 4",
    help="How many check signatures.",
)
@place_options
@pass_output
def audit(output: Output, *, source: str | None, place: Place, **asked: Any) -> None:
    """Audit a log: chain, tree, signatures, admission, digests, checkpoints.

    SOURCE is a data folder (also beside a running service), a mirror's folder, or the
    address of a service; default: LOTMARK_DATA, else data. The next audit proves that the
    log extends what was audited, and reads only what is new.
    """
    options = _Asked(**asked)
    with _opener(source)(source, place) as opened:
        report = _run(output, opened, options)
    _tell(output, report, is_folder=opened.scope == "folder")
    if not report.is_clean:
        click.get_current_context().exit(CommandFault.exit_code)


def _opener(source: str | None) -> Callable[..., Any]:
    if source and "://" in source:
        return _open_service
    folder = _folder_of(source)
    is_mirror = (folder / "checkpoint").exists() and not DataFolder(folder).config.exists()
    return _open_mirror if is_mirror else _open_folder


def _folder_of(source: str | None) -> Path:
    return Path(source or os.environ.get("LOTMARK_DATA") or "data")


def _run(output: Output, opened: _Opened, options: _Asked) -> AuditReport:
    path = options.state or opened.state
    if path is None:
        output.note("nothing is remembered of this audit: name a file with --state")
        return _audit(output, opened, options, None)
    binding = AuditBinding(opened.anchor.origin, opened.anchor.charter, opened.scope)
    with closing(AuditStateFile(path, binding)) as file:
        return _audit(output, opened, options, file)


def _audit(
    output: Output, opened: _Opened, options: _Asked, file: AuditStateFile | None
) -> AuditReport:
    if file and options.is_full:
        file.forget()
    memory = file.read() if file else None
    running = Audit(
        opened.anchor.origin,
        opened.source,
        memory=memory,
        types=opened.types,
        state=opening_state(),
    )
    if isinstance(opened.source, StoreSource):
        running.excuse(opened.source.erased(opened.anchor.origin))
    keeping = Keeping(file, seconds=options.save_seconds)
    is_small = opened.size - running.size <= _ENTRIES_ALONE_MAX
    with output.progress("auditing", opened.size) as update:
        advance = steps(update)
        advance(running.size)
        processes = 1 if is_small else options.processes
        for done in running.run(map_in_processes(processes, opened.types)):
            advance(done)
            keeping.keep_some(running)
        keeping.keep(running)
    report = running.finish()
    for finding in (*opened.findings, *charter_findings(opened.source, opened.anchor)):
        report.add(*finding)
    return report


@contextmanager
def _open_folder(source: str | None, place: Place) -> Iterator[_Opened]:
    named = DataFolder(_folder_of(source))
    # A log that is in the folder is meant, whatever server this environment serves from.
    folder = named if named.database.exists() else data_folder(named.root)
    config = read_config(folder)
    anchor = _folder_anchor(folder, place)
    with closing(open_log(folder, read_only=True)) as store:
        # The mark before the head: a service that runs moves both, the head first.
        mark = HighWaterFile(folder.high_water).read()
        findings = [] if mark is None and folder.copy.exists() else _mark_findings(store, mark)
        if config.origin != anchor.origin:
            findings.append(Finding("config.json", "wrong-origin", config.origin))
        state = folder.root / STATE_NAME if os.access(folder.root, os.W_OK) else None
        types = log_types(config.origin, store)
        yield _Opened(StoreSource.of(store), anchor, findings, "folder", state, types)


def _mark_findings(store: Store, mark: Mark | None) -> list[Finding]:
    try:
        check_mark(store, store.head(), mark, is_new=False)
    except LogRolledBack as fault:
        return [Finding("high-water", fault.code, str(fault))]
    return []


def _folder_anchor(folder: DataFolder, place: Place) -> Anchor:
    if place.anchor is not None:
        return parse_anchor(read_anchor(place))
    return parse_anchor(read_file(folder.anchor, "a trust anchor"))


@contextmanager
def _open_mirror(source: str | None, place: Place) -> Iterator[_Opened]:
    anchor = parse_anchor(read_anchor(place))
    found = open_public_source(MirrorFolder(_folder_of(source)), anchor)
    yield _Opened(found, anchor, [], "public", _party_state(place))


@contextmanager
def _open_service(source: str | None, place: Place) -> Iterator[_Opened]:
    there = Place(place.party, source, place.anchor)
    reader = open_reader(there, is_anonymous=there.reader() is None)
    with reader.client as client:
        found = open_public_source(client, reader.anchor)
        yield _Opened(found, reader.anchor, [], "public", _party_state(place))


def _party_state(place: Place) -> Path | None:
    party = place.reader()
    return party.root / STATE_NAME if party and os.access(party.root, os.W_OK) else None


def steps(update: Callable[[int], None]) -> Callable[[int], None]:
    """From a count of what is done to the steps that a progress bar takes."""
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        update(count - done)
        done = count

    return progress


def _tell(output: Output, report: AuditReport, *, is_folder: bool) -> None:
    say, tallies = output.say, report.tallies
    say(f"log {report.origin}: {tallies.entries} entries, {tallies.checkpoints} checkpoints")
    if report.resumed_at:
        new = tallies.entries - report.resumed_at
        say(f"  {report.resumed_at} entries audited before, which the log extends; {new} new")
        say("  what was changed among those since then is found with --full")
    say(f"  chain, order and times of {tallies.entries} entries")
    say(f"  tree at every one of {tallies.checkpoints} checkpoints, and the log's signatures")
    say(f"  {tallies.signatures} signatures, each by a key in force at its entry")
    if report.cosigned:
        say(f"  {report.cosigned} cosigned checkpoints, each of these entries")
    if is_folder:
        say(f"  {tallies.disclosures} disclosures against the digests that were signed")
        say(f"  the content of {tallies.contents} records: schema, groups, the trade's rules")
        say(f"  {tallies.against_state} records against what was in force between parties")
        say("not checked: whether addressees are members, and links lead to records")
    else:
        say("not entitled to check: disclosures, which are no part of the public log")
    say(f"no content is held of {tallies.without_disclosures} records")
    say(f"not entitled to check against what was in force: {tallies.not_entitled} records")
    if report.is_clean:
        say("nothing was found")
    else:
        say(f"{len(report.findings)} findings:")
        for finding in report.findings[:_FINDINGS_SHOWN]:
            say(f"  {finding.place}: {finding.code}: {finding.detail}")
    output.result(describe(report))
