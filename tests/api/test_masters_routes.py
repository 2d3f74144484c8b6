"""Relations, masters and tasks over HTTP: what a side is told, and that others see nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

import pytest

from ledger.compose import Filing
from tests.api.derived.trade import FAMILY, Trade, suspended
from tests.api.service import (
    LABORATORY,
    OEM,
    STRANGER,
    SUPPLIER,
    LiveService,
    code_of,
    problem_of,
    serve,
)
from tests.quality.examples import example

NAMES = (
    *("relations", "sites", "parts", "specifications", "requirements"),
    *("grants", "cases", "tasks"),
)
each_name = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trade]:
    """A served log on which a customer and a supplier have agreed on something of each kind."""
    service = serve(tmp_path_factory.mktemp("log"))
    live = next(service)
    made = Trade(live)
    agree_on_all(made)
    yield made
    next(service, None)


def agree_on_all(trade: Trade) -> None:
    """Sites of both sides, a part, a specification, requirements, and what waits still."""
    trade.agree()
    trade.add_part("GR-1")
    trade.file("specification/v1", specification(trade, "A", "2026-11-01"), by=OEM)
    trade.file("specification/v1", specification(trade, "B", "2026-12-01"), by=OEM)
    asked = trade.file("requirement/v1", requirement(trade, "1"), by=OEM)
    trade.endorse(asked, by=SUPPLIER)
    trade.file("requirement/v1", requirement(trade, "2"), by=OEM)
    trade.file("act/v1", {"state": offer(trade, "shafts")}, by=OEM)
    trade.file("part/v1", part(trade, "GR-1", "B"), by=OEM)
    trade.file("act/v1", {"state": a_grant(trade)}, by=SUPPLIER)
    trade.file("act/v1", {"state": {"act": "case", **between(trade), "number": "8D-1"}}, by=OEM)
    trade.live.admit(site(trade, OEM, "OEM-1"))
    trade.live.admit(site(trade, SUPPLIER, "SUP-1", to=OEM))
    trade.live.admit(site(trade, STRANGER, "STR-1"))


def offer(trade: Trade, family: str) -> dict[str, Any]:
    """A supply relation over a family."""
    sides = {"customer": trade.did(OEM), "provider": trade.did(SUPPLIER)}
    return {"act": "relation", "kind": "supply", **sides, "families": [family]}


def a_grant(trade: Trade, **members: Any) -> dict[str, Any]:
    """A grant of the supplier to the customer, for a while."""
    now_ms = trade.live.clock.now_ms()
    grant: dict[str, Any] = {
        "act": "grant",
        "reader": trade.did(OEM),
        "opens": [{"type": "inspection-report/v1", "groups": ["measurements"]}],
        "purpose": "ppap",
        "reads": {"from": now_ms, "until": now_ms + 3_600_000},
        "delegable": False,
    }
    return grant | members


def between(trade: Trade) -> dict[str, str]:
    """The two sides as masters name them."""
    return {"customer": trade.did(trade.customer), "supplier": trade.did(trade.supplier)}


def part(trade: Trade, number: str, revision: str) -> dict[str, Any]:
    """A part that the customer proposes."""
    state = {"number": number, "revision": revision, "family": FAMILY, "unit": "H87"}
    detail = {"names": {"en": "gear"}, "commodity": "steel"}
    return {"state": {**state, "safety": False, **between(trade)}, "detail": detail}


def specification(trade: Trade, revision: str, day: str) -> dict[str, Any]:
    """A specification of the part, in force from a day."""
    state = {"specification": "SP-1", "revision": revision, "part": "GR-1", "in_force_from": day}
    groups = example("specification/v1")
    return {
        "state": {**state, **between(trade)},
        "characteristics": groups["characteristics"],
    }


def requirement(trade: Trade, revision: str) -> dict[str, Any]:
    """A requirement over the family."""
    state = {
        "requirement": "QR-1",
        "revision": revision,
        "families": [FAMILY],
        "in_force_from": "2026-11-01",
    }
    return {"state": {**state, **between(trade)}}


def site(trade: Trade, slug: str, code: str, to: str | None = None) -> str:
    """A site of a party, addressed to another one or to nobody."""
    groups = example("site/v1")
    groups["state"] = {"site": code, "kind": "plant"}
    del groups["correction"]
    return trade.live.record(
        groups, by=slug, vct="site/v1", filing=Filing(to=[trade.did(to)] if to else [])
    )


def told(trade: Trade, name: str, *, by: str, **asked: str | int) -> Any:
    """The items that a party is told."""
    answer = trade.live.signed(by).get(target(name, **asked))
    assert answer.status_code == 200, answer.text
    return answer.json()[name]


def target(name: str, **asked: str | int) -> str:
    """The address of a question."""
    return f"/v1/{name}" + (f"?{urlencode(asked)}" if asked else "")


# ---- who is told ----


@each_name
def test_an_unsigned_request_is_refused(trade: Trade, name: str) -> None:
    assert code_of(trade.live.http.get(target(name))) == "signature-required"


@each_name
def test_who_is_no_side_is_told_the_same_as_where_there_is_nothing(trade: Trade, name: str) -> None:
    foreign, nothing = (
        trade.live.signed(LABORATORY).get(target(name, **asked))
        for asked in ({"limit": 9}, {"limit": 8})
    )
    assert foreign.json()[name] == []
    assert foreign.content == nothing.content


@pytest.mark.parametrize("name", sorted({*NAMES} - {"sites", "tasks"}))
def test_both_sides_are_told_the_same(trade: Trade, name: str) -> None:
    customer, supplier = (told(trade, name, by=slug) for slug in (OEM, SUPPLIER))
    assert customer
    assert customer == supplier


@pytest.mark.parametrize("name", ["parts", "specifications", "requirements"])
def test_a_question_about_others_finds_nothing(trade: Trade, name: str) -> None:
    asked = {"customer": trade.did(OEM), "supplier": trade.did(SUPPLIER)}
    assert told(trade, name, by=SUPPLIER, **asked)
    assert told(trade, name, by=STRANGER, **asked) == []


@pytest.mark.item("5.done.leaks")
def test_a_suspended_side_is_told_what_is_its_own_alone(trade: Trade) -> None:
    with suspended(trade):
        found = {name: told(trade, name, by=SUPPLIER) for name in NAMES}
    assert {name for name, items in found.items() if items} == {"sites", "grants"}
    assert {item["party"] for item in found["sites"]} == {trade.did(SUPPLIER)}
    assert {item["granted_by"] for item in found["grants"]} == {trade.did(SUPPLIER)}


# ---- what is told ----


def test_relations_tell_their_state_and_the_entries_that_made_it(trade: Trade) -> None:
    in_force, offered = told(trade, "relations", by=SUPPLIER)
    assert (in_force["state"], in_force["families"]) == ("in-force", [FAMILY])
    assert (offered["state"], offered["in_force"]) == ("offered", None)
    assert in_force["offered"]["entry"] < in_force["in_force"]["entry"]
    assert told(trade, "relations", by=OEM, state="offered") == [offered]
    assert told(trade, "relations", by=OEM, kind="laboratory") == []
    assert len(told(trade, "relations", by=OEM, party=trade.did(SUPPLIER))) == 2
    assert told(trade, "relations", by=OEM, party=trade.did(STRANGER)) == []


def test_every_fact_is_the_record_of_its_entry_and_verifies_for_both_sides(trade: Trade) -> None:
    in_force, _ = told(trade, "relations", by=SUPPLIER)
    for slug in (OEM, SUPPLIER):
        for fact in (in_force["offered"], in_force["in_force"]):
            view = trade.live.signed(slug).get(f"/v1/records/{fact['record_id']}").content
            (record,) = trade.live.verify(view).records
            assert (record.record_id, record.index) == (fact["record_id"], fact["entry"])
            assert "state" in {group.group for group in record.groups}


@pytest.mark.item("5.2")
def test_grants_tell_what_they_open_and_whether_they_do_now(trade: Trade) -> None:
    (found,) = told(trade, "grants", by=OEM)
    assert (found["owner"], found["reader"]) == (trade.did(SUPPLIER), trade.did(OEM))
    assert found["opens"] == [{"type": "inspection-report/v1", "groups": ["measurements"]}]
    assert (found["state"], found["revoked"], found["records"]) == ("open", None, None)
    assert told(trade, "grants", by=OEM, state="open", owner=trade.did(SUPPLIER)) == [found]
    assert told(trade, "grants", by=OEM, state="expired") == []
    assert told(trade, "grants", by=OEM, reader=trade.did(STRANGER)) == []
    refused = trade.live.signed(OEM).get(target("grants", state="in-force"))
    assert code_of(refused) == "malformed-query"


def test_a_case_waits_for_its_other_side(trade: Trade) -> None:
    (found,) = told(trade, "cases", by=SUPPLIER)
    assert (found["number"], found["state"], found["closed"]) == ("8D-1", "waiting", None)
    assert told(trade, "cases", by=SUPPLIER, state="open") == []


def test_a_part_has_a_revision_in_force_and_one_that_waits(trade: Trade) -> None:
    (found,) = told(trade, "parts", by=OEM, number="GR-1")
    assert (found["in_force"]["revision"], found["proposed"]["revision"]) == ("A", "B")
    assert found["in_force"]["in_force"]["entry"] > found["in_force"]["proposed"]["entry"]
    assert found["proposed"]["in_force"] is None
    assert told(trade, "parts", by=OEM, family="shafts") == []


def test_a_specification_lists_its_revisions_newest_first(trade: Trade) -> None:
    (found,) = told(trade, "specifications", by=SUPPLIER, part="GR-1")
    days = [(one["revision"], one["in_force_from"]) for one in found["revisions"]]
    assert days == [("B", "2026-12-01"), ("A", "2026-11-01")]


@pytest.mark.item("4.5")
def test_a_requirement_tells_what_was_acknowledged_and_what_waits(trade: Trade) -> None:
    (found,) = told(trade, "requirements", by=SUPPLIER)
    assert [one["revision"] for one in found["acknowledged"]] == ["1"]
    assert found["acknowledged"][0]["acknowledged"]["entry"]
    assert found["proposed"]["revision"] == "2"


def test_tasks_are_what_waits_for_the_signer_and_nobody_else(trade: Trade) -> None:
    waiting = told(trade, "tasks", by=SUPPLIER)
    assert [one["about"] for one in waiting] == ["requirement", "relation", "part", "case"]
    assert {one["from"] for one in waiting} == {trade.did(OEM)}
    assert waiting[1]["relation"]["families"] == ["shafts"]
    assert told(trade, "tasks", by=OEM) == []


# ---- sites ----


def test_partners_are_told_names_and_numbers_of_a_site_and_no_contact(trade: Trade) -> None:
    own, partners = told(trade, "sites", by=OEM)
    assert (own["site"], partners["site"]) == ("OEM-1", "SUP-1")
    assert own["groups"].keys() == {"identity", "contact"}
    assert partners["groups"].keys() == {"identity"}
    assert partners["groups"]["identity"]["gln"]
    assert told(trade, "sites", by=OEM, party=trade.did(SUPPLIER)) == [partners]


def test_sites_of_parties_without_a_relation_are_not_told(trade: Trade) -> None:
    assert told(trade, "sites", by=OEM, party=trade.did(STRANGER)) == []
    assert [one["site"] for one in told(trade, "sites", by=STRANGER)] == ["STR-1"]


def test_sites_are_told_until_the_relation_ends(own_service: LiveService) -> None:
    trade = Trade(own_service)
    offered = trade.agree()
    own_service.admit(site(trade, SUPPLIER, "SUP-1"))
    assert told(trade, "sites", by=OEM)
    state = {"act": "end", "of": offered, "reason": "over"}
    trade.file("act/v1", {"state": state}, by=OEM)
    assert told(trade, "sites", by=OEM) == []
    (relation,) = told(trade, "relations", by=SUPPLIER)
    assert relation["state"] == "ended"
    assert relation["ended"]["entry"] == own_service.size() - 1


# ---- pages ----


def test_pages_hold_each_item_once_and_end(own_service: LiveService) -> None:
    trade = Trade(own_service)
    trade.agree()
    for number in ("A", "B", "C", "D", "E"):
        trade.file("part/v1", part(trade, number, "1"), by=OEM)
    for name, member in (("parts", "number"), ("tasks", "record_id")):
        pages = list(pages_of(trade, name, limit=2))
        assert [len(page) for page in pages] == [2, 2, 1]
        assert len({one[member] for page in pages for one in page}) == 5


def pages_of(trade: Trade, name: str, *, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Every page of a supplier's question."""
    asked: dict[str, str | int] = {"limit": limit}
    while True:
        answer = trade.live.signed(SUPPLIER).get(target(name, **asked)).json()
        yield answer[name]
        if answer["next"] is None:
            return
        asked["cursor"] = answer["next"]


def test_an_answer_names_the_tree_that_it_is_made_of(trade: Trade) -> None:
    answer = trade.live.signed(OEM).get(target("tasks"))
    members = answer.json()
    assert members["size"] == trade.live.size()
    assert members["charter"] == trade.live.anchor.charter
    assert members["incomplete"] == []
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("relations", {"kind": "friendship"}),
        ("relations", {"state": "pending"}),
        ("relations", {"number": "GR-1"}),
        ("parts", {"number": ""}),
        ("parts", {"limit": 0}),
        ("parts", {"limit": 201}),
        ("tasks", {"cursor": "e30"}),
        ("tasks", {"cursor": "!"}),
    ],
)
def test_parameters_of_another_form_are_refused_by_name(
    trade: Trade, name: str, asked: dict[str, str | int]
) -> None:
    problem = problem_of(trade.live.signed(OEM).get(target(name, **asked)))
    assert (problem["code"], problem["status"]) == ("malformed-query", 400)
    assert problem["detail"].startswith(next(iter(asked)))


# ---- a part moves ----


@pytest.mark.item("4.2.families")
def test_a_moved_part_is_in_one_family_and_both_sides_see_the_entry(
    own_service: LiveService,
) -> None:
    trade = Trade(own_service)
    trade.agree()
    trade.add_part("GR-1")
    shafts = trade.file("act/v1", {"state": offer(trade, "shafts")}, by=OEM)
    named = {**between(trade), "number": "GR-1"}
    move = {"state": {"act": "move", "part": named, "family": "shafts"}}
    refused = own_service.submit(trade.text("act/v1", move, by=OEM))
    assert code_of(refused) == "relation-not-in-force"
    trade.endorse(shafts, by=SUPPLIER)
    assert code_of(own_service.submit(trade.text("act/v1", move, by=SUPPLIER))) == "not-permitted"
    moved = trade.file("act/v1", move, by=OEM)
    for slug in (OEM, SUPPLIER):
        (found,) = told(trade, "parts", by=slug)
        assert found["family"] == "shafts"
        fact = {"entry": own_service.size() - 1, "record_id": moved}
        assert found["moves"] == [{"family": "shafts", "said": fact}]
        assert told(trade, "parts", by=slug, family=FAMILY) == []


@pytest.mark.item("4.2.countersigned")
def test_a_part_is_in_force_once_its_supplier_has_countersigned(own_service: LiveService) -> None:
    trade = Trade(own_service)
    trade.agree()
    trade.add_part("GR-1")
    proposed = trade.file("part/v1", part(trade, "GR-2", "A"), by=OEM)
    on = {"part": "GR-2", "on": "2026-11-20", "quantity": "5"}
    refused = own_service.submit(shipment_text(trade))
    assert code_of(refused) == "part-not-in-force"
    (task,) = told(trade, "tasks", by=SUPPLIER)
    assert (task["about"], task["record_id"]) == ("part", proposed)
    trade.endorse(proposed, by=SUPPLIER)
    assert told(trade, "tasks", by=SUPPLIER) == []
    trade.shipment("DN-1", **on)


def shipment_text(trade: Trade) -> str:
    """A shipment of the part that waits."""
    state = {"shipment": "DN-0", "part": trade.part("GR-2"), "shipped_on": "2026-11-20"}
    lots = [{"number": "L-1", "quantity": "5"}]
    groups = {"state": state, "goods": {"quantity": "5", "unit": "H87", "lots": lots}}
    return trade.text("shipment/v1", groups, by=SUPPLIER)


@pytest.mark.item("4.state")
def test_an_answer_says_whose_content_is_lost(own_service: LiveService) -> None:
    trade = Trade(own_service)
    trade.agree()
    index = own_service.size() - 2
    own_service.stop()
    with closing(sqlite3.connect(own_service.folder.root / "ledger.db")) as database:
        database.execute("DROP TRIGGER IF EXISTS disclosure_no_delete")
        database.execute("DELETE FROM vault WHERE idx = ?", (index,))
        database.commit()
    own_service.start()
    answer = own_service.signed(SUPPLIER).get(target("relations")).json()
    assert answer["relations"] == []
    assert answer["incomplete"] == [{"party": trade.did(OEM), "entry": index}]
