"""Masters that are read again: by a restart, by an audit, and where content is missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit import Audit
from ledger.audit_contents import content_judge
from ledger.audit_entries import CheckedEntry, Row, check_chunk
from ledger.audit_findings import AuditReport
from ledger.audit_memory import encode_memory, parse_memory
from ledger.reader import LogReader
from ledger.submission import Admitted
from quality.masters import Masters
from quality.rules import QualityRules
from tests.ledger.forgetful_store import ForgetfulStore
from tests.ledger.ledger_stories import PublicBytes, Story
from tests.ledger.parties import ORIGIN
from tests.quality.master_stories import (
    OEM,
    OTHER,
    SUPPLIER,
    TRADE,
    a_part,
    a_shipment,
    a_site,
    a_specification,
    a_trade_story,
    an_act,
    an_answer,
    an_inspection,
    an_offer,
)

pytestmark = pytest.mark.item("4.state")

FIRST: Final = len(TRADE.texts)
TYPES: Final = {kind.vct: kind.text for kind in TRADE.fold.types.values() if not kind.governs}
JUDGE: Final = content_judge(TYPES.values(), QualityRules())

Step = tuple[str, int]
KINDS: Final = (
    *("offer", "offer", "answer", "answer", "answer", "answer", "part", "part", "part"),
    *("specification", "specification", "site", "own site", "end", "move", "shipment"),
    *("inspection", "inspection", "offer aside"),
)
steps = st.tuples(st.sampled_from(KINDS), st.integers(0, 5))


@dataclass(slots=True)
class Telling:
    """Tells steps to a log; answers are to what was admitted before."""

    story: Story
    proposed: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    told: int = 0

    def text(self, step: Step) -> str:
        """The submission that a step stands for; it may well be refused."""
        kind, number = step
        self.told += 1
        family = ("GEARS", "SHAFTS")[number % 2]
        part, revision = f"GR-{number % 2}", "AB"[number // 3]
        if kind == "offer":
            return an_offer(family, f"F{self.told}")
        if kind == "offer aside":
            return _an_offer_aside(family)
        if kind == "answer":
            meaning = "reject" if number == 5 else "approve"
            return an_answer(_one_of(self.proposed, number), meaning)
        if kind == "end":
            of = _one_of(self.offered, number)
            return an_act(OEM, SUPPLIER, act="end", of=of, reason=f"over-{self.told}")
        if kind == "part":
            return a_part(part, f"{revision}{self.told}", family=family)
        if kind == "specification":
            return a_specification(f"R{self.told}", "2026-11-01", part=part)
        if kind == "move":
            named = {"customer": OEM.did, "supplier": SUPPLIER.did, "number": part}
            return an_act(OEM, SUPPLIER, act="move", part=named, family=family)
        if kind in ("site", "own site"):
            return a_site(SUPPLIER if kind == "site" else OEM, f"S{self.told}")
        return self._said(kind, part)

    def _said(self, kind: str, part: str) -> str:
        if kind == "inspection":
            return an_inspection(part=part, number=f"L-{self.told}")
        return a_shipment(number=part, shipment=f"DN-{self.told}")

    def tell(self, step: Step) -> None:
        """Submit a step."""
        [found] = self.story.submit(self.text(step))
        if isinstance(found, Admitted):
            if step[0] in ("offer", "offer aside", "part"):
                self.proposed.append(found.record_id)
            if step[0] == "offer":
                self.offered.append(found.record_id)


def _an_offer_aside(family: str) -> str:
    """A relation of the supplier with another customer."""
    return an_act(
        OTHER,
        SUPPLIER,
        act="relation",
        kind="supply",
        customer=OTHER.did,
        provider=SUPPLIER.did,
        families=[family],
    )


def _one_of(known: list[str], number: int) -> str:
    return known[-1 - number % len(known)] if known else "A" * 43


def in_chunks(origin: str, chunks: Iterable[Sequence[Row]]) -> Iterator[list[CheckedEntry]]:
    """Checked as whoever holds the types and the rules does."""
    for chunk in chunks:
        yield check_chunk(origin, chunk, JUDGE)


def audited(story: Story) -> AuditReport:
    """The report of an audit that holds the content, and remembers it as it was."""
    source = PublicBytes(LogReader(story.store), story.store, story.ledger.size)
    running = Audit(ORIGIN, source, types=TYPES, state=Masters())
    list(running.run(in_chunks))
    kept = running.memory()
    members = json.loads(json.dumps(encode_memory(kept)))
    memory = parse_memory(members, kept.jtis)
    assert Audit(ORIGIN, source, memory=memory, types=TYPES, state=Masters()).memory() == kept
    return running.finish()


def told(story: list[Step], store: ForgetfulStore) -> Story:
    """A log to which a story was told."""
    telling = Telling(a_trade_story(store))
    for step in story:
        telling.tell(step)
    return telling.story


stories = st.lists(steps, min_size=4, max_size=24)


def replay(story: list[Step]) -> None:
    """Tell a story; a restart and an audit find what the log had in force."""
    log = told(story, ForgetfulStore())
    before = log.ledger.state
    again = log.reopened()
    assert again.ledger.state == before
    report = audited(again)
    assert report.findings == []
    assert report.tallies.not_entitled == 0
    assert report.tallies.against_state == again.ledger.size - FIRST


def replay_without(story: list[Step], missing: set[int]) -> None:
    """Tell a story and lose content; the log starts, and nobody is accused of anything."""
    store = ForgetfulStore()
    log = told(story, store)
    lost = sorted(FIRST + n for n in missing if FIRST + n < log.ledger.size)
    store.lost = dict.fromkeys(lost, "")
    again = log.reopened()
    parties = {row.party for i in lost if (row := store.entry(i)) and row.vct in Masters().vcts}
    assert again.ledger.state_gaps.keys() == parties
    report = audited(again)
    assert report.findings == []
    assert report.tallies.not_entitled >= len(lost)


losses = st.sets(st.integers(0, 23), min_size=1, max_size=4)


@settings(max_examples=8)
@given(stories)
def test_any_story_of_masters_is_read_again_and_audited_as_it_was(story: list[Step]) -> None:
    replay(story)


@settings(max_examples=8)
@given(stories, losses)
def test_honest_log_starts_and_is_never_accused_whatever_content_is_missing(
    story: list[Step], missing: set[int]
) -> None:
    replay_without(story, missing)


@pytest.mark.long
@settings(max_examples=200)
@given(stories, losses)
def test_many_stories_of_masters_are_read_again_whole_and_with_content_missing(
    story: list[Step], missing: set[int]
) -> None:
    replay(story)
    replay_without(story, missing)
