"""What is true in a simulated consortium, kept beside what its records say.

The books here are the generator's own: they are written from the draws and never from the
records, so that what a reader computes from the log can be held against them. Everything is
kept by part and month, lot or case: as large as the consortium, not as its log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, TypeAlias


class Cell(NamedTuple):
    """A part of one supplier for one customer in one month, ``YYYY-MM``."""

    supplier: str
    customer: str
    part: str
    month: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """A shipment left. ``pieces`` is None where the part has no conversion to pieces."""

    cell: Cell
    unit: str
    thousandths: int
    pieces: int | None


@dataclass(frozen=True, slots=True)
class BadLot:
    """A lot with bad units in it; a lot that is not listed has none."""

    supplier: str
    customer: str
    part: str
    lot: str
    received_on: str
    bad: int


@dataclass(frozen=True, slots=True)
class Received:
    """A receipt came in; ``bad_lots`` are those lots that arrived with it."""

    cell: Cell
    unit: str
    thousandths: int
    pieces: int | None
    lots: int
    bad_lots: tuple[BadLot, ...] = ()


@dataclass(frozen=True, slots=True)
class Complained:
    """A case was opened. ``found`` of ``bad`` units were found; 0 of 0: no trouble found."""

    complaint: str
    supplier: str
    customer: str
    part: str
    lot: str
    severity: str
    bad: int
    found: int
    opened_on: str

    @property
    def is_trouble(self) -> bool:
        """Whether there is a defect, and the supplier's."""
        return self.bad > 0


@dataclass(frozen=True, slots=True)
class Closed:
    """A case ended with what is true; ``cell`` is that of the lot's delivery."""

    complaint: str
    cell: Cell
    confirmed: int


Fact: TypeAlias = Shipped | Received | Complained | Closed


@dataclass(slots=True)
class CellTruth:
    """What a part's month amounts to, so far. Quantities are thousandths of ``unit``."""

    unit: str = ""
    shipments: int = 0
    shipped: int = 0
    shipped_pieces: int | None = None
    receipts: int = 0
    received: int = 0
    received_pieces: int | None = None
    received_lots: int = 0
    bad: int = 0
    confirmed: int = 0


class Truth:
    """The books: note each draft's fact as it leaves, and nothing else."""

    def __init__(self) -> None:
        """Open empty books."""
        self.drafts = 0
        self.cells: dict[Cell, CellTruth] = {}
        self.bad_lots: list[BadLot] = []
        self.complaints: dict[str, Complained] = {}
        self.closed: dict[str, int] = {}

    def note(self, fact: Fact | None) -> None:
        """Enter what is true about one draft."""
        self.drafts += 1
        match fact:
            case Shipped():
                self._note_shipped(fact)
            case Received():
                self._note_received(fact)
            case Complained():
                self.complaints[fact.complaint] = fact
            case Closed():
                self.closed[fact.complaint] = fact.confirmed
                self._cell(fact.cell).confirmed += fact.confirmed

    def _note_shipped(self, fact: Shipped) -> None:
        cell = self._cell(fact.cell)
        cell.unit = fact.unit
        cell.shipments += 1
        cell.shipped += fact.thousandths
        if fact.pieces is not None:
            cell.shipped_pieces = (cell.shipped_pieces or 0) + fact.pieces

    def _note_received(self, fact: Received) -> None:
        cell = self._cell(fact.cell)
        cell.unit = fact.unit
        cell.receipts += 1
        cell.received += fact.thousandths
        cell.received_lots += fact.lots
        if fact.pieces is not None:
            cell.received_pieces = (cell.received_pieces or 0) + fact.pieces
        for lot in fact.bad_lots:
            cell.bad += lot.bad
            self.bad_lots.append(lot)

    def _cell(self, key: Cell) -> CellTruth:
        found = self.cells.get(key)
        if found is None:
            found = self.cells[key] = CellTruth()
        return found

    def cell_rows(self) -> Iterator[Mapping[str, Any]]:
        """One row a part and month, for ``truth.json``."""
        for key, cell in sorted(self.cells.items()):
            row = asdict(cell)
            row["shipped"] = quantity_text(cell.shipped)
            row["received"] = quantity_text(cell.received)
            yield {**key._asdict(), **row}

    def lot_rows(self) -> Iterator[Mapping[str, Any]]:
        """One row a lot with bad units, in the order of their receipts."""
        return map(asdict, self.bad_lots)

    def complaint_rows(self) -> Iterator[Mapping[str, Any]]:
        """One row a case; ``confirmed`` is None while it is open."""
        for name, case in sorted(self.complaints.items()):
            truth = "defect" if case.is_trouble else "no-trouble-found"
            yield {**asdict(case), "truth": truth, "confirmed": self.closed.get(name)}


def quantity_text(thousandths: int) -> str:
    """A quantity as records write it: decimal, without needless zeros."""
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03}".rstrip("0") if rest else str(whole)
