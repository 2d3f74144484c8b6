"""What the parties agree on, and what is delivered and measured under it: chapters of the demo.

One side offers a relation or signs a part, the other one countersigns it; what only one side
signed binds nobody. Then come shipments, receipts and inspections, which cite all that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from examples.demo_parties import NEWCOMER
from examples.demo_stage import Stage, at_service, chapter, run
from examples.measurements import PlannedRecord, agreed_records, planned_records

#: Buys gears and rings, and sells transmissions.
CUSTOMER: Final = "hanfeng-drive"


def play_agreed(stage: Stage) -> None:
    """Play the chapter of what is agreed on."""
    chapter("What the parties agree on: one side signs, the other countersigns")
    for slug, numbers in _steps(agreed_records()):
        _report(stage, slug, numbers)


def play_delivered(stage: Stage) -> None:
    """Play the chapter of what is shipped, received and measured."""
    chapter("What they ship, receive and measure, each record against what was agreed")
    print("  (the proving commands are for the folder 'offline' of the demo's files)\n")
    planned = [record for record in planned_records() if record.party != NEWCOMER.slug]
    steps = list(_steps(planned))
    last = {slug: place for place, (slug, _) in enumerate(steps)}
    for place, (slug, numbers) in enumerate(steps):
        # The witnesses are waited for once a party: its views are kept with its last step.
        keep = ("--keep",) if last[slug] == place else ()
        _report(stage, slug, [*keep, *numbers])


def play_counted(stage: Stage) -> None:
    """Play the chapter in which a customer, a supplier itself, asks what was delivered."""
    chapter(f"What was delivered by part and month, as {CUSTOMER} asks, and counts again")
    asked = ["delivered", "--from", "2026-10", "--to", "2026-11", "--recompute"]
    print(f"  lotmark {' '.join(asked)}\n", flush=True)
    where = ["--party", str(stage.party(CUSTOMER)), "--url", stage.url]
    command = ["-m", "api.cli", *asked, *where, "--anchor", str(stage.anchor)]
    run(command, stage.environment(CUSTOMER))


def _steps(records: Sequence[PlannedRecord]) -> Iterator[tuple[str, list[str]]]:
    """Each party with the numbers that it files in one go, in order."""
    for slug, filed in itertools.groupby(records, key=lambda record: record.party):
        yield slug, [record.number for record in filed]


def _report(stage: Stage, slug: str, rest: Sequence[str]) -> None:
    at_service(stage, slug, "report", "--bulletin", str(stage.bulletin), *rest)
