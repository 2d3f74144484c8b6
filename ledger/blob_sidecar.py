"""The small file beside a blob's bytes: what is known of it, as one line of JSON.

The store's own file, so there is one accepted form: exactly the members below. A file that
says anything else was not written here, and nothing is concluded from it.
"""

from __future__ import annotations

import json
from typing import Final

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger.blob_errors import BlobsUnavailable
from ledger.blobs import Blob

FORMAT: Final = "lotmark.blob/v1"


def encode_sidecar(blob: Blob) -> bytes:
    """Write down a blob; whether it is pinned is told by where the file lies."""
    members = {
        "format": FORMAT,
        "owner": blob.owner,
        "declared_bytes": blob.declared_bytes,
        "received_bytes": blob.received_bytes,
        "created_ms": blob.created_ms,
        "sha256": encode_base64url(blob.sha256) if blob.sha256 else None,
    }
    return json.dumps(members, ensure_ascii=True).encode() + b"\n"


def decode_sidecar(content: bytes) -> Blob:
    """Read a blob back, as not pinned.

    Raises:
        BlobsUnavailable: not what :func:`encode_sidecar` writes.
    """
    try:
        blob = _read_blob(json.loads(content))
    # A long row of brackets exhausts the decoder's stack.
    except (ValueError, RecursionError, MalformedEncoding) as fault:
        raise _not_a_sidecar(content) from fault
    # There is one form, so writing it again checks everything that reading let pass.
    if blob is None or encode_sidecar(blob) != content:
        raise _not_a_sidecar(content)
    return blob


def _read_blob(members: object) -> Blob | None:
    match members:
        case {
            "owner": str(owner),
            "declared_bytes": int(declared),
            "received_bytes": int(received),
            "created_ms": int(created),
            "sha256": str() | None as digest,
        }:
            sha256 = decode_base64url(digest) if digest else None
            return Blob(owner, declared, received, sha256, created, is_pinned=False)
        case _:
            return None


def _not_a_sidecar(content: bytes) -> BlobsUnavailable:
    return BlobsUnavailable(f"expected a blob's sidecar, found {content[:200]!r}")
