"""Every write of the service fails before and after it lasts, and a list in memory is right.

The list holds what was admitted, in order. A refusal says that nothing was written, so the
store must hold what the list holds; an unknown outcome allows all of a submission or nothing.
The table stands in ``docs/reliability.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pytest

from keys.encoding import encode_base64url
from ledger.high_water import HighWaterMemory, Mark
from ledger.service import Pace
from ledger.store import Store
from ledger.store_errors import OutcomeUnknown, StoreUnavailable
from ledger.store_faulty import FaultyStore, When
from ledger.submission import Admitted
from tests.ledger.ledger_stories import (
    FOUNDED,
    FOUNDING_SIZE,
    Story,
    a_founded_story,
    a_report,
    check_ledger,
)
from tests.ledger.parties import record_id_of, sign_key
from tests.reliability.fault_table import ROWS, documented_rows

pytestmark = pytest.mark.item("3.6.fault-table")

HASTY: Final = Pace(first_seconds=0.001, longest_seconds=0.002, outcome_seconds_max=0.01)
SECOND: Final = FOUNDED.parties["hanfeng-drive"]
REGISTERED: Final = sign_key(FOUNDED, SECOND, SECOND.another_key("line 5"))
#: New records, a batch, repeats alone and among new ones, and a disclosure that was missing.
STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (a_report(0),),
    (a_report(1), a_report(2)),
    (a_report(0),),
    (f"{REGISTERED.partition('~')[0]}~",),
    (REGISTERED,),
    (a_report(2), a_report(3)),
)


class FaultyMark(HighWaterMemory):
    """A mark whose n-th write fails before or after it lasts."""

    def __init__(self, mark: Mark | None, *, when: When | None = None, calls_before: int) -> None:
        """Fail once."""
        super().__init__(mark)
        self._when, self._calls_before = when, calls_before

    def write(self, mark: Mark) -> None:
        """Write, or fail."""
        self._calls_before -= 1
        if self._calls_before != -1:
            super().write(mark)
            return
        if self._when == "after":
            super().write(mark)
        raise StoreUnavailable(f"expected a mark to last, found a fault set {self._when} it")


@dataclass
class Oracle:
    """What must be in the log, and the story that is held against it."""

    story: Story
    admitted: list[str] = field(default_factory=list)
    faults: int = 0

    def take(self, texts: tuple[str, ...], *, dies: bool) -> None:
        """Submit until it is answered; after a fault, perhaps with a restart first."""
        for _ in range(4):
            try:
                outcomes = self.story.submit(*texts)
            except (StoreUnavailable, OutcomeUnknown) as fault:
                self.faults += 1
                self._allow(texts, fault)
                if dies:
                    self.story = self.story.restarted()
                    check_ledger(self.story, FOUNDING_SIZE + len(self.admitted))
                continue
            self._expect(texts)
            for text, outcome in zip(texts, outcomes, strict=True):
                assert isinstance(outcome, Admitted), outcome
                assert outcome.index == FOUNDING_SIZE + self.admitted.index(record_id_of(text))
            check_ledger(self.story, FOUNDING_SIZE + len(self.admitted))
            return
        raise AssertionError("expected one fault at most, found one after the other")

    def _allow(self, texts: tuple[str, ...], fault: Exception) -> None:
        """What a fault leaves: nothing, or where nobody knows perhaps the whole submission."""
        if isinstance(fault, OutcomeUnknown) and len(self._stored()) > len(self.admitted):
            self._expect(texts)
        assert self._stored() == self.admitted
        # Nothing is shown that the mark does not cover.
        mark = self.story.parts.high_water.read()
        assert mark
        assert self.story.ledger.size <= mark.size <= FOUNDING_SIZE + len(self.admitted)

    def _expect(self, texts: tuple[str, ...]) -> None:
        ids = map(record_id_of, texts)
        self.admitted += [one for one in ids if one not in self.admitted]
        assert self._stored() == self.admitted

    def _stored(self) -> list[str]:
        rows = self.story.store.entries(FOUNDING_SIZE, FOUNDING_SIZE + 99)
        return [encode_base64url(row.record_id) for row in rows]


def play(story: Story, *, dies: bool) -> int:
    """Take all steps; how many faults there were."""
    oracle = Oracle(story)
    for texts in STEPS:
        oracle.take(texts, dies=dies)
    oracle.story = oracle.story.restarted()
    check_ledger(oracle.story, FOUNDING_SIZE + len(oracle.admitted))
    [index] = [
        position for position, one in enumerate(oracle.admitted) if one == record_id_of(REGISTERED)
    ]
    kept = oracle.story.store.disclosures([FOUNDING_SIZE + index])
    assert kept == {FOUNDING_SIZE + index: REGISTERED.partition("~")[2]}
    oracle.story.ledger.close()
    return oracle.faults


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("write", "calls"), [("commit", 4), ("restore_disclosures", 1)])
def test_write_of_the_store_that_fails_leaves_what_the_oracle_says(
    store: Store, write: str, calls: int, when: When, dies: bool
) -> None:
    founded = a_founded_story(store)
    founded.ledger.close()
    faulty = FaultyStore(store, fail_on=write, when=when)
    faulty.fail(write, when, calls_before=calls - 1)
    faults = play(founded.restarted(store=faulty, pace=HASTY), dies=dies)
    # A commit that lasted is found in the store: nobody has to be told.
    assert faults == (0 if (write, when) == ("commit", "after") else 1)


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(4))
def test_mark_that_fails_leaves_what_the_oracle_says(call: int, when: When, dies: bool) -> None:
    founded = a_founded_story()
    mark = FaultyMark(founded.parts.high_water.read(), when=when, calls_before=call)
    assert play(founded.restarted(high_water=mark, pace=HASTY), dies=dies)


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(4))
def test_commit_that_fails_leaves_what_the_oracle_says(call: int, when: When, dies: bool) -> None:
    founded = a_founded_story()
    faulty = FaultyStore(founded.store, fail_on="commit", when=when, calls_before=call)
    play(founded.restarted(store=faulty, pace=HASTY), dies=dies)


def test_every_durable_write_has_a_row_and_the_tests_in_it_exist() -> None:
    rows = documented_rows()
    assert [row.write for row in rows] == list(ROWS)
    for row in rows:
        assert row.tests, row.write
        for path, name in row.tests:
            assert f"def {name}(" in path.read_text("utf-8"), (row.write, name)
