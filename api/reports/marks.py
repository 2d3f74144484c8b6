"""How a report's workbook is known, and what its lines for programs say."""

from __future__ import annotations

from typing import Final

FORMAT: Final = "lotmark.report/v1"
#: The sheet that says what the workbook is, and what was verified.
ABOUT: Final = "lotmark"
#: Headings, and the line below them that says where the cells of each column belong.
HEADING_ROWS: Final = 2
#: Above the columns of places and of their values.
PLACE: Final = "#place"
VALUE: Final = "#value"
