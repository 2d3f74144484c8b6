"""Orders of the members: shown to one party, or erased, by a quorum alone."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.sharing.orders import ErasureOrder, Order
from tests.ledger.acts import DAY_MS
from tests.ledger.five_parties import AUDITOR, CERTIFIER, GEAR, OEM, SUPPLIER, at_work
from tests.ledger.sample_types import SAMPLE_VCT

pytestmark = pytest.mark.item("5.2.rules")
OF = "r" * 43


def shown(**members: Any) -> dict[str, Any]:
    """An order to show an auditor what a supplier measured."""
    start = at_work().at_ms
    order = {
        "kind": "disclosure",
        "reader": AUDITOR.did,
        "owner": SUPPLIER.did,
        "opens": [{"type": SAMPLE_VCT, "groups": ["values"]}],
        "reads": {"from": start, "until": start + 10 * DAY_MS},
        "reason": "recall 2026-7",
    }
    return order | members


def erased(*groups: str) -> dict[str, Any]:
    """An order to erase groups of a record."""
    return {"kind": "erasure", "of": OF, "groups": list(groups), "reason": "court order"}


def test_what_a_quorum_orders_shown_is_in_force_with_the_completing_vote() -> None:
    members, content = at_work(), shown()
    of = members.propose(OEM, "order", content)
    members.vote(of, SUPPLIER)
    assert not members.fold.orders
    members.vote(of, GEAR)
    [order] = members.fold.orders
    opens = {SAMPLE_VCT: frozenset({"values"})}
    period = content["reads"]["from"], content["reads"]["until"]
    assert order == Order(of, AUDITOR.did, SUPPLIER.did, opens, *period)
    assert members.fold.proposals == {}


def test_who_is_to_be_shown_something_has_no_vote_on_it() -> None:
    members = at_work()
    of = members.propose(OEM, "order", shown(reader=SUPPLIER.did, owner=None))
    vote = members.endorsement(SUPPLIER.admin, of, "approve")
    assert members.submit(vote) == "not-permitted"
    assert members.submit(members.endorsement(CERTIFIER.admin, of, "approve")) is None


def test_what_a_quorum_orders_erased_is_kept_by_its_proposal() -> None:
    members = at_work()
    of = members.propose(OEM, "order", erased("values"))
    members.vote(of, SUPPLIER, GEAR)
    assert members.fold.erasure_orders == {
        of: ErasureOrder(of, OF, frozenset({"values"}), "court order")
    }


START = at_work().at_ms


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (shown(), None),
        (shown(owner=None), None),
        (shown(reader="did:web:log.example:parties:nobody"), "not-permitted"),
        (shown(owner="did:web:log.example:parties:nobody"), "not-permitted"),
        (shown(opens=[{"type": SAMPLE_VCT, "groups": ["recipe"]}]), "invalid-claims"),
        (shown(opens=[{"type": SAMPLE_VCT, "groups": ["manifest"]}]), "invalid-claims"),
        (shown(opens=[{"type": "other/v1", "groups": ["values"]}]), "invalid-claims"),
        (shown(reads={"from": START, "until": START}), "period-malformed"),
        (shown(reads={"from": 1, "until": START}), "period-malformed"),
        (shown(reads={"from": START - DAY_MS, "until": START}), "grant-expired"),
        (erased("values"), None),
        (erased("values", "state"), "state-kept"),
        (erased("address"), "state-kept"),
        ({**erased("values"), "reader": SUPPLIER.did}, "invalid-claims"),
        ({**erased("values"), "kind": "search"}, "invalid-claims"),
    ],
)
def test_an_order_names_what_can_be_shown_or_erased(
    content: dict[str, Any], code: str | None
) -> None:
    members = at_work()
    assert members.submit(members.proposal(OEM, "order", content)) == code


def test_an_order_whose_period_passed_while_it_waited_is_not_carried() -> None:
    members = at_work()
    of = members.propose(OEM, "order", shown())
    members.vote(of, SUPPLIER)
    members.at_ms += 10 * DAY_MS
    vote = members.endorsement(GEAR.admin, of, "approve")
    assert members.submit(vote) == "grant-expired"


def test_orders_that_are_over_are_not_kept() -> None:
    members = at_work()
    members.vote(members.propose(OEM, "order", shown()), SUPPLIER, GEAR)
    members.at_ms += 10 * DAY_MS
    period = {"from": members.at_ms, "until": members.at_ms + DAY_MS}
    of = members.propose(OEM, "order", shown(reads=period))
    members.vote(of, SUPPLIER, GEAR)
    assert [order.record_id for order in members.fold.orders] == [of]
