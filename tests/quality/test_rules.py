"""Faults: each refused value beside its allowed sibling, in an otherwise equal record."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from ledger.faults import Fault
from ledger.rules import CredentialRight
from quality.credential import SIGNING_ROLES
from quality.rules import QualityRules
from tests.quality.anomaly_examples import ANOMALY_EXAMPLES
from tests.quality.examples import (
    CERTIFIER,
    HANFENG,
    LINDQVIST,
    SUZHOU,
    VCTS,
    Json,
    changed,
    definitions,
    example,
    validator,
)
from tests.quality.master_examples import MASTER_EXAMPLES

pytestmark = pytest.mark.item("2.3")
INSPECTION, CREDENTIAL, ACTION, PARAMETERS, *_ = VCTS
RULES = QualityRules()
#: Who signs the example of each type.
SIGNERS = {
    INSPECTION: (HANFENG, frozenset({"supplier"})),
    CREDENTIAL: (CERTIFIER, frozenset({"certifier"})),
    ACTION: (SUZHOU, frozenset({"supplier"})),
    PARAMETERS: (SUZHOU, frozenset({"supplier"})),
    **dict.fromkeys(MASTER_EXAMPLES, (HANFENG, frozenset({"supplier"}))),
    "shipment/v1": (LINDQVIST, frozenset({"supplier"})),
    **dict.fromkeys(ANOMALY_EXAMPLES, (SUZHOU, frozenset({"supplier"}))),
}


class Case(NamedTuple):
    """One value that is allowed and one that is not, at the same place of an example.

    ``given`` are changes made to both; ``fault`` is the pointer of the one fault, which is
    that of the value where it is not stated.
    """

    vct: str
    pointer: str
    allowed: Json
    refused: Json
    fault: str = ""
    given: tuple[tuple[str, Json], ...] = ()


def faults(vct: str, groups: dict[str, Json]) -> tuple[Fault, ...]:
    """Judge groups that first must pass the schema, as the rules presuppose."""
    assert list(validator(vct).iter_errors(groups)) == []
    issuer, roles = SIGNERS[vct]
    return RULES.judge(vct, groups, issuer=issuer, roles=roles)


CRITICAL = {"code": "CRACK", "class": "critical", "units": 1, "nonconformities": 1}
MAJOR = {"code": "BURR", "class": "major", "units": 1, "nonconformities": 1}
MINOR = {"code": "STAIN", "class": "minor", "units": 1, "nonconformities": 1}
CHARACTERISTIC = "/measurements/characteristics/0"
SPECIAL = "/measurements/characteristics/1"
SUMMARY = "/summary/characteristics/0"
#: A plan of the parties' own, which no table contradicts.
CONTRACT = ("/plan/standard", "contract")
WHOLE = (CONTRACT, ("/plan/sample", 500))
CASES = [
    Case(
        INSPECTION,
        "/lot/quantity",
        "500",
        "0",
        given=(("/plan", ...), ("/defects", ...), ("/disposition", ...)),
    ),
    Case(
        INSPECTION,
        "/lot/quantity",
        "500",
        "-500",
        given=(("/plan", ...), ("/defects", ...), ("/disposition", ...)),
    ),
    Case(INSPECTION, "/lot/quantity", "500", "500.5"),
    Case(INSPECTION, "/lot/unit", "kg", "H87", "/lot/quantity", (("/lot/quantity", "500.5"),)),
    # 500.5 pairs are 1001 pieces, and two dozen are 24.
    Case(
        INSPECTION,
        "/lot/unit",
        "PR",
        "H87",
        "/lot/quantity",
        (("/lot/quantity", "500.5"), CONTRACT),
    ),
    Case(
        INSPECTION,
        "/defects/inspected",
        24,
        25,
        given=(
            ("/lot/unit", "DZN"),
            ("/lot/quantity", "2"),
            ("/plan", ...),
            ("/disposition", ...),
        ),
    ),
    Case(INSPECTION, "/lot/received_on", "2026-11-02", "2026-11-01"),
    Case(INSPECTION, "/defects/defective", 80, 81),
    Case(INSPECTION, "/defects/inspected", 500, 501),
    Case(INSPECTION, "/plan/sample", 500, 501, given=(CONTRACT,)),
    Case(INSPECTION, "/plan/whole_lot", False, True, "/defects/inspected", WHOLE),
    Case(INSPECTION, "/defects/inspected", 500, 499, given=(*WHOLE, ("/plan/whole_lot", True))),
    Case(INSPECTION, "/defects/items/0/units", 1, 2, given=(("/plan", ...),)),
    Case(INSPECTION, "/plan/classes/1/accept", 1, 2, given=(CONTRACT,)),
    Case(INSPECTION, "/plan/classes/1/class", "minor", "critical"),
    Case(INSPECTION, "/defects/items/0", MINOR, CRITICAL, "/verdict/decision"),
    Case(
        INSPECTION, "/verdict/decision", "reject", "accept", given=(("/defects/items/0", CRITICAL),)
    ),
    Case(
        INSPECTION,
        "/verdict/decision",
        "conditional",
        "accept",
        given=(("/plan/classes/1/reject", 1), ("/plan/classes/1/accept", 0)),
    ),
    Case(
        INSPECTION,
        "/plan/classes/1/class",
        "minor",
        "major",
        "/verdict/decision",
        (("/plan/classes/1/reject", 1), ("/plan/classes/1/accept", 0)),
    ),
    Case(INSPECTION, f"{SPECIAL}/id", "F1", "D1", given=(("/summary", ...),)),
    Case(INSPECTION, f"{CHARACTERISTIC}/lower", "1.024", "1.025"),
    Case(INSPECTION, f"{CHARACTERISTIC}/lower", None, "1.1"),
    Case(INSPECTION, f"{SPECIAL}/lower", "350", None, SPECIAL),
    Case(INSPECTION, f"{SPECIAL}/class", "none", "CC", SPECIAL, ((f"{SPECIAL}/lower", None),)),
    Case(INSPECTION, f"{SUMMARY}/mean", "1.0060", "1.0061"),
    Case(INSPECTION, f"{SUMMARY}/mean", "1.01", "1.02"),
    Case(INSPECTION, f"{SUMMARY}/minimum", "0.996", "1.007", given=((f"{SUMMARY}/mean", "1.006"),)),
    Case(INSPECTION, f"{SUMMARY}/count", 3, 4),
    Case(INSPECTION, f"{SUMMARY}/deviation", "0", "-0.1"),
    Case(INSPECTION, f"{SUMMARY}/ppk/value", "1.60", "1.61"),
    Case(INSPECTION, "/disposition/quantity", "500", "501"),
    Case(
        INSPECTION,
        "/disposition/action",
        "scrap",
        "use-as-is",
        "/disposition/deviation",
        (("/disposition/deviation", ...),),
    ),
    Case(INSPECTION, "/lot/supplier", LINDQVIST, HANFENG, "/verdict/stage"),
    Case(
        INSPECTION, "/verdict/stage", "outgoing", "receiving", given=(("/lot/supplier", HANFENG),)
    ),
    Case(INSPECTION, "/lot/customer", HANFENG, SUZHOU, "/verdict/stage"),
    Case(CREDENTIAL, "/credential/kind", "calibration", "material-certificate-3.1"),
    Case(
        CREDENTIAL,
        "/credential/holder/party",
        SUZHOU,
        CERTIFIER,
        given=(("/credential/kind", "system-certificate"),),
    ),
    Case(CREDENTIAL, "/credential/valid_until", "2026-11-01", "2026-10-31"),
    Case(CREDENTIAL, "/results/due_on", "2026-11-01", "2026-10-31"),
    Case(CREDENTIAL, "/results/items/0/lower", None, "2.01"),
    Case(ACTION, "/problem/found", 480, 481),
    Case(ACTION, "/containment/measures/0/sorted", 120, 121),
    Case(ACTION, "/containment/measures/0/defective", 120, 121),
    Case(ACTION, "/containment/effectiveness_percent", "99.5", "100.1"),
    Case(ACTION, "/containment/effectiveness_percent", "0", "-1"),
    Case(ACTION, "/cause/causes/1/id", "TUN", "TUA"),
    Case(ACTION, "/actions/actions/0/cause", "TUN", "TUX"),
    Case(ACTION, "/closure/closed_at", "2026-11-03T08:15:00+08:00", "2026-11-03T08:14:59+08:00"),
    Case(ACTION, "/closure/closed_at", "2026-11-03T00:15:00Z", "2026-11-03T08:15:00+09:00"),
    Case(PARAMETERS, "/process/parameters/1/id", "rho", "temp"),
    Case(PARAMETERS, "/process/parameters/0/lower", "22", "24.0"),
    Case(PARAMETERS, "/values/rows/1/values", ["1", None], ["1"]),
    Case(PARAMETERS, "/values/rows/1/values", ["1", "2"], ["1", "2", "3"]),
    Case(PARAMETERS, "/process/parameters/0/resolution", "0.001", "0.000"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.vct}{case.pointer}={case.refused}")
def test_a_contradiction_is_refused_and_its_sibling_is_not(case: Case) -> None:
    groups = example(case.vct)
    for pointer, value in case.given:
        groups = changed(groups, pointer, value)
    assert faults(case.vct, changed(groups, case.pointer, case.allowed)) == ()
    found = faults(case.vct, changed(groups, case.pointer, case.refused))
    assert [fault.pointer for fault in found] == [case.fault or case.pointer]
    assert found[0].expected
    assert found[0].found


def test_nonconformities_are_at_least_the_units_they_are_on() -> None:
    groups = changed(example(INSPECTION), "/plan", ...)
    groups = changed(groups, "/defects/defective", 2)
    pointer = "/defects/items/0/units"
    assert faults(INSPECTION, changed(groups, pointer, 2)) == ()
    groups = changed(groups, "/defects/items/0/nonconformities", 1)
    found = faults(INSPECTION, changed(groups, pointer, 2))
    assert found == (Fault("/defects/items/0/nonconformities", "at least the 2 units", "1"),)


def test_every_fault_is_reported_not_the_first() -> None:
    groups = changed(example(INSPECTION), "/defects/defective", 90)
    groups = changed(groups, "/lot/received_on", "2026-01-01")
    groups = changed(groups, f"{CHARACTERISTIC}/lower", "2")
    assert [fault.pointer for fault in faults(INSPECTION, groups)] == [
        "/lot/received_on",
        "/defects/defective",
        f"{CHARACTERISTIC}/lower",
    ]


def test_a_fault_states_what_was_expected_and_found() -> None:
    groups = changed(example(INSPECTION), "/defects/inspected", 501)
    assert faults(INSPECTION, groups) == (
        Fault("/defects/inspected", "at most the lot quantity 500", "501"),
    )


def test_two_defect_items_may_be_on_the_same_unit() -> None:
    groups = changed(example(INSPECTION), "/defects/items", [MAJOR, MAJOR])
    assert faults(INSPECTION, groups) == ()


def test_measured_quantities_are_not_compared_with_pieces() -> None:
    groups = changed(example(INSPECTION), "/lot/quantity", "12.5")
    groups = changed(groups, "/lot/unit", "kg")
    assert faults(INSPECTION, groups) == ()


def test_a_long_decimal_is_compared_exactly() -> None:
    groups = changed(example(INSPECTION), f"{CHARACTERISTIC}/upper", "1." + "0" * 31 + "2")
    lower = f"{CHARACTERISTIC}/lower"
    assert faults(INSPECTION, changed(groups, lower, "1." + "0" * 31 + "1")) == ()
    assert faults(INSPECTION, changed(groups, lower, "1." + "0" * 31 + "2"))


@pytest.mark.parametrize("vct", VCTS)
def test_an_example_has_no_faults(vct: str) -> None:
    assert faults(vct, example(vct)) == ()


@pytest.mark.parametrize("vct", VCTS)
def test_a_withheld_group_silences_the_rules_that_need_it(vct: str) -> None:
    groups = example(vct)
    for withheld in groups:
        rest = changed(groups, f"/{withheld}", ...)
        issuer, roles = SIGNERS[vct]
        assert RULES.judge(vct, rest, issuer=issuer, roles=roles) == ()
    assert RULES.judge(vct, {}, issuer=HANFENG, roles=frozenset()) == ()


def test_another_type_has_no_rules() -> None:
    assert RULES.judge("inspection-report/v2", {"lot": 1}, issuer="x", roles=frozenset()) == ()
    assert RULES.find_faults("inspection-report/v2", {"lot": 1}) == ()
    assert RULES.roles_for("inspection-report/v2", {"lot": 1}) is None
    assert RULES.flags("inspection-report/v2", {"lot": 1}) == ()


ROLES = ("oem", "supplier", "certifier", "laboratory", "auditor", "operator")


@pytest.mark.parametrize("kind", SIGNING_ROLES)
@pytest.mark.parametrize("role", ROLES)
def test_a_credential_kind_is_signed_by_its_roles_only(kind: str, role: str) -> None:
    groups = changed(example(CREDENTIAL), "/credential/kind", kind)
    found = RULES.judge(CREDENTIAL, groups, issuer=CERTIFIER, roles=frozenset({role}))
    assert (found == ()) == (role in SIGNING_ROLES[kind])
    assert all(fault.pointer == "/credential/kind" for fault in found)


def test_every_credential_kind_has_its_signers() -> None:
    definition = definitions()[CREDENTIAL]
    kinds = definition["schema"]["properties"]["credential"]["properties"]["kind"]["enum"]
    assert list(SIGNING_ROLES) == kinds
    writers = set(definition["writers"]["roles"])
    assert set().union(*SIGNING_ROLES.values()) <= writers


def test_a_party_with_two_roles_signs_for_both() -> None:
    groups = example(CREDENTIAL)
    both = frozenset({"supplier", "laboratory"})
    for kind in ("calibration", "material-certificate-3.1"):
        judged = changed(groups, "/credential/kind", kind)
        assert RULES.judge(CREDENTIAL, judged, issuer=CERTIFIER, roles=both) == ()


def test_a_laboratory_may_inspect_at_receipt_for_another_party() -> None:
    groups = example(INSPECTION)
    laboratory = frozenset({"laboratory"})
    assert RULES.judge(INSPECTION, groups, issuer=CERTIFIER, roles=laboratory) == ()
    found = RULES.judge(INSPECTION, groups, issuer=CERTIFIER, roles=frozenset({"supplier"}))
    assert found == (Fault("/verdict/stage", "a signer who is laboratory", "supplier"),)


def a_manifest(owner: str, subject: str | None) -> Json:
    """The closed group manifest, as far as the rules read it."""
    return {"manifest": {"owner": owner, "subject": subject, "corrects": None, "groups": {}}}


def test_admission_reads_the_signer_of_an_inspection_from_the_manifest() -> None:
    groups = example(INSPECTION)
    assert RULES.find_faults(INSPECTION, groups | a_manifest(HANFENG, None)) == ()
    found = RULES.find_faults(INSPECTION, groups | a_manifest(LINDQVIST, None))
    assert [fault.pointer for fault in found] == ["/verdict/stage"]


def test_admission_asks_for_a_laboratory_where_the_receiver_is_another() -> None:
    groups = example(INSPECTION)
    assert RULES.roles_for(INSPECTION, groups | a_manifest(HANFENG, None)) is None
    wanted = RULES.roles_for(INSPECTION, groups | a_manifest(CERTIFIER, None))
    assert wanted == frozenset({"laboratory"})


@pytest.mark.parametrize("vct", [ACTION, PARAMETERS])
def test_admission_asks_no_further_role_for_other_types(vct: str) -> None:
    assert RULES.roles_for(vct, example(vct)) is None


def test_admission_is_told_the_kind_of_a_credential_and_of_nothing_else() -> None:
    assert RULES.credential_kind(CREDENTIAL, example(CREDENTIAL)) == "calibration"
    assert RULES.roles_for(CREDENTIAL, example(CREDENTIAL)) is None
    assert RULES.credential_kind(ACTION, example(ACTION)) is None
    assert RULES.credential_kind(CREDENTIAL, {}) is None


@pytest.mark.item("3.1.roles")
@pytest.mark.parametrize(
    ("accreditations", "faults"),
    [(frozenset({"ilac-l-7"}), []), (frozenset({"ilac-l-8"}), ["/credential/kind"])],
)
def test_a_draft_is_judged_by_the_table_in_force(
    accreditations: frozenset[str], faults: list[str]
) -> None:
    rules = QualityRules((CredentialRight("calibration", "laboratory", "ilac-l-7"),))
    found = rules.judge(
        CREDENTIAL,
        example(CREDENTIAL),
        issuer=CERTIFIER,
        roles=frozenset({"laboratory"}),
        accreditations=accreditations,
    )
    assert [fault.pointer for fault in found] == faults


def test_the_subject_of_a_credential_is_its_holder() -> None:
    groups = example(CREDENTIAL)
    assert RULES.find_faults(CREDENTIAL, groups | a_manifest(SUZHOU, SUZHOU)) == ()
    found = RULES.find_faults(CREDENTIAL, groups | a_manifest(HANFENG, HANFENG))
    assert found == (Fault("/manifest/subject", f"the holder {SUZHOU}", HANFENG),)


@pytest.mark.item("5.6.sealed")
@pytest.mark.parametrize("group", ["verdict", "lot"])
@pytest.mark.parametrize("tier", ["restricted", "sealed"])
def test_what_says_whose_a_report_is_to_sign_is_not_sealed(group: str, tier: str) -> None:
    groups = {"manifest": {"groups": {group: tier}}}
    faults = QualityRules().find_faults("inspection-report/v1", groups)
    expected = [f"/manifest/groups/{group}"] if tier == "sealed" else []
    assert [fault.pointer for fault in faults] == expected
