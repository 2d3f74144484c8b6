"""``lotmark keys``, ``register-key``, ``device-key`` and ``revoke``: the keys of a party."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from api.cli.acts import admin_composer, admitted_members, ask, now_s, send, yes_option
from api.cli.faults import CommandFault
from api.cli.options import (
    COSTS,
    Place,
    Session,
    anchor_option,
    cost_option,
    new_passphrase,
    open_session,
    pass_output,
    place_options,
    read_anchor,
    read_file,
)
from api.cli.output import Output
from api.cli.own_party import all_keys, courtesy_answer, find_key, own_party
from api.devices import create_device, parse_device_key
from api.governing import (
    SEALING_USES,
    SIGNING_USES,
    KeyTerms,
    NewKey,
    Revocation,
    compose_registration,
    compose_revocation,
    prove_key,
)
from api.party_folder import PartyFolder
from api.service_key import SERVICE_TERMS
from keys.errors import SignerUnavailable
from keys.key_storage import load_key_file
from ledger import limits
from ledger.commitment import commit_key

HOLDER_KINDS: Final = ("person", "device", "machine")
REASONS: Final = ("lost", "stolen", "superseded", "left", "other")


@click.command("register-key")
@click.option(
    "--use",
    "uses",
    multiple=True,
    default=SIGNING_USES,
    show_default=True,
    help="What the key may sign: records, record:<type name>, requests, sign-in.",
)
@click.option(
    "--holder",
    "holder_kind",
    type=click.Choice(HOLDER_KINDS),
    help="Who holds the key; default: a machine, or a device with --from.",
)
@click.option(
    "--from",
    "device",
    type=click.Path(path_type=Path),
    help="The file that 'lotmark device-key' wrote on another device; default: the signing key "
    "in the party's folder.",
)
@place_options
@pass_output
def register_key(
    output: Output, *, uses: tuple[str, ...], device: Path | None, place: Place, **options: Any
) -> None:
    """Register a signing key of the party, signed by its admin key."""
    session = open_session(place)
    composer = admin_composer(session)
    did = composer.signer.kid.partition("#")[0]
    if device is None:
        # The new key signs too: nobody registers a key that it does not hold.
        signing = session.open_key(session.folder.signing_key).signer
        key = prove_key(signing, origin=session.anchor.origin, did=did)
    else:
        key = _read_device(device, session, did)
    holder_kind = options["holder_kind"] or ("machine" if device is None else "device")
    # A key that others seal to comes without a proof, and is for nothing else.
    uses = SEALING_USES if key.possession is None else uses
    terms = KeyTerms(uses, holder_kind)
    admitted = send(session, compose_registration(composer, key, iat=now_s(), terms=terms))
    output.say(f"registered {key.multikey} for {', '.join(uses)}: entry {admitted.index}")
    output.result({"multikey": key.multikey, "uses": list(uses), **admitted_members(admitted)})


@click.command("device-key")
@click.argument("slug")
@click.option(
    "--party", "folder", type=click.Path(path_type=Path), help="Folder; default: SLUG-device."
)
@anchor_option
@cost_option
@pass_output
def device_key(
    output: Output, *, slug: str, folder: Path | None, anchor: Path | None, cost: str
) -> None:
    """Draw a key on a device of its own, which then signs for the party SLUG.

    Writes device.json: the key and the proof that this device holds it, no secret. The party
    registers it with 'lotmark register-key --from device.json'.
    """
    data = read_anchor(Place(folder, None, anchor))
    made = PartyFolder(folder or Path(f"{slug}-device"))
    passphrase = new_passphrase(f"the key of this device of {slug}")
    key = create_device(made, slug, anchor=data, passphrase=passphrase, cost=COSTS[cost])
    output.say(f"the device's key is in {made.root}")
    output.say(f"next: hand {made.device} to whoever holds the admin key; it holds no secret")
    output.result({"folder": str(made.root), "device": str(made.device), "multikey": key.multikey})


@click.command()
@click.argument("kid", required=False)
@click.option("--signing", "is_signing", is_flag=True, help="The signing key in the folder.")
@click.option(
    "--reason", type=click.Choice(REASONS), required=True, help="Why; everybody may read it."
)
@click.option(
    "--contested-from",
    type=click.IntRange(0),
    metavar="ENTRY",
    help="Contest what the key signed from this entry on; at most 72 hours back.",
)
@click.option(
    "--keep",
    "keeps",
    multiple=True,
    metavar="USE",
    help="Narrow the key to these uses instead of ending it; may be given several times.",
)
@yes_option
@place_options
@pass_output
def revoke(output: Output, *, kid: str | None, place: Place, **options: Any) -> None:
    """End a key of the party, or narrow what it may sign.

    KID is a key of 'lotmark keys': its kid, its multikey, the end of it, or the number of the
    entry that registered it.
    """
    session = open_session(place)
    party = own_party(session)
    with courtesy_answer():
        found = _named_key(session, party, kid, is_signing=options["is_signing"])
        revocation = Revocation(
            found["kid"], options["reason"], options["keeps"], options["contested_from"]
        )
        lines = list(_tell_revocation(revocation, found, party))
    question = "Narrow this key?" if revocation.keeps else "End this key for ever?"
    ask(output, lines, question, is_agreed=options["is_agreed"])
    composer = admin_composer(session)
    admitted = send(session, compose_revocation(composer, revocation, iat=now_s()))
    done = "narrowed" if revocation.keeps else "ended"
    output.say(f"{done} {found['kid'].partition('#')[2]}: entry {admitted.index}")
    output.say("  what it signed before stays in the log")
    is_held = found["uses"] and _multikey(found) in _held_files(session.folder)
    if is_held and not revocation.keeps:
        output.say("next: 'lotmark rotate --signing' draws a new signing key in its place")
    if revocation.contested_from is not None:
        output.say("next: 'lotmark reaffirm RECORD_ID' for each record that was the party's own")
    output.result({"kid": found["kid"], **admitted_members(admitted)})


@click.command()
@place_options
@pass_output
def keys(output: Output, *, place: Place) -> None:
    """List the party's own keys: uses, since when, until when, and what is contested.

    As the service says; a view shows the entries behind it.
    """
    session = open_session(place)
    party = own_party(session)
    held = _held_files(session.folder)
    with courtesy_answer():
        output.say(f"{party['did']}: {party['standing'] or 'has not endorsed the charter'}")
        for key in all_keys(party):
            for line in _tell_key(key, held):
                output.say(line)
        following = _following(session.folder, party["next_key"])
        output.say(f"  next admin key: {following}")
        listed = [{**key, "file": held.get(_multikey(key))} for key in all_keys(party)]
    output.result({"did": party["did"], "standing": party["standing"], "keys": listed})


def _read_device(path: Path, session: Session, did: str) -> NewKey:
    data = read_file(path, "a device's key", bytes_max=limits.STATEMENT_BYTES_MAX)
    return parse_device_key(data, origin=session.anchor.origin, did=did)


def _named_key(
    session: Session, party: Mapping[str, Any], kid: str | None, *, is_signing: bool
) -> Mapping[str, Any]:
    if (kid is None) != is_signing:
        raise click.UsageError("name the key, or give --signing for the one in the folder")
    named = kid or load_key_file(session.folder.signing_key).header.multikey
    found = find_key(party, named)
    if found is None:
        raise CommandFault(
            "key-not-valid",
            f"expected one key of {party['slug']}, found none or several by {named!r}",
            remedy="Take the key from 'lotmark keys'.",
        )
    return found


def _tell_revocation(
    revocation: Revocation, found: Mapping[str, Any], party: Mapping[str, Any]
) -> Iterator[str]:
    uses = ", ".join(found["uses"]) or "admin key"
    yield f"key of {party['slug']}: {_multikey(found)}"
    yield f"  now: {uses}, in force since entry {found['registered_at']}"
    if revocation.keeps:
        yield f"  it keeps: {', '.join(revocation.keeps)}"
        return
    yield f"  it ends with this entry, reason: {revocation.reason}; it is never in force again"
    if revocation.contested_from is not None:
        yield (
            f"  what it signed from entry {revocation.contested_from} on is contested: readers "
            "are warned until you affirm it"
        )
    # The operator's service has a key of its own, which signs no other records.
    other_uses = ([*SEALING_USES], [*SERVICE_TERMS.uses])
    signing = [key for key in party["keys"] if key["uses"] not in other_uses]
    others = [key for key in signing if _is_current(key) and key["kid"] != found["kid"]]
    if found in signing and found["uses"] and not others:
        yield (
            "  danger: it is the last signing key. The party signs no records and no requests "
            "until it registers another"
        )


def _tell_key(key: Mapping[str, Any], held: Mapping[str, str]) -> Iterator[str]:
    what = ", ".join(key["uses"]) if key["uses"] else "admin key"
    holder = f" ({key['holder_kind']})" if key["holder_kind"] else ""
    file = held.get(_multikey(key))
    yield f"  {_multikey(key)}  {what}{holder}{f'  {file}' if file else ''}"
    ended = f", ended by entry {key['ended_at']}" if key["ended_at"] is not None else ""
    superseded = ", superseded" if key["superseded_s"] is not None and not ended else ""
    if key["registered_at"] is None:
        yield "    by a recovery that is due: the next governance entry completes it"
    elif key["ended_at"] is None and not key["in_force"]:
        yield f"    since entry {key['registered_at']}, ended by a recovery that is due"
    else:
        yield f"    since entry {key['registered_at']}{ended}{superseded}"
    for item in key["contested"]:
        yield (
            f"    contested: entries {item['from']} to {item['before'] - 1}, "
            f"declared by entry {item['at']}"
        )


def _following(folder: PartyFolder, commitment: str) -> str:
    try:
        own = commit_key(load_key_file(folder.next_key).header.multikey)
    except SignerUnavailable:
        return f"committed to {commitment}, its file is not here"
    if own == commitment:
        return f"the one in {folder.next_key.name}"
    return f"committed to {commitment}; {folder.next_key.name} holds another one"


def _held_files(folder: PartyFolder) -> dict[str, str]:
    held = (folder.admin_key, folder.signing_key, folder.sealing_key)
    paths = [path for path in held if path.exists()]
    return {load_key_file(path).header.multikey: path.name for path in paths}


def _multikey(key: Mapping[str, Any]) -> str:
    return str(key["kid"]).partition("#")[2]


def _is_current(key: Mapping[str, Any]) -> bool:
    return bool(key["in_force"]) and key["superseded_s"] is None
