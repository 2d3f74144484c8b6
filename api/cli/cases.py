"""``lotmark case``, ``hold`` and ``release``: a quality issue of two, and what must be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from api.agreements_members import CASE_STATES
from api.cli.acts import admitted_members, ask, yes_option
from api.cli.agreed import ask_all
from api.cli.drafts import name_party
from api.cli.faults import CommandFault
from api.cli.masters import ask_masters, tell_masters
from api.cli.options import Place, open_session, pass_output, place_options
from api.cli.output import Output
from api.cli.own_party import courtesy_answer
from api.cli.party_acts import Acting, groups_of, open_acting, state_of
from api.cli.proposal_words import slug_of
from api.cli.record_argument import RecordCommand
from keys.identifiers import parse_origin
from ledger.relations import ACT_VCT, CUSTOMER

_SIDES: Final = (CUSTOMER, "supplier")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is said of a case, and the question before it is signed."""

    record: str
    state: Mapping[str, str]
    question: str
    is_agreed: bool


@click.group()
def case() -> None:
    """A quality issue of a customer and a supplier, and the records of its 8D.

    While it is open both read all groups of its records but sealed ones, and both are their
    owners; nobody else files records of it.
    """


@case.command("open")
@click.argument("party_named", metavar="PARTY")
@click.option("--as", "side", required=True, type=click.Choice(_SIDES), help="This party's side.")
@click.option("--number", required=True, help="The number by which both know it.")
@yes_option
@place_options
@pass_output
def open_case(output: Output, *, party_named: str, place: Place, **options: Any) -> None:
    """Open a case with PARTY, by slug or DID; PARTY acknowledges it."""
    session = open_session(place)
    acting = open_acting(session)
    other = name_party(party_named, parse_origin(session.anchor.origin))
    sides = (acting.did, other) if options["side"] == CUSTOMER else (other, acting.did)
    state = {"act": "case", "number": options["number"], **dict(zip(_SIDES, sides, strict=True))}
    with acting.client:
        lines = [f"  case {options['number']} with {slug_of(other)}: both will read all of it"]
        question = f"Open it in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=options["is_agreed"])
        admitted = acting.act(state, to=other)
    output.say(f"opened: entry {admitted.index}, {admitted.record_id}")
    output.say(f"next: {slug_of(other)} runs 'lotmark case acknowledge {admitted.index}'")
    output.result({**state, **admitted_members(admitted)})


@case.command(cls=RecordCommand)
@click.argument("record", metavar="CASE")
@click.option("--reject", "is_rejected", is_flag=True, help="Sign that there is no such case.")
@yes_option
@place_options
@pass_output
def acknowledge(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """Acknowledge a case that another party opened: CASE is its record id or entry number."""
    is_rejected = options["is_rejected"]
    state = {"act": "endorse", "meaning": "reject" if is_rejected else "approve"}
    question = f"{'Reject' if is_rejected else 'Acknowledge'} it"
    _answer(output, place, _Answer(record, state, question, options["is_agreed"]))


@case.command(cls=RecordCommand)
@click.argument("record", metavar="CASE")
@click.option("--reason", required=True, metavar="CODE", help="Why, as a code.")
@yes_option
@place_options
@pass_output
def close(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """Close a case as its customer, or withdraw one that this party opened and that waits.

    Its participants read from then on what anybody else would.
    """
    state = {"act": "end", "reason": options["reason"]}
    _answer(output, place, _Answer(record, state, "Close it", options["is_agreed"]))


@case.command("list")
@click.option("--state", type=click.Choice(CASE_STATES), help="Only in this state.")
@click.option("--number", help="Only of this number.")
@place_options
@pass_output
def list_cases(output: Output, *, place: Place, **asked: str | None) -> None:
    """List the cases in which this party takes part."""
    told = ask_masters(place, "cases", **asked)
    tell_masters(output, "cases", told, _rows(told.items))


@click.command(cls=RecordCommand)
@click.argument("record")
@click.option("--reason", required=True, metavar="CODE", help="Why, as a code.")
@yes_option
@place_options
@pass_output
def hold(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """Hold RECORD, by its id or entry number: nothing of it is erased until it is released.

    For who is its subject, among its addressees, or takes part in its case.
    """
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        found = acting.find(record)
        owner = _owner_of(groups_of(found), found.issuer)
        lines = [f"  {slug_of(owner)} will not be able to erase anything of entry {found.index}"]
        question = f"Hold it in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=options["is_agreed"])
        state = {"act": "hold", "of": found.record_id, "reason": options["reason"]}
        admitted = acting.act(state, to=owner)
    output.say(f"held: entry {admitted.index}, {admitted.record_id}")
    output.say(f"later: lotmark release {admitted.index}")
    output.result({"of": found.record_id, **admitted_members(admitted)})


@click.command(cls=RecordCommand)
@click.argument("record", metavar="HOLD")
@yes_option
@place_options
@pass_output
def release(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """Release what this party holds: HOLD is the record id or entry number of the hold."""
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        found = acting.find(record)
        owner = groups_of(found).get("manifest", {}).get("subject")
        if found.type != ACT_VCT or state_of(found).get("act") != "hold" or owner is None:
            raise CommandFault(
                "no-such-hold",
                f"expected a hold by {slug_of(acting.did)}, found {found.type} at entry "
                f"{found.index}",
                remedy="Name the entry that 'lotmark hold' wrote.",
            )
        lines = [f"  {slug_of(owner)} will be able to erase what is due of {state_of(found)['of']}"]
        question = f"Release it in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=options["is_agreed"])
        admitted = acting.act({"act": "release", "of": found.record_id}, to=str(owner))
    output.say(f"released the hold of entry {found.index}: entry {admitted.index}")
    output.result({"of": found.record_id, **admitted_members(admitted)})


def _answer(output: Output, place: Place, answer: _Answer) -> None:
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        found = _find_case(acting, answer.record)
        other = next(found[side] for side in _SIDES if found[side] != acting.did)
        lines = [
            f"  case {found['number']} of {slug_of(found['supplier'])} for "
            f"{slug_of(found[CUSTOMER])}, {found['state']}, entry {found['opened']['entry']}"
        ]
        question = f"{answer.question} in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=answer.is_agreed)
        of = found["opened"]["record_id"]
        admitted = acting.act({**answer.state, "of": of}, to=other)
    output.say(f"signed for case {found['number']}: entry {admitted.index}")
    output.result({**answer.state, "of": of, **admitted_members(admitted)})


def _find_case(acting: Acting, named: str) -> Mapping[str, Any]:
    told = ask_all(acting.client, "cases")
    with courtesy_answer():
        for item in told.items:
            if named in (item["opened"]["record_id"], str(item["opened"]["entry"])):
                return item
    raise CommandFault(
        "no-such-case",
        f"expected a case of {slug_of(acting.did)}, found none of {named!r}",
        remedy="'lotmark case list' lists them by their entries.",
    )


def _owner_of(groups: Mapping[str, Any], issuer: str) -> str:
    """The owner as the manifest says, which every reader above public is shown."""
    manifest = groups.get("manifest")
    return str(manifest["owner"]) if isinstance(manifest, dict) else issuer


def _rows(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    yield ("entry", "number", "state", "customer", "supplier", "acknowledged", "closed")
    for item in items:
        facts = (item["acknowledged"], item["closed"])
        yield (
            str(item["opened"]["entry"]),
            item["number"],
            item["state"],
            slug_of(item[CUSTOMER]),
            slug_of(item["supplier"]),
            *("-" if fact is None else str(fact["entry"]) for fact in facts),
        )
