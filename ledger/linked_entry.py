"""An entry as evidence, and the charter that all evidence begins with (docs/spec/view.md, D1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keys.identifiers import Slug, parse_origin, party_did
from ledger.entry import EntryHead
from ledger.errors import CharterMismatch
from ledger.record import ParsedJws


@dataclass(frozen=True, slots=True)
class LinkedEntry:
    """An entry that is in the log: its head, its leaf, its JWS parsed and not yet trusted."""

    head: EntryHead
    leaf: bytes
    record_id: str
    parsed: ParsedJws

    @property
    def index(self) -> int:
        """Its place in the log."""
        return self.head.index

    @property
    def vct(self) -> str:
        """The type of its record."""
        return self.parsed.claims.vct

    @property
    def iss(self) -> str:
        """The party that signed, if the signature holds."""
        return self.parsed.claims.iss

    @property
    def kid(self) -> str:
        """The key that signed; its party is ``iss`` (C11)."""
        return self.parsed.header.kid

    @property
    def multikey(self) -> str:
        """The key of ``kid`` as text."""
        return self.kid.partition("#")[2]

    @property
    def body(self) -> Mapping[str, Any]:
        """What stands in clear; nothing for a business record."""
        return self.parsed.claims.body or {}


@dataclass(frozen=True, slots=True)
class FoundingCharter:
    """As much of the charter as a verifier uses.

    ``admin_keys`` and ``commitments`` are by founder; ``types`` holds the digests of each type.
    """

    record_id: str
    first: str
    admin_keys: Mapping[str, frozenset[str]]
    commitments: Mapping[str, str]
    types: Mapping[str, frozenset[str]]


def read_founding_charter(entry: LinkedEntry, charter_id: str) -> FoundingCharter:
    """Read the charter and check that it is the anchor's; who signed it is not looked at.

    Raises:
        CharterMismatch: D1.
    """
    if entry.index != 0 or entry.vct != "charter/v1" or entry.record_id != charter_id:
        raise CharterMismatch(f"expected the charter {charter_id}, found {entry.record_id}")
    body, origin = entry.body, entry.head.origin
    if body.get("origin") != origin:
        raise CharterMismatch(f"expected a charter of {origin}, found {body.get('origin')!r:.80}")
    name = parse_origin(origin)
    founders = _objects(body, "founders")
    parties = {str(party_did(name, Slug(_text(item, "slug")))): item for item in founders}
    if not parties or len(parties) != len(founders):
        raise CharterMismatch(
            f"expected one founder or more, and every slug once, found {len(founders)}"
        )
    following = {party: item.get("next_key") for party, item in parties.items()}
    return FoundingCharter(
        record_id=entry.record_id,
        first=next(iter(parties)),
        admin_keys={
            party: frozenset(_texts(item, "admin_keys")) for party, item in parties.items()
        },
        commitments={party: key for party, key in following.items() if isinstance(key, str)},
        types=_read_types(body),
    )


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
