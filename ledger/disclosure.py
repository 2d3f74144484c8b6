"""Disclosures: tagged salts, digests and the four ways in which one is refused.

RFC 9901 sections 4.2 and 7.1 under the closed profile of docs/spec/record.md, section 4.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.errors import (
    DisclosureDuplicate,
    DisclosureMalformed,
    DisclosureNotOfThisRecord,
    DisclosureUnused,
    MalformedJson,
)
from ledger.record import Claims, jti_key
from ledger.strict_json import parse_json

TAG_CHARACTERS: Final = 16
CLEAR_NAMES: Final = frozenset({"iss", "iat", "jti", "aud", "vct", "policy", "body"})

_SALT = re.compile(r"[A-Za-z0-9_-]{38}", re.ASCII)
_GROUP = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class Disclosure(NamedTuple):
    """One opened group: its name, its value, and the JSON text that was signed."""

    group: str
    value: Any
    text: bytes


def tag_of(iss: str, jti: str) -> str:
    """The 16 characters that bind a salt to one record."""
    return encode_base64url(jti_key(iss, jti))[:TAG_CHARACTERS]


def encode_disclosure(salt: str, group: str, value: object) -> str:
    """The base64url text of ``[salt, group, value]``."""
    array = json.dumps([salt, group, value], ensure_ascii=False, separators=(",", ":"))
    return encode_base64url(array.encode())


def digest_of(disclosure: str) -> str:
    """base64url(SHA-256(ASCII of the disclosure)), as it stands in ``_sd``."""
    return encode_base64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def is_group_name(name: object) -> bool:
    """Whether ``name`` may name a group."""
    return isinstance(name, str) and bool(_GROUP.fullmatch(name)) and name not in CLEAR_NAMES


def open_disclosures(claims: Claims, disclosures: Sequence[str]) -> tuple[Disclosure, ...]:
    """Open every disclosure and check that it is one of this record.

    Raises:
        DisclosureMalformed, DisclosureNotOfThisRecord, DisclosureDuplicate,
        DisclosureUnused: for the first disclosure that fails, in their order.
    """
    if len(disclosures) > limits.DISCLOSURES_MAX:
        raise DisclosureMalformed(f"expected at most {limits.DISCLOSURES_MAX} disclosures")
    tag = tag_of(claims.iss, claims.jti)
    committed = frozenset(claims.digests)
    seen: set[str] = set()
    opened = []
    for position, text in enumerate(disclosures):
        salt, disclosure = _parse(text, position)
        if salt[22:] != tag:
            raise DisclosureNotOfThisRecord(
                f"disclosure {position}: expected the tag {tag}, found {salt[22:]}"
            )
        digest = digest_of(text)
        if digest in seen or disclosure.group in seen:
            raise DisclosureDuplicate(f"disclosure {position}: {disclosure.group} stands twice")
        if digest not in committed:
            raise DisclosureUnused(f"disclosure {position}: {digest} is not in _sd")
        seen.update((digest, disclosure.group))
        opened.append(disclosure)
    return tuple(opened)


def _parse(text: str, position: int) -> tuple[str, Disclosure]:
    if len(text) > limits.DISCLOSURE_BYTES_MAX:
        raise DisclosureMalformed(f"disclosure {position}: expected at most 1 MiB")
    try:
        data = decode_base64url(text)
        array = parse_json(data, bytes_max=limits.DISCLOSURE_BYTES_MAX)
    except (MalformedEncoding, MalformedJson) as fault:
        raise DisclosureMalformed(f"disclosure {position}: {fault}") from fault
    if not isinstance(array, list) or len(array) != 3:
        raise DisclosureMalformed(f"disclosure {position}: expected [salt, group, value]")
    salt, group, value = array
    if not (isinstance(salt, str) and _SALT.fullmatch(salt)):
        raise DisclosureMalformed(f"disclosure {position}: expected a salt of 38 characters")
    if not is_group_name(group):
        raise DisclosureMalformed(f"disclosure {position}: {str(group)[:60]!r} is no group name")
    return salt, Disclosure(str(group), value, data)
