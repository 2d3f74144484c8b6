"""JSON Web Signatures in compact form (RFC 7515), as SD-JWTs are made of them.

Reading proves only the form. Whether the algorithm is allowed, the type expected and the
signature right is judged by separate functions, in the order that the caller's format fixes.
Which key signs, and how its algorithm works, is the business of the injected function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

from keys.encoding import decode_base64url, encode_base64url
from ledger import limits
from ledger.errors import AlgorithmNotAllowed
from ledger.sdjwt_errors import (
    CriticalHeader,
    MalformedJws,
    UnexpectedType,
)
from ledger.strict_json import JsonObject, Numbers, encode_json, parse_json_object

Verify: TypeAlias = Callable[[JsonObject, bytes, bytes], None]
"""Takes header, signing input and signature; raises unless the signature is right."""
Sign: TypeAlias = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Jws:
    """A JWS that was read and not yet verified."""

    text: str
    header: JsonObject
    payload: JsonObject
    signature: bytes

    @property
    def signing_input(self) -> bytes:
        """The bytes that the signature covers (RFC 7515, section 5.1)."""
        return self.text[: self.text.rindex(".")].encode("ascii")


def parse_jws(text: str, *, bytes_max: int, numbers: Numbers = "integers") -> Jws:
    """Read a compact JWS whose payload is a JSON object (RFC 7515, section 7.1).

    Raises:
        MalformedJws: not three parts, or longer than the bound.
        MalformedEncoding: a part is not canonical base64url.
        MalformedJson: header or payload is not a strict JSON object.
    """
    if len(text) > bytes_max:
        raise MalformedJws(f"expected at most {bytes_max} bytes, found {len(text)}")
    parts = text.split(".")
    if len(parts) != 3:
        raise MalformedJws(f"expected three parts, found {len(parts)}")
    header, payload, signature = map(decode_base64url, parts)
    return Jws(
        text=text,
        header=parse_json_object(header, bytes_max=limits.JWS_HEADER_BYTES_MAX),
        payload=parse_json_object(payload, bytes_max=bytes_max, numbers=numbers),
        signature=signature,
    )


def encode_jws(
    header: JsonObject, payload: JsonObject, *, sign: Sign, numbers: Numbers = "integers"
) -> str:
    """Sign a payload and write the compact JWS (RFC 7515, section 5.1).

    Raises:
        MalformedJson: header or payload holds a value that strict JSON does not have.
    """
    signing_input = ".".join(
        (
            encode_base64url(encode_json(header)),
            encode_base64url(encode_json(payload, numbers=numbers)),
        )
    )
    return f"{signing_input}.{encode_base64url(sign(signing_input.encode('ascii')))}"


def check_algorithm(jws: Jws, allowed: Collection[str]) -> None:
    """Refuse an algorithm outside the list; "none" and HMAC are refused on any list.

    Raises:
        CriticalHeader: a "crit" header; none of its extensions would be understood.
        AlgorithmNotAllowed: "alg" is missing, not a string or not allowed.
    """
    if "crit" in jws.header:
        raise CriticalHeader(f"expected no crit header, found {jws.header['crit']!r:.60}")
    alg = jws.header.get("alg")
    if not isinstance(alg, str) or alg not in allowed or _has_no_public_key(alg):
        raise AlgorithmNotAllowed(f"expected alg of {sorted(allowed)}, found {alg!r:.60}")


def check_type(jws: Jws, allowed: Collection[str]) -> None:
    """Refuse a "typ" outside the list (RFC 8725, section 3.11), compared exactly.

    Raises:
        UnexpectedType: "typ" is missing or not in the list.
    """
    typ = jws.header.get("typ")
    if not isinstance(typ, str) or typ not in allowed:
        raise UnexpectedType(f"expected typ of {sorted(allowed)}, found {typ!r:.60}")


def check_signature(jws: Jws, verify: Verify) -> None:
    """Hand the signature to the injected function; what it raises passes through."""
    outcome: object = verify(jws.header, jws.signing_input, jws.signature)  # type: ignore[func-returns-value]
    # A function that answers True or False has been wired by mistake: its False would be lost.
    assert outcome is None, f"expected verify to raise or return None, found {outcome!r}"


def _has_no_public_key(alg: str) -> bool:
    return alg.lower() == "none" or alg.upper().startswith("HS")
