"""What is wrong with a DFQ file, and what is no such file; pieces, ends and memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.dfq_file import read_apart, write_dfq
from quality.errors import MeasurementFileRefused
from quality.readers.dfq import FAULTS_MAX
from quality.readers.dfq_description import INDEX_MAX, Description, Known, Said
from quality.readers.model import Note
from tests.quality.readers.told import HEAD, dfq, faults, of, values

pytestmark = pytest.mark.item("6.5.dfq")

#: Ends of a field and of a characteristic in a line without keys.
F, C = "\x14", "\x0f"


@pytest.mark.item("6.5.cells")
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("K2101/1 ten", "line 8, K2101/1: expected a number, found 'ten'"),
        ("K2022/1 99", "line 8, K2022/1: expected a whole number up to 20, found '99'"),
        ("K0001/3 1", "line 8, K2001/3: expected a description of the characteristic, found"),
        (f"1{F}x", "line 8, K0002/1: expected a whole number, found 'x'"),
        (f"1{F * 11}y", "line 8, K0001/1: expected up to 10 fields of a value, found 12 fields"),
        ("Kommentar", "line 8: expected a field (K2101/1 1.5) or values, found 'Kommentar'"),
        ("K5102/1 x", "line 8, K5102/1: expected an index, found 'x'"),
        ("K2002 Other", "line 8, K2002/1: expected one K2002 of characteristic 1 (line 4 has it)"),
        ("K2001/3 3", "line 1, K0100: expected the number of characteristics described (3), fo"),
    ],
)
def test_a_fault_names_line_and_field(line: str, told: str) -> None:
    # Without a kind, twelve fields would be a counted value.
    found = faults(dfq(HEAD + "K2004/0 0\n" + line + "\n"))
    assert any(fault.startswith(told) for fault in found), found


def test_a_described_file_goes_on_after_a_fault() -> None:
    assert values(dfq(HEAD + "nonsense\nK0001/1 1\n")) == [("1", "1")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "found no field in it"),
        ("\n \r\n", "found no field in it"),
        ("PK\x03\x04", "begins with K0100, found 'PK"),
        ("K0100 1\nK1001 A\n1.5\n", "line 3: expected a description (K2001) before values"),
        (f"K0100 1\n1{F}0\n", "line 2: expected a description (K2001) before values"),
        (f"K2001/{INDEX_MAX + 1} 1", f"line 1, K2001: expected an index up to {INDEX_MAX}, found"),
        (
            HEAD + "K0001/1 1\n" + "K0007/0/9 1\n" * (FAULTS_MAX + 1),
            f"expected at most {FAULTS_MAX} faults in a file",
        ),
        (HEAD + "x\n" * (FAULTS_MAX + 1), f"expected at most {FAULTS_MAX} faults in a file"),
    ],
)
def test_what_is_no_such_file_is_refused(text: str, told: str) -> None:
    with pytest.raises(MeasurementFileRefused) as refused:
        dfq(text)
    assert told in str(refused.value)


def test_description_and_values_of_two_files_are_read_one_after_the_other() -> None:
    assert values(dfq(HEAD + "1.5\n")) == [("1", "1.5")]


@pytest.mark.parametrize("piece", [1, 2, 7, 64])
def test_pieces_of_any_size_are_the_same_file(piece: int) -> None:
    rows = f"1{F}0{F}01.02.2024/10:00:00{C}2{F}255\r\nK0053/1 Größe\r\n3,5{F}0\r\n"
    data = (HEAD + rows).encode("iso-8859-1")
    assert dfq(data, piece=piece) == dfq(data)


def test_a_last_line_needs_no_end() -> None:
    events = dfq(HEAD + "K0001/1 1.5\r\nK0001/1 2.5\x1a")
    assert values(events) == [("1", "1.5"), ("1", "2.5")]


@pytest.mark.long
def test_memory_does_not_grow_with_the_values(tmp_path: Path) -> None:
    sizes = [10_000, 1_000_000]
    peaks = []
    for size in sizes:
        write_dfq(tmp_path / "values.dfq", size, coded=False)
        read = read_apart(tmp_path / "values.dfq")
        assert read.values == size
        peaks.append(read.rss_mib)
    assert peaks[1] < peaks[0] + 8


def test_the_encoding_is_told() -> None:
    assert of(Note, dfq(HEAD)) == []
    assert of(Note, dfq(HEAD + "K2002/1 Größe\n")) == [Note("encoding", "utf-8")]


def test_a_file_that_describes_without_end_is_refused() -> None:
    # A part and a characteristic, and that one anew.
    for most, is_refused in ((3, False), (2, True)):
        description = Description(1, Known(described_max=most))
        description.take("K2001", 1, Said("1", 1))
        assert len(list(description.events())) == 2
        description.take("K2142", 1, Said("mm", 2))
        if is_refused:
            with pytest.raises(MeasurementFileRefused, match="descriptions in a file"):
                list(description.events())
        else:
            assert len(list(description.events())) == 1
