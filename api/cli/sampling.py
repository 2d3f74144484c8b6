"""``lotmark sampling``: the severity in force for the next lot, and why; told or folded again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import click

from api.cli.asked_again import parse_again
from api.cli.faults import CommandFault
from api.cli.options import Place, language_option, pass_output, place_options
from api.cli.output import Output, show_each
from api.cli.reading import Reader, open_reader
from api.cli.sampling_words import SamplingWords
from api.recounting import encode_rows
from api.resampling import ToldState, read_state, resample
from api.sampling_query import parse_sampling
from keys.identifiers import Slug, parse_origin, party_did
from quality.sampling.parameters import CLASSES
from quality.sampling.told import ROWS

#: Of each site; ``--all`` tells the others.
_LOTS_SHOWN: Final = 20


@click.command()
@click.option("--supplier", metavar="SLUG", help="Only this supplier's.")
@click.option("--customer", metavar="SLUG", help="Only this customer's.")
@click.option("--part", help="Only this part, by the customer's number.")
@click.option("--site", help="Only this inspected site.")
@click.option("--class", "defect_class", type=click.Choice(CLASSES), help="Only this class.")
@click.option("--all", "is_all", is_flag=True, help=f"Every lot, not the newest {_LOTS_SHOWN}.")
@click.option("--inputs", is_flag=True, help="Name every record that the answer rests on.")
@click.option(
    "--recompute", is_flag=True, help="Fetch these records, verify each offline, and fold again."
)
@language_option
@place_options
@pass_output
def sampling(output: Output, *, place: Place, language: str, is_all: bool, **asked: Any) -> None:
    """Tell the severity of inspection in force for the next lot of a part, and how it came about.

    By inspected site and class of defects, with every lot, its decision and the reason: of your
    own party's parts, as a supplier, or of its suppliers.
    """
    reader = open_reader(place, is_anonymous=False)
    query = _query(reader, asked)
    with reader.client:
        told = read_state(reader.client.sampling(**query))
        if asked["recompute"]:
            _fold_again(output, reader, told, query=query)
    words = SamplingWords(language, None if is_all else _LOTS_SHOWN)
    for line in words.lines(told.rows):
        output.say(line)
    _tell_provenance(output, told, asked)


def _query(reader: Reader, asked: Mapping[str, Any]) -> dict[str, str | int]:
    given = {
        "customer": _did(reader, asked["customer"]),
        "supplier": _did(reader, asked["supplier"]),
        "part": asked["part"],
        "site": asked["site"],
        "class": asked["defect_class"],
        "inputs": "true" if asked["inputs"] or asked["recompute"] else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _did(reader: Reader, slug: str | None) -> str | None:
    return None if slug is None else party_did(parse_origin(reader.anchor.origin), Slug(slug))


def _fold_again(
    output: Output, reader: Reader, told: ToldState, *, query: Mapping[str, str | int]
) -> None:
    """Fold the records that the service names, verified one by one.

    Raises:
        CommandFault: they come to other rows than it told.
    """
    as_of_ms = told.provenance.get("as_of_ms", 0)
    asked = parse_again(parse_sampling, {**query, "as_of_ms": as_of_ms})
    with output.progress("folding again", len(told.entries)) as update:
        entries = show_each(told.entries, update)
        rows = resample(
            reader.client, reader.anchor, entries, asked=asked, withdrawn=told.withdrawn
        )
    for name in ROWS:
        if encode_rows(rows[name]) != encode_rows(told.rows[name]):
            raise CommandFault(
                "recount-differs",
                f"{name}: expected {json.dumps(rows[name])[:300]}, "
                f"found {json.dumps(told.rows[name])[:300]}",
                remedy="Show both to the other side and the operator: 'lotmark rebuild --check'.",
            )


def _tell_provenance(output: Output, told: ToldState, asked: Mapping[str, Any]) -> None:
    if asked["inputs"]:
        for entry in told.entries:
            output.say(f"  {entry}")
    for entry in told.erased:
        output.note(f"erased in part, and counted as not accepted: {entry}")
    for entry in told.withdrawn:
        output.note(f"corrected by a record between others, as the service says: {entry}")
    provenance = told.provenance
    made = f"{provenance.get('method')} of {provenance.get('tree_size')} entries"
    word = (
        f"folded again from {len(told.entries)} verified records: the same"
        if asked["recompute"]
        else "the service's word; --recompute folds again"
    )
    # What was asked for is a result; the service's word is a remark beside one.
    (output.say if asked["recompute"] else output.note)(f"by {made}; {word}")
    output.result(
        {
            **{name: list(told.rows[name]) for name in ROWS},
            "provenance": dict(provenance),
            "recomputed": bool(asked["recompute"]),
            **({"entries": list(told.entries)} if asked["inputs"] else {}),
            **({"erased": list(told.erased)} if told.erased else {}),
            **({"withdrawn": list(told.withdrawn)} if told.withdrawn else {}),
        }
    )
