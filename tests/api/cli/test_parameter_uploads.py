"""Files of process parameters become drafts of parameter uploads, with the digits they have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.cli.column_map import TableForm
from api.cli.input_files import Input, InputOptions
from api.cli.inputs import read_input
from api.cli.table_errors import CellsRefused, MalformedMapping, TableUnreadable
from ledger.compose import Filing
from quality.parameter import parameter_faults
from tests.api.cli.tables import KINDS, ORIGIN

VCT = "parameter-upload/v1"
PROCESS = {"site": "PLANT-1", "line": "L1", "machine": "M4", "part": "GR-7"}
CSV = (
    "time;tool;charge;pressure [bar];speed\n"
    "2026-11-20 08:00:00;T1;A;80,50;1\n2026-11-20 08:01:00;T1;B;;2,5E-1\n"
)


def read(
    path: Path,
    *,
    maps: tuple[str, ...] = (),
    sets: dict[str, str] | None = None,
    vct: str | None = VCT,
    form: TableForm | None = None,
) -> Input:
    constants = {f"/process/{name}": value for name, value in PROCESS.items()} | (sets or {})
    said = InputOptions(
        vct,
        maps,
        tuple("=".join(item) for item in constants.items()),
        (),
        form or TableForm(offset="+08:00"),
        Filing(),
        ORIGIN,
        "did:web:quality.example:parties:lindqvist-gear",
    )
    return read_input(path, said, find_kind=KINDS.__getitem__)


def write(folder: Path, text: str, name: str = "p.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.item("7.6")
def test_a_table_becomes_an_upload_with_time_lot_and_set_up(tmp_path: Path) -> None:
    maps = ("charge=/values/rows/*/lot", "tool=/values/rows/*/set_up/tool")
    sets = {"/process/parameters/speed/unit": "2X", "/process/parameters/speed/upper": "3"}

    found = read(write(tmp_path, CSV), maps=maps, sets=sets)

    (draft,) = found.drafts
    assert not list(parameter_faults(draft.groups))
    process: dict[str, Any] = draft.groups["process"]
    assert {name: process[name] for name in PROCESS} == PROCESS
    pressure, speed = process["parameters"]
    unset = {"nominal": None, "lower": None}
    assert pressure == {"id": "pressure [bar]", "unit": "BAR", "upper": None, **unset}
    assert speed == {"id": "speed", "unit": "2X", "upper": "3", **unset}
    one, other = draft.groups["values"]["rows"]
    assert one == {
        "at": "2026-11-20T08:00:00+08:00",
        "values": ["80.50", "1"],
        "lot": "A",
        "set_up": {"tool": "T1"},
    }
    assert other["values"] == [None, "0.25"]


@pytest.mark.item("7.6")
def test_measurement_files_and_parquet_become_uploads_too(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    dfq = write(
        tmp_path,
        "K0100 1\nK1001/1 A\nK2001/1 D1\nK2142/1 mm\nK2110/1 4,9\n"
        "5,01\x140\x1420.11.2026/08:00:00\n5,02\x140\x1420.11.2026/08:01:00\n",
        "p.dfq",
    )
    parquet = tmp_path / "p.parquet"
    pq.write_table(pa.table({"ts": [1_795_161_600, 1_795_161_660], "D1": [5.01, None]}), parquet)

    (of_dfq,) = read(dfq).drafts
    (of_parquet,) = read(parquet, sets={"/process/parameters/*/unit": "MMT"}).drafts

    parameter = of_dfq.groups["process"]["parameters"][0]
    assert (parameter["unit"], parameter["lower"]) == ("MMT", "4.9")
    first = {"at": "2026-11-20T08:00:00+08:00", "values": ["5.01"]}
    assert of_dfq.groups["values"]["rows"][0] == first
    assert of_parquet.groups["values"]["rows"] == [
        {"at": "2026-11-20T08:00:00Z", "values": ["5.01"]},
        {"at": "2026-11-20T08:01:00Z", "values": [None]},
    ]


def test_rows_beyond_what_a_record_holds_make_another_record(tmp_path: Path) -> None:
    rows = "".join(f"2026-11-20T08:00:00Z,{n}.5\n" for n in range(10_001))

    found = read(write(tmp_path, "time,x\n" + rows))

    assert [len(draft.groups["values"]["rows"]) for draft in found.drafts] == [10_000, 1]
    assert found.drafts[1].place == "rows 10002 to 10002"


@pytest.mark.item("7.bad.text")
def test_cells_that_cannot_be_read_are_named_and_nothing_is_made(tmp_path: Path) -> None:
    text = "time,x\n2026-11-20T08:00:00Z,1.5\n2026-11-20T08:01:00Z,Inp OutRange\n"

    with pytest.raises(CellsRefused) as refused:
        read(write(tmp_path, text))
    assert refused.value.places == ("p.csv, row 3, 'x': expected a number, found 'Inp OutRange'",)


def test_times_need_a_zone_and_a_column(tmp_path: Path) -> None:
    path = write(tmp_path, CSV)

    with pytest.raises(CellsRefused, match="2 cells cannot be read"):
        read(path, form=replace(TableForm(), offset=None))
    with pytest.raises(TableUnreadable, match="expected a column of times, found none"):
        read(write(tmp_path, "x,y\n1.5,2\n1.6,4\n"))
    with pytest.raises(MalformedMapping, match="expected a place of rows"):
        read(path, maps=("charge=/process/lot",))
