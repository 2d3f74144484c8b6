"""docs/spec/blobs.md names the program's codes, limits and members."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ledger import blob_errors, limits
from ledger.blob_errors import BlobError
from ledger.blob_sidecar import encode_sidecar
from ledger.blobs import new_blob

pytestmark = pytest.mark.item("2.3")

DOCUMENT = (Path(__file__).parents[2] / "docs/spec/blobs.md").read_text("utf-8")


def test_the_document_names_every_code() -> None:
    family = {
        found.code
        for found in vars(blob_errors).values()
        if isinstance(found, type) and issubclass(found, BlobError) and found is not BlobError
    }
    assert set(re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.MULTILINE)) == family


@pytest.mark.parametrize(
    "phrase",
    [
        f"0 to {limits.BLOB_BYTES_MAX:,}.",
        f"a chunk of at most {limits.BLOB_CHUNK_BYTES_MAX:,} bytes",
        f"ranges of at most {limits.BLOB_CHUNK_BYTES_MAX:,} bytes",
        f"at most {limits.BLOBS_OPEN_PER_PARTY_MAX} open blobs",
        f"expires {limits.BLOB_UNPINNED_SECONDS_MAX // 3600} hours after",
        f"expire within {limits.BLOB_EXPIRY_MARGIN_SECONDS // 60} minutes",
    ],
)
def test_the_document_states_the_limits(phrase: str) -> None:
    assert phrase in DOCUMENT


def test_the_document_lists_the_members_of_a_sidecar() -> None:
    members = json.loads(encode_sidecar(new_blob("did:web:log.example:parties:acme", 1, at_ms=0)))
    sentence = DOCUMENT.partition("exactly the members ")[2].partition("Any other")[0]
    named = re.findall(r"`([a-z0-9_]+)`", sentence.replace("`lotmark.blob/v1`", ""))
    assert sorted(named) == sorted(members)
