"""The life of keys in the fold: put in force, narrowed, superseded, ended (governance.md, 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keys.errors import KeysError
from keys.multikey import parse_multikey, parse_sealing_multikey
from ledger.effects import contest_key
from ledger.errors import MalformedDocument
from ledger.fold_state import Governing, PublicFold
from ledger.party import SEAL_USE, Evidence, Party, RegisteredKey


def apply_key(fold: PublicFold, entry: Governing) -> PublicFold:
    """The fold after a ``key/v1``.

    Raises:
        MalformedDocument: no valid key, or none of a party.
    """
    body = entry.body
    key = RegisteredKey(
        kid=f"{entry.iss}#{_valid_key(body)}",
        party=entry.iss,
        uses=frozenset(body["uses"]),
        holder_kind=body["holder_kind"],
        registered_at=entry.index,
    )
    party = _party_of(fold, entry)
    replaced = party.keys.get(body["replaces"]) if body["replaces"] else None
    if replaced is not None:
        party = party.with_key(replace(replaced, superseded_s=entry.admitted_ms // 1000))
    return fold.with_party(party.with_key(key))


def apply_admin_key(fold: PublicFold, entry: Governing) -> PublicFold:
    """The fold after an ``admin-key/v1``.

    Raises:
        MalformedDocument: no valid key, or none of a party.
    """
    body, signer = entry.body, entry.kid.partition("#")[2]
    before, multikey = _party_of(fold, entry), _valid(body["multikey"])
    path = before.path_of_next(multikey, by=signer, index=entry.index)
    party = (
        before.ending(frozenset(body["retires"]), entry.index)
        .with_admin_keys((multikey,), entry.index, path=path)
        .with_evidence(Evidence(entry.index, entry.iss, entry.index))
    )
    # Only a rotation sets a commitment: the next one rests on it.
    committed = path if signer == multikey else party.commitment_path
    return fold.with_party(replace(party, commitment=body["next_key"], commitment_path=committed))


def apply_revocation(fold: PublicFold, entry: Governing) -> PublicFold:
    """The fold after a ``key-revocation/v1``.

    Raises:
        MalformedDocument: the party has no such key.
    """
    body = entry.body
    party = _party_of(fold, entry)
    multikey = body["kid"].partition("#")[2]
    key = party.keys.get(multikey)
    if key is None:
        raise MalformedDocument(f"expected a key of {entry.iss}, found {body['kid']}")
    if key.is_admin:
        party = party.with_evidence(Evidence(entry.index, entry.iss, entry.index))
    if body["keeps"]:
        return fold.with_party(party.with_key(replace(key, uses=frozenset(body["keeps"]))))
    if body["contested_from"] is None:
        return fold.with_party(party.ending(frozenset({multikey}), entry.index))
    return fold.with_party(
        contest_key(party, key.kid, start=body["contested_from"], at=entry.index)
    )


def _party_of(fold: PublicFold, entry: Governing) -> Party:
    party = fold.parties.get(entry.iss)
    if party is None:
        raise MalformedDocument(f"expected a party, found {entry.iss}")
    return party


def _valid_key(body: Mapping[str, Any]) -> str:
    """The multikey of a ``key/v1``: one to be sealed to has that use, and no other."""
    if body["uses"] != [SEAL_USE]:
        return _valid(body["multikey"])
    try:
        parse_sealing_multikey(body["multikey"])
    except KeysError as fault:
        raise MalformedDocument(f"key: {fault}") from fault
    return str(body["multikey"])


def _valid(multikey: str) -> str:
    try:
        parse_multikey(multikey)
    except KeysError as fault:
        raise MalformedDocument(f"key: {fault}") from fault
    return multikey
