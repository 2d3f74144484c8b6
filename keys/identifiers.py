"""Names of logs, parties and keys: origin, slug, DID and kid.

A party's DID has the form of did:web, but inside Lotmark it is a name only and is never
resolved: keys come from entries. did:key (W3C CCG) is resolved from its own text. This
module judges form; whether a party or key is registered is the log's affair.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NewType

from keys.ed25519 import PublicKey, check_public_key
from keys.errors import MalformedIdentifier
from keys.limits import (
    KID_CHARACTERS_MAX,
    KIDS_CACHED_MAX,
    ORIGIN_BYTES_MAX,
    PARTY_DID_CHARACTERS_MAX,
    SLUG_CHARACTERS_MAX,
    SLUG_CHARACTERS_MIN,
)
from keys.multikey import (
    KeyKind,
    Multikey,
    encode_multikey,
    parse_multikey,
    parse_sealing_multikey,
    split_multikey,
)
from keys.x25519 import SealingKey, check_sealing_key, derive_sealing_key

__all__ = [
    "Did",
    "DidKey",
    "KeyId",
    "Kid",
    "Multikey",
    "Origin",
    "Slug",
    "did_key",
    "kid",
    "parse_kid",
    "parse_origin",
    "parse_party_did",
    "parse_slug",
    "party_did",
    "resolve_did_key",
]

Origin = NewType("Origin", str)
"""A log's permanent name. It may hold ``..`` as a segment, so it is never part of a path."""

Slug = NewType("Slug", str)
"""A party's short name, unique within its log."""

Did = NewType("Did", str)
"""A party's DID or a did:key."""

KeyId = NewType("KeyId", str)
"""The ``kid`` of a header: ``<did>#<multikey>``."""

_DID_WEB: Final = "did:web:"
_DID_KEY: Final = "did:key:"
_PARTIES: Final = ":parties:"
_ORIGIN: Final = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*")
_SLUG: Final = re.compile(rf"[a-z0-9-]{{{SLUG_CHARACTERS_MIN},{SLUG_CHARACTERS_MAX}}}")
_DID_ORIGIN: Final = re.compile(r"[a-z0-9.-]+(%3A[0-9]+)?(:[a-z0-9._-]+)*")


@dataclass(frozen=True, slots=True)
class Kid:
    """A parsed key id: whose key, and which."""

    did: Did
    multikey: Multikey


@dataclass(frozen=True, slots=True)
class DidKey:
    """What a did:key says: a key to check signatures with, if it has one, and one to seal to."""

    did: Did
    signing: PublicKey | None
    sealing: SealingKey


def parse_origin(text: str) -> Origin:
    """Accept the name of a log.

    Raises:
        MalformedIdentifier: not ``host[:port][/segment]...`` in lower case, or over 200 bytes.
    """
    # Every character of the form is ASCII: characters are bytes once it matches.
    if len(text) > ORIGIN_BYTES_MAX or not _ORIGIN.fullmatch(text):
        raise MalformedIdentifier(
            f"expected an origin host[:port][/segment] in lower case and at most "
            f"{ORIGIN_BYTES_MAX} bytes, found {text[:80]!r}",
        )
    return Origin(text)


def parse_slug(text: str) -> Slug:
    """Accept the short name of a party.

    Raises:
        MalformedIdentifier: not 2 to 40 of ``a-z``, ``0-9`` and ``-``.
    """
    if not _SLUG.fullmatch(text):
        raise MalformedIdentifier(
            f"expected a slug of {SLUG_CHARACTERS_MIN} to {SLUG_CHARACTERS_MAX} "
            f"characters a-z, 0-9 and '-', found {text[:80]!r}",
        )
    return Slug(text)


def party_did(origin: Origin, slug: Slug) -> Did:
    """Name a party of a log; the inverse of :func:`parse_party_did`."""
    path = origin.replace(":", "%3A").replace("/", ":")
    return Did(f"{_DID_WEB}{path}{_PARTIES}{slug}")


def parse_party_did(did: str) -> tuple[Origin, Slug]:
    """Read the log and the party out of a party's DID.

    Raises:
        MalformedIdentifier: anything that :func:`party_did` would not have written.
    """
    # The last ":parties:" divides, as a slug has no colon; an origin may hold the word too.
    path, divider, slug = did.removeprefix(_DID_WEB).rpartition(_PARTIES)
    well_formed = len(did) <= PARTY_DID_CHARACTERS_MAX and did.startswith(_DID_WEB)
    if not (well_formed and divider and _DID_ORIGIN.fullmatch(path)):
        raise MalformedIdentifier(
            f"expected did:web:<origin>:parties:<slug>, found {did[:80]!r}",
        )
    origin = path.replace(":", "/").replace("%3A", ":")
    return parse_origin(origin), parse_slug(slug)


def kid(did: Did, multikey: Multikey) -> KeyId:
    """Name a key of a party; the inverse of :func:`parse_kid`."""
    return KeyId(f"{did}#{multikey}")


@lru_cache(maxsize=KIDS_CACHED_MAX)
def parse_kid(text: str) -> Kid:
    """Read the ``kid`` of a header; both parts are checked, the key down to its point.

    Raises:
        MalformedIdentifier: not ``<DID of a party>#<multikey>``.
        UnsupportedKey: the multikey is of a kind that Lotmark does not sign with.
        MalformedKey: the multikey is not an acceptable public key.
    """
    did, divider, multikey = text.partition("#")
    if len(text) > KID_CHARACTERS_MAX or not divider:
        raise MalformedIdentifier(f"expected <did>#<multikey>, found {text[:80]!r}")
    parse_party_did(did)
    parse_multikey(multikey)
    return Kid(Did(did), Multikey(multikey))


def parse_sealing_kid(text: str) -> Kid:
    """Read the name of a key to be sealed to: ``<DID of a party>#<X25519 multikey>``.

    Raises:
        MalformedIdentifier: of another form.
        UnsupportedKey: the multikey is of another kind.
        MalformedKey: the multikey is not an acceptable X25519 key.
    """
    did, divider, multikey = text.partition("#")
    if len(text) > KID_CHARACTERS_MAX or not divider:
        raise MalformedIdentifier(f"expected <did>#<multikey>, found {text[:80]!r}")
    parse_party_did(did)
    parse_sealing_multikey(multikey)
    return Kid(Did(did), Multikey(multikey))


def did_key(public: PublicKey) -> Did:
    """Name a key by itself; its signing side is what :func:`resolve_did_key` reads back."""
    return Did(f"{_DID_KEY}{encode_multikey(public)}")


def resolve_did_key(did: str) -> DidKey:
    """Read the keys out of a did:key of an Ed25519 or X25519 key.

    Returns:
        For Ed25519, that key and the X25519 key derived from it; for X25519, that key alone.

    Raises:
        MalformedIdentifier: not a did:key, or one with a fragment, path or query.
        UnsupportedKey: a key of another kind.
        MalformedKey: not an acceptable public key.
    """
    multikey = did.removeprefix(_DID_KEY)
    if multikey == did or not multikey.isalnum():
        raise MalformedIdentifier(f"expected did:key:<multikey>, found {did[:80]!r}")
    kind, data = split_multikey(multikey)
    if kind is KeyKind.X25519:
        return DidKey(Did(did), signing=None, sealing=check_sealing_key(data))
    public = check_public_key(data)
    return DidKey(Did(did), signing=public, sealing=derive_sealing_key(public))
