"""Step 4 of admission, outside the lock: is a submission what it claims to be?

Signature, salts and digests, completeness, schema, text and the trade's rules. The result
is a :class:`CheckedRecord`, which only :func:`check_submission` makes; whether its party,
key and policy are in force is judged later, at its own index, by :mod:`ledger.admission`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from keys.errors import BadSignature
from ledger import limits
from ledger.content_rules import Content, content_of, judge_content
from ledger.disclosure import check_salts, digest_of, open_disclosures
from ledger.domain import DomainRules
from ledger.errors import (
    DisclosureDuplicate,
    DisclosureMalformed,
    DisclosureUnused,
    LedgerError,
    MalformedRecord,
    RecordTooLarge,
)
from ledger.faults import Refusal
from ledger.json_pointer import resolve_pointer
from ledger.kept import Kept, join_kept, split_elements
from ledger.record import Claims, ParsedJws, jti_key, parse_jws, record_id, verify_jws
from ledger.record_type import RecordType
from ledger.sealed import Envelope, parse_envelope

JTI_KEY_BYTES: Final = 16
ANYONE: Final = "*"  # Stands in what anybody may find.
SEARCH_KEYS_CACHED_MAX: Final = 8_192
SEARCH_VALUE_CACHED_CHARACTERS_MAX: Final = 100
_Item = TypeVar("_Item")
_Next = TypeVar("_Next")
# What is said of a record without the closed groups: nothing.
_NO_MANIFEST: Final[Mapping[str, Any]] = {
    "owner": None,
    "subject": None,
    "corrects": None,
    "groups": {},
}
_NO_ADDRESS: Final[Mapping[str, Any]] = {
    "to": (),
    "case": None,
    "family": None,
    "links": {"answers": (), "endorses": (), "cites": ()},
}


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
    this belongs (None: no such limit); ``credential`` the kind of quality credential that it
    is (None: it is none). ``facts`` are what must be known of it to judge it against what is
    in force (None: it depends on nothing); ``to``, ``subject``, ``family`` and ``case`` whom
    and what it is about; ``sealed_to`` the kids that its sealed groups are for.
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
    credential: str | None
    search: tuple[bytes, ...]
    standing: tuple[str, ...]
    blobs: tuple[BlobClaim, ...]
    to: tuple[str, ...]
    subject: str | None
    family: str | None
    case: str | None
    facts: Mapping[str, Any] | None
    sealed_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeBook:
    """The types in force at one moment, by vct, and the charter's bounds on a submission."""

    types: Mapping[str, RecordType]
    disclosure_bytes_max: int = limits.DISCLOSURE_BYTES_MAX
    disclosures_max: int = limits.DISCLOSURES_MAX
    entry_bytes_max: int = limits.ENTRY_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Checker:
    """What checking needs besides the bytes: origin, types, the trade's rules, search secret."""

    origin: str
    book: TypeBook
    rules: DomainRules
    search_secret: bytes


def split_submission(sd_jwt: str) -> tuple[str, Kept]:
    """Split ``JWS~D~...~!E~...~`` into the JWS and what is kept (docs/spec/record.md, section 1).

    Raises:
        MalformedRecord: it does not end in ``~``, or is not ASCII.
        RecordTooLarge: the JWS does not fit into any entry.
    """
    if not sd_jwt.endswith("~") or not sd_jwt.isascii():
        raise MalformedRecord("expected JWS~disclosure~...~ in ASCII, ended by '~'")
    jws, *elements = sd_jwt[:-1].split("~")
    _check_size(jws, limits.ENTRY_BYTES_MAX)
    return jws, split_elements(elements)


def _check_size(jws: str, entry_bytes_max: int) -> None:
    bytes_max = entry_bytes_max - limits.ENTRY_HEAD_BYTES_MAX
    if len(jws) > bytes_max:
        raise RecordTooLarge(f"expected a JWS of at most {bytes_max} bytes, found {len(jws)}")


def check_submission(sd_jwt: str, checker: Checker) -> CheckedRecord | Refusal:
    """Judge a submission by itself; a refusal says every fault that could be found."""
    (checked,) = check_submissions([sd_jwt], checker)
    return checked


def check_submissions(sd_jwts: Iterable[str], checker: Checker) -> list[CheckedRecord | Refusal]:
    """Judge a few submissions, each by itself, in their order.

    Stage by stage and not record by record: the code and the tables of a stage stay in the
    processor's cache, and sixteen records at a time take an eighth less than one by one.
    """
    parsed = [_attempt(_parse, sd_jwt, checker) for sd_jwt in sd_jwts]
    verified = [_attempt(_verify, item, checker) for item in parsed]
    opened = [_attempt(_open, item, checker) for item in verified]
    return [_attempt(_judge, item, checker) for item in opened]


class _ParsedSubmission(NamedTuple):
    """A submission of the right form whose signature and disclosures are not checked yet."""

    sd_jwt: str
    kept: Kept
    parsed: ParsedJws


class OpenedSubmission(NamedTuple):
    """A submission whose signature and disclosures hold; its content is not judged yet.

    ``kept`` are disclosures and envelopes as they were sent, ``D~...~!E~...~``.
    """

    jws: str
    kid: str
    kept: str
    content: Content


def open_submission(sd_jwt: str, checker: Checker) -> OpenedSubmission:
    """Parse, check the signature and open the disclosures.

    Raises:
        LedgerError, keys.errors.BadSignature: the first failure.
    """
    return _open(_verify(_parse(sd_jwt, checker), checker), checker)


def _attempt(
    stage: Callable[[_Item, Checker], _Next | Refusal], item: _Item | Refusal, checker: Checker
) -> _Next | Refusal:
    """A stage, unless the one before it refused."""
    if isinstance(item, Refusal):
        return item
    try:
        return stage(item, checker)
    except (LedgerError, BadSignature) as fault:
        return Refusal(fault.code, str(fault))


def _parse(sd_jwt: str, checker: Checker) -> _ParsedSubmission:
    jws, kept = split_submission(sd_jwt)
    _check_size(jws, checker.book.entry_bytes_max)
    return _ParsedSubmission(sd_jwt, kept, parse_jws(jws, origin=checker.origin))


def _verify(submission: _ParsedSubmission, checker: Checker) -> _ParsedSubmission:
    del checker
    verify_jws(submission.parsed)
    return submission


def _open(submission: _ParsedSubmission, checker: Checker) -> OpenedSubmission:
    sd_jwt, kept, parsed = submission
    _check_charter_bounds([*kept.disclosures, *kept.envelopes], checker.book)
    opened = open_disclosures(parsed.claims, kept.disclosures)
    check_salts(opened)
    envelopes = read_envelopes(parsed.claims, kept) if kept.envelopes else ()
    content = content_of(parsed.claims, opened, envelopes)
    text = sd_jwt[len(parsed.jws) + 1 :]
    if kept.envelopes and text != join_kept(kept):
        raise MalformedRecord("expected every envelope behind the disclosures, found one before")
    return OpenedSubmission(parsed.jws, parsed.header.kid, text, content)


def read_envelopes(claims: Claims, kept: Kept) -> tuple[Envelope, ...]:
    """The envelopes of a record: each for a digest of its own, in clear under no other.

    Raises:
        MalformedEnvelope, DisclosureUnused, DisclosureDuplicate: for the first that fails.
    """
    envelopes = tuple(parse_envelope(text) for text in kept.envelopes)
    seen = {digest_of(text) for text in kept.disclosures}
    for envelope in envelopes:
        if envelope.digest not in claims.digests:
            raise DisclosureUnused(f"envelope of {envelope.group}: its digest is not in _sd")
        if envelope.digest in seen or envelope.group in seen:
            raise DisclosureDuplicate(f"envelope of {envelope.group}: it stands twice")
        seen |= {envelope.digest, envelope.group}
    return envelopes


def _judge(opened: OpenedSubmission, checker: Checker) -> CheckedRecord | Refusal:
    kind = checker.book.types.get(opened.content.claims.vct)
    if kind is None:
        return _facts(opened, None, checker)
    refusal = judge_content(opened.content, kind=kind, rules=checker.rules)
    return refusal or _facts(opened, kind, checker)


class Projections(NamedTuple):
    """What an admitted record brings into the index: search keys, standing, blobs it cites."""

    search: tuple[bytes, ...]
    standing: tuple[str, ...]
    blobs: tuple[str, ...]


def derive_projections(sd_jwt: str, checker: Checker) -> Projections:
    """What follows from an admitted record, as its admission derived it.

    Raises:
        LedgerError, keys.errors.BadSignature: it is not what was admitted.
    """
    content = open_submission(sd_jwt, checker).content
    kind = checker.book.types.get(content.claims.vct)
    manifest = content.values.get("manifest")
    if kind is None or kind.governs or manifest is None:
        return Projections((), (ANYONE,) if kind and kind.governs else (), ())
    search = _search_keys(content.values, kind, checker.search_secret)
    standing = _standing(content.claims.iss, manifest, content.values, kind)
    blobs = tuple({claim.blob: None for claim in _blob_claims(content.values, kind)})
    return Projections(search, standing, blobs)


def _check_charter_bounds(disclosures: Sequence[str], book: TypeBook) -> None:
    # An envelope counts as the disclosure that it stands for.
    if len(disclosures) > book.disclosures_max:
        raise DisclosureMalformed(
            f"expected at most {book.disclosures_max} disclosures, found {len(disclosures)}"
        )
    longest = max(map(len, disclosures), default=0)
    if longest > book.disclosure_bytes_max:
        raise DisclosureMalformed(
            f"expected disclosures of at most {book.disclosure_bytes_max} bytes, found {longest}"
        )


def _facts(opened: OpenedSubmission, kind: RecordType | None, checker: Checker) -> CheckedRecord:
    claims, values = opened.content.claims, opened.content.values
    # Of a type that is not known yet nothing is said but what the clear claims say; it is
    # checked again once its type is there.
    business = None if kind is None or kind.governs else kind
    manifest = values["manifest"] if business else _NO_MANIFEST
    address = values["address"] if business else _NO_ADDRESS
    named = _others(claims.iss, manifest["owner"], manifest["subject"])
    return CheckedRecord(
        record_id=record_id(opened.jws),
        jti_key=jti_key(claims.iss, claims.jti)[:JTI_KEY_BYTES],
        jws=opened.jws,
        disclosures=opened.kept,
        kid=opened.kid,
        iss=claims.iss,
        iat=claims.iat,
        vct=claims.vct,
        policy=claims.policy,
        body=claims.body,
        type_known=kind is not None,
        late_max_seconds=kind.late_max_seconds if kind else limits.IAT_BEHIND_SECONDS_MAX,
        tiers=tuple(manifest["groups"].items()),
        parties=_others(claims.iss, *named, *address["to"]),
        links=_links(address),
        corrects=manifest["corrects"],
        roles=checker.rules.roles_for(claims.vct, values) if business else None,
        credential=checker.rules.credential_kind(claims.vct, values) if business else None,
        search=_search_keys(values, business, checker.search_secret) if business else (),
        standing=_standing(claims.iss, manifest, values, kind),
        blobs=_blob_claims(values, business) if business else (),
        to=tuple(address["to"]),
        subject=manifest["subject"],
        family=address["family"],
        case=address["case"],
        facts=checker.rules.facts(claims.vct, values) if business else None,
        sealed_to=tuple({kid: None for item in opened.content.envelopes for kid in item.kids}),
    )


def _others(iss: str, *named: str | None) -> tuple[str, ...]:
    """Those named who are not the issuer, each once, in their order."""
    return tuple({did: None for did in named if did is not None and did != iss})


def _standing(
    iss: str, manifest: Mapping[str, Any], values: Mapping[str, Any], kind: RecordType | None
) -> tuple[str, ...]:
    """Who finds the record beside its signer; anyone, where all or a group of it is public."""
    named = _others(iss, manifest["owner"], manifest["subject"])
    is_public = any(manifest["groups"].get(group) == "public" for group in values)
    return (*named, ANYONE) if is_public or (kind and kind.governs) else named


def _links(address: Mapping[str, Any]) -> tuple[str, ...]:
    links = address["links"]
    named = (address["case"], *links["answers"], *links["endorses"], *links["cites"])
    return tuple({link: None for link in named if link is not None})


def search_key(secret: bytes, owner: str, *, field: str, value: str) -> bytes:
    """HMAC-SHA256(secret, owner | field | value): how a searchable value is stored."""
    # Parts, machines and lots come again and again; what is long is not worth its room.
    is_short = len(value) <= SEARCH_VALUE_CACHED_CHARACTERS_MAX
    return (_known_search_key if is_short else _search_key)(secret, owner, field, value)


def _search_key(secret: bytes, owner: str, field: str, value: str) -> bytes:
    keyed = _keyed(secret).copy()
    keyed.update(f"{owner}\n{field}\n{value}".encode())
    return keyed.digest()


_known_search_key = lru_cache(maxsize=SEARCH_KEYS_CACHED_MAX)(_search_key)


# Half of the cost of a short message is to begin with the key; a process has one.
@lru_cache(maxsize=4)
def _keyed(secret: bytes) -> hmac.HMAC:
    return hmac.new(secret, digestmod="sha256")


def forget_search_keys() -> None:
    """Forget the values whose keys are remembered: some may have been erased."""
    _known_search_key.cache_clear()


def _search_keys(values: dict[str, Any], kind: RecordType, secret: bytes) -> tuple[bytes, ...]:
    owner = values["manifest"]["owner"]
    keys: dict[bytes, None] = {}
    for pointer in kind.search:
        value = resolve_pointer(values, pointer)
        if type(value) is str or type(value) is int:
            keys[search_key(secret, owner, field=pointer, value=str(value))] = None
    return tuple(keys)


def _blob_claims(values: dict[str, Any], kind: RecordType) -> tuple[BlobClaim, ...]:
    claims: dict[BlobClaim, None] = {}
    for pointer in kind.blobs:
        found: Any = resolve_pointer(values, pointer)
        for item in found if isinstance(found, list) else [found]:
            if item is not None:
                claims[BlobClaim(item["blob"], item["sha256"], item["bytes"])] = None
    return tuple(claims)
