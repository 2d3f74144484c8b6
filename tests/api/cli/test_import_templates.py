"""A template's workbook is read back without a mapping; a workbook and a CSV say the same."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from api.cli.cells import DecimalSign
from api.cli.column_map import ColumnMap, TableForm
from api.cli.drafts import Draft
from api.cli.places import Places
from api.cli.suggestion import known_headings, suggest
from api.cli.table import Table, TableOptions
from api.cli.table_drafts import table_drafts
from api.cli.table_sheet import read_any_table
from api.cli.template_sheet import template_headings, template_sheets
from api.cli.type_defaults import with_defaults
from api.cli.workbook.values import SheetValue
from api.cli.workbook.writing import write_workbook
from keys.identifiers import parse_slug, party_did
from tests.api.cli.solo import lotmark
from tests.api.cli.tables import INSPECTION, KINDS, ORIGIN, a_table

pytestmark = pytest.mark.item("4.8")

TYPES = sorted(vct for vct in KINDS if known_headings(vct).names)
OWN, ACME = (party_did(ORIGIN, parse_slug(slug)) for slug in ("hanfeng-drive", "acme"))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("vct", TYPES)
def test_a_template_is_read_back_by_its_headings(vct: str, language: str) -> None:
    places = Places(KINDS[vct].text)
    headings = template_headings(places, language)
    sheets = template_sheets(places, language)
    name, (first, *_) = next(iter(sheets.items()))
    filled = write_workbook({**sheets, name: [first, [SheetValue("x") for _ in first]]})
    table = read_any_table(filled, TableOptions())
    assert table.headings == tuple(headings)
    mapping = suggest(table, places, given={}, constants={})
    expected = {heading: place for heading, place in headings.items() if "#" not in place}
    assert {heading: mapping.columns[heading] for heading in expected} == expected


def test_the_command_writes_a_template_and_never_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "parts.xlsx"
    made = lotmark("template", "part", "--xlsx", str(path), "--language", "zh")
    assert made.exit_code == 0, made.stderr
    book = load_workbook(io.BytesIO(path.read_bytes()))
    assert book["part"]["A1"].value == "零件号"
    assert "/state/number" in [cell.value for cell in book["列说明"]["B"]]
    assert lotmark("template", "part", "--xlsx", str(path)).exit_code == 1


def suggested(vct: str, text: str) -> list[Draft]:
    """The drafts of a table under the mapping that its headings suggest."""
    table, places = a_table(text), Places(KINDS[vct].text)
    mapping = suggest(table, places, given={}, constants={})
    made = table_drafts(table, mapping, places=places, origin=ORIGIN)
    return [with_defaults(draft, OWN) for draft in made.drafts]


def test_rows_of_lots_become_one_shipment_with_their_sum() -> None:
    (draft,) = suggested(
        "shipment/v1",
        "Lieferschein;Kunde;Teilenummer;Rev;Versanddatum;Charge;Menge;Einheit;NVE\n"
        "LS-7;acme;P-1;B;20.11.2026;C1;12,5;kg;\n"
        "LS-7;acme;P-1;B;20.11.2026;C2;0,25;kg;\n",
    )
    assert draft.groups["goods"] == {
        "quantity": "12.75",
        "unit": "KGM",
        "lots": [{"number": "C1", "quantity": "12.5"}, {"number": "C2", "quantity": "0.25"}],
    }
    assert draft.groups["state"]["part"]["supplier"] == OWN
    assert (draft.filing.to, draft.filing.subject) == ((ACME,), ACME)
    assert draft.filing.number == "LS-7 P-1"


def test_rows_of_characteristics_become_one_specification() -> None:
    (draft,) = suggested(
        "specification/v1",
        "规格编号;版本;零件号;供方;生效日期;特性编号;特性名称;特殊特性;下限;上限;单位\n"
        "S-1;A;P-1;acme;2026-12-01;1;外径;CC;9,98;10,02;毫米\n"
        "S-1;A;P-1;acme;2026-12-01;2;粗糙度;;;1,6;um\n",
    )
    assert draft.groups["state"]["customer"] == OWN
    first, second = draft.groups["characteristics"]
    assert (first["class"], first["lower"], first["unit"]) == ("CC", "9.98", "MMT")
    assert (second["class"], second["lower"], second["upper"]) == ("none", None, "1.6")
    assert draft.filing.number == "S-1 A acme"


def test_a_part_and_a_relation_name_the_other_side() -> None:
    (part,) = suggested(
        "part/v1",
        "Part number;Revision;Supplier;Family;Unit;Safety;Name;Commodity\n"
        "P-1;B;acme;steel;Stk;nein;Gear;castings\n",
    )
    assert part.groups["state"] | {"safety": False} == part.groups["state"]
    assert (part.groups["state"]["unit"], part.groups["state"]["customer"]) == ("H87", OWN)
    assert (part.filing.to, part.filing.family) == ((ACME,), "steel")
    (act,) = suggested("act/v1", "act;kind;supplier;families\nrelation;供货;acme;steel, castings\n")
    assert act.groups["state"]["families"] == ["steel", "castings"]
    assert (act.groups["state"]["kind"], act.filing.to) == ("supply", (ACME,))


@pytest.mark.parametrize("parties", [f"acme;{OWN}", f"{OWN};acme", "acme;"])
def test_an_inspection_goes_to_the_other_side_and_has_units_that_others_know(parties: str) -> None:
    (draft,) = suggested(
        "inspection-report/v1",
        "Charge;Lieferant;Kunde;Familie;Merkmal;Einheit;Messwert;Härte [HRC]\n"
        f"C1;{parties};steel;D1;mm;12,5;58\n",
    )
    assert (draft.filing.to, draft.filing.subject) == ((ACME,), ACME)
    assert draft.filing.family == "steel"
    units = [item["unit"] for item in draft.groups["measurements"]["characteristics"]]
    # A hardness has a scale, and no unit.
    assert units == ["MMT", "HRC"]


COLUMNS = {
    "Lot": "/lot/number",
    "Qty": "/lot/quantity",
    "Made": "/lot/manufactured_on",
    "Note": "/verdict/remark",
}
WORDS = st.text("abcXYZ012 -_äß零件;,\"'=+@", min_size=1, max_size=12).filter(
    lambda text: text == text.strip() and text.strip()
)
DIGITS = st.decimals(-99999, 99999, places=3, allow_nan=False, allow_infinity=False)
DAYS = st.dates().map(lambda day: day.replace(year=1950 + day.year % 150, day=min(day.day, 28)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WORDS, DIGITS, DAYS, WORDS), min_size=1, max_size=6))
def test_rows_say_the_same_in_a_workbook_and_in_delimited_text(rows: list[Any]) -> None:
    plain = [(lot, format(number + Decimal(0), "f"), day, note) for lot, number, day, note in rows]
    lines = [list(COLUMNS), *[[lot, qty, day.isoformat(), note] for lot, qty, day, note in plain]]
    sheet = [
        [SheetValue(text, is_number=row > 0 and at == 1) for at, text in enumerate(line)]
        for row, line in enumerate(lines)
    ]
    book = read_any_table(write_workbook({"Blatt": sheet}), TableOptions(heading_row=1))
    text = "\r\n".join(
        "\t".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines
    )
    csv = read_any_table(text.encode(), TableOptions(encoding="utf-8", delimiter="\t"))
    assert (
        said(book)
        == said(csv)
        == [
            {
                "number": lot,
                "quantity": "0" if qty == "-0.000" else qty,
                "made": day.isoformat(),
                "note": note,
            }
            for lot, qty, day, note in plain
        ]
    )


def said(table: Table) -> list[dict[str, str]]:
    """What the records of a table say."""
    form = TableForm(decimal=DecimalSign.POINT)
    mapping = ColumnMap(INSPECTION.vct, "row", COLUMNS, form=form)
    made = table_drafts(table, mapping, places=INSPECTION, origin=ORIGIN)
    return [
        {
            "number": draft.groups["lot"]["number"],
            "quantity": draft.groups["lot"]["quantity"],
            "made": draft.groups["lot"]["manufactured_on"],
            "note": draft.groups["verdict"]["remark"],
        }
        for draft in made.drafts
    ]


def places_of(schema: dict[str, Any], known: dict[str, Any], pointer: str = "") -> list[str]:
    """Every place of a scalar below a schema; of a list of texts the list."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    if "properties" in schema:
        members = schema["properties"].items()
        return [
            place for name, item in members for place in places_of(item, known, f"{pointer}/{name}")
        ]
    inner = places_of(schema["items"], known, f"{pointer}/*") if "items" in schema else [pointer]
    return [pointer] if inner == [f"{pointer}/*"] else inner


@pytest.mark.item("6.5.report-xlsx")
def test_every_place_of_an_inspection_report_has_a_heading() -> None:
    schema = json.loads(KINDS[INSPECTION.vct].text)["schema"]
    headed = {place.replace("#", "*") for place in known_headings(INSPECTION.vct).names}
    assert [place for place in places_of(schema, schema["$defs"]) if place not in headed] == []


def test_rows_of_lots_classes_and_defects_stand_beside_those_of_values() -> None:
    (draft,) = suggested(
        INSPECTION.vct,
        "Charge;Herstellercharge;Menge Herstellercharge;Fehlerklasse Plan;AQL;Ac;Re;"
        "Fehlercode;Merkmal;Einheit;Messwert;Prüfmittel;Auflösung;MRB Funktionen\n"
        "A;C1;300;critical;-;0;1;SCRATCH;D1;mm;12,50;G-7;0,01;Q, R&D\n"
        "A;C2;200;major;0,65;1;2;;D1;mm;12,51;G-7;0,01;\n",
    )
    assert draft.groups["lot"]["lots"] == [
        {"number": "C1", "quantity": "300"},
        {"number": "C2", "quantity": "200"},
    ]
    assert draft.groups["plan"]["classes"] == [
        {"class": "critical", "aql": None, "accept": 0, "reject": 1},
        {"class": "major", "aql": "0.65", "accept": 1, "reject": 2},
    ]
    assert draft.groups["defects"]["items"] == [{"code": "SCRATCH"}]
    (characteristic,) = draft.groups["measurements"]["characteristics"]
    assert characteristic["values"] == [{"value": "12.50"}, {"value": "12.51"}]
    assert characteristic["gauge"] == {"id": "G-7", "resolution": "0.01"}
    assert draft.groups["disposition"]["mrb"]["functions"] == ["Q", "R&D"]
