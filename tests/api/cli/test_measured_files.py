"""A file of a measuring program becomes a report a part, and is remembered as tables are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api.cli.inputs import remember
from api.cli.mapping_memory import MappingMemory
from api.cli.table_errors import CellsRefused, MalformedMapping, TableUnreadable
from tests.api.cli.reading_files import measured, options, read
from tests.quality.readers.qif_document import DOCUMENT

DFQ = (
    "K0100 2\nK1001/1 T-77\nK1002/1 Welle\nK1082/1 M4\n"
    "K2001/1 12\nK2002/1 Durchmesser\nK2101/1 12,5\nK2110/1 12,4\nK2111/1 12,6\nK2142/1 mm\n"
    "K2001/2 13\nK2002/2 Länge\nK2142/2 mm\n"
    "12,51\x140\x1420.11.2026/08:00:00\x0f50,1\x140\x1420.11.2026/08:00:00\n"
    "12,52\x140\x1420.11.2026/08:01:00\x0f50,2\x140\x1420.11.2026/08:01:00\n"
)
LOT = {"/lot/number": "L1"}


def a_file(folder: Path, text: str = DFQ, name: str = "m.dfq") -> Path:
    """A file of a measuring program."""
    path = folder / name
    path.write_bytes(text.encode("iso-8859-1"))
    return path


@pytest.mark.item("6.5.dfq")
def test_a_part_becomes_a_report_with_its_characteristics(tmp_path: Path) -> None:
    found = read(a_file(tmp_path), options(sets=LOT))
    (draft,) = found.drafts
    one, other = measured(found)
    assert draft.groups["lot"]["part_name"] == "Welle"
    assert (one["id"], one["name"], one["unit"]) == ("12", "Durchmesser", "MMT")
    assert (one["nominal"], one["lower"], one["upper"]) == ("12.5", "12.4", "12.6")
    assert one["values"][0] == {
        "value": "12.51",
        "at": "2026-11-20T08:00:00+01:00",
        "machine": "M4",
    }
    assert [value["value"] for value in other["values"]] == ["50.1", "50.2"]
    assert draft.locate("/measurements/characteristics/0/values/1/value").startswith(
        "m.dfq, line 15, '12 Durchmesser'"
    )


@pytest.mark.item("6.5.mapping")
def test_how_a_file_becomes_a_report_is_remembered_for_the_next_like_it(tmp_path: Path) -> None:
    memory, later = tmp_path / "mappings", tmp_path / "later"
    first = read(
        a_file(tmp_path),
        options(memory, maps=("Durchmesser=D1", "13="), sets={**LOT, "/lot/part": "GR-7"}),
    )
    remember(first, MappingMemory(memory))
    later.mkdir()
    path = a_file(later, DFQ.replace("12,52", "12,53"), "next.dfq")
    again = read(path, replace(options(memory), constants=()))
    (draft,) = again.drafts
    assert [one["id"] for one in measured(again)] == ["D1"]
    # The part that the file names is the same one again; the lot is another.
    assert draft.groups["lot"]["part"] == "GR-7"
    assert "number" not in draft.groups["lot"]


@pytest.mark.item("6.5.mapping")
@pytest.mark.parametrize(("name", "is_taken"), [("12", True), ("99", False)])
def test_a_characteristic_that_the_file_lacks_is_told_with_those_it_has(
    tmp_path: Path, name: str, is_taken: bool
) -> None:
    said = options(maps=(f"{name}=D1",), sets=LOT)
    if is_taken:
        assert read(a_file(tmp_path), said).drafts
        return
    with pytest.raises(MalformedMapping) as refused:
        read(a_file(tmp_path), said)
    assert "'12 Durchmesser', '13 Länge'" in refused.value.remedy


@pytest.mark.item("6.5.cells")
def test_what_cannot_be_read_is_named_by_line_and_field(tmp_path: Path) -> None:
    with pytest.raises(CellsRefused) as refused:
        read(a_file(tmp_path, DFQ.replace("12,52", "12,5x")), options(sets=LOT))
    assert refused.value.places[0].startswith("m.dfq, line 15, K0001/1: expected")


def test_a_time_without_a_zone_asks_for_one(tmp_path: Path) -> None:
    with pytest.raises(CellsRefused) as refused:
        read(a_file(tmp_path), options(sets=LOT, offset=None))
    assert "--offset" in refused.value.remedy


@pytest.mark.parametrize("text", ["K0100 1\nK1001/1 T-77\nK2001/1 12\n", "no such file\n"])
def test_a_file_without_values_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(TableUnreadable):
        read(a_file(tmp_path, text), options(sets=LOT))


def test_counted_defects_of_one_check_are_those_of_the_report(tmp_path: Path) -> None:
    text = "K0100 1\nK1001/1 T-77\nK2001/1 Riss\nK2004/1 1\n50000\x143\n50000\x141\n"
    found = read(a_file(tmp_path, text), options(sets=LOT))
    assert found.drafts[0].groups["defects"] == {
        "inspected": 100,
        "defective": 4,
        "items": [],
    }
    assert any("4 defective of 100" in line for line in found.described)


@pytest.mark.item("6.5.qif")
def test_a_qif_document_becomes_a_report_too(tmp_path: Path) -> None:
    path = tmp_path / "m.qif"
    path.write_text(DOCUMENT)
    found = read(path, options(sets=LOT))
    (draft,) = found.drafts
    diameter = measured(found)[0]
    assert draft.groups["lot"]["part_name"] == "轴"
    assert (diameter["unit"], diameter["nominal"]) == ("MMT", "25.00")
    assert (diameter["lower"], diameter["upper"]) == ("24.98", "25.05")
