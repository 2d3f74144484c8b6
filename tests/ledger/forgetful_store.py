"""A database in memory that has lost, or holds another content of, some of its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.store_memory import MemoryStore


class ForgetfulStore(MemoryStore):
    """``lost`` maps entries to what is left of their disclosures."""

    def __init__(self) -> None:
        """Nothing is lost yet."""
        super().__init__()
        self.lost: dict[int, str] = {}

    def disclosures(self, indices: Sequence[int]) -> Mapping[int, str]:
        """Those that are not lost, or what is left of them."""
        kept = dict(super().disclosures(indices))
        for index in self.lost.keys() & kept.keys():
            kept[index] = self.lost[index]
        return {index: text for index, text in kept.items() if text}

    def restore_disclosures(self, index: int, disclosures: str) -> None:
        """Not lost any more."""
        del disclosures
        self.lost.pop(index, None)
