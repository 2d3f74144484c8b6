"""The vault, as the stores use it: seal what is committed, open what is read, plan erasures.

A store gives rows and takes rows; which transaction they belong to is its matter. Whoever
seals or erases holds the turn at the head, so that no record is sealed under a key that an
erasure destroys meanwhile. Rows are read before the shelf: what was wrapped anew since then
opens by the newer file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import Final

from ledger.vault.epoch_file import epoch_of
from ledger.vault.erasing import Erasure, keep_instead, plan_erasure, rewrapped
from ledger.vault.opening import open_found
from ledger.vault.sealing import Found, Plain, VaultRow
from ledger.vault.shelf import KeyShelf


class Vault:
    """The contents of one log under the keys of one shelf."""

    def __init__(self, shelf: KeyShelf) -> None:
        """Use the keys of ``shelf``."""
        self.shelf: Final = shelf

    def seal(self, plains: Sequence[Plain]) -> list[VaultRow]:
        """Seal disclosures, each under a key of its own; the epochs' keys are durable first.

        Raises:
            ShelfDamaged, ShelfUnavailable: a key cannot be read or made.
        """
        rows: list[VaultRow] = []
        for epoch, members in groupby(plains, lambda plain: epoch_of(plain.entry)):
            rows += self.shelf.ensure(epoch).key.seal(list(members))
        return rows

    def open(self, founds: Iterable[Found]) -> dict[int, str]:
        """Disclosures by entry; those that cannot be opened, or of which nothing is left, are not.

        Raises:
            ShelfUnavailable: the shelf could not be read; what is missing in it raises nothing.
        """
        opened: dict[int, str] = {}
        for epoch, members in groupby(founds, lambda found: epoch_of(found.entry)):
            keys = self.shelf.find(epoch)
            if keys is None:
                continue
            for found in members:
                text = open_found(found, keys.file, keys.key)
                if text:
                    opened[found.entry] = text
        return opened

    def is_lost(self, found: Found) -> bool:
        """Whether the contents of an entry may be put back: nothing of them opens, not even that
        they were erased.

        Raises:
            ShelfUnavailable: the shelf could not be read.
        """
        keys = self.shelf.find(epoch_of(found.entry))
        return keys is None or open_found(found, keys.file, keys.key) is None

    def erase(
        self, founds: Collection[Found], *, index: int, groups: Collection[str]
    ) -> tuple[VaultRow, ...]:
        """Destroy the key of the epoch, and so the groups; returns the rows that are to follow.

        From the return on the groups cannot be opened. Without the rows everything else still
        can, so they may be written again at any time.

        Args:
            founds: every entry of the epoch.
            index: the entry of which groups are erased.
            groups: their names.

        Raises:
            ShelfDamaged, ShelfUnavailable: nothing was erased.
        """
        epoch = epoch_of(index)
        planned = plan_erasure(self.shelf.ensure(epoch).file, founds, index=index, groups=groups)
        self._replace(planned)
        return planned.rows

    def exchange(
        self, founds: Collection[Found], *, before: str, after: str
    ) -> tuple[VaultRow, ...]:
        """Seal ``after`` in the place of exactly ``before``; the row that is to follow, if any.

        Args:
            founds: the entry, if it is there.
            before: what must open now.
            after: what is to.

        Raises:
            ShelfDamaged, ShelfUnavailable: nothing was changed.
        """
        for found in founds:
            if not before or self.open([found]).get(found.entry) != before:
                return ()
            epoch = self.shelf.ensure(epoch_of(found.entry))
            if found.entry not in epoch.file.kept:
                return tuple(epoch.key.seal([Plain(after, found.entry, found.record_id)]))
            # What an erasure left counts before any row, so that is what has to change.
            file = keep_instead(epoch.file, found, after)
            self.shelf.replace(file)
            return rewrapped(file, epoch.key, [found], again=True)
        return ()

    def _replace(self, planned: Erasure) -> None:
        if planned.file is not None:
            self.shelf.replace(planned.file)
