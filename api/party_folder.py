"""The folder of a party: its keys under a passphrase, and what it says when it founds or joins.

::

    party.json       slug, names, roles, the service's address; written last
    admin.key        signs charter, endorsements and keys, nothing else
    next-admin.key   the admin key that may follow; keep it somewhere else
    signing.key      signs records and requests, once it is registered
    sealing.key      opens what others seal to this party, once it is registered
    founder.json     the statement to hand to founder 1 of a new log
    member.json      the statement to hand to a member of a log that is there
    anchor.json      the trust anchor, once there is a log
    mappings/        how the party's tables were read

A device that signs for a party has ``signing.key`` alone. While keys are changed there are
``.pending`` files beside them (:mod:`api.key_changes`).

A party's folder stays with the party. Nothing in it goes to the service but signatures.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from api.setup_errors import (
    WRONG_FOLDER,
    MalformedStatement,
    PartyDamaged,
    PartyExists,
    PartyMissing,
)
from keys.ed25519 import SEED_BYTES
from keys.errors import KeysError
from keys.identifiers import Did, KeyId, Origin, kid, parse_slug, party_did
from keys.key_file import Cost, seal_seed
from keys.key_storage import store_key_file
from keys.multikey import parse_multikey
from keys.signer import SeedSigner, Signer
from ledger import limits
from ledger.charter import LEGAL_ENTITY, FounderStatement
from ledger.commitment import commit_key
from ledger.durable_files import replace_file
from ledger.errors import MalformedJson
from ledger.record import is_digest
from ledger.record_type import ROLES
from ledger.strict_json import parse_json

PARTY_FORMAT: Final = "lotmark.party/v1"
FOUNDER_FORMAT: Final = "lotmark.founder/v1"
MEMBER_FORMAT: Final = "lotmark.member/v1"
_FOUNDER_MEMBERS: Final = {
    *("format", "slug", "names", "roles", "accreditations", "entity", "parent"),
    *("admin_keys", "next_key"),
}

RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class PartySigner:
    """A key that signs records and requests in the name of a party."""

    did: Did
    signer: Signer

    @property
    def kid(self) -> KeyId:
        """``<did>#<multikey>``."""
        return kid(self.did, self.signer.multikey)

    def sign(self, message: bytes) -> bytes:
        """Sign a message."""
        return self.signer.sign(message)


def signer_for(origin: Origin, slug: str, signer: Signer) -> PartySigner:
    """A party's key on one log."""
    return PartySigner(party_did(origin, parse_slug(slug)), signer)


@dataclass(frozen=True, slots=True)
class PartyProfile:
    """Who the party is, and where the service is that it last spoke to."""

    slug: str
    names: Mapping[str, str]
    roles: tuple[str, ...]
    url: str | None = None
    accreditations: tuple[str, ...] = ()
    entity: str = LEGAL_ENTITY
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class PartyFolder:
    """The paths below one party's folder."""

    root: Path

    @property
    def profile(self) -> Path:
        """Who the party is."""
        return self.root / "party.json"

    @property
    def admin_key(self) -> Path:
        """The admin key."""
        return self.root / "admin.key"

    @property
    def next_key(self) -> Path:
        """The admin key that may follow."""
        return self.root / "next-admin.key"

    @property
    def signing_key(self) -> Path:
        """The key for records and requests."""
        return self.root / "signing.key"

    @property
    def sealing_key(self) -> Path:
        """The key that others seal to; it signs nothing."""
        return self.root / "sealing.key"

    @property
    def sealing(self) -> Path:
        """What a device hands to the party's admin: the key that is to be sealed to."""
        return self.root / "sealing.json"

    @property
    def statement(self) -> Path:
        """What founder 1 is to be given."""
        return self.root / "founder.json"

    @property
    def member(self) -> Path:
        """What a member of a log is to be given, who proposes to admit the party."""
        return self.root / "member.json"

    @property
    def device(self) -> Path:
        """What a device hands to the party's admin: its key, and the proof that it holds it."""
        return self.root / "device.json"

    @property
    def mappings(self) -> Path:
        """How the party's tables were read: a mapping for each row of headings."""
        return self.root / "mappings"

    @property
    def skip_chains(self) -> Path:
        """Seeds of chains of skip-lot, which draw the lots that are inspected."""
        return self.root / "skip-lot"

    @property
    def anchor(self) -> Path:
        """The trust anchor."""
        return self.root / "anchor.json"


@dataclass(frozen=True, slots=True)
class NewParty:
    """A party that was made just now: its statement, and its keys, still open."""

    folder: PartyFolder
    statement: FounderStatement
    admin: Signer
    signing: Signer


def create_party(
    folder: PartyFolder,
    profile: PartyProfile,
    *,
    passphrase: str,
    cost: Cost = Cost.MODERATE,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> NewParty:
    """Draw the keys of a party and write its folder.

    Raises:
        PartyExists: the folder holds something already.
        SetupError, KeysError: it could not be written.
    """
    make_empty(folder.root)
    seeds = [random_bytes(SEED_BYTES) for _ in range(3)]
    for path, seed in zip(
        (folder.admin_key, folder.next_key, folder.signing_key), seeds, strict=True
    ):
        store_key_file(path, seal_seed(seed, passphrase=passphrase, cost=cost))
    admin, following, signing = (SeedSigner(seed) for seed in seeds)
    statement = FounderStatement(
        profile.slug,
        dict(profile.names),
        profile.roles,
        (admin.multikey,),
        commit_key(following.multikey),
        accreditations=profile.accreditations,
        entity=profile.entity,
        parent=profile.parent,
    )
    replace_file(folder.statement, encode_statement(statement))
    replace_file(folder.member, encode_statement(statement, MEMBER_FORMAT))
    # Written last: a folder without it is one whose making did not end.
    write_profile(folder, profile)
    return NewParty(folder, statement, admin, signing)


def write_profile(folder: PartyFolder, profile: PartyProfile) -> None:
    """Write ``party.json``."""
    members = {"format": PARTY_FORMAT, **asdict(profile), "names": dict(profile.names)}
    replace_file(folder.profile, _encode(members))


def read_profile(folder: PartyFolder) -> PartyProfile:
    """Read ``party.json``.

    Raises:
        PartyMissing: there is none.
        PartyDamaged: it has another form.
    """
    try:
        members = json.loads(folder.profile.read_bytes())
    except FileNotFoundError as fault:
        raise PartyMissing(
            f"{WRONG_FOLDER} expected the keys of a party in {folder.root.absolute()}, "
            f"found no {folder.profile.name}: make them with 'lotmark keygen', "
            "or name the folder with --party"
        ) from fault
    # A long row of brackets exhausts the decoder's stack.
    except (OSError, ValueError, RecursionError) as fault:
        raise PartyDamaged(f"{folder.profile}: {fault}") from fault
    match members:
        case {
            "format": "lotmark.party/v1",
            "slug": str(slug),
            "names": dict(names),
            "roles": [*roles],
            "url": str() | None as url,
            "accreditations": [*accreditations],
            "entity": str(entity),
            "parent": str() | None as parent,
        } if _are_texts([*names.values(), *roles, *accreditations]):
            return PartyProfile(
                slug,
                names,
                tuple(roles),
                url,
                accreditations=tuple(accreditations),
                entity=entity,
                parent=parent,
            )
    raise PartyDamaged(f"{folder.profile}: expected format {PARTY_FORMAT!r}")


def remember_service(folder: PartyFolder, *, url: str, anchor: bytes) -> None:
    """Keep the trust anchor and the service's address in a party's folder."""
    replace_file(folder.anchor, anchor)
    write_profile(folder, replace(read_profile(folder), url=url))


def encode_statement(statement: FounderStatement, form: str = FOUNDER_FORMAT) -> bytes:
    """The text of ``founder.json``, or of ``member.json``."""
    return _encode({"format": form, **asdict(statement)})


def parse_statement(data: bytes) -> FounderStatement:
    """Read what a party says of itself, as a founder or as a candidate.

    Raises:
        MalformedStatement: it has another form, or a key in it is no valid one.
    """
    try:
        members = parse_json(data, bytes_max=limits.STATEMENT_BYTES_MAX)
        if not isinstance(members, dict) or members.keys() != _FOUNDER_MEMBERS:
            raise MalformedStatement(f"expected exactly {sorted(_FOUNDER_MEMBERS)}")
        return _read_statement(members)
    except (KeysError, MalformedJson) as fault:
        raise MalformedStatement(str(fault)) from fault


def _read_statement(members: Mapping[str, Any]) -> FounderStatement:
    match members:
        case {
            "format": "lotmark.founder/v1" | "lotmark.member/v1",
            "slug": str(slug),
            "names": dict(names),
            "roles": [*roles],
            "accreditations": [*accreditations],
            "entity": str(entity),
            "parent": None | str() as parent,
            "admin_keys": [*admin_keys],
            "next_key": next_key,
        } if (
            is_digest(next_key)
            and _are_texts([*names.values(), *accreditations, *admin_keys])
            and all(role in ROLES for role in roles)
        ):
            for multikey in admin_keys:
                parse_multikey(multikey)
            return FounderStatement(
                parse_slug(slug),
                names,
                tuple(roles),
                tuple(admin_keys),
                str(next_key),
                accreditations=tuple(accreditations),
                entity=entity,
                parent=parent,
            )
    raise MalformedStatement(
        f"expected format {FOUNDER_FORMAT!r} or {MEMBER_FORMAT!r}, roles of {', '.join(ROLES)}, "
        "texts as names and accreditations, and a commitment as next_key: use the file that "
        "'lotmark keygen' wrote, unchanged"
    )


def _are_texts(values: Sequence[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def make_empty(root: Path) -> None:
    """Make a folder for keys.

    Raises:
        PartyExists: there is something in it.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = sorted(path.name for path in root.iterdir())
    if found:
        raise PartyExists(
            f"expected an empty folder {root}, found {', '.join(found[:4])}: keys are never "
            "overwritten; name another folder with --party, or move this one away"
        )


def _encode(members: Mapping[str, Any]) -> bytes:
    return (json.dumps(members, ensure_ascii=False, indent=1) + "\n").encode()
