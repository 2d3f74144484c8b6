"""Uploads over HTTP: sent in pieces, resumed, judged at admission, read by their record."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import pytest

from keys.encoding import encode_base64url
from ledger import limits
from ledger.compose import Filing
from tests.api.service import (
    CHUNK,
    LABORATORY,
    OEM,
    SUPPLIER,
    LiveService,
    SignedClient,
    code_of,
    problem_of,
)
from tests.ledger.parties import SAMPLE_GROUPS

pytestmark = pytest.mark.item("2.6")
DAY_S = 24 * 3600
DATA = b"force;deflection\n12.5;0.031\n" * 40


@pytest.fixture
def supplier(service: LiveService) -> SignedClient:
    """The client of the party that uploads."""
    return service.signed(SUPPLIER)


def cited(blob: str, data: bytes = DATA, **members: Any) -> dict[str, Any]:
    """How a group of a record names a blob."""
    digest = encode_base64url(hashlib.sha256(data).digest())
    return {"blob": blob, "sha256": digest, "bytes": len(data)} | members


def with_evidence(service: LiveService, *blobs: dict[str, Any], by: str = SUPPLIER) -> str:
    """A record that cites blobs in a group of which its subject, the OEM, is a reader."""
    groups = {**SAMPLE_GROUPS, "evidence": list(blobs)}
    return service.record(groups, by=by, filing=Filing(subject=service.party(OEM).did))


# ---- sending ----


@pytest.mark.item("2.3")
def test_a_blob_is_sent_in_pieces_and_read_by_its_record(
    service: LiveService, supplier: SignedClient
) -> None:
    blob = supplier.upload(DATA, chunk_bytes=500)
    record = service.admit(with_evidence(service, cited(blob)))
    answer = supplier.get(f"/v1/records/{record}/blobs/{blob}")
    assert answer.content == DATA
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "private, no-cache"


def test_each_answer_says_where_to_go_on(supplier: SignedClient) -> None:
    created = supplier.send("POST", "/v1/blobs", headers={"Upload-Length": "10"})
    assert (created.status_code, created.headers["upload-offset"]) == (201, "0")
    blob = created.json()["blob"]
    assert created.headers["location"].endswith(f"/v1/blobs/{blob}")
    assert supplier.append(blob, 0, b"0123").headers["upload-offset"] == "4"
    head = supplier.send("HEAD", f"/v1/blobs/{blob}")
    assert head.status_code == 204
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("4", "10")
    assert "blob-sha256" not in head.headers
    assert supplier.append(blob, 4, b"456789").headers["upload-offset"] == "10"
    head = supplier.send("HEAD", f"/v1/blobs/{blob}")
    digest = hashlib.sha256(b"0123456789").digest()
    assert head.headers["blob-sha256"] == encode_base64url(digest)


@pytest.mark.item("2.bad.truncated-upload")
def test_an_upload_that_breaks_off_is_resumed_where_it_stood(
    service: LiveService, supplier: SignedClient
) -> None:
    created = supplier.send("POST", "/v1/blobs", headers={"Upload-Length": str(len(DATA))})
    blob, half = created.json()["blob"], len(DATA) // 2
    assert supplier.append(blob, 0, DATA[:half]).is_success
    # The connection breaks in the middle of the second chunk: nothing of it counts.
    fields = supplier.sign(
        "PATCH",
        f"/v1/blobs/{blob}",
        content=DATA[half:],
        headers={"Upload-Offset": str(half), "Content-Type": CHUNK},
    )
    head = f"PATCH /v1/blobs/{blob} HTTP/1.1\r\nHost: log\r\nContent-Length: {len(DATA) - half}\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    service.exchange((head + lines + "\r\n").encode() + DATA[half:-7], then_close=True)
    assert supplier.send("HEAD", f"/v1/blobs/{blob}").headers["upload-offset"] == str(half)
    unfinished = with_evidence(service, cited(blob))
    assert code_of(service.submit(unfinished)) == "blob-not-ready"
    assert supplier.append(blob, half, DATA[half:]).is_success
    service.admit(with_evidence(service, cited(blob)))


def test_a_chunk_at_another_offset_is_refused_and_told_the_right_one(
    supplier: SignedClient,
) -> None:
    created = supplier.send("POST", "/v1/blobs", headers={"Upload-Length": "10"})
    blob = created.json()["blob"]
    supplier.append(blob, 0, b"0123")
    for offset in (0, 3, 5, 10):
        answer = supplier.append(blob, offset, b"45")
        assert code_of(answer) == "offset-mismatch"
        assert answer.headers["upload-offset"] == "4"
    assert supplier.append(blob, 4, b"45").is_success


def test_more_than_declared_is_refused(supplier: SignedClient) -> None:
    created = supplier.send("POST", "/v1/blobs", headers={"Upload-Length": "4"})
    blob = created.json()["blob"]
    assert code_of(supplier.append(blob, 0, b"01234")) == "blob-too-large"
    assert supplier.append(blob, 0, b"0123").is_success
    assert code_of(supplier.append(blob, 4, b"4")) == "blob-too-large"


def test_a_chunk_over_the_limit_is_refused(supplier: SignedClient) -> None:
    size = limits.BLOB_CHUNK_BYTES_MAX
    created = supplier.send("POST", "/v1/blobs", headers={"Upload-Length": str(size + 1)})
    blob = created.json()["blob"]
    assert code_of(supplier.append(blob, 0, bytes(size + 1))) == "too-large"
    assert supplier.append(blob, 0, bytes(size)).headers["upload-offset"] == str(size)


@pytest.mark.parametrize("length", ["", "-1", "1.5", "ten", "٣", "1 0", "9" * 20])
def test_a_size_that_is_no_decimal_is_refused(supplier: SignedClient, length: str) -> None:
    headers = {"Upload-Length": length} if length.isascii() else {}
    answer = supplier.send("POST", "/v1/blobs", headers=headers)
    assert code_of(answer) == "malformed-upload"
    assert "Upload-Length" in problem_of(answer)["detail"]


def test_a_size_over_the_limit_is_refused(supplier: SignedClient) -> None:
    most = limits.BLOB_BYTES_MAX
    over = supplier.send("POST", "/v1/blobs", headers={"Upload-Length": str(most + 1)})
    assert code_of(over) == "blob-too-large"
    assert supplier.send("POST", "/v1/blobs", headers={"Upload-Length": str(most)}).is_success


def test_a_blob_of_no_bytes_is_complete_at_once(
    service: LiveService, supplier: SignedClient
) -> None:
    blob = supplier.upload(b"")
    record = service.admit(with_evidence(service, cited(blob, b"")))
    target = f"/v1/records/{record}/blobs/{blob}"
    assert (supplier.get(target).status_code, supplier.get(target).content) == (200, b"")
    assert code_of(supplier.get(target, Range="bytes=0-0")) == "range-not-satisfiable"


def test_a_party_has_a_bounded_number_of_open_uploads(service: LiveService) -> None:
    laboratory = service.signed(LABORATORY)
    for _ in range(limits.BLOBS_OPEN_PER_PARTY_MAX):
        assert laboratory.send("POST", "/v1/blobs", headers={"Upload-Length": "1"}).is_success
    refused = laboratory.send("POST", "/v1/blobs", headers={"Upload-Length": "1"})
    assert code_of(refused) == "too-many-open-blobs"
    assert refused.headers["retry-after"]
    oem = service.signed(OEM)
    assert oem.send("POST", "/v1/blobs", headers={"Upload-Length": "1"}).is_success


# ---- whose it is ----


@pytest.mark.parametrize("method", ["POST", "PATCH", "HEAD"])
def test_uploads_need_a_signature(service: LiveService, method: str) -> None:
    path = "/v1/blobs" if method == "POST" else f"/v1/blobs/{'A' * 22}"
    headers = {"Upload-Length": "1", "Upload-Offset": "0", "Content-Type": CHUNK}
    answer = service.http.request(method, path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Signature")


def test_an_unsigned_body_is_not_even_read(service: LiveService) -> None:
    head = f"PATCH /v1/blobs/{'A' * 22} HTTP/1.1\r\nHost: log\r\nConnection: close\r\n"
    fields = f"Content-Type: {CHUNK}\r\nContent-Length: 1000\r\nUpload-Offset: 0\r\n\r\n"
    answer = service.exchange((head + fields).encode())
    assert answer.startswith(b"HTTP/1.1 401 "), answer


def test_another_party_s_upload_looks_absent(service: LiveService, supplier: SignedClient) -> None:
    created = supplier.send("POST", "/v1/blobs", headers={"Upload-Length": "4"})
    blob, other = created.json()["blob"], service.signed(OEM)
    foreign, absent = (other.append(name, 0, b"0123") for name in (blob, "A" * 22))
    assert foreign.status_code == absent.status_code == 404
    assert foreign.text.replace(blob, "A" * 22) == absent.text
    assert other.send("HEAD", f"/v1/blobs/{blob}").status_code == 404
    assert supplier.append(blob, 0, b"0123").is_success


@pytest.mark.parametrize("name", ["..", "%2e%2e", "a", "A" * 23, "A" * 21 + "%00", "A" * 21 + "/"])
def test_what_is_no_id_is_absent(supplier: SignedClient, name: str) -> None:
    assert supplier.send("HEAD", f"/v1/blobs/{name}").status_code == 404


# ---- admission ----


@pytest.mark.item("2.bad.wrong-blob-hash")
def test_a_blob_other_than_the_record_says_is_refused(
    service: LiveService, supplier: SignedClient
) -> None:
    blob = supplier.upload(DATA)
    right = cited(blob)
    flipped = cited(blob, DATA[:-1] + b"!")
    for wrong in (flipped, right | {"bytes": len(DATA) - 1}, right | {"blob": "A" * 22}):
        assert code_of(service.submit(with_evidence(service, wrong))) == "blob-not-ready"
    foreign = with_evidence(service, right, by=LABORATORY)
    assert code_of(service.submit(foreign)) == "blob-not-ready"
    service.admit(with_evidence(service, right))


def test_two_records_of_one_owner_may_cite_one_blob(
    service: LiveService, supplier: SignedClient
) -> None:
    blob = supplier.upload(DATA)
    records = [service.admit(with_evidence(service, cited(blob))) for _ in range(2)]
    for record in records:
        assert supplier.get(f"/v1/records/{record}/blobs/{blob}").content == DATA


def test_nothing_is_appended_to_a_blob_that_a_record_cites(
    service: LiveService, supplier: SignedClient
) -> None:
    blob = supplier.upload(DATA)
    service.admit(with_evidence(service, cited(blob)))
    assert code_of(supplier.append(blob, len(DATA), b"!")) == "blob-too-large"
    assert code_of(supplier.append(blob, 0, b"!")) == "offset-mismatch"


def test_an_upload_that_no_record_cites_expires(own_service: LiveService) -> None:
    client = own_service.signed(SUPPLIER)
    kept, lost = client.upload(DATA), client.upload(DATA)
    own_service.admit(with_evidence(own_service, cited(kept)))
    own_service.clock.advance(DAY_S * 1000)
    own_service.restart()
    assert client.send("HEAD", f"/v1/blobs/{lost}").status_code == 204
    own_service.clock.advance(1000)
    own_service.restart()
    assert client.send("HEAD", f"/v1/blobs/{lost}").status_code == 404
    assert code_of(client.append(lost, len(DATA), b"")) == "blob-not-found"
    assert client.send("HEAD", f"/v1/blobs/{kept}").status_code == 204
    citing = with_evidence(own_service, cited(lost))
    assert code_of(own_service.submit(citing)) == "blob-not-ready"


def test_an_upload_about_to_expire_is_not_admitted(own_service: LiveService) -> None:
    blob = own_service.signed(SUPPLIER).upload(DATA)
    own_service.clock.advance((DAY_S - limits.BLOB_EXPIRY_MARGIN_SECONDS) * 1000 + 1)
    late = with_evidence(own_service, cited(blob))
    assert code_of(own_service.submit(late)) == "blob-not-ready"
    own_service.clock.advance(-1)
    own_service.admit(late)


def test_an_upload_goes_on_after_a_restart(own_service: LiveService) -> None:
    client = own_service.signed(SUPPLIER)
    created = client.send("POST", "/v1/blobs", headers={"Upload-Length": str(len(DATA))})
    blob = created.json()["blob"]
    client.append(blob, 0, DATA[:100])
    own_service.restart()
    assert client.send("HEAD", f"/v1/blobs/{blob}").headers["upload-offset"] == "100"
    assert client.append(blob, 100, DATA[100:]).is_success
    own_service.admit(with_evidence(own_service, cited(blob)))


# ---- reading ----


def test_a_blob_is_read_by_those_who_read_its_group(
    service: LiveService, supplier: SignedClient
) -> None:
    blob = supplier.upload(DATA)
    record = service.admit(with_evidence(service, cited(blob)))
    target = f"/v1/records/{record}/blobs/{blob}"
    assert service.signed(SUPPLIER).get(target).content == DATA
    assert service.signed(OEM).get(target).content == DATA
    assert service.signed(LABORATORY).get(target).status_code == 404
    assert service.http.get(target).status_code == 404


def test_a_blob_is_read_only_by_the_record_that_cites_it(
    service: LiveService, supplier: SignedClient
) -> None:
    blob = supplier.upload(DATA)
    citing = service.admit(with_evidence(service, cited(blob)))
    other = service.admit(service.record())
    assert supplier.get(f"/v1/records/{citing}/blobs/{blob}").is_success
    assert supplier.get(f"/v1/records/{other}/blobs/{blob}").status_code == 404
    assert supplier.get(f"/v1/blobs/{blob}").status_code == 405


RANGES = [
    ("bytes=0-9", 0, 10),
    ("bytes=5-5", 5, 6),
    ("bytes=10-", 10, 100),
    ("bytes=-10", 90, 100),
    ("bytes=-1000", 0, 100),
    ("bytes=90-1000", 90, 100),
    ("bytes=0-99", 0, 100),
    ("Bytes=0-9", 0, 10),
]


def test_ranges_are_answered_as_http_says(service: LiveService, supplier: SignedClient) -> None:
    data = os.urandom(100)
    blob = supplier.upload(data)
    record = service.admit(with_evidence(service, cited(blob, data)))
    target = f"/v1/records/{record}/blobs/{blob}"
    for text, start, stop in RANGES:
        answer = supplier.get(target, Range=text)
        assert (answer.status_code, answer.content) == (206, data[start:stop]), text
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/100"
    for text in ("bytes=100-", "bytes=5-4", "bytes=-0", "bytes=0-1,3-4", "bytes=a-b", "bytes="):
        answer = supplier.get(target, Range=text)
        assert code_of(answer) == "range-not-satisfiable"
        assert answer.headers["content-range"] == "bytes */100"
    assert supplier.get(target, Range="lines=1-2").content == data


def test_a_large_blob_is_read_in_ranges(service: LiveService, supplier: SignedClient) -> None:
    most = limits.BLOB_CHUNK_BYTES_MAX
    data = os.urandom(1000) + bytes(most)
    blob = supplier.upload(data, chunk_bytes=most)
    record = service.admit(with_evidence(service, cited(blob, data)))
    target = f"/v1/records/{record}/blobs/{blob}"
    assert code_of(supplier.get(target)) == "range-not-satisfiable"
    first = supplier.get(target, Range="bytes=0-")
    assert (first.status_code, len(first.content)) == (206, most)
    rest = supplier.get(target, Range=f"bytes={most}-")
    assert first.content + rest.content == data
