"""Erasures: whose they are to order, and what keeps a record from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.party import Standing
from ledger.policy import PolicyDocument, Retention
from ledger.policy_history import PolicyVersion
from ledger.sharing.orders import ErasureOrder
from tests.quality.sharing_scene import (
    CUSTOMER,
    DAY,
    LAB,
    LOST,
    MAKER,
    NOW,
    OWN,
    REPORT,
    Scene,
    a_case,
    a_filed,
    a_scene,
    an_erasure,
    rid,
)

KEPT_DAYS = 5475


@pytest.fixture
def scene() -> Scene:
    """Records of the supplier and its customer."""
    return a_scene()


@pytest.fixture
def old(scene: Scene) -> Scene:
    """The same when the minimum of the type is over."""
    scene.now_ms = NOW + KEPT_DAYS * DAY
    return scene


@pytest.mark.item("5.8")
@pytest.mark.parametrize(
    ("party", "of", "groups", "code"),
    [
        (MAKER, OWN, ["measurements"], None),
        (MAKER, OWN, ["manifest"], "state-kept"),
        (MAKER, OWN, ["address"], "state-kept"),
        (MAKER, OWN, ["filing"], "state-kept"),
        (MAKER, OWN, ["state"], "state-kept"),
        (MAKER, OWN, ["recipe"], "invalid-claims"),
        (CUSTOMER, OWN, ["measurements"], "not-the-owner"),
        (LAB, OWN, ["measurements"], "unknown-record"),
        (MAKER, rid(99), ["measurements"], "unknown-record"),
        (MAKER, LOST, ["measurements"], "state-incomplete"),
    ],
)
def test_the_owner_erases_what_nothing_rests_on(
    old: Scene, party: str, of: str, groups: list[str], code: str | None
) -> None:
    assert old.code(old.say(party, an_erasure(of, *groups))) == code


@pytest.mark.item("5.8")
@pytest.mark.parametrize("days", [None, 6000])
def test_minimum_retention_is_counted_from_admission(scene: Scene, days: int | None) -> None:
    if days is not None:
        keep(scene, Retention(days_min=days))
    said = scene.say(MAKER, an_erasure(OWN, "measurements"))
    over = NOW + (days or KEPT_DAYS) * DAY
    assert scene.code(replace(said, admitted_ms=over - 1)) == "retention-not-over"
    assert scene.code(replace(said, admitted_ms=over)) is None


def keep(scene: Scene, retention: Retention) -> None:
    document = PolicyDocument({}, retention={REPORT: retention})
    added = PolicyVersion(rid(9), "default", 1, 9, "", "", document)
    scene.fold = replace(scene.fold, policies=scene.fold.policies.with_version(added))
    scene.records[OWN] = a_filed(10, record_id=OWN, policy=rid(9))


@pytest.mark.item("5.8")
def test_what_is_erased_once_is_not_erased_again(old: Scene) -> None:
    act = old.put(MAKER, an_erasure(OWN, "measurements"))
    assert old.agreed.erased(OWN) == {"measurements": int(act)}
    assert old.code(old.say(MAKER, an_erasure(OWN, "measurements"))) == "already-erased"
    assert old.code(old.say(MAKER, an_erasure(OWN, "lot"))) is None


@pytest.mark.item("5.8")
def test_a_hold_and_an_open_case_keep_a_record(old: Scene) -> None:
    said = old.say(MAKER, an_erasure(OWN, "measurements"))
    hold = old.put(CUSTOMER, {"act": "hold", "of": OWN, "reason": "dispute"}, MAKER)
    assert old.code(said) == "record-held"
    old.put(CUSTOMER, {"act": "release", "of": hold}, MAKER)
    assert old.code(said) is None
    case = old.put(CUSTOMER, a_case(), MAKER)
    old.records[OWN] = a_filed(1, case=case)
    assert old.code(said) == "case-open"
    old.put(CUSTOMER, {"act": "end", "of": case, "reason": "over"}, MAKER)
    assert old.code(said) is None


@pytest.mark.item("5.8")
def test_a_party_that_was_removed_keeps_nothing_for_ever(old: Scene) -> None:
    said = old.say(MAKER, an_erasure(OWN, "measurements"))
    case = old.put(CUSTOMER, a_case(), MAKER)
    end = {"act": "end", "of": case, "reason": "over"}
    old.put(CUSTOMER, {"act": "hold", "of": OWN, "reason": "dispute"}, MAKER)
    in_case = a_filed(1, case=case)
    for filed, code in ((a_filed(1), "record-held"), (in_case, "case-open")):
        old.records[OWN] = filed
        assert old.code(said) == code
        assert removed(old, CUSTOMER).code(said) is None
    assert old.code(old.say(MAKER, end, LAB)) == "not-permitted"
    assert removed(old, CUSTOMER).code(old.say(MAKER, end, LAB)) is None


def removed(scene: Scene, did: str) -> Scene:
    """The scene once a party was removed."""
    party = scene.fold.parties[did].with_standing(Standing.REMOVED, 99)
    return replace(scene, fold=scene.fold.with_party(party))


@pytest.mark.item("5.8")
@pytest.mark.parametrize(("index", "days"), [(9, KEPT_DAYS), (10, 6000)])
def test_to_name_an_earlier_version_keeps_no_less(scene: Scene, index: int, days: int) -> None:
    keep(scene, Retention(days_min=6000))
    scene.records[OWN] = a_filed(index, record_id=OWN)
    said = scene.say(MAKER, an_erasure(OWN, "measurements"))
    over = NOW + days * DAY
    assert scene.code(replace(said, admitted_ms=over - 1)) == "retention-not-over"
    assert scene.code(replace(said, admitted_ms=over)) is None


@pytest.mark.item("5.8")
def test_the_operator_erases_by_retention_once_the_maximum_is_over(scene: Scene) -> None:
    operator = CUSTOMER
    state = an_erasure(OWN, "measurements", basis="retention")
    keep(scene, Retention(days_max=7000))
    over = NOW + 7000 * DAY
    said = scene.say(operator, state, MAKER)
    assert scene.code(replace(said, admitted_ms=over - 1)) == "retention-not-over"
    assert scene.code(replace(said, admitted_ms=over)) is None
    own = scene.say(MAKER, state, CUSTOMER)
    assert scene.code(replace(own, admitted_ms=over)) == "not-permitted"


@pytest.mark.item("5.8")
def test_an_order_of_the_members_stands_above_minimum_retention(scene: Scene) -> None:
    order = ErasureOrder(rid(50), OWN, frozenset({"measurements"}), "court")
    state = an_erasure(OWN, "measurements", basis="order", order=rid(50))
    said = scene.say(CUSTOMER, state, MAKER)
    assert scene.code(said) == "not-permitted"
    scene.fold = replace(scene.fold, erasure_orders={rid(50): order})
    assert scene.code(said) is None
    wider = an_erasure(OWN, "measurements", "lot", basis="order", order=rid(50))
    assert scene.code(scene.say(CUSTOMER, wider, MAKER)) == "not-permitted"


def test_what_masters_are_read_from_is_kept(old: Scene) -> None:
    groups = tuple((name, "partner") for name in old.fold.types["part/v1"].groups)
    part = a_filed(1, vct="part/v1", tiers=groups)
    old.records[OWN] = part
    assert old.code(old.say(MAKER, an_erasure(OWN, "detail"))) == "state-kept"
