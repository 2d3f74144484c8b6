"""The master tables: every cell beside the vectors, and without them."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from quality.errors import NoSamplingPlan
from quality.sampling.letters import LETTERS, LEVELS, LOTS_TO, SAMPLES, code_letter
from quality.sampling.master_table import AQLS, Cell, cell_of, master_table
from quality.sampling.severity import Severity
from tests.vectors import vectors_dir

_TABLES = {
    "normal": Severity.NORMAL,
    "tightened": Severity.TIGHTENED,
    "reduced_105E": Severity.REDUCED,
}
_CELLS = 16 * 26


def _rows(name: str) -> Iterator[dict[str, str]]:
    path: Path = vectors_dir() / "quality" / "iso2859" / name
    with path.open(encoding="utf-8") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))


def _rows_of(table: str) -> list[dict[str, str]]:
    rows = _rows("mil_std_105e_single_sampling_resolved.csv")
    return [row for row in rows if row["table"] == table]


def _faults(table: str) -> Iterator[tuple[dict[str, str], Cell]]:
    for row in _rows_of(table):
        cell = cell_of(row["code_letter"], Decimal(row["aql"]), severity=_TABLES[table])
        numbers = (cell.sample, cell.accept, cell.reject) == tuple(
            int(row[name]) for name in ("n", "ac", "re")
        )
        letter = row["resolved_letter"] in ("", cell.letter)
        if not (numbers and letter and (cell.arrow == "none") == (row["cell"] == "plan")):
            yield row, cell


@pytest.mark.item("6.done.tables")
@pytest.mark.parametrize("table", ["normal", "tightened"])
def test_every_cell_is_that_of_the_vectors(table: str) -> None:
    assert len(_rows_of(table)) == len(master_table(_TABLES[table])) == _CELLS
    assert list(_faults(table)) == []


@pytest.mark.item("6.2.reduced")
def test_every_cell_of_the_reduced_table_is_that_of_mil_std_105e() -> None:
    assert len(_rows_of("reduced_105E")) == len(master_table(Severity.REDUCED)) == _CELLS
    assert list(_faults("reduced_105E")) == []


def test_every_code_letter_is_that_of_the_vectors() -> None:
    for row in _rows("code_letters.csv"):
        lots = {int(row["lot_min"]), int(row["lot_max"] or row["lot_min"])}
        for level in LEVELS:
            assert {code_letter(lot, level=level) for lot in lots} == {row[level]}


# What follows needs no vectors.


@pytest.mark.item("6.done.tables-alone")
@pytest.mark.parametrize(
    ("severity", "digest"),
    [
        (Severity.NORMAL, "be8ebbc5282cd4ed0935bfb905363040"),
        (Severity.TIGHTENED, "e6b390e3cc20766778397f7650f5b7bd"),
        (Severity.REDUCED, "e413d4405f73f39b09247a596eee0dfa"),
    ],
)
def test_a_table_is_to_the_last_cell_what_was_once_compared(
    severity: Severity, digest: str
) -> None:
    lines = [
        f"{letter} {aql} {cell.letter} {cell.sample} {cell.accept} {cell.reject} {cell.arrow}\n"
        for (letter, aql), cell in sorted(master_table(severity).items())
    ]
    assert hashlib.sha256("".join(lines).encode()).hexdigest()[:32] == digest


@pytest.mark.item("6.done.tables-alone")
@pytest.mark.parametrize("severity", [Severity.NORMAL, Severity.TIGHTENED])
def test_an_arrow_leads_to_the_plan_that_stands_there(severity: Severity) -> None:
    """And between the two stands no other plan of the column."""
    table = master_table(severity)
    for (letter, aql), cell in table.items():
        asked, used = LETTERS.index(letter), LETTERS.index(cell.letter)
        arrow = "none" if used == asked else "up" if used < asked else "down"
        assert cell.arrow == arrow
        assert cell.sample == SAMPLES[used]
        between = LETTERS[min(asked, used) + 1 : max(asked, used)]
        assert all(table[other, aql].arrow != "none" for other in between)
        if cell.letter != "S":
            assert table[cell.letter, aql].arrow == "none"


@pytest.mark.item("6.done.tables-alone")
@pytest.mark.parametrize("severity", [Severity.NORMAL, Severity.TIGHTENED])
def test_acceptance_numbers_never_fall_from_one_aql_to_the_next(severity: Severity) -> None:
    table = master_table(severity)
    for letter in LETTERS[:-1]:
        plans = [table[letter, aql] for aql in AQLS if table[letter, aql].arrow == "none"]
        assert all(one.accept < other.accept for one, other in pairwise(plans))
        assert all(cell.reject == cell.accept + 1 for cell in plans)


@pytest.mark.item("6.done.tables-alone")
def test_the_product_of_sample_and_aql_hardly_changes_along_a_diagonal() -> None:
    products: dict[int, list[Decimal]] = {}
    for (_, aql), cell in master_table(Severity.NORMAL).items():
        if cell.arrow == "none":
            products.setdefault(cell.accept, []).append(cell.sample * aql)
    assert sorted(products) == [0, 1, 2, 3, 5, 7, 10, 14, 21, 30, 44]
    assert all(max(found) / min(found) < Decimal("1.2") for found in products.values())


@pytest.mark.item("6.done.tightened")
def test_tightened_never_accepts_what_normal_rejects_with_the_same_sample() -> None:
    """At the same letter after the arrows, whatever letter was asked for, exhaustively."""
    compared = 0
    for key, normal in master_table(Severity.NORMAL).items():
        tightened = master_table(Severity.TIGHTENED)[key]
        if tightened.letter == normal.letter and tightened.sample == normal.sample:
            compared += 1
            assert tightened.accept <= normal.accept
            assert tightened.reject <= normal.reject
    assert compared > 200


def test_the_cell_after_acceptance_number_zero_points_up_in_normal_and_down_in_tightened() -> None:
    assert cell_of("F", Decimal("1.0"), severity=Severity.NORMAL) == Cell("E", 13, 0, 1, "up")
    tightened = cell_of("F", Decimal("1.5"), severity=Severity.TIGHTENED)
    assert cell_of("F", Decimal("1.0"), severity=Severity.TIGHTENED).accept == 0
    assert tightened == Cell("H", 50, 1, 2, "down")


@pytest.mark.parametrize(
    ("letter", "aql", "severity"),
    [
        ("I", "1.0", Severity.NORMAL),
        ("S", "0.025", Severity.TIGHTENED),
        ("K", "1.1", Severity.NORMAL),
        ("K", "1.0", Severity.DISCONTINUED),
    ],
)
def test_what_the_tables_do_not_have_is_refused(letter: str, aql: str, severity: Severity) -> None:
    with pytest.raises(NoSamplingPlan, match=r"expected .*found"):
        cell_of(letter, Decimal(aql), severity=severity)


@pytest.mark.parametrize(("lot", "level"), [(0, "II"), (-8, "II"), (8, "IV")])
def test_no_letter_without_a_lot_and_a_level(lot: int, level: str) -> None:
    with pytest.raises(NoSamplingPlan, match=r"expected .*found"):
        code_letter(lot, level=level)


def test_a_band_ends_with_its_largest_lot() -> None:
    for place, lot in enumerate(LOTS_TO):
        assert code_letter(lot, level="II") == LEVELS["II"][place]
        assert code_letter(lot + 1, level="II") == LEVELS["II"][place + 1]
