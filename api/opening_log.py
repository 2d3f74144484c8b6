"""Opens the database of a log: the one its folder names, with the keys of its contents.

Apart from :mod:`api.data_folder`, so that a party's commands start without a database.
"""

from __future__ import annotations

from api.data_folder import DataFolder
from ledger.store_open import open_store
from ledger.store_postgres import PostgresStore
from ledger.store_sql import SqlStore


def open_log(folder: DataFolder, *, read_only: bool = False) -> SqlStore | PostgresStore:
    """The database of the log, with the keys of its contents.

    Raises:
        StoreBusy, StoreOutdated, StoreUnavailable: it cannot be opened so.
    """
    return open_store(folder.database_url, shelf=folder.shelf, read_only=read_only)
