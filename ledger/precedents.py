"""What admission asks of earlier entries beyond the fold: a port, and the values it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ledger.content import BlobClaim


class Precedent(NamedTuple):
    """An earlier record: who signed it, and its type."""

    party: str
    vct: str


@dataclass(frozen=True, slots=True)
class Signed:
    """An earlier record with its position and the key that signed it."""

    index: int
    kid: str
    vct: str


class Earlier(Protocol):
    """Entries before the one that is judged, as far as governance asks for them."""

    def find_signed(self, record_id: str) -> Signed | None:
        """Where the record of that id stands, and which key signed it."""

    def admitted_ms(self, index: int) -> int | None:
        """The admission time of an entry; None where there is none of that index."""


class Precedents(Earlier, Protocol):
    """What the log already holds, as far as admission asks."""

    def find_record(self, record_id: str) -> Precedent | None:
        """The earlier record of that id."""

    def is_blob_ready(self, claim: BlobClaim, owner: str) -> bool:
        """Whether the blob is the owner's, complete, and of the claimed size and hash."""
