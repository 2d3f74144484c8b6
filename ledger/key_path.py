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
    types: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class KeyPath:
    """What the evidence puts in force: who endorsed, and where each kid was registered."""

    charter: FoundingCharter
    endorsed: frozenset[str]
    keys: Mapping[str, int]
    last_index: int

    def require_before(self, entry: LinkedEntry) -> None:
        """Check that every entry of the path stands before the record.

        Raises:
            KeyPathBroken: D4.
        """
        if self.last_index >= entry.head.index:
            raise KeyPathBroken(
                f"expected a key path that ends before entry {entry.head.index}, "
                f"found entry {self.last_index} in it"
            )

    def registered_at(self, entry: LinkedEntry) -> int:
        """The index at which the record's key was put in force; 0 for an admin key.

        Raises:
            KeyPathBroken: D5, the issuer is no founder, or its endorsement is not there.
            KeyNotRegistered: D6, the kid is not one in force for this type.
        """
        claims, kid = entry.parsed.claims, entry.parsed.header.kid
        if claims.iss not in self.charter.admin_keys:
            raise KeyPathBroken(f"expected a founder of the charter, found {claims.iss}")
        if not (self._is_endorsement(entry) or claims.iss in {self.charter.first, *self.endorsed}):
            raise KeyPathBroken(
                f"expected the endorsement of the charter by {claims.iss}, found none"
            )
        if claims.vct in ADMIN_VCTS:
            if not is_admin_kid(self.charter, claims.iss, kid):
                raise KeyNotRegistered(f"expected an admin key of {claims.iss}, found {kid}")
            return 0
        if kid not in self.keys:
            raise KeyNotRegistered(f"expected the key/v1 of {kid} in the key path, found none")
        return self.keys[kid]

    def _is_endorsement(self, entry: LinkedEntry) -> bool:
        claims = entry.parsed.claims
        body = claims.body or {}
        return claims.vct == "endorsement/v1" and body.get("of") == self.charter.record_id


class KeyPaths:
    """The key paths of one view. Its records share a few, so each is walked once."""

    def __init__(self, entries: Sequence[LinkedEntry], charter_id: str) -> None:
        """Take paths from this table, from the charter of this record id on."""
        self._entries = entries
        self._charter_id = charter_id
        self._charter: FoundingCharter | None = None
        self._walked: dict[tuple[int, ...], KeyPath] = {}

    def path_of(self, entry: LinkedEntry, keys: tuple[int, ...]) -> KeyPath:
        """The key path of a record, as positions in the table.

        Raises:
            CharterMismatch, KeyPathBroken: D1 to D4.
        """
        if not keys:
            # Only the charter itself has nothing before it that could speak for it.
            return KeyPath(self._charter_of(entry), frozenset(), {}, 0)
        if keys not in self._walked:
            self._walked[keys] = self._walk([self._entries[position] for position in keys])
        path = self._walked[keys]
        path.require_before(entry)
        return path

    def _walk(self, links: Sequence[LinkedEntry]) -> KeyPath:
        charter = self._charter_of(links[0])
        endorsed: set[str] = set()
        keys: dict[str, int] = {}
        for link in links[1:]:
            _follow(link, charter, endorsed, keys)
        return KeyPath(charter, frozenset(endorsed), keys, links[-1].head.index)

    def _charter_of(self, entry: LinkedEntry) -> FoundingCharter:
        if self._charter is None or entry.record_id != self._charter_id or entry.head.index:
            self._charter = read_founding_charter(entry, self._charter_id)
        return self._charter


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
        raise KeyPathBroken(
            f"expected the charter signed by an admin key of {charter.first}, "
            f"found {entry.parsed.header.kid}"
        )
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
        raise KeyPathBroken(
            f"entry {link.head.index}: expected an admin key of {claims.iss}, "
            f"found {link.parsed.header.kid}"
        )
    if claims.vct == "endorsement/v1":
        if body.get("of") != charter.record_id or body.get("meaning") != "approve":
            raise KeyPathBroken(
                f"entry {link.head.index}: expected approval of {charter.record_id}, "
                f"found {body.get('meaning')!r:.40} of {body.get('of')!r:.60}"
            )
        endorsed.add(claims.iss)
    elif claims.vct == "key/v1" and body.get("party") == claims.iss:
        keys.setdefault(_kid_of(link, body.get("multikey")), link.head.index)
    else:
        raise KeyPathBroken(
            f"entry {link.head.index}: expected an endorsement or the issuer's own key, "
            f"found {claims.vct}"
        )
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
    if body.get("origin") != origin:
        raise CharterMismatch(f"expected a charter of {origin}, found {body.get('origin')!r:.80}")
    name = parse_origin(origin)
    founders = {
        str(party_did(name, Slug(_text(item, "slug")))): frozenset(_texts(item, "admin_keys"))
        for item in _objects(body, "founders")
    }
    if not founders or len(founders) != len(body["founders"]):
        raise CharterMismatch(
            f"expected one founder or more, and every slug once, found {len(body['founders'])}"
        )
    return FoundingCharter(entry.record_id, next(iter(founders)), founders, _read_types(body))


def _read_types(body: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    types: dict[str, frozenset[str]] = {}
    for item in _objects(body, "types"):
        vct, digest = _text(item, "vct"), _text(item, "sha256")
        types[vct] = types.get(vct, frozenset()) | {digest}
    return types


def _list(members: Mapping[str, Any], name: str) -> list[Any]:
    value = members.get(name)
    if not isinstance(value, list):
        raise CharterMismatch(f"expected {name} as an array, found {type(value).__name__}")
    return value


def _objects(members: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = _list(members, name)
    if not all(isinstance(item, dict) for item in found):
        raise CharterMismatch(f"expected objects in {name}, found something else")
    return found


def _texts(members: Mapping[str, Any], name: str) -> list[str]:
    return [_text({name: value}, name) for value in _list(members, name)]


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise CharterMismatch(f"expected {name} as text, found {type(value).__name__}")
    return value
