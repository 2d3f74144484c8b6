"""Why a policy document cannot be put in force (docs/spec/governance.md, section 5)."""

from __future__ import annotations

from ledger.errors import MalformedDocument
from ledger.faults import Fault


class PolicyContradiction(MalformedDocument):
    """A policy that contradicts itself; ``faults`` has every place, the first one named."""

    code = "policy-contradiction"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Name the first fault and how many there are beside it."""
        first, more = faults[0], len(faults) - 1
        beside = f" (and {more} more)" if more else ""
        super().__init__(
            f"policy{first.pointer[:160]}: expected {first.expected}, found {first.found}{beside}"
        )
        self.faults = faults


class FloorAboveCeiling(PolicyContradiction):
    """The floor of a group lies above its ceiling: no tier would do."""

    code = "floor-above-ceiling"


class PolicyTooWide(PolicyContradiction):
    """A range beyond that of the type, or a retention below it: a policy narrows only."""

    code = "policy-too-wide"


class PolicyUnknownGroup(PolicyContradiction):
    """A type that is not in force, or a group that it does not have."""

    code = "policy-unknown-group"
