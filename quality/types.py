"""The built-in business record types: their definitions as texts.

A definition (docs/spec/record-types.md) is immutable once a log knows its digest. The files
of ``quality/types/`` are laid out for people; the text that a log gets is the same JSON
without white space, because every view of a record carries it. This module does not judge
the definitions; the ledger does, when they are submitted.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Final

#: The order in which a new log receives them.
_NAMES: Final = (
    "inspection-report.v1",
    "quality-credential.v1",
    "corrective-action.v1",
    "parameter-upload.v1",
    "act.v1",
    "site.v1",
    "part.v1",
    "specification.v1",
    "requirement.v1",
    "shipment.v1",
    "goods-receipt.v1",
    "model-card.v1",
    "model-decision.v1",
    "alarm-label.v1",
    "rule-limits.v1",
)


def business_types() -> tuple[str, ...]:
    """The definition texts of the built-in business types, always in the same order."""
    folder = resources.files("quality").joinpath("types")
    texts = (folder.joinpath(f"{name}.json").read_text(encoding="utf-8") for name in _NAMES)
    return tuple(
        json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) for text in texts
    )


def reasons_of_decisions() -> tuple[str, ...]:
    """Why a model is decided about, as ``model-decision/v1`` lists it."""
    return _listed("model-decision.v1", "state", "reason")


def labels_of_alarms() -> tuple[str, ...]:
    """What an alarm may turn out to be, as ``alarm-label/v1`` lists it."""
    return _listed("alarm-label.v1", "label", "label")


def causes_of_alarms() -> tuple[str, ...]:
    """The causes of an alarm, as ``alarm-label/v1`` lists them."""
    return _listed("alarm-label.v1", "label", "cause")


def reasons_of_rules() -> tuple[str, ...]:
    """Why rules are changed, as ``rule-limits/v1`` lists it."""
    return _listed("rule-limits.v1", "reason", "code")


def _listed(name: str, group: str, member: str) -> tuple[str, ...]:
    """A closed list of a definition."""
    text = resources.files("quality").joinpath("types", f"{name}.json").read_text("utf-8")
    found = json.loads(text)["schema"]["properties"][group]["properties"][member]["enum"]
    return tuple(found)
