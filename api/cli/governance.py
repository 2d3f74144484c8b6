"""``lotmark endorse``, ``define-types`` and ``define``: the charter and the documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from api.builtin_types import builtin_types
from api.charter_check import ReadCharter, read_charter
from api.cli.acts import admin_composer, admitted_members, ask, now_s, send, yes_option
from api.cli.faults import CommandFault
from api.cli.options import (
    Place,
    Session,
    open_session,
    pass_output,
    place_options,
)
from api.cli.output import Output
from api.cli.proposing import read_document
from api.governing import compose_endorsement, compose_named, compose_type
from keys.key_storage import load_key_file
from ledger.commitment import commit_key
from ledger.compose import Composer
from ledger.record_type import document_digest
from quality.builtin_codebooks import BuiltinDocument
from quality.builtin_parameters import builtin_parameters
from quality.builtin_policies import builtin_policies


@click.command()
@yes_option
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
    question = "Endorse this charter in the name of the party?"
    ask(output, summarise(charter), question, is_agreed=is_agreed)
    sd_jwt = compose_endorsement(admin_composer(session), iat=now_s())
    admitted = send(session, sd_jwt)
    output.say(f"endorsed: entry {admitted.index}")
    output.say("next: lotmark register-key")
    output.result({"charter": session.anchor.charter, **admitted_members(admitted)})


@click.command("define-types")
@place_options
@pass_output
def define_types(output: Output, *, place: Place) -> None:
    """Define the built-in record types; bring parameters and policies that the charter lists.

    Founder 1 does so once; what the log has already is left as it is. The signing key needs
    the uses record:record-type, record:parameters and record:policy.
    """
    session = open_session(place)
    with session.client() as client:
        known = {item["vct"] for item in client.parties().get("types", ())}
        missing = [text for text in builtin_types() if json.loads(text)["vct"] not in known]
        documents, others = _missing_parameters(client.parameters())
        policies, unlisted = _missing_policies(client.policies())
        composer = session.composer(session.open_key(session.folder.signing_key))
        sd_jwts = [
            *(sd_jwt for text in missing for sd_jwt in compose_type(composer, text, iat=now_s())),
            *(sd_jwt for found in documents for sd_jwt in _compose("parameters", composer, found)),
            *(sd_jwt for found in policies for sd_jwt in _compose("policy", composer, found)),
        ]
        admitted = [client.submit(sd_jwt) for sd_jwt in sd_jwts]
    names = [json.loads(text)["vct"] for text in missing]
    brought = [found.name for found in documents] + [f"policy {found.name}" for found in policies]
    output.say(f"defined {', '.join(names)}" if names else "every built-in type is defined")
    if brought:
        output.say(f"brought {', '.join(brought)}")
    elif not others:
        output.say("every built-in codebook and parameter is in force")
    for name in others:
        output.say(f"{name} is not as the charter lists it: 'lotmark propose parameters' asks")
    for name in unlisted:
        output.say(f"policy {name} is not in the charter: 'lotmark propose policy' asks")
    entries = [item.index for item in admitted]
    left = [*others, *(f"policy {name}" for name in unlisted)]
    output.result({"defined": names, "brought": brought, "unlisted": left, "entries": entries})


def _missing_parameters(
    parameters: Mapping[str, Any],
) -> tuple[list[BuiltinDocument], list[str]]:
    """The built-in parameters that founder 1 may bring, and names of those that need a vote."""
    in_force = {item["name"] for item in parameters["parameters"]}
    listed = {item["name"]: item["sha256"] for item in parameters["listed"]}
    missing = [found for found in builtin_parameters() if found.name not in in_force]
    may = [found for found in missing if listed.get(found.name) == document_digest(found.text)]
    return may, [found.name for found in missing if found not in may]


def _missing_policies(policies: Mapping[str, Any]) -> tuple[list[BuiltinDocument], list[str]]:
    """The built-in policies that founder 1 may bring, and names of those that need a vote."""
    brought = {item["name"] for item in policies["policies"] if item["entry"] > 0}
    listed = {item["name"]: item["sha256"] for item in policies["listed"]}
    missing = [found for found in builtin_policies() if found.name not in brought]
    may = [found for found in missing if listed.get(found.name) == document_digest(found.text)]
    return may, [found.name for found in missing if found not in may]


def _compose(kind: str, composer: Composer, document: BuiltinDocument) -> Iterator[str]:
    return compose_named(composer, kind, name=document.name, text=document.text, iat=now_s())


@click.group()
def define() -> None:
    """Bring a document that the members have allowed; 'lotmark propose' asks them.

    The signing key needs the use record:record-type, record:policy or record:parameters, and
    record:document-part for long ones.
    """


@define.command("record-type")
@click.argument("file", type=click.Path(path_type=Path))
@place_options
@pass_output
def define_record_type(output: Output, *, file: Path, place: Place) -> None:
    """Define a record type; FILE is its definition."""
    text = read_document(file)
    _bring(output, place, lambda composer: compose_type(composer, text, iat=now_s()))


@define.command("policy")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@place_options
@pass_output
def define_policy(output: Output, *, name: str, file: Path, place: Place) -> None:
    """Bring a policy; FILE is its text."""
    _bring_named(output, place, "policy", name=name, file=file)


@define.command("parameters")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@place_options
@pass_output
def define_parameters(output: Output, *, name: str, file: Path, place: Place) -> None:
    """Bring parameters; FILE is their text."""
    _bring_named(output, place, "parameters", name=name, file=file)


def _bring_named(output: Output, place: Place, kind: str, *, name: str, file: Path) -> None:
    text = read_document(file)
    _bring(
        output,
        place,
        lambda composer: compose_named(composer, kind, name=name, text=text, iat=now_s()),
    )


def _bring(output: Output, place: Place, compose: Callable[[Composer], Iterator[str]]) -> None:
    session = open_session(place)
    composer = session.composer(session.open_key(session.folder.signing_key))
    admitted = [send(session, sd_jwt) for sd_jwt in compose(composer)][-1]
    output.say(f"in force: entry {admitted.index}")
    output.result(admitted_members(admitted))


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
    if body.parameters:
        yield f"  documents from founder 1: {', '.join(sorted(body.parameters))}"
    for right in body.rules.credentials:
        asked = f" accredited for {right.accreditation}" if right.accreditation else ""
        yield f"  credential {right.kind}: signed by a {right.role}{asked}"
    for line in body.rules.witness_policy.splitlines():
        yield f"  witnessing: {line}"
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
