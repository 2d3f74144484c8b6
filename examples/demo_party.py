"""One party of the demo as a process of its own: it has its keys and nobody else's.

``python -m examples.demo_party create|found|join|define|report FOLDER ...``; run by
:mod:`examples.demo`, once for each step of each party. The passphrase of the keys is read
from LOTMARK_PASSPHRASE. Speaks to the service over HTTP only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from api.builtin_types import builtin_types
from api.client import LogClient
from api.client_errors import RequestRefused
from api.governing import KeyTerms, compose_endorsement, compose_key, compose_named, compose_type
from api.party_folder import (
    PartyFolder,
    PartyProfile,
    PartySigner,
    create_party,
    parse_statement,
    read_profile,
    signer_for,
)
from examples.demo_parties import APPROVALS_NEEDED, ELECTORATE, OPERATOR, ORIGIN, party_of
from examples.measurements import PlannedRecord, agreed_records, planned_records
from keys.identifiers import Origin, Slug, party_did
from keys.key_file import Cost
from keys.signer import open_signer
from ledger.compose import Composer, Filing
from ledger.record_type import RecordType, parse_record_type
from ledger.rules import Quorum
from ledger.submission import Admitted
from quality.builtin_codebooks import builtin_codebooks
from quality.builtin_parameters import builtin_parameters
from quality.builtin_policies import builtin_policies

SIGNING_USES = ("records", "requests", "record:record-type", "record:parameters", "record:policy")


@dataclass(frozen=True, slots=True)
class Desk:
    """A party at work: its folder, its keys, the service, the charter it agreed to."""

    folder: PartyFolder
    admin: PartySigner
    signing: PartySigner
    client: LogClient
    charter: str

    def composer(self, signer: PartySigner) -> Composer:
        """Composes what ``signer`` signs, under the charter's default policy."""
        return Composer(ORIGIN, self.charter, signer, os.urandom)


def create(root: Path) -> None:
    """Draw the party's keys and write the statement for founder 1."""
    party = party_of(root.name)
    profile = PartyProfile(party.slug, party.names, party.roles)
    create_party(
        PartyFolder(root), profile, passphrase=os.environ["LOTMARK_PASSPHRASE"],
        cost=Cost.INTERACTIVE,
    )  # fmt: skip


def found(root: Path, data: Path, policy: Path, statements: list[Path]) -> None:
    """Founder 1 signs the charter and makes the data folder of the log it operates.

    Admissions are decided by three of five: the certifier, the sixth founder, has no vote.
    """
    # The database and its migrations are the operator's alone; clients start without them.
    from api.data_folder import DataFolder
    from api.founding import FoundingKeys, FoundingPlan, found_log

    founders = tuple(parse_statement(path.read_bytes()) for path in statements)
    plan = FoundingPlan(
        ORIGIN,
        founders,
        OPERATOR,
        has_open_bundles=True,
        witness_policy=policy.read_text(encoding="utf-8"),
        quorum={"admit": Quorum(ELECTORATE, APPROVALS_NEEDED)},
    )
    passphrase = os.environ["LOTMARK_PASSPHRASE"]
    admin = open_key(PartyFolder(root).admin_key)
    keys = FoundingKeys(admin.signer, passphrase, cost=Cost.INTERACTIVE)
    founded = found_log(DataFolder(data), plan, keys=keys)
    print(f"  {root.name:<19} entry   0  charter of six founders  {founded.charter}")
    print("  a new member is admitted by three of five; the certifier has no vote on it")


def join(desk: Desk) -> None:
    """Endorse the charter; founder 1 has signed it already."""
    text = compose_endorsement(desk.composer(desk.admin), iat=int(time.time()))
    admitted = desk.client.submit(text)
    print(f"  {desk.folder.root.name:<19} entry {admitted.index:>3}  endorses the charter")


def register(desk: Desk) -> None:
    """Register the signing key with the admin key."""
    text = compose_key(
        desk.composer(desk.admin),
        desk.signing.signer,
        terms=KeyTerms(SIGNING_USES),
        iat=int(time.time()),
    )
    admitted = desk.client.submit(text)
    print(f"  {desk.folder.root.name:<19} entry {admitted.index:>3}  registers its signing key")


def define(desk: Desk) -> None:
    """Define the built-in types, parameters and policy, as the charter lists them: no vote."""
    composer, now_s = desk.composer(desk.signing), int(time.time())
    admitted = [
        desk.client.submit(text)
        for definition in builtin_types()
        for text in compose_type(composer, definition, iat=now_s)
    ]
    admitted += [
        desk.client.submit(text)
        for found in builtin_parameters()
        for text in compose_named(
            composer, "parameters", name=found.name, text=found.text, iat=now_s
        )
    ]
    admitted += [
        desk.client.submit(text)
        for policy in builtin_policies()
        for text in compose_named(composer, "policy", name=policy.name, text=policy.text, iat=now_s)
    ]
    first, last = admitted[0].index, admitted[-1].index
    what = (
        f"{len(builtin_types())} record types, {len(builtin_codebooks())} codebooks, "
        "the defaults of sampling and the default policy"
    )
    print(f"  {desk.folder.root.name:<19} entries {first} to {last}  brings {what}")


def report(desk: Desk, bulletin: Path, numbers: list[str], *, keeps: bool) -> bool:
    """Sign and submit planned records; whether each of them ended as it must.

    Args:
        desk: the party.
        bulletin: JSON lines of {number, record_id, ...} that the parties told each other.
        numbers: the filing numbers to report, in order.
        keeps: whether the full view of each record of the party is kept, earlier ones too.
    """
    is_right = True
    for number in numbers:
        planned = planned_record(number)
        if planned.refused is None:
            file_planned(desk, planned, bulletin)
        else:
            is_right &= try_in_vain(desk, planned, bulletin)
    if keeps:
        own = [item for item in _told(bulletin) if item["party"] == desk.folder.root.name]
        keep_views(desk, [_admitted(item) for item in own])
    return is_right


def file_planned(desk: Desk, planned: PlannedRecord, bulletin: Path) -> Admitted:
    """Sign and submit one planned record, and tell the others its number."""
    admitted = desk.client.submit(compose_planned(desk, planned, read_bulletin(bulletin)))
    line = {
        "party": desk.folder.root.name,
        "number": planned.number,
        "record_id": admitted.record_id,
        "index": admitted.index,
    }
    with bulletin.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(f"  {desk.folder.root.name:<19} entry {admitted.index:>3}  {_words(planned, admitted)}")
    return admitted


def try_in_vain(desk: Desk, planned: PlannedRecord, bulletin: Path) -> bool:
    """Submit what must be refused; whether it was, with the code that it must have."""
    what = f"{desk.folder.root.name}: {planned.told}"
    try:
        admitted = desk.client.submit(compose_planned(desk, planned, read_bulletin(bulletin)))
        found = f"admitted at {admitted.index}"
    except RequestRefused as refused:
        found = refused.problem.code
    is_right = found == planned.refused
    print(f"  {'refused' if is_right else 'WRONG  '}  {found:<30} {what}")
    return is_right


def _words(planned: PlannedRecord, admitted: Admitted) -> str:
    if planned.told:
        return planned.told
    what = f"{planned.vct.partition('/')[0]} {planned.number}"
    return f"{what:<33} lotmark verify views/{admitted.index:04d}.json --anchor anchor.json"


def keep_views(desk: Desk, filed: Sequence[Admitted]) -> None:
    """Keep the full view of each record; the witnesses are waited for once, not each time."""
    views = desk.folder.root / "views"
    views.mkdir(exist_ok=True)
    for admitted in reversed(filed):
        view = desk.client.view(admitted.record_id)
        (views / f"{admitted.index:04d}.json").write_bytes(view)


def compose_planned(
    desk: Desk,
    planned: PlannedRecord,
    told: Mapping[str, str],
    *,
    tiers: Mapping[str, str] = MappingProxyType({}),
    more: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """Sign a planned record.

    Args:
        desk: the party.
        planned: what it says.
        told: the ids of earlier records by number.
        tiers: those of groups that are shared otherwise than by default.
        more: groups beside the planned ones.
    """
    kind = _record_type(desk.client, planned.vct)
    filing = Filing(
        subject=did_of(planned.subject) if planned.subject else None,
        to=[did_of(slug) for slug in planned.to],
        family=planned.family,
        answers=[told[number] for number in planned.answers],
        cites=[told[number] for number in planned.cites],
        number=planned.number,
        tiers=tiers,
    )
    groups = planned.groups(did_of, id_of=told.__getitem__, upload=lambda path: _upload(desk, path))
    return desk.composer(desk.signing).compose_record(
        kind, {**groups, **more}, filing=filing, iat=int(time.time())
    )


@cache
def _record_type(client: LogClient, vct: str) -> RecordType:
    return parse_record_type(client.record_type(vct))


def planned_record(number: str) -> PlannedRecord:
    """The record of a filing number, agreed or planned."""
    every = (*agreed_records(), *planned_records())
    return next(record for record in every if record.number == number)


def _upload(desk: Desk, path: Path) -> Mapping[str, Any]:
    return desk.client.upload(path, media_type="text/csv").members()


def did_of(slug: str) -> str:
    """The DID of a party of the demo."""
    return str(party_did(Origin(ORIGIN), Slug(slug)))


def read_bulletin(path: Path) -> dict[str, str]:
    """The record ids that were told, by filing number."""
    return {item["number"]: item["record_id"] for item in _told(path)}


def _told(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def _admitted(item: Mapping[str, Any]) -> Admitted:
    return Admitted(item["record_id"], item["index"], "", is_first=False)


def open_key(path: Path, slug: str | None = None) -> PartySigner:
    """A key of a party; ``slug`` where it lies in another folder than the party's."""
    signer = open_signer(f"file:{path}", environment=os.environ)
    return signer_for(Origin(ORIGIN), slug or path.parent.name, signer)


def open_desk(root: Path, url: str, anchor: Path) -> Desk:
    folder = PartyFolder(root)
    read_profile(folder)
    signing = open_key(folder.signing_key)
    charter = json.loads(anchor.read_text(encoding="utf-8"))["charter"]
    return Desk(
        folder, open_key(folder.admin_key), signing, LogClient(url, signer=None), str(charter)
    )


def main(arguments: list[str]) -> int:
    """Do one step of one party."""
    parser = argparse.ArgumentParser(prog="examples.demo_party")
    parser.add_argument("step", choices=("create", "found", "join", "register", "define", "report"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", default="")
    parser.add_argument("--anchor", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--bulletin", type=Path)
    parser.add_argument("--witnesses", type=Path)
    parser.add_argument("--keep", action="store_true", help="keep the views of all it filed")
    parser.add_argument("rest", nargs="*")
    given = parser.parse_intermixed_args(arguments)
    if given.step == "create":
        create(given.folder)
    elif given.step == "found":
        found(given.folder, given.data, given.witnesses, [Path(path) for path in given.rest])
    else:
        return 0 if _at_the_desk(given) else 1
    return 0


def _at_the_desk(given: argparse.Namespace) -> bool:
    desk = open_desk(given.folder, given.url, given.anchor)
    if given.step == "join":
        join(desk)
    elif given.step == "register":
        register(desk)
    elif given.step == "define":
        define(desk)
    else:
        with LogClient(given.url, signer=desk.signing) as signed:
            at_work = replace(desk, client=signed)
            return report(at_work, given.bulletin, given.rest, keeps=given.keep)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
