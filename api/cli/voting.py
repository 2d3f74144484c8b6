"""``lotmark proposals``, ``approve``, ``reject``, ``join`` and ``reaffirm``: acting together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

import click

from api.cli.acts import admin_composer, admitted_members, ask, now_s, send, yes_option
from api.cli.faults import CommandFault
from api.cli.options import (
    Place,
    Session,
    language_option,
    open_client,
    open_session,
    pass_output,
    place_options,
)
from api.cli.output import Output
from api.cli.own_party import courtesy_answer
from api.cli.proposal_words import ProposalWords, slug_of
from api.cli.record_argument import RecordCommand
from api.client_errors import NoSuchEntry, RequestRefused
from api.governing import compose_endorsement
from api.known_types import record_at
from api.party_folder import PartySigner, parse_statement, read_profile
from api.proposal_check import ReadProposal, read_proposal, read_record
from api.setup_errors import ProposalUnexpected
from keys.identifiers import parse_origin, parse_slug, party_did
from keys.key_storage import load_key_file
from ledger.charter import founder_body
from ledger.commitment import commit_key
from ledger.proposal import CONSENTED
from ledger.submission import Admitted
from ledger.verify import VerifiedRecord

DANGERS: Final[Mapping[str, str]] = {
    "remove": "removing is for ever: all keys of the party end, and its short name is never "
    "used again",
    "amend": "the rules of the log change for everybody from this entry on",
    "recover": "whoever holds the new keys speaks for the party: ask it by a way you trust "
    "whether they are its own",
}


@click.command()
@place_options
@language_option
@pass_output
def proposals(output: Output, *, place: Place, language: str) -> None:
    """List what is being decided: who may vote, what is missing, until when.

    As the service says; 'lotmark approve' verifies a proposal before it signs.
    """
    folder = place.reader()
    profile = read_profile(folder) if folder else None
    with open_client(place.address(profile), None) as client:
        listed = client.proposals()
    words = ProposalWords(language)
    with courtesy_answer():
        open_ones, recoveries = listed["proposals"], listed["recoveries"]
        for found in open_ones:
            output.say(str(found["record_id"]))
            _say_all(output, words.said(found), words.state(found))
        for found in recoveries:
            output.say(str(found["record_id"]))
            _say_all(output, words.said(found), iter([words.notice(found)]))
    if not open_ones and not recoveries:
        output.say(words.nothing())
    output.result({"proposals": open_ones, "recoveries": recoveries})


@click.command(cls=RecordCommand)
@click.argument("record")
@yes_option
@place_options
@language_option
@pass_output
def approve(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """Approve a proposal in the name of the party.

    RECORD is its id or its entry number, as in 'lotmark proposals'. It is verified from the
    trust anchor and shown before it asks.
    """
    _vote(output, open_session(place), record, meaning="approve", options=options)


@click.command(cls=RecordCommand)
@click.argument("record")
@yes_option
@place_options
@language_option
@pass_output
def reject(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """Reject a proposal: a vote against it; by its proposer, its end.

    By the party whose keys a recovery would replace: an objection, which ends it.
    """
    _vote(output, open_session(place), record, meaning="reject", options=options)


def _vote(
    output: Output, session: Session, record: str, *, meaning: str, options: Mapping[str, Any]
) -> None:
    words = ProposalWords(options["language"])
    found = read_proposal(_find(session, record))
    output.note("the proposal is in the log of your trust anchor, and its signature holds:")
    lines = [f"  {line}" for line in words.said(asdict(found))]
    if meaning == "approve" and found.act in DANGERS:
        lines.append(f"  danger: {DANGERS[found.act]}")
    question = f"{meaning.capitalize()} it in the name of {session.profile.slug}?"
    ask(output, lines, question, is_agreed=options["is_agreed"])
    admitted = _endorse(session, found.record_id, meaning)
    done = {"approve": "approved", "reject": "rejected"}[meaning]
    output.say(f"{done} {words.act(found.act, found.content)}: entry {admitted.index}")
    state = tell_state(output, session, found.record_id, words)
    if state["state"] == "over":
        _tell_end(output, session, found, (meaning, admitted.index))
    output.result({**_proposal_members(found), **admitted_members(admitted), **state})


def _tell_end(output: Output, session: Session, found: ReadProposal, act: tuple[str, int]) -> None:
    """Say how one's own endorsement has ended a proposal, and what comes next."""
    meaning, index = act
    if meaning == "reject":
        is_own = slug_of(found.proposer) == session.profile.slug
        done = "withdrawn" if is_own else "objected to: the keys stay as they were"
        output.say(f"  the proposal is over: {done}, entry {index}")
        return
    output.say(f"  the proposal is carried: in force with entry {index}")
    if found.act == "admit":
        slug = found.content["slug"]
        output.say(f"next: {slug} registers its signing key with 'lotmark register-key'")


@click.command(cls=RecordCommand)
@click.argument("record")
@yes_option
@place_options
@language_option
@pass_output
def join(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """Accept a proposal that admits this party, or that gives it new keys.

    New keys are accepted once enough members have approved them: 'lotmark proposals'.
    Signs only where the proposal names exactly the keys in the party's folder. Give --url and
    --anchor as the members did; both are remembered.
    """
    session = open_session(place)
    words = ProposalWords(options["language"])
    found = read_proposal(_find(session, record))
    _expect_own_keys(session, found)
    lines = [*words.said(asdict(found)), "  its keys are those of your folder", *_notices(session)]
    _expect_votes(session, found)
    question = f"Accept it in the name of {session.profile.slug}?"
    ask(output, lines, question, is_agreed=options["is_agreed"])
    admitted = _endorse(session, found.record_id, "accept")
    output.say(f"accepted: entry {admitted.index}")
    state = tell_state(output, session, found.record_id, words)
    if state["state"] == "over":
        _tell_end(output, session, found, ("accept", admitted.index))
    output.result({**_proposal_members(found), **admitted_members(admitted), **state})


@click.command(cls=RecordCommand)
@click.argument("record")
@yes_option
@place_options
@pass_output
def reaffirm(output: Output, *, record: str, is_agreed: bool, place: Place) -> None:
    """Stand by a record of one's own whose key was declared stolen.

    RECORD is the id of the contested record, or its entry number.
    """
    session = open_session(place)
    found = _find_own(session, record)
    lines = (
        f"{found.type}, entry {found.index}, signed by {slug_of(found.issuer)}",
        f"  key {found.authentic.partition('#')[2]}",
        "  it is contested; affirmed once, it counts as the party's own word again",
    )
    ask(output, lines, f"Does {session.profile.slug} stand by it?", is_agreed=is_agreed)
    admitted = _endorse(session, found.record_id, "accept")
    output.say(f"affirmed entry {found.index}: entry {admitted.index}")
    output.result({"of": found.record_id, **admitted_members(admitted)})


def tell_state(
    output: Output, session: Session, record_id: str, words: ProposalWords
) -> dict[str, Any]:
    """Say how a proposal stands now, by the service's word; the same as plain values."""
    with session.client() as client:
        listed = client.proposals()
    with courtesy_answer():
        for found in listed["proposals"]:
            if found["record_id"] == record_id:
                _say_all(output, words.state(found))
                state = {name: found[name] for name in ("missing", "lapses_ms")}
                return {"state": "open", **state}
        for found in listed["recoveries"]:
            if found["record_id"] == record_id:
                output.say(words.notice(found))
                return {"state": "carried", "due_ms": found["due_ms"]}
    return {"state": "over"}


def _say_all(output: Output, *parts: Iterator[str]) -> None:
    for lines in parts:
        for line in lines:
            output.say(f"  {line}")


def _proposal_members(found: ReadProposal) -> dict[str, Any]:
    return {"proposal": found.record_id, "act": found.act}


def _find_own(session: Session, named: str) -> VerifiedRecord:
    """The same for a record of one's own: what nobody else may know of is asked for signed."""
    try:
        return _find(session, named)
    except (NoSuchEntry, RequestRefused):
        path = session.folder.signing_key
        if not path.exists():
            raise
        return _find(session, named, signer=session.open_key(path))


def _find(session: Session, named: str, *, signer: PartySigner | None = None) -> VerifiedRecord:
    """The record of this id or entry number, verified from the trust anchor.

    Raises:
        ProposalUnexpected: the service shows another one.
        ClientError, LedgerError, KeysError: it cannot be had, or does not verify.
    """
    index = int(named) if named.isascii() and named.isdecimal() and len(named) < 16 else None
    with session.client(signer) as client:
        record_id = named if index is None else str(record_at(index, client)["record_id"])
        record = read_record(client.view(record_id), session.anchor, record_id)
    if index not in {None, record.index}:
        raise ProposalUnexpected(f"expected entry {index}, found entry {record.index}")
    return record


def _endorse(session: Session, record_id: str, meaning: str) -> Admitted:
    composer = admin_composer(session)
    sd_jwt = compose_endorsement(composer, iat=now_s(), of=record_id, meaning=meaning)
    return send(session, sd_jwt)


def _expect_own_keys(session: Session, found: ReadProposal) -> None:
    """The proposal must be about this party, with the keys that are in its folder and no others.

    Raises:
        ProposalUnexpected, CommandFault: it is about another party, or names other keys.
    """
    slug = session.profile.slug
    own = party_did(parse_origin(session.anchor.origin), parse_slug(slug))
    about = found.content.get("slug", slug_of(found.content.get("party")))
    if found.act not in CONSENTED or about != slug:
        raise ProposalUnexpected(
            f"expected a proposal to admit or recover {slug}, found one to {found.act} {about}"
        )
    admin = load_key_file(session.folder.admin_key).header.multikey
    following = commit_key(load_key_file(session.folder.next_key).header.multikey)
    proposed = (tuple(found.content["admin_keys"]), found.content["next_key"])
    if proposed != ((admin,), following):
        raise CommandFault(
            ProposalUnexpected.code,
            f"expected the keys of {session.folder.root} for {own}, found others",
            remedy="Do not accept. Tell the member who proposed it which member.json is yours.",
        )


def _expect_votes(session: Session, found: ReadProposal) -> None:
    """New keys of a party speak in its name only once the others agree to them.

    Raises:
        CommandFault: approvals are missing, as the service says.
    """
    if found.act != "recover":
        return
    with session.client() as client:
        listed = client.proposals()
    with courtesy_answer():
        missing = [p["missing"] for p in listed["proposals"] if p["record_id"] == found.record_id]
    if missing and missing[0]:
        raise CommandFault(
            "approval-needed",
            f"the members agree to new keys first: expected no approval to be missing, "
            f"found {missing[0]}",
            remedy="Run it again once enough have approved: 'lotmark proposals' tells.",
        )


def _notices(session: Session) -> Iterator[str]:
    """What the party's own statement says, to be compared with what is proposed."""
    path = session.folder.member
    if path.exists():
        said = founder_body(parse_statement(path.read_bytes()))
        yield f"  your own statement says: {', '.join(said['roles'])}"
