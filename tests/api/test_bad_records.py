"""Records that are refused for what they are, over HTTP.

Each refused record differs in one value from one that is admitted.
"""

from __future__ import annotations

import pytest

from ledger import limits
from tests.api.forged_records import (
    of_length,
    signed_with_hmac,
    values_of,
    with_disclosure,
    with_values,
    without_disclosure,
)
from tests.api.service import LABORATORY, OEM, SUPPLIER, LiveService, code_of, problem_of
from tests.ledger.parties import NOW_S, SAMPLE_GROUPS, payload_of, resign
from tests.ledger.sample_types import REMOVED

pytestmark = pytest.mark.item("2.6")
DAY_S = 24 * 3600


def refusal(service: LiveService, text: str) -> str:
    """The code with which a record is refused; it leaves no trace."""
    before = service.size()
    code = code_of(service.submit(text))
    assert service.size() == before
    return code


# ---- header and clear claims ----


@pytest.mark.item("2.bad.wrong-alg")
@pytest.mark.parametrize("alg", ["none", "None", "HS256", "ES256", "Ed25519", "eddsa", "", 1, None])
def test_another_algorithm_is_refused(service: LiveService, alg: object) -> None:
    text, signer = service.record(), service.party(SUPPLIER).signing
    assert refusal(service, resign(text, signer, header={"alg": alg})) == "algorithm-not-allowed"
    service.admit(text)


@pytest.mark.item("2.bad.wrong-alg")
def test_an_hmac_by_the_public_key_is_refused(service: LiveService) -> None:
    text, signer = service.record(), service.party(SUPPLIER).signing
    assert refusal(service, signed_with_hmac(text, signer)) == "algorithm-not-allowed"


@pytest.mark.item("2.bad.wrong-alg")
def test_a_record_without_a_signature_is_refused(service: LiveService) -> None:
    text = service.record()
    jws, _, disclosures = text.partition("~")
    unsigned = jws.rpartition(".")[0]
    assert refusal(service, f"{unsigned}.~{disclosures}") == "malformed-record"
    assert refusal(service, f"{unsigned}~{disclosures}") == "malformed-record"


def test_a_changed_byte_of_the_signature_is_refused(service: LiveService) -> None:
    text = service.record()
    jws, _, disclosures = text.partition("~")
    position = len(jws) - 20
    other = "A" if jws[position] != "A" else "B"
    changed = jws[:position] + other + jws[position + 1 :]
    assert refusal(service, f"{changed}~{disclosures}") == "bad-signature"
    service.admit(text)


@pytest.mark.parametrize("header", [{"typ": "jwt"}, {"typ": REMOVED}, {"crit": []}, {"x5u": "a"}])
def test_another_header_is_refused(service: LiveService, header: dict[str, object]) -> None:
    signer = service.party(SUPPLIER).signing
    assert refusal(service, resign(service.record(), signer, header=header)) == "malformed-header"


@pytest.mark.item("2.bad.unknown-kid")
def test_a_key_that_no_entry_registers_is_refused(service: LiveService) -> None:
    text, party = service.record(), service.party(SUPPLIER)
    assert refusal(service, resign(text, party.another_key("secret"))) == "key-not-valid"
    assert refusal(service, resign(text, party.admin)) == "key-not-valid"
    service.admit(text)


@pytest.mark.item("2.bad.foreign-kid")
def test_another_party_s_key_is_refused(service: LiveService) -> None:
    text = service.record()
    assert refusal(service, resign(text, service.party(LABORATORY).signing)) == "foreign-key"
    service.admit(text)


@pytest.mark.item("2.bad.wrong-audience")
@pytest.mark.parametrize("audience", ["log.example", "", "LOG.example:8443/eu"])
def test_a_record_for_another_log_is_refused(service: LiveService, audience: str) -> None:
    text, signer = service.record(), service.party(SUPPLIER).signing
    assert refusal(service, resign(text, signer, claims={"aud": audience})) == "wrong-audience"
    service.admit(text)


@pytest.mark.item("2.bad.iat-past")
def test_a_record_signed_over_thirty_days_ago_is_refused(service: LiveService) -> None:
    assert refusal(service, service.record(iat=NOW_S - 30 * DAY_S - 1)) == "stale"
    service.admit(service.record(iat=NOW_S - 30 * DAY_S))


@pytest.mark.item("2.bad.iat-future")
def test_a_record_signed_over_five_minutes_ahead_is_refused(service: LiveService) -> None:
    assert refusal(service, service.record(iat=NOW_S + 301)) == "stale"
    service.admit(service.record(iat=NOW_S + 300))


@pytest.mark.item("2.bad.unknown-clear-claims")
@pytest.mark.parametrize("claim", ["exp", "nbf", "sub", "_sd_alg", "cnf", "manifest", "..."])
def test_a_clear_claim_that_the_format_does_not_know_is_refused(
    service: LiveService, claim: str
) -> None:
    text, signer = service.record(), service.party(SUPPLIER).signing
    assert refusal(service, resign(text, signer, claims={claim: 1})) == "malformed-claims"
    service.admit(text)


@pytest.mark.parametrize("claim", ["iss", "iat", "jti", "aud", "vct", "policy", "_sd"])
def test_a_missing_clear_claim_is_refused(service: LiveService, claim: str) -> None:
    text, signer = service.record(), service.party(SUPPLIER).signing
    assert refusal(service, resign(text, signer, claims={claim: REMOVED})) == "malformed-claims"


@pytest.mark.item("2.bad.unknown-type")
@pytest.mark.parametrize("vct", ["sample-report/v2", "sample-reports/v1", "no-such-type/v1"])
def test_a_type_or_version_that_the_log_does_not_know_is_refused(
    service: LiveService, vct: str
) -> None:
    text, signer = service.record(), service.party(SUPPLIER).signing
    assert refusal(service, resign(text, signer, claims={"vct": vct})) == "unknown-type"
    service.admit(text)


def test_a_policy_that_the_log_does_not_know_is_refused(service: LiveService) -> None:
    text, signer = service.record(), service.party(SUPPLIER).signing
    other = resign(text, signer, claims={"policy": "B" * 42 + "A"})
    assert refusal(service, other) == "policy-not-in-force"
    service.admit(text)


@pytest.mark.item("2.bad.repeated-jti")
def test_a_second_record_with_a_used_jti_is_refused(service: LiveService) -> None:
    party = service.party(SUPPLIER)
    first, second = (
        service.consortium.record(party, {"lot": {"number": lot, "pieces": 1}}, label="one jti")
        for lot in ("LG-1", "LG-2")
    )
    assert payload_of(first)["jti"] == payload_of(second)["jti"]
    service.admit(first)
    assert refusal(service, second) == "jti-used"
    service.admit(service.record({"lot": {"number": "LG-2", "pieces": 1}}))


def test_another_party_may_use_the_same_jti(service: LiveService) -> None:
    text, laboratory = service.record(), service.party(LABORATORY)
    service.admit(text)
    values = values_of(text)
    values["manifest"]["owner"] = laboratory.did
    its_own = resign(text, laboratory.signing, claims={"iss": laboratory.did})
    service.admit(with_values(its_own, laboratory.signing, values))


@pytest.mark.item("2.bad.oversized-record")
def test_a_record_over_the_entry_limit_is_refused(service: LiveService) -> None:
    text, signer = service.record(), service.party(SUPPLIER).signing
    most = limits.ENTRY_BYTES_MAX - limits.ENTRY_HEAD_BYTES_MAX
    longer = of_length(text, signer, most + 1)
    assert refusal(service, longer) == "record-too-large"
    at_most = of_length(text, signer, most - 1)
    assert most - 2 <= len(at_most.partition("~")[0]) <= most
    service.admit(at_most)


# ---- disclosures ----


@pytest.mark.item("2.bad.unused-disclosure")
def test_a_disclosure_that_the_record_does_not_commit_to_is_refused(service: LiveService) -> None:
    text = service.record({"lot": SAMPLE_GROUPS["lot"]})
    assert refusal(service, with_disclosure(text, "note", "slipped in")) == "disclosure-unused"
    service.admit(text)


def test_another_record_s_disclosure_is_refused(service: LiveService) -> None:
    text, other = service.record(), service.record()
    borrowed = text + other[:-1].rpartition("~")[2] + "~"
    assert refusal(service, borrowed) == "disclosure-not-of-this-record"
    service.admit(text)


@pytest.mark.item("2.bad.duplicated-disclosure")
def test_the_same_disclosure_twice_is_refused(service: LiveService) -> None:
    text = service.record()
    last = text[:-1].rpartition("~")[2]
    assert refusal(service, f"{text}{last}~") == "disclosure-duplicate"
    service.admit(text)


@pytest.mark.item("2.bad.missing-disclosure")
@pytest.mark.parametrize("group", ["note", "lot", "manifest", "address", "filing"])
def test_a_group_without_its_disclosure_is_refused(service: LiveService, group: str) -> None:
    text = service.record()
    answer = service.submit(without_disclosure(text, group))
    assert problem_of(answer)["code"] == "disclosure-missing"
    assert group in answer.text
    service.admit(text)


@pytest.mark.item("2.bad.reserved-names")
@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg", "iss", "vct", "policy", "body", "Note"])
def test_a_reserved_name_for_a_disclosed_claim_is_refused(service: LiveService, name: str) -> None:
    text, signer = service.record({"lot": SAMPLE_GROUPS["lot"]}), service.party(SUPPLIER).signing
    values = values_of(text)

    def named(group: str) -> str:
        filing = values["filing"] | {"present": sorted(["lot", group])}
        return with_values(text, signer, values | {"filing": filing, group: "a note"})

    assert refusal(service, named(name)) == "disclosure-malformed"
    service.admit(named("note"))


def test_too_many_disclosures_are_refused(service: LiveService) -> None:
    text = service.record()
    crowd = text
    for number in range(limits.DISCLOSURES_MAX):
        crowd = with_disclosure(crowd, f"g{number}", number)
    assert refusal(service, crowd) == "disclosure-malformed"


# ---- content ----


@pytest.mark.item("2.bad.schema-faults")
def test_every_fault_of_the_schema_is_told_with_its_pointer(service: LiveService) -> None:
    groups = {"lot": {"number": "", "pieces": -1, "colour": "red"}, "note": 7}
    problem = problem_of(service.submit(service.record(groups)))
    assert problem["code"] == "invalid-claims"
    assert {fault["pointer"] for fault in problem["errors"]} == {
        "/lot/colour",
        "/lot/number",
        "/lot/pieces",
        "/note",
    }
    assert all(fault["expected"] and fault["found"] for fault in problem["errors"])
    service.admit(service.record({"lot": {"number": "1", "pieces": 1}, "note": "7"}))


@pytest.mark.item("2.bad.schema-faults")
def test_at_most_a_hundred_faults_are_told(service: LiveService) -> None:
    groups = {"lot": SAMPLE_GROUPS["lot"], "values": [""] * 500}
    problem = problem_of(service.submit(service.record(groups)))
    assert len(problem["errors"]) == 100
    service.admit(service.record(groups | {"values": ["1"] * 500}))


@pytest.mark.item("2.bad.schema-faults")
def test_faults_of_text_are_told_with_their_pointers(service: LiveService) -> None:
    bad = {"lot": {"number": "L\u202e1", "pieces": 1}, "note": "a\u0007b"}
    problem = problem_of(service.submit(service.record(bad)))
    assert [fault["pointer"] for fault in problem["errors"]] == ["/lot/number", "/note"]
    service.admit(service.record({"lot": {"number": "L1", "pieces": 1}, "note": "a\nb"}))


def test_text_that_is_not_in_nfc_is_refused(service: LiveService) -> None:
    groups = dict(SAMPLE_GROUPS)
    assert refusal(service, service.record(groups | {"note": "u\u0308"})) == "invalid-claims"
    service.admit(service.record(groups | {"note": "\u00fc"}))


@pytest.mark.item("2.bad.schema-faults")
def test_a_number_over_its_bound_is_refused(service: LiveService) -> None:
    text = service.record()
    signer = service.party(SUPPLIER).signing
    values = values_of(text)
    values["lot"] = {"number": "1", "pieces": 1_000_001}
    assert refusal(service, with_values(text, signer, values)) == "invalid-claims"
    values["lot"] = {"number": "1", "pieces": 1_000_000}
    service.admit(with_values(text, signer, values))


def test_a_party_that_may_not_write_the_type_is_refused(service: LiveService) -> None:
    assert refusal(service, service.record(by=OEM)) == "not-permitted"
    service.admit(service.record(by=LABORATORY))
