"""``lotmark relate``, ``end`` and ``move-part``: what one side signs, addressed to the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from api.cli.acts import admitted_members, ask, yes_option
from api.cli.agreed import ask_all
from api.cli.drafts import name_party
from api.cli.faults import CommandFault
from api.cli.options import (
    Place,
    Session,
    language_option,
    open_session,
    pass_output,
    place_options,
)
from api.cli.output import Output
from api.cli.own_party import courtesy_answer
from api.cli.party_acts import Acting, open_acting, state_of
from api.cli.proposal_words import slug_of
from api.cli.record_argument import RecordCommand
from keys.identifiers import parse_origin
from ledger.relations import ACT_VCT, CUSTOMER, KINDS, PROVIDER, SIDES
from ledger.verify import VerifiedRecord
from quality.in_force.judging_sampling import COMMIT

SUPPLY: Final = KINDS[0]


@click.command()
@click.argument("party_named", metavar="PARTY")
@click.option(
    "--as",
    "side",
    required=True,
    type=click.Choice(SIDES),
    help="The side of this party: whom PARTY supplies, certifies or measures for, or who does.",
)
@click.option(
    "--kind", type=click.Choice(KINDS), default=SUPPLY, show_default=True, help="Of which kind."
)
@click.option(
    "--family", "families", multiple=True, metavar="CODE", help="A part family; may be repeated."
)
@click.option("--contract", help="The number of the contract behind it.")
@click.option("--note", help="Terms, in your own words.")
@yes_option
@place_options
@pass_output
def relate(output: Output, *, party_named: str, place: Place, **options: Any) -> None:
    """Offer a relation to PARTY, by slug or DID; in force once PARTY has countersigned.

    A supply relation names the part families that it is about. A family more is a further
    relation.
    """
    if options["kind"] == SUPPLY and not options["families"]:
        raise click.UsageError("a supply relation is over part families: --family CODE")
    if options["contract"] and not options["note"]:
        raise click.UsageError("a contract stands beside a note on the terms: --note TEXT")
    session = open_session(place)
    acting = open_acting(session)
    other = _other_party(session, party_named)
    if other == acting.did:
        raise click.UsageError(f"a relation is with another party, found {party_named}")
    state = _offer(acting.did, other, options)
    with acting.client:
        lines = [f"will be offered: {_describe(state)}", *_known(acting, other, state)]
        ask(
            output,
            (f"  {line}" for line in lines),
            f"Offer it in the name of {session.profile.slug}?",
            is_agreed=options["is_agreed"],
        )
        terms = {name: options[name] for name in ("note", "contract") if options[name]}
        admitted = acting.act(state, to=other, terms=terms)
    output.say(f"offered: entry {admitted.index}, {admitted.record_id}")
    output.say(f"next: {slug_of(other)} runs 'lotmark countersign {admitted.index}'")
    output.result({**state, **admitted_members(admitted)})


@click.command(cls=RecordCommand)
@click.argument("record", metavar="RELATION")
@click.option("--reason", required=True, metavar="CODE", help="Why, as a code.")
@yes_option
@place_options
@language_option
@pass_output
def end(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """End a relation, or withdraw an offer of one: RELATION is its record id or entry number.

    'lotmark masters relations' lists them. What was admitted under it stays admitted. A commit
    of skip-lot is ended by it, too: what was not revealed is inspected.
    """
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        found = acting.find(record)
        other = _other_side(found, acting.did)
        lines = [
            f"  entry {found.index}, offered by {slug_of(found.issuer)}",
            *(f"    {line}" for line in acting.tell(found, options["language"])),
            "  once it is ended, no record will rest on it any more; what was admitted stays",
        ]
        question = f"End it in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=options["is_agreed"])
        state = {"act": "end", "of": found.record_id, "reason": options["reason"]}
        admitted = acting.act(state, to=other)
    output.say(f"ended what entry {found.index} began: entry {admitted.index}")
    output.result({"of": found.record_id, **admitted_members(admitted)})


@click.command("move-part")
@click.argument("number")
@click.option("--supplier", required=True, metavar="PARTY", help="Who supplies it, by slug or DID.")
@click.option("--family", required=True, metavar="CODE", help="The family that it moves to.")
@yes_option
@place_options
@pass_output
def move_part(output: Output, *, number: str, place: Place, **options: Any) -> None:
    """Move a part that this party buys to another family, which a relation has to cover.

    NUMBER is this party's number of the part. The supplier sees the entry; it need not answer.
    """
    session = open_session(place)
    acting = open_acting(session)
    supplier, family = _other_party(session, options["supplier"]), options["family"]
    with acting.client:
        now = _family_now(acting, supplier, number)
        lines = [f"  part {number} of {slug_of(supplier)} will move from {now} to {family}"]
        question = f"Move it in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=options["is_agreed"])
        part = {"customer": acting.did, "supplier": supplier, "number": number}
        admitted = acting.act({"act": "move", "part": part, "family": family}, to=supplier)
    output.say(f"moved {number} from {now} to {family}: entry {admitted.index}")
    output.result({"part": part, "family": family, **admitted_members(admitted)})


def _other_party(session: Session, named: str) -> str:
    return name_party(named, parse_origin(session.anchor.origin))


def _offer(own: str, other: str, options: Mapping[str, Any]) -> dict[str, Any]:
    is_customer = options["side"] == CUSTOMER
    return {
        "act": "relation",
        "kind": options["kind"],
        CUSTOMER: own if is_customer else other,
        PROVIDER: other if is_customer else own,
        "families": list(dict.fromkeys(options["families"])),
    }


def _describe(state: Mapping[str, Any]) -> str:
    over = f", over {', '.join(state['families'])}" if state["families"] else ""
    return f"{state['kind']} by {slug_of(state[PROVIDER])} for {slug_of(state[CUSTOMER])}{over}"


def _known(acting: Acting, other: str, state: Mapping[str, Any]) -> Iterator[str]:
    """What there is already between the two of this kind and over these families."""
    told = ask_all(acting.client, "relations", party=other, kind=state["kind"])
    with courtesy_answer():
        for found in told.items:
            if not _is_same(found, state):
                continue
            if found["state"] == "in-force":
                yield f"note: one is in force already, by entry {found['offered']['entry']}"
            elif found["state"] == "offered" and found["offered_by"] == other:
                entry = found["offered"]["entry"]
                yield f"note: {slug_of(other)} offers it already: 'lotmark countersign {entry}'"
            elif found["state"] == "offered":
                yield f"note: your offer of entry {found['offered']['entry']} waits still"


def _is_same(found: Mapping[str, Any], state: Mapping[str, Any]) -> bool:
    sides: Sequence[str] = (CUSTOMER, PROVIDER)
    is_between = all(found[side] == state[side] for side in sides)
    return is_between and set(state["families"]) <= set(found["families"])


def _other_side(found: VerifiedRecord, own: str) -> str:
    """The other side of the relation that a verified record offers, or of a commit of skip-lot.

    Raises:
        CommandFault: it offers none, or one of other parties.
    """
    state = state_of(found)
    sides = (state.get(CUSTOMER), state.get(PROVIDER))
    if found.type == ACT_VCT and state.get("act") == "relation" and own in sides:
        return str(sides[0] if sides[1] == own else sides[1])
    part = state.get("part")
    if state.get("act") == COMMIT and isinstance(part, dict) and part.get("customer") == own:
        return str(part["supplier"])
    raise CommandFault(
        "no-such-relation",
        f"expected the offer of a relation of {slug_of(own)}, or its commit of skip-lot, found "
        f"{found.type} at entry {found.index}",
        remedy="'lotmark masters relations' lists them by the entry of their offer.",
    )


def _family_now(acting: Acting, supplier: str, number: str) -> str:
    told = ask_all(acting.client, "parts", customer=acting.did, supplier=supplier, number=number)
    with courtesy_answer():
        for part in told.items:
            return str(part["family"])
    raise CommandFault(
        "unknown-part",
        f"expected a part that {slug_of(acting.did)} buys from {slug_of(supplier)}, found no "
        f"{number!r}",
        remedy="'lotmark masters parts' lists them by their numbers.",
    )
