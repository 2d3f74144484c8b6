"""Decisions and refusals as JSON members, and back (docs/spec/sharing.md, sections 6 and 7)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from keys.encoding import encode_base64url
from ledger import limits
from ledger.disclosure import is_group_name
from ledger.faults import Fault
from ledger.record import is_digest
from ledger.record_type import CLOSED_GROUPS, TIERS
from ledger.sharing.decision import FILING_TIER, NEEDS, RULES, Decision, GroupDecision
from ledger.sharing.errors import MalformedDecision, MalformedRefusal
from ledger.strict_json import JsonObject, JsonValue, describe, encode_json

_Malformed = type[MalformedDecision | MalformedRefusal]
_DECISION: Final = {"record", "reader", "at_ms", "size", "policy", "groups"}
_GROUP: Final = {"tier", "readable", "rule", "by", "needs"}
_REFUSAL: Final = {
    *("record", "submission", "at_ms", "size", "code", "detail", "faults", "faults_left"),
}
_GROUPS_KEPT_MAX: Final = 1024
_FAULT: Final = {"pointer", "expected", "found"}
#: Rules that rest on the word of a record, which is named.
RULES_BY_RECORD: Final = frozenset({"case", "partner", "grant", "delegation", "order"})


@dataclass(frozen=True, slots=True)
class Submitted:
    """A submission that is answered.

    ``record_id`` is that of whatever stood in the place of a JWS, None where nothing did;
    ``submission`` the digest of the line as it was sent (:func:`submission_digest`); ``size``
    that of the log at this instant.
    """

    record_id: str | None
    submission: str
    at_ms: int
    size: int


@dataclass(frozen=True, slots=True)
class SignedRefusal:
    """What the log says of a submission; ``faults_left`` counts faults that are not listed."""

    of: Submitted
    code: str
    detail: str
    faults: tuple[Fault, ...]
    faults_left: int


def submission_digest(line: bytes) -> str:
    """What a refusal names the submitted bytes by: base64url of their SHA-256."""
    return encode_base64url(hashlib.sha256(line).digest())


def told_of(decision: Decision) -> Decision:
    """The decision as its reader may be told of it: tiers stand in the manifest.

    Who is not shown the manifest learns of the closed groups and of those that it reads.
    """
    if any(item.group == "manifest" and item.is_readable for item in decision.groups):
        return decision
    told = (item for item in decision.groups if item.is_readable or item.group in CLOSED_GROUPS)
    return decision._replace(groups=tuple(told))


def decision_members(decision: Decision) -> dict[str, Any]:
    """The JSON members of a decision, in their one order."""
    return {
        "record": decision.record_id,
        "reader": decision.reader,
        "at_ms": decision.at_ms,
        "size": decision.size,
        "policy": decision.policy,
        "groups": {item.group: _group_members(item) for item in decision.groups},
    }


def encode_decision(decision: Decision) -> str:
    """The members as strict JSON, the same bytes; what many decisions open alike is kept."""
    members = {**decision_members(decision._replace(groups=())), "groups": None}
    head = encode_json(members).decode().removesuffix('"groups":null}')
    return f'{head}"groups":{_encode_groups(decision.groups)}}}'


@lru_cache(maxsize=_GROUPS_KEPT_MAX)
def _encode_groups(groups: tuple[GroupDecision, ...]) -> str:
    return encode_json({item.group: _group_members(item) for item in groups}).decode()


def _group_members(item: GroupDecision) -> dict[str, Any]:
    return {
        "tier": item.tier,
        "readable": item.is_readable,
        "rule": item.rule,
        "by": item.by,
        "needs": list(item.needs),
    }


def read_decision_members(members: JsonObject) -> Decision:
    """The decision of these members; the inverse of :func:`decision_members`.

    Raises:
        MalformedDecision: other members, or some that contradict one another.
    """
    refusal = MalformedDecision
    _require(members, _DECISION, "the decision", refusal=refusal)
    groups = members["groups"]
    if not isinstance(groups, dict) or len(groups) > limits.DECISION_GROUPS_MAX:
        raise refusal(f"groups: expected an object of some groups, found {describe(groups)}")
    if list(groups) != sorted(groups):
        raise refusal("groups: expected names in ascending order, found another")
    return Decision(
        record_id=_digest(members, "record", refusal=refusal),
        reader=_reader(members, "reader", refusal=refusal),
        at_ms=_number(members, "at_ms", refusal=refusal),
        size=_number(members, "size", refusal=refusal),
        policy=_digest(members, "policy", refusal=refusal),
        groups=tuple(_read_group(name, value) for name, value in groups.items()),
    )


def refusal_members(refusal: SignedRefusal) -> dict[str, Any]:
    """The JSON members of a refusal, in their one order."""
    return {
        "record": refusal.of.record_id,
        "submission": refusal.of.submission,
        "at_ms": refusal.of.at_ms,
        "size": refusal.of.size,
        "code": refusal.code,
        "detail": refusal.detail,
        "faults": [
            {"pointer": fault.pointer, "expected": fault.expected, "found": fault.found}
            for fault in refusal.faults
        ],
        "faults_left": refusal.faults_left,
    }


def read_refusal_members(members: JsonObject) -> SignedRefusal:
    """The refusal of these members; the inverse of :func:`refusal_members`.

    Raises:
        MalformedRefusal: other members.
    """
    refusal = MalformedRefusal
    _require(members, _REFUSAL, "the refusal", refusal=refusal)
    faults, record = members["faults"], members["record"]
    if not isinstance(faults, list) or len(faults) > limits.REFUSAL_FAULTS_MAX:
        raise refusal(f"faults: expected a list of some faults, found {describe(faults)}")
    of = Submitted(
        record_id=None if record is None else _digest(members, "record", refusal=refusal),
        submission=_digest(members, "submission", refusal=refusal),
        at_ms=_number(members, "at_ms", refusal=refusal),
        size=_number(members, "size", refusal=refusal),
    )
    return SignedRefusal(
        of,
        code=_text(members, "code", refusal=refusal),
        detail=_text(members, "detail", refusal=refusal),
        faults=tuple(_read_fault(fault) for fault in faults),
        faults_left=_number(members, "faults_left", refusal=refusal),
    )


def _read_group(name: str, value: JsonValue) -> GroupDecision:
    place = f"groups/{name[:60]}"
    members = _require(value, _GROUP, place, refusal=MalformedDecision)
    if not (name in CLOSED_GROUPS or is_group_name(name)):
        raise MalformedDecision(f"groups: expected the name of a group, found {name[:60]!r}")
    tiers = (FILING_TIER,) if name == "filing" else TIERS
    by, needs = members["by"], members["needs"]
    found = GroupDecision(
        group=name,
        tier=_one_of(members["tier"], tiers, f"{place}/tier"),
        is_readable=members["readable"] is True,
        rule=_one_of(members["rule"], RULES, f"{place}/rule"),
        by=by if isinstance(by, str) else None,
        needs=_read_needs(needs, f"{place}/needs"),
    )
    _check_group(found, members, place)
    return found


def _check_group(found: GroupDecision, members: Mapping[str, JsonValue], place: str) -> None:
    """Check that readable, rule, by and needs say one thing."""
    readable, by = members["readable"], members["by"]
    if readable is not (found.rule != "none"):
        raise MalformedDecision(
            f"{place}: expected readable where a rule opens it, found "
            f"{describe(readable)} with {found.rule}"
        )
    named = is_digest(by) if found.rule in RULES_BY_RECORD else by is None
    if not named:
        raise MalformedDecision(
            f"{place}: expected by as a record id where the rule rests on one, else null, "
            f"found {describe(by)} with {found.rule}"
        )
    if found.is_readable and found.needs:
        raise MalformedDecision(f"{place}: expected needs of what is withheld, found some")


def _read_needs(value: JsonValue, place: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise MalformedDecision(f"{place}: expected a list, found {describe(value)}")
    if [need for need in NEEDS if need in value] != value:
        raise MalformedDecision(
            f"{place}: expected some of {', '.join(NEEDS)} in this order, found {value!r:.80}"
        )
    return tuple(need for need in NEEDS if need in value)


def _read_fault(value: JsonValue) -> Fault:
    refusal = MalformedRefusal
    members = _require(value, _FAULT, "faults", refusal=refusal)
    return Fault(
        pointer=_text(members, "pointer", refusal=refusal),
        expected=_text(members, "expected", refusal=refusal),
        found=_text(members, "found", refusal=refusal),
    )


def _require(value: JsonValue, names: set[str], place: str, *, refusal: _Malformed) -> JsonObject:
    if not isinstance(value, dict) or value.keys() != names:
        found = sorted(value)[:12] if isinstance(value, dict) else describe(value)
        raise refusal(f"{place}: expected exactly {sorted(names)}, found {found!r:.200}")
    return value


def _one_of(value: JsonValue, allowed: Sequence[str], place: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise MalformedDecision(
            f"{place}: expected one of {', '.join(allowed)}, found {describe(value)}"
        )
    return value


def _digest(members: JsonObject, name: str, *, refusal: _Malformed) -> str:
    value = members[name]
    if not isinstance(value, str) or not is_digest(value):
        raise refusal(f"{name}: expected a record id or a digest, found {describe(value)}")
    return value


def _reader(members: JsonObject, name: str, *, refusal: _Malformed) -> str | None:
    return None if members[name] is None else _text(members, name, refusal=refusal)


def _number(members: JsonObject, name: str, *, refusal: _Malformed) -> int:
    value = members[name]
    if type(value) is not int or value < 0:
        raise refusal(f"{name}: expected an integer from 0 on, found {describe(value)}")
    return value


def _text(members: JsonObject, name: str, *, refusal: _Malformed) -> str:
    value = members[name]
    if not isinstance(value, str):
        raise refusal(f"{name}: expected text, found {describe(value)}")
    return value
