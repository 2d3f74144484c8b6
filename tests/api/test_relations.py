"""Relations over HTTP: refused by name until both have signed, and what a lost act does."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest

from ledger.compose import Filing
from tests.api.service import OEM, STRANGER, SUPPLIER, LiveService, problem_of
from tests.ledger.parties import record_id_of


def an_act(live: LiveService, by: str, state: Mapping[str, Any], to: str) -> str:
    """A signed act."""
    filing = Filing(to=[live.party(to).did], subject=live.party(to).did)
    return live.record({"state": dict(state)}, by=by, filing=filing, vct="act/v1")


def an_offer(live: LiveService, family: str) -> str:
    """A relation that the customer offers to its supplier."""
    state = {
        "act": "relation",
        "kind": "supply",
        "customer": live.party(OEM).did,
        "provider": live.party(SUPPLIER).did,
        "families": [family],
    }
    return an_act(live, OEM, state, SUPPLIER)


def an_answer(live: LiveService, offer: str) -> str:
    """Its endorsement by the supplier."""
    state = {"act": "endorse", "of": record_id_of(offer), "meaning": "approve"}
    return an_act(live, SUPPLIER, state, OEM)


def a_report(live: LiveService, family: str, *, by: str = SUPPLIER) -> str:
    """A record that names a family to the customer."""
    return live.record(by=by, filing=Filing(to=[live.party(OEM).did], family=family))


@pytest.mark.item("4.done.one-sided-family")
def test_family_that_only_one_side_signed_is_forbidden_by_name(own_service: LiveService) -> None:
    offer = an_offer(own_service, "gears")
    own_service.admit(offer)
    told = problem_of(own_service.submit(a_report(own_service, "gears")))
    assert (told["code"], told["status"]) == ("relation-not-in-force", 403)
    assert "family gears" in told["detail"]
    own_service.admit(an_answer(own_service, offer))
    own_service.admit(a_report(own_service, "gears"))
    told = problem_of(own_service.submit(a_report(own_service, "gears", by=STRANGER)))
    assert told["code"] == "relation-not-in-force"


@pytest.mark.item("4.state")
def test_restarted_service_says_whose_content_is_lost_and_judges_the_rest(
    own_service: LiveService, logged: list[dict[str, Any]]
) -> None:
    offer = an_offer(own_service, "gears")
    own_service.admit(offer)
    own_service.admit(an_answer(own_service, offer))
    index = own_service.size() - 2
    own_service.stop()
    with closing(sqlite3.connect(own_service.folder.root / "ledger.db")) as database:
        database.execute("DROP TRIGGER IF EXISTS disclosure_no_delete")
        database.execute("DELETE FROM vault WHERE idx = ?", (index,))
        database.commit()
    own_service.start()
    customer = own_service.party(OEM).did
    warned = [entry for entry in logged if entry["event"] == "state.incomplete"]
    assert [(entry["party"], entry["entry_index"]) for entry in warned] == [(customer, index)]
    report = a_report(own_service, "gears")
    told = problem_of(own_service.submit(report))
    assert (told["code"], told["status"]) == ("state-incomplete", 503)
    own_service.admit(own_service.record())

    assert own_service.submit(offer).status_code == 200
    own_service.restart()
    own_service.admit(report)
