"""Who signs a credential of a kind: the charter's table, judged at the record's own index."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.admission import Place, admit
from ledger.content import CheckedRecord
from ledger.faults import Refusal
from tests.ledger.acts import FIVE, Members
from tests.ledger.parties import NOW_MS, KnownRecords, a_consortium, code_of

pytestmark = pytest.mark.item("3.1.roles")

FOUNDED = a_consortium(FIVE)
OEM, SUPPLIER, CERTIFIER, GEAR, AUDITOR = FOUNDED.parties.values()


def outcome_of(members: Members, kind: str | None) -> object:
    checked = members.consortium.check(members.consortium.record(GEAR))
    assert isinstance(checked, CheckedRecord)
    place = Place(members.size, NOW_MS)
    record = checked._replace(credential=kind)
    return admit(record, members.fold, place=place, precedents=KnownRecords())


def with_table(*rows: tuple[str, str, str | None]) -> Members:
    members = Members(FOUNDED)
    table = [{"kind": k, "role": r, "accreditation": a} for k, r, a in rows]
    members.decide(OEM, "amend", {"credentials": table}, SUPPLIER, AUDITOR)
    return members


@pytest.mark.parametrize(
    ("rows", "kind", "code"),
    [
        ([("msa-study", "supplier", None)], "msa-study", None),
        ([("msa-study", "supplier", None)], None, None),
        ([("msa-study", "oem", None)], "msa-study", "not-permitted"),
        ([("msa-study", "supplier", "ilac-l-7")], "msa-study", "not-permitted"),
        ([("msa-study", "oem", None), ("msa-study", "supplier", None)], "msa-study", None),
        # A kind without a row is nobody's.
        ([("calibration", "supplier", None)], "msa-study", "not-permitted"),
        ([], "msa-study", "not-permitted"),
    ],
)
def test_a_kind_is_signed_by_whom_a_row_names(
    rows: list[tuple[str, str, str | None]], kind: str | None, code: str | None
) -> None:
    assert code_of(outcome_of(with_table(*rows), kind)) == code


def test_an_accreditation_that_is_gained_counts_from_then_on() -> None:
    members = with_table(("msa-study", "supplier", "ilac-l-7"))
    refusal = outcome_of(members, "msa-study")
    assert isinstance(refusal, Refusal)
    assert "supplier (ilac-l-7)" in refusal.detail
    content: dict[str, Any] = {"party": GEAR.did, "roles": ["supplier"], "entity": "legal-entity"}
    content |= {"accreditations": ["ilac-l-7"], "parent": None}
    members.decide(OEM, "roles", content, SUPPLIER, AUDITOR)
    assert code_of(outcome_of(members, "msa-study")) is None
