"""Sharing policies: how widely each group may be shared, for what, and how long it is kept.

A policy narrows what the types allow; what it does not name stays as the type has it
(docs/spec/governance.md, section 5). Versions of a name stand in :mod:`ledger.policy_history`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ledger import limits
from ledger.errors import MalformedDocument, MalformedJson, MalformedText
from ledger.faults import Fault, fault_at
from ledger.json_pointer import extend_pointer
from ledger.policy_errors import (
    FloorAboveCeiling,
    PolicyContradiction,
    PolicyTooWide,
    PolicyUnknownGroup,
)
from ledger.record_type import TIERS, GroupRule, RecordType
from ledger.schema_faults import find_faults
from ledger.schema_rules import compile_schema
from ledger.strict_json import check_text, parse_json

_RANK: Final[Mapping[str, int]] = {tier: rank for rank, tier in enumerate(TIERS)}


@dataclass(frozen=True, slots=True)
class TierRange:
    """Floor, default and ceiling of one group, and why, by language."""

    floor: str
    default: str
    ceiling: str
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What data may be asked for: its code, and its name by language."""

    code: str
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days records of a type are kept at least and at most; None: no such bound."""

    days_min: int | None = None
    days_max: int | None = None


NO_RETENTION: Final = Retention()


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """Narrower ranges by (vct, group); a group that is not named keeps its type's range.

    Without ``purposes`` any purpose may be named. ``retention`` is by vct.
    """

    ranges: Mapping[tuple[str, str], TierRange]
    purposes: tuple[Purpose, ...] = ()
    retention: Mapping[str, Retention] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def find_outside(self, vct: str, tiers: tuple[tuple[str, str], ...]) -> tuple[str, str] | None:
        """The first (group, tier) that lies outside its range, None where all lie inside."""
        for group, tier in tiers:
            span = self.ranges.get((vct, group))
            if span and not _RANK[span.floor] <= _RANK[tier] <= _RANK[span.ceiling]:
                return group, tier
        return None

    def default_tier(self, kind: RecordType, group: str) -> str:
        """The tier that a client proposes for a group of a type."""
        span = self.ranges.get((kind.vct, group))
        return span.default if span else kind.groups[group].default

    def range_of(self, kind: RecordType, group: str) -> TierRange:
        """The range that counts for a group of a type: the policy's, else the type's own."""
        own = kind.groups[group]
        return self.ranges.get((kind.vct, group)) or TierRange(own.floor, own.default, own.ceiling)


#: What the default policy of a charter says: the types' own ranges.
TYPES_OWN: Final = PolicyDocument({})


class PolicyFault(NamedTuple):
    """One thing that is wrong with a policy, and the error by which it is refused."""

    error: type[PolicyContradiction]
    fault: Fault

    @property
    def code(self) -> str:
        """The code of the refusal."""
        return self.error.code


def parse_policy_document(text: str, types: Mapping[str, RecordType]) -> PolicyDocument:
    """Read a policy document and check that it only narrows the types in force.

    Raises:
        MalformedDocument: another form.
        PolicyContradiction: one of its family, by the first fault; it has all of them.
    """
    members = _parse(text)
    found = tuple(_find_contradictions(members, types))
    if found:
        raise found[0].error(tuple(item.fault for item in found[: limits.FAULTS_MAX]))
    return _read(members)


def read_policy_document(text: str) -> PolicyDocument:
    """Read a policy document that a log has in force; the types are not compared again.

    Raises:
        MalformedDocument: it does not have the form of one.
    """
    return _read(_parse(text))


def find_policy_faults(text: str, types: Mapping[str, RecordType]) -> tuple[PolicyFault, ...]:
    """Every contradiction of a policy document, in the order in which it is read.

    Raises:
        MalformedDocument: it does not have the form of one.
    """
    return tuple(_find_contradictions(_parse(text), types))


def _parse(text: str) -> dict[str, Any]:
    try:
        document = parse_json(text.encode(), bytes_max=limits.DOCUMENT_BYTES_MAX)
    except MalformedJson as fault:
        raise MalformedDocument(f"policy: {fault}") from fault
    faults = [*find_faults(_FORM, document), *_text_faults("", document)]
    if faults:
        place = fault_at(faults[0].pointer, faults[0].expected, found=faults[0].found).pointer
        raise MalformedDocument(
            f"policy{place[:160]}: expected {faults[0].expected[:80]}, found {faults[0].found[:80]}"
        )
    assert isinstance(document, dict)
    return document


def _text_faults(pointer: str, value: object) -> Iterator[Fault]:
    """Texts for people that would be shown otherwise than they were signed."""
    if isinstance(value, str):
        try:
            check_text(value)
        except MalformedText as fault:
            yield fault_at(pointer, "a text without control characters", found=str(fault)[:80])
    elif isinstance(value, list | dict):
        children = value.items() if isinstance(value, dict) else enumerate(value)
        for step, child in children:
            yield from _text_faults(extend_pointer(pointer, step), child)


def _read(members: Mapping[str, Any]) -> PolicyDocument:
    ranges = {
        (vct, group): TierRange(
            span["floor"], span["default"], span["ceiling"], span.get("reason", {})
        )
        for vct, groups in members["types"].items()
        for group, span in groups.items()
    }
    purposes = (Purpose(item["code"], item["title"]) for item in members.get("purposes", ()))
    retention = {
        vct: Retention(item.get("days_min"), item.get("days_max"))
        for vct, item in members.get("retention", {}).items()
    }
    return PolicyDocument(ranges, tuple(purposes), retention, members.get("title", {}))


def _find_contradictions(
    members: Mapping[str, Any], types: Mapping[str, RecordType]
) -> Iterator[PolicyFault]:
    for vct, groups in members["types"].items():
        place = extend_pointer("/types", vct)
        kind = types.get(vct)
        if kind is None:
            yield _unknown(place, "a type in force", vct)
            continue
        for group, span in groups.items():
            at = extend_pointer(place, group)
            if group in kind.groups:
                yield from _range_faults(at, span, kind.groups[group])
            else:
                yield _unknown(at, f"a group of {vct}", group)
    yield from _purpose_faults(members.get("purposes", ()))
    for vct, item in members.get("retention", {}).items():
        yield from _retention_faults(extend_pointer("/retention", vct), item, types.get(vct))


def _unknown(place: str, expected: str, name: str) -> PolicyFault:
    return PolicyFault(PolicyUnknownGroup, fault_at(place, expected[:80], found=name[:80]))


def _range_faults(place: str, span: Mapping[str, Any], outer: GroupRule) -> Iterator[PolicyFault]:
    floor, default, ceiling = span["floor"], span["default"], span["ceiling"]
    if _RANK[floor] > _RANK[ceiling]:
        expected = f"at most {ceiling}, the ceiling"
        yield PolicyFault(FloorAboveCeiling, fault_at(f"{place}/floor", expected, found=floor))
        return
    if not _RANK[floor] <= _RANK[default] <= _RANK[ceiling]:
        expected = f"a tier from the floor to the ceiling, {floor}..{ceiling}"
        yield PolicyFault(
            PolicyContradiction, fault_at(f"{place}/default", expected, found=default)
        )
    inside = f"a tier inside the type's range {outer.floor}..{outer.ceiling}"
    if not _RANK[outer.floor] <= _RANK[floor] <= _RANK[outer.ceiling]:
        yield PolicyFault(PolicyTooWide, fault_at(f"{place}/floor", inside, found=floor))
    if not _RANK[outer.floor] <= _RANK[ceiling] <= _RANK[outer.ceiling]:
        yield PolicyFault(PolicyTooWide, fault_at(f"{place}/ceiling", inside, found=ceiling))


def _purpose_faults(purposes: Any) -> Iterator[PolicyFault]:
    known: set[str] = set()
    for position, item in enumerate(purposes):
        code = item["code"]
        if code in known:
            place = f"/purposes/{position}/code"
            yield PolicyFault(
                PolicyContradiction, fault_at(place, "the code of a purpose once", found=code)
            )
        known.add(code)


def _retention_faults(
    place: str, item: Mapping[str, int], kind: RecordType | None
) -> Iterator[PolicyFault]:
    if kind is None:
        yield _unknown(place, "a type in force", place.rpartition("/")[2])
        return
    least, days_min, days_max = kind.retention_days or 0, item.get("days_min"), item.get("days_max")
    if days_min is not None and days_min < least:
        expected = f"at least {least}, the days of the type"
        yield PolicyFault(
            PolicyTooWide, fault_at(f"{place}/days_min", expected, found=str(days_min))
        )
    if days_max is None:
        return
    if days_max < least:
        expected = f"at least {least}, the days of the type"
        yield PolicyFault(
            PolicyTooWide, fault_at(f"{place}/days_max", expected, found=str(days_max))
        )
    elif days_min is not None and days_min > days_max:
        expected = f"at most {days_max}, the days_max"
        yield PolicyFault(
            PolicyContradiction, fault_at(f"{place}/days_min", expected, found=str(days_min))
        )


def _form() -> dict[str, Any]:
    texts = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 8,
        "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 400},
    }
    tier = {"enum": list(TIERS)}
    tiers = {"floor": tier, "default": tier, "ceiling": tier}
    days = {"type": "integer", "minimum": 0, "maximum": 36_500}
    code = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}
    span = _closed({**tiers, "reason": texts}, required=list(tiers))
    groups = {"type": "object", "additionalProperties": span, "maxProperties": 64}
    purpose = _closed({"code": code, "title": texts}, required=["code", "title"])
    kept = _closed({"days_min": days, "days_max": days}, required=[])
    types = limits.TYPES_MAX
    return _closed(
        {
            "title": texts,
            "types": {"type": "object", "additionalProperties": groups, "maxProperties": types},
            "purposes": {"type": "array", "items": purpose, "maxItems": limits.PURPOSES_MAX},
            "retention": {
                "type": "object",
                "additionalProperties": {**kept, "minProperties": 1},
                "maxProperties": types,
            },
        },
        required=["types"],
    )


def _closed(properties: dict[str, Any], *, required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


_FORM: Final = compile_schema(_form())
