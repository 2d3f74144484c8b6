"""``lotmark findings``: what in records and measurement files looks made up, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from api.cli.faults import CommandFault
from api.cli.measured_events import is_of_measurements, measured_events
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
from api.cli.record_findings import finding_members, report_of_record
from ledger import limits
from ledger.anchor import parse_anchor
from quality.errors import MeasurementFileRefused
from quality.findings.finding import Finding, Thresholds
from quality.findings.measured import report_of_events
from quality.findings.reported import Reported
from quality.findings.search import find

_SHOWN_MAX: Final = 10
_TABLES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls"})


@click.command("findings", cls=RecordCommand)
@click.argument("sources", nargs=-1, required=True)
@click.option(
    "--level",
    type=click.FloatRange(1e-12, 0.1),
    default=Thresholds().level,
    show_default=True,
    help="How often honest values may be suspected, by kind of finding.",
)
@click.option("--anonymous", is_flag=True, help="Do not sign: read what anyone may read.")
@place_options
@language_option
@pass_output
def findings(
    output: Output, *, sources: tuple[str, ...], level: float, language: str, **asked: Any
) -> None:
    """Look for measurements that seem made up: SOURCES are view files, records, DFQ or QIF files.

    Views and records are verified from the trust anchor first; several are looked at beside each
    other, which shows more: export them with 'lotmark export'. What is found is a suspicion with
    its evidence; whether evidence was falsified is not for a computation to say. Exit status 0
    whatever is found.
    """
    place: Place = asked["place"]
    numbered: dict[str, tuple[int, Reported]] = {}
    for source in sources:
        for index, report in _reports(source, place, language, is_anonymous=asked["anonymous"]):
            # The same record in two views is no copy of itself.
            numbered[report.source] = (index, report)
    # In the order of admission: what came first is not the copy.
    reports = [report for _, report in sorted(numbered.values(), key=lambda pair: pair[0])]
    found = find(reports, Thresholds(level=level))
    for finding in found:
        tell_finding(output, finding, language=language)
    values = sum(len(series.values) for report in reports for series in report.series)
    is_zh = language == "zh"
    for report in reports:
        if report.left_out:
            output.note(left_out_words(report, is_zh=is_zh))
    output.note(
        f"{len(reports)} 份报告的 {values} 个数值中有 {len(found)} 项疑似发现；"
        f"真实数据中每类至多 {100 * level:g}% 会出现一项"
        if is_zh
        else f"{len(found)} findings in {values} values of {len(reports)} reports; of honest ones "
        f"at most {100 * level:g} % show one of a kind"
    )
    output.result(
        {
            "reports": [report.source for report in reports],
            "values": values,
            "values_left_out": sum(report.left_out for report in reports),
            "level": level,
            "findings": [finding_members(finding) for finding in found],
        }
    )


def tell_finding(output: Output, finding: Finding, *, language: str) -> None:
    """Tell a suspicion, and below it where its evidence stands."""
    output.say(f"{finding.code}: {finding.zh if language == 'zh' else finding.en}")
    for place in finding.evidence[:_SHOWN_MAX]:
        output.say(f"  {place}")
    if (more := len(finding.evidence) - _SHOWN_MAX) > 0:
        output.say(f"  + {more}")


def left_out_words(report: Reported, *, is_zh: bool) -> str:
    """That more values stand in a file than were looked at."""
    seen = sum(len(series.values) for series in report.series)
    if is_zh:
        return f"{report.source}：仅检查前 {seen} 个数值，其余 {report.left_out} 个未检查"
    return (
        f"{report.source}: only its first {seen} values were looked at, {report.left_out} were not"
    )


def _reports(
    source: str, place: Place, language: str, *, is_anonymous: bool
) -> Iterator[tuple[int, Reported]]:
    """What a source shows, with entry numbers; a file that nobody signed comes before them."""
    path = Path(source)
    if is_of_measurements(path):
        yield -1, _measured(path)
        return
    if path.suffix.lower() in _TABLES:
        raise CommandFault(
            "measurement-file-refused",
            f"{path}: expected a view, a record, a DFQ or a QIF file, found a table",
            remedy=f"Make a report of it ('lotmark submit {path}') and name that record; 'lotmark "
            "study' reads tables, too.",
        )
    if path.is_file():
        anchor = parse_anchor(read_anchor(place))
        data = read_file(path, "a view", bytes_max=limits.VIEW_BYTES_MAX + 1)
        records = verify_data(data, anchor, language).records
    else:
        reader = open_reader(place, is_anonymous=is_anonymous)
        with reader.client:
            data = fetch_record(source, reader, language)
        records = verify_data(data, reader.anchor, language).records
    for record in records:
        report = report_of_record(record)
        if report is not None:
            yield record.index, report


def _measured(path: Path) -> Reported:
    try:
        return report_of_events(str(path), measured_events(path))
    except MeasurementFileRefused as fault:
        raise CommandFault(
            "measurement-file-refused",
            f"{path}: {fault}",
            remedy="Export the file again from where it was made.",
        ) from fault
