"""Versions of the rules of a production line: a chain by its owner, each naming the one before.

What the rules are stands in the record's group ``rules``, which may be erased; that there was a
version, and which one holds, stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ledger.grown_map import GrownMap
from quality.in_force.models import LineKey


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version: the record that has the rules, and its number from 1."""

    record_id: str
    version: int
    previous: str | None
    index: int


_NONE: Final[tuple[RuleVersion, ...]] = ()


@dataclass(frozen=True, slots=True)
class RuleVersions:
    """The versions of each line, oldest first; the last one holds."""

    by_line: GrownMap[LineKey, tuple[RuleVersion, ...]] = field(default_factory=GrownMap)

    def of(self, line: LineKey) -> tuple[RuleVersion, ...]:
        """The versions of a line, oldest first."""
        return self.by_line.get(line, _NONE)

    def newest(self, line: LineKey) -> RuleVersion | None:
        """The version that holds; None where none was signed."""
        return self.of(line)[-1] if self.of(line) else None

    def with_version(self, line: LineKey, new: RuleVersion) -> RuleVersions:
        """The versions after one more."""
        return replace(self, by_line=self.by_line.grown(line, (*self.of(line), new)))


def read_rule_version(state: Mapping[str, Any], *, record_id: str, index: int) -> RuleVersion:
    """The version that the group ``state`` of a ``rule-limits/v1`` brings."""
    return RuleVersion(record_id, state["version"], state.get("previous"), index)
