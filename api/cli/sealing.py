"""``lotmark seal`` and ``lotmark open``: groups that the service cannot read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api.cli.acts import admin_composer, admitted_members, now_s, send
from api.cli.content_words import read_labels, tell_groups
from api.cli.drafts import name_party
from api.cli.options import (
    COSTS,
    Place,
    Session,
    cost_option,
    known_passphrase,
    language_option,
    new_passphrase,
    open_session,
    pass_output,
    place_options,
    read_file,
)
from api.cli.output import Output
from api.cli.own_keys import HOLDER_KINDS
from api.cli.proposal_words import slug_of
from api.cli.record_argument import RecordCommand
from api.client import LogClient
from api.client_errors import AnswerMalformed, ClientError
from api.devices import draw_sealing_key, state_key
from api.governing import SEALING_USES, KeyTerms, NewKey, compose_registration
from api.known_types import find_type, record_at
from api.sealing import OpenedGroup, SealedRecord
from api.sealing_keys import SealingKeys
from keys.errors import WrongPassphrase
from keys.identifiers import parse_origin, parse_slug, party_did
from keys.key_file import open_seed
from keys.key_storage import load_key_file
from ledger import limits
from ledger.durable_files import replace_file
from ledger.record import is_digest
from ledger.sealed import OpenerKey, parse_envelope


@click.group()
def seal() -> None:
    """Seal groups of records: only those whom you name can open them, not the service.

    \b
    A sealed group in three commands:
      lotmark seal key
      lotmark submit recipe.json --seal recipe=PARTY
      lotmark seal add RECORD recipe --to ANOTHER
    """


@seal.command()
@click.option(
    "--holder",
    "holder_kind",
    type=click.Choice(HOLDER_KINDS),
    default="device",
    show_default=True,
    help="Who holds the key.",
)
@cost_option
@place_options
@pass_output
def key(output: Output, *, holder_kind: str, cost: str, place: Place) -> None:
    """Draw a key that others seal to, in the party's folder, and register it.

    A device without the admin key writes sealing.json instead, which holds no secret: the
    party registers it with 'lotmark register-key --from sealing.json'. Without this key
    nothing that was sealed to it is ever opened again: keep a copy of the file.
    """
    session = open_session(place)
    folder, did = session.folder, _did(session)
    if folder.sealing_key.exists():
        # An earlier run was interrupted: the key is the same, and is registered once.
        new = NewKey(load_key_file(folder.sealing_key).header.multikey, None)
    else:
        passphrase = new_passphrase(f"the new {folder.sealing_key.name}")
        new = draw_sealing_key(folder.sealing_key, passphrase=passphrase, cost=COSTS[cost])
    result: dict[str, Any] = {"multikey": new.multikey, "file": str(folder.sealing_key)}
    output.say(f"the key that others seal to is in {folder.sealing_key}")
    if folder.admin_key.exists():
        terms = KeyTerms(SEALING_USES, holder_kind)
        composer = admin_composer(session)
        admitted = send(session, compose_registration(composer, new, iat=now_s(), terms=terms))
        output.say(f"registered {new.multikey}: entry {admitted.index}")
        result |= admitted_members(admitted)
    else:
        state_key(folder.sealing, new, did)
        output.say(f"next: hand {folder.sealing} to whoever holds the admin key, who registers it")
        result["statement"] = str(folder.sealing)
    output.note("keep a copy of that file: without it nothing that is sealed to it can be opened")
    output.result(result)


@seal.command(cls=RecordCommand)
@click.argument("record")
@click.argument("group")
@click.option(
    "--to",
    "readers",
    multiple=True,
    required=True,
    metavar="PARTY",
    help="Who may open it from now on, by slug or DID; this party itself: its new devices.",
)
@place_options
@pass_output
def add(output: Output, *, record: str, group: str, readers: tuple[str, ...], place: Place) -> None:
    """Let more parties open a sealed group: a later reader, or a new device of one.

    Each key is verified from the trust anchor before anything is sealed to it. Whom a group
    was sealed to once, it stays sealed to.
    """
    session = open_session(place)
    record, group = _in_order(record, group)
    origin = parse_origin(session.anchor.origin)
    with session.client(session.open_key(session.folder.signing_key)) as client:
        sealed = _sealed_record(record, client, session)
        envelope = client.envelope(sealed.record.record_id, group)
        keys = SealingKeys(client, session.anchor)
        kids = keys.kids_of_all(name_party(reader, origin) for reader in readers)
        more = sealed.add_readers(group, envelope, open_sealing_key(session), kids=kids)
        if more != envelope:
            kept = client.replace_envelope(sealed.record.record_id, group, envelope=more)
            if kept != more:
                raise AnswerMalformed("expected the envelope that was sent, found another")
    told = "sealed" if more != envelope else "was sealed before"
    output.say(f"{group} of {sealed.record.record_id} {told} to:")
    for kid in kids:
        output.say(f"  {kid}")
    output.result({"record_id": sealed.record.record_id, "group": group, "kids": list(kids)})


@seal.command("readers", cls=RecordCommand)
@click.argument("record")
@click.argument("group")
@place_options
@pass_output
def readers_of(output: Output, *, record: str, group: str, place: Place) -> None:
    """List whom a sealed group is sealed to: who holds one of these keys can open it."""
    session = open_session(place)
    record, group = _in_order(record, group)
    with session.client(session.open_key(session.folder.signing_key)) as client:
        sealed = _sealed_record(record, client, session)
        envelope = parse_envelope(client.envelope(sealed.record.record_id, group))
    for kid in envelope.kids:
        party, _, key_of = kid.partition("#")
        output.say(f"  {slug_of(party):<24} {key_of}")
    output.note("the owner's own keys are always among them; 'lotmark seal add' lets in more")
    output.result(
        {"record_id": sealed.record.record_id, "group": group, "kids": list(envelope.kids)}
    )


@click.command("open", cls=RecordCommand)
@click.argument("record")
@click.argument("group")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write the view with this group shown to a file; 'lotmark verify' takes it.",
)
@language_option
@place_options
@pass_output
def open_(output: Output, *, record: str, group: str, place: Place, **asked: Any) -> None:
    """Open a sealed group with this device's key: RECORD is an id, an entry number or a view file.

    The record is verified from the trust anchor, and what is inside is compared with what its
    owner signed. Whoever is handed the file reads the group too.
    """
    session, out = open_session(place), asked["out"]
    record, group = _in_order(record, group)
    with session.client(session.open_key(session.folder.signing_key)) as client:
        sealed = _sealed_record(record, client, session)
        envelope = client.envelope(sealed.record.record_id, group)
        opened = sealed.open(group, envelope, open_sealing_key(session))
        _tell(output, sealed, opened, client, asked["language"])
    if out is not None:
        replace_file(out, opened.view)
        output.note(f"the view that shows it is in {out}")
    output.result(
        {
            "record_id": sealed.record.record_id,
            "group": group,
            "value": opened.disclosure.value,
            "file": None if out is None else str(out),
        }
    )


def open_sealing_key(session: Session) -> OpenerKey:
    """This device's key that others seal to; asks for its passphrase.

    Raises:
        KeysError: there is none, or it does not open.
    """
    path = session.folder.sealing_key
    key_file = load_key_file(path)
    try:
        seed = open_seed(key_file, passphrase=known_passphrase(str(path)))
    except WrongPassphrase as fault:
        raise WrongPassphrase(f"{path}: {fault}") from fault
    return OpenerKey.of(_did(session), seed)


def _in_order(record: str, group: str) -> tuple[str, str]:
    # An id that begins with a hyphen comes last: see api.cli.record_argument.
    return (group, record) if is_digest(group) and not is_digest(record) else (record, group)


def _did(session: Session) -> str:
    return str(party_did(parse_origin(session.anchor.origin), parse_slug(session.profile.slug)))


def _sealed_record(record: str, client: LogClient, session: Session) -> SealedRecord:
    if Path(record).is_file():
        data = read_file(Path(record), "a view", bytes_max=limits.VIEW_BYTES_MAX + 1)
        return SealedRecord.read(data, session.anchor)
    record_id = record
    if record.isascii() and record.isdecimal() and len(record) < 16:
        record_id = str(record_at(int(record), client)["record_id"])
    return SealedRecord.read(client.view(record_id), session.anchor, record_id)


def _tell(
    output: Output, sealed: SealedRecord, opened: OpenedGroup, client: LogClient, language: str
) -> None:
    try:
        text = find_type(sealed.record.type, client=client, anchor=sealed.anchor).text
    except ClientError:
        text = None
    output.say(f"record {sealed.record.record_id}, {sealed.record.type}")
    shown = {opened.disclosure.group: opened.disclosure.value}
    for line in tell_groups(shown, read_labels(text, language)):
        output.say(f"  {line}")
