"""The options of ``lotmark submit`` and ``lotmark import``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from api.cli.cells import DecimalSign, is_clock, is_offset
from api.cli.column_map import TableForm
from api.cli.drafts import name_party
from api.cli.input_files import InputOptions
from api.cli.mapping_memory import MappingMemory
from api.cli.options import Session, cosigned_option, language_option
from api.cli.table import ENCODINGS
from keys.identifiers import parse_origin, parse_slug, party_did
from ledger.compose import Filing
from ledger.record_type import TIERS

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _check_offset(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_offset(value):
        raise click.BadParameter("expected a time zone such as +08:00")
    return value


def _check_clock(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_clock(value):
        raise click.BadParameter("expected a time of day such as 09:30")
    return value


files_argument = click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False)
)
_OPTIONS: Final = (
    click.option(
        "--map",
        "maps",
        multiple=True,
        metavar="HEADING=/PLACE|FILE",
        help="Where a column goes ('Charge=/lot/number'; 'Nr=' leaves it out), or a mapping file.",
    ),
    click.option(
        "--set", "constants", multiple=True, metavar="/PLACE=VALUE", help="What no column gives."
    ),
    click.option(
        "--per",
        multiple=True,
        metavar="HEADING|row|file",
        help="Rows with the same value there make one record; or one record per row, or per file.",
    ),
    click.option("--encoding", type=click.Choice(ENCODINGS), help="Default: found out."),
    click.option("--delimiter", help="Default: found out among ; tab , |"),
    click.option(
        "--decimal",
        type=click.Choice([sign.value for sign in DecimalSign]),
        help="Decimal sign of numbers; default: found out.",
    ),
    click.option(
        "--offset",
        callback=_check_offset,
        metavar="+HH:MM",
        help="Time zone of times that name none.",
    ),
    click.option(
        "--time",
        "clock",
        callback=_check_clock,
        metavar="HH:MM",
        help="Time of day where a column of instants holds days alone.",
    ),
    click.option(
        "--heading-row",
        type=click.IntRange(1),
        help="Its number; default: 1, in a workbook found out.",
    ),
    click.option("--sheet", help="Of a workbook; default: the first that has something in it."),
    click.option("--to", multiple=True, metavar="PARTY", help="Addressee, by slug or DID."),
    click.option("--subject", metavar="PARTY", help="Whom the record is about."),
    click.option("--family", help="Part family."),
    click.option("--case", metavar="RECORD", help="Record id or entry number of the case."),
    click.option("--cites", multiple=True, metavar="RECORD", help="Record id that is cited."),
    click.option("--corrects", metavar="RECORD", help="Record id or entry number it corrects."),
    click.option("--number", help="Number of the report, where one record is made."),
    click.option(
        "--seal",
        "seals",
        multiple=True,
        metavar="GROUP[=PARTY,PARTY]",
        help="Seal a group: only you and these parties can open it, not the service.",
    ),
    click.option(
        "--tier",
        "tiers",
        multiple=True,
        metavar="GROUP=TIER",
        help="Who reads a group, other than the sharing policy says: public to sealed.",
    ),
    click.option(
        "--bands",
        "has_bands",
        is_flag=True,
        help="State the bands that follow from exact values, for readers who get the bands alone.",
    ),
    click.option(
        "--no-summary",
        is_flag=True,
        help="Make no summary (count, extremes, mean, deviation, Ppk) of measured values.",
    ),
    click.option(
        "--admit-implausible",
        is_flag=True,
        help="Send values outside the plausible range of the specification or of their unit.",
    ),
    click.option(
        "--plan",
        "plan",
        type=click.Choice(["auto"]),
        help="Reports without a plan get that of their specification, quantity and severity.",
    ),
    click.option("--dry-run", is_flag=True, help="Check and show; sign and send nothing."),
    click.option(
        "--check-log",
        is_flag=True,
        help="With --dry-run: look up on the log, too, which records it has by their numbers.",
    ),
    click.option(
        "--replace",
        "replaces",
        is_flag=True,
        help="Send what the log has under its number with other content, as its next version.",
    ),
    click.option(
        "--again",
        is_flag=True,
        help="Send a report's workbook as a new record, though the log has the one it is of.",
    ),
    click.option(
        "--skip-faulty",
        is_flag=True,
        help="Send the records that are in order; rows left out are written to FILE.left-out.",
    ),
    cosigned_option,
    click.option(
        "--signed-refusals",
        is_flag=True,
        help="Keep the log's signed word on each record it refuses: FILE.refusals/*.note.",
    ),
    click.option(
        "--journal", type=click.Path(path_type=Path), help="Default: FILE.journal.jsonl beside it."
    ),
    language_option,
)


def submit_options(command: _Command) -> _Command:
    """Give a command the options of reading, checking and sending records."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class SubmitOptions:
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
    seals: tuple[str, ...]
    tiers: tuple[str, ...]
    has_bands: bool
    no_summary: bool
    admit_implausible: bool
    plan: str | None
    dry_run: bool
    check_log: bool
    replaces: bool
    again: bool
    skip_faulty: bool
    cosigned: bool
    signed_refusals: bool
    journal: Path | None
    language: str

    def readers_by_group(self, session: Session) -> dict[str, tuple[str, ...]]:
        """The groups to be sealed, each with the DIDs of those who may open it."""
        origin = parse_origin(session.anchor.origin)
        found: dict[str, tuple[str, ...]] = {}
        for text in self.seals:
            group, _, names = text.partition("=")
            parties = tuple(name_party(name, origin) for name in names.split(",") if name)
            found[group] = (*found.get(group, ()), *parties)
        return found

    def stated_tiers(self) -> dict[str, str]:
        """The tier of each group that ``--tier`` names.

        Raises:
            UsageError: none is said, or two of one group.
        """
        found: dict[str, str] = {}
        for text in self.tiers:
            group, _, tier = text.partition("=")
            if tier not in TIERS or found.get(group, tier) != tier:
                raise click.UsageError(
                    f"--tier: expected GROUP= and one of {', '.join(TIERS)}, once a group, "
                    f"found {text!r}"
                )
            found[group] = tier
        return found

    def input_options(self, session: Session) -> InputOptions:
        """What concerns the reading of files."""
        name = parse_origin(session.anchor.origin)
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
        return InputOptions(
            self.vct,
            self.maps,
            self.constants,
            self.per,
            form,
            filing,
            name,
            party_did(name, parse_slug(session.profile.slug)),
            self.skip_faulty,
            MappingMemory(session.folder.mappings),
        )
