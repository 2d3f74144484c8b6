"""The built-in business record types: their definitions as texts.

A definition (docs/spec/record-types.md) is immutable once a log knows its digest, so the
texts are handed out byte for byte as they stand in ``quality/types/``. This module does
not parse them; the ledger does, and judges them, when they are submitted.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

#: The order in which a new log receives them.
_NAMES: Final = (
    "inspection-report.v1",
    "quality-credential.v1",
    "corrective-action.v1",
    "parameter-upload.v1",
)


def business_types() -> tuple[str, ...]:
    """The definition texts of the built-in business types, always in the same order."""
    folder = resources.files("quality").joinpath("types")
    return tuple(folder.joinpath(f"{name}.json").read_text(encoding="utf-8") for name in _NAMES)
