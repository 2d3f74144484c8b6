"""The keys of simulated parties: made from the seed, so that a log can be signed again alike.

Anybody who knows the seed has them, which is why they are good for nothing but try-outs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from api.party_folder import PartySigner, signer_for
from keys.ed25519 import Seed
from keys.identifiers import parse_origin
from keys.signer import SeedSigner
from ledger.charter import FounderStatement
from ledger.commitment import commit_key
from ledger.compose import Composer
from quality.evaluation.cast import SimulatedParty

#: Opens every key of a simulated log; a secret would suggest that there is one.
PASSPHRASE: Final = "simulated"  # noqa: S105 - no secret
ADMIN, NEXT, SIGNING = "admin", "next", "signing"
#: What the salts, decoys and the jti of one record take at most.
_RECORD_BYTES: Final = 16 + 64 * 48


@dataclass(frozen=True, slots=True)
class SimulatedKeys:
    """The keys of the parties of one seed on the log of one origin."""

    seed: int
    origin: str

    def seed_of(self, slug: str, purpose: str) -> Seed:
        """The private seed of one key."""
        text = f"lotmark.evaluation/v1 key\n{self.seed}\n{slug}\n{purpose}"
        return Seed(hashlib.sha256(text.encode()).digest())

    def signer(self, slug: str, purpose: str) -> PartySigner:
        """One key in the name of its party."""
        return signer_for(parse_origin(self.origin), slug, SeedSigner(self.seed_of(slug, purpose)))

    def statement(self, party: SimulatedParty) -> FounderStatement:
        """What a party says of itself, as a founder or a candidate."""
        admin = self.signer(party.slug, ADMIN).signer.multikey
        following = self.signer(party.slug, NEXT).signer.multikey
        return FounderStatement(
            party.slug, {"en": party.name}, (party.role,), (admin,), commit_key(following)
        )

    def composer(self, slug: str, purpose: str, *, policy: str, drawn: DrawnBytes) -> Composer:
        """Composes what one key signs."""
        return Composer(self.origin, policy, self.signer(slug, purpose), drawn)


class DrawnBytes:
    """What stands for randomness in the records of a simulated log: bytes made from a name.

    A record's salts hide its groups only from those who do not know the seed.
    """

    def __init__(self, seed: int) -> None:
        """Make bytes for the records of one seed."""
        self._seed = seed
        self._bytes = b""
        self._taken = 0

    def begin(self, name: str) -> DrawnBytes:
        """Start on the bytes of one record."""
        text = f"lotmark.evaluation/v1 bytes\n{self._seed}\n{name}"
        self._bytes = hashlib.shake_128(text.encode()).digest(_RECORD_BYTES)
        self._taken = 0
        return self

    def __call__(self, count: int) -> bytes:
        """The next bytes."""
        taken = self._taken
        self._taken = taken + count
        assert self._taken <= _RECORD_BYTES, "a record takes fewer bytes"
        return self._bytes[taken : self._taken]
