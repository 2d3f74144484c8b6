"""Targets of access receipts: rows, evidence of requests, rules for alerts."""

from __future__ import annotations

from typing import Final

from api.accesses.alert_rules import AlertRule, parse_alert_rule
from api.accesses.errors import MalformedAccess, MalformedAlertRule, MalformedEvidence
from api.accesses.rows import Access, ShownGroup, parse_access
from api.http_signatures import prove_request
from api.request_errors import RequestError
from api.request_evidence import parse_evidence
from tests.api.signed_requests import a_request, signed, verify
from tests.fuzz.target import Target, text_of


def _parse_access(data: bytes) -> None:
    text = text_of(data)
    assert parse_access(text).encode() == text


def _prove_request(data: bytes) -> None:
    text = text_of(data)
    evidence = parse_evidence(text)
    assert evidence.encode() == text
    assert prove_request(evidence)


def _parse_alert_rule(data: bytes) -> None:
    rule = parse_alert_rule(data)
    assert parse_alert_rule(rule.encode().encode()) == rule


def _rows() -> list[bytes]:
    shown = (
        ShownGroup("manifest", "consortium", "consortium", None),
        ShownGroup("measurements", "restricted", "grant", "g" * 43),
    )
    row = Access(1, "o", "r", "r#k", "i" * 43, 7, "part/v1", shown, "d" * 43)
    return [row.encode().encode()]


def _evidence() -> list[bytes]:
    return [verify(signed(a_request())).evidence.encode().encode()]


def _rules() -> list[bytes]:
    rules = (AlertRule("any-read"), AlertRule("new-reader", ("part/v1",), ("limits", "state")))
    return [rule.encode().encode() for rule in rules]


TARGETS: Final = (
    Target("access", _parse_access, (MalformedAccess,), (parse_access,), _rows, bytes_max=1024),
    Target(
        "request-evidence",
        _prove_request,
        (MalformedEvidence, RequestError),
        (parse_evidence, prove_request),
        _evidence,
        bytes_max=2048,
        words=('"@method"', '"@target-uri"', ";created=", '"base":', '\\"'),
    ),
    Target(
        "alert-rule",
        _parse_alert_rule,
        (MalformedAlertRule,),
        (parse_alert_rule,),
        _rules,
        bytes_max=512,
        words=('"when"', '"types"', '"groups"', "order-or-auditor"),
    ),
)
