"""SD-JWT: reading, disclosing and verifying (RFC 9901), under a strict profile.

The general processor: nested objects, array elements, disclosures inside disclosures and
key binding. It refuses everything that the RFC says must be refused, and where the RFC
ignores what makes no sense (a "_sd" that is no array of strings, a "..." beside other
members, a "_sd_alg" below the top, a key binding JWT that nobody will check) it refuses
too. Only SHA-256 is understood. Lotmark's own records are a narrower profile of this.

Not checked here: who the issuer is and whether the key is the issuer's (the injected
``verify`` answers for both), and what the claims mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ledger import limits
from ledger.errors import DisclosureDuplicate, DisclosureUnused
from ledger.jws import Jws, Verify, check_algorithm, check_signature, check_type, parse_jws
from ledger.sdjwt_binding import BindingExpectation, verify_key_binding
from ledger.sdjwt_disclosure import (
    DIGEST_ALGORITHM,
    DIGESTS,
    ELEMENT_DIGEST,
    Digest,
    Disclosure,
    parse_disclosure,
)
from ledger.sdjwt_errors import (
    DisclosureArity,
    DuplicateDigest,
    HiddenClaim,
    KeyBindingMissing,
    KeyBindingUnexpected,
    MalformedDigests,
    MalformedSdJwt,
    MisplacedDigestAlgorithm,
    MissingTilde,
    NameCollision,
    TooDeep,
    UnknownDigestAlgorithm,
)
from ledger.strict_json import JsonObject, JsonValue, Numbers, describe
from ledger.validity import Validity, check_validity

CLEAR_CLAIMS: Final = frozenset({"iss", "aud", "exp", "nbf", "cnf"})


@dataclass(frozen=True, slots=True)
class Presentation:
    """An SD-JWT that was read and not yet verified."""

    issued: Jws
    disclosures: tuple[Disclosure, ...]
    binding: Jws | None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a verifier has decided before it sees an SD-JWT.

    Attributes:
        algorithms: the values of "alg" that it allows.
        types: the values of "typ" that it expects.
        validity: the instant and rules for "exp" and "nbf"; ``None`` leaves them unjudged.
        binding: the key binding that it requires; ``None`` refuses a key binding JWT,
            since whoever reads the result could take it for checked.
        clear: top-level claims that no disclosure may bring or change (section 9.7).
    """

    algorithms: frozenset[str]
    types: frozenset[str]
    validity: Validity | None
    binding: BindingExpectation | None
    clear: frozenset[str] = CLEAR_CLAIMS


@dataclass(frozen=True, slots=True)
class VerifiedSdJwt:
    """What a verified SD-JWT says: the claims with its disclosures in place."""

    claims: JsonObject
    issued: Jws
    disclosures: tuple[Disclosure, ...]


def split_sd_jwt(text: str) -> tuple[str, tuple[str, ...], str | None]:
    """Split into the issuer's JWS, the disclosures and the key binding JWT (section 4).

    Raises:
        MissingTilde: the text does not end in "~", and what follows the last one has not
            the three parts of a JWT.
        MalformedSdJwt: too long, an empty part, or too many disclosures.
    """
    if len(text) > limits.SD_JWT_BYTES_MAX:
        raise MalformedSdJwt(
            f"expected at most {limits.SD_JWT_BYTES_MAX} characters, found {len(text)}"
        )
    head, tilde, last = text.rpartition("~")
    if not tilde or (last and last.count(".") != 2):
        raise MissingTilde(f"expected a final '~' or a key binding JWT, found {last[-40:]!r}")
    first, *disclosures = head.split("~")
    if not (first and all(disclosures)):
        raise MalformedSdJwt("expected a JWS, then disclosures, found an empty part")
    if len(disclosures) > limits.DISCLOSURES_MAX:
        raise MalformedSdJwt(
            f"expected at most {limits.DISCLOSURES_MAX} disclosures, found {len(disclosures)}"
        )
    return first, tuple(disclosures), last or None


def join_sd_jwt(jws: str, disclosures: Iterable[str], *, binding: str = "") -> str:
    """Write the compact serialisation: the inverse of :func:`split_sd_jwt`.

    Without a key binding JWT the text ends in "~"; that text is also what a key binding JWT
    hashes.
    """
    return "~".join((jws, *disclosures, binding))


def parse_sd_jwt(text: str, *, numbers: Numbers = "any") -> Presentation:
    """Read an SD-JWT, with or without key binding, and verify nothing (section 4).

    Raises:
        MalformedSdJwt: the text cannot be split.
        MalformedJws: the issuer's or the key binding JWT has not the form of a JWS.
        MalformedEncoding: a part is not canonical base64url.
        MalformedJson: a part does not decode to strict JSON.
        DisclosureRefused: a disclosure is malformed, or has a reserved name.
        MisplacedDigestAlgorithm: a disclosure is called "_sd_alg".
    """
    jws, disclosures, binding = split_sd_jwt(text)
    return Presentation(
        issued=parse_jws(jws, bytes_max=limits.SD_JWT_BYTES_MAX, numbers=numbers),
        disclosures=tuple(parse_disclosure(d, numbers=numbers) for d in disclosures),
        binding=None
        if binding is None
        else parse_jws(binding, bytes_max=limits.KEY_BINDING_BYTES_MAX, numbers=numbers),
    )


def disclose(payload: JsonObject, disclosures: Sequence[Disclosure]) -> JsonObject:
    """Put disclosures in the place of their digests (section 7.1, steps 2d to 5).

    Digests that no disclosure answers vanish, as do "_sd" and "_sd_alg".

    Raises:
        UnknownDigestAlgorithm: "_sd_alg" is there and not "sha-256".
        MisplacedDigestAlgorithm: "_sd_alg" stands below the top.
        MalformedDigests: "_sd" or "..." has not its one shape.
        DisclosureArity: a disclosure of the wrong kind for its place.
        NameCollision: a member of this name is there already.
        DisclosureDuplicate: one disclosure comes twice.
        DuplicateDigest: one digest stands in two places.
        DisclosureUnused: a disclosure answers no digest.
        TooDeep: the result nests deeper than :data:`ledger.limits.JSON_DEPTH_MAX`.
    """
    return _Disclosing(disclosures).at_top(payload)


def verify_sd_jwt(text: str, expected: Expectation, *, verify: Verify) -> VerifiedSdJwt:
    """Verify an SD-JWT for a verifier that knows what it expects (section 7).

    Args:
        text: the compact serialisation.
        expected: the verifier's decisions; nothing in the text can widen them.
        verify: raises unless the issuer's signature is right and the key is the issuer's.

    Raises:
        SdJwtError, DisclosureRefused: the stated subclass for each rule that is broken.
        AlgorithmNotAllowed: the issuer's or the holder's "alg" is not in its list.
        MalformedEncoding: a part is not canonical base64url.
        MalformedJson: a part does not decode to strict JSON.
        Exception: whatever ``verify`` raises.
    """
    presented = parse_sd_jwt(text)
    issued = presented.issued
    check_algorithm(issued, expected.algorithms)
    check_type(issued, expected.types)
    check_signature(issued, verify)
    # From here on the payload is the issuer's own word.
    claims = disclose(issued.payload, presented.disclosures)
    _check_clear(issued.payload, claims, names=expected.clear)
    if expected.validity is not None:
        check_validity(claims, expected.validity)
    _check_binding(presented, text, expected=expected.binding)
    return VerifiedSdJwt(claims=claims, issued=issued, disclosures=presented.disclosures)


def _check_clear(payload: JsonObject, claims: JsonObject, *, names: frozenset[str]) -> None:
    """Refuse a claim whose value differs from what the issuer's payload shows by itself."""
    for name in sorted(names):
        if (name in payload) != (name in claims) or payload.get(name) != claims.get(name):
            raise HiddenClaim(f"expected {name!r} in clear, found it in or with a disclosure")


def _check_binding(
    presented: Presentation, text: str, *, expected: BindingExpectation | None
) -> None:
    binding = presented.binding
    if expected is None:
        if binding is not None:
            raise KeyBindingUnexpected("expected no key binding JWT, found one")
        return
    if binding is None:
        raise KeyBindingMissing("expected a key binding JWT, found none")
    bound = text[: len(text) - len(binding.text)]
    verify_key_binding(binding, bound, holder=presented.issued.payload, expected=expected)


class _Disclosing:
    """One pass over one payload: the disclosures still waiting, and the digests met."""

    def __init__(self, disclosures: Sequence[Disclosure]) -> None:
        self._waiting: dict[Digest, Disclosure] = {}
        self._met: set[str] = set()
        for disclosure in disclosures:
            if disclosure.digest in self._waiting:
                raise DisclosureDuplicate(
                    f"expected each disclosure once, found {disclosure.digest} twice"
                )
            self._waiting[disclosure.digest] = disclosure

    def at_top(self, payload: JsonObject) -> JsonObject:
        algorithm = payload.get(DIGEST_ALGORITHM, "sha-256")
        if algorithm != "sha-256":
            raise UnknownDigestAlgorithm(f"expected sha-256, found {describe(algorithm)}")
        claims = self._object(
            {name: value for name, value in payload.items() if name != DIGEST_ALGORITHM},
            limits.JSON_DEPTH_MAX,
        )
        if self._waiting:
            raise DisclosureUnused(
                f"expected a digest for each disclosure, found none for {min(self._waiting)}"
            )
        return claims

    def _value(self, value: JsonValue, depth_left: int) -> JsonValue:
        if not isinstance(value, dict | list):
            return value
        # Disclosures inside disclosures add up; each of them alone keeps the parser's bound.
        if depth_left == 0:
            raise TooDeep(f"expected nesting of at most {limits.JSON_DEPTH_MAX}, found more")
        if isinstance(value, dict):
            return self._object(value, depth_left)
        return list(self._elements(value, depth_left - 1))

    def _object(self, members: JsonObject, depth_left: int) -> JsonObject:
        _refuse_misplaced(members)
        claims = {
            name: self._value(value, depth_left - 1)
            for name, value in members.items()
            if name != DIGESTS
        }
        for digest in _member_digests(members):
            disclosure = self._take(digest)
            if disclosure is None:
                continue
            if disclosure.name is None:
                raise DisclosureArity("expected three elements for a member, found two")
            if disclosure.name in claims:
                raise NameCollision(
                    f"expected a name not in use, found {disclosure.name[:40]!r} again"
                )
            claims[disclosure.name] = self._value(disclosure.value, depth_left - 1)
        return claims

    def _elements(self, elements: list[JsonValue], depth_left: int) -> Iterator[JsonValue]:
        for element in elements:
            if not (isinstance(element, dict) and ELEMENT_DIGEST in element):
                yield self._value(element, depth_left)
                continue
            disclosure = self._take(_element_digest(element))
            if disclosure is None:
                continue
            if disclosure.name is not None:
                raise DisclosureArity("expected two elements in an array, found three")
            yield self._value(disclosure.value, depth_left)

    def _take(self, digest: str) -> Disclosure | None:
        if digest in self._met:
            raise DuplicateDigest(f"expected each digest once, found {digest[:50]!r} twice")
        self._met.add(digest)
        return self._waiting.pop(Digest(digest), None)


def _refuse_misplaced(members: JsonObject) -> None:
    if DIGEST_ALGORITHM in members:
        raise MisplacedDigestAlgorithm("expected _sd_alg at the top only, found it below")
    if ELEMENT_DIGEST in members:
        raise MalformedDigests("expected '...' in an array element only, found it elsewhere")


def _member_digests(members: JsonObject) -> Iterator[str]:
    digests = members.get(DIGESTS, [])
    if not isinstance(digests, list):
        raise MalformedDigests(f"expected _sd to be an array, found {describe(digests)}")
    for digest in digests:
        if not isinstance(digest, str):
            raise MalformedDigests(f"expected strings in _sd, found {describe(digest)}")
        yield digest


def _element_digest(element: JsonObject) -> str:
    digest = element[ELEMENT_DIGEST]
    if len(element) != 1 or not isinstance(digest, str):
        raise MalformedDigests(
            f"expected one string in '...' and nothing beside it, found {describe(element)}"
        )
    return digest
