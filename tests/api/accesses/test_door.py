"""Owners over HTTP: what they are told, their rules and alerts, and that others learn nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from api.accesses.alert_rules import AlertRule
from api.accesses.book import AccessBook
from api.http_signatures import prove_request
from api.request_evidence import evidence_digest, parse_evidence
from ledger import limits
from tests.api.accesses.reads import MEASUREMENTS, READER, SEEN, a_reader, seen
from tests.api.service import OEM, STRANGER, SUPPLIER, LiveService, code_of, serve


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A served log."""
    yield from serve(tmp_path_factory.mktemp("log"))


@pytest.fixture
def owner(live: LiveService) -> str:
    """A party of whom nobody has read anything, told by its DID."""
    return did(live, SUPPLIER)


def did(live: LiveService, slug: str) -> str:
    """The DID of a member."""
    return live.party(slug).signing.kid.partition("#")[0]


def get(live: LiveService, target: str, *, by: str = SUPPLIER) -> dict[str, Any]:
    """The answer to a member."""
    answer = live.signed(by).get(target)
    assert answer.status_code == 200, answer.text
    members: dict[str, Any] = answer.json()
    return members


def keep(live: LiveService, name: str, rule: Any) -> int:
    """Keep a rule; the status."""
    body = json.dumps(rule).encode()
    return live.signed(SUPPLIER).send("PUT", f"/v1/access-rules/{name}", content=body).status_code


def open_alerts(live: LiveService) -> list[tuple[str, int]]:
    """Rule and reads of the alerts that are open, oldest first."""
    found = get(live, "/v1/access-alerts")["alerts"]
    return [(alert["rule"], alert["reads"]) for alert in reversed(found)]


@pytest.mark.item("5.7.listed")
def test_an_owner_is_told_of_its_rows_and_nobody_else_is(live: LiveService, owner: str) -> None:
    live.wired.accesses.note(a_reader(), [replace(SEEN, owners=(owner,))])
    told = get(live, "/v1/accesses?limit=1&evidence=true")
    (row,) = told["accesses"]
    (text,) = told["rows"]
    assert {name: row[name] for name in json.loads(text)} == json.loads(text)
    assert (row["reader"], row["groups"]["measurements"]["rule"]) == (READER, "grant")
    evidence = told["requests"][row["request"]]
    assert evidence_digest(evidence) == row["request"]
    assert prove_request(parse_evidence(evidence)) == row["kid"]
    for by in (OEM, STRANGER):
        assert get(live, "/v1/accesses?evidence=true", by=by)["accesses"] == []
    assert code_of(live.http.get("/v1/accesses")) == "signature-required"


@pytest.mark.item("5.7")
@pytest.mark.parametrize(
    "target", ["/v1/records/{}", "/v1/records?type=sample-report%2Fv1&limit=1"]
)
def test_a_read_of_another_s_record_leaves_a_receipt_and_one_of_its_own_does_not(
    live: LiveService, target: str
) -> None:
    record = live.admit(live.record())
    listing = f"/v1/accesses?record={record}&evidence=true"
    for by in (SUPPLIER, None):
        read(live, target.format(record), by)
    assert get(live, listing)["accesses"] == []
    read(live, target.format(record), OEM)
    told = get(live, listing)
    (row,) = told["accesses"]
    assert (row["reader"], row["type"]) == (did(live, OEM), "sample-report/v1")
    assert row["groups"]["manifest"] == {"tier": "consortium", "rule": "consortium", "by": None}
    assert parse_evidence(told["requests"][row["request"]]).target.endswith(target.format(record))


@pytest.mark.item("5.7")
def test_a_report_of_another_s_record_is_a_read_of_it(live: LiveService) -> None:
    record = live.admit(live.record())
    target = f"/v1/records/{record}/report?format=xlsx"
    read(live, target, SUPPLIER)
    assert get(live, f"/v1/accesses?record={record}")["accesses"] == []
    read(live, target, OEM)
    told = get(live, f"/v1/accesses?record={record}&evidence=true")
    (row,) = told["accesses"]
    assert parse_evidence(told["requests"][row["request"]]).target.endswith(target)


@pytest.mark.item("5.7")
def test_a_read_is_not_answered_without_its_receipt(live: LiveService) -> None:
    record = live.admit(live.record())
    with closing(sqlite3.connect(live.folder.accesses)) as others:
        others.execute("ALTER TABLE access RENAME TO elsewhere")
        answer = live.signed(OEM).get(f"/v1/records/{record}")
        assert (answer.status_code, code_of(answer)) == (503, "access-not-kept")
        assert "access tables" not in answer.text
        # What leaves no receipt is answered as ever.
        assert live.signed(SUPPLIER).get(f"/v1/records/{record}").status_code == 200
        others.execute("ALTER TABLE elsewhere RENAME TO access")
    assert live.signed(OEM).get(f"/v1/records/{record}").status_code == 200
    figures = live.http.get("/metrics").text
    assert "lotmark_access_reads_refused 1.0" in figures
    assert live.http.get("/readyz").json()["accesses"]["digests"] == "no-service-key"


def read(live: LiveService, target: str, by: str | None) -> None:
    """Read as a member, or as anybody."""
    answer = live.signed(by).get(target) if by else live.http.get(target)
    assert answer.status_code in (200, 404), answer.text


@pytest.mark.item("5.7.listed")
def test_pages_lead_on_in_both_directions(live: LiveService, owner: str) -> None:
    start = max((row["number"] for row in get(live, "/v1/accesses")["accesses"]), default=0)
    records = [replace(seen(at), owners=(owner,), vct="part/v1") for at in range(5)]
    live.wired.accesses.note(a_reader(), records)
    for direction, expected in (("", [4, 3, 2, 1, 0]), ("&ascending=true", [0, 1, 2, 3, 4])):
        found, cursor = list[int](), ""
        while True:
            page = get(live, f"/v1/accesses?type=part%2Fv1&limit=2{direction}{cursor}")
            found += [row["index"] for row in page["accesses"] if row["number"] > start]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == expected
    assert code_of(live.signed(SUPPLIER).get("/v1/accesses?limit=0")) == "malformed-query"
    assert code_of(live.signed(SUPPLIER).get("/v1/accesses?evidence=1")) == "malformed-query"


@pytest.mark.item("5.7.alerts")
def test_a_rule_is_met_by_a_reader_that_is_new_to_it(live: LiveService, owner: str) -> None:
    rule = {"when": "new-reader", "types": ["site/v1"], "groups": ["measurements"]}
    assert keep(live, "new", rule) == 200
    others = replace(seen(1), owners=(owner,))
    mine = replace(others, vct="site/v1")
    live.wired.accesses.note(a_reader(), [others])
    assert open_alerts(live) == []
    live.wired.accesses.note(a_reader(), [mine, mine])
    live.wired.accesses.note(a_reader(), [mine])
    assert open_alerts(live) == [("new", 2)]
    # Put again, the rule knows who has read until now.
    drop(live, "new")
    assert keep(live, "new", rule) == 200
    live.wired.accesses.note(a_reader(), [mine])
    assert open_alerts(live) == []
    drop(live, "new")


@pytest.mark.item("5.7.alerts")
def test_an_alert_gathers_reads_until_it_is_acknowledged(live: LiveService, owner: str) -> None:
    assert keep(live, "all", {"when": "any-read"}) == 200
    read = [replace(SEEN, owners=(owner,))]
    for _ in range(2):
        live.wired.accesses.note(a_reader(), read)
    (alert,) = get(live, "/v1/access-alerts")["alerts"]
    assert (alert["reads"], alert["last"]["reader"]) == (2, READER)
    target = f"/v1/access-alerts/{alert['number']}/acknowledgement"
    assert code_of(live.signed(OEM).send("POST", target)) == "not-found"
    assert live.signed(SUPPLIER).send("POST", target).status_code == 204
    assert open_alerts(live) == []
    assert get(live, "/v1/access-alerts?all=true")["alerts"][0]["acknowledged_ms"] is not None
    live.wired.accesses.note(a_reader(), read)
    assert open_alerts(live) == [("all", 1)]
    drop(live, "all")
    assert open_alerts(live) == []


@pytest.mark.item("5.7.alerts")
@pytest.mark.parametrize(("rule", "met"), [("order", True), ("auditor", True), ("grant", False)])
def test_orders_and_auditors_are_told_apart(
    live: LiveService, owner: str, rule: str, met: bool
) -> None:
    assert keep(live, "watch", {"when": "order-or-auditor"}) == 200
    shown = (MEASUREMENTS._replace(rule=rule),)
    live.wired.accesses.note(a_reader(), [replace(SEEN, owners=(owner,), groups=shown)])
    assert bool(open_alerts(live)) is met
    drop(live, "watch")


@pytest.mark.item("5.7.alerts")
def test_rules_are_of_one_form_and_bounded(live: LiveService) -> None:
    wrongs: list[Any] = [
        {"when": "never"},
        {"when": "any-read", "more": 1},
        {"when": "any-read", "types": "site/v1"},
        {"when": "any-read", "groups": ["A B"]},
        [],
    ]
    for wrong in wrongs:
        assert keep(live, "wrong", wrong) == 422
    assert keep(live, "Not-A-Name", {"when": "any-read"}) == 404
    assert live.http.put("/v1/access-rules/x", content=b"{}").status_code == 401
    book, own = AccessBook(live.wired.accesses), did(live, SUPPLIER)
    for number in range(limits.ALERT_RULES_MAX):
        book.put_rule(own, f"rule-{number}", AlertRule("order-or-auditor"))
    assert keep(live, "one-more", {"when": "any-read"}) == 409
    assert keep(live, "rule-0", {"when": "any-read"}) == 200
    told = get(live, "/v1/access-rules")["rules"]
    assert len(told) == limits.ALERT_RULES_MAX
    assert {"name": "rule-0", "when": "any-read", "types": [], "groups": []} in told
    assert get(live, "/v1/access-rules", by=OEM)["rules"] == []
    for number in range(limits.ALERT_RULES_MAX):
        assert book.drop_rule(own, f"rule-{number}")


def drop(live: LiveService, name: str) -> None:
    """Delete a rule; somebody else cannot."""
    target = f"/v1/access-rules/{name}"
    assert live.signed(OEM).send("DELETE", target).status_code == 404
    assert live.signed(SUPPLIER).send("DELETE", target).status_code == 204
