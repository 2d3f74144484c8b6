"""Acts of sharing: what is refused and why, and what is agreed after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ledger import limits
from ledger.policy import PolicyDocument, Purpose
from ledger.policy_history import PolicyVersion
from ledger.sharing.filed import Filed
from tests.quality.sharing_scene import (
    CUSTOMER,
    DAY,
    FOREIGN,
    LAB,
    LOST,
    MAKER,
    NOW,
    OPENS,
    OWN,
    REPORT,
    UNSEEN,
    Scene,
    a_case,
    a_grant,
    a_scene,
    rid,
)

YEAR = 365 * DAY


@pytest.fixture
def scene() -> Scene:
    """The supplier has a laboratory relation; some records are there."""
    return a_scene()


def grant(scene: Scene, **members: Any) -> str:
    return scene.put(MAKER, a_grant(**members), CUSTOMER)


def grant_code(scene: Scene, **members: Any) -> str | None:
    return scene.code(scene.say(MAKER, a_grant(**members), CUSTOMER))


# ---- grants ----


@pytest.mark.item("5.2")
def test_a_grant_says_reader_groups_families_purpose_period_and_records(scene: Scene) -> None:
    of = grant(scene, families=["GEARS"], records={"ids": [OWN]})
    found = scene.agreed.grants[of]
    assert (found.owner, found.reader, found.purpose) == (MAKER, CUSTOMER, "ppap")
    assert found.opens == {REPORT: frozenset({"measurements"})}
    assert (found.families, found.records) == (frozenset({"GEARS"}), frozenset({OWN}))
    assert (found.reads_from_ms, found.reads_until_ms) == (NOW, NOW + YEAR)
    assert list(scene.agreed.grants_to(CUSTOMER)) == [found]


@pytest.mark.parametrize(
    ("opens", "code"),
    [
        (OPENS, None),
        ([{"type": REPORT, "groups": ["measurements", "recipe"]}], "invalid-claims"),
        ([{"type": "inspection-report/v9", "groups": ["measurements"]}], "invalid-claims"),
        ([{"type": "proposal/v1", "groups": ["body"]}], "invalid-claims"),
        ([{"type": REPORT, "groups": ["manifest"]}], "invalid-claims"),
        ([{"type": "part/v1", "groups": ["state"]}], "invalid-claims"),
    ],
)
def test_only_groups_that_a_type_defines_are_opened(
    scene: Scene, opens: list[Any], code: str | None
) -> None:
    assert grant_code(scene, opens=opens) == code


@pytest.mark.item("5.bad.foreign-data")
@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([OWN], None),
        ([OWN, FOREIGN], "not-the-owner"),
        ([UNSEEN], "unknown-record"),
        ([rid(99)], "unknown-record"),
        ([LOST], "state-incomplete"),
    ],
)
def test_others_data_are_not_granted_and_unseen_ones_look_absent(
    scene: Scene, ids: list[str], code: str | None
) -> None:
    assert grant_code(scene, records={"ids": ids}) == code


def test_little_is_read_of_what_is_not_the_signers(scene: Scene) -> None:
    reading = Reading(scene)
    act = a_grant(records={"ids": [OWN, FOREIGN, *map(rid, range(100, 162))]})
    refusal = scene.masters.judge(scene.say(MAKER, act, CUSTOMER), scene.fold, filings=reading)
    assert refusal is not None
    assert (refusal.code, len(reading.asked)) == ("not-the-owner", 3)


@dataclass
class Reading:
    """The filings of a scene, and which were asked for."""

    scene: Scene
    asked: list[str] = field(default_factory=list)

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """Those of the scene."""
        self.asked.extend(record_ids)
        return self.scene.filed(record_ids)


def test_what_is_not_there_and_what_is_not_known_to_the_signer_read_alike(scene: Scene) -> None:
    words = []
    for of in (UNSEEN, rid(99)):
        said = scene.say(MAKER, a_grant(records={"ids": [of]}), CUSTOMER)
        refusal = scene.masters.judge(said, scene.fold, filings=scene)
        assert refusal is not None
        words.append(refusal.detail.replace(of, ""))
    assert words[0] == words[1]


@pytest.mark.item("5.done.leaks")
@pytest.mark.parametrize("act", [{"act": "endorse", "meaning": "approve"}, {"act": "end"}])
def test_an_answer_to_what_is_others_does_not_tell_what_it_is(
    scene: Scene, act: dict[str, str]
) -> None:
    case, given = scene.put(CUSTOMER, a_case(), MAKER), grant(scene)
    related = scene.relate(CUSTOMER, MAKER, "supply")
    words = set()
    for of in (case, given, related, OWN, rid(999)):
        said = scene.say(LAB, {**act, "of": of}, CUSTOMER)
        refusal = scene.masters.judge(said, scene.fold, filings=scene)
        assert refusal is not None
        words.add((refusal.code, refusal.detail.replace(of, "")))
    assert len(words) == 1


@pytest.mark.item("5.bad.expired")
@pytest.mark.item("5.bad.clock-edges")
@pytest.mark.parametrize(
    ("start", "stop", "code"),
    [
        (NOW, NOW + 1, None),
        (NOW - YEAR, NOW, "grant-expired"),
        (NOW + 1, NOW + 1, "period-malformed"),
        (NOW + 2, NOW + 1, "period-malformed"),
        (NOW, NOW + limits.GRANT_MILLISECONDS_MAX, None),
        (NOW, NOW + limits.GRANT_MILLISECONDS_MAX + 1, "period-malformed"),
    ],
)
def test_a_reading_period_begins_before_it_ends_and_is_not_over(
    scene: Scene, start: int, stop: int, code: str | None
) -> None:
    assert grant_code(scene, reads={"from": start, "until": stop}) == code


def test_a_purpose_is_one_of_the_policy_where_it_lists_any(scene: Scene) -> None:
    assert grant_code(scene, purpose="anything") is None
    document = PolicyDocument({}, purposes=(Purpose("audit", {}), Purpose("ppap", {})))
    added = PolicyVersion(rid(9), "default", 1, 9, "", "", document)
    scene.fold = replace(scene.fold, policies=scene.fold.policies.with_version(added))
    assert grant_code(scene, purpose="anything") == "unknown-purpose"
    assert grant_code(scene, purpose="audit") is None


def test_the_reader_is_told(scene: Scene) -> None:
    assert scene.code(scene.say(MAKER, a_grant(), LAB)) == "invalid-claims"
    assert scene.code(scene.say(MAKER, a_grant(reader=MAKER), MAKER)) == "invalid-claims"


def test_grants_of_two_parties_that_have_not_ended_are_bounded(scene: Scene) -> None:
    first = grant(scene)
    grant(scene, reads={"from": NOW, "until": NOW + 10})
    for _ in range(limits.GRANTS_LIVE_MAX - 2):
        scene.admit(scene.say(MAKER, a_grant(), CUSTOMER))
    assert grant_code(scene) == "not-permitted"
    later = scene.copy()
    later.now_ms = NOW + 10
    assert grant_code(later) is None
    scene.put(MAKER, {"act": "revoke", "of": first, "reason": "over"}, CUSTOMER)
    assert grant_code(scene) is None


# ---- revocations ----


@pytest.mark.item("5.2")
@pytest.mark.parametrize(
    ("party", "to", "code"),
    [(MAKER, CUSTOMER, None), (CUSTOMER, MAKER, "not-permitted"), (LAB, MAKER, "unknown-record")],
)
def test_a_grant_is_revoked_by_its_owner(
    scene: Scene, party: str, to: str, code: str | None
) -> None:
    of = grant(scene)
    said = scene.say(party, {"act": "revoke", "of": of, "reason": "over"}, to)
    assert scene.code(said) == code
    if code is None:
        scene.admit(said)
        assert scene.agreed.grants[of].revoked_at == said.index
        assert scene.code(scene.say(party, said.facts, to)) == "not-permitted"


# ---- delegations ----


def delegate(scene: Scene, of: str, *, by: str = CUSTOMER, **members: Any) -> Any:
    state = {"act": "delegate", "of": of, "reader": LAB} | members
    return scene.say(by, state, state["reader"], MAKER)


@pytest.mark.item("5.2.delegation")
def test_a_reader_delegates_to_its_laboratory_what_the_owner_lets_it(scene: Scene) -> None:
    of = grant(scene)
    said = delegate(scene, of)
    assert scene.code(said) is None
    scene.admit(said)
    found = scene.agreed.grants[said.record_id]
    assert (found.owner, found.granted_by, found.reader, found.of) == (MAKER, CUSTOMER, LAB, of)
    assert scene.code(delegate(scene, grant(scene, delegable=False))) == "not-delegable"


@pytest.mark.item("5.2.delegation")
def test_a_delegation_goes_to_a_laboratory_by_a_relation_in_force(scene: Scene) -> None:
    bare = Scene(records=scene.records)
    of = grant(bare)
    assert bare.code(delegate(bare, of)) == "relation-not-in-force"
    relation = bare.relate(CUSTOMER, LAB)
    assert bare.code(delegate(bare, of)) is None
    bare.put(CUSTOMER, {"act": "end", "of": relation, "reason": "over"}, LAB)
    assert bare.code(delegate(bare, of)) == "relation-not-in-force"


@pytest.mark.item("5.bad.delegation-of-delegation")
def test_a_delegation_is_not_delegated(scene: Scene) -> None:
    delegation = scene.admit(delegate(scene, grant(scene)))
    scene.relate(LAB, CUSTOMER)
    again = scene.say(
        LAB, {"act": "delegate", "of": delegation, "reader": CUSTOMER}, CUSTOMER, MAKER
    )
    assert scene.code(again) == "delegation-of-delegation"


def test_what_a_delegation_rests_on_is_its_delegators_to_know(scene: Scene) -> None:
    of = grant(scene, reader=CUSTOMER)
    assert scene.code(delegate(scene, of, by=LAB)) == "unknown-record"
    assert scene.code(delegate(scene, rid(77))) == "unknown-record"
    state = {"act": "delegate", "of": of, "reader": LAB}
    assert scene.code(scene.say(MAKER, state, LAB)) == "not-permitted"
    assert scene.code(scene.say(CUSTOMER, state, LAB)) == "invalid-claims"


@pytest.mark.item("5.bad.clock-edges")
@pytest.mark.parametrize(
    ("start", "stop", "code"),
    [
        (NOW, NOW + YEAR, None),
        (NOW - 1, NOW + YEAR, "period-malformed"),
        (NOW, NOW + YEAR + 1, "period-malformed"),
        (NOW, NOW, "period-malformed"),
    ],
)
def test_a_delegation_stays_inside_the_period_of_its_grant(
    scene: Scene, start: int, stop: int, code: str | None
) -> None:
    said = delegate(scene, grant(scene), reads={"from": start, "until": stop})
    assert scene.code(said) == code


@pytest.mark.item("5.bad.expired")
def test_a_grant_that_is_over_is_not_delegated(scene: Scene) -> None:
    of = grant(scene)
    late = scene.copy()
    late.now_ms = NOW + YEAR - 1
    assert late.code(delegate(late, of)) is None
    late.now_ms = NOW + YEAR
    assert late.code(delegate(late, of)) == "grant-expired"
    scene.put(MAKER, {"act": "revoke", "of": of, "reason": "over"}, CUSTOMER)
    assert scene.code(delegate(scene, of)) == "grant-expired"


def test_a_delegation_is_revoked_by_its_delegator_or_the_owner(scene: Scene) -> None:
    of = scene.admit(delegate(scene, grant(scene)))
    state = {"act": "revoke", "of": of, "reason": "over"}
    assert scene.code(scene.say(CUSTOMER, state, LAB)) is None
    assert scene.code(scene.say(MAKER, state, LAB, CUSTOMER)) is None
    assert scene.code(scene.say(MAKER, state, LAB)) == "invalid-claims"
    assert scene.code(scene.say(LAB, state, MAKER)) == "not-permitted"


def test_delegations_of_a_grant_are_bounded(scene: Scene) -> None:
    of = grant(scene)
    for _ in range(limits.DELEGATIONS_LIVE_MAX):
        assert scene.code(delegate(scene, of)) is None
        scene.admit(delegate(scene, of))
    assert scene.code(delegate(scene, of)) == "not-permitted"


# ---- cases ----


@pytest.mark.item("5.2.rules")
def test_a_case_is_open_from_its_acknowledgement_to_its_end(scene: Scene) -> None:
    of = scene.put(CUSTOMER, a_case(), MAKER)
    assert not scene.agreed.cases[of].is_open
    answer = {"act": "endorse", "of": of, "meaning": "approve"}
    assert scene.code(scene.say(CUSTOMER, answer, MAKER)) == "not-permitted"
    assert scene.code(scene.say(LAB, answer, MAKER)) == "unknown-record"
    scene.put(MAKER, answer, CUSTOMER)
    assert scene.agreed.cases[of].is_open
    end = {"act": "end", "of": of, "reason": "over"}
    assert scene.code(scene.say(MAKER, end, CUSTOMER)) == "not-permitted"
    scene.put(CUSTOMER, end, MAKER)
    assert not scene.agreed.cases[of].is_open
    assert scene.code(scene.say(CUSTOMER, end, MAKER)) == "not-permitted"
    assert scene.code(scene.say(MAKER, answer, CUSTOMER)) == "not-permitted"


def test_a_case_that_was_rejected_is_closed_and_its_opener_withdraws_one(scene: Scene) -> None:
    rejected = scene.put(MAKER, a_case(), CUSTOMER)
    scene.put(CUSTOMER, {"act": "endorse", "of": rejected, "meaning": "reject"}, MAKER)
    withdrawn = scene.put(MAKER, a_case(number="8D-2"), CUSTOMER)
    scene.put(MAKER, {"act": "end", "of": withdrawn, "reason": "mistake"}, CUSTOMER)
    closed = [scene.agreed.cases[of].closed_at for of in (rejected, withdrawn)]
    assert None not in closed
    assert [case.record_id for case in scene.agreed.own_cases(MAKER)] == [rejected, withdrawn]


def test_a_case_is_between_its_signer_and_another_under_a_number_of_its_own(scene: Scene) -> None:
    assert scene.code(scene.say(LAB, a_case(), CUSTOMER)) == "not-permitted"
    assert scene.code(scene.say(CUSTOMER, a_case(supplier=CUSTOMER), MAKER)) == "not-permitted"
    assert scene.code(scene.say(CUSTOMER, a_case(), LAB)) == "invalid-claims"
    scene.put(CUSTOMER, a_case(), MAKER)
    assert scene.code(scene.say(MAKER, a_case(), CUSTOMER)) == "not-permitted"
    assert scene.code(scene.say(MAKER, a_case(number="8D-2"), CUSTOMER)) is None


@pytest.mark.parametrize(
    ("party", "to", "code"),
    [(CUSTOMER, LAB, None), (MAKER, CUSTOMER, None), (LAB, CUSTOMER, "unknown-record")],
)
def test_a_grant_on_a_case_is_by_one_who_takes_part(
    scene: Scene, party: str, to: str, code: str | None
) -> None:
    of = scene.put(CUSTOMER, a_case(), MAKER)
    assert scene.code(scene.say(party, a_grant(reader=to, case=of), to)) == code


# ---- holds ----


@pytest.mark.parametrize(
    ("party", "of", "code"),
    [
        (CUSTOMER, OWN, None),
        (MAKER, OWN, "not-permitted"),
        (LAB, OWN, "unknown-record"),
        (CUSTOMER, rid(99), "unknown-record"),
        (CUSTOMER, LOST, "state-incomplete"),
    ],
)
def test_who_is_named_by_a_record_may_hold_it(
    scene: Scene, party: str, of: str, code: str | None
) -> None:
    state = {"act": "hold", "of": of, "reason": "dispute"}
    assert scene.code(scene.say(party, state, MAKER)) == code


def test_a_hold_lasts_until_its_holder_releases_it(scene: Scene) -> None:
    state = {"act": "hold", "of": OWN, "reason": "dispute"}
    hold = scene.put(CUSTOMER, state, MAKER)
    assert scene.code(scene.say(CUSTOMER, state, MAKER)) == "not-permitted"
    release = {"act": "release", "of": hold}
    assert scene.code(scene.say(LAB, release, MAKER)) == "unknown-record"
    scene.put(CUSTOMER, release, MAKER)
    assert list(scene.agreed.held(OWN)) == []
    assert scene.code(scene.say(CUSTOMER, release, MAKER)) == "not-permitted"
    assert scene.code(scene.say(CUSTOMER, state, MAKER)) is None


# ---- forms ----


@pytest.mark.parametrize("member", ["opens", "reads", "records", "delegable", "reader"])
def test_an_act_of_another_form_is_refused_by_its_place(scene: Scene, member: str) -> None:
    said = scene.say(MAKER, a_grant(**{member: 7}), CUSTOMER)
    refusal = scene.masters.judge(said, scene.fold, filings=scene)
    assert refusal is not None
    assert (refusal.code, refusal.faults[0].pointer) == ("invalid-claims", f"/state/{member}")
