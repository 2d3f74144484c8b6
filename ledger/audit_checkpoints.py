"""Compares the checkpoints that a log keeps with the tree of its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import LedgerError
from ledger.fold import PublicFold
from ledger.frontier import EMPTY_FRONTIER, Frontier, append_leaves
from ledger.note import Ed25519Verifier, open_note, parse_vkey

AddFinding = Callable[[str, str, str], None]


class KeptCheckpoints:
    """Grows the tree and compares it with each kept checkpoint at its size."""

    def __init__(self, checkpoints: Iterator[tuple[int, str]], add: AddFinding) -> None:
        """Begin with an empty tree.

        Args:
            checkpoints: (size, signed note), ascending.
            add: told the place, code and detail of everything that does not hold.
        """
        self._checkpoints = checkpoints
        self._next = next(checkpoints, None)
        self._frontier: Frontier = EMPTY_FRONTIER
        self.count = 0
        self._add = add
        self._covered = 0
        self._verifiers: dict[str, Ed25519Verifier] = {}

    def follow(self, leaves: Sequence[bytes], fold: PublicFold) -> None:
        """Add the next leaves; the log keys are those of the fold's charter."""
        start = 0
        base = self._frontier.size
        while self._next is not None and self._next[0] <= base + len(leaves):
            stop = max(self._next[0] - base, start)
            self._frontier = append_leaves(self._frontier, leaves[start:stop]).frontier
            start = stop
            self._compare(*self._next, fold)
            self._next = next(self._checkpoints, None)
        self._frontier = append_leaves(self._frontier, leaves[start:]).frontier

    def finish(self) -> bytes:
        """The root of the whole tree, after its last leaf."""
        size = self._frontier.size
        if self._next is not None:
            found = self._next[0]
            self._add(
                f"checkpoint {found}", "wrong-index", f"covers more than the {size} entries held"
            )
        elif self._covered != size:
            self._add(
                f"entry {self._covered}",
                "checkpoint-missing",
                f"expected a checkpoint of all {size} entries, found one of {self._covered}",
            )
        return self._frontier.root()

    def _compare(self, size: int, note: str, fold: PublicFold) -> None:
        place = f"checkpoint {size}"
        self.count += 1
        if size <= self._covered:
            self._add(place, "wrong-index", f"expected a size above {self._covered}, found {size}")
            if size < self._covered:
                return
        self._covered = size
        try:
            checkpoint = self._open(note, fold)
        except LedgerError as fault:
            self._add(place, fault.code, str(fault))
            return
        if checkpoint.origin != fold.origin:
            found = checkpoint.origin[:200]
            self._add(place, "wrong-origin", f"expected {fold.origin}, found {found}")
        if (checkpoint.size, checkpoint.root) != (size, self._frontier.root()):
            expected, signed = self._frontier.root().hex(), checkpoint.root.hex()
            self._add(
                place,
                "root-mismatch",
                f"expected size {size} and root {expected}, found {checkpoint.size} and {signed}",
            )

    def _open(self, note: str, fold: PublicFold) -> Checkpoint:
        keys = fold.charter.log_keys if fold.charter else ()
        for key in keys:
            if key not in self._verifiers:
                self._verifiers[key] = Ed25519Verifier(parse_vkey(key))
        opened = open_note(note.encode(), [self._verifiers[key] for key in keys])
        return parse_checkpoint(opened.text)
