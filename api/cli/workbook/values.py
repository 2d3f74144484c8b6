"""Values of a workbook that is to be written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SheetValue:
    """What a cell is to show; a number keeps its decimals by its format."""

    text: str
    is_number: bool = False
