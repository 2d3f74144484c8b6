"""What a record claims of a blob, against what was uploaded."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from keys.encoding import encode_base64url
from ledger.blob_readiness import UploadedBlobs
from ledger.blobs import BlobId, MemoryBlobs
from ledger.clock import ManualClock
from ledger.limits import BLOB_EXPIRY_MARGIN_SECONDS, BLOB_UNPINNED_SECONDS_MAX
from tests.ledger.test_blobs import ACME, AT, OTHER, uploaded

pytestmark = [pytest.mark.item("2.3"), pytest.mark.item("2.bad.wrong-blob-hash")]

LAST_MS = AT + (BLOB_UNPINNED_SECONDS_MAX - BLOB_EXPIRY_MARGIN_SECONDS) * 1000


@dataclass(frozen=True)
class Claim:
    """What a record says."""

    blob: str
    sha256: str
    bytes: int


def an_upload(*, now_ms: int = AT) -> tuple[UploadedBlobs, Claim]:
    """An uploaded blob and the claim that fits it."""
    blobs = MemoryBlobs(random_bytes=random.Random(7).randbytes)
    sha256 = encode_base64url(hashlib.sha256(b"abc").digest())
    return UploadedBlobs(blobs, ManualClock(now_ms)), Claim(uploaded(blobs, b"abc"), sha256, 3)


def test_a_claim_that_fits_is_ready() -> None:
    uploads, claim = an_upload()
    assert uploads.is_ready(claim, ACME)


@pytest.mark.parametrize(
    "change",
    [
        lambda claim: replace(claim, blob="A" * 22),
        lambda claim: replace(claim, blob="../../etc/passwd"),
        lambda claim: replace(claim, sha256=encode_base64url(hashlib.sha256(b"abd").digest())),
        lambda claim: replace(claim, sha256=hashlib.sha256(b"abc").hexdigest()),
        lambda claim: replace(claim, bytes=2),
        lambda claim: replace(claim, bytes=4),
    ],
)
def test_a_claim_that_differs_in_one_value_is_not_ready(change: Callable[[Claim], Claim]) -> None:
    uploads, claim = an_upload()
    assert not uploads.is_ready(change(claim), ACME)


def test_a_foreign_blob_is_not_ready() -> None:
    uploads, claim = an_upload()
    assert not uploads.is_ready(claim, OTHER)


def test_an_upload_that_has_not_ended_is_not_ready() -> None:
    uploads, claim = an_upload()
    blob = uploads.blobs.create(ACME, 3, at_ms=AT)
    uploads.blobs.append(blob, ACME, offset=0, chunk=b"ab")
    assert not uploads.is_ready(replace(claim, blob=blob), ACME)
    uploads.blobs.append(blob, ACME, offset=2, chunk=b"c")
    assert uploads.is_ready(replace(claim, blob=blob), ACME)


@pytest.mark.parametrize("late_ms", [0, 1])
@pytest.mark.parametrize("is_pinned", [False, True])
def test_an_open_blob_about_to_expire_is_not_ready(late_ms: int, is_pinned: bool) -> None:
    uploads, claim = an_upload(now_ms=LAST_MS + late_ms)
    if is_pinned:
        uploads.blobs.pin([BlobId(claim.blob)])
    assert uploads.is_ready(claim, ACME) == (is_pinned or late_ms == 0)
