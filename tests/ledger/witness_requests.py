"""Logs that grow, fork and lie, and the requests by which they ask for a cosignature."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.note import Ed25519Signer, encode_note
from ledger.tree import TreeSize
from ledger.witness import WitnessedLog, encode_request
from tests.ledger import reference_tree
from tests.ledger.signers import a_signer

ORIGIN: Final = "log.example/lots"


@dataclass(frozen=True, slots=True)
class History:
    """One history of a log: ``name`` of every leaf from ``fork`` on, the common one before."""

    fork: int | None = None
    origin: str = ORIGIN
    signer: Ed25519Signer = field(default_factory=lambda: a_signer(ORIGIN))

    def leaves(self, size: int) -> list[bytes]:
        """The leaf hashes."""
        return [
            reference_tree.leaf(f"{self._side(index)} {index}".encode()) for index in range(size)
        ]

    def _side(self, index: int) -> str:
        return "one" if self.fork is None or index < self.fork else "other"

    def root(self, size: int) -> bytes:
        """The root."""
        return reference_tree.root(self.leaves(size))

    def note(self, size: int, *, extensions: tuple[str, ...] = ()) -> str:
        """The signed checkpoint."""
        checkpoint = Checkpoint(self.origin, TreeSize(size), self.root(size), extensions)
        return encode_note(sign_checkpoint(checkpoint, [self.signer])).decode()

    def proof(self, old_size: int, size: int) -> list[bytes]:
        """The consistency proof; none from size 0."""
        if not 0 < old_size <= size:
            return []
        return reference_tree.consistency(old_size, self.leaves(size))

    def request(self, old_size: int, size: int, *, proof: Sequence[bytes] | None = None) -> bytes:
        """The honest request, but for another proof."""
        given = self.proof(old_size, size) if proof is None else proof
        return encode_request(old_size, lines(given), note=self.note(size))

    @property
    def log(self) -> WitnessedLog:
        """The log as a witness is configured for it."""
        return WitnessedLog(self.origin, (self.signer.key,))


def lines(proof: Sequence[bytes]) -> tuple[str, ...]:
    """A proof as base64 lines."""
    return tuple(base64.b64encode(found).decode() for found in proof)
