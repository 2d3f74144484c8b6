"""How connections to a database end, whichever database it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event


def close_engine(engine: Engine) -> None:
    """Close the connections of an engine: what is in use, as soon as it is given back.

    Disposing alone leaves a connection that is in use to the collector, which may find it
    long after, and warns.
    """
    event.listen(engine.pool, "checkin", _close_returned)
    engine.dispose()


def _close_returned(_: object, record: Any) -> None:
    record.invalidate()
