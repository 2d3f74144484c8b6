"""``lotmark tally``: inspect a lot, a line for each reading, with what is certain after each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from api.cli.options import (
    Place,
    language_option,
    pass_output,
    place_options,
    read_file,
)
from api.cli.output import Output, columns
from api.cli.reading import open_reader
from api.cli.tally_lines import (
    DRAFT,
    QUIT,
    STATE,
    AtHand,
    Line,
    UnknownLine,
    after,
    meaning_of,
)
from api.cli.tally_words import (
    draft_line,
    dropped_line,
    help_line,
    list_rows,
    name_line,
    piece_line,
    plan_lines,
    state_lines,
)
from api.client_errors import Problem, RequestRefused
from api.client_tallies import TallyClient
from ledger import limits
from ledger.durable_files import replace_file
from ledger.errors import MalformedJson
from ledger.strict_json import parse_json_object


@click.command()
@click.argument("opening", required=False, type=click.Path(path_type=Path))
@click.option("--resume", metavar="ID", help="Go on with this tally.")
@click.option("--list", "is_list", is_flag=True, help="List the tallies of this party.")
@click.option("--drop", metavar="ID", help="Delete this tally with its readings.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write the draft of the report to this file; 'lotmark submit' takes it.",
)
@language_option
@place_options
@pass_output
def tally(output: Output, *, place: Place, language: str, **asked: Any) -> None:
    """Inspect a lot: OPENING is a JSON file with its lot, stage and specification or plan.

    Readings are typed a line each, and answered with the state of the lot; 'quit' leaves it to
    be resumed. With --json each line of standard input is a reading as JSON, answered with a
    line of JSON, also where it is refused. What is sent twice counts once.
    """
    chosen = [name for name in ("opening", "resume", "is_list", "drop") if asked[name]]
    if len(chosen) != 1:
        raise click.UsageError("Name one of OPENING, --resume, --list and --drop.")
    reader = open_reader(place, is_anonymous=False)
    with reader.client:
        client = TallyClient(reader.client)
        if asked["is_list"]:
            _list(output, client, language)
        elif asked["drop"]:
            client.drop(asked["drop"])
            output.say(dropped_line(asked["drop"], language))
        else:
            told = client.show(asked["resume"]) if asked["resume"] else _open(client, asked)
            Tallying(output, client, language, asked["out"]).run(told, _lines())


def _open(client: TallyClient, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    most = limits.TALLY_OPENING_BYTES_MAX
    return client.open(read_file(asked["opening"], "what is inspected", bytes_max=most))


def _list(output: Output, client: TallyClient, language: str) -> None:
    told = client.listed()
    for line in columns(list_rows(told, language)):
        output.say(line)
    output.result(told)


def _lines() -> Iterator[str]:
    """What is typed, or comes through a pipe; it ends with the end of the input."""
    if sys.stdin.isatty():
        while True:
            try:
                yield str(click.prompt("", prompt_suffix="> ", default="", show_default=False))
            except click.Abort:
                return
    yield from sys.stdin


def _refused(problem: Problem, sequence: object) -> Mapping[str, Any]:
    """The answer to a line that was not taken."""
    faults = [
        {"pointer": one.pointer, "expected": one.expected, "found": one.found}
        for one in problem.faults
    ]
    told = {"code": problem.code, "detail": problem.detail, "remedy": problem.remedy}
    return {"sequence": sequence, "refused": {**told, "faults": faults}}


def _malformed(found: str) -> Problem:
    return Problem(
        "malformed-reading",
        0,
        f"expected a line with sequence and reading, found: {found}",
        "Send lines as docs/spec/tally.md section 3 says.",
    )


@dataclass(frozen=True, slots=True)
class Tallying:
    """One sitting at a tally."""

    output: Output
    client: TallyClient
    language: str
    out: Path | None

    def run(self, told: Mapping[str, Any], lines: Iterable[str]) -> None:
        """Take lines until they end, or one says so."""
        tally_id = str(told["tally"])
        self._tell_plan(told)
        pieces = told["state"]["pieces"]["inspected"]
        at = AtHand(pieces + 1, told["state"]["sequence"])
        for text in lines:
            if not text.strip():
                continue
            if self.output.is_json:
                self._send_json(tally_id, text)
                continue
            at, is_over = self._take(tally_id, text, at)
            if is_over:
                break
        if self.out is not None:
            self._draft(tally_id)

    def _take(self, tally_id: str, text: str, at: AtHand) -> tuple[AtHand, bool]:
        try:
            line = meaning_of(text, at)
        except UnknownLine as fault:
            self.output.note(str(fault))
            return at, False
        is_sent = self._carry_out(tally_id, line, at)
        return after(at, line, is_sent=is_sent), line.word == QUIT

    def _carry_out(self, tally_id: str, line: Line, at: AtHand) -> bool:
        """Whether a line was taken; one that is refused is told, and the sitting goes on."""
        try:
            if line.reading is not None:
                self._tell(self.client.read(tally_id, at.sequence + 1, line.reading))
            elif line.word == STATE:
                self._tell(self.client.show(tally_id)["state"])
            elif line.word == DRAFT:
                self._draft(tally_id)
            else:
                self.output.say(piece_line(line.piece, self.language))
        except RequestRefused as fault:
            self.output.note(str(fault))
            return False
        return True

    def _send_json(self, tally_id: str, text: str) -> None:
        """One line of JSON, answered with one: the state, or why it was refused."""
        sequence: object = None
        try:
            members = parse_json_object(text.encode(), bytes_max=limits.TALLY_READING_BYTES_MAX)
            sequence = members.get("sequence")
            if not isinstance(sequence, int) or isinstance(sequence, bool):
                answer = _refused(_malformed("no sequence"), None)
            else:
                answer = self.client.read(tally_id, sequence, members.get("reading"))
        except MalformedJson as fault:
            answer = _refused(_malformed(str(fault)), None)
        except RequestRefused as fault:
            answer = _refused(fault.problem, sequence)
        click.echo(json.dumps(answer, ensure_ascii=False))

    def _draft(self, tally_id: str) -> None:
        draft = json.dumps(self.client.draft(tally_id), ensure_ascii=False, indent=1)
        if self.out is None:
            self.output.say_lines(draft)
            return
        replace_file(self.out, f"{draft}\n".encode())
        self.output.say(draft_line(self.out, self.language))

    def _tell_plan(self, told: Mapping[str, Any]) -> None:
        if self.output.is_json:
            click.echo(json.dumps(dict(told), ensure_ascii=False))
            return
        self.output.say(name_line(str(told["tally"]), self.language))
        for line in plan_lines(told, self.language):
            self.output.say(line)
        self.output.note(help_line(self.language))
        self._tell(told["state"])

    def _tell(self, state: Mapping[str, Any]) -> None:
        for line in state_lines(state, self.language):
            self.output.say(line)
