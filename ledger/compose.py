"""Build and sign a record: what a party's own software does (docs/spec/record.md).

Time, randomness and the key come in; the result is the text to submit. The same module
serves the command line, the demo and the tests; any JWT library can do the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from keys.encoding import encode_base64url
from ledger.disclosure import digest_of, encode_disclosure, tag_of
from ledger.errors import MalformedClaims
from ledger.policy import TYPES_OWN, PolicyDocument
from ledger.record import TYP
from ledger.record_type import RecordType
from ledger.strict_json import encode_json

RandomBytes = Callable[[int], bytes]
#: ``sd_length`` of ``key/v1``, the one governance type with groups.
HOLDER_DIGESTS: Final = 4


class RecordSigner(Protocol):
    """A private key that signs for a party."""

    @property
    def kid(self) -> str:
        """``<did>#<multikey>``."""

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature."""


@dataclass(frozen=True, slots=True)
class Filing:
    """How a business record is addressed and filed; every field may stay at its default.

    ``tiers`` moves groups away from the policy's default; parties are DIDs, links record ids.
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


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes the records of one signer for one log, shared under one policy.

    ``document`` is what that policy says: its default tiers are the ones that are filed.
    """

    origin: str
    policy: str
    signer: RecordSigner
    random_bytes: RandomBytes
    document: PolicyDocument = TYPES_OWN

    def compose_record(
        self, kind: RecordType, groups: Mapping[str, Any], *, filing: Filing, iat: int
    ) -> str:
        """Sign a business record: ``JWS~disclosure~...~``, ready to submit.

        Args:
            kind: the type, for its tiers and its number of digests.
            groups: value by group name; what is absent is not part of the record.
            filing: owner, subject, addressees, links and tiers.
            iat: Unix seconds.

        Raises:
            MalformedClaims: more groups than the type has digests for.
            MalformedJson: a value that strict JSON does not have, as a fraction.
        """
        claims = self._clear_claims(kind.vct, iat)
        iss, document = claims["iss"], self.document
        closed = closed_groups(kind, groups, filing=filing, iss=iss, document=document)
        values = {**closed, **groups}
        disclosures = conceal_groups(values, claims, self.random_bytes)
        claims["_sd"] = pad_digests(disclosures, kind.digests, self.random_bytes)
        return _join(sign_claims(claims, self.signer), disclosures)

    def compose_governance(
        self,
        vct: str,
        body: Mapping[str, Any],
        *,
        iat: int,
        holder: Mapping[str, str] | None = None,
    ) -> str:
        """Sign a governance record.

        Args:
            vct: its type.
            body: its content, in clear.
            iat: Unix seconds.
            holder: name and role of who holds the key of a ``key/v1``; for no other type.

        Raises:
            MalformedJson: a value that strict JSON does not have.
        """
        claims = self._clear_claims(vct, iat)
        claims["body"] = dict(body)
        disclosures: list[str] = []
        if vct == "key/v1":
            values = {} if holder is None else {"holder": dict(holder)}
            disclosures = conceal_groups(values, claims, self.random_bytes)
            claims["_sd"] = pad_digests(disclosures, HOLDER_DIGESTS, self.random_bytes)
        return _join(sign_claims(claims, self.signer), disclosures)

    def _clear_claims(self, vct: str, iat: int) -> dict[str, Any]:
        return {
            "iss": self.signer.kid.partition("#")[0],
            "iat": iat,
            "jti": encode_base64url(self.random_bytes(16)),
            "aud": self.origin,
            "vct": vct,
            "policy": self.policy,
        }


def conceal_groups(
    values: Mapping[str, Any], claims: Mapping[str, Any], random_bytes: RandomBytes
) -> list[str]:
    """One tagged disclosure for each group.

    Raises:
        MalformedJson: a value that strict JSON does not have.
    """
    tag = tag_of(claims["iss"], claims["jti"])
    return [
        encode_disclosure(encode_base64url(random_bytes(16)) + tag, group, value)
        for group, value in values.items()
    ]


def closed_groups(
    kind: RecordType,
    groups: Mapping[str, Any],
    *,
    filing: Filing,
    iss: str,
    document: PolicyDocument = TYPES_OWN,
) -> dict[str, Any]:
    """The groups that every record has (docs/spec/record.md): manifest, address and filing."""
    owner = filing.owner or (iss if kind.owner == "issuer" else filing.subject)
    return {
        "manifest": {
            "owner": owner,
            "subject": filing.subject,
            "corrects": filing.corrects,
            "groups": {
                name: filing.tiers.get(name) or document.default_tier(kind, name)
                for name in kind.groups
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


def pad_digests(disclosures: Sequence[str], length: int, random_bytes: RandomBytes) -> list[str]:
    """The ``_sd`` array of the one length the type fixes: digests and decoys, ascending.

    Raises:
        MalformedClaims: there are more disclosures than that.
    """
    if len(disclosures) > length:
        raise MalformedClaims(f"expected at most {length} groups, found {len(disclosures)}")
    # Real digests and decoys are sorted together, so neither order nor count tells them apart.
    digests = [digest_of(disclosure) for disclosure in disclosures]
    decoys = (hashlib.sha256(random_bytes(32)).digest() for _ in range(length - len(digests)))
    return sorted([*digests, *(encode_base64url(decoy) for decoy in decoys)])


def sign_claims(claims: Mapping[str, Any], signer: RecordSigner) -> str:
    """The compact JWS over the claims (RFC 7515, section 3.1)."""
    header = {"alg": "EdDSA", "kid": signer.kid, "typ": TYP}
    signed = f"{_encode(header)}.{_encode(claims)}"
    return f"{signed}.{encode_base64url(signer.sign(signed.encode('ascii')))}"


def _encode(value: Mapping[str, Any]) -> str:
    return encode_base64url(encode_json({**value}))


def _join(jws: str, disclosures: Sequence[str]) -> str:
    return "".join(f"{part}~" for part in (jws, *disclosures))
