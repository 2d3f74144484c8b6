"""``lotmark report``: a verified record as a workbook or a PDF, to look at and to hand on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click

from api.cli.cited_specifications import citation_of, find_specification
from api.cli.faults import CommandFault
from api.cli.flags_beside import log_flags
from api.cli.options import (
    Place,
    language_option,
    pass_output,
    place_options,
    read_anchor,
    read_file,
)
from api.cli.output import Output
from api.cli.reading import fetch_record, open_reader, verify_data
from api.cli.record_argument import RecordCommand
from api.client import LogClient
from api.client_errors import ClientError
from api.known_types import find_type
from api.reports.cited import Beside, cited_by
from api.reports.inspection import VCT, limits_source
from api.reports.subject import Subject, subject_of
from ledger import limits
from ledger.anchor import Anchor, parse_anchor
from ledger.durable_files import replace_file
from ledger.record import GOVERNANCE_VCTS
from ledger.verify import VerifiedRecord, VerifiedView

FORMS: Final = (".xlsx", ".pdf")


@click.command(cls=RecordCommand)
@click.argument("record")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write: .xlsx, which 'lotmark import' takes back, or .pdf to hand on.",
)
@click.option("--anonymous", is_flag=True, help="Do not sign: read what anyone may read.")
@place_options
@language_option
@pass_output
def report(output: Output, *, record: str, out: Path, place: Place, **asked: Any) -> None:
    """Write a record as a report: RECORD is its id, its entry number, or a view file.

    What it says was verified from the trust anchor first, and the report says what: the record
    id, every step, the groups that were withheld, and how to verify it again.
    """
    language, write = asked["language"], _writer(out)
    if Path(record).is_file():
        trusted, client = parse_anchor(read_anchor(place)), None
        data = read_file(Path(record), "a view", bytes_max=limits.VIEW_BYTES_MAX + 1)
        subject = report_subject(verify_data(data, trusted, language), trusted, client, language)
    else:
        reader = open_reader(place, is_anonymous=asked["anonymous"])
        with reader.client as client:
            data = fetch_record(record, reader, language)
            verified = verify_data(data, reader.anchor, language)
            subject = report_subject(verified, reader.anchor, client, language)
    replace_file(out, write(subject))
    _tell(output, subject, out)


def _writer(path: Path) -> Callable[[Subject], bytes]:
    # Both are slow to import, and needed by few runs.
    if path.suffix.lower() == ".xlsx":
        from api.reports.sheets import report_workbook

        return report_workbook
    if path.suffix.lower() == ".pdf":
        from api.reports.pdf import report_pdf

        return report_pdf
    raise CommandFault(
        "file-failed",
        f"expected a file to write that ends in {' or '.join(FORMS)}, found {str(path)!r}",
        remedy="Say --out report.pdf or --out report.xlsx.",
    )


def report_subject(
    verified: VerifiedView, anchor: Anchor, client: LogClient | None, language: str
) -> Subject:
    """What a report is of: the one record of a view, and what a service tells beside it.

    Raises:
        CommandFault: the view is of more, or of governance; or what the service showed does
            not verify.
        ClientError: no answer came to what the report cannot do without.
    """
    if len(verified.records) != 1:
        raise CommandFault(
            "report-of-one",
            f"expected a view of one record, found one of {len(verified.records)}",
            remedy="Name a record by its id or entry number.",
        )
    (record,) = verified.records
    if record.type in GOVERNANCE_VCTS:
        raise CommandFault(
            "report-of-one",
            f"expected a business record, found one of {record.type}",
            remedy=f"'lotmark show {record.index}' shows it.",
        )
    kind = find_type(record.type, client=client, anchor=anchor)
    beside = Beside() if client is None else _beside(record, client, anchor)
    return subject_of(record, kind, origin=verified.origin, language=language, beside=beside)


def _beside(record: VerifiedRecord, client: LogClient, anchor: Anchor) -> Beside:
    """What the service tells beside the record; the specification is verified, flags are not."""
    if client.did is None:
        return Beside()
    cited = citation_of({item.group: item.value for item in record.groups})
    found, flags = None, []
    # Both are a courtesy: the report says that nothing was compared where there is no answer.
    with suppress(ClientError):
        if cited is not None and record.type == VCT:
            found = find_specification(cited, client, anchor)
    with suppress(ClientError):
        flags = log_flags(client, record.record_id)
    return Beside(None if found is None else cited_by(found), tuple(flags))


def _tell(output: Output, subject: Subject, out: Path) -> None:
    for warning in subject.warnings:
        output.note(f"! {warning}")
    if subject.withheld:
        output.note(f"not in it: {', '.join(subject.withheld)}")
    if subject.kind.vct == VCT and subject.cited is None and (told := limits_source(subject)):
        output.note(f"! {told}")
    output.say(f"the report of entry {subject.index} ({subject.record_id}) is in {out}")
    members: dict[str, Any] = {
        "record_id": subject.record_id,
        "index": subject.index,
        "file": str(out),
        "withheld": list(subject.withheld),
        "erased": list(subject.erased),
    }
    output.result(members)
