"""Parties, their consortium and their records, built from the real parts.

Everything follows from fixed seeds, so a failing test fails again with the same bytes. Start
with :func:`a_consortium`; it signs the genesis, registers a signing key for every founder and
defines the types, and has the public fold after them. :meth:`Consortium.record` signs one more
record and :meth:`Consortium.judge` checks and admits it, as the log would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from keys.encoding import decode_base64url, encode_base64url
from keys.identifiers import Did, Origin, Slug, kid, party_did
from keys.multikey import Multikey
from keys.signer import SeedSigner
from ledger.admission import Place, Precedent, admit
from ledger.charter import CharterDraft, FounderStatement, draft_charter
from ledger.commitment import commit_key
from ledger.compose import Composer, Filing
from ledger.content import BlobClaim, CheckedRecord, Checker, check_submission
from ledger.domain import DomainRules, NoDomainRules
from ledger.faults import Refusal
from ledger.fold import PublicFold
from ledger.note import ED25519_NOTE, Ed25519Signer, KeyName, VerifierKey, encode_vkey
from ledger.possession import prove_possession
from ledger.precedents import Signed
from ledger.record import NO_POLICY, TYP, encode_record_id, record_id
from ledger.record_type import RecordType, document_digest, parse_record_type
from ledger.strict_json import encode_json, parse_json_object
from quality.credential import DEFAULT_RIGHTS
from tests.ledger.sample_types import REMOVED, SAMPLE_VCT, sample_type_text

ORIGIN: Final = Origin("log.example:8443/eu")
NOW_S: Final = 1_800_000_000
NOW_MS: Final = NOW_S * 1000
SEARCH_SECRET: Final = bytes(range(32))
SAMPLE_GROUPS: Final[Mapping[str, Any]] = {
    "lot": {"number": "LG-0417", "pieces": 500},
    "note": "as received",
}
ANY_USE: Final = (
    *("records", "record:record-type", "record:policy", "record:parameters"),
    "record:document-part",
)


def a_seed(label: str) -> bytes:
    """32 bytes that the label alone decides."""
    return hashlib.sha256(f"seed of {label}".encode()).digest()


class RandomStream:
    """A source of random bytes that gives the same ones for the same label."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._drawn = 0

    def __call__(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        self._drawn += 1
        return hashlib.shake_256(f"{self._label} {self._drawn}".encode()).digest(count)


@dataclass(frozen=True, slots=True)
class PartySigner:
    """A key of a party, as the composer takes it."""

    did: Did
    key: SeedSigner

    @property
    def multikey(self) -> Multikey:
        """The public key as text."""
        return self.key.multikey

    @property
    def kid(self) -> str:
        """``<did>#<multikey>``."""
        return kid(self.did, self.multikey)

    def sign(self, message: bytes) -> bytes:
        """The signature of the bytes."""
        return self.key.sign(message)


@dataclass(frozen=True, slots=True)
class PartyKeys:
    """A party with the private keys that only it has."""

    slug: Slug
    did: Did
    admin: PartySigner
    signing: PartySigner
    next_admin: PartySigner

    def another_key(self, label: str) -> PartySigner:
        """A further key of the party, not registered anywhere."""
        return PartySigner(self.did, SeedSigner(a_seed(f"{self.slug} {label}")))

    def statement(self, roles: Sequence[str]) -> FounderStatement:
        """What the party brings to a charter."""
        return FounderStatement(
            slug=self.slug,
            names={"en": self.slug.replace("-", " ").title(), "zh": "示例公司"},
            roles=tuple(roles),
            admin_keys=(self.admin.multikey,),
            next_key=commit_key(self.next_admin.multikey),
        )


def a_party(slug: str, origin: Origin = ORIGIN) -> PartyKeys:
    """A party whose keys follow from its slug."""
    did = party_did(origin, Slug(slug))
    admin, signing, following = (
        PartySigner(did, SeedSigner(a_seed(f"{slug} {purpose}")))
        for purpose in ("admin", "signing", "next admin")
    )
    return PartyKeys(Slug(slug), did, admin, signing, following)


def a_log_signer(origin: str = ORIGIN, label: str = "log") -> Ed25519Signer:
    """The key that signs the checkpoints of a log."""
    key = SeedSigner(a_seed(label))
    return Ed25519Signer(VerifierKey(KeyName(origin), ED25519_NOTE, key.public_key), key.sign)


class KnownRecords:
    """Precedents of a log that lives in memory: records by id, blobs that are complete."""

    def __init__(self, blobs: Sequence[tuple[BlobClaim, str]] = ()) -> None:
        self._records: dict[str, Precedent] = {}
        self._signed: dict[str, Signed] = {}
        self._times: dict[int, int] = {}
        self._blobs = frozenset(blobs)

    def add(self, record: CheckedRecord, *, index: int = 0, at_ms: int = NOW_MS) -> None:
        """Let later records refer to this one, as the entry of this index and time."""
        name = encode_record_id(record.record_id)
        self._records[name] = Precedent(record.iss, record.vct)
        self._signed[name] = Signed(index, record.kid, record.vct)
        self.note_time(index, at_ms)

    def note_time(self, index: int, at_ms: int) -> None:
        """Let an entry of this index have been admitted then."""
        self._times[index] = at_ms

    def find_record(self, record_id: str) -> Precedent | None:
        """The earlier record of that id."""
        return self._records.get(record_id)

    def find_signed(self, record_id: str) -> Signed | None:
        """The position and key of that record."""
        return self._signed.get(record_id)

    def admitted_ms(self, index: int) -> int | None:
        """The time that the entry was given."""
        return self._times.get(index)

    def is_blob_ready(self, claim: BlobClaim, owner: str) -> bool:
        """Whether it was named when this was made."""
        return (claim, owner) in self._blobs


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a consortium is founded with; every field may stay at its default.

    ``founders`` maps slugs to roles, the first one is founder 1 and operates the log.
    ``thresholds`` replaces the majority for some acts. ``amend`` may change the charter's body
    before it is signed.
    """

    founders: Mapping[str, Sequence[str]] = field(
        default_factory=lambda: {
            "borealis-motors": ("oem", "operator"),
            "hanfeng-drive": ("supplier",),
            "meridian-cert": ("certifier", "laboratory"),
        }
    )
    types: tuple[str, ...] = (sample_type_text(),)
    thresholds: Mapping[str, int] = field(default_factory=dict)
    amend: Callable[[dict[str, Any]], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Consortium:
    """A founded consortium: its parties, its first entries as signed texts, the fold after them.

    ``fold`` is that after all of ``texts``. The object is immutable: :meth:`judge` gives a new
    fold and :meth:`after` a consortium with more entries.
    """

    origin: Origin
    parties: Mapping[str, PartyKeys]
    charter: str
    endorsements: tuple[str, ...]
    keys: tuple[str, ...]
    types: tuple[str, ...]
    fold: PublicFold
    size: int

    @property
    def texts(self) -> tuple[str, ...]:
        """Every submission of the founding, in the order of admission."""
        return (self.charter, *self.endorsements, *self.keys, *self.types)

    @property
    def founder(self) -> PartyKeys:
        """Founder 1."""
        return next(iter(self.parties.values()))

    @property
    def kind(self) -> RecordType:
        """The sample type."""
        return self.fold.types[SAMPLE_VCT]

    def checker(self, rules: DomainRules | None = None) -> Checker:
        """What submissions to this log are checked against."""
        return Checker(self.origin, self.fold.book(), rules or NoDomainRules(), SEARCH_SECRET)

    def composer(self, signer: PartySigner, *, label: str = "", policy: str = "") -> Composer:
        """Composes records of one signer; another label draws other random bytes."""
        random_bytes = RandomStream(f"{signer.kid} {label}")
        return Composer(self.origin, policy or self.fold.charter_id, signer, random_bytes)

    def record(
        self,
        party: PartyKeys,
        groups: Mapping[str, Any] = SAMPLE_GROUPS,
        *,
        filing: Filing = Filing(),  # noqa: B008  (immutable)
        iat: int = NOW_S,
        label: str = "",
    ) -> str:
        """A signed record of the sample type, ready to submit."""
        composer = self.composer(party.signing, label=label)
        return composer.compose_record(self.kind, groups, filing=filing, iat=iat)

    def governance(
        self, signer: PartySigner, vct: str, body: Mapping[str, Any], *, label: str = ""
    ) -> str:
        """A signed governance record."""
        return self.composer(signer, label=label).compose_governance(vct, body, iat=NOW_S)

    def check(self, text: str) -> CheckedRecord | Refusal:
        """What can be said of a submission by itself."""
        return check_submission(text, self.checker())

    def judge(
        self, text: str, *, at_ms: int = NOW_MS, precedents: KnownRecords | None = None
    ) -> PublicFold | Refusal:
        """The fold after the submission became the next entry, or why it may not."""
        checked = self.check(text)
        if isinstance(checked, Refusal):
            return checked
        place = Place(self.size, at_ms)
        return admit(checked, self.fold, place=place, precedents=precedents or KnownRecords())

    def after(self, *texts: str, at_ms: int = NOW_MS) -> Consortium:
        """The consortium after further governance records, each of which must be admitted."""
        grown = self
        for text in texts:
            fold = grown.judge(text, at_ms=at_ms)
            assert isinstance(fold, PublicFold), fold
            grown = replace(grown, fold=fold, size=grown.size + 1)
        return grown


DEFAULT_PLAN: Final = Plan()


@cache
def a_consortium(plan: Plan = DEFAULT_PLAN) -> Consortium:
    """Found a consortium; the same plan object gives the same consortium, built once."""
    parties = {slug: a_party(slug) for slug in plan.founders}
    empty = Consortium(ORIGIN, parties, "", (), (), (), PublicFold(ORIGIN), 0)
    charter = sign_charter(parties, charter_body(plan, parties))
    founded = empty.after(charter)
    endorsements = tuple(sign_endorsement(founded, party) for party in list(parties.values())[1:])
    complete = founded.after(*endorsements)
    keys = tuple(sign_key(complete, party, party.signing) for party in parties.values())
    keyed = complete.after(*keys)
    types = tuple(sign_type(keyed, keyed.founder, text) for text in plan.types)
    whole = keyed.after(*types)
    return replace(whole, charter=charter, endorsements=endorsements, keys=keys, types=types)


def charter_body(plan: Plan, parties: Mapping[str, PartyKeys]) -> dict[str, Any]:
    """The body of the charter that a plan leads to."""
    body = draft_charter(
        CharterDraft(
            origin=ORIGIN,
            log_keys=(encode_vkey(a_log_signer().key),),
            founders=tuple(parties[slug].statement(roles) for slug, roles in plan.founders.items()),
            operator=next(iter(plan.founders)),
            types=plan.types,
            has_open_bundles=True,
            credentials=DEFAULT_RIGHTS,
        )
    )
    for act, threshold in plan.thresholds.items():
        body["quorum"][act]["threshold"] = threshold
    plan.amend(body)
    return body


def sign_charter(parties: Mapping[str, PartyKeys], body: Mapping[str, Any]) -> str:
    """The charter, signed by founder 1's admin key."""
    signer = next(iter(parties.values())).admin
    composer = Composer(ORIGIN, NO_POLICY, signer, RandomStream("charter"))
    return composer.compose_governance("charter/v1", body, iat=NOW_S)


def sign_endorsement(consortium: Consortium, party: PartyKeys, **members: Any) -> str:
    """A founder's endorsement of the charter."""
    body = {"of": consortium.fold.charter_id, "meaning": "approve", "reason": None} | members
    return consortium.governance(party.admin, "endorsement/v1", body, label="endorsement")


def sign_key(
    consortium: Consortium,
    party: PartyKeys,
    key: PartySigner,
    uses: Sequence[str] = ANY_USE,
    **members: Any,
) -> str:
    """The registration of a signing key by its party's admin key."""
    body = {
        "party": party.did,
        "multikey": key.multikey,
        "uses": list(uses),
        "holder_kind": "machine",
        "replaces": None,
        "possession": prove_possession(key.key, origin=consortium.origin, did=party.did),
    } | members
    composer = consortium.composer(party.admin, label=f"key {key.multikey}")
    holder = {"name": "Line 4", "role": "gauge"}
    return composer.compose_governance("key/v1", body, iat=NOW_S, holder=holder)


def sign_type(consortium: Consortium, party: PartyKeys, text: str, **members: Any) -> str:
    """A record type's definition, inline."""
    vct = parse_record_type(text).vct
    body = {"vct": vct, "sha256": document_digest(text), "definition": text} | members
    return consortium.governance(party.signing, "record-type/v1", body, label=vct)


def resign(
    text: str,
    signer: PartySigner,
    *,
    header: Mapping[str, Any] | None = None,
    claims: Mapping[str, Any] | None = None,
) -> str:
    """The submission with some members of header or claims replaced (REMOVED: dropped).

    Signed again, so that nothing else is wrong with it.
    """
    _, *disclosures = text[:-1].split("~")
    members = {"alg": "EdDSA", "kid": signer.kid, "typ": TYP} | dict(header or {})
    payload = payload_of(text) | dict(claims or {})
    signed = sign_parts(_part(members), _part(payload), signer)
    return "".join(f"{part}~" for part in (signed, *disclosures))


def payload_of(text: str) -> dict[str, Any]:
    """The clear claims of a submission, for a test to change."""
    payload = text.split("~", 1)[0].split(".")[1]
    return dict(parse_json_object(decode_base64url(payload), bytes_max=10**6))


def sign_parts(header: bytes, payload: bytes, signer: PartySigner) -> str:
    """A JWS over header and payload bytes as they are, right or wrong."""
    signed = f"{encode_base64url(header)}.{encode_base64url(payload)}"
    return f"{signed}.{encode_base64url(signer.sign(signed.encode('ascii')))}"


def record_id_of(text: str) -> str:
    """The record id of a submission."""
    return encode_record_id(record_id(text.split("~", 1)[0]))


def code_of(outcome: object) -> str | None:
    """The code of a refusal; None for anything else."""
    return outcome.code if isinstance(outcome, Refusal) else None


def _part(members: Mapping[str, Any]) -> bytes:
    return encode_json({name: value for name, value in members.items() if value is not REMOVED})
