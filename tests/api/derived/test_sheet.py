"""The hand-computed sheet in ``docs/deliveries-sheet.md``: filed paper by paper, then compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.api.derived.trade import Trade
from tests.api.service import OEM, SUPPLIER, serve

SHEET = (Path(__file__).parents[3] / "docs" / "deliveries-sheet.md").read_text("utf-8")
QUESTION = "from=2026-09&to=2026-12&as_of=2026-11-30"
Row = dict[str, str]


def table(heading: str) -> list[Row]:
    """The rows of the table under a heading, by column; a dash is nothing."""
    section = re.split(r"^## ", SHEET, flags=re.M)
    (lines,) = [part.splitlines() for part in section if part.startswith(heading)]
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
    names, _, *rows = cells
    return [dict(zip(names, row, strict=True)) for row in rows]


def lots_of(row: Row) -> list[tuple[str, str]]:
    """Lots with their quantities."""
    return [tuple(lot.split(": ")) for lot in row["lots"].split(", ")]  # type: ignore[misc]


class Filed:
    """The papers of the sheet in a log, in its order, and their record ids by number."""

    def __init__(self, trade: Trade) -> None:
        self.trade = trade
        self.ids: dict[str, str] = {}
        self.repeated: str | None = None
        trade.agree()
        trade.add_part("GR-100", unit="KGM", pieces_per_unit="40")
        trade.add_part("GR-200", unit="KGM")
        for row in table("Shipments"):
            self._ship(row)
        for row in table("Receipts"):
            self._receive(row)
        for row in table("Cases"):
            self._complain(row)
        trade.await_tables()

    def _ship(self, row: Row) -> None:
        record_id = self.trade.shipment(
            row["shipment"],
            part=row["part"],
            on=row["shipped on"],
            quantity=row["kg"],
            unit="KGM",
            lots=lots_of(row),
        )
        if row["shipment"] in self.ids:
            self.repeated = record_id
        self.ids.setdefault(row["shipment"], record_id)

    def _receive(self, row: Row) -> None:
        self.ids[row["receipt"]] = self.trade.receipt(
            row["receipt"],
            of=self.ids[row["of"]],
            part=row["part"],
            on=row["received on"],
            quantity=row["kg"],
            unit="KGM",
            lots=lots_of(row),
            corrects=self.ids[row["corrects"]] if row["corrects"] else None,
        )

    def _complain(self, row: Row) -> None:
        self.trade.complaint(
            row["complaint"],
            part=row["part"],
            lot=row["lot"],
            opened_at=row["opened at"],
            closure={"responsible": row["responsible"], "confirmed": int(row["confirmed"])},
        )

    def rows(self, of: str, *, by: str) -> list[dict[str, Any]]:
        """What a side is told."""
        answer = self.trade.live.signed(by).get(f"/v1/deliveries/{of}?{QUESTION}")
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filed]:
    """The sheet in a log that is served."""
    for live in serve(tmp_path_factory.mktemp("log")):
        yield Filed(Trade(live))


@pytest.mark.item("4.done.sheet")
@pytest.mark.parametrize("by", [OEM, SUPPLIER])
def test_delivered_units_and_ppm_equal_the_sheet(filed: Filed, by: str) -> None:
    told = [
        {
            "part": row["part"],
            "month": row["month"],
            "delivered": row["delivered"] or "–",
            "unconfirmed": row["unconfirmed"] or "–",
            "lots": str(row["lots"]),
            "bad": str(row["bad"]),
            "open cases": str(row["open_cases"]),
            "PPM": row["ppm"] or "–",
        }
        for row in filed.rows("monthly", by=by)
    ]
    assert told == table("Added up")


@pytest.mark.item("4.6.differences")
def test_differences_equal_the_sheet(filed: Filed) -> None:
    numbers = {record_id: number for number, record_id in filed.ids.items()}
    told = [
        {
            "kind": row["kind"],
            "on": row["on"],
            "paper": numbers[row["receipt"] or row["shipment"]],
            "expected": row["expected"],
            "found": row["found"] or "–",
        }
        for row in filed.rows("differences", by=SUPPLIER)
    ]
    assert told == table("Differences")


def test_flags_equal_the_sheet(filed: Filed) -> None:
    for record_id, code in (
        (filed.repeated, "shipment-repeated"),
        (filed.ids["R-04"], "receipt-above-shipment"),
    ):
        answer = filed.trade.live.signed(OEM).get(f"/v1/records/{record_id}/flags")
        assert [flag["code"] for flag in answer.json()["flags"]] == [code, "site-missing"]


def test_the_lines_of_the_sheet_add_up() -> None:
    october = [row for row in table("Receipts") if row["month"] == "2026-10"]
    pieces = [Decimal(row["pieces"]) for row in october if row["pieces"] != "–"]
    for row in table("Receipts"):
        if row["pieces"] != "–":
            assert Decimal(row["pieces"]) == 40 * Decimal(row["kg"])
    assert sum(pieces) == 2960
    assert sum(int(row["bad units"]) for row in table("Cases")) == 3
