"""``lotmark tasks`` and ``lotmark masters``: what waits for this party, and what is agreed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from api.cli.acts import now_s
from api.cli.agreed import SAYS, Told, ask_all, note_gaps
from api.cli.drafts import name_party
from api.cli.options import Place, pass_output, place_options
from api.cli.output import Output, columns
from api.cli.own_party import courtesy_answer
from api.cli.proposal_words import slug_of
from api.cli.reading import open_reader
from keys.identifiers import parse_origin

Row = tuple[str, ...]
Item = Mapping[str, Any]
Command = Callable[..., None]

between_options: Final = (
    click.option("--customer", metavar="PARTY", help="Only this customer's, by slug or DID."),
    click.option("--supplier", metavar="PARTY", help="Only this supplier's, by slug or DID."),
)
_PARTIES: Final = frozenset({"customer", "supplier", "other", "owner", "reader"})


def _with(options: Sequence[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.command()
@place_options
@pass_output
def tasks(output: Output, *, place: Place) -> None:
    """List what waits for this party's signature: offers, cases, parts and requirements of others.

    'lotmark countersign ENTRY' verifies one, shows it, asks, and signs; a case has 'lotmark case
    acknowledge ENTRY'.
    """
    told = ask_masters(place, "tasks")
    tell_masters(output, "tasks", told, _task_rows(told.items))
    about = {item["about"] for item in told.items}
    if about - {"case"}:
        output.note("next: lotmark countersign ENTRY")
    if "case" in about:
        output.note("next: lotmark case acknowledge ENTRY")


@click.group()
def masters() -> None:
    """List what this party has agreed on with others, as the service says."""


@masters.command()
@click.option("--with", "other", metavar="PARTY", help="Only with this party, by slug or DID.")
@click.option(
    "--kind",
    type=click.Choice(["supply", "certification", "laboratory"]),
    help="Only of this kind.",
)
@click.option(
    "--state", type=click.Choice(["offered", "in-force", "ended"]), help="Only in this state."
)
@place_options
@pass_output
def relations(output: Output, *, place: Place, **asked: str | None) -> None:
    """List relations of which this party is a side: offered, in force, ended."""
    told = ask_masters(place, "relations", **asked)
    tell_masters(output, "relations", told, _relation_rows(told.items))


@masters.command()
@click.option("--of", "other", metavar="PARTY", help="Only of this party, by slug or DID.")
@place_options
@pass_output
def sites(output: Output, *, place: Place, **asked: str | None) -> None:
    """List this party's sites, and those of parties with whom a relation is in force."""
    told = ask_masters(place, "sites", **asked)
    tell_masters(output, "sites", told, _site_rows(told.items))


@masters.command()
@_with(between_options)
@click.option("--number", help="Only this part, by the customer's number.")
@click.option("--family", help="Only parts of this family.")
@place_options
@pass_output
def parts(output: Output, *, place: Place, **asked: str | None) -> None:
    """List parts that this party buys or supplies: in force, and waiting for the supplier."""
    told = ask_masters(place, "parts", **asked)
    tell_masters(output, "parts", told, _part_rows(told.items))


@masters.command()
@_with(between_options)
@click.option("--part", help="Only of this part, by the customer's number.")
@click.option("--specification", help="Only this one, by its code.")
@place_options
@pass_output
def specifications(output: Output, *, place: Place, **asked: str | None) -> None:
    """List specifications with their revisions, and which of them is in force today."""
    told = ask_masters(place, "specifications", **asked)
    tell_masters(output, "specifications", told, _specification_rows(told.items, _today()))


@masters.command()
@_with(between_options)
@click.option("--requirement", help="Only this one, by its code.")
@place_options
@pass_output
def requirements(output: Output, *, place: Place, **asked: str | None) -> None:
    """List requirements: acknowledged ones by their days, and what waits for the supplier."""
    told = ask_masters(place, "requirements", **asked)
    tell_masters(output, "requirements", told, _requirement_rows(told.items, _today()))


def ask_masters(place: Place, name: str, **asked: str | None) -> Told:
    """What the service tells this party of one kind; parties are given by slug or DID."""
    reader = open_reader(place, is_anonymous=False)
    origin = parse_origin(reader.anchor.origin)
    named = {
        {"other": "party"}.get(key, key): name_party(value, origin)
        if value and key in _PARTIES
        else value
        for key, value in asked.items()
    }
    with reader.client:
        return ask_all(reader.client, name, **named)


def tell_masters(output: Output, name: str, told: Told, rows: Iterator[Row]) -> None:
    """Show it as a table whose first row is the heading, and as one JSON document."""
    with courtesy_answer():
        heading, *lines = list(rows)
        if lines:
            for line in columns([heading, *lines]):
                output.say(line)
        else:
            output.say("nothing")
    note_gaps(output, told)
    output.note(f"of {told.size} entries, {SAYS}")
    output.result({name: list(told.items), "size": told.size, "incomplete": list(told.incomplete)})


# ---- rows ----


def _task_rows(items: Sequence[Item]) -> Iterator[Row]:
    yield ("entry", "from", "about", "what")
    for item in items:
        about = str(item["about"])
        what = _TASKS[about](item[about])
        yield (str(item["entry"]), slug_of(item["from"]), about, what)


def _relation_rows(items: Sequence[Item]) -> Iterator[Row]:
    yield ("entry", "kind", "state", "customer", "provider", "in force", "ended", "families")
    for item in items:
        yield (
            _entry(item["offered"]),
            item["kind"],
            item["state"],
            slug_of(item["customer"]),
            slug_of(item["provider"]),
            _entry(item["in_force"]),
            _entry(item["ended"]),
            ", ".join(item["families"]) or "-",
        )


def _site_rows(items: Sequence[Item]) -> Iterator[Row]:
    yield ("entry", "party", "site", "kind", "closed", "GLN", "name")
    for item in items:
        identity = item["groups"].get("identity", {})
        yield (
            _entry(item["said"]),
            slug_of(item["party"]),
            item["site"],
            item["kind"],
            item["closed_from"] or "-",
            identity.get("gln", "-"),
            " / ".join(identity.get("name", {}).values()) or "-",
        )


def _part_rows(items: Sequence[Item]) -> Iterator[Row]:
    yield (
        *("entry", "number", "revision", "state", "family", "unit", "pieces"),
        *("customer", "supplier", "their number"),
    )
    for item in items:
        for state, said in (("in-force", item["in_force"]), ("proposed", item["proposed"])):
            if said is not None:
                yield (
                    _entry(said["proposed"]),
                    item["number"],
                    said["revision"],
                    state,
                    item["family"],
                    said["unit"],
                    said["pieces_per_unit"] or "-",
                    *_sides(item),
                    said["supplier_number"] or "-",
                )


def _specification_rows(items: Sequence[Item], today: str) -> Iterator[Row]:
    yield ("entry", "specification", "part", "revision", "from", "state", "customer", "supplier")
    for item in items:
        for said, state in _by_day(item["revisions"], today):
            yield (
                _entry(said["said"]),
                item["specification"],
                item["part"],
                said["revision"],
                said["in_force_from"],
                state,
                *_sides(item),
            )


def _requirement_rows(items: Sequence[Item], today: str) -> Iterator[Row]:
    yield ("entry", "requirement", "revision", "from", "state", "customer", "supplier", "families")
    for item in items:
        waiting = [(item["proposed"], "proposed")] if item["proposed"] else []
        for said, state in (*waiting, *_by_day(item["acknowledged"], today)):
            yield (
                _entry(said["proposed"]),
                item["requirement"],
                said["revision"],
                said["in_force_from"],
                state,
                *_sides(item),
                ", ".join(said["families"]) or "all",
            )


def _by_day(revisions: Sequence[Item], today: str) -> Iterator[tuple[Item, str]]:
    """Revisions, newest first, each with its state on a day."""
    is_found = False
    for said in revisions:
        if said["in_force_from"] > today:
            yield said, "later"
        else:
            yield said, "superseded" if is_found else "in-force"
            is_found = True


def _sides(item: Item) -> tuple[str, str]:
    return slug_of(item["customer"]), slug_of(item["supplier"])


def _entry(fact: Item | None) -> str:
    return "-" if fact is None else str(fact["entry"])


def _today() -> str:
    return datetime.fromtimestamp(now_s(), UTC).date().isoformat()


_TASKS: Final[Mapping[str, Callable[[Item], str]]] = {
    "relation": lambda item: (
        f"{item['kind']}: {slug_of(item['provider'])} for {slug_of(item['customer'])}, "
        f"{', '.join(item['families']) or 'no family'}"
    ),
    "case": lambda item: (
        f"{item['number']}: {slug_of(item['supplier'])} for {slug_of(item['customer'])}"
    ),
    "part": lambda item: (
        f"{item['number']} revision {item['proposed']['revision']}, family {item['family']}"
    ),
    "requirement": lambda item: (
        f"{item['requirement']} revision {item['revision']} from {item['in_force_from']}"
    ),
}
