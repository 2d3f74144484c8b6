"""Disclosures: the salted values that an SD-JWT commits to (RFC 9901, section 4.2).

A disclosure is its text. The digest covers the base64url characters, not what they decode
to, so nothing is ever serialised a second time. Whether anything asks for a disclosure is
judged in :mod:`ledger.sdjwt`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, NewType

from keys.encoding import decode_base64url, encode_base64url
from ledger import limits
from ledger.errors import DisclosureMalformed
from ledger.sdjwt_errors import (
    DisclosureArity,
    MisplacedDigestAlgorithm,
    ReservedName,
)
from ledger.strict_json import JsonValue, Numbers, describe, encode_json, parse_json

Digest = NewType("Digest", str)
Salt = NewType("Salt", str)

DIGESTS: Final = "_sd"
ELEMENT_DIGEST: Final = "..."
DIGEST_ALGORITHM: Final = "_sd_alg"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A member (with a name) or an array element (without) that was hidden."""

    text: str
    digest: Digest
    salt: Salt
    name: str | None
    value: JsonValue


def digest_of(text: str) -> Digest:
    """Hash ASCII text with SHA-256 and write the hash as base64url (RFC 9901, 4.2.3)."""
    return Digest(encode_base64url(hashlib.sha256(text.encode("ascii")).digest()))


def check_name(name: str) -> None:
    """Refuse a name that a disclosure must not have (RFC 9901, sections 4.1.1 and 4.2.1).

    Raises:
        ReservedName: "_sd" or "...".
        MisplacedDigestAlgorithm: "_sd_alg", which belongs in clear at the top.
    """
    if name in {DIGESTS, ELEMENT_DIGEST}:
        raise ReservedName(f"expected a name that is not reserved, found {name!r}")
    if name == DIGEST_ALGORITHM:
        raise MisplacedDigestAlgorithm("expected _sd_alg in clear, found it in a disclosure")


def parse_disclosure(text: str, *, numbers: Numbers = "integers") -> Disclosure:
    """Read one disclosure (RFC 9901, sections 4.2.1 and 4.2.2).

    Raises:
        MalformedEncoding: the text is not canonical base64url.
        MalformedJson: it does not decode to strict JSON.
        DisclosureMalformed: too long, no array, or salt or name is no string.
        DisclosureArity: an array of neither two nor three elements.
        ReservedName: the name is "_sd" or "...".
        MisplacedDigestAlgorithm: the name is "_sd_alg".
    """
    if len(text) > limits.DISCLOSURE_BYTES_MAX:
        raise DisclosureMalformed(
            f"expected at most {limits.DISCLOSURE_BYTES_MAX} characters, found {len(text)}"
        )
    array = parse_json(
        decode_base64url(text), bytes_max=limits.DISCLOSURE_BYTES_MAX, numbers=numbers
    )
    match array:
        case [str(salt), value]:
            return Disclosure(text, digest_of(text), Salt(salt), None, value)
        case [str(salt), str(name), value]:
            check_name(name)
            return Disclosure(text, digest_of(text), Salt(salt), name, value)
        case [_, _] | [_, _, _]:
            raise DisclosureMalformed("expected salt and name to be strings, found another type")
        case list():
            raise DisclosureArity(f"expected two or three elements, found {len(array)}")
    raise DisclosureMalformed(f"expected an array, found {describe(array)}")


def make_disclosure(
    salt: Salt, value: JsonValue, *, name: str | None, numbers: Numbers = "integers"
) -> Disclosure:
    """Write a disclosure of a member, or of an array element where the name is ``None``.

    Args:
        salt: at least 128 random bits, used once (RFC 9901, section 9.3).

    Raises:
        MalformedJson: the value holds something that strict JSON does not have.
        ReservedName: the name is "_sd" or "...".
        MisplacedDigestAlgorithm: the name is "_sd_alg".
    """
    array: list[JsonValue] = [salt, value]
    if name is not None:
        check_name(name)
        array.insert(1, name)
    text = encode_base64url(encode_json(array, numbers=numbers))
    return Disclosure(text, digest_of(text), salt, name, value)
