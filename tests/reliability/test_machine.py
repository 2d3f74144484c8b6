"""Members, keys, crashes and restarts in any order: the log stays what three models say.

Every step is judged by the rules written down a second time (:mod:`tests.ledger.slow_members`),
by admission without a log, and by a real ledger on a real store; the three must agree. A crash
takes the process before the commit, or after it and before its mark; a reload begins anew from
what is stored.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger.faults import Refusal
from ledger.high_water import HighWaterMemory, Mark
from ledger.store import Store
from ledger.store_errors import OutcomeUnknown, StoreUnavailable
from ledger.store_faulty import FaultyStore
from ledger.store_memory import MemoryStore
from ledger.submission import Admitted, Outcome
from tests.ledger.acts import Members
from tests.ledger.ledger_stories import Story, a_story, check_ledger
from tests.ledger.sqlite_files import new_database, opened
from tests.ledger.test_members_model import (
    FOUNDED,
    FOUNDED_MS,
    Drawn,
    Pair,
    decisions,
    steps,
    waits,
)

pytestmark = pytest.mark.item("3.6.machine")

crashes = st.sampled_from([None, None, None, "before-commit", "before-mark"])


class MarkThatDies(HighWaterMemory):
    """A mark of which the next write does not last, once that is asked for."""

    is_dying = False

    def write(self, mark: Mark) -> None:
        """Write, or die."""
        if self.is_dying:
            self.is_dying = False
            raise StoreUnavailable("expected a mark, found a process that dies")
        super().write(mark)


class LoggedMembers(Members):
    """The members; whatever they submit goes to a ledger too, which must say the same."""

    def __init__(self, store: Store) -> None:
        """Found their log on ``store``."""
        super().__init__(FOUNDED)
        self.mark = MarkThatDies()
        self.store = store
        self.story: Story = a_story(store, mark=self.mark)
        self.story.admit(*FOUNDED.texts)
        self.crash: str | None = None

    def wait(self, milliseconds: int) -> None:
        """Let time pass everywhere."""
        super().wait(milliseconds)
        self.story.clock.advance(milliseconds)

    def submit(self, text: str) -> str | None:
        """Submit to both."""
        index = self.size
        code = super().submit(text)
        outcome = self._submit(text)
        assert (outcome.code if isinstance(outcome, Refusal) else None) == code, outcome
        if isinstance(outcome, Admitted):
            assert outcome.index == index
            repeated = self.story.ledger.submit_text(text)
            assert isinstance(repeated, Admitted)
            assert (repeated.receipt, repeated.is_first) == (outcome.receipt, False)
        return code

    def reload(self) -> None:
        """Begin anew from the store and the mark."""
        self.story = self.story.restarted(store=self.store)
        assert self.story.ledger.fold == self.fold
        check_ledger(self.story, self.size)

    def _submit(self, text: str) -> Outcome:
        crash, self.crash = self.crash, None
        if crash is None:
            return self.story.ledger.submit_text(text)
        if crash == "before-commit":
            faulty = FaultyStore(self.store, fail_on="commit", when="before")
            self.story = self.story.restarted(store=faulty)
        self.mark.is_dying = crash == "before-mark"
        try:
            outcome = self.story.ledger.submit_text(text)
        except (StoreUnavailable, OutcomeUnknown):
            self.story = self.story.restarted(store=self.store)
            outcome = self.story.ledger.submit_text(text)
            assert isinstance(outcome, Admitted), "only what is admitted is written"
            assert outcome.is_first == (crash == "before-commit")
        else:
            # Refused: nothing was to be written, and the fault is still to come.
            assert isinstance(outcome, Refusal)
            self.mark.is_dying = False
            self.story = self.story.restarted(store=self.store)
        return outcome


class LogMachine(RuleBasedStateMachine):
    """What may happen to a log, on a store in memory."""

    def __init__(self) -> None:
        """Found the log."""
        super().__init__()
        self.left = ExitStack()
        self.members = LoggedMembers(self.open_store())
        self.pair = Pair()
        self.pair.members = self.members
        for index in range(FOUNDED.size):
            self.members.known.note_time(index, FOUNDED_MS)

    def open_store(self) -> Store:
        """An empty store."""
        return MemoryStore()

    @rule(step=steps, crash=crashes)
    def say(self, step: Drawn, crash: str | None) -> None:
        """One member says one thing: a record, a key, a rotation, a revocation, a vote."""
        self.members.crash = crash
        self.pair.take(step)
        self.members.crash = None

    @rule(decision=decisions, crash=crashes)
    def decide(self, decision: list[Drawn], crash: str | None) -> None:
        """A proposal, perhaps a consent, and votes on it."""
        self.members.crash = crash
        for step in decision:
            self.pair.take(step)
        self.members.crash = None

    @rule(milliseconds=waits)
    def wait(self, milliseconds: int) -> None:
        """Time goes by."""
        self.members.wait(milliseconds)

    @rule()
    def reload(self) -> None:
        """The process ends and another one begins."""
        self.members.reload()

    @invariant()
    def holds_what_was_admitted(self) -> None:
        """Size and fold are those of the models."""
        assert self.members.story.ledger.size == self.members.size
        assert self.members.story.ledger.fold == self.members.fold

    def teardown(self) -> None:
        """What is left must be a whole log."""
        try:
            self.members.reload()
        finally:
            self.members.story.ledger.close()
            self.left.close()


class SqliteLogMachine(LogMachine):
    """The same on SQLite."""

    def open_store(self) -> Store:
        """A file that is gone afterwards."""
        folder = self.left.enter_context(tempfile.TemporaryDirectory())
        return self.left.enter_context(opened(new_database(Path(folder))))


def profile(examples: int, steps_each: int) -> Any:
    """Settings of a machine."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps_each,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


class TestMemory(LogMachine.TestCase):  # type: ignore[misc,valid-type]
    """A few stories in memory."""

    settings = profile(10, 15)


class TestSqlite(SqliteLogMachine.TestCase):  # type: ignore[misc,valid-type]
    """A few stories on SQLite."""

    settings = profile(5, 15)


@pytest.mark.long
@pytest.mark.timeout(3_600)
class TestManyInMemory(LogMachine.TestCase):  # type: ignore[misc,valid-type]
    """Many long stories in memory."""

    settings = profile(300, 50)


@pytest.mark.long
@pytest.mark.timeout(3_600)
class TestManyOnSqlite(SqliteLogMachine.TestCase):  # type: ignore[misc,valid-type]
    """Many long stories on SQLite."""

    settings = profile(100, 50)
