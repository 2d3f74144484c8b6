"""A new member and who lets it in, a process each: ``python -m examples.demo_member STEP FOLDER``.

Run by :mod:`examples.demo_newcomer`, as :mod:`examples.demo_party` is by the demo. The phone of
the new member is a party folder of its own, with a signing key and nothing else; whoever has
the folder and the passphrase signs with it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from api.client import LogClient
from api.client_errors import RequestRefused
from api.devices import create_device, parse_device_key
from api.governing import (
    KeyTerms,
    Revocation,
    compose_endorsement,
    compose_key,
    compose_proposal,
    compose_registration,
    compose_revocation,
    compose_rotation,
)
from api.key_changes import admin_change, switch_admin
from api.party_folder import PartyFolder, parse_statement
from examples.demo_parties import APPROVALS_NEEDED, NEWCOMER, ORIGIN, party_of
from examples.demo_party import (
    Desk,
    compose_planned,
    did_of,
    file_planned,
    keep_views,
    open_desk,
    open_key,
)
from examples.measurements import PlannedRecord, planned_records
from keys.ed25519 import generate_seed
from keys.key_file import Cost, seal_seed
from keys.key_storage import load_key_file, store_key_file
from keys.signer import SeedSigner
from ledger.charter import founder_body
from ledger.submission import Admitted

REFUSED_CODE: Final = "key-not-valid"


def propose(desk: Desk, newcomer: Path, proposal: Path) -> None:
    """Propose to admit the newcomer, on the statement that it handed over."""
    statement = parse_statement(PartyFolder(newcomer).statement.read_bytes())
    content = founder_body(statement)
    composer = desk.composer(desk.admin)
    text = compose_proposal(composer, "admit", content, reason=None, iat=_now_s())
    admitted = desk.client.submit(text)
    proposal.write_text(admitted.record_id, encoding="utf-8")
    names = " / ".join(party_of(newcomer.name).names.values())
    _say(desk, admitted, f"proposes to admit {newcomer.name} ({names}), and so approves")


def consent(desk: Desk, proposal: Path) -> None:
    """The newcomer accepts, with the admin key that was proposed."""
    admitted = _endorse(desk, proposal, "accept")
    _say(desk, admitted, "accepts, with the key that was proposed")


def vote(desk: Desk, proposal: Path) -> None:
    """Approve, and tell what the service says of the count."""
    admitted = _endorse(desk, proposal, "approve")
    named = proposal.read_text(encoding="utf-8")
    still_open = [p for p in desk.client.proposals()["proposals"] if p["record_id"] == named]
    if still_open:
        (item,) = still_open
        _say(desk, admitted, f"approves: not yet, {len(item['approvals'])} of {item['needed']}")
        return
    parties = desk.client.parties()["parties"]
    standing = next(p["standing"] for p in parties if p["slug"] == NEWCOMER.slug)
    needed = f"{APPROVALS_NEEDED} of {APPROVALS_NEEDED}"
    is_member = standing == "member"
    outcome = f"in force at entry {admitted.index}" if is_member else f"but it is {standing}"
    _say(desk, admitted, f"approves: {needed}, {outcome}")


def draw_phone(root: Path, anchor: Path) -> None:
    """Draw a key on the phone; it leaves a file without a secret for the registration."""
    passphrase = os.environ["LOTMARK_PASSPHRASE"]
    key = create_device(
        PartyFolder(root), NEWCOMER.slug, anchor=anchor.read_bytes(), passphrase=passphrase,
        cost=Cost.INTERACTIVE,
    )  # fmt: skip
    print(f"  {NEWCOMER.slug:<19} draws a key on a phone: ..{key.multikey[-8:]}")


def register(desk: Desk, phone: Path) -> None:
    """Register the machine's key and the phone's."""
    composer = desk.composer(desk.admin)
    machine = compose_key(composer, desk.signing.signer, iat=_now_s())
    _say(desk, desk.client.submit(machine), "registers the key of a testing machine")
    proven = parse_device_key(
        PartyFolder(phone).device.read_bytes(), origin=ORIGIN, did=did_of(NEWCOMER.slug)
    )
    terms = KeyTerms(holder_kind="device")
    text = compose_registration(composer, proven, iat=_now_s(), terms=terms)
    _say(desk, desk.client.submit(text), "registers the key of the phone")


def report(desk: Desk, bulletin: Path, numbers: list[str]) -> None:
    """File planned records, by whichever key is at hand."""
    for number in numbers:
        file_planned(desk, _planned(number), bulletin)


def steal(desk: Desk, number: str) -> None:
    """What a thief does with the phone: file measurements that nobody took.

    Raises:
        RequestRefused: the key does not sign any more.
    """
    admitted = desk.client.submit(_forged(desk, number, f"{number}-9"))
    what = f"files {number}-9 with the phone's key"
    print(f"  {'a thief':<19} entry {admitted.index:>3}  {what}")


def steal_in_vain(desk: Desk, number: str) -> bool:
    """The same after the key ended; whether it was refused with the code that it must have."""
    try:
        admitted = desk.client.submit(_forged(desk, number, f"{number}-10"))
    except RequestRefused as refused:
        code = refused.problem.code
        print(f"  refused  {code:<30} {number}-10 by the thief: {refused.problem.detail}")
        return code == REFUSED_CODE
    print(f"  WRONG    expected {REFUSED_CODE}, found {number}-10 admitted at {admitted.index}")
    return False


def revoke(desk: Desk, phone: Path, bulletin: Path, *, last: str) -> None:
    """End the phone's key; what it signed after the record ``last`` is contested."""
    told = {item["number"]: item["index"] for item in map(json.loads, _lines(bulletin))}
    start = int(told[last]) + 1
    multikey = load_key_file(PartyFolder(phone).signing_key).header.multikey
    revocation = Revocation(f"{did_of(NEWCOMER.slug)}#{multikey}", "stolen", contested_from=start)
    text = compose_revocation(desk.composer(desk.admin), revocation, iat=_now_s())
    admitted = desk.client.submit(text)
    _say(desk, admitted, f"ends the phone's key, and contests what it signed from {start} on")


def rotate(desk: Desk) -> None:
    """The committed key takes the place of the admin key, by itself."""
    change = admin_change(desk.folder)
    seed, passphrase = generate_seed(), os.environ["LOTMARK_PASSPHRASE"]
    store_key_file(change.drawn, seal_seed(seed, passphrase=passphrase, cost=Cost.INTERACTIVE))
    committed = open_key(desk.folder.next_key)
    text = compose_rotation(
        desk.composer(committed),
        committed.signer,
        following=SeedSigner(seed).multikey,
        retires=(desk.admin.signer.multikey,),
        iat=_now_s(),
    )
    change.keep(text)
    admitted = desk.client.submit(text)
    switch_admin(change, committed.signer.multikey)
    _say(desk, admitted, "the committed key replaces the admin key, which ends")


def keep_own(desk: Desk) -> None:
    """Keep the view of every record of one's own, as it stands now."""
    own = did_of(NEWCOMER.slug)
    page = desk.client.search(party=own, type="inspection-report/v1", limit=50)
    found = [
        Admitted(item["record_id"], item["index"], "", is_first=False) for item in page.records
    ]
    keep_views(desk, sorted(found, key=lambda item: item.index))
    print(f"  {NEWCOMER.slug:<19} keeps views of its {len(found)} records, as they stand now")


def fork(desk: Desk, folder: Path, numbers: list[str]) -> None:
    """File at the service that tells the other history, and keep what it answers with."""
    for number in numbers:
        text = _forged(desk, number, f"{number}-11")
        admitted = desk.client.submit(text)
        print(
            f"  a thief           entry {admitted.index:>3}  files {number}-11, which is admitted"
        )
    (folder / "record.txt").write_text(text.partition("~")[0], encoding="ascii")
    (folder / "receipt.txt").write_text(admitted.receipt, encoding="utf-8")
    (folder / "view.json").write_bytes(desk.client.view(admitted.record_id))
    (folder / "checkpoint.txt").write_bytes(desk.client.checkpoint())


def _endorse(desk: Desk, proposal: Path, meaning: str) -> Admitted:
    of = proposal.read_text(encoding="utf-8")
    composer = desk.composer(desk.admin)
    return desk.client.submit(compose_endorsement(composer, iat=_now_s(), of=of, meaning=meaning))


def _planned(number: str) -> PlannedRecord:
    return next(record for record in planned_records() if record.number == number)


def _forged(desk: Desk, number: str, another: str) -> str:
    return compose_planned(desk, replace(_planned(number), number=another), {})


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _now_s() -> int:
    return int(time.time())


def _say(desk: Desk, admitted: Admitted, what: str) -> None:
    print(f"  {desk.folder.root.name:<19} entry {admitted.index:>3}  {what}")


def open_phone(root: Path, url: str, anchor: Path) -> Desk:
    """Whoever has the phone in hand: the service refuses its key where an admin key is asked."""
    signing = open_key(PartyFolder(root).signing_key, NEWCOMER.slug)
    charter = json.loads(anchor.read_text(encoding="utf-8"))["charter"]
    return Desk(PartyFolder(root), signing, signing, LogClient(url, signer=signing), str(charter))


STEPS: Final = (
    *("propose", "consent", "vote", "draw-phone", "register"),
    *("phone-report", "steal", "revoke", "steal-in-vain", "go-on", "fork"),
)


def main(arguments: list[str]) -> int:
    """Do one step."""
    parser = argparse.ArgumentParser(prog="examples.demo_member")
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", default="")
    parser.add_argument("--anchor", type=Path)
    parser.add_argument("--other", type=Path, help="folder of the newcomer, or of its phone")
    parser.add_argument("--file", type=Path, help="the proposal's id, or the bulletin")
    parser.add_argument("rest", nargs="*")
    given = parser.parse_intermixed_args(arguments)
    if given.step == "draw-phone":
        draw_phone(given.folder, given.anchor)
        return 0
    if given.step in ("phone-report", "steal", "steal-in-vain", "fork"):
        return _with_phone(given)
    _at_the_desk(given)
    return 0


def _with_phone(given: argparse.Namespace) -> int:
    desk = open_phone(given.folder, given.url, given.anchor)
    with desk.client:
        if given.step == "phone-report":
            report(desk, given.file, given.rest)
        elif given.step == "steal":
            steal(desk, given.rest[0])
        elif given.step == "fork":
            fork(desk, given.file, given.rest)
        else:
            return 0 if steal_in_vain(desk, given.rest[0]) else 1
    return 0


def _at_the_desk(given: argparse.Namespace) -> None:
    desk = open_desk(given.folder, given.url, given.anchor)
    if given.step == "propose":
        propose(desk, given.other, given.file)
    elif given.step == "consent":
        consent(desk, given.file)
    elif given.step == "vote":
        vote(desk, given.file)
    elif given.step == "revoke":
        revoke(desk, given.other, given.file, last=given.rest[0])
    else:
        _at_the_machine(desk, given)


def _at_the_machine(desk: Desk, given: argparse.Namespace) -> None:
    if given.step == "register":
        register(desk, given.other)
    with LogClient(given.url, signer=desk.signing) as signed:
        at_work = replace(desk, client=signed)
        if given.step == "go-on":
            rotate(at_work)
        report(at_work, given.file, given.rest)
        if given.step == "go-on":
            keep_own(at_work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
