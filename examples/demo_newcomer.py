"""A seventh party joins by three of five, loses a phone, and goes on: chapters of the demo."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import Final

from examples.demo_parties import NEWCOMER, VOTERS
from examples.demo_stage import PHONE, Stage, at_service, chapter, run_party
from examples.measurements import planned_records

#: What the newcomer files, by whichever key: its records of the plan, one a testing machine.
NUMBERS: Final = tuple(r.number for r in planned_records() if r.party == NEWCOMER.slug)
BY_MACHINE, BY_PHONE, AFTERWARDS = NUMBERS[:2], NUMBERS[2], NUMBERS[3]


def play_newcomer(stage: Stage) -> None:
    """Play the chapters while the service runs."""
    chapter("A seventh party is admitted by three of the five that may vote")
    _join(stage)
    chapter("Its machine and its phone report")
    _report(stage)
    chapter("The phone is stolen: its key is cut off at its place in the log")
    _lose_phone(stage)
    chapter("The committed key replaces the admin key, and business goes on")
    _member(stage, NEWCOMER.slug, "go-on", "--file", str(stage.bulletin), AFTERWARDS)


def _join(stage: Stage) -> None:
    run_party(stage, NEWCOMER.slug, "create")
    print(
        f"  {NEWCOMER.slug:<19} {NEWCOMER.side:<9} {' / '.join(NEWCOMER.names.values())} "
        "draws its keys",
        flush=True,
    )
    proposal = ("--file", str(stage.folder / "proposal.txt"))
    newcomer = ("--other", str(stage.party(NEWCOMER.slug)))
    proposer, *voters = VOTERS
    _member(stage, proposer, "propose", *newcomer, *proposal)
    _member(stage, NEWCOMER.slug, "consent", *proposal)
    for voter in voters:
        _member(stage, voter, "vote", *proposal)


def _report(stage: Stage) -> None:
    phone, told = str(stage.party(PHONE)), ("--file", str(stage.bulletin))
    _member(stage, PHONE, "draw-phone")
    _member(stage, NEWCOMER.slug, "register", "--other", phone, *told, *BY_MACHINE)
    _member(stage, PHONE, "phone-report", *told, BY_PHONE)


def _lose_phone(stage: Stage) -> None:
    _member(stage, PHONE, "steal", BY_PHONE)
    keep_yesterday(stage)
    phone, told = str(stage.party(PHONE)), ("--file", str(stage.bulletin))
    _member(stage, NEWCOMER.slug, "revoke", "--other", phone, *told, BY_PHONE)
    _member(stage, PHONE, "steal-in-vain", BY_PHONE)


def keep_yesterday(stage: Stage) -> None:
    """Keep a copy of the operator's folder as it is now, as any backup of the disk would."""
    away = stage.folder / "log-yesterday"
    # The mark first: what a copy of it knows is in the copy of the database, too.
    shutil.copytree(stage.data, away, ignore=shutil.ignore_patterns("ledger.db*"))
    with (
        closing(sqlite3.connect(stage.data / "ledger.db")) as source,
        closing(sqlite3.connect(away / "ledger.db")) as target,
    ):
        source.backup(target)


def _member(stage: Stage, slug: str, step: str, *arguments: str) -> None:
    at_service(stage, slug, step, *arguments, program="member")
