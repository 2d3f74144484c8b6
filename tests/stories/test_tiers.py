"""A chain of an OEM, its tier-1 and a tier-2: the tier-1 is supplier and customer alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.compose import Filing
from tests.api.service import LABORATORY, OEM, STRANGER, SUPPLIER, LiveService, problem_of, serve
from tests.stories.consortium import Consortium
from tests.stories.tiers import SAID, Link, register_site

pytestmark = [pytest.mark.item("4.3.sides"), pytest.mark.item("4.3")]

TIER_1, TIER_2 = SUPPLIER, STRANGER
MASTERS = ("relations", "sites", "parts", "specifications", "requirements", "tasks")
#: What one side of a relation alone may write; the chain has it admitted from that side.
BY_SIDE = ("part", "specification", "requirement", "shipment", "goods-receipt")


def a_chain(service: LiveService) -> tuple[Link, Link]:
    """The two links of the chain, over which everything was said."""
    sites = {slug: register_site(service, slug) for slug in (OEM, TIER_1, TIER_2)}
    upper = Link(service, OEM, TIER_1, sites)
    lower = Link(service, TIER_1, TIER_2, sites)
    upper.say_all()
    lower.say_all()
    return upper, lower


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Link, Link]]:
    """A chain on a served log."""
    for service in serve(tmp_path_factory.mktemp("log")):
        yield a_chain(service)


def told(link: Link, slug: str, name: str, **asked: str) -> Any:
    """The items of a kind of master that a party is told."""
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    answer = link.service.signed(slug).get(f"/v1/{name}?{query}" if query else f"/v1/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()[name]


def test_a_tier_1_opens_towards_its_tier_2_what_the_oem_opens_towards_it(
    consortium: Consortium,
) -> None:
    upper, lower = a_chain(consortium.service)
    assert upper.ids.keys() == lower.ids.keys() == dict(SAID).keys()
    consortium.restart()
    for link in (upper, lower):
        for slug in (link.customer, link.supplier):
            read_by(link, slug)
    assert consortium.audit().entries == consortium.service.size()


def read_by(link: Link, slug: str) -> None:
    """Every record of a link verifies for a side of it and shows what it says."""
    for record_id in link.ids.values():
        view = link.service.signed(slug).get(f"/v1/records/{record_id}").content
        (record,) = link.service.verify(view).records
        shown = {group.group for group in record.groups}
        assert {"manifest", "address"} < shown


@pytest.mark.parametrize("name", BY_SIDE)
def test_the_side_is_asked_of_the_relation_and_never_of_the_role(
    chain: tuple[Link, Link], name: str
) -> None:
    upper, _ = chain
    assert upper.ids[name]
    # Turned round: who supplies here would write what its customer may.
    turned = Link(upper.service, upper.supplier, upper.customer, upper.sites)
    turned.ids.update(upper.ids)
    problem = problem_of(upper.service.submit(turned.text(name, dict(SAID)[name])))
    assert (problem["code"], problem["status"]) == ("relation-not-in-force", 403)


def test_the_tier_1_sees_both_links_and_each_end_its_own(chain: tuple[Link, Link]) -> None:
    upper, lower = chain
    for slug, links in ((OEM, [upper]), (TIER_1, [upper, lower]), (TIER_2, [lower])):
        parts = told(upper, slug, "parts")
        sides = {(part["customer"], part["supplier"]) for part in parts}
        assert sides == {(link.did(link.customer), link.did(link.supplier)) for link in links}
        known = {site["party"] for site in told(upper, slug, "sites")}
        assert known == {link.did(one) for link in links for one in (link.customer, link.supplier)}


@pytest.mark.parametrize("name", MASTERS)
def test_who_is_in_no_link_sees_none(chain: tuple[Link, Link], name: str) -> None:
    assert told(chain[0], LABORATORY, name) == []


def test_the_tier_1_is_told_its_deliveries_on_both_sides(chain: tuple[Link, Link]) -> None:
    upper, lower = chain
    wired = upper.service.wired
    wired.derived.await_size(wired.ledger.size, 20)
    answer = upper.service.signed(TIER_1).get("/v1/deliveries/monthly?from=2026-11&to=2026-11")
    rows = answer.json()["rows"]
    sides = {(row["customer"], row["supplier"]): row["delivered"] for row in rows}
    assert sides == {
        (link.did(link.customer), link.did(link.supplier)): "500" for link in (upper, lower)
    }


def test_a_link_that_has_ended_lets_the_other_one_go_on(tmp_path: Path) -> None:
    for service in serve(tmp_path / "log"):
        upper, lower = a_chain(service)
        state = {"act": "end", "of": lower.ids["relation"], "reason": "over"}
        lower.ids["end"] = service.admit(an_end(lower, state))
        for link, is_admitted in ((lower, False), (upper, True)):
            answer = service.submit(link.text("outgoing-inspection", "supplier"))
            assert (answer.status_code == 201) is is_admitted
        assert [one["state"] for one in told(lower, TIER_2, "relations")] == ["ended"]


def an_end(link: Link, state: dict[str, Any]) -> str:
    """The customer ends a relation."""
    to = link.did(link.supplier)
    filing = Filing(subject=to, to=[to])
    return link.service.record({"state": state}, by=link.customer, filing=filing, vct="act/v1")
