"""Who is told of erasures, and what a purge report names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from api import erasures_door, seen
from api.erasing.rules import BACKUPS, RULES
from ledger.vault.shelf import KeyShelf
from ledger.vault.shelf_copies import ShelfCopy
from tests.api.erasing.test_worker import Erasing, erasing
from tests.api.service import LABORATORY, OEM, SUPPLIER
from tests.ledger.parties import NOW_MS

__all__ = ["erasing"]

DAY_MS = 86_400_000


def told(erasing: Erasing, slug: str, target: str) -> dict[str, Any]:
    """What a party is answered."""
    found: dict[str, Any] = erasing.live.signed(slug).get(target).json()
    return found


@pytest.mark.item("5.8")
def test_erasures_are_told_to_owner_operator_and_subject_alone(erasing: Erasing) -> None:
    act = erasing.erase("note")
    erasing.await_done()
    for slug in (SUPPLIER, OEM):
        (found,) = told(erasing, slug, "/v1/erasures")["erasures"]
        assert (found["act"], found["entry"]) == (act["record_id"], act["index"])
        assert (found["groups"], found["state"], found["basis"]) == (["note"], "done", "owner")
    assert told(erasing, LABORATORY, "/v1/erasures") == {"erasures": [], "next": None}
    hidden = told(erasing, LABORATORY, f"/v1/records/{erasing.record_id}/purge")
    absent = told(erasing, LABORATORY, f"/v1/records/{'A' * 43}/purge")
    assert (hidden["code"], absent["code"]) == ("not-found", "not-found")
    assert erasing.live.http.get("/v1/erasures").status_code == 401


@pytest.mark.item("5.8.report")
@pytest.mark.item("5.8.derived")
def test_purge_report_names_what_was_destroyed_the_copies_and_every_rule(erasing: Erasing) -> None:
    shelf = KeyShelf(erasing.live.folder.shelf)
    epoch = shelf.ensure(0)
    copy = ShelfCopy("/mnt/safe", NOW_MS, NOW_MS + 30 * DAY_MS, {0: epoch.file.key_id})
    with shelf.locked():
        shelf.write_copies((copy,))
    act = erasing.erase("evidence", "note")
    erasing.await_done()
    found = told(erasing, SUPPLIER, f"/v1/records/{erasing.record_id}/purge")
    assert told(erasing, SUPPLIER, f"/v1/records/{act['record_id']}/purge") == found
    (report,) = found["reports"]
    assert (report["entry"], report["record_entry"]) == (act["index"], erasing.entry)
    destroyed = {item["what"]: item for item in report["destroyed"]}
    assert destroyed.keys() == {"contents", "epoch-key", "index-rows", "uploads"}
    assert destroyed["uploads"]["count"] == 1
    assert {item["at_ms"] for item in report["destroyed"]} == {report["done_ms"]}
    assert report["backups"] == BACKUPS._asdict()
    assert report["derived"] == [rule._asdict() for rule in RULES]
    assert {"search-index", "caches", "deliveries", "features", "views"} <= {
        rule.code for rule in RULES
    }
    assert [item["where"] for item in report["shelf_copies"]] == ["/mnt/safe"]
    assert "LG-0417" not in json.dumps(found)


@pytest.mark.item("5.8")
def test_retention_tells_owners_of_their_own_and_the_operator_of_what_is_over(
    erasing: Erasing,
) -> None:
    mine = told(erasing, SUPPLIER, "/v1/retention")["records"]
    (report,) = [item for item in mine if item["record"] == erasing.record_id]
    assert (report["state"], report["must_ms"]) == ("may", None)
    assert report["groups"] == ["evidence", "lot", "note"]
    others = told(erasing, LABORATORY, "/v1/retention")["records"]
    assert {item["owner"] for item in others} == {erasing.live.party(LABORATORY).did}
    erasing.erase("evidence", "lot", "note")
    left = told(erasing, SUPPLIER, "/v1/retention")["records"]
    assert erasing.record_id not in {item["record"] for item in left}


def test_lists_load_nothing_of_others_and_little_at_once(
    erasing: Erasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasing.erase("note")
    erasing.await_done()
    store = erasing.live.wired.store
    read: list[Sequence[int]] = []
    disclosures = store.disclosures

    def noted(indices: Sequence[int]) -> Mapping[int, str]:
        read.append(indices)
        return disclosures(indices)

    monkeypatch.setattr(store, "disclosures", noted)
    for module in (erasures_door, seen):
        monkeypatch.setattr(module, "_RECORDS_AT_ONCE", 1)
    for slug, is_own in ((LABORATORY, False), (SUPPLIER, True)):
        read.clear()
        for target in ("/v1/erasures", "/v1/retention", "/v1/seen-by"):
            told(erasing, slug, target)
        assert any(erasing.entry in indices for indices in read) == is_own
        assert all(len(indices) <= 1 for indices in read)


def test_page_of_erasures_goes_through_a_bounded_number_and_leads_on(
    erasing: Erasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer, older = [erasing.erase(group)["record_id"] for group in ("lot", "note")][::-1]
    monkeypatch.setattr(erasures_door, "SCANNED_MAX", 1)
    page = told(erasing, SUPPLIER, "/v1/erasures")
    assert [item["act"] for item in page["erasures"]] == [newer]
    page = told(erasing, LABORATORY, "/v1/erasures")
    assert page["erasures"] == []
    page = told(erasing, SUPPLIER, f"/v1/erasures?before={page['next']}")
    assert ([item["act"] for item in page["erasures"]], page["next"]) == ([older], None)


@pytest.mark.parametrize("query", ["state=gone", "after=x", "limit=1"])
def test_malformed_questions_are_refused(erasing: Erasing, query: str) -> None:
    assert told(erasing, SUPPLIER, f"/v1/retention?{query}")["code"] == "malformed-query"
