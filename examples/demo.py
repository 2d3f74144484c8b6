"""The whole story on one machine: ``make demo`` (EXIT=1 to stop after it, CSV=path for yours).

Six parties, each a process with keys of its own, found a log that two witnesses watch. They agree
on what is to be delivered, ship it, report real measurements of physical things against it, over
HTTP, and keep what they were given. A seventh joins and loses a phone. Then the service stops, its
data goes away, and every view is verified from files alone. At last the operator lies, and is
refused. Each later feature adds a chapter.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.submitting import submit
from api.cli.table import TableOptions, read_table
from api.cli.table_errors import TableError
from api.client import LogClient
from api.client_errors import ClientError
from examples.demo_anomaly import play_watched_line
from examples.demo_histories import play_histories
from examples.demo_masters import play_agreed, play_counted, play_delivered
from examples.demo_newcomer import play_newcomer
from examples.demo_parties import OPERATOR, PARTIES
from examples.demo_sampling import play_sampled
from examples.demo_sharing import play_shared
from examples.demo_stage import (
    ROOT,
    Stage,
    StepFailed,
    at_service,
    chapter,
    make_witnesses,
    run,
    run_party,
    service,
    set_stage,
    witnesses,
)

#: What a shell calls a process that Ctrl-C ended.
INTERRUPTED = 130
CSV_PARTY = "lindqvist-gears"
_OWN_VERDICT = {
    "/verdict/stage": "outgoing",
    "/verdict/decision": "conditional",
    "/lot/quantity": "1",
    "/lot/site": "LG-1",
}


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A table of the user's, and how ``lotmark submit`` is to read it."""

    path: Path
    options: tuple[str, ...]


def main(arguments: Sequence[str]) -> int:
    """Play the demo; 0 when everything was as it must be."""
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--exit", action="store_true", help="stop after the checks")
    parser.add_argument("--csv", type=Path, help="a CSV file of your own, reported too")
    parser.add_argument("--csv-args", default="", help="options of 'lotmark submit' for it")
    parser.add_argument("--folder", type=Path, default=ROOT / "demo-data")
    given = parser.parse_args(arguments)
    # An ended demo takes its service with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        if given.csv is not None and not given.csv.is_file():
            raise StepFailed(f"expected a file, found none at {given.csv}")
        stage = set_stage(given.folder)
        if given.csv is not None:
            check_readable(given.csv, shlex.split(given.csv_args))
        own = OwnFile(given.csv, tuple(shlex.split(given.csv_args))) if given.csv else None
        is_whole = _play(stage, own, stay=not given.exit)
    except (StepFailed, ClientError) as fault:
        print(f"\nThe demo stopped: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demo was stopped.", file=sys.stderr)
        return INTERRUPTED
    if not is_whole:
        print("\nYour own file was not reported: see its chapter above.", file=sys.stderr)
    return 0 if is_whole else 1


def check_readable(path: Path, options: Sequence[str]) -> None:
    """Read the user's table before anything is played: a minute later is late for a typo.

    Raises:
        StepFailed: its options or its form are not understood.
    """
    try:
        context = submit.make_context("CSV_ARGS", [str(path), *options])
        form = context.params
        sign = {"tab": "\t", "\\t": "\t"}.get(form["delimiter"], form["delimiter"])
        wanted = TableOptions(form["encoding"], sign, form["heading_row"])
        read_table(path.read_bytes(), wanted)
    except click.ClickException as fault:
        raise StepFailed(f"CSV_ARGS: {fault.format_message()}") from fault
    except TableError as fault:
        raise StepFailed(
            f"{path}: {fault}. {fault.remedy} Options go into CSV_ARGS='...'."
        ) from fault


def _play(stage: Stage, own: OwnFile | None, *, stay: bool) -> bool:
    started = time.monotonic()
    chapter("Six parties draw their keys; founder 1 signs the charter, which names two witnesses")
    _found(stage)
    with witnesses(stage):
        is_reported = _play_watched(stage, own, started)
        if stay:
            with service(stage):
                _stay(stage)
    return is_reported


def _play_watched(stage: Stage, own: OwnFile | None, started: float) -> bool:
    is_reported = True
    with service(stage):
        chapter("The founders endorse, register their keys, and define the record types")
        _join(stage)
        play_agreed(stage)
        play_delivered(stage)
        play_counted(stage)
        play_sampled(stage)
        play_watched_line(stage)
        play_shared(stage)
        if own is not None:
            chapter(f"Your own file: {own.path}")
            is_reported = _report_csv(stage, own)
        play_newcomer(stage)
        _summarise(stage, started)
    chapter("The service stops, its data goes away: only files and the trust anchor are left")
    _verify_offline(stage)
    play_histories(stage)
    print(f"\nAll of it took {time.monotonic() - started:.0f} s. Files: {stage.folder}")
    return is_reported


def _found(stage: Stage) -> None:
    for party in PARTIES:
        stage.party(party.slug).parent.mkdir(parents=True, exist_ok=True)
        run_party(stage, party.slug, "create")
        print(f"  {party.slug:<19} {party.side:<9} {' / '.join(party.names.values())}")
    policy = stage.folder / "witnesses.txt"
    policy.write_text(make_witnesses(stage), encoding="utf-8")
    statements = [str(stage.party(party.slug) / "founder.json") for party in PARTIES]
    run_party(stage, OPERATOR, "found", "--data", str(stage.data),
              "--witnesses", str(policy), *statements)  # fmt: skip
    shutil.copy(stage.data / "anchor.json", stage.anchor)


def _join(stage: Stage) -> None:
    for party in PARTIES[1:]:
        at_service(stage, party.slug, "join")
    for party in PARTIES:
        at_service(stage, party.slug, "register")
    at_service(stage, OPERATOR, "define")


def _report_csv(stage: Stage, own: OwnFile) -> bool:
    """The user's file, by the ordinary command line, in the name of a tier-2 supplier."""
    command = ["-m", "api.cli", "submit", str(own.path.resolve()), "--type", "inspection-report/v1"]
    command += ["--party", str(stage.party(CSV_PARTY)), "--url", stage.url]
    command += ["--anchor", str(stage.anchor), "--journal", str(stage.folder / "own.journal")]
    # What a bare table of measurements does not state; values of the demo's own.
    decided_at = datetime.now(UTC).isoformat(timespec="seconds")
    for place, value in {**_OWN_VERDICT, "/verdict/decided_at": decided_at}.items():
        command += ["--set", f"{place}={value}"]
    command += own.options
    print(f"  not in a table, so of the demo's own: {', '.join(_OWN_VERDICT)}\n", flush=True)
    try:
        run(command, stage.environment(CSV_PARTY))
    except StepFailed:
        return False
    return True


def _summarise(stage: Stage, started: float) -> None:
    with LogClient(stage.url) as client:
        facts = client.parties()
        root = client.checkpoint().decode().splitlines()[2]
    records = sum(1 for _ in stage.folder.glob("parties/*/views/*.json"))
    print(
        f"\n  {facts['size']} entries by {len(facts['parties'])} parties, {records} of them "
        f"records of the trade; root {root}; {time.monotonic() - started:.0f} s so far"
    )


def _verify_offline(stage: Stage) -> None:
    away = stage.folder / "log-moved-away"
    stage.data.rename(away)
    offline = stage.folder / "offline"
    views = offline / "views"
    views.mkdir(parents=True)
    for path in stage.folder.glob("parties/*/views/*.json"):
        shutil.copy(path, views)
    shutil.copy(stage.anchor, offline)
    try:
        run(["-m", "examples.demo_offline", str(offline)], stage.environment(OPERATOR))
    finally:
        away.rename(stage.data)


def _stay(stage: Stage) -> None:
    views = stage.folder / "offline" / "views"
    print(f"\nThe portal: {stage.url}/   (中文: {stage.url}/?lang=zh)")
    print(f"Drop {next(iter(sorted(views.iterdir())))} and {stage.anchor} on {stage.url}/verify")
    print("Ctrl-C ends it.", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
