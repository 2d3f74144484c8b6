"""The whole story on one machine: ``make demo`` (EXIT=1 to stop after it, CSV=path for yours).

Six parties, each a process with keys of its own, found a log, report real measurements of
physical things over HTTP, and keep what they were given. Then the service stops, its data
goes away, and every view is verified from files alone. Each later feature adds a chapter.
"""

from __future__ import annotations

import argparse
import itertools
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.submitting import submit
from api.cli.table import TableOptions, read_table
from api.cli.table_errors import TableError
from api.client import LogClient
from api.client_errors import ClientError
from examples.demo_parties import OPERATOR, PARTIES, party_of
from examples.measurements import planned_records

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS_MAX = 60
#: Only a folder with this file in it is cleared for the next demo.
MARK = "made-by-the-demo"
CSV_PARTY = "lindqvist-gears"
_OWN_VERDICT = {
    "/verdict/kind": "outgoing",
    "/verdict/decision": "conditional",
    "/lot/quantity": "1",
}


class StepFailed(Exception):
    """A step of the demo did not end well; its own words stand above."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays: its folder, the service's port, and the parties' passphrases."""

    folder: Path
    port: int
    passphrases: dict[str, str]

    @property
    def data(self) -> Path:
        """The operator's data folder."""
        return self.folder / "log"

    @property
    def url(self) -> str:
        """The service's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def anchor(self) -> Path:
        """The trust anchor, as every party got it from founder 1, out of band."""
        return self.folder / "anchor.json"

    def party(self, slug: str) -> Path:
        """A party's own folder."""
        return self.folder / "parties" / slug

    def environment(self, slug: str) -> dict[str, str]:
        """What a party's processes may know."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LOTMARK_")}
        return {**kept, "LOTMARK_PASSPHRASE": self.passphrases[slug], "PYTHONUNBUFFERED": "1"}


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
        stage = _set_stage(given.folder)
        if given.csv is not None:
            check_readable(given.csv, shlex.split(given.csv_args))
        own = OwnFile(given.csv, tuple(shlex.split(given.csv_args))) if given.csv else None
        is_whole = _play(stage, own, stay=not given.exit)
    except (StepFailed, ClientError) as fault:
        print(f"\nThe demo stopped: {fault}", file=sys.stderr)
        return 1
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


def _set_stage(folder: Path) -> Stage:
    if folder.exists():
        if not (folder / MARK).is_file():
            raise StepFailed(f"{folder} is there and no folder of an earlier demo: name another")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    return Stage(folder, port, {party.slug: secrets.token_urlsafe(18) for party in PARTIES})


def _play(stage: Stage, own: OwnFile | None, *, stay: bool) -> bool:
    started, is_reported = time.monotonic(), True
    _chapter("Six parties draw their keys; founder 1 signs the charter")
    _found(stage)
    with _service(stage):
        _chapter("The founders endorse, register their keys, and define the record types")
        _join(stage)
        _chapter("Each party signs and submits what it measured")
        print("  (the proving commands are for the folder 'offline' of the demo's files)\n")
        _report(stage)
        if own is not None:
            _chapter(f"Your own file: {own.path}")
            is_reported = _report_csv(stage, own)
        _summarise(stage, started)
    _chapter("The service stops, its data goes away: only files and the trust anchor are left")
    _verify_offline(stage)
    print(f"\nAll of it took {time.monotonic() - started:.0f} s. Files: {stage.folder}")
    if stay:
        with _service(stage):
            _stay(stage)
    return is_reported


def _chapter(title: str) -> None:
    print(f"\n== {title}\n", flush=True)


def _found(stage: Stage) -> None:
    for party in PARTIES:
        stage.party(party.slug).parent.mkdir(parents=True, exist_ok=True)
        _party(stage, party.slug, "create")
        print(f"  {party.slug:<17} {party.side:<9} {' / '.join(party.names.values())}")
    statements = [str(stage.party(party.slug) / "founder.json") for party in PARTIES]
    _party(stage, OPERATOR, "found", "--data", str(stage.data), *statements)
    shutil.copy(stage.data / "anchor.json", stage.anchor)


def _join(stage: Stage) -> None:
    for party in PARTIES[1:]:
        _at_service(stage, party.slug, "join")
    for party in PARTIES:
        _at_service(stage, party.slug, "register")
    _at_service(stage, OPERATOR, "define")


def _report(stage: Stage) -> None:
    plan = planned_records()
    for slug, records in itertools.groupby(plan, key=lambda record: record.party):
        numbers = [record.number for record in records]
        bulletin = str(stage.folder / "bulletin.jsonl")
        _at_service(stage, slug, "report", "--bulletin", bulletin, *numbers)


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
        _run(command, stage.environment(CSV_PARTY))
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
        f"measured facts; root {root}; {time.monotonic() - started:.0f} s so far"
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
        _run(["-m", "examples.demo_offline", str(offline)], stage.environment(OPERATOR))
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


@contextmanager
def _service(stage: Stage) -> Iterator[None]:
    environment = {
        **stage.environment(OPERATOR),
        "LOTMARK_DATA": str(stage.data),
        "LOTMARK_PORT": str(stage.port),
        "LOTMARK_BASE_URL": stage.url,
    }
    with (stage.folder / "service.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve"],
            cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_ready(stage, process)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=START_SECONDS_MAX)


def _wait_until_ready(stage: Stage, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", stage.port)) == 0:
                return
        time.sleep(0.1)
    text = (stage.folder / "service.log").read_text(encoding="utf-8")[-2000:]
    raise StepFailed(f"the service did not start:\n{text}")


def _party(stage: Stage, slug: str, step: str, *arguments: str) -> None:
    command = ["-m", "examples.demo_party", step, str(stage.party(slug)), *arguments]
    _run(command, stage.environment(party_of(slug).slug))


def _at_service(stage: Stage, slug: str, step: str, *arguments: str) -> None:
    where = ("--url", stage.url, "--anchor", str(stage.anchor))
    _party(stage, slug, step, *where, *arguments)


def _run(arguments: Sequence[str], environment: dict[str, str]) -> None:
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, check=False,
    )  # fmt: skip
    if ended.returncode != 0:
        raise StepFailed(f"{' '.join(arguments[:3])} ended with status {ended.returncode}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
