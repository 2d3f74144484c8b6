"""``lotmark grant``, ``delegate``, ``revoke-grant``, ``grants``: who may read what, how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from api.agreements_members import GRANT_STATES
from api.cli.acts import admitted_members, ask, yes_option
from api.cli.agreed import ask_all
from api.cli.drafts import name_party
from api.cli.faults import CommandFault
from api.cli.instants import INSTANT
from api.cli.masters import ask_masters, tell_masters
from api.cli.opening_options import (
    opening_options,
    period_options,
    read_openings,
    read_period,
    tell_openings,
)
from api.cli.options import Place, open_session, pass_output, place_options
from api.cli.output import Output
from api.cli.own_party import courtesy_answer
from api.cli.party_acts import Acting, open_acting
from api.cli.proposal_words import moment, slug_of
from api.cli.record_argument import RecordCommand, record_id_of
from keys.identifiers import parse_origin

_BEHIND: Final = "records whose entry is behind this grant"


@click.command()
@click.argument("party_named", metavar="READER")
@opening_options
@click.option("--purpose", required=True, metavar="CODE", help="What it is for.")
@click.option("--family", "families", multiple=True, metavar="CODE", help="Only of this family.")
@click.option(
    "--record", "ids", multiple=True, metavar="ID", help="Only this record, by id or entry."
)
@click.option("--since", type=INSTANT, help="Also records admitted from then on.")
@click.option("--case", metavar="CASE", help="Only records of this case, by id or entry.")
@click.option("--delegable", is_flag=True, help="READER may pass it on to its laboratory.")
@yes_option
@place_options
@pass_output
def grant(output: Output, *, party_named: str, place: Place, **options: Any) -> None:
    """Grant READER, by slug or DID, the reading of groups of this party's records.

    By default of records that are filed from now on, for a year. What was read cannot be taken
    back: 'lotmark revoke-grant' ends what is still to come.
    """
    if options["ids"] and options["since"] is not None:
        raise click.UsageError("either --record or --since")
    session = open_session(place)
    acting = open_acting(session)
    reader = name_party(party_named, parse_origin(session.anchor.origin))
    with acting.client:
        options["ids"] = [record_id_of(named, acting.client) for named in options["ids"]]
        if options["case"]:
            options["case"] = record_id_of(options["case"], acting.client)
        state = _grant_state(reader, options)
        lines = [f"  {line}" for line in _tell_grant(state)]
        question = f"Grant this in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=options["is_agreed"])
        admitted = acting.act(state, to=reader)
    output.say(f"granted to {slug_of(reader)}: entry {admitted.index}, {admitted.record_id}")
    output.result({**state, **admitted_members(admitted)})


@click.command(cls=RecordCommand)
@click.argument("record", metavar="GRANT")
@click.argument("party_named", metavar="LABORATORY")
@period_options
@yes_option
@place_options
@pass_output
def delegate(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """Pass GRANT, which this party was given, on to LABORATORY, which works for it.

    GRANT is its record id or entry number, as in 'lotmark grants'. By default for as long as
    the grant is open. A delegation cannot be passed on.
    """
    session = open_session(place)
    acting = open_acting(session)
    reader = name_party(options["party_named"], parse_origin(session.anchor.origin))
    with acting.client:
        found = find_grant(acting, record)
        of = found["granted"]["record_id"]
        state = {"act": "delegate", "of": of, "reader": reader, **_inside(found, options)}
        lines = [
            f"  {slug_of(reader)} may read of {slug_of(found['owner'])}:",
            *(f"    {line}" for line in tell_openings({**found, **state})),
        ]
        question = f"Pass it on in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=options["is_agreed"])
        admitted = acting.act(state, to=reader, also=(found["owner"],))
    output.say(f"passed on to {slug_of(reader)}: entry {admitted.index}, {admitted.record_id}")
    output.result({**state, **admitted_members(admitted)})


@click.command("revoke-grant", cls=RecordCommand)
@click.argument("record", metavar="GRANT")
@click.option("--reason", required=True, metavar="CODE", help="Why, as a code.")
@yes_option
@place_options
@pass_output
def revoke_grant(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """End a grant or delegation that this party gave, or a delegation of what it granted.

    GRANT is its record id or entry number, as in 'lotmark grants'. Delegations of a grant end
    with it. What was read before stays read.
    """
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        found = find_grant(acting, record)
        reader, by = found["reader"], found["granted_by"]
        lines = [
            f"  {slug_of(reader)} will read no more of {slug_of(found['owner'])} by it:",
            *(f"    {line}" for line in tell_openings(found)),
        ]
        question = f"Revoke it in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=options["is_agreed"])
        of = found["granted"]["record_id"]
        state = {"act": "revoke", "of": of, "reason": options["reason"]}
        also = () if by in (acting.did, reader) else (by,)
        admitted = acting.act(state, to=reader, also=also)
    output.say(f"revoked the grant of entry {found['granted']['entry']}: entry {admitted.index}")
    output.result({"of": of, **admitted_members(admitted)})


@click.command()
@click.option("--owner", metavar="PARTY", help="Only of this party's records, by slug or DID.")
@click.option("--reader", metavar="PARTY", help="Only to this reader, by slug or DID.")
@click.option("--state", type=click.Choice(GRANT_STATES), help="Only in this state now.")
@place_options
@pass_output
def grants(output: Output, *, place: Place, **asked: str | None) -> None:
    """List what this party granted, may read, and passed on, with state and expiry."""
    told = ask_masters(place, "grants", **asked)
    tell_masters(output, "grants", told, _rows(told.items))


def find_grant(acting: Acting, named: str) -> Mapping[str, Any]:
    """A grant or delegation of this party by record id or entry number, as the service says.

    Raises:
        CommandFault: it takes part in none of that name.
    """
    told = ask_all(acting.client, "grants")
    with courtesy_answer():
        for item in told.items:
            if named in (item["granted"]["record_id"], str(item["granted"]["entry"])):
                return item
    raise CommandFault(
        "no-such-grant",
        f"expected a grant of {slug_of(acting.did)}, found none of {named!r}",
        remedy="'lotmark grants' lists them by their entries.",
    )


def _inside(found: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The period of a delegation, where it is not that of its grant."""
    begin, end, whole = options["begin"], options["end"], found["reads"]
    if begin is None and end is None:
        return {}
    start = whole["from"] if begin is None else begin
    return {"reads": {"from": start, "until": whole["until"] if end is None else end}}


def _grant_state(reader: str, options: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {
        "act": "grant",
        "reader": reader,
        "opens": read_openings(options["opened"]),
        "purpose": options["purpose"],
        "reads": read_period(options["begin"], options["end"]),
        "delegable": options["delegable"],
    }
    if not state["opens"]:
        raise click.UsageError("a grant says what it opens: --open TYPE:GROUP,GROUP")
    if options["families"]:
        state["families"] = list(dict.fromkeys(options["families"]))
    if options["ids"]:
        state["records"] = {"ids": list(dict.fromkeys(options["ids"]))}
    elif options["since"] is not None:
        state["records"] = {"from": options["since"]}
    if options["case"]:
        state["case"] = options["case"]
    return state


def _tell_grant(state: Mapping[str, Any]) -> Iterator[str]:
    yield f"{slug_of(state['reader'])} may read, for {state['purpose']}:"
    yield from (f"  {line}" for line in tell_openings(state))
    chosen = state.get("records") or {}
    if "ids" in chosen:
        yield f"  of {len(chosen['ids'])} records: {', '.join(chosen['ids'])}"
    elif "from" in chosen:
        yield f"  of records admitted from {moment(chosen['from'])} on"
    else:
        yield f"  of {_BEHIND}"
    if state.get("families"):
        yield f"  of the families {', '.join(state['families'])}"
    if state.get("case"):
        yield f"  of the case {state['case']}"
    if state["delegable"]:
        yield f"  and {slug_of(state['reader'])} may pass it on to its laboratory"


def _rows(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    yield ("entry", "state", "owner", "reader", "by", "purpose", "until", "opens")
    for item in items:
        opens = (f"{one['type']}: {', '.join(one['groups'])}" for one in item["opens"])
        yield (
            str(item["granted"]["entry"]),
            item["state"],
            slug_of(item["owner"]),
            slug_of(item["reader"]),
            slug_of(item["granted_by"]),
            item["purpose"],
            moment(item["reads"]["until"]),
            "; ".join(opens),
        )
