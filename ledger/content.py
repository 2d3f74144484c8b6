"""Step 4 of admission, outside the lock: is a submission what it claims to be?

Signature, salts and digests, completeness, schema, text and the trade's rules. The result
is a :class:`CheckedRecord`, which only :func:`check_submission` makes; whether its party,
key and policy are in force is judged later, at its own index, by :mod:`ledger.admission`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from keys.errors import BadSignature
from ledger import limits
from ledger.disclosure import Disclosure, open_disclosures
from ledger.domain import DomainRules
from ledger.errors import DisclosureMalformed, LedgerError, MalformedRecord
from ledger.faults import Fault, Refusal
from ledger.record import ParsedJws, is_digest, jti_key, parse_jws, record_id, verify_jws
from ledger.record_type import (
    CLOSED_GROUPS,
    RecordType,
    find_faults,
    resolve_pointer,
)
from ledger.strict_json import check_text

JTI_KEY_BYTES = 16


class BlobClaim(NamedTuple):
    """A blob that a record cites: its id, and the SHA-256 and size the record commits to."""

    blob: str
    sha256: str
    bytes: int


class CheckedRecord(NamedTuple):
    """A submission that is right in itself. A named tuple: cheap to send between processes.

    ``type_known`` is False where the type was not in the book: it is checked again under
    the lock. ``tiers`` holds (group, tier) of the manifest; ``parties`` the DIDs that must
    be members; ``links`` the record ids that must exist; ``roles`` those to whom saying
    this belongs (None: no such limit).
    """

    record_id: bytes
    jti_key: bytes
    jws: str
    disclosures: str
    kid: str
    iss: str
    iat: int
    vct: str
    policy: str
    body: dict[str, Any] | None
    type_known: bool
    late_max_seconds: int
    tiers: tuple[tuple[str, str], ...]
    parties: tuple[str, ...]
    links: tuple[str, ...]
    corrects: str | None
    roles: frozenset[str] | None
    search: tuple[bytes, ...]
    standing: tuple[str, ...]
    blobs: tuple[BlobClaim, ...]


@dataclass(frozen=True, slots=True)
class TypeBook:
    """The types in force at one moment, by vct."""

    types: Mapping[str, RecordType]
    disclosure_bytes_max: int = limits.DISCLOSURE_BYTES_MAX
    disclosures_max: int = limits.DISCLOSURES_MAX


@dataclass(frozen=True, slots=True)
class Checker:
    """What checking needs besides the bytes: origin, types, the trade's rules, search secret."""

    origin: str
    book: TypeBook
    rules: DomainRules
    search_secret: bytes


def split_submission(sd_jwt: str) -> tuple[str, list[str]]:
    """Split ``JWS~D~...~`` into the JWS and its disclosures.

    Raises:
        MalformedRecord: it does not end in ``~``, or is not ASCII.
    """
    if not sd_jwt.endswith("~") or not sd_jwt.isascii():
        raise MalformedRecord("expected JWS~disclosure~...~ in ASCII, ended by '~'")
    jws, *disclosures = sd_jwt[:-1].split("~")
    if len(jws) > limits.ENTRY_BYTES_MAX - 512:
        raise MalformedRecord(f"expected a JWS of at most {limits.ENTRY_BYTES_MAX - 512} bytes")
    return jws, disclosures


def check_submission(sd_jwt: str, checker: Checker) -> CheckedRecord | Refusal:
    """Judge a submission by itself; a refusal says every fault that could be found."""
    try:
        opened = open_submission(sd_jwt, checker)
    except (LedgerError, BadSignature) as fault:
        return Refusal(fault.code, str(fault))
    record_type = checker.book.types.get(opened.parsed.claims.vct)
    if record_type is None:
        return _facts(opened, None, checker)
    refusal = _judge_content(opened, record_type, checker.rules)
    return refusal or _facts(opened, record_type, checker)


class OpenedSubmission(NamedTuple):
    """A submission whose signature and disclosures hold; its content is not judged yet."""

    parsed: ParsedJws
    kept: str
    disclosures: tuple[Disclosure, ...]
    values: dict[str, Any]


def open_submission(sd_jwt: str, checker: Checker) -> OpenedSubmission:
    """Parse, check the signature and open the disclosures.

    Raises:
        LedgerError, keys.errors.BadSignature: the first failure.
    """
    jws, disclosures = split_submission(sd_jwt)
    parsed = parse_jws(jws, origin=checker.origin)
    verify_jws(parsed)
    if len(disclosures) > checker.book.disclosures_max:
        raise DisclosureMalformed(f"expected at most {checker.book.disclosures_max} disclosures")
    for position, text in enumerate(disclosures):
        if len(text) > checker.book.disclosure_bytes_max:
            raise DisclosureMalformed(f"disclosure {position}: larger than the charter allows")
    opened = open_disclosures(parsed.claims, disclosures)
    values = {disclosure.group: disclosure.value for disclosure in opened}
    return OpenedSubmission(parsed, sd_jwt[len(jws) + 1 :], opened, values)


def derive_projections(sd_jwt: str, checker: Checker) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The search keys and the standing of an admitted record, as its admission derived them.

    Raises:
        LedgerError, keys.errors.BadSignature: it is not what was admitted.
    """
    opened = open_submission(sd_jwt, checker)
    record_type = checker.book.types.get(opened.parsed.claims.vct)
    facts = _facts(opened, record_type, checker) if "manifest" in opened.values else None
    return (facts.search, facts.standing) if facts else ((), ())


def _judge_content(
    opened: OpenedSubmission, record_type: RecordType, rules: DomainRules
) -> Refusal | None:
    claims, values = opened.parsed.claims, opened.values
    if len(claims.digests) != record_type.digests:
        return _invalid(
            Fault("/_sd", f"{record_type.digests} digests", f"{len(claims.digests)}"),
        )
    if record_type.body_validator is not None:
        faults = _under("/body", find_faults(record_type.body_validator, claims.body))
        faults += _text_faults("/body", claims.body)
        faults += find_faults(record_type.groups_validator, values)
        return _invalid(*faults) if faults else None
    if missing := _missing(values):
        return missing
    faults = find_faults(record_type.groups_validator, values)
    faults += tuple(fault for item in opened.disclosures for fault in _disclosed_text(item))
    if faults:
        return _invalid(*faults)
    if values["filing"]["present"] != _present(values):
        return _misfiled(values)
    if sealed := _sealed(values):
        return sealed
    faults = _manifest_faults(values, claims.iss, record_type)
    faults += rules.find_faults(claims.vct, values)
    return _invalid(*faults) if faults else None


def _invalid(*faults: Fault) -> Refusal:
    first = faults[0]
    place = first.pointer or "/"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return Refusal(
        "invalid-claims", f"{place}: expected {first.expected}, found {first.found}{more}", faults
    )


def _under(prefix: str, faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    return tuple(Fault(prefix + fault.pointer, fault.expected, fault.found) for fault in faults)


def _missing(values: Mapping[str, Any]) -> Refusal | None:
    absent = [name for name in CLOSED_GROUPS if name not in values]
    if not absent:
        return None
    return Refusal(
        "disclosure-missing",
        f"expected the disclosures manifest, address and filing, found none of {absent}",
        tuple(Fault(f"/{name}", "a disclosure", "none") for name in absent),
    )


def _present(values: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in values if name not in CLOSED_GROUPS)


def _misfiled(values: Mapping[str, Any]) -> Refusal:
    filed, shown = values["filing"]["present"], _present(values)
    absent = sorted(set(filed) - set(shown))
    if absent:
        return Refusal(
            "disclosure-missing",
            f"expected a disclosure of every group that filing.present names, missing {absent}",
            tuple(Fault(f"/{name}", "a disclosure", "none") for name in absent),
        )
    return _invalid(Fault("/filing/present", f"exactly {shown}, ascending", f"{filed}"))


def _sealed(values: Mapping[str, Any]) -> Refusal | None:
    tiers = values["manifest"]["groups"]
    sealed = [name for name in values["filing"]["present"] if tiers[name] == "sealed"]
    if not sealed:
        return None
    faults = tuple(Fault(f"/manifest/groups/{name}", "another tier", "sealed") for name in sealed)
    return Refusal(
        "sealed-not-available",
        "groups cannot be sealed yet: file them at another tier, or leave them out",
        faults,
    )


def _manifest_faults(
    values: Mapping[str, Any], iss: str, record_type: RecordType
) -> tuple[Fault, ...]:
    manifest = values["manifest"]
    owner = iss if record_type.owner == "issuer" else manifest["subject"]
    faults = []
    if manifest["owner"] != owner:
        faults.append(Fault("/manifest/owner", f"the {record_type.owner}", manifest["owner"]))
    if (manifest["corrects"] is not None) != ("correction" in values):
        expected = "the group correction and manifest.corrects together"
        faults.append(Fault("/correction", expected, "one without the other"))
    if iss in values["address"]["to"]:
        faults.append(Fault("/address/to", "other parties", "the issuer"))
    for name in ("answers", "endorses", "cites"):
        faults.extend(_link_faults(name, values["address"]["links"][name]))
    return tuple(faults)


def _link_faults(name: str, links: list[str]) -> list[Fault]:
    return [
        Fault(f"/address/links/{name}/{position}", "a record id", link)
        for position, link in enumerate(links)
        if not is_digest(link)
    ]


def _disclosed_text(disclosure: Disclosure) -> tuple[Fault, ...]:
    # Pure ASCII without an escape is in NFC and can hold no control character but DEL:
    # the common case is settled without walking the value.
    text = disclosure.text
    if text.isascii() and b"\\" not in text and b"\x7f" not in text:
        return ()
    return _text_faults(f"/{disclosure.group}", disclosure.value)


def _text_faults(prefix: str, value: object) -> tuple[Fault, ...]:
    if isinstance(value, str):
        return _one_text(prefix, value)
    if isinstance(value, list):
        return tuple(
            fault
            for position, item in enumerate(value)
            for fault in _text_faults(f"{prefix}/{position}", item)
        )
    if isinstance(value, dict):
        return tuple(
            fault
            for key, item in value.items()
            for fault in _one_text(prefix, key) + _text_faults(f"{prefix}/{key}", item)
        )
    return ()


def _one_text(pointer: str, text: str) -> tuple[Fault, ...]:
    try:
        check_text(text)
    except LedgerError as fault:
        return (Fault(pointer, "NFC text without control characters", str(fault)[:120]),)
    return ()


def _facts(
    opened: OpenedSubmission, record_type: RecordType | None, checker: Checker
) -> CheckedRecord:
    parsed, values = opened.parsed, opened.values
    claims = parsed.claims
    closed = record_type is not None and not record_type.governs
    manifest = values["manifest"] if closed else {}
    address = values["address"] if closed else {}
    return CheckedRecord(
        record_id=record_id(parsed.jws),
        jti_key=jti_key(claims.iss, claims.jti)[:JTI_KEY_BYTES],
        jws=parsed.jws,
        disclosures=opened.kept,
        kid=parsed.header.kid,
        iss=claims.iss,
        iat=claims.iat,
        vct=claims.vct,
        policy=claims.policy,
        body=claims.body,
        type_known=record_type is not None,
        late_max_seconds=record_type.late_max_seconds if record_type else 0,
        tiers=tuple(manifest.get("groups", {}).items()),
        parties=_parties(claims.iss, manifest, address),
        links=_links(address),
        corrects=manifest.get("corrects"),
        roles=checker.rules.roles_for(claims.vct, values) if closed else None,
        search=_search_keys(values, manifest.get("owner"), record_type, checker.search_secret),
        standing=_standing(claims.iss, manifest),
        blobs=_blob_claims(values, record_type),
    )


def _parties(iss: str, manifest: Mapping[str, Any], address: Mapping[str, Any]) -> tuple[str, ...]:
    named = [manifest.get("owner"), manifest.get("subject"), *address.get("to", ())]
    return tuple(did for did in dict.fromkeys(named) if did is not None and did != iss)


def _links(address: Mapping[str, Any]) -> tuple[str, ...]:
    links = address.get("links", {})
    named = [address.get("case"), *(link for values in links.values() for link in values)]
    return tuple(link for link in dict.fromkeys(named) if link is not None)


def _standing(iss: str, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    named = (manifest.get("owner"), manifest.get("subject"))
    return tuple(did for did in dict.fromkeys(named) if did is not None and did != iss)


def search_key(secret: bytes, owner: str, field: str, value: str) -> bytes:
    """HMAC-SHA256(secret, owner | field | value): how a searchable value is stored."""
    return hmac.digest(secret, f"{owner}\n{field}\n{value}".encode(), "sha256")


def _search_keys(
    values: Mapping[str, Any], owner: str | None, record_type: RecordType | None, secret: bytes
) -> tuple[bytes, ...]:
    if record_type is None or owner is None:
        return ()
    keys = []
    for pointer in record_type.search:
        value = resolve_pointer(values, pointer)
        if isinstance(value, str | int) and not isinstance(value, bool):
            keys.append(search_key(secret, owner, pointer, str(value)))
    return tuple(dict.fromkeys(keys))


def _blob_claims(
    values: Mapping[str, Any], record_type: RecordType | None
) -> tuple[BlobClaim, ...]:
    claims = []
    for pointer in record_type.blobs if record_type else ():
        found = resolve_pointer(values, pointer)
        for item in found if isinstance(found, list) else [found]:
            claims.extend(_read_blob(item))
    return tuple(claims)


def _read_blob(item: object) -> tuple[BlobClaim, ...]:
    if not isinstance(item, dict):
        return ()
    return (BlobClaim(item["blob"], item["sha256"], item["bytes"]),)
