"""Sharing policies as far as admission needs them: the range of tiers of each group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger import limits
from ledger.errors import MalformedDocument, MalformedJson
from ledger.record_type import TIERS, RecordType
from ledger.strict_json import parse_json


@dataclass(frozen=True, slots=True)
class TierRange:
    """Floor, default and ceiling of one group."""

    floor: str
    default: str
    ceiling: str


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """Narrower ranges by (vct, group); a group that is not named keeps its type's range."""

    ranges: Mapping[tuple[str, str], TierRange]

    def find_outside(self, vct: str, tiers: tuple[tuple[str, str], ...]) -> tuple[str, str] | None:
        """The first (group, tier) that lies outside its range, None where all lie inside."""
        for group, tier in tiers:
            span = self.ranges.get((vct, group))
            if span and not _order(span.floor) <= _order(tier) <= _order(span.ceiling):
                return group, tier
        return None


def parse_policy_document(text: str, types: Mapping[str, RecordType]) -> PolicyDocument:
    """Read a policy document and check that it only narrows the types in force.

    Raises:
        MalformedDocument: another form, an unknown type or group, or a wider range.
    """
    try:
        document = parse_json(text.encode(), bytes_max=limits.DOCUMENT_BYTES_MAX)
    except MalformedJson as fault:
        raise MalformedDocument(f"policy: {fault}") from fault
    if not isinstance(document, dict) or document.keys() != {"types"}:
        raise MalformedDocument('policy: expected {"types": {...}}')
    ranges: dict[tuple[str, str], TierRange] = {}
    for vct, groups in _members(document["types"], "/types").items():
        for group, span in _members(groups, f"/types/{vct[:80]}").items():
            ranges[vct, group] = _read_range(types.get(vct), vct, group, span=span)
    return PolicyDocument(ranges)


def _members(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedDocument(f"policy{place}: expected an object")
    return value


def _read_range(kind: RecordType | None, vct: str, group: str, *, span: object) -> TierRange:
    place = f"/types/{vct[:80]}/{group[:80]}"
    if kind is None or group not in kind.groups:
        raise MalformedDocument(f"policy{place}: no such type or group is in force")
    members = _members(span, place)
    are_tiers = all(tier in TIERS for tier in members.values())
    if members.keys() != {"floor", "default", "ceiling"} or not are_tiers:
        raise MalformedDocument(f"policy{place}: expected floor, default and ceiling, each a tier")
    outer = kind.groups[group]
    order = [outer.floor, members["floor"], members["default"], members["ceiling"], outer.ceiling]
    ranks = [_order(tier) for tier in order]
    if ranks != sorted(ranks):
        raise MalformedDocument(
            f"policy{place}: expected a range inside {outer.floor}..{outer.ceiling}"
        )
    return TierRange(members["floor"], members["default"], members["ceiling"])


def _order(tier: str) -> int:
    return TIERS.index(tier)
