"""Deliveries from tables, on a log where both sides have agreed: once, and citing one another."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from api.cli.cited_shipments import cite_shipments
from api.cli.document_numbers import Comparison, NumberBook
from api.cli.drafts import Draft
from api.cli.places import Places
from api.cli.suggestion import suggest
from api.cli.table import TableOptions, read_table
from api.cli.table_drafts import table_drafts
from api.cli.type_defaults import with_defaults
from keys.identifiers import parse_origin
from tests.api.service import OEM, SUPPLIER, LiveService
from tests.api.test_client import a_client
from tests.api.test_relations import an_answer, an_offer

pytestmark = pytest.mark.item("4.8")

SHIPMENTS = (
    "Lieferschein;Kunde;Teilenummer;Rev;Versanddatum;Charge;Menge;Einheit;Teilefamilie\n"
    f"LS-7;{OEM};P-1;B;20.11.2026;C1;100;Stk;gears\n"
    f"LS-7;{OEM};P-1;B;20.11.2026;C2;50;Stk;gears\n"
)
RECEIPTS = (
    "Wareneingang;Lieferschein;Lieferant;Teilenummer;Rev;Eingangsdatum;Charge;Menge;Einheit\n"
    f"WE-1;LS-7;{SUPPLIER};P-1;B;21.11.2026;C1;100;Stk\n"
)


def drafts_of(live: LiveService, vct: str, text: str, *, by: str) -> list[Draft]:
    """The drafts of a table under the mapping that its headings suggest."""
    places = Places(live.kind(vct).text)
    table = read_table(text.encode(), TableOptions(delimiter=";"))
    mapping = suggest(table, places, given={}, constants={})
    made = table_drafts(table, mapping, places=places, origin=parse_origin(live.anchor.origin))
    return [with_defaults(draft, live.party(by).did) for draft in made.drafts]


def admit(live: LiveService, drafts: Sequence[Draft], *, by: str) -> list[str]:
    """Submit drafts; their record ids."""
    return [
        live.admit(live.record(draft.groups, by=by, filing=draft.filing, vct=draft.vct))
        for draft in drafts
    ]


def compared(live: LiveService, drafts: Sequence[Draft], *, by: str) -> Comparison:
    """What the log has of them by number."""
    with a_client(live, by) as client:
        book = NumberBook(client, live.anchor, party=live.party(by).did)
        return book.compare(drafts, live.kind(drafts[0].vct))


@pytest.fixture
def agreed(own_service: LiveService) -> LiveService:
    """A log with a relation in force."""
    offer = an_offer(own_service, "gears")
    own_service.admit(offer)
    own_service.admit(an_answer(own_service, offer))
    return own_service


@pytest.mark.item("4.8.idempotent")
def test_a_shipment_is_found_again_by_its_number_and_by_nobody_elses(agreed: LiveService) -> None:
    drafts = drafts_of(agreed, "shipment/v1", SHIPMENTS, by=SUPPLIER)
    assert not compared(agreed, drafts, by=SUPPLIER).there
    admit(agreed, drafts, by=SUPPLIER)
    again = drafts_of(agreed, "shipment/v1", SHIPMENTS, by=SUPPLIER)
    assert len(compared(agreed, again, by=SUPPLIER).there) == 1
    assert not compared(agreed, again, by=OEM).there
    changed = drafts_of(agreed, "shipment/v1", SHIPMENTS.replace(";50;", ";60;"), by=SUPPLIER)
    ((line,),) = compared(agreed, changed, by=SUPPLIER).faults.values()
    # The cell, and not the sum that nobody typed.
    assert line.startswith("row 3, column G 'Menge' (/goods/lots/1/quantity): expected '50' as in")


def test_a_receipt_cites_the_shipment_that_it_names_by_number(agreed: LiveService) -> None:
    (shipment,) = admit(
        agreed, drafts_of(agreed, "shipment/v1", SHIPMENTS, by=SUPPLIER), by=SUPPLIER
    )
    rows = drafts_of(agreed, "goods-receipt/v1", RECEIPTS, by=OEM)
    with a_client(agreed, OEM) as client:
        cited = cite_shipments(rows, client, agreed.anchor)
        missing = drafts_of(agreed, "goods-receipt/v1", RECEIPTS.replace("LS-7", "LS-8"), by=OEM)
        unknown = cite_shipments(missing, client, agreed.anchor)
    (draft,) = cited.drafts
    assert draft.groups["state"]["shipment"] == shipment
    assert tuple(draft.filing.cites) == (shipment,)
    admit(agreed, cited.drafts, by=OEM)
    assert unknown.drafts == ()
    assert unknown.faults[0].startswith("row 2, column B 'Lieferschein' (/state/shipment)")
