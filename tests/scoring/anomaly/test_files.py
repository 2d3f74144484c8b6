"""Plain files become tables of parameters; what cannot be read is named by its place."""

from __future__ import annotations

import numpy as np
import pytest

from quality.readers.dfq import read_dfq
from scoring.anomaly.dfq_tables import BESIDE, read_measured_table
from scoring.anomaly.file_layout import ColumnsAsked, FileLayout, find_layout
from scoring.anomaly.files import ColumnBatch, FileBatch, read_tables, whole_table
from scoring.anomaly.table import PARAMETERS_MAX
from scoring.anomaly.text_files import TextAsked, TextFile, find_delimiter, read_text_file
from scoring.errors import MalformedTable

HEADED = "time,pressure [bar],speed\n2026-11-20 08:00,80.5,1\n2026-11-20 08:01,,3\n"


def opened(text: str, asked: ColumnsAsked | None = None) -> tuple[TextFile, FileLayout]:
    file = read_text_file([text.encode()])
    layout = find_layout(file.names, file.first.columns, asked or ColumnsAsked(), units=file.units)
    return file, layout


def read(
    text: str, asked: ColumnsAsked | None = None, *, text_as_missing: bool = False
) -> FileBatch:
    file, layout = opened(text, asked)
    return whole_table(read_tables(file.batches(), layout, text_as_missing=text_as_missing))


def test_a_headed_file_tells_time_units_and_missing_values() -> None:
    table = read(HEADED).table

    assert table.names == ("pressure [bar]", "speed")
    assert table.units == ("bar", "")
    assert table.at_us is not None
    assert np.diff(table.at_us).tolist() == [60_000_000]
    assert np.isnan(table.values[1, 0])
    assert table.values[1, 1] == 3.0


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1.5,2\n3,4\n", ","),
        ("a;b\n1,5;2\n3;4\n", ";"),
        ("a\tb\n1,5\t2\n3\t4\n", "\t"),
        (" 1,5  2\n 3   4\n", " "),
        ("  1.5e+00  2\n 3   4\n", " "),
        ('"a","b"\n"1,5","2"\n"3","4"\n', ","),
    ],
)
def test_delimiter_and_decimal_sign_are_found_out(text: str, delimiter: str) -> None:
    assert find_delimiter(text.splitlines()) == delimiter
    assert read(text).table.values.tolist() == [[1.5, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("cell", ["1,234", "1.5"])
def test_commas_that_may_group_thousands_need_to_be_told(cell: str) -> None:
    text = f"a;b\n{cell};2\n{'1,25' if cell == '1.5' else '3,456'};4\n"

    with pytest.raises(MalformedTable, match="say --decimal comma"):
        read(text)
    if cell == "1,234":
        assert read(text, ColumnsAsked(is_comma=True)).table.values[0, 0] == 1.234


def test_a_matrix_whose_lines_are_parameters_is_turned_and_one_whose_rows_are_is_not() -> None:
    parameters = [[base + step / 100 for step in range(9)] for base in (1.0, 50.0, 900.0)]
    lines = [" ".join(map(str, line)) for line in parameters]
    rows = [" ".join(map(str, row)) for row in zip(*parameters, strict=True)]

    turned, as_it_is = (read_text_file(["\n".join(two).encode()]) for two in (lines, rows[:2]))

    assert turned.is_transposed
    assert read("\n".join(lines)).table.values.shape == (9, 3)
    assert not as_it_is.is_transposed


def test_columns_of_text_of_row_numbers_and_of_nothing_are_left_out_and_told() -> None:
    lines = [f"{n},M{n},{n * 1.5 % 7},," for n in range(1, 21)]

    _, layout = opened("no,piece,force,empty,\n" + "\n".join(lines))

    assert layout.parameter_names == ("force",)
    assert dict(layout.left_out) == {
        "no": "counts rows",
        "piece": "text in every cell",
        "empty": "empty",
        "column 5": "empty",
    }


@pytest.mark.item("7.bad.text")
def test_text_in_a_column_of_numbers_is_named_or_counts_as_missing() -> None:
    text = "a,b\n1,2\nInp OutRange,4\n5,6\n"

    with pytest.raises(MalformedTable, match="row 3, column 'a': expected a number, found 'Inp"):
        read(text)
    found = read(text, text_as_missing=True)
    assert found.text_cells == 1
    assert np.isnan(found.table.values[1, 0])


@pytest.mark.parametrize("cell", ["1_000", "0x10", "１２"])
def test_what_only_a_program_takes_for_a_number_is_text(cell: str) -> None:
    with pytest.raises(MalformedTable, match="expected a number"):
        read(f"a,b\n1,2\n{cell},4\n")


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
def test_infinite_values_are_refused_by_row_and_column(cell: str) -> None:
    with pytest.raises(MalformedTable, match="row 3, column 'b': expected a finite value"):
        read(f"a,b\n1,2\n3,{cell}\n", text_as_missing=True)


@pytest.mark.item("7.bad.wide")
def test_five_thousand_columns_are_refused_before_their_rows_are_read() -> None:
    def chunks() -> list[bytes]:
        yield_rows = 3
        heading = ",".join(f"p{n}" for n in range(5_000))
        row = ",".join(["1.5"] * 5_000)
        return [f"{heading}\n".encode(), *[f"{row}\n".encode()] * yield_rows]

    file = read_text_file(chunks())
    with pytest.raises(MalformedTable, match=f"at most {PARAMETERS_MAX} parameters, found 5000"):
        find_layout(file.names, file.first.columns, ColumnsAsked())


def test_ragged_rows_are_refused_by_their_number() -> None:
    with pytest.raises(MalformedTable, match="row 3: expected 2 cells, found 3"):
        read("a,b\n1,2\n3,4,5\n")


def test_rows_are_ordered_by_the_time_at_which_they_were_measured() -> None:
    found = read("time,x\n20.11.2026 08:02,3\n20.11.2026 08:01,2\n", ColumnsAsked())

    assert found.table.values[:, 0].tolist() == [2.0, 3.0]
    assert found.numbers == (3, 2)


def test_a_time_that_is_none_is_named() -> None:
    with pytest.raises(MalformedTable, match="row 3, column 'time': expected a time"):
        read("time,x\n2026-11-20 08:02,3\n08/12/1999,2\n")


def test_set_up_lot_and_label_are_taken_by_name() -> None:
    text = "tool,material,lot,y,x\nT1,A,L1,ok,1.5\nT2,A,L1,nok,2.5\n"

    found = read(text, ColumnsAsked(setups=("tool", "material"), label="y"))

    assert found.table.setups == ("T1 / A", "T2 / A")
    assert found.table.lots == ("L1", "L1")
    assert found.labels == ("ok", "nok")
    with pytest.raises(MalformedTable, match="expected a column 'tol', found none: 'tool'"):
        read(text, ColumnsAsked(setups=("tol",)))


def test_a_row_of_units_below_the_heading_is_no_row_of_values() -> None:
    found = read("pressure,speed\nbar,mm/s\n80.5,1.5\n81.5,2.5\n").table

    assert found.units == ("bar", "mm/s")
    assert len(found) == 2


def test_a_heading_of_numbers_that_count_columns_is_a_heading() -> None:
    assert read("0,1,2\n1.5,2.5,3.5\n1.6,2.6,3.6\n").table.names == ("0", "1", "2")
    named = read_text_file([b"5,1,2\n1.5,2.5,3.5\n"])
    assert (named.names, named.has_heading) == (("c1", "c2", "c3"), False)
    assert read_text_file([b"5,1,2\n1,2,3\n"], TextAsked(has_heading=True)).names[0] == "5"


def test_pieces_of_a_measurement_file_are_rows_and_its_limits_are_told() -> None:
    head = b"K0100 2\nK1001/1 A\nK2001/1 D1\nK2142/1 mm\nK2110/1 4,9\nK2111/1 5,1\nK2001/2 L\n"
    rows = b"".join(b"5,0%d\x140\x1401.01.2026/10:00:0%d\x0f2,5\n" % (n, n) for n in range(1, 5))

    found = read_measured_table(read_dfq([head + rows]))
    layout = find_layout(
        found.names, found.first.columns, ColumnsAsked(time="at", beside=BESIDE), units=found.units
    )
    table = whole_table(read_tables(found.batches(), layout)).table

    assert table.names == ("D1", "L")
    assert table.units == ("mm", "")
    assert table.values.tolist() == [[5.0 + n / 100, 2.5] for n in range(1, 5)]
    assert (found.limits["D1"].lower, found.limits["D1"].upper) == ("4.9", "5.1")
    assert table.at_us is not None


def test_numbers_and_instants_that_a_file_holds_as_such_are_taken_as_they_are() -> None:
    batch = ColumnBatch((1, 2), [np.array([5, 6], np.int64), np.array([1.5, np.nan]), ["T1", "T2"]])
    layout = find_layout(("when", "x", "tool"), batch.columns, ColumnsAsked(setups=("tool",)))

    found = whole_table(read_tables([batch], layout)).table

    assert found.at_us is not None
    assert found.at_us.tolist() == [5, 6]
    assert found.values[0, 0] == 1.5
    assert found.setups == ("T1", "T2")
