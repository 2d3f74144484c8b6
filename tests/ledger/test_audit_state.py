"""An audit that holds the content judges every record against what was in force at its index."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit import Audit
from ledger.audit_contents import content_judge
from ledger.audit_entries import CheckedEntry, MapChunks, check_chunk
from ledger.audit_errors import AuditStateDamaged
from ledger.audit_findings import AuditReport
from ledger.audit_memory import AuditMemory, encode_memory, parse_memory
from tests.ledger.audit_copies import CopiedLog, Forgery
from tests.ledger.parties import ORIGIN, record_id_of
from tests.ledger.relation_stories import (
    OEM,
    RELATED,
    TIER1,
    TIER2,
    a_delivery,
    an_act,
    an_answer,
    an_end,
    an_offer,
    an_order,
    offer_state,
    some_parameters,
)
from tests.ledger.sample_state import BOUNDS, SampleRules, SampleState

pytestmark = [pytest.mark.item("4.state"), pytest.mark.item("3.7.audit")]

TYPES: Final = {kind.vct: kind.text for kind in RELATED.fold.types.values() if not kind.governs}
JUDGE: Final = content_judge(TYPES.values(), SampleRules())
FIRST: Final = len(RELATED.texts)

OFFER: Final = an_offer(OEM, TIER1, "gears")
ANSWER: Final = an_answer(TIER1, record_id_of(OFFER), OEM)
CASTINGS: Final = an_act(TIER2, offer_state(TIER1, TIER2, "castings"), [TIER1])
STORY: Final = (
    OFFER,
    ANSWER,
    CASTINGS,
    an_order(OEM, TIER1, family="gears", number="N-1"),
    an_answer(TIER1, record_id_of(CASTINGS), TIER2),
    some_parameters(BOUNDS, {"most": 5}),
    a_delivery(TIER1, OEM, number="N-1"),
    an_order(TIER1, TIER2, number="N-2"),
    an_end(OEM, record_id_of(OFFER), TIER1),
    a_delivery(TIER2, TIER1, number="N-2"),
)
#: All but the parameters.
BUSINESS: Final = len(STORY) - 1


def a_log(*story: str) -> Forgery:
    """The log of a story, a checkpoint at every size."""
    texts = (*RELATED.texts, *story)
    return Forgery(texts, sizes=range(1, len(texts) + 1))


def in_chunks_of(size: int, *, is_judging: bool = True) -> MapChunks:
    """Chunks of a size, checked as whoever holds the types and the rules does."""

    def check(origin: str, chunks: Any) -> Any:
        rows = [row for chunk in chunks for row in chunk]
        for start in range(0, len(rows), size):
            found: list[CheckedEntry] = check_chunk(
                origin, rows[start : start + size], JUDGE if is_judging else None
            )
            yield found

    return check


def judged(log: CopiedLog, *sizes: int) -> AuditReport:
    """The report of an audit, or of the last of several that each stopped at a size."""
    memory: AuditMemory | None = None
    for size in sizes:
        running = Audit(ORIGIN, log.until(size), memory=memory, types=TYPES, state=SampleState())
        list(running.run(in_chunks_of(3)))
        kept = running.memory()
        memory = parse_memory(json.loads(json.dumps(encode_memory(kept))), kept.jtis)
    running = Audit(ORIGIN, log, memory=memory, types=TYPES, state=SampleState())
    list(running.run(in_chunks_of(4)))
    return running.finish()


def found(log: CopiedLog) -> list[tuple[int, str]]:
    """Place in the story and code of every finding."""
    pairs = [(finding.place, finding.code) for finding in judged(log).findings]
    return [(int(place.removeprefix("entry ")) - FIRST, code) for place, code in pairs]


def without_content(log: CopiedLog, *positions: int) -> CopiedLog:
    """The copy without the disclosures of these records of the story."""
    for position in positions:
        index = FIRST + position
        log = log.with_entry(index, (log.entries[index][0], None))
    return log


HONEST: Final = a_log(*STORY).copy()


def tallies(log: CopiedLog) -> tuple[int, int]:
    """How many records were judged against what was in force, and how many could not be."""
    report = judged(log)
    return report.tallies.against_state, report.tallies.not_entitled


def test_honest_story_is_judged_whole_and_clean() -> None:
    assert found(HONEST) == []
    assert tallies(HONEST) == (BUSINESS, 0)


@pytest.mark.parametrize(
    ("position", "other", "code"),
    [
        (1, an_answer(OEM, record_id_of(OFFER), TIER1), "not-permitted"),
        (1, an_answer(TIER2, record_id_of(OFFER), OEM), "unknown-record"),
        (1, an_answer(TIER1, record_id_of(OFFER), TIER2), "invalid-claims"),
        (3, an_order(OEM, TIER1, family="shafts", number="N-1"), "relation-not-in-force"),
        (3, an_order(TIER1, OEM, number="N-1"), "relation-not-in-force"),
        (5, some_parameters(BOUNDS, {"least": 5}), "malformed-document"),
        (6, a_delivery(TIER1, OEM, number="N-7"), "unknown-record"),
        (6, a_delivery(TIER1, OEM, number="N-10000"), "unit-mismatch"),
        (9, a_delivery(TIER1, OEM, number="N-1"), "relation-not-in-force"),
    ],
)
def test_record_that_was_not_its_signers_to_say_is_found_at_its_place(
    position: int, other: str, code: str
) -> None:
    story = [*STORY[:position], other, *STORY[position + 1 :]]
    first = found(a_log(*story).copy())[0]
    assert first == (position, code)


def test_what_was_not_to_be_said_is_not_followed_and_what_rests_on_it_is_found() -> None:
    own = an_answer(OEM, record_id_of(OFFER), TIER1)
    forged = a_log(*[own if text is ANSWER else text for text in STORY]).copy()
    assert found(forged) == [
        (1, "not-permitted"),
        (3, "relation-not-in-force"),
        (6, "relation-not-in-force"),
    ]


def test_content_that_is_not_held_is_counted_and_nothing_is_said_of_what_rests_on_it() -> None:
    # Without the offer: of its party, and what is addressed to it, nothing can be said.
    bare = without_content(HONEST, 0)
    assert found(bare) == []
    assert tallies(bare) == (4, 5)
    # Of others everything still is.
    wrong = a_delivery(TIER2, TIER1, number="N-9")
    forged = without_content(a_log(*STORY[:-1], wrong).copy(), 0)
    assert found(forged) == [(9, "unknown-record")]
    # A record that changes nothing leaves no gap.
    assert tallies(without_content(HONEST, 6)) == (BUSINESS - 1, 1)


def test_audit_of_public_bytes_is_entitled_to_none_of_it() -> None:
    bare = without_content(HONEST, *range(len(STORY)))
    assert found(bare) == []
    assert tallies(bare) == (0, BUSINESS)
    running = Audit(ORIGIN, HONEST, state=SampleState())
    list(running.run(in_chunks_of(4, is_judging=False)))
    assert running.finish().tallies.not_entitled == BUSINESS


WRONG: Final = a_log(
    *STORY[:1], an_answer(OEM, record_id_of(OFFER), TIER1), *STORY[1:3], *STORY[4:], STORY[3]
).copy()
COPIES: Final = {
    "honest": HONEST,
    "wrong": WRONG,
    "bare": without_content(HONEST, 0, 7),
    "wrong and bare": without_content(WRONG, 3),
}


@pytest.mark.parametrize("name", COPIES)
@given(sizes=st.lists(st.integers(1, FIRST + len(STORY)), max_size=4).map(sorted))
def test_any_number_of_resumed_audits_say_of_the_state_what_a_whole_one_says(
    name: str, sizes: list[int]
) -> None:
    last = judged(COPIES[name], *sizes)
    assert last.resumed_at == (sizes[-1] if sizes else 0)
    assert replace(last, resumed_at=0) == _whole(name)


@cache
def _whole(name: str) -> AuditReport:
    return judged(COPIES[name])


Members = dict[str, Any]


def _drop_offer(members: Members) -> None:
    del members["said"][0]["facts"]


def _of_another_form(members: Members) -> None:
    members["said"][0]["facts"] = {"act": "relation"}


def _gap_without_entry(members: Members) -> None:
    members["gaps"] = [["somebody"]]


CHANGES: Final[Mapping[str, Callable[[Members], None]]] = {
    "no facts": _drop_offer,
    "other facts": _of_another_form,
    "gap without entry": _gap_without_entry,
    "no list": lambda members: members.update(said={}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_memory_of_the_state_is_refused_by_name(name: str) -> None:
    running = Audit(ORIGIN, HONEST, types=TYPES, state=SampleState())
    list(running.run(in_chunks_of(4)))
    kept = running.memory()
    members = json.loads(json.dumps(encode_memory(kept)))
    Audit(ORIGIN, HONEST, memory=parse_memory(members, kept.jtis), state=SampleState())
    CHANGES[name](members)
    with pytest.raises(AuditStateDamaged):
        Audit(ORIGIN, HONEST, memory=parse_memory(members, kept.jtis), state=SampleState())
