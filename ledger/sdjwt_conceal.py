"""Concealing: from claims with marked parts to a payload and its disclosures.

The issuer's side of RFC 9901, section 4.2: members and array elements anywhere, inside one
another, and decoys (section 4.2.7). Digests are sorted, so that their order tells nothing.
Randomness is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from keys.encoding import encode_base64url
from ledger.sdjwt_disclosure import (
    DIGESTS,
    ELEMENT_DIGEST,
    Digest,
    Disclosure,
    Salt,
    check_name,
    digest_of,
    make_disclosure,
)
from ledger.sdjwt_errors import MalformedDigests
from ledger.strict_json import JsonObject, JsonValue

Draw: TypeAlias = Callable[[int], bytes]
"""Gives so many bytes from a cryptographic source of randomness."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Marks the value of a member, or an array element, that becomes a disclosure."""

    value: Plan


@dataclass(frozen=True, slots=True)
class Padded:
    """Marks an object whose "_sd" gets exactly this many digests, filled up with decoys."""

    members: Mapping[str, Plan]
    digests: int


@dataclass(frozen=True, slots=True)
class Decoy:
    """Marks an array element that looks hidden and is nothing."""


Plan: TypeAlias = "_Scalar | Sequence[Plan] | Mapping[str, Plan] | Hidden | Padded | Decoy"
_Scalar: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Concealed:
    """A payload to sign, and what its digests stand for, in reading order, inner ones first."""

    payload: JsonObject
    disclosures: tuple[Disclosure, ...]


def conceal(claims: Mapping[str, Plan] | Padded, *, draw: Draw) -> Concealed:
    """Replace each marked part by its digest (RFC 9901, section 4.2).

    Raises:
        ReservedName: a member is called "_sd" or "...".
        MisplacedDigestAlgorithm: a member is called "_sd_alg".
        MalformedDigests: more hidden members than a padded object has digests, or a mark
            in a place where it means nothing.
        MalformedJson: a hidden value holds something that JSON does not have.
    """
    concealing = _Concealing(draw)
    payload = concealing.object_of(claims)
    return Concealed(payload=payload, disclosures=tuple(concealing.disclosures))


def make_salt(draw: Draw) -> Salt:
    """Draw a salt of 128 bits (RFC 9901, section 9.3)."""
    return Salt(encode_base64url(draw(16)))


def make_decoy(draw: Draw) -> Digest:
    """Draw a digest that stands for nothing (RFC 9901, section 4.2.7)."""
    return digest_of(encode_base64url(draw(32)))


class _Concealing:
    """One pass over one plan, gathering the disclosures that it makes."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.disclosures: list[Disclosure] = []

    def object_of(self, plan: Mapping[str, Plan] | Padded) -> JsonObject:
        members = plan.members if isinstance(plan, Padded) else plan
        shown: JsonObject = {}
        digests: list[Digest] = []
        for name, value in members.items():
            check_name(name)
            if isinstance(value, Hidden):
                digests.append(self._hide(value, name))
            else:
                shown[name] = self._value(value)
        if isinstance(plan, Padded):
            digests += self._decoys(plan.digests - len(digests))
        return {**shown, DIGESTS: [*sorted(digests)]} if digests else shown

    def _value(self, plan: Plan) -> JsonValue:
        match plan:
            case None | bool() | int() | float() | str():
                return plan
            case Mapping() | Padded():
                return self.object_of(plan)
            case Sequence():
                return [self._element(element) for element in plan]
        raise MalformedDigests(f"expected a mark on a member or an element, found {plan!r:.60}")

    def _element(self, plan: Plan) -> JsonValue:
        match plan:
            case Hidden():
                return {ELEMENT_DIGEST: self._hide(plan, None)}
            case Decoy():
                return {ELEMENT_DIGEST: make_decoy(self._draw)}
        return self._value(plan)

    def _hide(self, hidden: Hidden, name: str | None) -> Digest:
        # Children first: the value that is hashed holds their digests (section 4.2.6).
        value = self._value(hidden.value)
        disclosure = make_disclosure(make_salt(self._draw), value, name=name, numbers="any")
        self.disclosures.append(disclosure)
        return disclosure.digest

    def _decoys(self, count: int) -> list[Digest]:
        if count < 0:
            raise MalformedDigests(f"expected no more hidden members than digests, found {-count}")
        return [make_decoy(self._draw) for _ in range(count)]
