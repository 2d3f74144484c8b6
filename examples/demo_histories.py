"""The operator lies, twice: another history under the log's own key, and yesterday's log again.

Every refusal must have the code that the documents name, else the demo fails.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.witness_client import WitnessClient
from examples.demo_newcomer import NUMBERS
from examples.demo_parties import NEWCOMER, WITNESSES
from examples.demo_stage import (
    PHONE,
    Stage,
    StepFailed,
    chapter,
    output_of,
    refused_start,
    run_party,
    service,
)
from keys.errors import KeysError
from ledger.anchor import Anchor, encode_anchor, parse_anchor
from ledger.checkpoint import parse_checkpoint
from ledger.errors import LedgerError
from ledger.note import parse_note
from ledger.receipt import verify_receipt
from ledger.trust_policy import encode_trust_policy
from ledger.verify import verify_view
from ledger.view import parse_view
from ledger.witness import encode_request

#: What happened since the copy was taken: as many entries has the other history.
SINCE: Final = 3


@dataclass
class Refusals:
    """What was tried, and how many of them were refused with the code that they must have."""

    codes: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, found: str, expected: str, what: str) -> None:
        """Print one try and count it."""
        self.codes.append((found, expected))
        mark = "refused" if found == expected else "WRONG  "
        print(f"  {mark}  {found:<30} {what}", flush=True)
        if found != expected:
            print(f"           expected {expected}")

    def settle(self) -> None:
        """Print the count.

        Raises:
            StepFailed: one was not refused, or with another code.
        """
        right = sum(found == expected for found, expected in self.codes)
        print(f"\n  {right} of {len(self.codes)} lies about the log refused by name")
        if right < len(self.codes):
            raise StepFailed("a lie about the log was not refused as it must be")


def play_histories(stage: Stage) -> None:
    """Play both lies.

    Raises:
        StepFailed: one of them is not refused as the documents say.
    """
    refusals = Refusals()
    chapter("The operator signs another history, in which the stolen key never ended")
    _fork(stage, refusals)
    chapter("The operator puts yesterday's database back")
    _roll_back(stage, refusals)
    refusals.settle()


# ---- another history ----


def _fork(stage: Stage, refusals: Refusals) -> None:
    forked, told = stage.folder / "log-forked", stage.folder / "fork"
    shutil.copytree(stage.folder / "log-yesterday", forked)
    told.mkdir()
    anchor = parse_anchor(stage.anchor.read_bytes())
    # What a program does that was changed to ask no witness.
    (forked / "anchor.json").write_text(_unwitnessed(anchor), encoding="utf-8")
    where = ("--url", stage.address("fork"), "--anchor", str(stage.anchor))
    with service(stage, data=forked, name="fork"):
        run_party(stage, PHONE, "fork", *where, "--file", str(told), *NUMBERS[:SINCE],
                  program="member")  # fmt: skip
    print()
    for slug in WITNESSES:
        _ask_witness(stage, anchor, slug, refusals=refusals)
    view, receipt = (told / "view.json").read_bytes(), (told / "receipt.txt").read_bytes()
    jws = (told / "record.txt").read_text(encoding="ascii")
    code = _code_of(lambda: verify_view(parse_view(view), anchor))
    refusals.tell(code, "quorum-not-met", "a view of the other history: no witness signed it")
    code = _code_of(lambda: verify_receipt(receipt, jws, anchor=anchor))
    refusals.tell(code, "quorum-not-met", "a receipt of the other history")
    _show_evidence(stage)


def _unwitnessed(anchor: Anchor) -> str:
    lines = encode_trust_policy(anchor.policy).splitlines(keepends=True)
    logs = "".join(line for line in lines if line.startswith("log "))
    return encode_anchor(anchor.origin, f"{logs}quorum none\n", anchor.charter)


def _ask_witness(stage: Stage, anchor: Anchor, slug: str, *, refusals: Refusals) -> None:
    """Ask for a cosignature under the other history, from the size that was cosigned last."""
    note = (stage.folder / "fork" / "checkpoint.txt").read_text(encoding="utf-8")
    size = parse_checkpoint(parse_note(note.encode()).text).size
    (named,) = [w for w in anchor.policy.witnesses if w.url == stage.address(slug)]
    client = WitnessClient(named, seconds_max=10)
    try:
        answer = client.add_checkpoint(encode_request(size, (), note=note))
    finally:
        client.close()
    code = answer.body.decode().partition(":")[0].strip()
    what = f"the other history of {size} entries, by the witness that {slug} runs"
    refusals.tell(code, "roots-differ", what)


def _code_of(check: Callable[[], object]) -> str:
    try:
        check()
    except (LedgerError, KeysError) as fault:
        return fault.code
    return "accepted"


def _show_evidence(stage: Stage) -> None:
    """What a witness kept, checked by somebody who has the anchor and nothing else."""
    slug, out = WITNESSES[0], stage.folder / "evidence"
    command = ["-m", "api.cli", "witness", "export-evidence", "--json", "--out", str(out)]
    command += ["--folder", str(stage.witness(slug))]
    files = json.loads(output_of(command, stage.environment(slug)))["files"]
    if len(files) != 1:
        raise StepFailed(f"expected one piece of evidence from {slug}, found {len(files)}")
    print(
        f"\n  lotmark verify-fork {Path(files[0]).relative_to(stage.folder)}, by {NEWCOMER.slug}:"
    )
    command = ["-m", "api.cli", "verify-fork", files[0], "--anchor", str(stage.anchor)]
    said = output_of([*command, "--language", "en"], stage.environment(NEWCOMER.slug))
    print("".join(f"    {line}\n" for line in said.splitlines()), end="")


# ---- yesterday's log again ----


def _roll_back(stage: Stage, refusals: Refusals) -> None:
    yesterday, rolled = stage.folder / "log-yesterday", stage.folder / "log-rolled-back"
    shutil.copytree(stage.data, rolled, ignore=shutil.ignore_patterns("ledger.db*"))
    shutil.copy(yesterday / "ledger.db", rolled)
    said = refused_start(stage, rolled)
    refusals.tell(_told_code(said), "log-rolled-back", "the service's own mark knows more entries")
    _expect(said, "older than what was signed")
    shutil.copy(yesterday / "high-water", rolled)
    said = refused_start(stage, rolled)
    refusals.tell(_told_code(said), "log-rolled-back", "its mark put back too: the witnesses know")
    _expect(said, "that witness ")


def _told_code(said: str) -> str:
    lines = [line for line in said.splitlines() if line.startswith("refused: ")]
    return lines[-1].split(": ")[1] if lines else f"something else: {said[-300:]}"


def _expect(said: str, words: str) -> None:
    told = next((line for line in said.splitlines() if line.startswith("refused: ")), "")
    print(f"    {told.partition(': ')[2].partition(': ')[2]}")
    if words not in told:
        raise StepFailed(f"expected the refusal to say {words!r}, found: {told}")
