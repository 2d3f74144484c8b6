"""Parse and verify a record: an SD-JWT under Lotmark's closed profile (docs/spec/record.md).

Everything here is decided by the bytes alone. That the key is registered, the type known
and the schema met is for :mod:`ledger.admission` and :mod:`ledger.content`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Set
from functools import lru_cache
from typing import Any, Final, NamedTuple, NewType

from keys import ed25519
from keys.encoding import decode_base64url, encode_base64url
from keys.errors import KeysError, MalformedEncoding
from keys.identifiers import parse_kid, parse_party_did
from keys.multikey import parse_multikey
from ledger import limits
from ledger.errors import (
    AlgorithmNotAllowed,
    ForeignKey,
    MalformedClaims,
    MalformedHeader,
    MalformedJson,
    MalformedRecord,
    WrongAudience,
)
from ledger.strict_json import parse_json

RecordId = NewType("RecordId", bytes)

TYP: Final = "lotmark+sd-jwt"
NO_POLICY: Final = "A" * 43
ADMIN_VCTS: Final = frozenset(
    {
        "charter/v1",
        "key/v1",
        "admin-key/v1",
        "key-revocation/v1",
        "proposal/v1",
        "endorsement/v1",
    }
)
GOVERNANCE_VCTS: Final = ADMIN_VCTS | {
    "record-type/v1",
    "policy/v1",
    "parameters/v1",
    "document-part/v1",
}
DIGESTS_MAX: Final = 128
HEADERS_CACHED_MAX: Final = 4096
HEADER_CACHED_CHARACTERS_MAX: Final = 1024

# The last character of 43 holds two spare bits, which are zero (docs/spec/json.md, section 4).
DIGEST_FORM: Final = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"

_VCT: Final = re.compile(r"[a-z][a-z0-9-]{1,39}/v[1-9][0-9]{0,2}")
_JTI: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_DIGEST: Final = re.compile(DIGEST_FORM)
_CLEAR: Final = frozenset({"iss", "iat", "jti", "aud", "vct", "policy"})
_CLEAR_SD: Final = _CLEAR | {"_sd"}
_CLEAR_BODY: Final = _CLEAR | {"body"}
_CLEAR_BOTH: Final = _CLEAR | {"_sd", "body"}


class Header(NamedTuple):
    """The verified form of a JOSE header: whose key it names, and the key's 32 bytes."""

    kid: str
    did: str
    public_key: bytes


class Claims(NamedTuple):
    """The clear claims; ``body`` for governance types, ``digests`` (``_sd``) for all others.

    A named tuple because tens of thousands a second are built and sent between processes.
    """

    iss: str
    iat: int
    jti: str
    vct: str
    policy: str
    digests: tuple[str, ...]
    body: dict[str, Any] | None


class ParsedJws(NamedTuple):
    """A JWS of the right form whose signature has **not** been checked."""

    jws: str
    header: Header
    claims: Claims
    signature: bytes


def record_id(jws: str) -> RecordId:
    """SHA-256 of the ASCII of the JWS, 32 bytes."""
    return RecordId(hashlib.sha256(jws.encode("ascii")).digest())


def encode_record_id(value: bytes) -> str:
    """The 43-character text of a record id."""
    return encode_base64url(value)


def is_digest(text: object) -> bool:
    """Whether ``text`` is the canonical base64url of 32 bytes: a digest or a record id."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


# Two steps of one admission ask for the same key, the disclosures and the facts.
@lru_cache(maxsize=256)
def jti_key(iss: str, jti: str) -> bytes:
    """The 32 bytes SHA-256(iss, LF, jti): the salt tag and the uniqueness key are cut from it."""
    return hashlib.sha256(f"{iss}\n{jti}".encode()).digest()


def parse_jws(jws: str, *, origin: str, is_first: bool = False) -> ParsedJws:
    """Parse header, clear claims and signature of a JWS addressed to ``origin``.

    Args:
        jws: the compact JWS.
        origin: the log that the record must be for.
        is_first: it stands in entry 0, which is shared under no policy. Which policy another
            record may name is for admission to judge.

    Raises:
        MalformedRecord, MalformedHeader, AlgorithmNotAllowed, MalformedClaims,
        WrongAudience, ForeignKey: by the order of docs/spec/view.md, C6 to C11.
    """
    parts = jws.split(".")
    if len(parts) != 3:
        raise MalformedRecord(f"expected header.payload.signature, found {len(parts)} parts")
    head, payload, signature = parts
    members = _decode_object(payload, "payload")
    raw_signature = _decode_part(signature, "signature")
    if len(raw_signature) != 64:
        raise MalformedRecord(f"expected a signature of 64 bytes, found {len(raw_signature)}")
    header = parse_header(head)
    claims = _parse_claims(members)
    if is_first and claims.policy != NO_POLICY:
        raise MalformedClaims(f"/policy: expected {NO_POLICY} in entry 0, found {claims.policy}")
    if members["aud"] != origin:
        raise WrongAudience(f"expected aud {origin!r}, found {members['aud'][:80]!r}")
    _check_issuer(header, claims.iss, origin)
    return ParsedJws(jws, header, claims, raw_signature)


def verify_jws(parsed: ParsedJws) -> None:
    """Check the Ed25519 signature by the key that the kid names (RFC 7515, section 5.2).

    Raises:
        keys.errors.BadSignature: libsodium does not accept it.
    """
    signed = parsed.jws[: parsed.jws.rindex(".")].encode("ascii")
    ed25519.verify(parsed.header.public_key, signed, parsed.signature)


def _decode_part(text: str, what: str) -> bytes:
    try:
        return decode_base64url(text)
    except MalformedEncoding as fault:
        raise MalformedRecord(f"{what}: {fault}") from fault


def _decode_object(text: str, what: str) -> dict[str, Any]:
    try:
        value = parse_json(_decode_part(text, what), bytes_max=limits.ENTRY_BYTES_MAX)
    except MalformedJson as fault:
        raise MalformedRecord(f"{what}: {fault}") from fault
    if not isinstance(value, dict):
        raise MalformedRecord(f"{what}: expected a JSON object, found {type(value).__name__}")
    return value


def parse_header(text: str) -> Header:
    """Parse the first part of a JWS (docs/spec/record.md, section 2).

    Raises:
        MalformedRecord: not base64url of a JSON object.
        MalformedHeader: not exactly alg, kid and typ, or a kid that names no key.
        AlgorithmNotAllowed: another alg than ``EdDSA``.
    """
    # A party sends the same header with every record: remembered by its exact text. White
    # space can make a header long, and whoever sends those would fill the memory.
    if len(text) <= HEADER_CACHED_CHARACTERS_MAX:
        return _parse_short_header(text)
    return _parse_any_header(text)


def _parse_any_header(text: str) -> Header:
    members = _decode_object(text, "header")
    if members.keys() != {"alg", "kid", "typ"}:
        raise MalformedHeader(f"expected exactly alg, kid, typ, found {list_names(members)}")
    if members["typ"] != TYP:
        raise MalformedHeader(f"expected typ {TYP!r}, found {str(members['typ'])[:40]!r}")
    if members["alg"] != "EdDSA":
        raise AlgorithmNotAllowed(f"expected alg 'EdDSA', found {str(members['alg'])[:40]!r}")
    try:
        kid = parse_kid(_text(members["kid"], "kid"))
        return Header(f"{kid.did}#{kid.multikey}", kid.did, parse_multikey(kid.multikey))
    except KeysError as fault:
        raise MalformedHeader(f"kid: {fault}") from fault


_parse_short_header = lru_cache(maxsize=HEADERS_CACHED_MAX)(_parse_any_header)


def list_names(members: Iterable[str]) -> str:
    """A few of the names of an object, for messages: they came from outside."""
    return ", ".join(repr(name[:40]) for name in sorted(members)[:12])


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise MalformedHeader(f"expected {name} to be text, found {type(value).__name__}")
    return value


def _parse_claims(members: dict[str, Any]) -> Claims:
    _check_names(members.keys())
    iss, iat, jti = members["iss"], members["iat"], members["jti"]
    vct, policy, body = members["vct"], members["policy"], members.get("body")
    if not (isinstance(vct, str) and _VCT.fullmatch(vct)):
        raise MalformedClaims(f"/vct: expected name/vN, found {str(vct)[:60]!r}")
    if not (isinstance(jti, str) and _JTI.fullmatch(jti)):
        raise MalformedClaims(f"/jti: expected 22 base64url characters, found {str(jti)[:40]!r}")
    if type(iat) is not int or iat < 0:
        raise MalformedClaims(f"/iat: expected whole Unix seconds, found {str(iat)[:40]!r}")
    if not is_digest(policy):
        raise MalformedClaims(f"/policy: expected a record id, found {str(policy)[:60]!r}")
    if not isinstance(iss, str) or not isinstance(members["aud"], str):
        raise MalformedClaims("/iss and /aud: expected text, found something else")
    _origin_of(iss)
    if "body" in members and not isinstance(body, dict):
        raise MalformedClaims(f"/body: expected an object, found {str(body)[:40]!r}")
    if vct in GOVERNANCE_VCTS:
        _check_governance_form(vct, members.keys())
    digests = _parse_digests(members["_sd"]) if "_sd" in members else ()
    return Claims(iss, iat, jti, vct, policy, digests, body)


def _check_names(names: Set[str]) -> None:
    # Which of _sd and body a business type has is not asked here: a verifier that does not
    # know the type accepts either, and admission asks when it knows it.
    if names not in (_CLEAR_SD, _CLEAR_BODY, _CLEAR_BOTH):
        raise MalformedClaims(
            "expected exactly iss, iat, jti, aud, vct, policy and _sd or body, "
            f"found {list_names(names)}"
        )


def _check_governance_form(vct: str, names: Set[str]) -> None:
    wanted = _CLEAR_BOTH if vct == "key/v1" else _CLEAR_BODY
    if names != wanted:
        raise MalformedClaims(f"{vct}: expected {list_names(wanted)}, found {list_names(names)}")


def _parse_digests(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= DIGESTS_MAX:
        raise MalformedClaims(f"/_sd: expected an array of 1..{DIGESTS_MAX} digests")
    before = ""
    for digest in value:
        if not is_digest(digest) or digest <= before:
            raise MalformedClaims(
                "/_sd: expected digests in strictly ascending order, "
                f"found {str(digest)[:60]!r} behind {before!r}"
            )
        before = digest
    return tuple(value)


@lru_cache(maxsize=HEADERS_CACHED_MAX)
def _origin_of(did: str) -> str:
    try:
        return str(parse_party_did(did)[0])
    except KeysError as fault:
        raise MalformedClaims(f"/iss: {fault}") from fault


def _check_issuer(header: Header, iss: str, origin: str) -> None:
    if _origin_of(iss) != origin:
        raise ForeignKey(f"expected an iss of {origin}, found {iss[:120]!r}")
    if header.did != iss:
        raise ForeignKey(f"expected a kid of {iss[:120]!r}, found one of {header.did[:120]!r}")
