"""Changing a party's keys so that no crash leaves it without one that the log knows.

The files change in this order, each step whole after a crash:

1. the new key is drawn into ``NAME.pending``, under a passphrase that has opened the old ones;
2. the record that puts it in force is kept in ``CHANGE.pending``, before it is sent;
3. a receipt is there: the files are switched, the kept record is removed last.

Who was interrupted runs the same command again: what was kept is sent again, the same bytes,
and gets the same receipt. :func:`begun` finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from api.party_folder import PartyFolder
from api.setup_errors import KeyChangeDamaged
from keys.key_storage import load_key_file, store_key_file
from ledger.durable_files import move_file, replace_file, sync_directory
from ledger.errors import LedgerError
from ledger.record import ParsedJws, parse_jws

PENDING: Final = ".pending"
_RECORD_BYTES_MAX: Final = 1 << 17


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One change of keys: which file the new key is to have, and where its record is kept."""

    folder: PartyFolder
    target: Path
    record: Path

    @property
    def drawn(self) -> Path:
        """The new key, until it takes its place."""
        return self.target.with_name(self.target.name + PENDING)

    def begun(self, origin: str) -> tuple[str, ParsedJws] | None:
        """The record that was kept, where the change was interrupted, and what it says.

        Raises:
            KeyChangeDamaged: it is no record.
        """
        try:
            with self.record.open("rb") as file:
                data = file.read(_RECORD_BYTES_MAX)
        except FileNotFoundError:
            return None
        try:
            text = data.decode("ascii")
            return text, parse_jws(text.partition("~")[0], origin=origin)
        except (UnicodeDecodeError, LedgerError) as fault:
            raise KeyChangeDamaged(
                f"{self.record}: expected the record of a change of keys, found: {fault}; "
                "compare 'lotmark keys', move the file away, and begin the change again"
            ) from fault

    def discard(self) -> None:
        """Forget the new key: nothing was sent with it, for its record was never kept."""
        assert not self.record.exists()
        self.drawn.unlink(missing_ok=True)
        sync_directory(self.folder.root)

    def keep(self, sd_jwt: str) -> None:
        """Keep the record before it is sent: from here on the change can be gone on with."""
        replace_file(self.record, sd_jwt.encode("ascii"))

    def end(self) -> None:
        """Forget the record: the change is over, or was refused."""
        self.record.unlink(missing_ok=True)
        sync_directory(self.folder.root)


def signing_change(folder: PartyFolder) -> KeyChange:
    """Another signing key takes the place of the one in the folder."""
    return KeyChange(folder, folder.signing_key, folder.root / f"signing-rotation{PENDING}")


def admin_change(folder: PartyFolder) -> KeyChange:
    """The committed key becomes the admin key; the new file is the key that may follow it."""
    return KeyChange(folder, folder.next_key, folder.root / f"rotation{PENDING}")


def switch_signing(change: KeyChange, *, is_kept: bool = False) -> None:
    """Put the new signing key in its place; may be repeated.

    Args:
        change: the rotation.
        is_kept: whether the old file is kept aside, as ``signing.key.ended-1`` and so on.
    """
    if change.drawn.exists():
        if is_kept and change.target.exists():
            _set_aside(change.target)
        move_file(change.drawn, change.target)
    change.end()


def _set_aside(path: Path) -> None:
    """Give a file another name beside its own; once, however often it is interrupted."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.ended-{number}")
        if not aside.exists():
            aside.hardlink_to(path)
            return
        if aside.samefile(path):
            return


def switch_admin(change: KeyChange, multikey: str) -> None:
    """Make the committed key the admin key, and the new one the one that may follow it.

    May be repeated after a crash at any step.

    Args:
        change: the rotation.
        multikey: the key that the log put in force.

    Raises:
        KeyChangeDamaged: the committed key is in neither place.
    """
    admin = change.folder.admin_key
    if not admin.exists() or load_key_file(admin).header.multikey != multikey:
        if load_key_file(change.target).header.multikey != multikey:
            raise KeyChangeDamaged(f"expected {multikey} in {change.target}, found another key")
        # A copy, not a move: until the new next key is in place this one has two names.
        copied = admin.with_name(admin.name + PENDING)
        copied.unlink(missing_ok=True)
        store_key_file(copied, load_key_file(change.target))
        move_file(copied, admin)
    if change.drawn.exists():
        move_file(change.drawn, change.target)
    change.end()
