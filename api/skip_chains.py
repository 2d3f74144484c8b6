"""The chains of skip-lot that a party has committed: seeds in its folder, readable by it alone.

One file for each chain, named for its end, which the commit has on the log, and one beside it
of what was revealed, so that no service can ask for another position of the same lot. A seed
that is lost forfeits every skip that is not revealed; one that leaks tells the supplier what is
drawn.
"""

from __future__ import annotations

import fcntl
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.data_folder import write_new
from api.setup_errors import FolderDamaged
from api.skip_positions import KeptReveal
from keys.encoding import encode_base64url
from ledger.durable_files import replace_file
from quality.in_force.skipping import (
    CHAIN_LENGTH_MAX,
    HASH_BYTES,
    chain_end,
    pre_image,
    read_hash,
)

FORMAT: Final = "lotmark.skip-chain/v1"
REVEALED_FORMAT: Final = "lotmark.skip-revealed/v1"


@dataclass(frozen=True, slots=True)
class KeptChain:
    """A chain whose seed is kept: its end as the commit has it, and its length."""

    end: str
    length: int
    seed: bytes

    def reveal(self, position: int) -> str:
        """The pre-image of a position, as a reveal has it."""
        return encode_base64url(pre_image(self.seed, self.length, position=position))

    def __repr__(self) -> str:
        return f"KeptChain(end={self.end!r}, length={self.length})"


class SkipChains:
    """The chains below the folder of a party."""

    def __init__(self, folder: Path) -> None:
        """Keep them below ``folder``; it is made with the first one."""
        self._folder = folder

    def draw(self, length: int) -> KeptChain:
        """Draw a chain and keep it durably, before anybody is told of its end.

        Raises:
            OSError: it could not be written.
        """
        seed = secrets.token_bytes(HASH_BYTES)
        chain = KeptChain(encode_base64url(chain_end(seed, length)), length, seed)
        members = {"format": FORMAT, "length": length, "seed": encode_base64url(seed)}
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_new(self._path(chain.end), f"{json.dumps(members)}\n".encode(), mode=0o600)
        return chain

    def drop(self, chain: KeptChain) -> None:
        """Remove a chain whose commit the log refused: its end is on no log."""
        self._path(chain.end).unlink(missing_ok=True)

    def find(self, end: str) -> KeptChain | None:
        """The chain of this end; None where its seed is not here, or its file was changed."""
        try:
            members = json.loads(self._path(end).read_bytes())
        except (OSError, ValueError):
            return None
        chain = _chain_of(members)
        return chain if chain and chain.end == end else None

    def reveals(self, end: str) -> tuple[KeptReveal, ...]:
        """What was revealed of a chain from here, in that order.

        Raises:
            FolderDamaged: nobody can tell any more.
        """
        path = self._folder / f"{end}.revealed"
        try:
            listed = json.loads(path.read_bytes())["revealed"]
            return tuple(KeptReveal(int(p), str(lot), int(entry)) for p, lot, entry in listed)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, KeyError) as fault:
            raise FolderDamaged(f"{path}: expected what was revealed, found {fault!r}") from fault

    def keep_reveal(self, end: str, reveal: KeptReveal) -> None:
        """Keep durably that a position is given away, before it is.

        Raises:
            FolderDamaged: as :meth:`reveals`.
            OSError: it could not be written.
        """
        kept = dict.fromkeys((*self.reveals(end), reveal))
        members = {
            "format": REVEALED_FORMAT,
            "revealed": [[one.position, one.lot, one.entry] for one in kept],
        }
        replace_file(self._folder / f"{end}.revealed", f"{json.dumps(members)}\n".encode())

    @contextmanager
    def alone(self, end: str) -> Iterator[None]:
        """Reveal of a chain while no other process does."""
        with self._path(end).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def kept(self) -> Iterator[KeptChain]:
        """Every chain whose seed is here."""
        for path in sorted(self._folder.glob("*.json")):
            chain = self.find(path.stem)
            if chain:
                yield chain

    def _path(self, end: str) -> Path:
        return self._folder / f"{end}.json"


def _chain_of(members: object) -> KeptChain | None:
    if not isinstance(members, dict) or members.get("format") != FORMAT:
        return None
    length, seed = members.get("length"), members.get("seed")
    value = read_hash(seed) if isinstance(seed, str) else None
    if value is None or type(length) is not int or not 1 <= length <= CHAIN_LENGTH_MAX:
        return None
    return KeptChain(encode_base64url(chain_end(value, length)), length, value)
