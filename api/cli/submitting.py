"""``lotmark submit``: records from JSON files or tables, signed, sent, and safe to repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from api.cli.cells import DecimalSign, is_clock, is_offset
from api.cli.column_map import TableForm
from api.cli.content_words import read_labels, tell_flags, tell_groups
from api.cli.draft_check import DraftCheck
from api.cli.drafts import Draft, name_party
from api.cli.fault_lines import shorten
from api.cli.faults import CommandFault
from api.cli.inputs import Input, InputOptions, read_input
from api.cli.journal import Journal, journal_path
from api.cli.options import (
    Place,
    Session,
    cosigned_option,
    language_option,
    open_session,
    pass_output,
    place_options,
)
from api.cli.output import Output, columns
from api.cli.submission import Sent, Submission, tell_interruption
from api.cli.table import ENCODINGS
from api.known_types import find_type
from keys.identifiers import parse_origin
from ledger.compose import Filing
from ledger.record_type import RecordType
from ledger.submission import Admitted


def _check_offset(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_offset(value):
        raise click.BadParameter("expected a time zone such as +08:00")
    return value


def _check_clock(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_clock(value):
        raise click.BadParameter("expected a time of day such as 09:30")
    return value


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--type", "vct", help="Record type, such as inspection-report/v1.")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="HEADING=/PLACE|FILE",
    help="Where a column goes ('Charge=/lot/number'; 'Nr=' leaves it out), or a mapping file.",
)
@click.option(
    "--set", "constants", multiple=True, metavar="/PLACE=VALUE", help="What no column gives."
)
@click.option(
    "--per",
    multiple=True,
    metavar="HEADING|row|file",
    help="Rows with the same value there make one record; or one record per row, or per file.",
)
@click.option("--encoding", type=click.Choice(ENCODINGS), help="Default: found out.")
@click.option("--delimiter", help="Default: found out among ; tab , |")
@click.option(
    "--decimal",
    type=click.Choice([sign.value for sign in DecimalSign]),
    help="Decimal sign of numbers; default: found out.",
)
@click.option(
    "--offset",
    callback=_check_offset,
    metavar="+HH:MM",
    help="Time zone of times that name none.",
)
@click.option(
    "--time",
    "clock",
    callback=_check_clock,
    metavar="HH:MM",
    help="Time of day where a column of instants holds days alone.",
)
@click.option(
    "--heading-row", type=click.IntRange(1), help="Its number; default: 1, in a workbook found out."
)
@click.option("--sheet", help="Of a workbook; default: the first that has something in it.")
@click.option("--to", multiple=True, metavar="PARTY", help="Addressee, by slug or DID.")
@click.option("--subject", metavar="PARTY", help="Whom the record is about.")
@click.option("--family", help="Part family.")
@click.option("--case", metavar="RECORD", help="Record id of the case.")
@click.option("--cites", multiple=True, metavar="RECORD", help="Record id that is cited.")
@click.option("--corrects", metavar="RECORD", help="Record id that this one corrects.")
@click.option("--number", help="Number of the report, where one record is made.")
@click.option("--dry-run", is_flag=True, help="Check and show; sign and send nothing.")
@click.option("--skip-bad", is_flag=True, help="Send the records that are in order all the same.")
@cosigned_option
@click.option(
    "--journal", type=click.Path(path_type=Path), help="Default: FILE.journal.jsonl beside it."
)
@language_option
@place_options
@pass_output
def submit(output: Output, *, place: Place, **options: Any) -> None:
    """Sign records and submit them.

    FILES are JSON (groups by name, or an array of such) or tables (CSV, XLSX). A table's mapping is
    found out, shown by --dry-run, and remembered beside it. An interrupted run is taken up
    by the same command: what was signed is sent again as it was, and nothing is sent twice.
    """
    session = open_session(place)
    _Run(output, session, _Options(**options)).go()


@dataclass(frozen=True, slots=True)
class _Options:
    """The options of submit as they were given."""

    files: tuple[Path, ...]
    vct: str | None
    maps: tuple[str, ...]
    constants: tuple[str, ...]
    per: tuple[str, ...]
    encoding: str | None
    delimiter: str | None
    decimal: str | None
    offset: str | None
    clock: str | None
    heading_row: int | None
    sheet: str | None
    to: tuple[str, ...]
    subject: str | None
    family: str | None
    case: str | None
    cites: tuple[str, ...]
    corrects: str | None
    number: str | None
    dry_run: bool
    skip_bad: bool
    cosigned: bool
    journal: Path | None
    language: str

    def input_options(self, origin: str) -> InputOptions:
        """What concerns the reading of files."""
        name = parse_origin(origin)
        filing = Filing(
            subject=name_party(self.subject, name) if self.subject else None,
            to=tuple(name_party(item, name) for item in self.to),
            case=self.case,
            family=self.family,
            cites=self.cites,
            corrects=self.corrects,
            number=self.number,
        )
        form = TableForm(
            self.encoding,
            {"tab": "\t", "\\t": "\t"}.get(self.delimiter or "", self.delimiter),
            DecimalSign(self.decimal) if self.decimal else None,
            self.offset,
            self.heading_row,
            self.clock,
            self.sheet,
        )
        return InputOptions(self.vct, self.maps, self.constants, self.per, form, filing, name)


@dataclass(slots=True)
class _Run:
    """One run of submit: everything is read and checked before anything is sent."""

    output: Output
    session: Session
    options: _Options
    _kinds: dict[str, RecordType] = field(default_factory=dict)

    def go(self) -> None:
        """Read, check, show, send."""
        if self.options.journal is not None and len(self.options.files) > 1:
            raise click.UsageError("--journal is for one file")
        reading = self.options.input_options(self.session.anchor.origin)
        inputs = [read_input(path, reading, find_kind=self._kind) for path in self.options.files]
        bad = self._check(inputs)
        for item in inputs:
            self._tell_input(item)
        self._refuse(bad, inputs)
        if self.options.dry_run:
            self._tell_dry_run(inputs)
            return
        sent = [
            outcome
            for item in inputs
            for outcome in self._send(item, [d for d in item.drafts if id(d) not in bad])
        ]
        self._tell_sent(sent, bad)

    def _kind(self, vct: str) -> RecordType:
        if vct not in self._kinds:
            with self.session.client() as client:
                self._kinds[vct] = find_type(vct, client=client, anchor=self.session.anchor)
        return self._kinds[vct]

    def _check(self, inputs: Sequence[Input]) -> dict[int, list[str]]:
        """The faults of every draft that has some, by its identity."""
        slug, anchor = self.session.profile.slug, self.session.anchor
        checks: dict[str, DraftCheck] = {}
        faults: dict[int, list[str]] = {}
        drafts = [draft for item in inputs for draft in item.drafts]
        with self.output.progress("checking", len(drafts)) as update:
            for draft in drafts:
                check = checks.get(draft.vct) or DraftCheck(
                    self._kind(draft.vct), anchor=anchor, slug=slug
                )
                checks[draft.vct] = check
                if found := check.faults(draft):
                    faults[id(draft)] = found
                update(1)
        return faults

    def _refuse(self, bad: Mapping[int, list[str]], inputs: Sequence[Input]) -> None:
        count = sum(len(item.drafts) for item in inputs)
        if not bad or (self.options.skip_bad and not self.options.dry_run and len(bad) < count):
            return
        others = "" if len(bad) == count else "; --skip-bad sends the others"
        raise CommandFault(
            "invalid-claims",
            f"{len(bad)} of {count} records are not in order; nothing was sent",
            remedy=f"Mend these places and run this again{others}.",
            places=shorten([line for lines in bad.values() for line in lines], total=count),
        )

    def _send(self, item: Input, drafts: Sequence[Draft]) -> list[Sent]:
        signer = self.session.open_key(self.session.folder.signing_key)
        path = self.options.journal or journal_path(item.path)
        origin, party = self.session.anchor.origin, str(signer.did)
        with (
            Journal(path, origin=origin, party=party) as journal,
            self.session.client(signer) as client,
            self.output.progress(item.path.name, len(drafts)) as update,
            tell_interruption(journal),
        ):
            submission = Submission(
                client,
                self.session.composer(signer),
                self.session.anchor,
                self._kinds,
                journal,
                self.options.cosigned,
            )
            sent = []
            for outcome in submission.send(drafts):
                sent.append(outcome)
                update(1)
            return sent

    def _tell_input(self, item: Input) -> None:
        for line in item.described:
            self.output.note(line)

    def _tell_dry_run(self, inputs: Sequence[Input]) -> None:
        drafts = [draft for item in inputs for draft in item.drafts]
        first = drafts[0]
        labels = read_labels(self._kind(first.vct).text, self.options.language)
        self.output.say(f"the first record, {first.place}:")
        for line in tell_groups(first.groups, labels):
            self.output.say(f"  {line}")
        for draft in drafts:
            for flag in tell_flags(draft.vct, draft.groups, language=self.options.language):
                self.output.note(f"{draft.place}: {flag}")
        self.output.say(f"dry run: {len(drafts)} records are in order, nothing was sent")
        self.output.result(
            {
                "dry_run": True,
                "records": [
                    {"place": draft.place, "type": draft.vct, "groups": draft.groups}
                    for draft in drafts
                ],
            }
        )

    def _tell_sent(self, sent: Sequence[Sent], bad: Mapping[int, list[str]]) -> None:
        for line in columns(_row(outcome) for outcome in sent):
            self.output.say(line)
        refused = [item for item in sent if not isinstance(item.answer, Admitted)]
        done = sum(item.was_done for item in sent)
        self.output.say(
            f"{len(sent) - len(refused)} of {len(sent)} records have a receipt"
            + (f", {done} of them from before" if done else "")
        )
        self._tell_not_cosigned(sent)
        for lines in bad.values():
            for line in lines:
                self.output.note(f"left out: {line}")
        self.output.result(
            {
                "records": [_members(outcome) for outcome in sent],
                "refused": len(refused),
                "left_out": len(bad),
            }
        )
        self._leave(refused, bad)

    def _tell_not_cosigned(self, sent: Sequence[Sent]) -> None:
        admitted = [item.answer for item in sent if isinstance(item.answer, Admitted)]
        waiting = [answer for answer in admitted if not answer.is_cosigned]
        if self.options.cosigned and waiting:
            self.output.note(
                f"{len(waiting)} receipts are not cosigned yet: the records are in the log; fetch "
                f"them later, such as 'lotmark receipt {waiting[0].record_id} --cosigned'"
            )

    @staticmethod
    def _leave(refused: Sequence[Sent], bad: Mapping[int, list[str]]) -> None:
        if refused or bad:
            # The outcome has been told; only the status is left to say.
            click.get_current_context().exit(CommandFault.exit_code)


def _row(outcome: Sent) -> tuple[str, ...]:
    match outcome.answer:
        case Admitted(record_id, index, _, _):
            word = "had" if outcome.was_done else "got"
            return (outcome.draft.place, f"{word} entry {index}", record_id)
        case problem:
            return (outcome.draft.place, f"refused: {problem.code}", problem.detail)


def _members(outcome: Sent) -> dict[str, Any]:
    base = {"place": outcome.draft.place, "type": outcome.draft.vct}
    answer = outcome.answer
    if isinstance(answer, Admitted):
        return {
            **base,
            "record_id": answer.record_id,
            "index": answer.index,
            "first": answer.is_first and not outcome.was_done,
            "cosigned": answer.is_cosigned,
            "receipt": answer.receipt,
        }
    return {**base, "code": answer.code, "detail": answer.detail, "remedy": answer.remedy}
