"""``lotmark seen-by`` and ``lotmark page``: what others see of this party's records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from api.cli.drafts import name_party
from api.cli.options import Place, pass_output, place_options
from api.cli.output import Output, columns
from api.cli.own_party import courtesy_answer
from api.cli.reading import open_reader
from api.cli.record_argument import record_id_of
from api.cli.selectors import Selectors
from keys.identifiers import parse_origin

Row = tuple[str, ...]
#: PARTY of the question about what anyone sees, without signing in.
ANYONE: Final = "-"


@click.command("seen-by")
@click.argument("party_named", metavar="PARTY")
@click.option("--type", "vct", metavar="TYPE", help="Only records of this type.")
@click.option("--record", metavar="ID", help="Only this record, by its id or entry number.")
@place_options
@pass_output
def seen_by(
    output: Output, *, party_named: str, vct: str | None, record: str | None, place: Place
) -> None:
    """Tell what PARTY, by slug or DID, sees of this party's newest records; '-' for anyone.

    By type and group: in how many records it is shown, by which rule, and what would unlock the
    rest. The service decides it by the same rules as when PARTY asks.
    """
    if vct is not None and record is not None:
        raise click.UsageError("either --type or --record, not both")
    reader = open_reader(place, is_anonymous=False)
    other = (
        None
        if party_named == ANYONE
        else name_party(party_named, parse_origin(reader.anchor.origin))
    )
    with reader.client:
        known = Selectors(reader.client, reader.anchor)
        known.expect_types([vct] if vct else [])
        if other is not None:
            known.expect_party(other)
        record_id = record_id_of(record, reader.client) if record else None
        asked = {"reader": other, "type": vct, "record": record_id}
        told = reader.client.seen_by(**{key: value for key, value in asked.items() if value})
    with courtesy_answer():
        _tell(output, told)
    output.result(dict(told))


@click.command()
@place_options
@pass_output
def page(output: Output, *, place: Place) -> None:
    """Print a link that signs a browser in to this party's own pages, once.

    They show what others see of its records, and who read them. The link is good for less than
    a minute: open it on this machine, and give it to nobody.
    """
    reader = open_reader(place, is_anonymous=False)
    with reader.client:
        told = reader.client.page_link()
    with courtesy_answer():
        output.say(str(told["url"]))
        output.note(f"good once, for {int(told['seconds'])} seconds")
    output.result(dict(told))


def _tell(output: Output, told: Mapping[str, Any]) -> None:
    if not told["groups"]:
        output.say("no record")
    for line in columns([*_rows(told["groups"])]) if told["groups"] else ():
        output.say(line)
    older = ", older ones are not counted" if told["has_more"] else ""
    output.note(f"over {told['records']} records, the newest{older}; as the service says")
    if told["relations"]:
        output.note("relations in force: " + ", ".join(told["relations"]))


def _rows(groups: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    yield ("type", "group", "tier", "shown", "of", "erased", "why", "what would unlock the rest")
    for group in groups:
        yield (
            group["type"],
            group["group"],
            ", ".join(group["tiers"]),
            str(group["shown"]),
            str(group["records"]),
            str(group["erased"] or "-"),
            ", ".join(map(_ground, group["grounds"])) or "-",
            ", ".join(group["needs"]) or "-",
        )


def _ground(ground: Mapping[str, Any]) -> str:
    by = ground["by"]
    return f"{ground['rule']} {by[:12]}" if by is not None else str(ground["rule"])
