"""The table of durable writes in ``docs/reliability.md``, read so that tests can hold it true."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "reliability.md"
#: Everything that a process of Lotmark makes durable.
ROWS: Final = (
    "commit group",
    "high-water mark",
    "disclosures of a repeat",
    "cosigned checkpoint",
    "blob: create, chunk, pin",
    "nonce (PostgreSQL)",
    "witness state",
    "files of a folder",
    "submission journal",
    "audit state",
    "backup",
)
_TEST: Final = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")


@dataclass(frozen=True, slots=True)
class Row:
    """A write, and the tests that let it fail."""

    write: str
    tests: tuple[tuple[Path, str], ...]


def documented_rows() -> list[Row]:
    """The rows of the table under the heading "Fault table"."""
    section = PAGE.read_text("utf-8").partition("## Fault table")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [_read(line) for line in lines]


def _read(line: str) -> Row:
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    found = _TEST.findall(line)
    return Row(cells[0], tuple((ROOT / path, name) for path, name in found))
