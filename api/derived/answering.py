"""What one answer may take: counted by the database first, then loaded, then evaluated.

Papers are evaluated after the state of the tables was let go: few connections read, and a
long-held one keeps a database from tidying up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from api.derived.sql_book import SqlDeliveryBook, SqlDeliveryReading
from api.derived.stored import StoredDelivery, Weight
from quality.deliveries.book import FirstDay, Month, Question
from quality.deliveries.case import Case, lots_of
from quality.deliveries.delivery import Delivery, LotKey, MonthKey, Pending, evaluate
from quality.deliveries.papers import Gap

#: Rows, and the ids of one answer.
ROWS_MAX: Final = 20_000
#: Papers of one answer, as text: some ten thousand of usual ones.
PAPER_CHARACTERS_MAX: Final = 12_000_000
_PART: Final = 500


class TooMuch(Exception):
    """An answer would be larger than one may be: the text says what was found."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer needs of the tables."""

    questions: Sequence[Question]
    months: bool = False
    deliveries: bool = False
    with_inputs: bool = False


@dataclass(slots=True)
class LoadedDeliveries:
    """Rows of one state of the tables, as far as an answer needs them."""

    tree_size: int
    loaded_months: dict[Question, Sequence[Month]]
    loaded_pending: dict[Question, Sequence[StoredDelivery]]
    loaded: dict[Question, Sequence[StoredDelivery]]
    loaded_cases: dict[Question, Sequence[Case]]
    loaded_days: dict[LotKey, FirstDay]
    brought: dict[str, StoredDelivery]
    loaded_gaps: dict[Question, Sequence[Gap]]

    def size(self) -> int:
        """See :meth:`quality.deliveries.book.DeliveryReading.size`."""
        return self.tree_size

    def places(self, record_ids: Collection[str]) -> Mapping[str, str]:
        """None: no answer of this kind asks."""
        del record_ids
        return {}

    def deliveries(self, keys: Collection[str]) -> Mapping[str, Delivery]:
        """See :meth:`quality.deliveries.book.DeliveryReading.deliveries`."""
        return {key: self.brought[key].decode() for key in keys if key in self.brought}

    def cases(self, keys: Collection[str]) -> Mapping[str, Case]:
        """None: no answer of this kind asks."""
        del keys
        return {}

    def named_lots(self, keys: Collection[LotKey]) -> Set[LotKey]:
        """None: no answer of this kind asks."""
        del keys
        return frozenset()

    def cases_naming(self, keys: Collection[LotKey]) -> Mapping[LotKey, frozenset[str]]:
        """None: no answer of this kind asks."""
        del keys
        return {}

    def first_days(
        self, keys: Collection[LotKey], *, besides: Collection[str] = ()
    ) -> Mapping[LotKey, FirstDay]:
        """See :meth:`quality.deliveries.book.DeliveryReading.first_days`."""
        assert not besides, "only the fold leaves deliveries out"
        return {key: self.loaded_days[key] for key in keys if key in self.loaded_days}

    def months(self, keys: Collection[MonthKey]) -> Mapping[MonthKey, Month]:
        """None: no answer of this kind asks."""
        del keys
        return {}

    def months_of(self, question: Question) -> Sequence[Month]:
        """See :meth:`quality.deliveries.book.DeliveryReading.months_of`."""
        return self.loaded_months[question]

    def pending_of(self, question: Question) -> Sequence[Pending]:
        """See :meth:`quality.deliveries.book.DeliveryReading.pending_of`."""
        found = (evaluate(row.decode()).pending for row in self.loaded_pending[question])
        return [pending for pending in found if pending]

    def deliveries_of(self, question: Question) -> Sequence[Delivery]:
        """See :meth:`quality.deliveries.book.DeliveryReading.deliveries_of`."""
        return [row.decode() for row in self.loaded[question]]

    def cases_of(self, question: Question) -> Sequence[Case]:
        """See :meth:`quality.deliveries.book.DeliveryReading.cases_of`."""
        return self.loaded_cases[question]

    def gaps_of(self, question: Question) -> Sequence[Gap]:
        """See :meth:`quality.deliveries.book.DeliveryReading.gaps_of`."""
        return self.loaded_gaps[question]


def load(book: SqlDeliveryBook, asked: Asked) -> LoadedDeliveries:
    """The rows that an answer needs, of one state of the tables.

    Raises:
        TooMuch: they are more than one answer may take; none were loaded then.
        StoreUnavailable: the database does not answer.
    """
    with book.at_once() as reading:
        loading = _Loading(reading)
        loaded = LoadedDeliveries(reading.size(), {}, {}, {}, {}, {}, {}, {})
        for question in asked.questions:
            loading.take(loaded, question, asked)
        return loaded


class _Loading:
    """Loads what fits into what is left."""

    def __init__(self, reading: SqlDeliveryReading) -> None:
        self._reading = reading
        self._weight = Weight()

    def take(self, loaded: LoadedDeliveries, question: Question, asked: Asked) -> None:
        """Load what one question asks for."""
        reading = self._reading
        loaded.loaded_gaps[question] = reading.gaps_of(question)
        self._expect(Weight(len(loaded.loaded_gaps[question])))
        if asked.months:
            self._expect(reading.weigh_months(question, at_most=ROWS_MAX))
            self._expect(reading.weigh_deliveries(question, is_pending=True, at_most=ROWS_MAX))
            loaded.loaded_months[question] = reading.months_of(question)
            loaded.loaded_pending[question] = reading.stored_of(question, is_pending=True)
        if asked.deliveries or asked.with_inputs:
            self._expect(reading.weigh_deliveries(question, is_pending=False, at_most=ROWS_MAX))
            loaded.loaded[question] = reading.stored_of(question, is_pending=False)
        if asked.with_inputs:
            self._expect(reading.weigh_cases(question, at_most=ROWS_MAX))
            loaded.loaded_cases[question] = reading.cases_of(question)
            self._take_brought(loaded, question)

    def _take_brought(self, loaded: LoadedDeliveries, question: Question) -> None:
        """The deliveries that brought the lots of cases, which date these."""
        reading = self._reading
        cases = loaded.loaded_cases[question]
        first = reading.first_days({lot for case in cases for lot in lots_of(case.records)})
        loaded.loaded_days.update(first)
        named = {key for day in first.values() for key in day.deliveries}
        asked_for = {row.key for rows in loaded.loaded.values() for row in rows}
        wanted = sorted(named - asked_for - loaded.brought.keys())
        for start in range(0, len(wanted), _PART):
            rows = reading.stored(wanted[start : start + _PART])
            self._expect(Weight(len(rows), sum(len(row.papers) for row in rows)))
            loaded.brought.update({row.key: row for row in rows})

    def _expect(self, more: Weight) -> None:
        self._weight = self._weight.plus(more)
        if self._weight.rows > ROWS_MAX:
            raise TooMuch(f"a question about at most {ROWS_MAX} rows and deliveries, found more")
        if self._weight.characters > PAPER_CHARACTERS_MAX:
            raise TooMuch(f"papers of at most {PAPER_CHARACTERS_MAX} characters, found more")
