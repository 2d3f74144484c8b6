"""Reading records: who gets what, in views that verify offline, and receipts that never change."""

from __future__ import annotations

import json

import pytest

from api.cli.places import Places
from api.report_door import XLSX_TYPE
from api.reports.taking_back import take_back
from keys.encoding import decode_base64url, encode_base64url
from keys.identifiers import parse_origin
from ledger.compose import Filing
from ledger.entry import split_entry
from ledger.errors import DisclosureUnused
from ledger.sharing.errors import DecisionMismatch
from ledger.tlog_proof import parse_tlog_proof
from ledger.verify import VerifiedRecord
from ledger.view import parse_view
from tests.api.forged_records import without_disclosure
from tests.api.service import (
    LABORATORY,
    OEM,
    STRANGER,
    SUBJECT_VCT,
    SUPPLIER,
    LiveService,
    code_of,
)
from tests.ledger.parties import SAMPLE_GROUPS, sign_key

pytestmark = pytest.mark.item("2.6")
ALL = {"manifest", "address", "filing", "lot", "note"}
VIEW = "application/vnd.lotmark.view+json"
VIEW_LINES = "application/vnd.lotmark.view+jsonl"


@pytest.fixture(scope="module")
def record(service: LiveService) -> str:
    """A verdict by the laboratory that its subject, the OEM, owns; the lot is public."""
    filing = Filing(
        subject=service.party(OEM).did,
        to=[service.party(SUPPLIER).did],
        tiers={"lot": "public"},
    )
    return service.admit(service.record(vct=SUBJECT_VCT, by=LABORATORY, filing=filing))


def shown(service: LiveService, record: str, reader: str | None) -> VerifiedRecord:
    """What a reader gets of a record, verified offline from the trust anchor."""
    target = f"/v1/records/{record}"
    answer = service.signed(reader).get(target) if reader else service.http.get(target)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == VIEW
    (verified,) = service.verify(answer.content).records
    assert verified.record_id == record
    return verified


# ---- who gets what ----


def test_an_unsigned_reader_gets_public_groups_only(service: LiveService, record: str) -> None:
    assert {item.group for item in shown(service, record, None).groups} == {"lot"}


@pytest.mark.parametrize("reader", [LABORATORY, OEM])
def test_issuer_and_owner_get_every_group(service: LiveService, record: str, reader: str) -> None:
    assert {item.group for item in shown(service, record, reader).groups} == ALL


@pytest.mark.parametrize("reader", [SUPPLIER, STRANGER])
def test_another_member_gets_public_groups_and_the_manifest(
    service: LiveService, record: str, reader: str
) -> None:
    # The supplier is addressed; without a relation in force that opens nothing.
    assert {item.group for item in shown(service, record, reader).groups} == {"lot", "manifest"}


def test_a_subject_that_owns_nothing_reads_all_but_the_filing(service: LiveService) -> None:
    filing = Filing(subject=service.party(STRANGER).did)
    record = service.admit(service.record(filing=filing))
    assert {item.group for item in shown(service, record, STRANGER).groups} == ALL - {"filing"}
    assert {item.group for item in shown(service, record, OEM).groups} == {"manifest"}


def test_a_group_withheld_is_not_in_the_bytes(service: LiveService) -> None:
    secret = "not for everyone 1f0c"
    record = service.admit(service.record({**SAMPLE_GROUPS, "note": secret}))
    full = service.signed(SUPPLIER).get(f"/v1/records/{record}")
    others = service.signed(STRANGER).get(f"/v1/records/{record}")
    assert secret in revealed(full.content)
    assert secret not in revealed(others.content)


def revealed(view: bytes) -> str:
    """Everything that the disclosures of a view say."""
    texts = [text for item in parse_view(view).records for text in item.disclosures]
    return " ".join(decode_base64url(text).decode() for text in texts)


def test_the_holder_of_a_key_is_shown_to_its_party_only(service: LiveService) -> None:
    party = service.party(SUPPLIER)
    text = sign_key(service.consortium, party, party.another_key("a new gauge"))
    record = service.admit(text)
    assert [item.group for item in shown(service, record, SUPPLIER).groups] == ["holder"]
    assert shown(service, record, OEM).groups == ()
    assert shown(service, record, None).groups == ()


# ---- views ----


def test_every_entry_of_the_log_has_a_view_that_verifies(service: LiveService) -> None:
    page = service.signed(OEM).get("/v1/records?limit=200").json()
    assert page["records"][-1]["index"] == 0
    for item in page["records"]:
        verified = shown(service, item["record_id"], OEM)
        assert (verified.index, verified.type) == (item["index"], item["type"])


def test_a_view_with_a_changed_disclosure_does_not_verify(
    service: LiveService, record: str
) -> None:
    view = service.http.get(f"/v1/records/{record}").json()
    other = service.signed(OEM).get(f"/v1/records/{record}").json()
    view["records"][0]["disclosures"] = other["records"][0]["disclosures"]
    with pytest.raises(DecisionMismatch):
        service.verify(json.dumps(view).encode())
    view["records"][0]["decision"] = None
    service.verify(json.dumps(view).encode())
    good = decode_base64url(view["records"][0]["disclosures"][-1])
    other_value = good.replace(b"as received", b"as rejected")
    view["records"][0]["disclosures"][-1] = encode_base64url(other_value)
    with pytest.raises(DisclosureUnused):
        service.verify(json.dumps(view).encode())


def test_what_depends_on_the_reader_is_for_private_caches(
    service: LiveService, record: str
) -> None:
    for answer in (
        service.http.get(f"/v1/records/{record}"),
        service.signed(OEM).get(f"/v1/records/{record}"),
        service.http.get("/v1/records"),
        service.signed(OEM).get("/v1/records?mine=1"),
    ):
        assert answer.headers["cache-control"] == "private, no-cache"
        assert "Signature" in answer.headers["vary"]
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "name", ["A" * 43, "B" * 43, "A" * 42, "A" * 44, "%00", "%F0%9F%94%91", "a b", "=" * 43]
)
@pytest.mark.parametrize("tail", ["", "/receipt", f"/blobs/{'A' * 22}"])
def test_what_is_no_record_is_absent(service: LiveService, name: str, tail: str) -> None:
    answer = service.http.get(f"/v1/records/{name}{tail}")
    assert answer.status_code == 404
    assert code_of(answer) == "not-found"


def test_reading_with_a_body_is_refused(service: LiveService, record: str) -> None:
    target = f"/v1/records/{record}"
    assert service.http.request("GET", target, content=b"").status_code == 200
    assert code_of(service.http.request("GET", target, content=b"x")) == "too-large"


# ---- receipts ----


@pytest.mark.item("2.4")
def test_a_receipt_has_the_same_bytes_always(own_service: LiveService) -> None:
    text = own_service.record()
    first = own_service.submit(text).json()
    for _ in range(3):
        own_service.submit_many([own_service.record() for _ in range(300)])
        assert own_service.submit(text).json() == first
    own_service.restart()
    again = own_service.submit(text)
    assert (again.status_code, again.json()) == (200, first)
    answer = own_service.http.get(f"/v1/records/{first['record_id']}/receipt")
    assert answer.text == first["receipt"]
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.item("2.bad.same-record-twice")
def test_the_same_record_twice_gets_its_first_receipt(service: LiveService) -> None:
    text = service.record()
    first, again = service.submit(text), service.submit(text)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"]
    assert service.submit(service.record()).status_code == 201


@pytest.mark.item("2.bad.same-record-twice")
def test_the_same_record_with_other_disclosures_gets_its_first_receipt(
    service: LiveService,
) -> None:
    text = service.record()
    first = service.submit(text)
    for again in (without_disclosure(text, "note"), text.partition("~")[0] + "~", text + "AAAA~"):
        answer = service.submit(again)
        assert (answer.status_code, answer.content) == (200, first.content)
    # Nothing that came with a repeat replaces what the log has.
    record = first.json()["record_id"]
    assert {item.group for item in shown(service, record, SUPPLIER).groups} == ALL


def test_a_receipt_proves_the_entry_of_the_record(service: LiveService) -> None:
    text = service.record()
    answer = service.submit(text).json()
    proof = parse_tlog_proof(answer["receipt"].encode())
    view = parse_view(service.signed(SUPPLIER).get(f"/v1/records/{answer['record_id']}").content)
    entry = view.entries[view.records[0].entry]
    assert proof.index == answer["index"]
    assert proof.extra == entry.head.encode()
    head, jws = split_entry(f"{entry.head}{entry.jws}\n".encode())
    assert (head, jws) == (entry.head, text.partition("~")[0])


def test_the_address_of_an_admitted_record_is_its_view(service: LiveService) -> None:
    answer = service.submit(service.record())
    target = answer.headers["location"].removeprefix(service.settings.public_url)
    assert service.signed(SUPPLIER).get(target).headers["content-type"] == VIEW


# ---- decisions ----


@pytest.mark.item("5.3.signed")
def test_a_view_says_who_gets_what_and_what_would_unlock_more(
    service: LiveService, record: str
) -> None:
    seen = shown(service, record, STRANGER).decision
    assert seen is not None
    assert (seen.record_id, seen.reader) == (record, service.party(STRANGER).did)
    assert {item.group: item.rule for item in seen.groups if item.is_readable} == {
        "manifest": "consortium",
        "lot": "public",
    }
    assert {item.group: item.needs for item in seen.groups if not item.is_readable} == {
        "address": ("relation",),
        "evidence": ("grant",),
        "filing": (),
        "note": ("relation", "grant"),
        "values": ("grant",),
        "correction": ("relation", "grant"),
    }


def test_governance_needs_no_decision(service: LiveService) -> None:
    charter = service.consortium.fold.charter_id
    assert shown(service, charter, OEM).decision is None


# ---- reports ----

REPORTS = pytest.mark.item("6.5.report-xlsx")


@REPORTS
@pytest.mark.parametrize(("reader", "withheld"), [(OEM, []), (STRANGER, ["note"])])
def test_a_report_has_what_the_view_of_its_reader_has(
    service: LiveService, record: str, reader: str, withheld: list[str]
) -> None:
    answer = service.signed(reader).get(f"/v1/records/{record}/report?format=xlsx")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == XLSX_TYPE
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    places = Places(service.kind(SUBJECT_VCT).text)
    back = take_back(answer.content, places, origin=parse_origin(service.anchor.origin))
    groups = {name: SAMPLE_GROUPS[name] for name in ("lot", "note") if name not in withheld}
    assert back.groups == groups


@pytest.mark.item("6.5.report-pdf")
def test_a_report_is_a_pdf_unless_something_else_is_asked_for(
    service: LiveService, record: str
) -> None:
    answer = service.signed(OEM).get(f"/v1/records/{record}/report?language=zh")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"].startswith("private")
    assert answer.content.startswith(b"%PDF-")


@REPORTS
def test_a_report_is_for_who_signs_and_of_records_that_have_one(
    service: LiveService, record: str
) -> None:
    path = f"/v1/records/{record}/report"
    assert code_of(service.http.get(path)) == "signature-required"
    signed = service.signed(OEM)
    assert code_of(signed.get(f"{path}?format=doc")) == "malformed-query"
    assert code_of(signed.get(f"{path}?language=fr")) == "malformed-query"
    assert code_of(signed.get(f"{path}?colour=red")) == "malformed-query"
    charter = service.anchor.charter
    assert code_of(signed.get(f"/v1/records/{charter}/report")) == "malformed-query"
    assert code_of(signed.get(f"/v1/records/{'A' * 43}/report")) == "not-found"
