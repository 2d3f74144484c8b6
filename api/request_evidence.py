"""A signed request kept as evidence: what its signer signed, checkable offline for ever.

Method, target URI, the fields that take part in the signature as they were received, and the
base that was signed (RFC 9421, section 2.5). :func:`api.http_signatures.prove_request` checks
it with the key that it names; whether that key was the reader's is for the log to say. A body
is not kept: what a signature covers of it is its digest (docs/spec/accesses.md, section 2).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from api.accesses.errors import MalformedEvidence
from api.signature_fields import SIGNATURE, SIGNATURE_INPUT, Headers
from keys.encoding import encode_base64url
from ledger import limits
from ledger.errors import MalformedJson
from ledger.strict_json import encode_json, parse_json_object

FORMAT: Final = "lotmark.request/v1"
_MEMBERS: Final = {"format", "method", "target", "fields", "base"}
_FIELDS: Final = frozenset(
    {SIGNATURE_INPUT, SIGNATURE, "content-digest", "upload-length", "upload-offset"}
)


@dataclass(frozen=True, slots=True)
class RequestEvidence:
    """One signed request; ``fields`` are those that its signature rests on, by lower-case name."""

    method: str
    target: str
    fields: Headers
    base: str

    def encode(self) -> str:
        """The evidence as the one text by whose digest rows name it."""
        members: dict[str, Any] = {
            "format": FORMAT,
            "method": self.method,
            "target": self.target,
            "fields": dict(self.fields),
            "base": self.base,
        }
        return encode_json(members).decode()


def evidence_digest(text: str) -> str:
    """How a row names its request: base64url(SHA-256(UTF-8 of the evidence))."""
    return encode_base64url(hashlib.sha256(text.encode()).digest())


def parse_evidence(text: str) -> RequestEvidence:
    """Read evidence; the inverse of :meth:`RequestEvidence.encode`.

    Raises:
        MalformedEvidence: not the one text that a request's evidence is.
    """
    try:
        members = parse_json_object(
            text.encode("utf-8", "surrogatepass"), bytes_max=limits.REQUEST_EVIDENCE_BYTES_MAX
        )
    except MalformedJson as fault:
        raise MalformedEvidence(f"expected the evidence of a request: {fault}") from fault
    match members:
        case {"method": str(method), "target": str(target), "fields": dict(f), "base": str(base)}:
            fields = tuple((name, value) for name, value in f.items() if isinstance(value, str))
            found = RequestEvidence(method, target, fields, base)
        case _:
            raise MalformedEvidence(f"expected {sorted(_MEMBERS)}, found {sorted(members)[:8]}")
    if not {name for name, _ in found.fields} <= _FIELDS:
        raise MalformedEvidence(f"expected no fields but {sorted(_FIELDS)}, found another")
    if found.encode() != text:
        raise MalformedEvidence(f"expected the one text of {FORMAT}, found another form of it")
    return found
