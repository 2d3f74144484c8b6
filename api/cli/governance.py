"""``lotmark endorse``, ``register-key`` and ``define-types``: what founders sign after init."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import click

from api.charter_check import ReadCharter, read_charter
from api.cli.faults import CommandFault
from api.cli.options import (
    Place,
    Session,
    open_session,
    pass_output,
    place_options,
)
from api.cli.output import Output
from api.governing import (
    SIGNING_USES,
    KeyTerms,
    compose_endorsement,
    compose_key,
    compose_type,
)
from api.party_folder import remember_service
from keys.key_storage import load_key_file
from ledger.commitment import commit_key
from ledger.submission import Admitted
from quality.types import business_types

HOLDER_KINDS = ("person", "device", "machine")


@click.command()
@click.option("--yes", "is_agreed", is_flag=True, help="Do not ask: the summary was read before.")
@place_options
@pass_output
def endorse(output: Output, *, is_agreed: bool, place: Place) -> None:
    """Endorse the charter as one of its founders.

    Reads the charter from the service, verifies it from the trust anchor, compares it with
    this party's own keys, and shows what it says before it asks.
    """
    session = open_session(place)
    with session.client() as client:
        charter = read_charter(client.view(session.anchor.charter), session.anchor)
    _expect_own_keys(session, charter)
    for line in summarise(charter):
        output.note(line)
    if not is_agreed:
        click.confirm("Endorse this charter in the name of the party?", abort=True, err=True)
    admin = session.open_key(session.folder.admin_key)
    sd_jwt = compose_endorsement(session.composer(admin), iat=int(time.time()))
    with session.client() as client:
        admitted = client.submit(sd_jwt)
    remember_service(session.folder, url=session.url, anchor=session.anchor_bytes)
    output.say(f"endorsed: entry {admitted.index}")
    output.say("next: lotmark register-key")
    output.result({"charter": session.anchor.charter, **_members(admitted)})


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
    default="machine",
    show_default=True,
    help="Who holds the key.",
)
@place_options
@pass_output
def register_key(output: Output, *, uses: tuple[str, ...], holder_kind: str, place: Place) -> None:
    """Register the party's signing key, signed by its admin key."""
    session = open_session(place)
    composer = session.composer(session.open_key(session.folder.admin_key))
    # The new key signs too: nobody registers a key that it does not hold.
    signing = session.open_key(session.folder.signing_key).signer
    sd_jwt = compose_key(composer, signing, terms=KeyTerms(uses, holder_kind), iat=int(time.time()))
    with session.client() as client:
        admitted = client.submit(sd_jwt)
    remember_service(session.folder, url=session.url, anchor=session.anchor_bytes)
    output.say(f"registered {signing.multikey} for {', '.join(uses)}: entry {admitted.index}")
    output.result({"multikey": signing.multikey, "uses": list(uses), **_members(admitted)})


@click.command("define-types")
@place_options
@pass_output
def define_types(output: Output, *, place: Place) -> None:
    """Define the built-in record types; founder 1 does so once.

    Its signing key needs the use record:record-type.
    """
    session = open_session(place)
    with session.client() as client:
        known = {item["vct"] for item in client.parties().get("types", ())}
        missing = [text for text in business_types() if json.loads(text)["vct"] not in known]
        composer = session.composer(session.open_key(session.folder.signing_key))
        sd_jwts = (
            sd_jwt
            for text in missing
            for sd_jwt in compose_type(composer, text, iat=int(time.time()))
        )
        admitted = [client.submit(sd_jwt) for sd_jwt in sd_jwts]
    names = [json.loads(text)["vct"] for text in missing]
    output.say(f"defined {', '.join(names)}" if names else "every built-in type is defined")
    output.result({"defined": names, "entries": [item.index for item in admitted]})


def summarise(charter: ReadCharter) -> Iterator[str]:
    """What a charter says, for somebody who is about to sign."""
    body = charter.charter
    yield f"charter of {body.origin}, record {charter.record_id}"
    yield "  it is the one that your trust anchor names, and its signature holds"
    for founder in body.founders:
        names = " / ".join(founder.names.values())
        is_operator = " (runs the log)" if founder.slug == body.operator else ""
        yield f"  founder {founder.slug}: {names}; {', '.join(sorted(founder.roles))}{is_operator}"
    for act, quorum in body.quorum.items():
        threshold = "a majority" if quorum.threshold is None else str(quorum.threshold)
        yield f"  {act}: {threshold} of {', '.join(sorted(quorum.electorate))}"
    readers = "anyone" if body.rules.has_open_bundles else "members"
    yield f"  entries (who signed what type, when) are read by {readers}"
    yield f"  record types: {', '.join(sorted(body.types))}"
    for line in charter.notices:
        yield f"  notice: {line}"


def _expect_own_keys(session: Session, charter: ReadCharter) -> None:
    """The charter must name this party with the keys that are in its folder."""
    slug = session.profile.slug
    founder = next((item for item in charter.charter.founders if item.slug == slug), None)
    admin = load_key_file(session.folder.admin_key).header.multikey
    following = load_key_file(session.folder.next_key).header.multikey
    if founder is None:
        found = ", ".join(item.slug for item in charter.charter.founders)
        raise CommandFault(
            "charter-unexpected",
            f"expected {slug} among the founders, found {found}",
            remedy="Ask founder 1 to found the log anew with your founder.json.",
        )
    if founder.admin_keys != (admin,) or founder.next_key != commit_key(following):
        raise CommandFault(
            "charter-unexpected",
            f"expected the keys of {session.folder.root} for {slug}, found others",
            remedy="Do not endorse. Ask founder 1 which founder.json was used.",
        )


def _members(admitted: Admitted) -> dict[str, Any]:
    return {
        "record_id": admitted.record_id,
        "index": admitted.index,
        "receipt": admitted.receipt,
        "first": admitted.is_first,
    }
