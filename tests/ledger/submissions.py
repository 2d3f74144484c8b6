"""Submissions of the sample type, right and wrong in one value, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ledger.compose import Filing, conceal_groups, pad_digests, sign_claims
from ledger.content import (
    CheckedRecord,
    Checker,
    TypeBook,
    check_submission,
    split_submission,
)
from ledger.disclosure import open_disclosures
from ledger.domain import DomainRules, NoDomainRules
from ledger.faults import Refusal
from ledger.record import parse_jws
from ledger.record_type import RecordType
from tests.ledger.parties import (
    ORIGIN,
    SAMPLE_GROUPS,
    SEARCH_SECRET,
    RandomStream,
    a_consortium,
    payload_of,
)

FOUNDED = a_consortium()
PARTY = FOUNDED.parties["hanfeng-drive"]
OEM = FOUNDED.parties["borealis-motors"]
KIND = FOUNDED.kind
RECORD = FOUNDED.record(PARTY)
LOT = SAMPLE_GROUPS["lot"]
ID = "A" * 43
FILE = {"blob": "b" * 22, "sha256": ID, "bytes": 5}


def a_submission(values: Mapping[str, Any], kind: RecordType = KIND) -> str:
    """A signed record with exactly these groups, the closed ones among them, right or wrong."""
    claims = payload_of(RECORD) | {"vct": kind.vct}
    stream = RandomStream("groups")
    disclosures = conceal_groups(values, claims, stream)
    claims["_sd"] = pad_digests(disclosures, kind.digests, stream)
    return "".join(f"{part}~" for part in (sign_claims(claims, PARTY.signing), *disclosures))


def values_of(filing: Filing = Filing(), **groups: Any) -> dict[str, Any]:  # noqa: B008
    """The groups of a right record of the sample type, for a test to change."""
    groups = groups or dict(SAMPLE_GROUPS)
    text = FOUNDED.record(PARTY, groups, filing=filing)
    return dict(opened_groups(text))


def opened_groups(text: str) -> list[tuple[str, Any]]:
    jws, kept = split_submission(text)
    opened = open_disclosures(parse_jws(jws, origin=ORIGIN).claims, kept.disclosures)
    return [(item.group, item.value) for item in opened]


def checker_of(
    kind: RecordType,
    rules: DomainRules | None = None,
    *,
    bounds: Mapping[str, int] = MappingProxyType({}),
) -> Checker:
    book = TypeBook({kind.vct: kind}, **bounds)
    return Checker(ORIGIN, book, rules or NoDomainRules(), SEARCH_SECRET)


def judge(values: Mapping[str, Any], kind: RecordType = KIND) -> CheckedRecord | Refusal:
    return check_submission(a_submission(values, kind), checker_of(kind))


def faults_of(outcome: object) -> list[str]:
    assert isinstance(outcome, Refusal), outcome
    return [fault.pointer for fault in outcome.faults]


def changed(values: dict[str, Any], group: str, **members: Any) -> dict[str, Any]:
    return values | {group: values[group] | members}
