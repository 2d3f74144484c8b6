"""``lotmark template``: a record of a type in its smallest form, to be filled in."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import click

from api.cli.faults import CommandFault
from api.cli.options import Place, language_option, open_session, pass_output, place_options
from api.cli.output import Output
from api.cli.places import Places
from api.cli.template_sheet import template_sheets
from api.known_types import find_type
from ledger.durable_files import replace_file
from ledger.record_type import RecordType, parse_record_type
from ledger.text_forms import sample_text
from quality.types import business_types


@click.command()
@click.argument("vct", metavar="TYPE")
@click.option(
    "--xlsx",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a workbook with the type's headings instead; 'lotmark import' reads it.",
)
@language_option
@place_options
@pass_output
def template(output: Output, *, vct: str, xlsx: Path | None, language: str, place: Place) -> None:
    """Print a record of a type, such as inspection-report/v1, to be filled in.

    It has every member that the type requires, with an example of each. The JSON goes to
    standard output: put it in a file, change it, and 'lotmark submit' it.
    """
    kind = _find(vct if "/" in vct else f"{vct}/v1", place)
    if xlsx is not None:
        _write_workbook(xlsx, kind, language)
        output.say(f"{xlsx}: fill in its rows, then 'lotmark import {vct} {xlsx}'")
        output.result({"type": kind.vct, "file": str(xlsx)})
        return
    # JSON with and without --json: there is nothing else to say.
    output.result(fill_template(kind))
    if not output.is_json:
        click.echo(json.dumps(fill_template(kind), ensure_ascii=False, indent=1))


def _write_workbook(path: Path, kind: RecordType, language: str) -> None:
    # Slow to import, and needed by few runs.
    from api.cli.workbook.writing import write_workbook

    if path.exists():
        raise CommandFault(
            "file-failed",
            f"expected a new file, found {path}",
            remedy="Name another, or move it away: it may hold rows.",
        )
    replace_file(path, write_workbook(template_sheets(Places(kind.text), language)))


def fill_template(kind: RecordType) -> dict[str, Any]:
    """A record of a type with its required members, each an example, as ``submit`` reads it."""
    members = json.loads(kind.text)
    example = _Example(members["schema"], members.get("labels", {}))
    groups = example.value(members["schema"], "")
    # Where the subject owns the record, somebody must be its subject.
    filing = {"number": "1"} | ({} if kind.owner == "issuer" else {"subject": "acme"})
    whole = {"type": kind.vct, "groups": groups, "filing": filing}
    filled: dict[str, Any] = _overlaid(whole, _known_examples().get(kind.vct, {}))
    return filled


@cache
def _known_examples() -> dict[str, Any]:
    """What rules of the trade want beside the schema, by type: two parties, keys, places."""
    text = resources.files("api.cli").joinpath("template_examples.json").read_text("utf-8")
    examples: dict[str, Any] = json.loads(text)
    return examples


def _overlaid(value: Any, above: Any) -> Any:
    """The value with what lies above it; objects are put together member by member."""
    if not (isinstance(value, dict) and isinstance(above, dict)):
        return copy.deepcopy(above)
    return {**value, **{name: _overlaid(value.get(name), item) for name, item in above.items()}}


def _find(vct: str, place: Place) -> RecordType:
    for text in business_types():
        kind = parse_record_type(text)
        if kind.vct == vct:
            return kind
    session = open_session(place)
    with session.client() as client:
        return find_type(vct, client=client, anchor=session.anchor)


class _Example:
    """Examples of the values that a schema wants."""

    def __init__(self, schema: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]]) -> None:
        self._definitions: Mapping[str, Any] = schema.get("$defs", {})
        self._labels = labels

    def value(self, schema: Mapping[str, Any], pointer: str) -> Any:
        """An example of a value under a schema, which stands at ``pointer``."""
        match schema:
            case {"$ref": str(reference)}:
                return self.value(self._definitions[reference.rpartition("/")[2]], pointer)
            case {"const": value}:
                return value
            case {"enum": [first, *_]}:
                return first
            case {"anyOf": [*_, {"type": "null"}]} if not pointer.endswith("/0"):
                # Limits that may be open are: two examples of a number would contradict.
                return None
            case {"anyOf": [first, *_]} | {"oneOf": [first, *_]}:
                return self.value(first, pointer)
            case {"properties": dict(properties)}:
                names = schema.get("required", ())
                return {
                    # A type may require a member that it says nothing else about.
                    name: self.value(properties.get(name, {}), f"{pointer}/{name}")
                    for name in names
                }
            case {"items": dict(items)}:
                count = max(1, schema.get("minItems", 0))
                return [self.value(items, f"{pointer}/0") for _ in range(count)]
        return self._scalar(schema, pointer)

    def _scalar(self, schema: Mapping[str, Any], pointer: str) -> Any:
        match schema.get("type"):
            case "integer":
                return max(1, schema.get("minimum", 1))
            case "boolean":
                return False
            case "object":
                return {}
            case "array":
                return []
        sample = sample_text(schema["pattern"]) if "pattern" in schema else "text"
        if sample != "text":
            return sample or "?"
        # Of a text, what it is about: it says itself what is to be written in its place.
        label = self._labels.get(pointer, {}).get(
            "en", pointer.removesuffix("/0").rpartition("/")[2]
        )
        return label[: schema.get("maxLength", 200)]
