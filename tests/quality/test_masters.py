"""What is agreed binds, through the real log: each refusal beside its allowed sibling."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.admission import Place
from ledger.entitled import said_of
from quality.in_force.parts import PartKey
from quality.masters import Masters
from tests.ledger.ledger_stories import Story, check_ledger
from tests.ledger.parties import PartyKeys
from tests.quality.examples import example
from tests.quality.master_stories import (
    OEM,
    OTHER,
    SUPPLIER,
    a_part,
    a_shipment,
    a_site,
    a_specification,
    a_trade_story,
    agree,
    an_act,
    an_answer,
    an_inspection,
    an_offer,
    code,
    inspection_groups,
    masters_of,
    refusal,
    sign,
    some_parameters,
)

KEY = PartKey(OEM.did, SUPPLIER.did, "GR-1")


@pytest.fixture
def story() -> Iterator[Story]:
    """A supply relation over gears is in force, and nothing on top of it."""
    story = a_trade_story()
    agree(story, an_offer("GEARS"))
    yield story
    check_ledger(story, size=story.ledger.size)
    story.ledger.close()


def flags(story: Story, text: str) -> list[str]:
    """The flags that a record would have if it were the next entry."""
    record = story.checked(text)
    assert record.facts is not None
    place = Place(story.ledger.size, story.clock.now_ms())
    return [flag.code for flag in masters_of(story).flags(said_of(record, record.facts, place))]


def family_of(masters: Masters) -> str | None:
    """The family of the part, once it is in force."""
    part = masters.parts.find(KEY)
    return part.family if part and part.in_force else None


# ---- parts ----


@pytest.mark.item("4.done.one-sided-family")
@pytest.mark.item("4.2")
def test_a_part_of_a_family_that_only_one_side_signed_is_refused(story: Story) -> None:
    story.admit(an_offer("SHAFTS"))
    found = refusal(story, a_part("SH-1", family="SHAFTS"))
    assert found is not None
    assert (found.code, "SHAFTS" in found.detail) == ("relation-not-in-force", True)
    assert code(story, a_part("SH-1", family="GEARS")) is None


@pytest.mark.item("4.2.countersigned")
def test_a_part_is_in_force_once_the_supplier_has_countersigned(story: Story) -> None:
    [proposed] = story.admit(a_part())
    masters = masters_of(story)
    assert family_of(masters) is None
    assert code(story, a_shipment()) == "part-not-in-force"
    story.admit(an_answer(proposed.record_id))
    assert family_of(masters_of(story)) == "GEARS"
    assert code(story, a_shipment()) is None
    # The value that a reader kept has not changed.
    assert family_of(masters) is None


def test_a_rejected_part_never_comes_in_force(story: Story) -> None:
    [proposed] = story.admit(a_part())
    story.admit(an_answer(proposed.record_id, "reject"))
    assert code(story, an_answer(proposed.record_id)) == "not-permitted"
    part = masters_of(story).part(*KEY)
    assert part is not None
    assert (part.in_force, part.proposed) == (None, None)


def test_only_the_supplier_answers_for_a_part(story: Story) -> None:
    [proposed] = story.admit(a_part())
    own = an_act(OEM, SUPPLIER, act="endorse", of=proposed.record_id, meaning="approve")
    assert code(story, own) == "not-permitted"
    stranger = an_act(OTHER, OEM, act="endorse", of=proposed.record_id, meaning="approve")
    assert code(story, stranger) == "unknown-record"
    elsewhere = an_act(SUPPLIER, OTHER, act="endorse", of=proposed.record_id, meaning="approve")
    assert code(story, elsewhere) == "invalid-claims"
    assert code(story, an_answer(proposed.record_id)) is None


@pytest.mark.item("4.2")
def test_a_revision_stands_until_the_next_one_is_countersigned(story: Story) -> None:
    agree(story, a_part(revision="A"))
    [proposed] = story.admit(a_part(revision="B"))
    not_current = ["site-missing", "revision-not-current"]
    assert flags(story, a_shipment(revision="B")) == not_current
    assert flags(story, a_shipment(revision="A")) == ["site-missing"]
    story.admit(an_answer(proposed.record_id))
    assert flags(story, a_shipment(revision="A")) == not_current
    part = masters_of(story).part(*KEY)
    assert part is not None
    assert [one.revision for one in part.earlier] == ["A"]
    assert code(story, a_shipment(revision="A")) is None


def test_a_proposal_takes_the_place_of_one_that_waits_still(story: Story) -> None:
    [first] = story.admit(a_part(revision="A"))
    [second] = story.admit(a_part(revision="B"))
    assert code(story, an_answer(first.record_id)) == "not-permitted"
    assert code(story, an_answer(second.record_id)) is None


def a_move(party: PartyKeys, to: PartyKeys, family: str) -> str:
    part = {"customer": OEM.did, "supplier": SUPPLIER.did, "number": "GR-1"}
    return an_act(party, to, act="move", part=part, family=family)


@pytest.mark.item("4.2.families")
def test_a_part_moves_by_an_entry_that_both_sides_see(story: Story) -> None:
    agree(story, an_offer("SHAFTS"))
    agree(story, a_part())
    for party, to, family, refused in (
        (SUPPLIER, OEM, "SHAFTS", "not-permitted"),
        (OEM, OTHER, "SHAFTS", "invalid-claims"),
        (OEM, SUPPLIER, "GEARS", "not-permitted"),
        (OEM, SUPPLIER, "PUMPS", "relation-not-in-force"),
    ):
        assert code(story, a_move(party, to, family)) == refused
    assert code(story, a_part(revision="B", family="SHAFTS")) == "not-permitted"
    story.admit(a_move(OEM, SUPPLIER, "SHAFTS"))
    assert family_of(masters_of(story)) == "SHAFTS"
    assert code(story, a_shipment(family="GEARS")) == "invalid-claims"
    assert code(story, a_shipment(family="SHAFTS")) is None


@pytest.mark.item("4.6")
def test_a_shipment_names_a_part_once_the_two_have_one(story: Story) -> None:
    assert code(story, a_shipment(number="GR-9")) is None
    agree(story, a_part())
    found = refusal(story, a_shipment(number="GR-2"))
    assert found is not None
    assert (found.code, "GR-1" in found.detail) == ("unknown-part", True)
    assert code(story, a_shipment()) is None


def test_goods_come_in_a_unit_that_converts_to_that_of_the_part(story: Story) -> None:
    agree(story, a_part(unit="KGM"))
    assert code(story, a_shipment(unit="GRM")) is None
    assert code(story, a_shipment(unit="MTR")) == "unit-mismatch"
    assert code(story, a_shipment(unit="H87")) == "unit-mismatch"


# ---- sites ----


@pytest.mark.item("4.done.unknown-site")
@pytest.mark.item("4.1.named")
def test_an_unknown_site_is_refused_by_name(story: Story) -> None:
    assert flags(story, an_inspection(site="LG-1")) == ["site-missing"]
    assert code(story, an_inspection(site="LG-1")) is None
    story.admit(a_site(SUPPLIER, "LG-1"))
    found = refusal(story, an_inspection(site="LG-l"))
    assert found is not None
    assert (found.code, "LG-1" in found.detail) == ("unknown-site", True)
    assert code(story, an_inspection()) == "site-required"
    assert code(story, an_inspection(site="LG-1", number="L-2")) is None
    assert flags(story, an_inspection(site="LG-1")) == []


def test_a_shipment_goes_to_a_site_of_the_customer(story: Story) -> None:
    agree(story, a_part())
    assert code(story, a_shipment(to_site="BM-2")) is None
    story.admit(a_site(OEM, "BM-1"))
    assert code(story, a_shipment(to_site="BM-2", shipment="DN-2")) == "unknown-site"
    assert code(story, a_shipment(to_site="BM-1")) is None


@pytest.mark.item("4.1")
def test_a_later_record_of_a_site_replaces_the_earlier_one(story: Story) -> None:
    [first] = story.admit(a_site(SUPPLIER, "LG-1"))
    [second] = story.admit(sign_again())
    site = masters_of(story).sites.of(SUPPLIER.did).get("LG-1")
    assert site is not None
    assert (site.record_id, site.kind) == (second.record_id, "warehouse")
    assert first.record_id != second.record_id
    assert masters_of(story).sites.of(OEM.did).get("LG-1") is None


def sign_again() -> str:
    """The same site, which is a warehouse now."""
    groups = example("site/v1")
    groups["state"] = {"site": "LG-1", "kind": "warehouse"}
    del groups["correction"]
    return sign("site/v1", SUPPLIER, groups)


# ---- specifications ----


@pytest.mark.item("4.4.cited")
@pytest.mark.item("4.done.limit-typed")
def test_a_limit_typed_beside_a_specification_is_refused_by_name(story: Story) -> None:
    agree(story, a_part())
    story.admit(a_specification("A", "2026-01-01"))
    found = refusal(story, an_inspection(cited="A", limits={"upper": "2"}))
    assert found is not None
    assert found.code == "limit-typed"
    assert [fault.pointer for fault in found.faults] == ["/measurements/characteristics/0/upper"]
    assert code(story, an_inspection(cited="A")) is None


@pytest.mark.item("4.4.cited")
def test_a_part_with_a_specification_in_force_is_inspected_against_it(story: Story) -> None:
    typed = {"lower": "0", "upper": "2"}
    assert flags(story, an_inspection(limits=typed)) == ["site-missing", "limits-not-agreed"]
    assert code(story, an_inspection(limits=typed)) is None
    agree(story, a_part())
    story.admit(a_specification("A", "2026-11-21"))
    assert code(story, an_inspection(number="L-2")) is None
    story.admit(a_specification("B", "2026-11-20"))
    assert code(story, an_inspection(number="L-3")) == "specification-required"
    assert code(story, an_inspection(cited="B")) is None
    found = refusal(story, an_inspection(cited="C"))
    assert found is not None
    assert (found.code, "SP-1 B" in found.detail) == ("unknown-specification", True)


def relate_other(story: Story, kind: str, families: list[str]) -> None:
    """Put a relation in force in which the third party provides for the customer."""
    state = {"kind": kind, "customer": OEM.did, "provider": OTHER.did, "families": families}
    [offer] = story.admit(an_act(OEM, OTHER, act="relation", **state))
    story.admit(an_act(OTHER, OEM, act="endorse", of=offer.record_id, meaning="approve"))


def test_refusals_tell_a_stranger_nothing_of_what_others_agreed(story: Story) -> None:
    agree(story, a_part())
    story.admit(a_specification("A", "2026-01-01"))
    sides: dict[str, Any] = {"customer": OEM.did, "supplier": SUPPLIER.did}
    bare = inspection_groups(number="L-2", **sides)
    assert code(story, sign("inspection-report/v1", OTHER, bare)) is None
    citing = sign("inspection-report/v1", OTHER, inspection_groups(cited="A", **sides))
    found = refusal(story, citing)
    assert found is not None
    assert (found.code, "such as" in found.detail) == ("unknown-specification", False)
    uncited = inspection_groups(number="L-3", **sides)
    # A competitor that supplies the same customer something else is a stranger to this part.
    relate_other(story, "supply", ["WIPERS"])
    assert code(story, sign("inspection-report/v1", OTHER, bare, label="again")) is None
    relate_other(story, "laboratory", [])
    assert code(story, sign("inspection-report/v1", OTHER, uncited)) == "specification-required"
    assert code(story, citing) is None


@pytest.mark.item("4.done.superseded")
def test_an_inspection_against_a_superseded_revision_is_flagged(story: Story) -> None:
    agree(story, a_part())
    story.admit(a_specification("A", "2026-01-01"), a_specification("B", "2026-11-21"))
    assert flags(story, an_inspection(cited="A")) == ["site-missing"]
    assert flags(story, an_inspection(cited="B")) == [
        "site-missing",
        "specification-not-yet-in-force",
    ]
    story.admit(a_specification("C", "2026-11-20"))
    assert flags(story, an_inspection(cited="A")) == ["site-missing", "specification-superseded"]
    assert flags(story, an_inspection(cited="C")) == ["site-missing"]
    assert code(story, an_inspection(cited="A")) is None


@pytest.mark.item("4.4")
def test_a_specification_is_of_a_part_and_its_revisions_differ(story: Story) -> None:
    assert code(story, a_specification("A", "2026-01-01")) == "unknown-part"
    story.admit(a_part())
    assert code(story, a_specification("A", "2026-01-01")) is None
    assert code(story, a_specification("A", "2026-02-01")) == "not-permitted"
    assert code(story, a_specification("B", "2026-02-01")) is None
    (now,) = tuple(masters_of(story).specifications.at(KEY, "2026-02-01"))
    assert now.revision == "B"
    assert tuple(masters_of(story).specifications.at(KEY, "2025-12-31")) == ()
    # The part waits for the supplier still: nothing binds.
    assert code(story, an_inspection()) is None


# ---- requirements ----


def a_requirement(*families: str, revision: str = "1", day: str = "2026-01-01") -> str:
    state = {
        "requirement": "QR",
        "revision": revision,
        "supplier": SUPPLIER.did,
        "customer": OEM.did,
        "families": list(families),
        "in_force_from": day,
    }
    return sign("requirement/v1", OEM, {"state": state}, to=[SUPPLIER])


@pytest.mark.item("4.5")
def test_a_requirement_is_in_force_once_the_supplier_acknowledged_it(story: Story) -> None:
    assert code(story, a_requirement("SHAFTS")) == "relation-not-in-force"
    [proposed] = story.admit(a_requirement("GEARS"))
    asked = masters_of(story).asked.at((OEM.did, SUPPLIER.did), "2026-11-20")
    assert asked == ()
    story.admit(an_answer(proposed.record_id))
    assert code(story, an_answer(proposed.record_id, "reject")) == "not-permitted"
    agree(story, a_requirement("GEARS", revision="2", day="2026-12-01"))
    for day, revision in (("2026-11-20", ["1"]), ("2026-12-01", ["2"]), ("2025-12-31", [])):
        found = masters_of(story).asked.at((OEM.did, SUPPLIER.did), day)
        assert [one.revision for one in found] == revision


def test_what_ends_is_a_relation(story: Story) -> None:
    record_id = agree(story, a_part())
    assert (
        code(story, an_act(OEM, SUPPLIER, act="end", of=record_id, reason="over"))
        == "unknown-record"
    )


# ---- codes ----


def a_book(version: str, *codes: str) -> str:
    """A codebook of materials."""
    entries = [{"code": code, "en": f"steel {code}", "zh": f"钢 {code}"} for code in codes]
    document = {"codebook": "materials", "version": version, "codes": entries}
    return some_parameters("codebook-materials", json.dumps(document, ensure_ascii=False))


@pytest.mark.item("4.7.near")
def test_codes_of_a_codebook_in_force_are_codes_of_it(story: Story) -> None:
    assert code(story, an_inspection(material="20MnCr6")) is None
    story.admit(a_book("1", "20MnCr5", "16MnCr5"))
    found = refusal(story, an_inspection(material="20MnCr6", number="L-2"))
    assert found is not None
    assert (found.code, "20MnCr5" in found.detail) == ("unknown-code", True)
    assert [fault.pointer for fault in found.faults] == ["/lot/material"]
    assert code(story, an_inspection(material="20MnCr5")) is None


@pytest.mark.item("4.7")
def test_a_codebook_keeps_the_codes_of_the_one_in_force(story: Story) -> None:
    story.admit(a_book("1", "20MnCr5"))
    assert code(story, a_book("2", "16MnCr5")) == "malformed-document"
    assert code(story, some_parameters("codebook-materials", "{}")) == "malformed-document"
    assert code(story, a_book("2", "20MnCr5", "16MnCr5")) is None
    assert code(story, an_inspection(material="16MnCr5")) is None


@pytest.mark.item("4.state")
def test_masters_are_the_same_after_a_restart(story: Story) -> None:
    agree(story, a_part())
    story.admit(a_site(SUPPLIER, "LG-1"), a_specification("A", "2026-01-01"))
    agree(story, a_requirement("GEARS"))
    before = masters_of(story)
    again = story.restarted()
    assert masters_of(again) == before
    assert code(again, an_inspection(site="LG-1")) == "specification-required"
    again.ledger.close()
