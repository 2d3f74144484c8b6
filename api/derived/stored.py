"""Derived rows as they are kept: not read yet, or only weighed."""

from __future__ import annotations

from dataclasses import dataclass

from api.derived.rows import decode_papers
from quality.deliveries.delivery import Delivery


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery as it is kept, not read yet."""

    key: str
    papers: str

    def decode(self) -> Delivery:
        """The delivery."""
        return Delivery(self.key, decode_papers(self.papers))


@dataclass(frozen=True, slots=True)
class Weight:
    """How many rows, and how long the papers in them are."""

    rows: int = 0
    characters: int = 0

    def plus(self, more: Weight) -> Weight:
        """Both together."""
        return Weight(self.rows + more.rows, self.characters + more.characters)
