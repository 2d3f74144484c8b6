"""Loading a simulated log: every record through the service's own checks and writer.

Nothing is taken on trust: lines are checked in worker processes and admitted by the ledger's one
writer, as if they had come over HTTP. Only the clock is a simulated one, so that every entry is
admitted at the time at which it was drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Final

from api.setup_errors import SimulationRefused
from api.simulation.signing import SignedDraft
from api.wiring import Service
from ledger.clock import ManualClock
from ledger.content import CheckedRecord
from ledger.faults import Refusal

WINDOW_RECORDS: Final = 1_000
_NONE: Final[list[SignedDraft]] = []
Told = Callable[[SignedDraft], None]


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads signed drafts into the log of a service.

    With ``is_exact`` each record is admitted at its own simulated time, in one transaction with
    those of the same upload run. Without, a window of records is one transaction, admitted at
    the time of its last one: faster, and good for measuring speed only.
    """

    service: Service
    clock: ManualClock
    is_exact: bool = True

    async def load(self, signed: Iterable[SignedDraft], *, on_loaded: Told) -> int:
        """Admit everything; answers how many records were admitted.

        The next window is checked while the one before is written.

        Args:
            signed: the records in the order of their admission.
            on_loaded: told of each record that has been admitted.

        Raises:
            SimulationRefused: the log refused one.
        """
        await self.service.pool.warm_up()
        loaded = 0
        windows = _windows(signed)
        window = next(windows, _NONE)
        checking = asyncio.create_task(self._check(window))
        while window:
            checked = await checking
            following = await asyncio.to_thread(next, windows, _NONE)
            checking = asyncio.create_task(self._check(following))
            await asyncio.to_thread(self._admit, window, checked)
            for draft in window:
                on_loaded(draft)
            loaded += len(window)
            window = following
        await checking
        return loaded

    async def _check(self, window: Sequence[SignedDraft]) -> list[CheckedRecord]:
        if not window:
            return []
        lines = [draft.line for draft in window]
        checked = await self.service.pool.check_lines(lines, self.service.ledger.checker)
        return [_checked(item) for item in checked]

    def _admit(self, window: Sequence[SignedDraft], checked: Sequence[CheckedRecord]) -> None:
        if not self.is_exact:
            self._admit_at(window[-1].at_ms, checked)
            return
        runs = groupby(zip(window, checked, strict=True), key=lambda pair: pair[0].at_ms)
        for at_ms, pairs in runs:
            self._admit_at(at_ms, list(map(itemgetter(1), pairs)))

    def _admit_at(self, at_ms: int, records: Sequence[CheckedRecord]) -> None:
        self.clock.advance(at_ms - self.clock.now_ms())
        for outcome in self.service.ledger.submit(records).result():
            _expect_no_refusal(outcome)


def _windows(signed: Iterable[SignedDraft]) -> Iterator[list[SignedDraft]]:
    drafts = iter(signed)
    while window := list(islice(drafts, WINDOW_RECORDS)):
        yield window


def _checked(item: CheckedRecord | Refusal) -> CheckedRecord:
    _expect_no_refusal(item)
    assert isinstance(item, CheckedRecord)
    return item


def _expect_no_refusal(item: object) -> None:
    if isinstance(item, Refusal):
        faults = "; ".join(f"{f.pointer} {f.expected} {f.found}" for f in item.faults[:3])
        raise SimulationRefused(
            f"expected an admitted record, found {item.code}: {item.detail} {faults}"
        )
