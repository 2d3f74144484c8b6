"""``lotmark countersign``: an answer to what another party has signed first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import click

from api.cli.acts import admitted_members, ask, yes_option
from api.cli.agreed import ask_all
from api.cli.faults import CommandFault
from api.cli.options import Place, language_option, open_session, pass_output, place_options
from api.cli.output import Output
from api.cli.own_party import courtesy_answer
from api.cli.party_acts import Acting, open_acting, state_of
from api.cli.proposal_words import slug_of
from api.cli.record_argument import RecordCommand
from ledger.relations import ACT_VCT
from ledger.verify import VerifiedRecord

_ASKING: Final = frozenset({ACT_VCT, "part/v1", "requirement/v1"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a record asks of a party: who asks, what it is about, what an approval puts in force.

    ``prospect`` says so before it is signed, ``effect`` when it is.
    """

    about: str
    asks: str
    name: str
    prospect: str
    effect: str


@click.command(cls=RecordCommand)
@click.argument("record")
@click.option("--reject", "is_rejected", is_flag=True, help="Sign that it is not agreed to.")
@click.option("--reason", metavar="CODE", help="Why, as a code that the other side knows.")
@yes_option
@place_options
@language_option
@pass_output
def countersign(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """Countersign what waits for this party: a relation, a part, a requirement.

    RECORD is its id or its entry number, as in 'lotmark tasks'. It is verified from the trust
    anchor and shown before it asks; with --reject the answer is no.
    """
    session = open_session(place)
    acting = open_acting(session)
    is_rejected = options["is_rejected"]
    with acting.client:
        found = acting.find(record)
        asked = read_asked(found, acting.did)
        output.note("the record is in the log of your trust anchor, and its signature holds:")
        lines = [
            f"  {slug_of(found.issuer)} asks for {asked.name}, entry {found.index}",
            *(f"    {line}" for line in acting.tell(found, options["language"])),
            *(f"  {line}" for line in _part_now(acting, found)),
            f"  {_prospect(asked, is_rejected)}",
        ]
        question = f"{'Reject' if is_rejected else 'Countersign'} it in the name of "
        ask(output, lines, f"{question}{session.profile.slug}?", is_agreed=options["is_agreed"])
        _answer(output, acting, found, asked, options)


def _prospect(asked: Asked, is_rejected: bool) -> str:
    return "if rejected, nothing will change" if is_rejected else f"once signed, {asked.prospect}"


def _part_now(acting: Acting, found: VerifiedRecord) -> Iterator[str]:
    """What is in force of the part, which the record is to replace, as the service says."""
    if found.type != "part/v1":
        return
    number = str(state_of(found)["number"])
    told = ask_all(
        acting.client, "parts", customer=found.issuer, supplier=acting.did, number=number
    )
    with courtesy_answer():
        for part in told.items:
            now, waits = part["in_force"], part["proposed"]
            if now is not None:
                yield f"until then revision {now['revision']} is, in unit {now['unit']}"
            if waits is None or waits["proposed"]["record_id"] != found.record_id:
                yield "note: it was answered already, or a later one has taken its place"


def _answer(
    output: Output, acting: Acting, found: VerifiedRecord, asked: Asked, options: Any, /
) -> None:
    meaning = "reject" if options["is_rejected"] else "approve"
    state = {"act": "endorse", "of": found.record_id, "meaning": meaning}
    if options["reason"]:
        state["reason"] = options["reason"]
    admitted = acting.act(state, to=asked.asks)
    done = {"approve": f"countersigned {asked.name}", "reject": f"rejected {asked.name}"}
    output.say(f"{done[meaning]}: entry {admitted.index}")
    if meaning == "approve":
        output.say(f"  {asked.effect}")
    output.result(
        {
            "of": found.record_id,
            "about": asked.about,
            "from": asked.asks,
            "meaning": meaning,
            **admitted_members(admitted),
        }
    )


def read_asked(found: VerifiedRecord, own: str) -> Asked:
    """What a verified record asks of this party.

    Raises:
        CommandFault: nothing, or of another party, or its content is not shown.
    """
    asked = _read_relation(found) or _read_part(found) or _read_requirement(found)
    if asked is None and found.type in _ASKING and not state_of(found):
        raise CommandFault(
            "nothing-to-countersign",
            f"expected the content of {found.type} at entry {found.index}, found none of it shown",
            remedy=f"Have {slug_of(found.issuer)} submit it with this party as its subject.",
        )
    if asked is None:
        raise _nothing(
            f"expected an offer of a relation, a part or a requirement, found {found.type} "
            f"at entry {found.index}"
        )
    waits_for, about = asked
    if waits_for != own:
        raise _nothing(
            f"expected what waits for {slug_of(own)}, found {about.name}, which waits for "
            f"{slug_of(waits_for)}"
        )
    return about


def _read_relation(found: VerifiedRecord) -> tuple[str, Asked] | None:
    match state_of(found):
        case {
            "act": "relation",
            "kind": str(kind),
            "customer": str(customer),
            "provider": str(provider),
            "families": list(families),
        } if found.type == ACT_VCT:
            waits_for = provider if found.issuer == customer else customer
            over = f" over {', '.join(map(str, families))}" if families else ""
            name = f"a {kind} relation{over}"
            sides = f"{name} of {slug_of(provider)} for {slug_of(customer)}"
            prospect, effect = f"{sides} will be in force", f"{sides} is in force"
            return waits_for, Asked("relation", found.issuer, name, prospect, effect)
    return None


def _read_part(found: VerifiedRecord) -> tuple[str, Asked] | None:
    match state_of(found):
        case {
            "number": str(number),
            "revision": str(revision),
            "supplier": str(supplier),
            "family": str(family),
        } if found.type == "part/v1":
            name = f"part {number} revision {revision}"
            prospect = f"{name} will be in force, in family {family}"
            effect = f"{name} is in force, in family {family}"
            return supplier, Asked("part", found.issuer, name, prospect, effect)
    return None


def _read_requirement(found: VerifiedRecord) -> tuple[str, Asked] | None:
    match state_of(found):
        case {
            "requirement": str(code),
            "revision": str(revision),
            "supplier": str(supplier),
            "in_force_from": str(day),
        } if found.type == "requirement/v1":
            name = f"requirement {code} revision {revision}"
            prospect, effect = f"{name} will bind from {day} on", f"{name} binds from {day} on"
            return supplier, Asked("requirement", found.issuer, name, prospect, effect)
    return None


def _nothing(message: str) -> CommandFault:
    return CommandFault(
        "nothing-to-countersign",
        message,
        remedy="'lotmark tasks' lists what waits for this party.",
    )
