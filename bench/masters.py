"""Masters and deliveries: the evaluation consortium drawn, loaded, audited and asked.

Records are signed beforehand, so loading is what a service does with them: check in worker
processes, judge against everything in force, write, and fold into the derived tables beside it.
Questions are "delivered per part and month", each for a part and month drawn at random, and
each answer is compared with what the generator knows.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from api.audit_sources import StoreSource, log_types, map_in_processes
from api.simulation.folder import SimulationFolder, SimulationPlan
from api.simulation.genesis import open_simulated
from api.simulation.loading import Loader
from api.simulation.signed_log import fill_log, found_once
from api.simulation.signing import SignedDraft
from api.trade import opening_state
from api.wiring import Service
from bench import ceilings
from bench.engines import Engine, add_engine_option, chosen
from bench.report import Figures, print_report
from keys.identifiers import Origin, Slug, party_did
from ledger.audit import Audit
from ledger.clock import ManualClock
from quality.deliveries.agreed import Lane
from quality.deliveries.answers import MonthRow, monthly
from quality.deliveries.book import Question
from quality.deliveries.delivery import MonthKey
from quality.evaluation.calendar import day_of
from quality.evaluation.consortium import BEGIN, ORIGIN
from quality.evaluation.profile import SUPPLIERS
from quality.evaluation.truth import Cell, CellTruth, Truth

#: What a machine with nothing else to do checks a second; a busy one measures less.
UNHURRIED_VERIFY_PER_S: Final = 25_000
#: Signed and then loaded at a time: few enough to be in memory, enough to be timed.
ROUND_RECORDS: Final = 10_000
FOLLOW_SECONDS_MAX: Final = 3_600.0
CEILING_SECONDS: Final = 1.5


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured, and how many processes sign, check and audit."""

    suppliers: int
    records: int
    drawn: int
    questions: int
    processes: int = 2

    def scaled(self, share: float) -> Size:
        """Less of it, for a machine that has other work."""
        records, drawn = int(self.records * share), int(self.drawn * share)
        return replace(self, records=records, drawn=drawn)


QUICK: Final = Size(suppliers=3, records=300, drawn=2_000, questions=200, processes=1)
DEFAULT: Final = Size(suppliers=30, records=8_000, drawn=40_000, questions=2_000)
FULL: Final = Size(suppliers=SUPPLIERS, records=1_000_000, drawn=200_000, questions=10_000)


def measure(size: Size, engine: Engine, root: Path) -> Figures:
    """All figures of one run on one engine."""
    verify = ceilings.verify_per_s(CEILING_SECONDS)
    if size is DEFAULT:
        size = size.scaled(min(1.0, max(0.4, verify / UNHURRIED_VERIFY_PER_S)))
    figures = {
        "ceiling_verify_per_s": verify,
        "ceiling_commits_per_s": engine.commits_per_s(root, CEILING_SECONDS),
        "draft_per_s": _draft_per_s(size),
    }
    log = _Log(size, engine, root)
    try:
        figures |= log.load()
        figures |= log.ask()
        figures["audit_per_s"] = log.audit_per_s()
        figures["disk_per_record_byte"] = log.disk_bytes() / size.records
    finally:
        log.close()
    figures["rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def _draft_per_s(size: Size) -> float:
    """Records drawn a second by this process alone, the truth about them included."""
    plan, truth = _plan(SUPPLIERS, size.drawn), Truth()
    drafts = plan.consortium().drafts()
    next(drafts)
    started, drawn = time.perf_counter(), 0
    for draft in islice(drafts, size.drawn):
        truth.note(draft.fact)
        drawn += 1
    return drawn / (time.perf_counter() - started)


def _plan(suppliers: int, records: int) -> SimulationPlan:
    return SimulationPlan(1, suppliers, None, records, BEGIN, is_signed=True)


class _Log:
    """The log that is measured, open, and what is true about it."""

    def __init__(self, size: Size, engine: Engine, root: Path) -> None:
        self._size = size
        self._plan = _plan(size.suppliers, size.records)
        self._engine = engine
        folder = SimulationFolder(root)
        self._folder = engine.folder(folder.data)
        self._first = found_once(folder, self._plan, self._folder)
        self._clock = ManualClock(self._plan.consortium().begin_ms)
        self._service: Service = open_simulated(self._folder, self._clock, processes=size.processes)
        self._truth = Truth()
        self._last_ms = 0
        self._warm = min(500, size.records // 3)

    def close(self) -> None:
        self._service.close()

    # ---- loading ----

    def load(self) -> Figures:
        """Sign and load round by round; what an earlier run has loaded is not loaded again."""
        signing, loading, loaded = 0.0, 0.0, 0
        loader = Loader(self._service, self._clock, is_exact=False)
        rounds = self._rounds()
        while True:
            begun = time.perf_counter()
            drafts = next(rounds, None)
            signing += time.perf_counter() - begun
            if drafts is None:
                break
            begun = time.perf_counter()
            count = asyncio.run(loader.load(drafts, on_loaded=self._note))
            if count > self._warm:
                loading += time.perf_counter() - begun
                loaded += count
            _tell(f"{self._truth.drafts} of {self._size.records} records loaded")
        begun = time.perf_counter()
        self._service.derived.await_size(self._service.ledger.size, FOLLOW_SECONDS_MAX)
        behind = time.perf_counter() - begun
        return {
            "records": self._truth.drafts,
            "sign_per_s": self._truth.drafts / signing,
            "load_per_s": loaded / loading if loaded else 0.0,
            "load_follow_per_s": loaded / (loading + behind) if loaded else 0.0,
        }

    def _rounds(self) -> Iterator[list[SignedDraft]]:
        drafts = self._missing()
        # The first few start the processes; they are loaded before anything is timed.
        yield list(islice(drafts, self._warm))
        while signed := list(islice(drafts, ROUND_RECORDS)):
            yield signed

    def _missing(self) -> Iterator[SignedDraft]:
        filling = fill_log(
            self._plan, self._service, first=self._first, processes=self._size.processes
        )
        for draft, is_there in filling:
            if is_there:
                self._note(draft)
            else:
                yield draft

    def _note(self, draft: SignedDraft) -> None:
        self._truth.note(draft.fact)
        self._last_ms = draft.at_ms

    # ---- asking ----

    def ask(self) -> Figures:
        """Delivered per part and month, for cells drawn at random; and a row of the same table."""
        draw = random.Random(1)
        cells = [(cell, true) for cell, true in self._truth.cells.items() if true.receipts]
        asked = [cells[int(draw.random() * len(cells))] for _ in range(self._size.questions)]
        as_of = day_of(self._last_ms)
        answering = _milliseconds(lambda one: self._expect_answer(*one, as_of=as_of), asked)
        looking = _milliseconds(lambda one: self._expect_row(*one), asked)
        return {
            "delivered_p50_ms": median(answering),
            "delivered_p99_ms": quantiles(answering, n=100)[-1],
            "ceiling_row_p99_ms": quantiles(looking, n=100)[-1],
            "cells": len(cells),
        }

    def _expect_answer(self, cell: Cell, true: CellTruth, *, as_of: date) -> None:
        lane = _lane(cell)
        question = Question(
            cell.month,
            cell.month,
            customer=lane.customer,
            supplier=lane.supplier,
            part=lane.part,
        )
        with self._service.derived.book.at_once() as book:
            (row,) = monthly(book, question, as_of=as_of)
        expect_true(row, cell, true)

    def _expect_row(self, cell: Cell, true: CellTruth) -> None:
        key = MonthKey(_lane(cell), cell.month)
        # Lots of shipments that nobody has received yet are in the answer, and not in this row.
        assert self._service.derived.book.months([key])[key].lots == true.received_lots, cell

    # ---- auditing ----

    def audit_per_s(self) -> float:
        """Entries a second of a whole audit, content and what was in force included."""
        service = self._service
        source, started = StoreSource.of(service.store), time.perf_counter()
        types = log_types(service.config.origin, service.store)
        running = Audit(service.config.origin, source, types=types, state=opening_state())
        for _ in running.run(map_in_processes(self._size.processes, types)):
            _tell(f"{running.size} entries audited")
        report = running.finish()
        assert report.is_clean, report.findings[:3]
        return report.entries / (time.perf_counter() - started)

    def disk_bytes(self) -> int:
        """What the log takes, its derived tables included."""
        return self._engine.disk_bytes(self._folder)


def _lane(cell: Cell) -> Lane:
    customer, supplier = _DIDS[cell.customer], _DIDS[cell.supplier]
    return Lane(customer, supplier, cell.part)


def expect_true(row: MonthRow, cell: Cell, true: CellTruth) -> None:
    """Hold an answer against what the generator knows; what cannot be counted has no number."""
    assert (row.delivered is None) == (true.received_pieces is None), (cell, true, row)
    if row.delivered is not None:
        assert row.unconfirmed is not None
        assert row.delivered - row.unconfirmed == true.received_pieces, (cell, true, row)
    assert row.lots >= true.received_lots, (cell, true, row)
    assert row.bad == true.confirmed, (cell, true, row)


class _Dids(dict[str, str]):
    """DIDs by slug, made once each."""

    def __missing__(self, slug: str) -> str:
        self[slug] = found = party_did(Origin(ORIGIN), Slug(slug))
        return found


_DIDS: Final[Mapping[str, str]] = _Dids()


def _milliseconds(
    action: Callable[[tuple[Cell, CellTruth]], None], asked: Sequence[tuple[Cell, CellTruth]]
) -> list[float]:
    found = []
    for one in asked:
        started = time.perf_counter()
        action(one)
        found.append((time.perf_counter() - started) * 1e3)
    return found


def _tell(text: str) -> None:
    """Progress, for whoever waits; a full run takes a quarter of an hour and more."""
    if sys.stderr.isatty() or os.environ.get("LOTMARK_BENCH_PROGRESS"):
        print(text, file=sys.stderr)


def main(arguments: Sequence[str]) -> int:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.masters", description=__doc__)
    parser.add_argument("--json", action="store_true", help="on one line")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--full", action="store_true", help=f"{FULL.records} records; an hour")
    sizes.add_argument("--quick", action="store_true", help="only show that it works")
    parser.add_argument(
        "--keep",
        type=Path,
        help="work in this folder and leave the log there; a run that was stopped goes on "
        "(SQLite only)",
    )
    add_engine_option(parser)
    options = parser.parse_args(arguments)
    if options.keep and options.engine != "sqlite":
        parser.error("expected --engine sqlite with --keep")
    size = FULL if options.full else QUICK if options.quick else DEFAULT
    print_report(
        lambda engine, root: measure(size, engine, root),
        chosen(options.engine),
        is_compact=options.json,
        kept=options.keep,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
