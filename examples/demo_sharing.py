"""One record as four readers get it: anybody, a competitor, the customer, the OEM.

A supplier grants the OEM its measurements, files one inspection, and four readers ask for it.
Each gets another view of the same record, which verifies from the anchor alone; the log signed
what it decided for whom. Then the supplier asks who read it, and what others see of it.
``python -m examples.demo_sharing share FOLDER ...`` is the supplier's own process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from api.client import LogClient
from examples.demo_parties import OPERATOR
from examples.demo_party import compose_planned, open_desk, planned_record, read_bulletin
from examples.demo_stage import Stage, StepFailed, at_service, chapter, output_of
from ledger.anchor import parse_anchor
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view

SUPPLIER: Final = "suzhou-ceramics"
CUSTOMER: Final = "hanfeng-drive"
COMPETITOR: Final = "rheintal-systems"
NUMBER: Final = "OQ-CB-SHOWN"
TYPE: Final = "inspection-report/v1"
#: The measurements of a planned record are those of the one that is shown.
LIKE: Final = "OQ-CB-1"
#: What the supplier chose beside the defaults of the policy: its verdict for anybody.
TIERS: Final[Mapping[str, str]] = {"verdict": "public", "summary": "consortium"}
READERS: Final = (
    ("anybody", None),
    (f"a competitor, {COMPETITOR}", COMPETITOR),
    (f"the customer, {CUSTOMER}", CUSTOMER),
    (f"the OEM, {OPERATOR}", OPERATOR),
)


def play_shared(stage: Stage) -> None:
    """Play the chapter.

    Raises:
        StepFailed: a step ended badly, or somebody saw what it must not.
    """
    chapter("One record, four readers: each gets its own view, and each view verifies")
    what = f"{TYPE}:measurements"
    granted = _ask(stage, SUPPLIER, "grant", OPERATOR, "--open", what,
                   "--purpose", "capability-analysis", "--yes")  # fmt: skip
    print(f"  {SUPPLIER:<19} entry {granted['index']:>3}  grants {OPERATOR} measurements, a year")
    at_service(stage, SUPPLIER, "share", "--bulletin", str(stage.bulletin), program="sharing")
    record_id = read_bulletin(stage.bulletin)[NUMBER]
    shown = stage.folder / "shared"
    shown.mkdir()
    for words, slug in READERS:
        path = shown / f"{slug or 'anybody'}.json"
        _fetch(stage, slug, record_id, path)
        _tell(words, _verified(stage, path), path)
    _tell_reads(stage, record_id)


def share(arguments: argparse.Namespace) -> None:
    """File the record that is shown."""
    desk = open_desk(arguments.folder, arguments.url, arguments.anchor)
    with LogClient(arguments.url, signer=desk.signing) as signed:
        planned = replace(planned_record(LIKE), number=NUMBER)
        told = read_bulletin(arguments.bulletin)
        at_work = replace(desk, client=signed)
        admitted = signed.submit(compose_planned(at_work, planned, told, tiers=TIERS))
    line = {"party": SUPPLIER, "number": NUMBER, "record_id": admitted.record_id}
    with arguments.bulletin.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**line, "index": admitted.index}) + "\n")
    print(f"  {SUPPLIER:<19} entry {admitted.index:>3}  files {NUMBER}, its verdict for anybody\n")


def _fetch(stage: Stage, slug: str | None, record_id: str, path: Path) -> None:
    """``lotmark show --out``, as a party or as nobody."""
    command = ["show", record_id, "--out", str(path)]
    if slug is None:
        where = ["--url", stage.url, "--anchor", str(stage.anchor), "--anonymous"]
        output_of(["-m", "api.cli", *command, *where], stage.environment(OPERATOR))
    else:
        output_of(_command(stage, slug, *command), stage.environment(slug))


def _verified(stage: Stage, path: Path) -> VerifiedRecord:
    anchor = parse_anchor(stage.anchor.read_bytes())
    (record,) = verify_view(parse_view(path.read_bytes()), anchor).records
    return record


def _tell(words: str, record: VerifiedRecord, path: Path) -> None:
    decision = record.decision
    if decision is None:
        raise StepFailed(f"expected a decision signed by the log in {path}, found none")
    rules = {item.group: item.rule for item in decision.groups if item.is_readable}
    shown = ", ".join(f"{group} ({rules[group]})" for group in record.shown)
    print(f"  {words:<32} {len(record.shown)} of {record.defined} groups: {shown}")
    print(f"  {'':<32} lotmark verify {path.parent.name}/{path.name} --anchor anchor.json")


def _tell_reads(stage: Stage, record_id: str) -> None:
    told = _ask(stage, SUPPLIER, "accesses", "--record", record_id)
    readers = sorted({item["reader"].rpartition(":")[2] for item in told["accesses"]})
    print(
        f"\n  lotmark accesses             who read more of it than anybody may: {', '.join(readers)}"
    )
    seen = _ask(stage, SUPPLIER, "seen-by", COMPETITOR, "--record", record_id)
    groups = sorted(item["group"] for item in seen["groups"] if item["shown"])
    print(f"  lotmark seen-by              what {COMPETITOR} sees of it: {', '.join(groups)}")


def _ask(stage: Stage, slug: str, *arguments: str) -> dict[str, Any]:
    told = output_of(_command(stage, slug, *arguments, "--json"), stage.environment(slug))
    answer = json.loads(told)
    assert isinstance(answer, dict)
    return answer


def _command(stage: Stage, slug: str, *arguments: str) -> list[str]:
    where = ["--party", str(stage.party(slug)), "--url", stage.url, "--anchor", str(stage.anchor)]
    return ["-m", "api.cli", *arguments, *where]


def main(arguments: list[str]) -> int:
    """The supplier's process."""
    parser = argparse.ArgumentParser(prog="examples.demo_sharing")
    parser.add_argument("step", choices=("share",))
    parser.add_argument("folder", type=Path)
    for name in ("--url", "--anchor", "--bulletin"):
        parser.add_argument(name, required=True, type=str if name == "--url" else Path)
    assert os.environ["LOTMARK_PASSPHRASE"], "the demo gives every party its own"
    share(parser.parse_args(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
