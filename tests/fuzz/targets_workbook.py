"""Targets of workbooks: archives, the XML in them, and number formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.cli.table import TableOptions
from api.cli.table_errors import CellsRefused, FormUnclear, TableUnreadable
from api.cli.table_sheet import read_any_table
from api.cli.workbook.contents import read_cell_forms, read_contents
from api.cli.workbook.number_format import NumberRefused, parse_number_format, show_number
from api.cli.workbook.parts import read_part
from api.cli.workbook.reading import read_sheets, read_workbook, sheet_names
from api.cli.workbook.sheet import decode_text, parse_cell_name
from api.reports.sheets import report_workbook
from api.reports.taking_back import is_report, report_type, take_back
from tests.api.cli.tables import INSPECTION, ORIGIN
from tests.api.cli.workbooks import MAIN, a_sheet, by_hand
from tests.api.reports.subjects import a_subject
from tests.fuzz.target import Target, raw_text_of
from tests.quality.examples import validator

_SHEET: Final = a_sheet(
    '<row r="1"><c r="A1" t="inlineStr"><is><t>A</t></is></c></row>'
    '<row r="2"><c r="A2" t="s" s="1"><v>0</v></c></row><row r="3"><c s="0"><v>46346</v></c></row>'
)


def _read_workbook(data: bytes) -> None:
    # A whole archive, or the XML of a sheet, of shared texts or of styles in a sound one.
    part, body = data[:1], data[1:]
    if part == b"P":
        table = read_any_table(data, TableOptions())
    elif part == b"t":
        table = read_any_table(by_hand(_SHEET, texts=body), TableOptions())
    elif part == b"y":
        table = read_any_table(by_hand(_SHEET, styles=body), TableOptions())
    else:
        table = read_any_table(by_hand(body), TableOptions())
    assert len(set(table.headings)) == len(table.headings)
    assert all(len(row.cells) == len(table.headings) for row in table.rows)


def _take_back(data: bytes) -> None:
    back = take_back(by_hand(data), INSPECTION, origin=ORIGIN)
    again = report_workbook(a_subject(back.groups)) if _is_whole(back.groups) else b""
    if again:
        assert take_back(again, INSPECTION, origin=ORIGIN).groups == back.groups


def _is_whole(groups: Mapping[str, Any]) -> bool:
    return validator(INSPECTION.vct).is_valid(groups)


def _reports() -> list[bytes]:
    def line(number: int, *texts: str) -> str:
        cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)
        return f'<row r="{number}">{cells}</row>'

    fields = [("accept", "/verdict/decision"), ("–", "/plan/classes/-"), ("A", "/address/to/0")]
    lot = [("A", "/lot/number"), ("P", "/lot/part"), ("5", "/lot/quantity"), ("H87", "/lot/unit")]
    rows = [line(at, *pair) for at, pair in enumerate([*fields, *lot], start=3)]
    lots = ("/lot/lots/*", "/lot/lots/*/number", "/lot/lots/*/quantity")
    return [
        a_sheet(line(2, "#value", "#place") + "".join(rows)).encode(),
        a_sheet(line(2, *lots) + line(3, "2", "A", "1") + line(4, "1", "B", "0.5")).encode(),
    ]


def _show_number(data: bytes) -> None:
    code, _, number = raw_text_of(data).partition("|")
    form = parse_number_format(code)
    assert show_number(number, form, is_1904=data[:1] == b"h")


def _workbooks() -> list[bytes]:
    texts = f'<sst xmlns="{MAIN}"><si><r><t>a_x000D_</t></r><rPh><t>b</t></rPh></si></sst>'
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="0.0&quot; kg"/>'
        '</numFmts><cellXfs><xf numFmtId="164"/><xf numFmtId="14"/></cellXfs></styleSheet>'
    )
    merged = '<mergeCells><mergeCell ref="A1:A2"/></mergeCells>'
    return [
        by_hand("<a/>"),
        b"s" + a_sheet('<row><c t="e"><f>1</f><v>#N/A</v></c></row>', after=merged).encode(),
        b"s" + _SHEET.encode(),
        b"t" + texts.encode(),
        b"y" + styles.encode(),
    ]


TARGETS: Final = (
    Target(
        "workbook",
        _read_workbook,
        (TableUnreadable, FormUnclear),
        (
            *(read_any_table, read_workbook, read_contents, read_cell_forms),
            *(read_part, decode_text, parse_cell_name),
        ),
        _workbooks,
        bytes_max=2048,
        words=('t="s"', 't="str"', "<v>", "<f>", 'r="', "<!DOCTYPE", "_x0", 's="1"', "mergeCell"),
    ),
    Target(
        "report",
        _take_back,
        (TableUnreadable, CellsRefused),
        (read_sheets, sheet_names, take_back, is_report, report_type),
        _reports,
        bytes_max=2048,
        words=("#value", "#place", "/lot/", "/values/", "/-", "*", "/manifest/groups/", "<v>"),
    ),
    Target(
        "number-format",
        _show_number,
        (NumberRefused,),
        (parse_number_format,),
        lambda: [b"0.00|12.5", b"yyyy-mm-dd|46346.5", b"[h]:mm|1.5", b'#0.0" kg";0|-3', b"0%|1"],
        bytes_max=64,
        words=("General", "AM/PM", "[$EUR-407]", "E+", '"', "\\", "hh", "1e5", "0.300000000000004"),
    ),
)
