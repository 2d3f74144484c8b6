"""Disclosures: tagged salts, digests and the four ways in which one is refused.

RFC 9901 sections 4.2 and 7.1 under the closed profile of docs/spec/record.md, section 4.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeGuard

import orjson

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.errors import (
    DisclosureDuplicate,
    DisclosureMalformed,
    DisclosureNotOfThisRecord,
    DisclosureUnused,
    MalformedJson,
    SaltReused,
)
from ledger.record import Claims, jti_key
from ledger.strict_json import JsonValue, describe, encode_json, parse_json

TAG_CHARACTERS: Final = 16
GROUP_CHARACTERS_MAX: Final = 40
CLEAR_NAMES: Final = frozenset({"iss", "iat", "jti", "aud", "vct", "policy", "body"})

_SALT: Final = re.compile(r"[A-Za-z0-9_-]{38}")
_GROUP: Final = re.compile(r"[a-z][a-z0-9_]*")
_RANDOM_CHARACTERS: Final = 22


class Disclosure(NamedTuple):
    """One opened group: its name, its value, and the JSON text that was signed."""

    group: str
    value: Any
    text: bytes


def tag_of(iss: str, jti: str) -> str:
    """The 16 characters that bind a salt to one record."""
    return encode_base64url(jti_key(iss, jti))[:TAG_CHARACTERS]


def encode_disclosure(salt: str, group: str, value: JsonValue) -> str:
    """The base64url text of ``[salt, group, value]``.

    Raises:
        MalformedJson: the value is none that strict JSON has, as a fraction; no reader would
            accept it.
    """
    return encode_base64url(encode_json([salt, group, value]))


def digest_of(disclosure: str) -> str:
    """base64url(SHA-256(ASCII of the disclosure)), as it stands in ``_sd``."""
    return encode_base64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def is_group_name(name: object) -> TypeGuard[str]:
    """Whether ``name`` may name a group."""
    return isinstance(name, str) and len(name) <= GROUP_CHARACTERS_MAX and _is_group_name(name)


# A log sees the same few names in every record.
@lru_cache(maxsize=1024)
def _is_group_name(name: str) -> bool:
    return _GROUP.fullmatch(name) is not None and name not in CLEAR_NAMES


def open_disclosures(claims: Claims, disclosures: Sequence[str]) -> tuple[Disclosure, ...]:
    """Open every disclosure and check that it is one of this record.

    Raises:
        DisclosureMalformed, DisclosureNotOfThisRecord, DisclosureDuplicate,
        DisclosureUnused: for the first disclosure that fails, in their order.
    """
    if len(disclosures) > limits.DISCLOSURES_MAX:
        raise DisclosureMalformed(
            f"expected at most {limits.DISCLOSURES_MAX} disclosures, found {len(disclosures)}"
        )
    tag = tag_of(claims.iss, claims.jti)
    seen: set[str] = set()
    opened = []
    for position, text in enumerate(disclosures):
        salt, disclosure = _parse(text, position)
        if not salt.endswith(tag):
            raise DisclosureNotOfThisRecord(
                f"disclosure {position}: expected the tag {tag}, found {salt[_RANDOM_CHARACTERS:]}"
            )
        # A digest is longer than any name of a group: one set holds both.
        digest = digest_of(text)
        if digest in seen or disclosure.group in seen:
            raise DisclosureDuplicate(f"disclosure {position}: {disclosure.group} stands twice")
        if digest not in claims.digests:
            raise DisclosureUnused(f"disclosure {position}: {digest} is not in _sd")
        seen.add(digest)
        seen.add(disclosure.group)
        opened.append(disclosure)
    return tuple(opened)


def open_admitted(claims: Claims, disclosures: Sequence[str]) -> tuple[Disclosure, ...]:
    """The same of what the log keeps: its form was judged at admission, which costs the most.

    Digests and tags are compared all the same: nothing but what was signed is opened.

    Raises:
        LedgerError: as :func:`open_disclosures`.
    """
    tag = tag_of(claims.iss, claims.jti)
    opened: dict[str, Disclosure] = {}
    for text in disclosures:
        disclosure = _open_fast(text, tag)
        is_known = disclosure is not None and digest_of(text) in claims.digests
        if disclosure is None or not is_known or disclosure.group in opened:
            return open_disclosures(claims, disclosures)
        opened[disclosure.group] = disclosure
    return tuple(opened.values())


def _open_fast(text: str, tag: str) -> Disclosure | None:
    """A disclosure whose JSON is not judged; None where it has another form than most."""
    try:
        data = decode_base64url(text)
        salt, group, value = orjson.loads(data)
    except (MalformedEncoding, TypeError, ValueError):
        return None
    is_ours = isinstance(salt, str) and salt.endswith(tag) and isinstance(group, str)
    return Disclosure(group, value, data) if is_ours else None


def check_salts(opened: Sequence[Disclosure]) -> None:
    """Check that no two disclosures share the random part of their salt.

    Asked at admission alone: a verifier sees some of the disclosures only.

    Raises:
        SaltReused: two do.
    """
    seen: dict[str, str] = {}
    for disclosure in opened:
        # Salts have no character that needs an escape; who escapes one all the same is read so.
        quoted = disclosure.text.split(b'"', 2)[1]
        salt = json.loads(b'"%b"' % quoted)[:_RANDOM_CHARACTERS]
        other = seen.setdefault(salt, disclosure.group)
        if other != disclosure.group:
            raise SaltReused(
                f"expected a salt for each group, found one of {other} and "
                f"{disclosure.group}: make 22 random characters for each"
            )


def _parse(text: str, position: int) -> tuple[str, Disclosure]:
    if len(text) > limits.DISCLOSURE_BYTES_MAX:
        raise DisclosureMalformed(
            f"disclosure {position}: expected at most {limits.DISCLOSURE_BYTES_MAX} characters, "
            f"found {len(text)}"
        )
    try:
        data = decode_base64url(text)
        array = parse_json(data, bytes_max=limits.DISCLOSURE_BYTES_MAX)
    except (MalformedEncoding, MalformedJson) as fault:
        raise DisclosureMalformed(f"disclosure {position}: {fault}") from fault
    if not isinstance(array, list) or len(array) != 3:
        raise DisclosureMalformed(
            f"disclosure {position}: expected [salt, group, value], found {describe(array)}"
        )
    salt, group, value = array
    if not (isinstance(salt, str) and _SALT.fullmatch(salt)):
        raise DisclosureMalformed(
            f"disclosure {position}: expected a salt of 38 characters, found {describe(salt)}"
        )
    if not is_group_name(group):
        raise DisclosureMalformed(
            f"disclosure {position}: expected the name of a group, found {describe(group)}"
        )
    return salt, Disclosure(group, value, data)
