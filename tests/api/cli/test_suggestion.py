"""Headings alone make a mapping: known words, units, and what is left over is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli.cells import Kind
from api.cli.column_map import ColumnMap, TableForm, parse_mapping, with_changes, write_mapping
from api.cli.left_over import check_left_over, left_over, likely_place
from api.cli.places import EACH, Places
from api.cli.suggestion import known_headings, split_unit, suggest
from api.cli.table_errors import MalformedMapping
from tests.api.cli.tables import INSPECTION, KINDS, PARAMETERS, a_table, suggested

pytestmark = pytest.mark.item("2.7")

LOT, PART = "/lot/number", "/lot/part"


@pytest.mark.parametrize(
    ("lot", "part"),
    [("Lot", "Part no."), ("Charge", "Sachnummer"), ("批号", "零件号"), ("Los-Nr", "TEILENUMMER")],
)
def test_headings_are_known_in_three_languages(lot: str, part: str) -> None:
    mapping = suggested(f"{lot};{part}\nA;B\n")
    assert mapping.columns == {lot: LOT, part: PART}
    assert mapping.per == (lot,)


def test_a_heading_may_be_the_place_itself() -> None:
    assert suggested("/lot/number\nA\n").columns == {"/lot/number": LOT}


def test_numbers_with_a_unit_are_characteristics_of_their_own() -> None:
    mapping = suggested("Charge;Ø außen [mm];硬度（HRC）\nA;1,5;58\n")
    base = "/measurements/characteristics"
    assert mapping.columns["Ø außen [mm]"] == f"{base}/0/values/*/value"
    assert mapping.columns["硬度（HRC）"] == f"{base}/1/values/*/value"
    assert mapping.constants[f"{base}/0/id"] == "Ø außen"
    assert mapping.constants[f"{base}/1/unit"] == "HRC"


def test_numbers_of_unknown_meaning_are_refused_until_somebody_says_what_they_are() -> None:
    table = a_table("Charge;Palette\nA;45001\n")
    with pytest.raises(MalformedMapping, match="'Palette'") as refused:
        suggest(table, INSPECTION, given={}, constants={})
    assert "--map 'Palette='" in refused.value.remedy
    for pointer in ("/lot/order", ""):
        suggest(table, INSPECTION, given={"Palette": pointer}, constants={})
    unit = {"/measurements/characteristics/0/unit": "mm"}
    suggest(table, INSPECTION, given={}, constants=unit)


def test_a_column_of_names_makes_a_long_table() -> None:
    mapping = suggested("Charge;Merkmal;Einheit;USG;OSG;Messwert\nA;D1;mm;1;2;1,5\n")
    base = "/measurements/characteristics/{Merkmal}"
    assert mapping.columns["Messwert"] == f"{base}/values/*/value"
    assert mapping.columns["USG"] == f"{base}/lower"


def test_limits_without_values_have_nothing_to_belong_to() -> None:
    mapping = suggested("Charge;Einheit\nA;mm\n")
    assert "Einheit" not in mapping.columns


def test_what_goes_nowhere_is_told_unless_it_was_left_out_on_purpose() -> None:
    table = a_table("Charge;Notiz\nA;x\n")
    mapping = suggested("Charge;Notiz\nA;x\n")
    assert left_over(table, mapping) == ["Notiz"]
    changed = with_changes(mapping, columns={"Notiz": ""}, constants={}, per=None, form=TableForm())
    assert left_over(table, changed) == []


@pytest.mark.parametrize("values", [";", ";x"])
def test_a_column_with_values_that_goes_nowhere_is_refused_with_headings_that_are_near(
    values: str,
) -> None:
    table = a_table(f"Charge;Bemerkungen\nA;\nB{values}\n")
    mapping = suggest(table, INSPECTION, given={}, constants={})
    if values == ";":
        check_left_over(table, mapping)
        return
    with pytest.raises(MalformedMapping, match="'Bemerkungen' to go nowhere") as refused:
        check_left_over(table, mapping)
    assert refused.value.places[0].startswith("B 'Bemerkungen': is it 'bemerkung' (/verdict/")
    assert "--map 'Bemerkungen='" in refused.value.remedy
    check_left_over(table, suggest(table, INSPECTION, given={"Bemerkungen": ""}, constants={}))


@pytest.mark.parametrize(
    ("vct", "heading", "pointer"),
    [
        ("specification/v1", "Höchstwert", "/characteristics/*/upper"),
        ("specification/v1", "Untergrenze", "/characteristics/*/lower"),
        ("specification/v1", "Nennwert", "/characteristics/*/nominal"),
        ("specification/v1", "Stichprobenverfahren", "/characteristics/*/sampling/standard"),
        ("inspection-report/v1", "Entschieden am", "/verdict/decided_at"),
        ("goods-receipt/v1", "Abweichungsmenge", "/differences/*/quantity"),
        ("goods-receipt/v1", "Datum", "/state/received_on"),
        ("shipment/v1", "LS-Nr.", "/state/shipment"),
        ("shipment/v1", "Von", "/state/site"),
        ("shipment/v1", "Nach", "/state/to_site"),
        ("shipment/v1", "ME", "/goods/unit"),
        ("shipment/v1", "Familie", "/address/family"),
    ],
)
def test_german_headings_of_masters_and_deliveries_are_known(
    vct: str, heading: str, pointer: str
) -> None:
    mapping = suggested(f"{heading}\nx\n", Places(KINDS[vct].text))
    assert mapping.columns == {heading: pointer}


def test_process_parameters_are_columns_beside_their_time() -> None:
    mapping = suggested("Zeitstempel;Temp [°C];Druck / bar\n2026-11-20 09:00;180;1,2\n", PARAMETERS)
    assert mapping.columns["Zeitstempel"] == "/values/rows/*/at"
    assert mapping.columns["Druck / bar"] == "/values/rows/*/values/1"
    assert mapping.constants["/process/parameters/1/unit"] == "bar"
    assert mapping.per == "file"


@pytest.mark.parametrize(
    ("heading", "name", "unit"),
    [
        ("D [mm]", "D", "mm"),
        ("D (µm)", "D", "µm"),
        ("D in mm", "D", "mm"),
        ("Kraft / N", "Kraft", "N"),
        ("i.O./n.i.O.", "i.O./n.i.O.", None),
        ("D", "D", None),
    ],
)
def test_a_unit_is_taken_from_its_heading(heading: str, name: str, unit: str | None) -> None:
    assert split_unit(heading) == (name, unit)


@pytest.mark.parametrize("places", [INSPECTION, PARAMETERS], ids=lambda places: places.vct)
def test_every_known_heading_leads_to_a_place_of_its_type(places: Places) -> None:
    known = known_headings(places.vct)
    pointers = [*known.names, *known.constants, *known.words, *known.per, *known.numbers.values()]
    for pointer in pointers:
        assert places.wanted(pointer.replace("#", "0"))
    for pointer, words in known.words.items():
        wanted = places.wanted(pointer)
        assert not wanted.words or set(words.values()) <= set(wanted.words)


def test_every_word_for_a_heading_has_one_meaning() -> None:
    for places in (INSPECTION, PARAMETERS):
        names = known_headings(places.vct).names
        words = [word for listed in names.values() for word in listed]
        assert len(words) == len(set(words))


def test_a_mapping_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    mapping = suggested("Charge;D [mm]\nA;1,5\n")
    write_mapping(path, mapping)
    assert parse_mapping(path.read_bytes(), name="m.json") == ColumnMap(
        mapping.vct,
        mapping.per,
        dict(mapping.columns),
        dict(mapping.constants),
        dict(mapping.words),
        mapping.form,
    )


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"format": "lotmark.mapping/v2", "type": "a/v1", "columns": {}}',
        '{"format": "lotmark.mapping/v1", "type": "a/v1", "columns": {"A": 1}}',
        '{"format": "lotmark.mapping/v1", "type": "a/v1", "columns": {}, "more": 1}',
        '{"format": "lotmark.mapping/v1", "type": "a/v1", "columns": {}, "one_record_per": []}',
        '{"format": "lotmark.mapping/v1", "type": "a/v1", "columns": {}, "form": {"offset": "x"}}',
        '{"format": "lotmark.mapping/v1", "type": "a/v1", "columns": {}, "form": {"decimal": "x"}}',
        '{"format": "lotmark.mapping/v1", "type": "a/v1", "columns": {}, "form": {"decimal": []}}',
        '{"format": "lotmark.mapping/v1", "type": "a", "columns": {}, "form": {"delimiter": "ab"}}',
        '{"format": "lotmark.mapping/v1", "type": "a", "columns": {}, "form": {"delimiter": 1}}',
        '{"format": "lotmark.mapping/v1", "type": "a", "columns": {}, "form": {"encoding": "hex"}}',
        '{"format": "lotmark.mapping/v1", "type": "a/v1", "columns": {}, "columns": {}}',
        "[" * 3_000,
        '{"format": "lotmark.mapping/v1", "type": "a", "columns": {}, "form": {"heading_row": 0}}',
    ],
)
def test_another_mapping_file_is_refused_by_name(text: str) -> None:
    with pytest.raises(MalformedMapping, match=r"m\.json"):
        parse_mapping(text.encode(), name="m.json")
    good = '{"format": "lotmark.mapping/v1", "type": "a/v1", "columns": {}}'
    assert parse_mapping(good.encode(), name="m.json").vct == "a/v1"


def test_the_places_of_a_type_know_their_kind() -> None:
    kinds = {
        "/verdict/decided_at": Kind.INSTANT,
        "/lot/quantity": Kind.DECIMAL,
        "/lot/received_on": Kind.DAY,
        "/lot/supplier": Kind.PARTY,
        "/plan/sample": Kind.INTEGER,
        "/plan/whole_lot": Kind.BOOLEAN,
        "/plan/classes": Kind.JSON,
        "/lot/number": Kind.TEXT,
    }
    assert {pointer: INSPECTION.wanted(pointer).kind for pointer in kinds} == kinds
    assert INSPECTION.wanted(f"/measurements/characteristics/{EACH}/lower").is_nullable


@pytest.mark.parametrize("heading", ["Prüfdatum", "检验日期", "Date"])
def test_a_column_of_dates_is_told_the_place_that_it_may_have(heading: str) -> None:
    mapping = suggested(f"Charge;{heading}\nA;12.11.2026\n")
    assert likely_place(heading, mapping) == "/verdict/decided_at"
    assert likely_place("Farbe", mapping) == "/PLACE"
    given = ColumnMap(mapping.vct, "row", {"x": "/verdict/decided_at"})
    assert likely_place(heading, given) == "/PLACE"


def test_a_place_that_is_set_is_not_guessed_from_a_column() -> None:
    table = a_table("Charge;Teil\nA;3\n")
    assert suggest(table, INSPECTION, given={}, constants={}).columns["Teil"] == PART
    mapping = suggest(table, INSPECTION, given={}, constants={PART: "GR-1001"})
    assert "Teil" not in mapping.columns
    said = with_changes(mapping, columns={}, constants={PART: "GR"}, per=None, form=TableForm())
    with pytest.raises(MalformedMapping, match="'Teil' to go nowhere") as refused:
        check_left_over(table, said)
    (line,) = refused.value.places
    assert f"{PART} is set by --set; --map 'Teil=' leaves the column out" in line


def test_a_column_whose_place_is_taken_is_told_with_the_one_that_has_it() -> None:
    table = a_table("Charge;Teil;Artikel\nA;3;x\n")
    mapping = suggest(table, INSPECTION, given={}, constants={})
    with pytest.raises(MalformedMapping) as refused:
        check_left_over(table, mapping)
    assert f"{PART} is taken by column 'Teil'; --map 'Artikel='" in refused.value.places[0]
