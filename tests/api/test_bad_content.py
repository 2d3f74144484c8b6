"""Content that contradicts its type, its own groups or the log, over HTTP.

Each refused record differs in one value from one that is admitted.
"""

from __future__ import annotations

import pytest

from ledger import limits
from ledger.compose import Filing
from ledger.record import parse_jws
from tests.api.forged_records import values_of, with_values
from tests.api.service import (
    LABORATORY,
    OEM,
    SUBJECT_VCT,
    SUPPLIER,
    LiveService,
    code_of,
    problem_of,
)
from tests.ledger.parties import ORIGIN, SAMPLE_GROUPS, a_party, record_id_of, sign_key
from tests.quality.examples import changed, example

pytestmark = pytest.mark.item("2.6")
UPLOAD = "parameter-upload/v1"


def faults(service: LiveService, text: str, *, code: str = "invalid-claims") -> list[str]:
    """The pointers of a refusal."""
    problem = problem_of(service.submit(text))
    assert problem["code"] == code, problem
    return [str(fault["pointer"]) for fault in problem["errors"]]


# ---- the trade's rules ----


def test_every_fault_against_the_trade_s_rules_is_told(service: LiveService) -> None:
    good = example(UPLOAD)
    good.pop("correction")
    bad = changed(good, "/values/rows/0/values", ["23.1"])
    bad = changed(bad, "/process/parameters/1/id", "temp")
    pointers = faults(service, service.record(bad, vct=UPLOAD))
    assert pointers == ["/process/parameters/1/id", "/values/rows/0/values"]
    service.admit(service.record(good, vct=UPLOAD))


# ---- the closed groups ----


def test_groups_that_are_filed_wrongly_are_refused(service: LiveService) -> None:
    text, signer = service.record(), service.party(SUPPLIER).signing
    values = values_of(text)

    def filed(*present: str) -> str:
        filing = values["filing"] | {"present": list(present)}
        return with_values(text, signer, values | {"filing": filing})

    assert faults(service, filed("note", "lot")) == ["/filing/present"]
    assert faults(service, filed("lot")) == ["/filing/present"]
    absent = filed("lot", "note", "values")
    assert faults(service, absent, code="disclosure-missing") == ["/values"]
    service.admit(filed("lot", "note"))


def test_a_tier_outside_the_type_s_range_is_refused(service: LiveService) -> None:
    def at(tier: str) -> str:
        return service.record(filing=Filing(tiers={"lot": tier}))

    assert faults(service, at("sealed")) == ["/manifest/groups/lot"]
    assert faults(service, at("secret")) == ["/manifest/groups/lot"]
    service.admit(at("restricted"))


@pytest.mark.item("5.6.sealed")
def test_a_group_at_tier_sealed_is_not_filed_in_clear(service: LiveService) -> None:
    sealed = service.record(filing=Filing(tiers={"note": "sealed"}))
    assert faults(service, sealed) == ["/note"]
    service.admit(service.record(filing=Filing(tiers={"note": "restricted"})))


def test_an_owner_other_than_the_type_says_is_refused(service: LiveService) -> None:
    oem, supplier = service.party(OEM).did, service.party(SUPPLIER).did

    def verdict(owner: str) -> str:
        filing = Filing(owner=owner, subject=oem)
        return service.record(vct=SUBJECT_VCT, by=LABORATORY, filing=filing)

    assert faults(service, verdict(supplier)) == ["/manifest/owner"]
    service.admit(verdict(oem))


@pytest.mark.parametrize("place", ["subject", "to"])
def test_a_party_that_is_no_member_is_refused(service: LiveService, place: str) -> None:
    def naming(did: str) -> str:
        filing = Filing(subject=did) if place == "subject" else Filing(to=[did])
        return service.record(filing=filing)

    stranger = a_party("nobody-here").did
    assert code_of(service.submit(naming(stranger))) == "unknown-party"
    service.admit(naming(service.party(OEM).did))


def test_a_correction_goes_with_the_record_that_it_corrects(service: LiveService) -> None:
    first = service.admit(service.record())
    groups = {**SAMPLE_GROUPS, "correction": {"reason": "typo"}}
    assert faults(service, service.record(groups)) == ["/correction"]
    alone = service.record(filing=Filing(corrects=first))
    assert faults(service, alone) == ["/correction"]
    others = service.record(groups, by=LABORATORY, filing=Filing(corrects=first))
    assert code_of(service.submit(others)) == "not-permitted"
    service.admit(service.record(groups, filing=Filing(corrects=first)))


def test_a_link_to_nothing_is_refused(service: LiveService) -> None:
    to_come = service.record()
    link = Filing(cites=[record_id_of(to_come)])
    assert code_of(service.submit(service.record(filing=link))) == "unknown-record"
    service.admit(to_come)
    service.admit(service.record(filing=link))


# ---- governance ----


def test_faults_of_a_governance_body_are_told_below_body(service: LiveService) -> None:
    party = service.party(SUPPLIER)
    key = party.another_key("a gauge")
    bad = sign_key(service.consortium, party, key, uses=("everything", "records", "records"))
    assert set(faults(service, bad)) == {"/body/uses", "/body/uses/0"}
    good = sign_key(service.consortium, party, key, uses=("records",))
    service.admit(good)


def test_only_the_party_registers_its_keys_and_each_once(service: LiveService) -> None:
    party, other = service.party(SUPPLIER), service.party(OEM)
    key = party.another_key("registered once")
    registration = sign_key(service.consortium, party, key)
    body = parse_jws(registration.partition("~")[0], origin=ORIGIN).claims.body
    by_signing_key = service.consortium.governance(party.signing, "key/v1", body or {})
    assert code_of(service.submit(by_signing_key)) == "key-not-valid"
    service.admit(registration)
    taken = sign_key(service.consortium, other, key)
    assert code_of(service.submit(taken)) == "key-not-valid"


def test_the_charter_is_never_replaced(service: LiveService) -> None:
    body = {"of": service.consortium.fold.charter_id, "meaning": "approve", "reason": None}
    again = service.consortium.governance(
        service.party(SUPPLIER).admin, "endorsement/v1", body, label="a second time"
    )
    assert code_of(service.submit(again)) == "not-permitted"


# ---- sizes ----


def test_a_disclosure_over_the_limit_is_refused(service: LiveService) -> None:
    def measured(digits: int) -> str:
        numbers = ["1" * 154] * 4_999 + ["1" * digits]
        return service.record({"lot": SAMPLE_GROUPS["lot"], "values": numbers})

    def longest(text: str) -> int:
        return max(map(len, text.split("~")))

    # Three more digits are four more characters of the disclosure.
    missing = limits.DISCLOSURE_BYTES_MAX - longest(measured(1))
    at_most = measured(1 + missing // 4 * 3)
    assert limits.DISCLOSURE_BYTES_MAX - 4 < longest(at_most) <= limits.DISCLOSURE_BYTES_MAX
    beyond = measured(1 + missing // 4 * 3 + 4)
    assert code_of(service.submit(beyond)) == "disclosure-malformed"
    service.admit(at_most)
