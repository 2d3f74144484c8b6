"""Reads the records that the sampling of parts follows from: counted first, then loaded.

They are folded after the tables were let go (:mod:`api.derived.answering` tells why).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from api.derived.answering import TooMuch
from api.derived.database import DerivedDatabase
from api.derived.sampled_rows import sampled_of_row
from api.derived.sql_book import SqlDeliveryReading
from api.derived.tables import LANE, SAMPLED
from quality.sampling.history import UNKNOWN_PART, SampledParts, SampledRecord

#: Records of one answer.
ROWS_MAX: Final = 20_000
#: And how long they are as text: some ten thousand usual reports.
CHARACTERS_MAX: Final = 12_000_000


@dataclass(frozen=True, slots=True)
class LoadedSampling:
    """Records of one state of the tables, in the order of their entries, and its tree size."""

    tree_size: int
    records: Sequence[SampledRecord]


class SqlSamplingBook:
    """The records behind a database of derived tables; may be used by threads."""

    def __init__(self, database: DerivedDatabase) -> None:
        """Read from ``database``."""
        self._database = database

    def load(self, asked: Sequence[SampledParts]) -> LoadedSampling:
        """The records of these parts, and those that correct one of them, in whichever part.

        Reports of which the part is not known any more are among them.

        Raises:
            TooMuch: they are more than one answer may take; none were loaded then.
            StoreUnavailable: the database does not answer.
        """
        return self._load(or_(*map(_is_asked, asked))) if asked else self._load(None)

    def load_beside(self, record_id: str) -> LoadedSampling:
        """The records of the part that this one concerns; none where it concerns none.

        Raises:
            TooMuch, StoreUnavailable: as :meth:`load`.
        """
        own = select(SAMPLED.c.lane).where(SAMPLED.c.record_id == record_id).correlate(None)
        return self._load(SAMPLED.c.lane.in_(own))

    def _load(self, condition: ColumnElement[bool] | None) -> LoadedSampling:
        with self._database.snapshot() as connection:
            # Refuses tables that another version has made in the meantime.
            size = SqlDeliveryReading(connection).size()
            if condition is None:
                return LoadedSampling(size, ())
            wanted = or_(condition, SAMPLED.c.record_id.in_(_corrections(condition)))
            found = _rows(wanted, func.length(SAMPLED.c.facts).label("weight"))
            counted = found.limit(ROWS_MAX + 1).subquery()
            weight = select(func.count(), func.coalesce(func.sum(counted.c.weight), 0))
            rows, characters = connection.execute(weight.select_from(counted)).one()
            _expect(int(rows), int(characters))
            columns = (SAMPLED, LANE.c.customer, LANE.c.supplier, LANE.c.part)
            ordered = _rows(wanted, *columns).order_by(SAMPLED.c.entry)
            return LoadedSampling(size, tuple(map(sampled_of_row, connection.execute(ordered))))


def _expect(rows: int, characters: int) -> None:
    if rows > ROWS_MAX:
        raise TooMuch(f"a question about at most {ROWS_MAX} reports and acts, found more")
    if characters > CHARACTERS_MAX:
        raise TooMuch(f"reports of at most {CHARACTERS_MAX} characters, found more")


def _rows(condition: ColumnElement[bool], *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(SAMPLED)
        .join(LANE, LANE.c.key == SAMPLED.c.lane)
        .where(condition)
    )


def _corrections(condition: ColumnElement[bool]) -> Select[Any]:
    """The ids of records that correct one of these: some may name another part by now."""
    later = SAMPLED.alias("later")
    return (
        select(later.c.record_id)
        .select_from(later)
        .join(SAMPLED, SAMPLED.c.record_id == later.c.corrects)
        .join(LANE, LANE.c.key == SAMPLED.c.lane)
        .where(condition)
        # Without this the rows outside would be meant by it.
        .correlate(None)
    )


def _is_asked(asked: SampledParts) -> ColumnElement[bool]:
    sides = [name for name in (asked.customer, asked.supplier) if name is not None]
    named = (
        (LANE.c.customer, asked.customer),
        (LANE.c.supplier, asked.supplier),
        (LANE.c.part, asked.part),
    )
    is_part = and_(LANE.c.part != UNKNOWN_PART, *(col == name for col, name in named if name))
    # Who signed such a report, and for whom: which of them buys is not known any more either.
    is_side = (or_(LANE.c.customer == name, LANE.c.supplier == name) for name in sides)
    return or_(is_part, and_(LANE.c.part == UNKNOWN_PART, *is_side))
