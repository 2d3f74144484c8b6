"""What the pages of a party that has signed in ask of the service, and nothing more.

They tell a party of its own records alone: what others see of them, and who read them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from ledger.fold import PublicFold
from ledger.sharing.seen import SeenGroup


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The party that a request is from, and until when (Unix seconds)."""

    did: str
    until_s: int


@dataclass(frozen=True, slots=True)
class SeenRecords:
    """What one reader sees of an owner's newest records.

    ``records`` is how many were looked at, ``has_more`` whether there are older ones;
    ``relations`` the kinds of relation in force between the two.
    """

    reader: str | None
    records: int
    has_more: bool
    groups: tuple[SeenGroup, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessLine:
    """One record of the owner's that somebody read: when, who, by which rules, which groups."""

    at_ms: int
    reader: str
    record_id: str
    vct: str
    groups: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessPage:
    """The newest reads of an owner's records; ``older`` is where the next page begins."""

    lines: Sequence[AccessLine]
    older: str | None


class OwnFacts(Protocol):
    """What a party's own pages are made of."""

    @property
    def fold(self) -> PublicFold:
        """The governance in force."""

    def signed_in(self, request: Request) -> SignedIn | None:
        """Who is signed in; None where nobody is, or not any more."""

    def sight(self, owner: str) -> Callable[[str | None], SeenRecords]:
        """The owner's newest records, read once: what a party, or anyone (None), sees of them."""

    def accesses(self, owner: str, before: str | None) -> AccessPage:
        """Who read the owner's records, newest first."""
