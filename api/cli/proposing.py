"""``lotmark propose`` and ``lotmark leave``: what the members are to decide."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from api.cli.acts import (
    admin_composer,
    admitted_members,
    ask,
    now_s,
    reason_option,
    send,
    yes_option,
)
from api.cli.faults import CommandFault
from api.cli.keygen import read_statement
from api.cli.options import (
    Place,
    Session,
    language_option,
    open_session,
    pass_output,
    place_options,
    read_file,
)
from api.cli.output import Output
from api.cli.own_party import courtesy_answer, did_of, listed_party
from api.cli.proposal_words import ProposalWords
from api.cli.voting import DANGERS, tell_state
from api.governing import compose_proposal
from ledger import limits
from ledger.charter import founder_body
from ledger.record_type import ROLES, document_digest, parse_record_type
from ledger.strict_json import parse_json_object
from ledger.submission import Admitted

_ENTITIES: Final = ("group", "legal-entity")
_LEAVING: Final = (
    "  danger: leaving is for ever. All keys of the party end, nobody needs to agree, and the",
    "  short name is never used again. Its records stay in the log",
)

Command = Callable[..., None]


class Proposing:
    """One proposal on its way: shown, signed, sent."""

    def __init__(self, output: Output, place: Place, options: Mapping[str, Any]) -> None:
        """Open the party's session; the options are those that all proposals share."""
        self._output = output
        self._options = options
        self._words = ProposalWords(options["language"])
        self.session = open_session(place)

    def party(self, slug: str) -> str:
        """The DID of a party of this log."""
        return did_of(self.session, slug)

    def reason_given(self) -> str:
        """The reason, where the content of a proposal must say one.

        Raises:
            UsageError: there is none.
        """
        reason = self._options["reason"]
        if not reason:
            raise click.UsageError("an order says why: --reason TEXT")
        return str(reason)

    def propose(self, act: str, content: Mapping[str, Any]) -> None:
        """Show what would be proposed, ask, and propose it."""
        lines = [*self._words_of(act, content)]
        slug = self.session.profile.slug
        question = f"Propose this in the name of {slug}?"
        ask(self._output, lines, question, is_agreed=self._options["is_agreed"])
        admitted = send_proposal(self.session, act, content, reason=self._options["reason"])
        self._output.say(f"proposed {self._words.act(act, content)}: entry {admitted.index}")
        self._output.say(f"  {admitted.record_id}")
        state = tell_state(self._output, self.session, admitted.record_id, self._words)
        if state["state"] == "over":
            # Nobody withdraws one's own proposal between two requests of this command.
            self._output.say(f"  the proposal is carried: in force with entry {admitted.index}")
        if state.get("missing"):
            self._output.say(f"next: the others run 'lotmark approve {admitted.record_id}'")
        self._output.result({"act": act, **admitted_members(admitted), **state})

    def _words_of(self, act: str, content: Mapping[str, Any]) -> Iterator[str]:
        yield f"proposal: {self._words.act(act, content)}"
        yield from self._words.content(act, content)
        if self._options["reason"]:
            yield self._words.reason(self._options["reason"])
        if act in DANGERS:
            yield f"  danger: {DANGERS[act]}"


def send_proposal(
    session: Session, act: str, content: Mapping[str, Any], *, reason: str | None
) -> Admitted:
    """Sign a proposal with the party's admin key and send it."""
    composer = admin_composer(session)
    return send(session, compose_proposal(composer, act, content, reason=reason, iat=now_s()))


def proposing(command: Command) -> Command:
    """Give a command the options of every proposal, handed over as its :class:`Proposing`."""

    @functools.wraps(command)
    def run(output: Output, *, place: Place, **options: Any) -> None:
        shared = {name: options.pop(name) for name in ("reason", "is_agreed", "language")}
        command(Proposing(output, place, shared), **options)

    return reason_option(yes_option(place_options(language_option(pass_output(run)))))


@click.group()
def propose() -> None:
    """Propose something that the members decide together.

    Prints the proposal's record id, who decides, and until when. Whoever may vote has approved
    by proposing; the others run 'lotmark approve'.
    """


@propose.command()
@click.argument("statement", type=click.Path(path_type=Path))
@proposing
def admit(proposal: Proposing, *, statement: Path) -> None:
    """Admit a new member; STATEMENT is the member.json that its 'lotmark keygen' wrote.

    Compare its admin key with the candidate by a way you trust.
    """
    proposal.propose("admit", founder_body(read_statement(statement)))


@propose.command()
@click.argument("statement", type=click.Path(path_type=Path))
@proposing
def recover(proposal: Proposing, *, statement: Path) -> None:
    """Give a member that lost its keys new ones; STATEMENT is its new member.json.

    Compare the admin key with the party by a way you trust. It accepts once enough have
    approved; seven days after that the keys hold.
    """
    said = read_statement(statement)
    content = {
        "party": proposal.party(said.slug),
        "admin_keys": list(said.admin_keys),
        "next_key": said.next_key,
    }
    proposal.propose("recover", content)


@propose.command()
@click.argument("slug")
@proposing
def suspend(proposal: Proposing, *, slug: str) -> None:
    """Suspend a member: until it is reinstated it only ends or replaces its keys."""
    proposal.propose("suspend", {"party": proposal.party(slug)})


@propose.command()
@click.argument("slug")
@proposing
def reinstate(proposal: Proposing, *, slug: str) -> None:
    """Reinstate a suspended member."""
    proposal.propose("reinstate", {"party": proposal.party(slug)})


@propose.command()
@click.argument("slug")
@proposing
def remove(proposal: Proposing, *, slug: str) -> None:
    """Remove a member for ever; its records stay. To leave oneself: 'lotmark leave'."""
    proposal.propose("remove", {"party": proposal.party(slug)})


@propose.command()
@click.argument("slug")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(ROLES),
    help="What the party does from now on; default: what it does.",
)
@click.option(
    "--accreditation",
    "accreditations",
    multiple=True,
    help="What it is accredited for from now on; default: as it is. An empty text is none.",
)
@click.option("--entity", type=click.Choice(_ENTITIES), help="Default: as it is.")
@click.option("--parent", metavar="SLUG", help="Whom it belongs to; an empty text is nobody.")
@proposing
def roles(proposal: Proposing, *, slug: str, **options: Any) -> None:
    """Give a member other roles, accreditations or another parent."""
    found = listed_party(proposal.session, slug)
    given = {name: value for name, value in options.items() if value not in (None, ())}
    given = {name: list(v) if isinstance(v, tuple) else v for name, v in given.items()}
    if "accreditations" in given:
        given["accreditations"] = [text for text in given["accreditations"] if text]
    if "parent" in given:
        given["parent"] = given["parent"] or None
    with courtesy_answer():
        kept = {name: found[name] for name in ("roles", "accreditations", "entity", "parent")}
    proposal.propose("roles", {"party": proposal.party(slug), **kept, **given})


@propose.command()
@click.argument("kid")
@click.option(
    "--from",
    "start",
    type=click.IntRange(0),
    required=True,
    metavar="ENTRY",
    help="Contest what the key signed from this entry on.",
)
@proposing
def contest(proposal: Proposing, *, kid: str, start: int) -> None:
    """Contest what a key signed, further back than its party may alone; KID is <did>#<multikey>."""
    content = {"party": kid.partition("#")[0], "kid": kid, "from": start}
    proposal.propose("contest", content)


@propose.command()
@click.argument("file", type=click.Path(path_type=Path))
@proposing
def amend(proposal: Proposing, *, file: Path) -> None:
    """Amend the charter; FILE holds the members that are replaced whole, as JSON.

    quorum, limits, entry_bundles, operator, credentials, witness_policy, log_keys.
    """
    data = read_file(file, "an amendment", bytes_max=limits.STATEMENT_BYTES_MAX)
    content = parse_json_object(data, bytes_max=limits.STATEMENT_BYTES_MAX)
    proposal.propose("amend", content)


@propose.command("record-type")
@click.argument("file", type=click.Path(path_type=Path))
@proposing
def record_type(proposal: Proposing, *, file: Path) -> None:
    """Allow a record type; FILE is its definition. Then: 'lotmark define record-type FILE'."""
    text = read_document(file)
    content = {"vct": parse_record_type(text).vct, "sha256": document_digest(text)}
    proposal.propose("record-type", content)


@propose.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@proposing
def policy(proposal: Proposing, *, name: str, file: Path) -> None:
    """Allow a policy; FILE is its text. Then: 'lotmark define policy NAME FILE'."""
    proposal.propose("policy", {"name": name, "sha256": document_digest(read_document(file))})


@propose.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@proposing
def parameters(proposal: Proposing, *, name: str, file: Path) -> None:
    """Allow parameters; FILE is their text. Then: 'lotmark define parameters NAME FILE'."""
    proposal.propose("parameters", {"name": name, "sha256": document_digest(read_document(file))})


@click.command()
@reason_option
@yes_option
@place_options
@pass_output
def leave(output: Output, *, reason: str | None, is_agreed: bool, place: Place) -> None:
    """Leave the log for ever; nobody else needs to agree."""
    session = open_session(place)
    slug = session.profile.slug
    lines = (f"{slug} leaves {session.anchor.origin}", *_LEAVING)
    ask(output, lines, f"Leave in the name of {slug}, for ever?", is_agreed=is_agreed)
    admitted = send_proposal(session, "remove", {"party": did_of(session, slug)}, reason=reason)
    output.say(f"{slug} has left: entry {admitted.index}")
    output.result(admitted_members(admitted))


def read_document(path: Path) -> str:
    """The text of a governance document.

    Raises:
        CommandFault: it cannot be read, is too large, or is not UTF-8.
    """
    data = read_file(path, "a document", bytes_max=limits.DOCUMENT_BYTES_MAX)
    try:
        return data.decode()
    except UnicodeDecodeError as fault:
        raise CommandFault(
            "malformed-document",
            f"{path}: expected UTF-8, found other bytes",
            remedy="Save it as UTF-8.",
        ) from fault
