"""What must hold of every decision, whatever was agreed: found by trying, act by act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.record_type import TIERS
from ledger.sharing.agreements import Grant
from ledger.sharing.decision import GroupDecision, SharingState, decide, principal_of
from ledger.sharing.filed import Filed
from tests.ledger.sharing.reference import Question
from tests.ledger.sharing.scenes import (
    ADMITTED_MS,
    FAMILY,
    NOW_MS,
    OTHER_SIDE,
    OWNER,
    POSITIONS,
    READER,
    RECORD,
    a_delegation,
    a_grant,
    agreements_of,
    stage,
)
from tests.quality.sharing_scene import (
    CUSTOMER,
    LAB,
    MAKER,
    NOW,
    OPENS,
    REPORT,
    Scene,
    a_case,
    a_filed,
)
from tests.quality.sharing_scene import a_grant as grant_state

pytestmark = pytest.mark.item("5.done.properties")

VCT: Final = "sample/v1"
GROUPS: Final = tuple((f"of_{tier}", tier) for tier in TIERS)
PARTIES: Final = (CUSTOMER, MAKER, LAB)

# ---- of grants ----

_instants = st.sampled_from((0, NOW_MS - 1, NOW_MS, NOW_MS + 1, NOW_MS * 2))
_names = st.frozensets(st.sampled_from([name for name, _ in GROUPS]), min_size=1)


@st.composite
def grants(draw: st.DrawFn) -> tuple[Grant, ...]:
    """Some grants and delegations, by the owner, by the other side, by nobody in particular."""
    found: list[Grant] = []
    for number in range(draw(st.integers(1, 4))):
        owner = draw(st.sampled_from((OWNER, OWNER, OTHER_SIDE, "stranger")))
        base = replace(
            a_grant(owner, (VCT, draw(_names))),
            record_id=f"grant {number}",
            index=draw(st.sampled_from((50, 150))),
            reads_from_ms=draw(_instants),
            reads_until_ms=draw(_instants),
            families=draw(st.sampled_from((None, frozenset({FAMILY}), frozenset({"x"})))),
            records_from_ms=draw(st.sampled_from((None, ADMITTED_MS, ADMITTED_MS + 1))),
            records=draw(st.sampled_from((None, None, frozenset({RECORD}), frozenset({"x"})))),
            case=draw(st.sampled_from((None, None, "case", "x"))),
        )
        found += a_delegation(base) if draw(st.booleans()) else (base,)
    return tuple(found)


_questions = st.builds(
    Question,
    st.sampled_from(("member", "suspended")),
    st.sampled_from(POSITIONS),
    st.sampled_from(("before", "after")),
    st.sampled_from(("none", "open", "closed")),
    st.sampled_from(("none", "in force")),
    st.sampled_from(("none", "ordered")),
)


def readable(question: Question, given_grants: tuple[Grant, ...]) -> frozenset[str]:
    """The groups that the reader gets of the record of a question, with these grants."""
    scene = stage(question, VCT, GROUPS)
    cases = scene.state.agreements.cases.values()
    state = replace(scene.state, agreements=agreements_of(given_grants, cases))
    return decide(scene.filed, state, principal_of(READER, state), at_ms=NOW_MS).readable


def wider(grant: Grant, how: int) -> Grant:
    """The grant with one thing about it wider."""
    more = frozenset(name for name, _ in GROUPS)
    return (
        replace(grant, opens={**grant.opens, VCT: more}),
        replace(grant, opens={**grant.opens, "other/v1": more}),
        replace(grant, reads_from_ms=0),
        replace(grant, reads_until_ms=NOW_MS * 3),
        replace(grant, families=None),
        replace(grant, families=grant.families and grant.families | {FAMILY}),
        replace(grant, records=grant.records and grant.records | {RECORD}),
        replace(grant, records_from_ms=grant.records_from_ms and 0),
        replace(grant, case=None),
    )[how]


@given(_questions, grants(), st.integers(0, 3), st.integers(0, 8))
def test_widening_a_grant_never_hides_anything(
    question: Question, given_grants: tuple[Grant, ...], which: int, how: int
) -> None:
    at = which % len(given_grants)
    widened = (*given_grants[:at], wider(given_grants[at], how), *given_grants[at + 1 :])
    assert readable(question, given_grants) <= readable(question, widened)


@given(_questions, grants(), st.integers(0, 3))
def test_one_more_grant_never_hides_anything(
    question: Question, given_grants: tuple[Grant, ...], left_out: int
) -> None:
    fewer = tuple(g for n, g in enumerate(given_grants) if n != left_out % len(given_grants))
    assert readable(question, fewer) <= readable(question, given_grants)


@given(_questions, grants(), st.integers(0, 3))
def test_revoking_never_shows_anything(
    question: Question, given_grants: tuple[Grant, ...], which: int
) -> None:
    at = which % len(given_grants)
    ended = replace(given_grants[at], revoked_at=300)
    left = (*given_grants[:at], ended, *given_grants[at + 1 :])
    assert readable(question, left) <= readable(question, given_grants)


# ---- of acts ----

Act = tuple[int, int, int]
_acts = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(0, 11)), max_size=8)
_PERIOD: Final = {"from": NOW, "until": NOW + 1_000}


def state_of(act: Act, party: str, other: str) -> Mapping[str, Any]:
    """What an act says; ``of`` is one of the acts so far, or one that is not there."""
    kind, _, number = act
    of = f"{100 + number:043d}"
    offer = {"act": "relation", "kind": "supply", "customer": party, "provider": other}
    return (
        grant_state(reader=other, delegable=False),
        grant_state(reader=other, delegable=False, opens=[{"type": REPORT, "groups": ["lot"]}]),
        {"act": "delegate", "of": of, "reader": other},
        {"act": "revoke", "of": of, "reason": "over"},
        a_case(customer=party, supplier=other, number=f"8D-{number}"),
        {"act": "endorse", "of": of, "meaning": "approve"},
        {"act": "endorse", "of": of, "meaning": "reject"},
        {"act": "end", "of": of, "reason": "over"},
        {"act": "hold", "of": f"{5_000:043d}", "reason": "dispute"},
        {**offer, "families": ["GEARS"]},
    )[kind]


def perform(scene: Scene, party: str, act: Act) -> None:
    """Do an act where the log would admit it."""
    other = PARTIES[act[1]]
    said = scene.say(party, state_of(act, party, other), other)
    if other != party and scene.code(said) is None:
        scene.admit(said)


def seen(scene: Scene, reader: str, filed: Filed) -> tuple[GroupDecision, ...]:
    """What a reader gets of a record as things stand."""
    state = SharingState(
        size=10_000,
        parties=scene.fold.parties,
        tiers=scene.fold.policies,
        relations=scene.masters.relations,
        agreements=scene.agreed,
    )
    return decide(filed, state, principal_of(reader, state), at_ms=NOW).groups


def records_of(owner: str, other: str) -> list[Filed]:
    """Records of an owner behind all acts: for nobody, and for the other party, of a family."""
    tiers = tuple(zip(("lot", "measurements", "verdict"), TIERS[1:4], strict=True))
    own = a_filed(5_000, issuer=owner, owner=owner, to=(), tiers=tiers)
    return [own, replace(own, to=(other,), family="GEARS")]


@given(
    st.lists(st.tuples(st.integers(0, 2), *(st.integers(0, n) for n in (9, 2, 11))), max_size=8),
    _acts,
    st.sampled_from(list(permutations(PARTIES))),
)
def test_no_act_by_one_changes_what_another_sees_of_a_third(
    before: list[tuple[int, int, int, int]], acts: list[Act], who: tuple[str, str, str]
) -> None:
    actor, reader, owner = who
    scene = Scene()
    scene.relate(CUSTOMER, LAB)
    for party, *act in before:
        perform(scene, PARTIES[party], (act[0], act[1], act[2]))
    records = records_of(owner, reader)
    scene.records = {filed.record_id: filed for filed in records}
    told = [seen(scene, reader, filed) for filed in records]
    for one in acts:
        perform(scene, actor, one)
    assert [seen(scene, reader, filed) for filed in records] == told


def test_acts_by_one_change_what_another_sees_of_it() -> None:
    """The same acts do something: what they leave alone is not left alone by chance."""
    scene, (filed, _) = Scene(), records_of(MAKER, CUSTOMER)
    before = seen(scene, CUSTOMER, filed)
    perform(scene, MAKER, (0, PARTIES.index(CUSTOMER), 0))
    assert seen(scene, CUSTOMER, filed) != before


def test_an_owner_who_lets_a_grant_be_passed_on_lets_its_reader_decide() -> None:
    """The one exception for records of one owner: what the owner allowed to be delegated."""
    scene = Scene()
    scene.relate(CUSTOMER, LAB)
    (filed, _) = records_of(MAKER, LAB)
    of = scene.put(MAKER, grant_state(opens=OPENS), CUSTOMER)
    before = seen(scene, LAB, filed)
    act = {"act": "delegate", "of": of, "reader": LAB, "reads": _PERIOD}
    said = scene.say(CUSTOMER, act, LAB, MAKER)
    assert scene.code(said) is None
    scene.admit(said)
    after = {item.group for item in seen(scene, LAB, filed) if item.rule == "delegation"}
    assert after == {"measurements"}
    assert not [item for item in before if item.rule == "delegation"]


def test_the_two_owners_of_a_case_need_each_other() -> None:
    """The other exception: a record of a case is its other side's, too."""
    scene = Scene()
    case = scene.put(CUSTOMER, a_case(), MAKER)
    scene.put(MAKER, {"act": "endorse", "of": case, "meaning": "approve"}, CUSTOMER)
    filed = replace(records_of(MAKER, CUSTOMER)[0], case=case)
    scene.put(MAKER, grant_state(reader=LAB), LAB)
    alone = {item.group for item in seen(scene, LAB, filed) if item.rule == "grant"}
    by_other = scene.put(CUSTOMER, grant_state(reader=LAB), LAB)
    both = {item.group for item in seen(scene, LAB, filed) if item.rule == "grant"}
    scene.put(CUSTOMER, {"act": "revoke", "of": by_other, "reason": "over"}, LAB)
    after = {item.group for item in seen(scene, LAB, filed) if item.rule == "grant"}
    assert (alone, both, after) == (set(), {"measurements"}, set())
