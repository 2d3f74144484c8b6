"""Build and sign a record: what a party's own software does (docs/spec/record.md).

Time, randomness and the key come in; the result is the text to submit. The same module
serves the command line, the demo and the tests; any JWT library can do the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from keys.encoding import encode_base64url
from ledger.disclosure import digest_of, encode_disclosure, tag_of
from ledger.record import TYP
from ledger.record_type import RecordType

RandomBytes = Callable[[int], bytes]
HOLDER_DIGESTS: Final = 4


class RecordSigner(Protocol):
    """A private key that signs for a party."""

    @property
    def kid(self) -> str:
        """``<did>#<multikey>``."""

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every record of a party has in common: where it goes, when, under which policy."""

    origin: str
    policy: str
    iat: int


@dataclass(frozen=True, slots=True)
class Filing:
    """How a business record is addressed and filed; every field may stay at its default.

    ``tiers`` moves groups away from the type's default; parties are DIDs, links record ids.
    """

    owner: str | None = None
    subject: str | None = None
    corrects: str | None = None
    tiers: Mapping[str, str] = field(default_factory=dict)
    to: Sequence[str] = ()
    case: str | None = None
    family: str | None = None
    answers: Sequence[str] = ()
    endorses: Sequence[str] = ()
    cites: Sequence[str] = ()
    number: str | None = None
    notes: str | None = None


def compose_record(
    kind: RecordType,
    groups: Mapping[str, Any],
    *,
    filing: Filing,
    envelope: Envelope,
    signer: RecordSigner,
    random_bytes: RandomBytes,
) -> str:
    """Sign a business record: ``JWS~disclosure~...~``, ready to submit.

    Args:
        kind: the type, for its tiers and its number of digests.
        groups: value by group name; what is absent is not part of the record.
    """
    claims = _clear_claims(kind.vct, envelope, signer, random_bytes)
    values = {**_closed_groups(kind, groups, filing, signer), **groups}
    disclosures = conceal_groups(values, claims, random_bytes)
    claims["_sd"] = _padded(disclosures, kind.digests, random_bytes)
    return _join(_sign(claims, signer), disclosures)


def compose_governance(
    vct: str,
    body: Mapping[str, Any],
    *,
    envelope: Envelope,
    signer: RecordSigner,
    random_bytes: RandomBytes,
    holder: Mapping[str, str] | None = None,
) -> str:
    """Sign a governance record; ``holder`` names the person or device behind a ``key/v1``."""
    claims = _clear_claims(vct, envelope, signer, random_bytes)
    claims["body"] = dict(body)
    disclosures: list[str] = []
    if vct == "key/v1":
        values = {} if holder is None else {"holder": dict(holder)}
        disclosures = conceal_groups(values, claims, random_bytes)
        claims["_sd"] = _padded(disclosures, HOLDER_DIGESTS, random_bytes)
    return _join(_sign(claims, signer), disclosures)


def conceal_groups(
    values: Mapping[str, Any], claims: Mapping[str, Any], random_bytes: RandomBytes
) -> list[str]:
    """One tagged disclosure for each group."""
    tag = tag_of(claims["iss"], claims["jti"])
    return [
        encode_disclosure(encode_base64url(random_bytes(16)) + tag, group, value)
        for group, value in values.items()
    ]


def _clear_claims(
    vct: str, envelope: Envelope, signer: RecordSigner, random_bytes: RandomBytes
) -> dict[str, Any]:
    return {
        "iss": signer.kid.partition("#")[0],
        "iat": envelope.iat,
        "jti": encode_base64url(random_bytes(16)),
        "aud": envelope.origin,
        "vct": vct,
        "policy": envelope.policy,
    }


def _closed_groups(
    kind: RecordType, groups: Mapping[str, Any], filing: Filing, signer: RecordSigner
) -> dict[str, Any]:
    iss = signer.kid.partition("#")[0]
    owner = filing.owner or (iss if kind.owner == "issuer" else filing.subject)
    return {
        "manifest": {
            "owner": owner,
            "subject": filing.subject,
            "corrects": filing.corrects,
            "groups": {
                name: filing.tiers.get(name, rule.default) for name, rule in kind.groups.items()
            },
        },
        "address": {
            "to": list(filing.to),
            "case": filing.case,
            "family": filing.family,
            "links": {
                "answers": list(filing.answers),
                "endorses": list(filing.endorses),
                "cites": list(filing.cites),
            },
        },
        "filing": {"present": sorted(groups), "number": filing.number, "notes": filing.notes},
    }


def _padded(disclosures: Sequence[str], length: int, random_bytes: RandomBytes) -> list[str]:
    # Real digests and decoys are sorted together, so neither order nor count tells them apart.
    digests = [digest_of(disclosure) for disclosure in disclosures]
    decoys = (hashlib.sha256(random_bytes(32)).digest() for _ in range(length - len(digests)))
    return sorted([*digests, *(encode_base64url(decoy) for decoy in decoys)])


def _sign(claims: Mapping[str, Any], signer: RecordSigner) -> str:
    header = {"alg": "EdDSA", "kid": signer.kid, "typ": TYP}
    signed = f"{_encode(header)}.{_encode(claims)}"
    return f"{signed}.{encode_base64url(signer.sign(signed.encode('ascii')))}"


def _encode(value: Mapping[str, Any]) -> str:
    return encode_base64url(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _join(jws: str, disclosures: Sequence[str]) -> str:
    return "".join(f"{part}~" for part in (jws, *disclosures))
