"""Ten lots of gears by sampling: tightened after two bad ones, and back to normal after five.

The customer revises its specification (its limits are the demo's own) and inspects real gears,
ten batches of ``data/gear-diameter.csv`` in an order of the demo's own: as many of each as the
plan of the severity in force asks for. Plan, verdict and the next lot's severity come from the
functions of ``quality.sampling``, applied here to what the demo itself measured; ``lotmark
sampling`` then tells every lot with its reason, by the same functions applied to the records of
the log, which it fetches and verifies first.
``python -m examples.demo_sampling inspect FOLDER ...`` is the customer's step.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from api.client import LogClient
from examples.demo_party import Desk, compose_planned, did_of, open_desk, planned_record
from examples.demo_stage import Stage, at_service, chapter, run
from examples.measurements import Row
from ledger.submission import Admitted
from quality.sampling.c_zero import c_zero_plan
from quality.sampling.plan import Plan
from quality.sampling.switching import At, InspectedLot, SamplingState, fold
from quality.sampling.verdict import LotVerdict, judge_lot

CUSTOMER: Final = "hanfeng-drive"
SUPPLIER: Final = "lindqvist-gears"
PART: Final = "GR-1001"
SITE: Final = "LG-1"
#: The batches in the order in which the lots arrive.
BATCHES: Final = ("1", "2", "5", "10", "3", "4", "6", "8", "9", "7")
LOT_PIECES: Final = 40
LEVEL: Final = "II"
AQL: Final = Decimal("2.5")
LOWER, UPPER = Decimal("0.985"), Decimal("1.015")
CLASS: Final = "major"
_SPECIFICATION, _REVISION = "SP-GR-1001", "C"
_LIKE: Final = "IR-GR-1"


@dataclass(frozen=True, slots=True)
class Inspection:
    """One lot: the gears of its sample, the plan in force for it, and what follows."""

    lot: str
    rows: tuple[Row, ...]
    plan: Plan
    defective: int
    verdict: LotVerdict

    @property
    def is_accepted(self) -> bool:
        """Whether the lot is accepted."""
        return self.verdict.decision == "accept"

    def words(self) -> str:
        """What is told of it while it is filed."""
        return f"lot {self.lot}, {self.plan.severity}: {self.verdict.reasons[0].en}"


def inspections() -> Iterator[Inspection]:
    """The ten lots; each one's severity follows from those before it."""
    state = SamplingState()
    for place, batch in enumerate(BATCHES, start=1):
        one = _inspect(f"LG-26-S{place:02}", batch, state)
        yield one
        lot = InspectedLot(
            At(place, one.lot),
            one.lot,
            is_accepted=one.is_accepted,
            severity=one.plan.severity,
            accept=one.plan.accept,
        )
        state = fold(state, lot).state


def _inspect(lot: str, batch: str, state: SamplingState) -> Inspection:
    plan = c_zero_plan(LOT_PIECES, level=LEVEL, aql=AQL, severity=state.severity)
    rows = planned_record(f"IR-GR-{batch}").rows[: plan.sample]
    defective = sum(not LOWER <= Decimal(row["diameter"]) <= UPPER for row in rows)
    verdict = judge_lot({CLASS: plan}, {CLASS: defective})
    return Inspection(lot, rows, plan, defective, verdict)


def play_sampled(stage: Stage) -> None:
    """Play the chapter."""
    chapter("Ten lots by sampling: tightened after two bad ones, back to normal after five good")
    at_service(stage, CUSTOMER, "inspect", program="sampling")
    asked = ["sampling", "--part", PART, "--site", SITE, "--class", CLASS, "--recompute"]
    print(f"\n  lotmark {' '.join(asked)}\n", flush=True)
    where = ["--party", str(stage.party(CUSTOMER)), "--url", stage.url]
    command = ["-m", "api.cli", *asked, *where, "--anchor", str(stage.anchor)]
    run(command, stage.environment(CUSTOMER))


def inspect(desk: Desk) -> None:
    """File the specification's revision, then each lot's inspection."""
    told = f"{_SPECIFICATION}, revision {_REVISION}: {LOWER} to {UPPER} in, c = 0, AQL {AQL}"
    _tell(desk, _revise(desk), f"specification {told}")
    for one in inspections():
        _tell(desk, _file(desk, one), one.words())


def _tell(desk: Desk, admitted: Admitted, words: str) -> None:
    print(f"  {desk.folder.root.name:<19} entry {admitted.index:>3}  {words}")


def _revise(desk: Desk) -> Admitted:
    planned = planned_record(f"{_SPECIFICATION} B")
    groups = planned.groups(did_of, id_of=str)
    (measured,) = groups["characteristics"]
    sampling = {"standard": "c=0", "level": LEVEL, "aql": str(AQL)}
    limits = {"lower": str(LOWER), "upper": str(UPPER), "sampling": sampling}
    more = {
        "state": groups["state"] | {"revision": _REVISION, "in_force_from": "2026-11-19"},
        "characteristics": [measured | limits],
    }
    named = replace(planned, number=f"{_SPECIFICATION} {_REVISION}")
    return desk.client.submit(compose_planned(desk, named, {}, more=more))


def _file(desk: Desk, one: Inspection) -> Admitted:
    like = planned_record(_LIKE)
    # What the supplier reads in full counts for both sides.
    planned = replace(like, number=f"IR-{one.lot}", subject=SUPPLIER, rows=one.rows)
    groups = planned.groups(did_of, id_of=str)
    text = compose_planned(desk, planned, {}, more=_said(groups, one))
    return desk.client.submit(text)


def _said(groups: dict[str, Any], one: Inspection) -> dict[str, Any]:
    """What the report says otherwise than the one that it is like."""
    (reason,) = one.verdict.reasons
    verdict = {"decision": one.verdict.decision, "decided_at": "2026-11-20T15:20:00+08:00"}
    lot = {
        "number": one.lot,
        "quantity": str(LOT_PIECES),
        "inspected": {"party": did_of(SUPPLIER), "site": SITE},
        "specification": {"id": _SPECIFICATION, "revision": _REVISION},
        "received_on": "2026-11-19",
        "delivery_note": "LS-26-350",
    }
    found = {"code": "DIM-DIAMETER", "class": CLASS, "units": one.defective}
    said: dict[str, Any] = {
        "verdict": groups["verdict"] | verdict | {"remark": f"{reason.en}\n{reason.zh}"},
        "lot": groups["lot"] | lot,
        "plan": _plan(one.plan),
        "defects": {
            "inspected": len(one.rows),
            "defective": one.defective,
            "items": [found | {"nonconformities": one.defective}] if one.defective else [],
        },
    }
    if not one.is_accepted:
        said["disposition"] = {"action": "return", "quantity": str(LOT_PIECES)}
    return said


def _plan(plan: Plan) -> dict[str, Any]:
    of_class = {"class": CLASS, "aql": str(AQL), "accept": plan.accept, "reject": plan.reject}
    return {
        "standard": plan.standard,
        "level": LEVEL,
        "severity": str(plan.severity),
        "letter_asked": plan.letter_asked,
        "sample": plan.sample,
        "whole_lot": plan.whole_lot,
        "classes": [of_class],
    }


def main(arguments: list[str]) -> int:
    """Do the customer's step."""
    parser = argparse.ArgumentParser(prog="examples.demo_sampling")
    parser.add_argument("step", choices=("inspect",))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--anchor", type=Path, required=True)
    given = parser.parse_args(arguments)
    desk = open_desk(given.folder, given.url, given.anchor)
    with LogClient(given.url, signer=desk.signing) as signed:
        inspect(replace(desk, client=signed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
