"""What was set for one lot is never signed for the next; what lasts is told with its source."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from api.cli.inputs import remember
from api.cli.lasting_constants import lasting_constants
from api.cli.mapping_memory import MappingMemory
from tests.api.cli.reading_files import options, read
from tests.api.cli.tables import INSPECTION

pytestmark = pytest.mark.item("6.5.mapping")

#: 20 November 2026, noon UTC.
NOON = 1_795_176_000
LASTS = {
    "/lot/part": "GR-1001",
    "/lot/site": "W1",
    "/lot/unit": "H87",
    "/lot/specification/id": "SP-12",
    "/lot/customer": "borealis-motors",
    "/lot/inspected/site": "W2",
    "/verdict/stage": "receiving",
    "/measurements/characteristics/*/class": "CC",
    "/measurements/characteristics/0/unit": "mm",
    "/measurements/characteristics/0/upper": "12.6",
    "/measurements/characteristics/0/gauge/id": "M-1",
}
OF_ONE_LOT = {
    "/verdict/decision": "accept",
    "/verdict/decided_at": "2026-11-20T09:30:00+01:00",
    "/verdict/remark": "as agreed",
    "/lot/number": "A",
    "/lot/quantity": "200",
    "/lot/order": "PO-1",
    "/lot/delivery_note": "DN-1",
    "/lot/shipment": "x",
    "/lot/resubmission_of": "x",
    "/lot/lots/0/quantity": "200",
    "/lot/expires_on": "2027-01-01",
    "/plan/sample": "20",
    "/plan/classes/0/accept": "0",
    "/plan/skipped_by": "x",
    "/defects/inspected": "20",
    "/defects/defective": "0",
    "/disposition/action": "use-as-is",
    "/summary/characteristics/0/mean": "12.5",
    "/filing/number": "R-1",
}


def a_csv(folder: Path, rows: str, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"Charge;D [mm]\n{rows}")
    return path


@pytest.mark.parametrize("place", [*LASTS, *OF_ONE_LOT])
def test_what_is_of_one_lot_does_not_last(place: str) -> None:
    given = {**LASTS, **OF_ONE_LOT}
    assert (place in lasting_constants(given, INSPECTION)) == (place in LASTS)


@pytest.mark.parametrize("whole_bytes_max", [0, 1 << 20])
def test_the_next_file_of_the_same_headings_is_asked_for_its_own_decision_and_quantity(
    tmp_path: Path, whole_bytes_max: int
) -> None:
    memory = tmp_path / "mappings"
    said = options(memory, whole_bytes_max=whole_bytes_max)
    remember(read(a_csv(tmp_path / "1", "A;12.5\n", "m.csv"), said), MappingMemory(memory))
    (kept,) = memory.iterdir()
    os.utime(kept, (NOON, NOON))
    again = read(a_csv(tmp_path / "2", "B;12.6\nB;12.7\n", "n.csv"), replace(said, constants=()))
    groups = again.drafts[0].groups
    assert groups["verdict"] == {"stage": "outgoing"}
    assert (groups["lot"]["number"], groups["lot"]["part"]) == ("B", "GR-1001")
    assert "quantity" not in groups["lot"]
    told = [line for line in again.described if "remembered from m.csv of 2026-11-20" in line]
    assert any("/lot/part" in line for line in told)


@pytest.mark.parametrize(("rows", "is_kept"), [("A;12.5\n", True), ("B;12.6\n", False)])
def test_what_was_set_for_a_file_counts_while_its_bytes_are_the_same(
    tmp_path: Path, rows: str, is_kept: bool
) -> None:
    read(a_csv(tmp_path, "A;12.5\n", "export.csv"))
    again = read(a_csv(tmp_path, rows, "export.csv"), replace(options(), constants=()))
    assert ("decision" in again.drafts[0].groups["verdict"]) == is_kept
    assert again.drafts[0].groups["verdict"]["stage"] == "outgoing"


@pytest.mark.parametrize(("word", "is_told"), [("Charge", True), ("Halle;Tor;Los", False)])
def test_other_columns_are_told_of_a_file_like_the_last_one_alone(
    tmp_path: Path, word: str, is_told: bool
) -> None:
    memory = tmp_path / "mappings"
    said = options(memory, whole_bytes_max=1 << 20)
    remember(read(a_csv(tmp_path, "A;12.5\n", "m.csv"), said), MappingMemory(memory))
    path = tmp_path / "n.csv"
    columns = word.split(";")
    path.write_text(";".join([*columns, "D1 [mm]"]) + "\n" + "A;" * len(columns) + "1.5\n")
    maps = () if is_told else ("Halle=", "Tor=", "Los=/lot/number")
    found = read(path, replace(said, maps=maps))
    assert any("other columns" in line for line in found.described) == is_told
