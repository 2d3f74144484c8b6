"""One record as four readers get it: anybody, a competitor, the customer, the OEM.

A supplier grants the OEM its measurements, files one inspection, and four readers ask for it.
Each gets another view of the same record, which verifies from the anchor alone; the log signed
what it decided for whom. Then the supplier asks who read it, and what others see of it.
A recipe goes further: it is sealed, and the service itself cannot read it.
``python -m examples.demo_sharing STEP FOLDER ...`` is one step of one party.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from api.client import LogClient
from examples.demo_parties import OPERATOR
from examples.demo_party import (
    Desk,
    compose_planned,
    did_of,
    open_desk,
    planned_record,
    read_bulletin,
)
from examples.demo_sealed import RECIPE, file_sealed, open_group, register_sealing_key
from examples.demo_stage import Stage, StepFailed, at_service, chapter, output_of
from ledger.anchor import parse_anchor
from ledger.submission import Admitted
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view

SUPPLIER: Final = "suzhou-ceramics"
CUSTOMER: Final = "hanfeng-drive"
COMPETITOR: Final = "rheintal-systems"
NUMBER: Final = "OQ-CB-SHOWN"
TYPE: Final = "inspection-report/v1"
#: The measurements of a planned record are those of the one that is shown.
LIKE: Final = "OQ-CB-1"
SEALED: Final = "PU-WF-SEALED"
SEALED_LIKE: Final = "PU-WF-1"
_RECIPE: Final = {"name": "Annealing", "revision": "C", "settings": [{"id": "T2", "value": "412"}]}
#: What the supplier chose beside the defaults of the policy: its verdict for anybody.
TIERS: Final[Mapping[str, str]] = {"verdict": "public"}
#: What members see of it beside the verdict, where only the customer gets figures.
_BANDS: Final[Mapping[str, Any]] = {"bands": {"accepted": True, "ppm": "under-50"}}
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
    print()
    for slug in (COMPETITOR, OPERATOR):
        at_service(stage, slug, "key", "--bulletin", str(stage.bulletin), program="sharing")
    for slug, step in ((COMPETITOR, "seal"), (OPERATOR, "unseal")):
        at_service(stage, slug, step, "--bulletin", str(stage.bulletin), program="sharing")


def share(desk: Desk, bulletin: Path) -> None:
    """File the record that is shown."""
    planned = replace(planned_record(LIKE), number=NUMBER)
    admitted = desk.client.submit(
        compose_planned(desk, planned, read_bulletin(bulletin), tiers=TIERS, more=_BANDS)
    )
    _note(bulletin, SUPPLIER, NUMBER, admitted)
    print(f"  {SUPPLIER:<19} entry {admitted.index:>3}  files {NUMBER}, its verdict for anybody\n")


def seal(desk: Desk, bulletin: Path, anchor: Path) -> None:
    """File parameters whose recipe is sealed to the OEM: the service cannot read it."""
    trusted = parse_anchor(anchor.read_bytes())
    planned = replace(planned_record(SEALED_LIKE), number=SEALED)
    composed = compose_planned(
        desk, planned, read_bulletin(bulletin), tiers={RECIPE: "sealed"}, more={RECIPE: _RECIPE}
    )
    admitted = file_sealed(desk, composed, anchor=trusted, readers=[did_of(OPERATOR)])
    _note(bulletin, COMPETITOR, SEALED, admitted)
    print(f"  {COMPETITOR:<19} entry {admitted.index:>3}  files {SEALED}, its recipe sealed")


def unseal(desk: Desk, bulletin: Path, anchor: Path) -> None:
    """Open it with the OEM's own key."""
    trusted = parse_anchor(anchor.read_bytes())
    recipe = open_group(desk, read_bulletin(bulletin)[SEALED], anchor=trusted)
    print(f"  {OPERATOR:<19} opens the recipe with its own key: {recipe['name']}")


def _note(bulletin: Path, party: str, number: str, admitted: Admitted) -> None:
    line = {"party": party, "number": number, "record_id": admitted.record_id}
    with bulletin.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**line, "index": admitted.index}) + "\n")


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
    print(f"\n  lotmark accesses    who read more of it than anybody may: {', '.join(readers)}")
    seen = _ask(stage, SUPPLIER, "seen-by", COMPETITOR, "--record", record_id)
    groups = sorted(item["group"] for item in seen["groups"] if item["shown"])
    print(f"  lotmark seen-by     what {COMPETITOR} sees of it: {', '.join(groups)}")


def _ask(stage: Stage, slug: str, *arguments: str) -> dict[str, Any]:
    told = output_of(_command(stage, slug, *arguments, "--json"), stage.environment(slug))
    answer = json.loads(told)
    assert isinstance(answer, dict)
    return answer


def _command(stage: Stage, slug: str, *arguments: str) -> list[str]:
    where = ["--party", str(stage.party(slug)), "--url", stage.url, "--anchor", str(stage.anchor)]
    return ["-m", "api.cli", *arguments, *where]


def main(arguments: list[str]) -> int:
    """One step of one party, in a process of its own."""
    parser = argparse.ArgumentParser(prog="examples.demo_sharing")
    parser.add_argument("step", choices=("share", "key", "seal", "unseal"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--anchor", type=Path, required=True)
    parser.add_argument("--bulletin", type=Path, required=True)
    given = parser.parse_args(arguments)
    desk = open_desk(given.folder, given.url, given.anchor)
    with LogClient(given.url, signer=desk.signing) as signed:
        at_work = replace(desk, client=signed)
        if given.step == "share":
            share(at_work, given.bulletin)
        elif given.step == "key":
            register_sealing_key(at_work)
        elif given.step == "seal":
            seal(at_work, given.bulletin, given.anchor)
        else:
            unseal(at_work, given.bulletin, given.anchor)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
