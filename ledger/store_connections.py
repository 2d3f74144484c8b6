"""What holds for a database that is open, whichever it is, and how its connections end."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event

from ledger.store_errors import StoreUnavailable


class OpenDatabase:
    """A database until it is closed, to be written or only read."""

    def __init__(self, *, read_only: bool) -> None:
        """Say whether it is only read."""
        self.read_only = read_only
        self._is_open = True

    def refuse_read_only(self) -> None:
        """Refuse what would write where nothing may.

        Raises:
            StoreUnavailable: the database is only read here.
        """
        if self.read_only:
            raise StoreUnavailable("expected a store that may write, found a read-only one")

    def _refuse_closed(self) -> None:
        if not self._is_open:
            raise StoreUnavailable("expected an open store, found one that was closed")


def close_engine(engine: Engine) -> None:
    """Close the connections of an engine: what is in use, as soon as it is given back.

    Disposing alone leaves a connection that is in use to the collector, which may find it
    long after, and warns.
    """
    event.listen(engine.pool, "checkin", _close_returned)
    engine.dispose()


def _close_returned(_: object, record: Any) -> None:
    record.invalidate()
