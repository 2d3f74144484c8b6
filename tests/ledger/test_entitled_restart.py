"""A log that stopped, is followed or was restored has in force what it had all along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.high_water import HighWaterMemory
from ledger.reloading import LogRows, Reloading
from ledger.service import Ledger, Pace
from ledger.store import Store
from ledger.store_memory import MemoryStore
from ledger.store_postgres import PostgresStore
from ledger.submission import Admitted
from ledger.vault.packed_row import encode_packed
from ledger.vault.sealing import Plain
from ledger.vault.shelf import KeyShelf
from ledger.vault.vault import Vault
from tests.ledger.forgetful_store import ForgetfulStore
from tests.ledger.ledger_stories import Story
from tests.ledger.parties import ORIGIN, SEARCH_SECRET
from tests.ledger.relation_stories import (
    OEM,
    TIER1,
    TIER2,
    a_delivery,
    a_related_story,
    an_act,
    an_answer,
    an_end,
    an_offer,
    an_order,
    offer_state,
    outcome,
    relate,
    relations_of,
    some_parameters,
)
from tests.ledger.sample_state import BOUNDS, SampleRules, SampleState
from tests.ledger.sqlite_files import new_database, opened
from tests.postgres import LogDatabase

pytestmark = pytest.mark.item("4.state")

PARTIES: Final = (OEM, TIER1, TIER2)
TRADE: Final[Mapping[str, Any]] = {"rules": SampleRules(), "state": SampleState()}
OFTEN: Final = {"pace": Pace(first_seconds=0.002, longest_seconds=0.005, outcome_seconds_max=30)}

Step = tuple[str, int, int, int]
steps = st.tuples(
    st.sampled_from(
        "offer offer answer answer answer end order order delivery bounds wave".split()
    ),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 4),
)


@dataclass(slots=True)
class Telling:
    """Tells steps to a log; an answer is to one of the offers that were admitted before."""

    story: Story
    offers: list[str] = field(default_factory=list)
    told: int = 0

    def text(self, step: Step) -> str:
        """The submission that a step stands for; it may well be refused."""
        kind, one, other, number = step
        party, to = PARTIES[one], PARTIES[other if other != one else (other + 1) % 3]
        self.told += 1
        family = ("gears", "shafts", None)[number % 3]
        of = self.offers[-1 - number % len(self.offers)] if self.offers else "A" * 43
        label = str(self.told)
        if kind == "offer":
            named = (family,) if family else ()
            return an_act(party, offer_state(party, to, *named), [to], label=label)
        if kind == "answer":
            return an_answer(party, of, to, label=label)
        if kind == "end":
            return an_end(party, of, to, label=label)
        if kind == "order":
            return an_order(party, to, family=family, number=f"N{number}{label}")
        if kind == "delivery":
            return a_delivery(party, to, family=family, number=f"N{number}")
        if kind == "wave":
            return an_act(party, {"act": "wave"}, [to], label=label)
        return some_parameters(BOUNDS, {"most": 1 + number}, label=label)

    def tell(self, group: Sequence[Step]) -> None:
        """Submit steps together."""
        texts = [self.text(step) for step in group]
        for step, found in zip(group, self.story.submit(*texts), strict=True):
            if isinstance(found, Admitted) and step[0] == "offer":
                self.offers.append(found.record_id)


def same_after_a_restart(story: Story) -> None:
    """What a new process reads is what this one has, and what another follows."""
    before = story.ledger.state
    again = replace(story.parts, high_water=HighWaterMemory(story.parts.high_water.read()))
    other = Ledger(again)
    assert other.state == before
    assert not other.state_gaps


@given(st.lists(st.lists(steps, min_size=1, max_size=6), max_size=6), st.integers(0, 6))
def test_restart_gives_the_state_of_no_restart(groups: list[list[Step]], behind: int) -> None:
    telling = Telling(a_related_story(**TRADE))
    follower = telling.story
    for position, group in enumerate(groups):
        if position == behind:
            mark = HighWaterMemory(telling.story.parts.high_water.read())
            parts = replace(telling.story.parts, high_water=mark, follow_seconds=0.002)
            follower = replace(telling.story, parts=parts, ledger=Ledger(parts))
        telling.tell(group)
    same_after_a_restart(telling.story)
    if follower is not telling.story:
        follower.ledger.start()
        follower.ledger.catch_up()
        assert follower.ledger.state == telling.story.ledger.state
        follower.ledger.close()
    telling.story.ledger.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """An empty log, opened for two writers."""
    if request.param == "memory":
        memory = MemoryStore()
        yield memory, memory
    elif request.param == "sqlite":
        with opened(new_database(tmp_path)) as store:
            yield store, store
    else:
        log: LogDatabase = request.getfixturevalue("postgres_log")
        with (
            closing(PostgresStore(log.url, shelf=log.shelf)) as one,
            closing(PostgresStore(log.url, shelf=log.shelf)) as other,
        ):
            yield one, other


def test_what_one_replica_put_in_force_binds_at_the_other(stores: tuple[Store, Store]) -> None:
    first = a_related_story(stores[0], **TRADE, **OFTEN)
    mark = HighWaterMemory(first.parts.high_water.read())
    parts = replace(first.parts, store=stores[1], high_water=mark)
    second = replace(first, parts=parts, ledger=Ledger(parts))
    second.ledger.start()
    assert outcome(second, an_order(OEM, TIER1)) == "relation-not-in-force"
    [offered] = first.admit(an_offer(OEM, TIER1, "gears"))
    second.admit(an_answer(TIER1, offered.record_id, OEM))
    assert outcome(first, an_order(OEM, TIER1, number="O-7")) is None
    assert outcome(second, a_delivery(TIER1, OEM, number="O-7")) is None
    assert outcome(second, a_delivery(TIER1, OEM, number="O-8")) == "unknown-record"
    second.admit(an_end(OEM, offered.record_id, TIER1))
    assert outcome(first, an_order(OEM, TIER1, number="O-9")) == "relation-not-in-force"
    same_after_a_restart(first)
    first.ledger.close()
    second.ledger.close()


def test_restored_log_has_in_force_what_the_other_had(tmp_path: Path) -> None:
    story = a_related_story(**TRADE)
    relate(story, OEM, TIER1, "gears")
    story.admit(an_order(OEM, TIER1, number="O-1"), some_parameters(BOUNDS, {"most": 9}))
    story.admit(an_order(OEM, TIER1, number="O-2"))
    size = story.ledger.size
    held = story.store.disclosures(range(size))
    # Beside the database that is filled: there its store looks for the keys.
    vault = Vault(KeyShelf(tmp_path / "shelf"))
    entries = list(story.store.entries(0, size))
    sealed = vault.seal([Plain(held[i], i, entries[i].record_id) for i in sorted(held)])
    rows = LogRows(
        entries=[(row.index, row.text) for row in entries],
        contents=[(row.entry, encode_packed(row)) for row in sealed],
        checkpoints=[(at, note.encode()) for at, note in story.store.checkpoints()],
        cosigned=[],
        vault=vault,
    )
    with opened(new_database(tmp_path)) as filled:
        reloading = Reloading(
            ORIGIN, filled, rules=SampleRules(), search_secret=SEARCH_SECRET, outbox_from=0
        )
        list(reloading.run(rows))
        state = story.ledger.state
        restored = story.restarted(store=filled)
        assert restored.ledger.state == state
        assert outcome(restored, a_delivery(TIER1, OEM, number="O-2")) is None
        assert outcome(restored, a_delivery(TIER1, OEM, number="O-3")) == "unknown-record"
        restored.ledger.close()


# ---- content that is lost ----


def _without_first(text: str) -> str:
    return text.partition("~")[2]


def _changed(text: str) -> str:
    return f"V{text[1:]}"


@pytest.mark.parametrize("left", [lambda _: "", _without_first, _changed])
def test_log_whose_content_is_lost_starts_and_judges_nothing_that_rests_on_it(left: Any) -> None:
    store = ForgetfulStore()
    story = a_related_story(store)
    relate(story, TIER1, TIER2, "castings")
    [offered] = story.admit(offer := an_offer(OEM, TIER1, "gears"))
    story.admit(an_answer(TIER1, offered.record_id, OEM))
    whole = relations_of(story)
    store.lost[offered.index] = left(store.disclosures([offered.index])[offered.index])

    broken = story.restarted()
    assert broken.ledger.state_gaps == {OEM.did: offered.index}
    [found] = broken.submit(an_order(OEM, TIER1))
    assert not isinstance(found, Admitted)
    assert found.code == "state-incomplete"
    assert f"entry {offered.index} by {OEM.did}" in found.detail
    # To the party, and by it, nothing is judged; others go on.
    assert outcome(broken, a_delivery(TIER1, OEM)) == "state-incomplete"
    assert outcome(broken, an_order(TIER1, TIER2)) is None

    # The same record again brings back content that is gone; a backup, what was changed.
    assert not broken.admit(offer)[0].is_first
    if store.lost.get(offered.index):
        assert broken.reopened().ledger.state_gaps
        del store.lost[offered.index]
    mended = broken.restarted()
    assert not mended.ledger.state_gaps
    assert relations_of(mended) == whole
    assert outcome(mended, an_order(OEM, TIER1, number="O-2")) is None


def test_document_that_the_state_refuses_is_not_put_in_force() -> None:
    story = a_related_story(**TRADE)
    assert outcome(story, some_parameters(BOUNDS, {"least": 3})) == "malformed-document"
    assert BOUNDS not in story.ledger.fold.parameters
    assert outcome(story, some_parameters("other", {"least": 3})) is None
    assert outcome(story, some_parameters(BOUNDS, {"most": 3})) is None
    relate(story, OEM, TIER1, "gears")
    story.admit(an_order(OEM, TIER1, number="N-1"), an_order(OEM, TIER1, number="N-10"))
    assert outcome(story, a_delivery(TIER1, OEM, number="N-1")) is None
    assert outcome(story, a_delivery(TIER1, OEM, number="N-10")) == "unit-mismatch"
