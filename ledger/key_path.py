"""The key path of a record: charter, admission of the party, admin key, signing key.

Walks the entries that a view offers as evidence and says which keys of which party they put
in force (docs/spec/view.md, D1 to D6). What is not proved by a hash or a signature here is
no part of the path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keys.errors import BadSignature, KeysError
from keys.identifiers import Slug, parse_origin, party_did
from keys.multikey import parse_multikey
from ledger.entry import EntryHead
from ledger.errors import CharterMismatch, KeyNotRegistered, KeyPathBroken
from ledger.record import ADMIN_VCTS, ParsedJws, verify_jws


@dataclass(frozen=True, slots=True)
class LinkedEntry:
    """An entry that is in the log: its head, its leaf, its JWS parsed and not yet trusted."""

    head: EntryHead
    leaf: bytes
    record_id: str
    parsed: ParsedJws


@dataclass(frozen=True, slots=True)
class FoundingCharter:
    """As much of the charter as a verifier uses: admin keys by founder, digests by type."""

    record_id: str
    first: str
    admin_keys: Mapping[str, frozenset[str]]
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeyPath:
    """What the evidence puts in force: who endorsed, and where each kid was registered."""

    charter: FoundingCharter
    endorsed: frozenset[str]
    keys: Mapping[str, int]

    def registered_at(self, entry: LinkedEntry) -> int:
        """The index at which the record's key was put in force; 0 for an admin key.

        Raises:
            KeyPathBroken: the issuer is no founder, or its endorsement is not there.
            KeyNotRegistered: the kid is not one in force for this type.
        """
        claims, kid = entry.parsed.claims, entry.parsed.header.kid
        if claims.iss not in self.charter.admin_keys:
            raise KeyPathBroken(f"expected a founder of the charter, found {claims.iss}")
        if not (self._is_endorsement(entry) or claims.iss in {self.charter.first, *self.endorsed}):
            raise KeyPathBroken(f"expected the endorsement of the charter by {claims.iss}")
        if claims.vct in ADMIN_VCTS:
            if not is_admin_kid(self.charter, claims.iss, kid):
                raise KeyNotRegistered(f"expected an admin key of {claims.iss}, found {kid}")
            return 0
        if kid not in self.keys:
            raise KeyNotRegistered(f"expected the key/v1 entry of {kid} in the key path")
        return self.keys[kid]

    def _is_endorsement(self, entry: LinkedEntry) -> bool:
        claims = entry.parsed.claims
        body = claims.body or {}
        return claims.vct == "endorsement/v1" and body.get("of") == self.charter.record_id


def walk_key_path(entry: LinkedEntry, path: Sequence[LinkedEntry], charter_id: str) -> KeyPath:
    """Walk the key path of a record.

    Args:
        entry: the record's own entry.
        path: the evidence: the charter, then endorsements and keys, ascending by index.
        charter_id: the record id of the charter, from the trust anchor.

    Raises:
        CharterMismatch: the first entry is not the anchor's charter.
        KeyPathBroken: an entry is no link of the path, or does not stand before the record.
    """
    if entry.record_id == charter_id and not path:
        path = [entry]
    if not path:
        raise CharterMismatch("expected the charter at the head of the key path, found none")
    charter = read_founding_charter(path[0], charter_id)
    endorsed: set[str] = set()
    keys: dict[str, int] = {}
    for link in path[1:]:
        _follow(link, charter, endorsed, keys)
    if any(link.head.index >= entry.head.index for link in path if link is not entry):
        raise KeyPathBroken("expected every entry of the key path before the record")
    return KeyPath(charter, frozenset(endorsed), keys)


def read_founding_charter(entry: LinkedEntry, charter_id: str) -> FoundingCharter:
    """Read the charter and check that it is the anchor's, and signed by founder 1.

    Raises:
        CharterMismatch, KeyPathBroken: D1 and D2.
    """
    claims = entry.parsed.claims
    if entry.head.index != 0 or claims.vct != "charter/v1" or entry.record_id != charter_id:
        raise CharterMismatch(f"expected the charter {charter_id}, found {entry.record_id}")
    charter = _read_charter(entry, entry.head.origin)
    if claims.iss != charter.first or not is_admin_kid(
        charter, charter.first, entry.parsed.header.kid
    ):
        raise KeyPathBroken("expected the charter signed by an admin key of founder 1")
    _check(entry)
    return charter


def is_admin_kid(charter: FoundingCharter, party: str, kid: str) -> bool:
    """Whether ``kid`` is an admin key that the charter gives to ``party``."""
    did, _, multikey = kid.partition("#")
    return did == party and multikey in charter.admin_keys.get(party, frozenset())


def _follow(
    link: LinkedEntry, charter: FoundingCharter, endorsed: set[str], keys: dict[str, int]
) -> None:
    claims = link.parsed.claims
    body = claims.body or {}
    if not is_admin_kid(charter, claims.iss, link.parsed.header.kid):
        raise KeyPathBroken(f"entry {link.head.index}: expected an admin key of {claims.iss}")
    if claims.vct == "endorsement/v1":
        if body.get("of") != charter.record_id or body.get("meaning") != "approve":
            raise KeyPathBroken(f"entry {link.head.index} does not endorse the charter")
        endorsed.add(claims.iss)
    elif claims.vct == "key/v1" and body.get("party") == claims.iss:
        keys[_kid_of(link, body.get("multikey"))] = link.head.index
    else:
        raise KeyPathBroken(f"entry {link.head.index}: {claims.vct} is no link of a key path")
    _check(link)


def _kid_of(link: LinkedEntry, multikey: object) -> str:
    try:
        parse_multikey(multikey if isinstance(multikey, str) else "")
    except KeysError as fault:
        raise KeyPathBroken(f"entry {link.head.index}: {fault}") from fault
    return f"{link.parsed.claims.iss}#{multikey}"


def _check(link: LinkedEntry) -> None:
    try:
        verify_jws(link.parsed)
    except BadSignature as fault:
        raise KeyPathBroken(f"entry {link.head.index}: {fault}") from fault


def _read_charter(entry: LinkedEntry, origin: str) -> FoundingCharter:
    body = entry.parsed.claims.body or {}
    try:
        founders = {
            str(party_did(parse_origin(origin), Slug(_text(item["slug"])))): _keys(item)
            for item in body["founders"]
        }
        types = {_text(item["vct"]): _text(item["sha256"]) for item in body["types"]}
    except (KeyError, TypeError, KeysError) as fault:
        raise CharterMismatch(f"expected founders and types in the charter: {fault}") from fault
    if body.get("origin") != origin or not founders or len(founders) != len(body["founders"]):
        raise CharterMismatch("expected the charter of this origin, with every founder once")
    return FoundingCharter(entry.record_id, next(iter(founders)), founders, types)


def _keys(item: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(_text(key) for key in item["admin_keys"])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    return value
