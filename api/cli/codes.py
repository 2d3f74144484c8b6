"""``lotmark codes``: the codebooks in force, and the code for what one has to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from api.cli.faults import CommandFault
from api.cli.options import (
    Place,
    language_option,
    open_client,
    pass_output,
    place_options,
)
from api.cli.output import Output, columns
from api.cli.own_party import courtesy_answer
from api.client import LogClient
from api.client_errors import AnswerMalformed
from api.party_folder import read_profile
from quality.codebooks import PREFIX, Codebook, CodeEntry, parse_codebook
from quality.errors import MalformedCodebook
from quality.near_codes import near_codes

_NEAR_MAX = 10


@click.command()
@click.argument("book", required=False)
@click.argument("text", required=False)
@place_options
@language_option
@pass_output
def codes(
    output: Output, *, book: str | None, text: str | None, place: Place, language: str
) -> None:
    """List the codebooks in force; with BOOK its codes, with TEXT those that it may mean.

    TEXT is a code or a part of one, or of a name in English or Chinese. As the service says;
    'lotmark show' verifies the entry that brought a codebook.
    """
    folder = place.reader()
    profile = read_profile(folder) if folder else None
    with open_client(place.address(profile), None) as client:
        in_force = _in_force(client)
        if book is None:
            _tell_books(output, in_force)
            return
        codebook = _read_book(client, book, in_force)
    found = list(codebook.entries.values() if text is None else _meant(codebook, text))
    for line in columns(_row(codebook, entry, language) for entry in found):
        output.say(line)
    if not found:
        output.say(f"no code of {book} {codebook.version} is like {text!r}")
    output.result(
        {
            "codebook": codebook.name,
            "version": codebook.version,
            "codes": [_members(entry) for entry in found],
        }
    )


def _in_force(client: LogClient) -> dict[str, Mapping[str, Any]]:
    """The codebooks by name, as the service lists them."""
    listed = client.parameters()
    with courtesy_answer():
        return {
            str(item["name"]).removeprefix(PREFIX): item
            for item in listed["parameters"]
            if str(item["name"]).startswith(PREFIX)
        }


def _tell_books(output: Output, in_force: Mapping[str, Mapping[str, Any]]) -> None:
    with courtesy_answer():
        books = [
            {"codebook": book, "entry": int(item["entry"]), "sha256": str(item["sha256"])}
            for book, item in in_force.items()
        ]
    for line in columns((str(item["codebook"]), f"entry {item['entry']}") for item in books):
        output.say(line)
    if not books:
        output.say("no codebook is in force: founder 1 runs 'lotmark define-types'")
    output.result({"codebooks": books})


def _read_book(client: LogClient, book: str, in_force: Mapping[str, Mapping[str, Any]]) -> Codebook:
    if book not in in_force:
        near = ", ".join(near_codes(book, in_force)) or ", ".join(in_force) or "none"
        raise CommandFault(
            "not-found",
            f"expected a codebook in force such as {near}, found {book!r}",
            remedy="'lotmark codes' lists them.",
        )
    try:
        return parse_codebook(client.parameters_text(f"{PREFIX}{book}"))
    except MalformedCodebook as fault:
        raise AnswerMalformed(f"expected codebook {book} as admitted, found {fault}") from fault


def _meant(codebook: Codebook, text: str) -> Iterable[CodeEntry]:
    """Entries with the text in their code or a name; else those that are like it."""
    sought = text.casefold()
    containing = [
        entry
        for entry in codebook.entries.values()
        if any(sought in said.casefold() for said in (entry.code, entry.en, entry.zh))
    ]
    return containing or codebook.near(text, limit=_NEAR_MAX)


def _row(codebook: Codebook, entry: CodeEntry, language: str) -> tuple[str, ...]:
    names = (entry.zh, entry.en) if language == "zh" else (entry.en, entry.zh)
    retired = {"en": " (retired)", "zh": "（已停用）"}[language] if entry.is_retired else ""
    depth = len(codebook.ancestors(entry.code))
    return (f"{'  ' * depth}{entry.code}", names[0] + retired, names[1])


def _members(entry: CodeEntry) -> dict[str, Any]:
    return {
        "code": entry.code,
        "parent": entry.parent,
        "en": entry.en,
        "zh": entry.zh,
        "retired": entry.is_retired,
    }
