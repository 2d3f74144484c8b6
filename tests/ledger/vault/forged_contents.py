"""Contents of a log, changed by somebody who has its database and its shelf."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from ledger.vault.sealing import Found, Plain, VaultRow
from ledger.vault.shelf import KeyShelf
from ledger.vault.vault import Vault


def forge_contents(
    database: Path, shelf: Path, indices: Iterable[int], change: Callable[[str], str]
) -> None:
    """Seal other disclosures in the place of those of some entries of a SQLite log."""
    vault = Vault(KeyShelf(shelf))
    with closing(sqlite3.connect(database)) as connection:
        for index in indices:
            plain = _opened(connection, vault, index)
            (row,) = vault.seal([plain._replace(text=change(plain.text))])
            connection.execute("REPLACE INTO vault VALUES (?, ?, ?, ?, ?)", row)
        connection.commit()


def _opened(connection: sqlite3.Connection, vault: Vault, index: int) -> Plain:
    asked = "SELECT record_id FROM entry WHERE idx = ?"
    ((record_id,),) = connection.execute(asked, (index,)).fetchall()
    rows = connection.execute("SELECT * FROM vault WHERE idx = ?", (index,)).fetchall()
    found = Found(index, record_id, VaultRow(*rows[0]) if rows else None)
    return Plain(vault.open([found]).get(index, ""), index, record_id)
