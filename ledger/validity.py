"""Validity claims of a JWT: "exp" and "nbf" (RFC 7519, sections 4.1.4 and 4.1.5).

The instant is passed in. "iat" says when something was signed, not whether it holds, and is
judged only for its presence and type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NewType

from ledger.sdjwt_errors import Expired, MalformedValidityClaim, NotYetValid, ValidityClaimMissing
from ledger.strict_json import JsonObject, describe

UnixSeconds = NewType("UnixSeconds", int)

_VALIDITY_CLAIMS: Final = ("exp", "iat", "nbf")


@dataclass(frozen=True, slots=True)
class Validity:
    """At which instant a token must hold, which claims it must have, how far clocks may differ."""

    at: UnixSeconds
    required: frozenset[str] = frozenset()
    leeway_seconds: int = 0


def check_validity(claims: JsonObject, validity: Validity) -> None:
    """Check that a token holds at an instant.

    Raises:
        ValidityClaimMissing: a required claim is missing.
        MalformedValidityClaim: "exp", "nbf" or "iat" is not a number.
        Expired: the instant is not before "exp".
        NotYetValid: the instant is before "nbf".
    """
    for name in sorted(validity.required - claims.keys()):
        raise ValidityClaimMissing(f"expected the claim {name!r}, found none")
    seconds = {name: _seconds(claims, name) for name in _VALIDITY_CLAIMS if name in claims}
    expires = seconds.get("exp")
    if expires is not None and validity.at >= expires + validity.leeway_seconds:
        raise Expired(f"expected an instant before {expires}, found {validity.at}")
    starts = seconds.get("nbf")
    if starts is not None and validity.at < starts - validity.leeway_seconds:
        raise NotYetValid(f"expected an instant from {starts} on, found {validity.at}")


def _seconds(claims: JsonObject, name: str) -> int | float:
    value = claims[name]
    # bool is an int to Python, and no number to JSON.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedValidityClaim(f"expected {name} in seconds, found {describe(value)}")
    return value
