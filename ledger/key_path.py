"""The key path of a record: who signed it, by what right, and what became of the key.

Walks the entries that a view offers as evidence (:mod:`ledger.key_walk`) and asks them about
one record (docs/spec/view.md, D1 to D6 and D11). What is not proved by a hash or a signature
here is no part of the path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from keys.errors import BadSignature
from ledger import limits
from ledger.errors import KeyNotRegistered, KeyPathBroken
from ledger.key_walk import Walk, begin_walk, take_step
from ledger.linked_entry import FoundingCharter, LinkedEntry, read_founding_charter
from ledger.record import ADMIN_VCTS, verify_jws


@dataclass(frozen=True, slots=True)
class SignerFacts:
    """What the path says of a record's signer: entry numbers, and the DIDs that let it in."""

    key_registered_at: int
    member_since: int
    approved_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contest:
    """A declared compromise: from which entry on, and the entry that says so."""

    start: int
    at: int


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What later entries of the view say of the record's key and of the record."""

    key_ended_at: int | None = None
    contested: Contest | None = None
    reaffirmed_at: int | None = None


NO_AFTERMATH: Final = Aftermath()


@dataclass(frozen=True, slots=True)
class RecordPath:
    """A record's path, walked as far as the record."""

    charter: FoundingCharter
    signer: SignerFacts
    walk: Walk


class KeyPaths:
    """The key paths of one view. Its records share a few, so each is walked once."""

    def __init__(self, entries: Sequence[LinkedEntry], charter_id: str) -> None:
        """Take paths from this table, from the charter of this record id on."""
        self._entries = entries
        self._charter_id = charter_id
        self._begun: Walk | None = None
        self._walked: dict[tuple[int, ...], Walk] = {}
        self._signed: set[int] = set()

    def path_of(
        self, entry: LinkedEntry, keys: tuple[int, ...], *, after: tuple[int, ...]
    ) -> RecordPath:
        """The path to a record's key; ``keys`` and ``after`` are positions in the table.

        Raises:
            CharterMismatch, KeyPathBroken, KeyNotRegistered: D1 to D6.
        """
        walk = self._walk(entry, keys)
        self._check_places(entry, keys, after=after)
        return RecordPath(walk.charter, _judge_signer(walk, entry), walk)

    def aftermath_of(
        self, entry: LinkedEntry, path: RecordPath, *, after: tuple[int, ...]
    ) -> Aftermath:
        """What the entries of ``after`` say became of the record and its key.

        Raises:
            KeyPathBroken: D11.
        """
        if not after:
            return NO_AFTERMATH
        found, links = NO_AFTERMATH, [self._entries[position] for position in after]
        walked = walk_aftermath(path.walk.copy(), entry, links)
        for link, told in zip(links, walked, strict=True):
            self._check_signature(link)
            found = told
        return found

    def _walk(self, entry: LinkedEntry, keys: tuple[int, ...]) -> Walk:
        if not keys:
            # Only the charter itself has nothing before it that could speak for it.
            return self._begin(entry)
        if keys not in self._walked:
            walk = self._begin(self._entries[keys[0]]).copy()
            for position in keys[1:]:
                take_step(walk, self._entries[position])
                self._check_signature(self._entries[position])
            if len(self._walked) == limits.KEY_PATHS_KEPT_MAX:
                self._walked.clear()
            self._walked[keys] = walk
        return self._walked[keys]

    def _begin(self, entry: LinkedEntry) -> Walk:
        if self._begun is None or entry.record_id != self._charter_id or entry.index:
            walk = begin_walk(read_founding_charter(entry, self._charter_id))
            if entry.iss != walk.charter.first or not walk.is_by_admin_key(entry):
                raise KeyPathBroken(
                    f"expected the charter signed by an admin key of {walk.charter.first}, "
                    f"found {entry.kid}"
                )
            self._check_signature(entry)
            self._begun = walk
        return self._begun

    def _check_places(
        self, entry: LinkedEntry, keys: tuple[int, ...], *, after: tuple[int, ...]
    ) -> None:
        # Positions ascend, and so do the indices of the table (A4, C3).
        if keys and self._entries[keys[-1]].index >= entry.index:
            raise KeyPathBroken(
                f"expected a key path that ends before entry {entry.index}, "
                f"found entry {self._entries[keys[-1]].index} in it"
            )
        if after and self._entries[after[0]].index <= entry.index:
            raise KeyPathBroken(
                f"expected later evidence that begins after entry {entry.index}, "
                f"found entry {self._entries[after[0]].index} in it"
            )

    def _check_signature(self, entry: LinkedEntry) -> None:
        # Verified once, however many records need it: 10,000 records may name 256 each.
        if entry.index in self._signed:
            return
        try:
            verify_jws(entry.parsed)
        except BadSignature as fault:
            raise KeyPathBroken(f"entry {entry.index}: {fault}") from fault
        self._signed.add(entry.index)


def walk_aftermath(
    walk: Walk, entry: LinkedEntry, links: Iterable[LinkedEntry]
) -> Iterator[Aftermath]:
    """What is known of the record and its key after each later entry; the walk goes on.

    Raises:
        KeyPathBroken: D11 but for the signatures.
    """
    _take_if_step(walk, entry)
    found = NO_AFTERMATH
    for link in links:
        found = _follow(walk, entry, later=link, found=found)
        yield found


def _judge_signer(walk: Walk, entry: LinkedEntry) -> SignerFacts:
    consent = walk.consent(entry)
    joins = walk.is_of_charter(entry) and entry.iss in walk.charter.admin_keys
    if entry.iss not in walk.standing and not joins and consent is None:
        raise KeyPathBroken(f"expected a key path to the admission of {entry.iss}, found none")
    if consent is not None:
        may_sign = entry.multikey in consent.admin_keys and walk.may_begin(entry.kid)
    else:
        may_sign = _may_sign(walk, entry)
    if not may_sign:
        raise KeyNotRegistered(f"expected a key in force by the key path, found {entry.kid}")
    approvals = walk.approvals_of(entry.iss) if consent is None else consent.approvals
    return SignerFacts(
        key_registered_at=walk.registered.get(entry.kid, entry.index),
        member_since=walk.standing.get(entry.iss, entry.index),
        approved_by=tuple(sorted(approvals)),
    )


def _may_sign(walk: Walk, entry: LinkedEntry) -> bool:
    if walk.is_in_force(entry.kid, is_admin=entry.vct in ADMIN_VCTS):
        return True
    names_itself = entry.vct == "admin-key/v1" and entry.body.get("multikey") == entry.multikey
    is_new = names_itself and walk.may_begin(entry.kid)
    return is_new and walk.meets_commitment(entry.iss, entry.multikey)


def _take_if_step(walk: Walk, entry: LinkedEntry) -> None:
    """Let the record itself count, where it is a step: later entries may rest on it."""
    try:
        take_step(walk, entry)
    except KeyPathBroken:
        # Most records are none, and need not be.
        return


def _follow(walk: Walk, entry: LinkedEntry, *, later: LinkedEntry, found: Aftermath) -> Aftermath:
    if _reaffirms(walk, entry, later):
        return _first(found, reaffirmed_at=later.index)
    take_step(walk, later)
    if later.vct == "key-revocation/v1" and later.body["kid"] == entry.kid:
        start = later.body["contested_from"]
        ended_at = None if later.body["keeps"] else later.index
        is_contested = start is not None and start <= entry.index
        contested = Contest(start, later.index) if is_contested else None
        return _first(found, key_ended_at=ended_at, contested=contested)
    is_own = later.vct == "admin-key/v1" and later.iss == entry.iss
    if is_own and entry.kid in walk.admin_kids and entry.multikey in later.body["retires"]:
        return _first(found, key_ended_at=later.index)
    return found


def _reaffirms(walk: Walk, entry: LinkedEntry, later: LinkedEntry) -> bool:
    if later.vct != "endorsement/v1" or later.iss != entry.iss:
        return False
    is_of_record = later.body.get("of") == entry.record_id
    is_acceptance = is_of_record and later.body.get("meaning") == "accept"
    return is_acceptance and walk.is_by_admin_key(later)


def _first(found: Aftermath, **news: Any) -> Aftermath:
    """What was found before stays: the first entry that says so counts."""
    unknown = {name: value for name, value in news.items() if getattr(found, name) is None}
    return replace(found, **unknown)
