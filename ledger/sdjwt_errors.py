"""The errors of the general SD-JWT processor (RFC 9901), each with a stable ``code``.

::

    LedgerError
    +-- AlgorithmNotAllowed           (ledger.errors) an "alg" outside the verifier's list
    +-- DisclosureRefused             (ledger.errors) malformed, duplicate, unused; and here:
    |   +-- DisclosureArity           an array disclosure for a member, or the other way round
    |   +-- ReservedName              it is called "_sd" or "..."
    |   +-- NameCollision             it is called like a member that is there
    |   +-- HiddenClaim               it brings or changes a claim that must be in clear
    |   +-- TooDeep                   it makes the claims nest deeper than the bound
    +-- SdJwtError
        +-- MalformedSdJwt            the compact serialisation does not have the form
        |   +-- MissingTilde          it ends neither in "~" nor in a key binding JWT
        +-- MalformedJws              a JWS is not three parts, or too long
        +-- UnexpectedType            a "typ" outside the verifier's list
        +-- CriticalHeader            a "crit" header, none of which is understood
        +-- DigestsRefused            the payload's commitments
        |   +-- UnknownDigestAlgorithm, MisplacedDigestAlgorithm, MalformedDigests, DuplicateDigest
        +-- ValidityRefused           the token does not hold at the instant of the check
        |   +-- ValidityClaimMissing, MalformedValidityClaim, Expired, NotYetValid
        +-- KeyBindingRefused         the holder's part
            +-- KeyBindingMissing, KeyBindingUnexpected, HolderKeyMissing, MalformedKeyBinding,
                KeyBindingType, KeyBindingAudience, KeyBindingNonce, KeyBindingTime, KeyBindingHash
"""

from __future__ import annotations

from ledger.errors import DisclosureRefused, LedgerError


class SdJwtError(LedgerError):
    """An SD-JWT, or one of its parts, is refused (RFC 9901)."""

    code = "sd-jwt-error"


class MalformedSdJwt(SdJwtError):
    """The compact serialisation does not have the form of RFC 9901, section 4."""

    code = "malformed-sd-jwt"


class MissingTilde(MalformedSdJwt):
    """The text neither ends in "~" nor carries a key binding JWT after the last one."""

    code = "missing-tilde"


class MalformedJws(SdJwtError):
    """A JWS is not three base64url parts, or header and payload are no JSON objects."""

    code = "malformed-jws"


class UnexpectedType(SdJwtError):
    """The header's "typ" is not one that the verifier expects."""

    code = "wrong-typ"


class CriticalHeader(SdJwtError):
    """The header has a "crit" member, and no extension is understood (RFC 7515, 4.1.11)."""

    code = "critical-header"


class DigestsRefused(SdJwtError):
    """The digests in the payload, or the algorithm they name, are refused."""

    code = "digests-refused"


class UnknownDigestAlgorithm(DigestsRefused):
    """The payload's "_sd_alg" is not "sha-256"."""

    code = "unknown-sd-alg"


class MisplacedDigestAlgorithm(DigestsRefused):
    """A member "_sd_alg" stands elsewhere than at the top of the issuer's payload."""

    code = "misplaced-sd-alg"


class MalformedDigests(DigestsRefused):
    """A member "_sd" is no array of strings, or "..." is not the one member of an array element."""

    code = "malformed-digests"


class DuplicateDigest(DigestsRefused):
    """The same digest stands in two places, directly or through disclosures."""

    code = "duplicate-digest"


class DisclosureArity(DisclosureRefused):
    """A disclosure does not have three elements under "_sd", or two in an array."""

    code = "disclosure-arity"


class ReservedName(DisclosureRefused):
    """A disclosure is called "_sd" or "..."."""

    code = "reserved-name"


class NameCollision(DisclosureRefused):
    """A disclosure is called like a member that stands beside its digest."""

    code = "name-collision"


class HiddenClaim(DisclosureRefused):
    """A claim that decides validity came as a disclosure (RFC 9901, section 9.7)."""

    code = "claim-not-in-clear"


class TooDeep(DisclosureRefused):
    """The claims nest deeper than the bound once the disclosures are in place."""

    code = "too-deep"


class ValidityRefused(SdJwtError):
    """The token does not hold at the instant of the check."""

    code = "validity-refused"


class ValidityClaimMissing(ValidityRefused):
    """A validity claim that the verifier requires is missing."""

    code = "validity-claim-missing"


class MalformedValidityClaim(ValidityRefused):
    """A validity claim is not a number of seconds (RFC 7519, section 2)."""

    code = "malformed-validity-claim"


class Expired(ValidityRefused):
    """The instant of the check is not before "exp"."""

    code = "expired"


class NotYetValid(ValidityRefused):
    """The instant of the check is before "nbf"."""

    code = "not-yet-valid"


class KeyBindingRefused(SdJwtError):
    """The holder's part of a presentation is refused."""

    code = "key-binding-refused"


class KeyBindingMissing(KeyBindingRefused):
    """The verifier requires key binding, and none was presented."""

    code = "key-binding-missing"


class KeyBindingUnexpected(KeyBindingRefused):
    """A key binding JWT was presented to a verifier that would not check it."""

    code = "key-binding-unexpected"


class HolderKeyMissing(KeyBindingRefused):
    """The issuer's payload has no "cnf" with a "jwk" (RFC 7800, section 3.2)."""

    code = "holder-key-missing"


class MalformedKeyBinding(KeyBindingRefused):
    """A claim of the key binding JWT is missing or has the wrong type."""

    code = "malformed-key-binding"


class KeyBindingType(KeyBindingRefused):
    """The key binding JWT's "typ" is not "kb+jwt"."""

    code = "key-binding-typ"


class KeyBindingAudience(KeyBindingRefused):
    """The key binding JWT was made for another verifier."""

    code = "key-binding-audience"


class KeyBindingNonce(KeyBindingRefused):
    """The key binding JWT was made for another request."""

    code = "key-binding-nonce"


class KeyBindingTime(KeyBindingRefused):
    """The key binding JWT's "iat" lies outside the verifier's window."""

    code = "key-binding-time"


class KeyBindingHash(KeyBindingRefused):
    """The key binding JWT's "sd_hash" is not that of what was presented."""

    code = "key-binding-hash"
