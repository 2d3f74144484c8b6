"""``lotmark retention``: what may be erased and what must be, and the operator's run over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from api.cli.acts import ask, yes_option
from api.cli.erasing import erase_state, instant
from api.cli.options import Place, open_session, pass_output, place_options
from api.cli.output import Output, columns
from api.cli.own_party import courtesy_answer
from api.cli.party_acts import open_acting
from api.cli.proposal_words import slug_of
from api.cli.reading import open_reader
from api.client import LogClient
from ledger.sharing.act_forms import BY_RETENTION
from ledger.sharing.retention import MUST, STATES

Members = Mapping[str, Any]
RUN_MAX: Final = 1_000
_REASON: Final = "retention-over"
_WORDS: Final = {
    "kept": "is kept",
    "may": "may be erased by its owner",
    "must": "is over its maximum",
    "held": "is held by a case or a hold",
}


@click.group(invoke_without_command=True)
@click.option("--state", type=click.Choice(STATES), help="Only records in this state.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=200,
    show_default=True,
    help="How many at most.",
)
@place_options
@pass_output
@click.pass_context
def retention(
    context: click.Context, output: Output, *, state: str | None, limit: int, place: Place
) -> None:
    """Tell how long this party's records are kept, and which may or must be erased.

    Least and most come from the policy that a record names, else from its type. The operator
    is told of everybody's records that are over their maximum.
    """
    if context.invoked_subcommand is not None:
        return
    reader = open_reader(place, is_anonymous=False)
    with reader.client, courtesy_answer():
        told = list(_first(limit, _records(reader.client, state)))
        rows = [_row(item) for item in told]
    for line in columns([("entry", "type", "owner", "state", "may", "must", "groups"), *rows]):
        output.say(line)
    if not rows:
        output.say("no such records")
    output.result({"records": told})


@retention.command()
@click.option("--sign", "is_signed", is_flag=True, help="Sign; without it nothing is changed.")
@click.option(
    "--limit",
    type=click.IntRange(1, RUN_MAX),
    default=100,
    show_default=True,
    help="How many at most.",
)
@yes_option
@place_options
@pass_output
def run(output: Output, *, is_signed: bool, limit: int, is_agreed: bool, place: Place) -> None:
    """Erase what is over its maximum: the operator's, in the log, on basis of retention.

    A dry run unless --sign is given. What a case or a hold keeps is left out.
    """
    session = open_session(place)
    reader = open_reader(place, is_anonymous=False)
    with reader.client, courtesy_answer():
        due = list(_first(limit, _records(reader.client, MUST)))
        lines = [f"  {' '.join(_row(item)[:3])}: {', '.join(item['groups'])}" for item in due]
    if not (is_signed and due):
        for line in lines:
            output.say(line)
        output.say(f"{len(due)} records are over their maximum; nothing was changed")
        output.result({"records": due, "acts": []})
        return
    acting = open_acting(session)
    ask(output, lines, f"Erase these groups of {len(due)} records for good?", is_agreed=is_agreed)
    acts = []
    with acting.client:
        for item in due:
            state = erase_state(item["record"], item["groups"], _REASON)
            to = item["owner"] if item["owner"] != acting.did else None
            admitted = acting.act(state | {"basis": BY_RETENTION}, to=to)
            acts.append({"record": item["record"], "act": admitted.record_id})
            output.note(f"entry {admitted.index}: {item['type']} of entry {item['index']}")
    output.say(f"{len(acts)} erasures are ordered: 'lotmark erasures' tells when they are done")
    output.result({"records": due, "acts": acts})


def _records(client: LogClient, state: str | None) -> Iterator[Members]:
    """The records in a state, page by page, as of the instant of the first page."""
    asked: dict[str, str | int] = {"state": state} if state else {}
    while True:
        page = client.masters("retention", **asked)
        yield from page["records"]
        if page["next"] is None:
            return
        asked |= {"after": int(page["next"]), "as_of_ms": int(page["as_of_ms"])}


def _first(limit: int, found: Iterator[Members]) -> Iterator[Members]:
    for number, item in enumerate(found, start=1):
        yield item
        if number == limit:
            return


def _row(item: Members) -> tuple[str, ...]:
    must = item["must_ms"]
    return (
        str(item["index"]),
        str(item["type"]),
        slug_of(item["owner"]),
        _WORDS.get(item["state"], str(item["state"])),
        instant(item["may_ms"]),
        "-" if must is None else instant(must),
        ", ".join(item["groups"]),
    )
