"""Key binding: the holder's signature over one presentation (RFC 9901, sections 4.3, 7.3).

The holder's key is the one that the issuer signed into "cnf" (RFC 7800). Whether key binding
is required is the verifier's decision and never read from what was presented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger.jws import Jws, Verify, check_algorithm, check_signature
from ledger.sdjwt_disclosure import digest_of
from ledger.sdjwt_errors import (
    HolderKeyMissing,
    KeyBindingAudience,
    KeyBindingHash,
    KeyBindingNonce,
    KeyBindingTime,
    KeyBindingType,
    MalformedKeyBinding,
)
from ledger.strict_json import JsonObject, describe
from ledger.validity import UnixSeconds

KEY_BINDING_TYPE = "kb+jwt"


@dataclass(frozen=True, slots=True)
class BindingExpectation:
    """The key binding that a verifier requires.

    Attributes:
        audience: the verifier's own name.
        nonce: what it gave to the holder for this one request.
        earliest: the first instant at which the holder may have signed.
        latest: the last one.
        algorithms: the values of "alg" that it allows.
        verify_with: makes the check of a signature from the holder's JWK.
    """

    audience: str
    nonce: str
    earliest: UnixSeconds
    latest: UnixSeconds
    algorithms: frozenset[str]
    verify_with: Callable[[JsonObject], Verify]


def key_binding_claims(bound: str, *, audience: str, nonce: str, at: UnixSeconds) -> JsonObject:
    """Make the payload of a key binding JWT (section 4.3).

    Args:
        bound: the SD-JWT as it will be presented, up to and with its last "~".
    """
    return {"iat": at, "aud": audience, "nonce": nonce, "sd_hash": digest_of(bound)}


def verify_key_binding(
    binding: Jws, bound: str, *, holder: JsonObject, expected: BindingExpectation
) -> None:
    """Verify that the holder signed this presentation for this verifier (section 7.3).

    Args:
        binding: the key binding JWT.
        bound: the text in front of it, with its last "~".
        holder: the issuer's verified payload, whose "cnf" names the holder's key.

    Raises:
        KeyBindingType: "typ" is not "kb+jwt".
        CriticalHeader: a "crit" header.
        AlgorithmNotAllowed: "alg" is not one that the verifier allows.
        HolderKeyMissing: no "cnf" with a "jwk".
        MalformedKeyBinding: a claim is missing or has the wrong type.
        KeyBindingAudience, KeyBindingNonce, KeyBindingTime, KeyBindingHash: a claim that
            does not answer the expectation.
        Exception: whatever the injected check of the signature raises.
    """
    if binding.header.get("typ") != KEY_BINDING_TYPE:
        raise KeyBindingType(
            f"expected typ {KEY_BINDING_TYPE!r}, found {binding.header.get('typ')!r:.60}"
        )
    check_algorithm(binding, expected.algorithms)
    check_signature(binding, expected.verify_with(_holder_key(holder)))
    _check_claims(binding.payload, bound, expected)


def _holder_key(payload: JsonObject) -> JsonObject:
    match payload.get("cnf"):
        case {"jwk": dict(jwk)}:
            return jwk
        case other:
            raise HolderKeyMissing(f"expected a cnf with a jwk, found {describe(other)}")


def _check_claims(claims: JsonObject, bound: str, expected: BindingExpectation) -> None:
    issued_at = claims.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        raise MalformedKeyBinding(f"expected iat in seconds, found {describe(issued_at)}")
    audience, nonce, sd_hash = (_text_claim(claims, name) for name in ("aud", "nonce", "sd_hash"))
    if audience != expected.audience:
        raise KeyBindingAudience(f"expected aud {expected.audience!r}, found {audience[:80]!r}")
    if nonce != expected.nonce:
        raise KeyBindingNonce(f"expected nonce {expected.nonce!r}, found {nonce[:80]!r}")
    if not expected.earliest <= issued_at <= expected.latest:
        raise KeyBindingTime(
            f"expected iat from {expected.earliest} to {expected.latest}, found {issued_at}"
        )
    if sd_hash != digest_of(bound):
        raise KeyBindingHash(f"expected sd_hash {digest_of(bound)}, found {sd_hash[:50]!r}")


def _text_claim(claims: JsonObject, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise MalformedKeyBinding(f"expected {name} to be a string, found {describe(value)}")
    return value
