"""Cells of delimited text that a spreadsheet would run: written with an apostrophe before them.

Only texts need it: a number with its sign stays the number that it is.
"""

from __future__ import annotations

import re
from typing import Final

from api.cli.cells import is_number

_MARK: Final = "'"
#: What begins a formula, also behind marks: those are doubled, so that every cell comes back.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def defuse(cell: str) -> str:
    """A cell as a spreadsheet may open it: it shows what was written, and runs nothing."""
    return _MARK + cell if _FORMULA.match(cell) and not is_number(cell) else cell


def restore(cell: str) -> str:
    """The cell that was defused; any other stays as it is."""
    is_marked = cell.startswith(_MARK) and _FORMULA.match(cell)
    return cell.removeprefix(_MARK) if is_marked else cell
