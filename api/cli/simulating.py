"""``lotmark simulate``: the evaluation consortium's records, as drafts or as a log."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from api.cli.options import pass_output
from api.cli.output import Output
from api.simulation.folder import (
    SimulationFolder,
    SimulationPlan,
    claim,
    write_drafts,
    write_truth,
)
from quality.evaluation.calendar import DAY_MS
from quality.evaluation.consortium import BEGIN
from quality.evaluation.profile import SUPPLIERS

MONTHS: Final = 12
MONTHS_MAX: Final = 240
_SIGNERS_MAX: Final = 4


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    help="What everything is drawn from: the same seed gives the same bytes.",
)
@click.option(
    "--suppliers",
    type=click.IntRange(1, 999),
    default=SUPPLIERS,
    show_default=True,
    help="How many; methods are compared on the default.",
)
@click.option(
    "--months",
    type=click.IntRange(1, MONTHS_MAX),
    help=f"How long; default: {MONTHS}, or as long as --records asks for.",
)
@click.option(
    "--records", type=click.IntRange(1, 100_000_000), help="Stop after so many, whatever the time."
)
@click.option(
    "--sign", "is_signed", is_flag=True, help="Make a log that can be served and audited."
)
@click.option(
    "--begin",
    type=click.DateTime(["%Y-%m-%d"]),
    default=BEGIN.isoformat(),
    show_default=True,
    help="The first day.",
)
@pass_output
def simulate(output: Output, *, out: Path, begin: datetime, **options: int | bool | None) -> None:
    """Write down what simulated suppliers and their customers say, and what is true.

    The suppliers are those of the evaluation consortium, drawn from the seed. OUT gets their
    records as drafts.jsonl and what is true about them as truth.json. With --sign the records
    are signed with throwaway keys and loaded into a log in OUT/data, for try-outs; its name is
    simulated.example, and the passphrase of all its keys is 'simulated'.

    A run that was stopped goes on when the same command is given again.
    """
    months, records = options["months"], options["records"]
    plan = SimulationPlan(
        seed=int(options["seed"] or 0),
        suppliers=int(options["suppliers"] or SUPPLIERS),
        months=months if months or records else MONTHS,
        records=records,
        begin=begin.date(),
        is_signed=bool(options["is_signed"]),
    )
    run = _Run(output, SimulationFolder(out), plan)
    if claim(run.folder, plan):
        run.simulate()
    else:
        output.say(f"{out} holds this simulation already, whole")
    run.tell()


class _Run:
    """One run of the command."""

    def __init__(self, output: Output, folder: SimulationFolder, plan: SimulationPlan) -> None:
        self._output = output
        self.folder = folder
        self._plan = plan
        self._records = 0
        self._seconds = 0.0
        self._last_ms = 0

    def simulate(self) -> None:
        """Write everything."""
        started = time.monotonic()
        consortium = self._plan.consortium()
        end_ms = consortium.end_ms
        days = (end_ms - consortium.begin_ms) // DAY_MS if end_ms else None
        length = self._plan.records if end_ms is None or self._plan.records else days
        with self._output.progress("simulating", length) as update:
            progress = self._counting(update, is_by_day=length is days)
            if self._plan.is_signed:
                # Only here: drafts alone need neither database nor web.
                from api.observability import configure_logs
                from api.simulation.signed_log import load_log

                configure_logs(least=logging.WARNING)
                processes = min(_SIGNERS_MAX, os.cpu_count() or 1)
                truth = load_log(self.folder, self._plan, processes=processes, progress=progress)
            else:
                truth = write_drafts(self.folder, self._plan, progress)
        write_truth(self.folder, self._plan, truth)
        self._seconds = time.monotonic() - started

    def _counting(self, update: Callable[[int], None], *, is_by_day: bool) -> Callable[[int], None]:
        def count(at_ms: int) -> None:
            self._records += 1
            if not is_by_day:
                update(1)
            elif at_ms // DAY_MS > self._last_ms // DAY_MS:
                update(at_ms // DAY_MS - self._last_ms // DAY_MS if self._last_ms else 1)
            self._last_ms = at_ms

        return count

    def tell(self) -> None:
        """What there is now, and what can be done with it."""
        say, folder = self._output.say, self.folder
        if self._records:
            say(f"{self._records} simulated records in {self._seconds:.0f} s")
        if self._plan.is_signed:
            say(f"  a log of nobody's word is in {folder.data}; every passphrase is 'simulated'")
            say(f"  LOTMARK_PASSPHRASE=simulated lotmark serve --data {folder.data}")
            say(f"  lotmark audit {folder.data}")
        else:
            say(f"  records, one a line: {folder.drafts}")
        say(f"  what is true about them: {folder.truth}")
        self._warn_of_future()
        self._output.result(
            {
                "folder": str(folder.root),
                "records": self._records,
                "seconds": round(self._seconds, 3),
                "truth": str(folder.truth),
                "data": str(folder.data) if self._plan.is_signed else None,
                "drafts": None if self._plan.is_signed else str(folder.drafts),
            }
        )

    def _warn_of_future(self) -> None:
        last = datetime.fromtimestamp(self._last_ms / 1000, UTC)
        if self._plan.is_signed and last > datetime.now(UTC):
            self._output.note(
                f"the last entry is of {last:%Y-%m-%d %H:%M}: the log takes no record before then; "
                "--begin makes it earlier"
            )
