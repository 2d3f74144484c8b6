"""Acts of sharing on a log: alike in whatever groups they come, after a restart, in an audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.entitled import judge_case
from ledger.faults import Refusal
from ledger.submission import Admitted
from tests.ledger.forgetful_store import ForgetfulStore
from tests.ledger.ledger_stories import Story
from tests.ledger.parties import NOW_MS, PartyKeys, record_id_of
from tests.quality.master_stories import (
    OEM,
    OTHER,
    SUPPLIER,
    TRADE,
    a_trade_story,
    inspection_groups,
    masters_of,
    sign,
)
from tests.quality.test_masters_replayed import audited

DAY_MS: Final = 86_400_000
Step = tuple[str, int]
KINDS: Final = (
    *("report", "report", "report-unaddressed", "report-of-case", "grant", "grant", "grant-ids"),
    *("delegate", "delegate", "revoke", "case", "answer", "answer", "close"),
    *("hold", "hold", "release", "order", "erase", "erase", "erase-early"),
)
steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 5)), min_size=4, max_size=24)


@dataclass(slots=True)
class Script:
    """Texts that steps stand for: what one names is known before it is admitted, by its id."""

    texts: list[str] = field(default_factory=list)
    named: dict[str, list[str]] = field(default_factory=dict)
    variant: str = ""

    def add(self, step: Step) -> None:
        """The submission that a step stands for; it may well be refused."""
        named, number = step
        kind, _, self.variant = named.partition("-")
        text = getattr(self, f"_{kind}")(number)
        self.texts.append(text)
        self.named.setdefault(kind, []).append(record_id_of(text))

    def _one(self, kind: str, number: int) -> str:
        known = self.named.get(kind, [])
        return known[-1 - number % len(known)] if known else "A" * 43

    def _act(self, party: PartyKeys, *to: PartyKeys, **state: Any) -> str:
        label = str(len(self.texts))
        return sign("act/v1", party, {"state": state}, to=to, label=label)

    def _report(self, number: int) -> str:
        case = self._one("case", number) if self.variant == "of-case" else None
        party = OTHER if number == 5 else SUPPLIER
        to = () if self.variant == "unaddressed" else (OEM,)
        groups = inspection_groups(number=f"L-{len(self.texts)}")
        return sign("inspection-report/v1", party, groups, to=to, case=case)

    def _grant(self, number: int) -> str:
        reader = OTHER if number == 5 else OEM
        state: dict[str, Any] = {
            "reader": reader.did,
            "opens": [{"type": "inspection-report/v1", "groups": ["measurements"]}],
            "purpose": "ppap",
            "reads": {"from": NOW_MS, "until": NOW_MS + (number - 1) * DAY_MS},
            "delegable": number != 4,
        }
        if self.variant == "ids":
            state["records"] = {"ids": [self._one("report", number)]}
        return self._act(SUPPLIER, reader, act="grant", **state)

    def _delegate(self, number: int) -> str:
        of = self._one("grant" if number < 5 else "delegate", number)
        return self._act(OEM, OTHER, SUPPLIER, act="delegate", of=of, reader=OTHER.did)

    def _revoke(self, number: int) -> str:
        of = self._one("grant" if number < 4 else "delegate", number)
        to = (OEM,) if number < 4 else (OTHER, OEM)
        return self._act(SUPPLIER, *to, act="revoke", of=of, reason="over")

    def _case(self, number: int) -> str:
        sides = {"customer": OEM.did, "supplier": SUPPLIER.did}
        return self._act(OEM, SUPPLIER, act="case", **sides, number=f"8D-{number % 2}")

    def _answer(self, number: int) -> str:
        meaning = "reject" if number == 5 else "approve"
        of = self._one("case", number)
        return self._act(SUPPLIER, OEM, act="endorse", of=of, meaning=meaning)

    def _close(self, number: int) -> str:
        return self._act(OEM, SUPPLIER, act="end", of=self._one("case", number), reason="over")

    def _hold(self, number: int) -> str:
        of = self._one("report", number)
        return self._act(OEM, SUPPLIER, act="hold", of=of, reason="dispute")

    def _release(self, number: int) -> str:
        return self._act(OEM, SUPPLIER, act="release", of=self._one("hold", number))

    def _order(self, number: int) -> str:
        of, reason = self._one("report", number), "court order"
        content = {"kind": "erasure", "of": of, "groups": ["measurements"], "reason": reason}
        body = {"act": "order", "content": content, "reason": None}
        return TRADE.governance(OEM.admin, "proposal/v1", body, label=str(len(self.texts)))

    def _erase(self, number: int) -> str:
        of, groups = self._one("report", number), ["measurements"]
        ground: dict[str, str] = {"basis": "order", "order": self._one("order", number)}
        party, to = OEM, (SUPPLIER,)
        if self.variant == "early":
            ground, party, to = {"basis": "owner"}, SUPPLIER, (OEM,)
        return self._act(party, *to, act="erase", of=of, groups=groups, reason="over", **ground)


def script_of(story: Sequence[Step]) -> list[str]:
    """The texts of a story, after a laboratory relation that delegations need."""
    sides = {"customer": OEM.did, "provider": OTHER.did, "families": []}
    state = {"act": "relation", "kind": "laboratory", **sides}
    offer = sign("act/v1", OEM, {"state": state}, to=[OTHER])
    answer = {"act": "endorse", "of": record_id_of(offer), "meaning": "approve"}
    script = Script([offer, sign("act/v1", OTHER, {"state": answer}, to=[OEM])])
    for step in story:
        script.add(step)
    return script.texts


def told(texts: Sequence[str], size: int) -> tuple[Story, list[str | None]]:
    """A log to which texts were told in groups of a size, and the codes of its refusals."""
    story = a_trade_story(ForgetfulStore())
    codes: list[str | None] = []
    for first in range(0, len(texts), size):
        outcomes = story.submit(*texts[first : first + size])
        codes += [None if isinstance(found, Admitted) else found.code for found in outcomes]
    return story, codes


def replay(steps: Sequence[Step], size: int) -> None:
    """One by one and in groups, live and restarted, judged and audited: the same."""
    texts = script_of(steps)
    one, codes = told(texts, 1)
    whole, others = told(texts, size)
    assert codes == others
    assert masters_of(one) == masters_of(whole)
    assert one.ledger.fold.erasure_orders == whole.ledger.fold.erasure_orders
    again = whole.reopened()
    assert again.ledger.state == masters_of(one)
    report = audited(again)
    assert report.findings == []
    assert report.tallies.not_entitled == 0
    one.ledger.close()
    again.ledger.close()


@pytest.mark.item("5.2")
@settings(max_examples=6)
@given(steps, st.sampled_from([2, 5, 40]))
def test_any_story_of_sharing_is_the_same_in_groups_after_a_restart_and_in_an_audit(
    story: list[Step], size: int
) -> None:
    replay(story, size)


@pytest.mark.long
@settings(max_examples=100)
@given(steps, st.sampled_from([2, 3, 5, 40]))
def test_many_stories_of_sharing_are_the_same(story: list[Step], size: int) -> None:
    replay(story, size)


def test_a_story_in_which_everything_is_admitted_once() -> None:
    story = [
        *(("report", 0), ("grant", 3), ("delegate", 0), ("grant-ids", 3), ("case", 0)),
        *(("answer", 0), ("report-of-case", 0), ("hold", 0), ("release", 0), ("order", 1)),
        *(("erase", 1), ("revoke", 0), ("close", 0)),
    ]
    texts = script_of(story)
    log, codes = told(texts, len(texts))
    assert codes == [None] * len(texts)
    agreed = masters_of(log).agreements
    assert len(agreed.grants) == 3
    assert [case.is_open for case in agreed.cases.values()] == [False]
    assert agreed.erased(record_id_of(texts[2])).keys() == {"measurements"}
    log.ledger.close()


@pytest.mark.item("5.2.rules")
@pytest.mark.parametrize(("party", "code"), [(SUPPLIER, None), (OTHER, "unknown-record")])
def test_only_participants_file_records_of_a_case(party: PartyKeys, code: str | None) -> None:
    texts = script_of([("case", 0), ("answer", 0)])
    case = record_id_of(texts[2])
    report = sign("inspection-report/v1", party, inspection_groups(), to=[OEM], case=case)
    end = {"act": "end", "of": case, "reason": "over"}
    closed = sign("act/v1", OEM, {"state": end}, to=[SUPPLIER])
    late = sign("inspection-report/v1", party, inspection_groups(number="L-2"), case=case)
    log, codes = told([*texts, report, closed, late], 40)
    assert codes == [*[None] * len(texts), code, None, code or "not-permitted"]
    log.ledger.close()


@pytest.mark.item("5.2.rules")
@pytest.mark.item("5.bad.foreign-data")
@pytest.mark.parametrize(("about", "code"), [(OEM, None), (OTHER, "not-permitted")])
def test_a_case_takes_no_record_that_is_somebody_elses(about: PartyKeys, code: str | None) -> None:
    texts = script_of([("case", 0), ("answer", 0)])
    log, _ = told(texts, 40)
    case = record_id_of(texts[2])
    report = sign("inspection-report/v1", SUPPLIER, inspection_groups(), to=[about], case=case)
    kind = replace(TRADE.fold.types["inspection-report/v1"], owner="subject")
    refusal = judge_case(log.checked(report), kind, masters_of(log).agreements)
    assert (refusal.code if refusal else None) == code
    log.ledger.close()


@pytest.mark.item("5.done.leaks")
def test_a_case_of_others_is_answered_like_a_record_that_is_not_there() -> None:
    texts = script_of([("case", 0), ("answer", 0)])
    log, _ = told(texts, 40)
    said = set()
    for case in (record_id_of(texts[2]), "A" * 43):
        report = sign("inspection-report/v1", OTHER, inspection_groups(), to=[OEM], case=case)
        (found,) = log.submit(report)
        assert isinstance(found, Refusal)
        said.add((found.code, found.detail.replace(case, "")))
    assert len(said) == 1
    log.ledger.close()


def test_an_erasure_waits_for_what_a_party_it_concerns_may_hold() -> None:
    texts = script_of([("report", 0), ("order", 0)])
    store = ForgetfulStore()
    log = a_trade_story(store)
    log.admit(*texts)
    hold = sign(
        "act/v1",
        OEM,
        {"state": {"act": "hold", "of": record_id_of(texts[2]), "reason": "dispute"}},
        to=[SUPPLIER],
    )
    [held] = log.admit(hold)
    state = {"act": "erase", "of": record_id_of(texts[2]), "groups": ["measurements"]}
    state |= {"reason": "over", "basis": "owner"}
    erase = sign("act/v1", SUPPLIER, {"state": state})
    [refused] = log.submit(erase)
    assert not isinstance(refused, Admitted)
    assert refused.code == "retention-not-over"
    store.lost = {held.index: ""}
    again = log.restarted()
    [refused] = again.submit(erase)
    assert not isinstance(refused, Admitted)
    assert refused.code == "state-incomplete"
    again.ledger.close()
