"""Step 5 of admission, under the head lock: is the record its signer's to say, here and now?

Judges one checked record at its own index against the fold of all entries before it. Pure:
what it must know of earlier records and of blobs comes in through :class:`Precedents`.
Order of the checks, after the jti: genesis, key, time, policy, then what the type asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from keys.errors import KeysError
from keys.multikey import parse_multikey
from ledger import limits
from ledger.content import BlobClaim, CheckedRecord
from ledger.errors import LedgerError
from ledger.faults import Fault, Refusal
from ledger.fold import Governing, Party, PublicFold, apply
from ledger.record import ADMIN_VCTS, GOVERNANCE_VCTS, NO_POLICY


class Precedent(NamedTuple):
    """An earlier record: who signed it, and its type."""

    party: str
    vct: str


class Precedents(Protocol):
    """What the log already holds, as far as admission asks."""

    def find_record(self, record_id: str) -> Precedent | None:
        """The earlier record of that id."""

    def is_blob_ready(self, claim: BlobClaim, owner: str) -> bool:
        """Whether the blob is the owner's, complete, and of the claimed size and hash."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record would stand: its index, and the admission time of its group."""

    index: int
    admitted_ms: int


def admit(
    record: CheckedRecord, fold: PublicFold, *, place: Place, precedents: Precedents
) -> PublicFold | Refusal:
    """The fold after the record became the next entry, or why it may not.

    Args:
        record: what step 4 let through.
        fold: the fold of all entries before it.
        place: the record's own index and time.
        precedents: what the log holds, pending records of the same group included.
    """
    refusal = judge_signer(record, fold, admitted_ms=place.admitted_ms)
    if refusal:
        return refusal
    if record.vct not in GOVERNANCE_VCTS:
        return _judge_business(record, fold, precedents) or fold
    entry = governing(record, place)
    try:
        return judge_governance(entry, fold) or apply(fold, entry)
    except LedgerError as fault:
        return Refusal(fault.code, str(fault))


def judge_governance(entry: Governing, fold: PublicFold) -> Refusal | None:
    """Whether governance content is its signer's to say under the fold; shared with audits.

    Args:
        entry: content that meets its schema.
        fold: the fold of all entries before it.
    """
    return _judge_genesis(entry.vct, entry.iss, fold) or _GOVERNANCE[entry.vct](entry, fold)


def judge_signer(record: CheckedRecord, fold: PublicFold, *, admitted_ms: int) -> Refusal | None:
    """What is asked of every record, whatever it says; shared with audits."""
    return (
        _judge_genesis(record.vct, record.iss, fold)
        or _judge_key(record, fold)
        or _judge_time(record, admitted_ms)
        or _judge_policy(record, fold)
    )


def governing(record: CheckedRecord, place: Place) -> Governing:
    """A governance record as the fold reads it."""
    assert record.body is not None
    return Governing(
        index=place.index,
        admitted_ms=place.admitted_ms,
        record_id=record.record_id,
        iss=record.iss,
        kid=record.kid,
        vct=record.vct,
        body=record.body,
    )


def _judge_genesis(vct: str, iss: str, fold: PublicFold) -> Refusal | None:
    if fold.charter is None:
        if vct == "charter/v1":
            return None
        return Refusal("genesis-incomplete", "the log is empty: expected its charter first")
    if vct == "charter/v1":
        return Refusal("not-permitted", "this log has its charter; entry 0 is never replaced")
    if fold.is_complete or (vct == "endorsement/v1" and iss in fold.awaited):
        return None
    slugs = sorted(did.rpartition(":")[2] for did in fold.awaited)
    return Refusal(
        "genesis-incomplete", f"until the charter is endorsed by {slugs}, nothing else is admitted"
    )


def _judge_key(record: CheckedRecord, fold: PublicFold) -> Refusal | None:
    if fold.charter is None:
        # The charter brings its signer's key; it is judged with the charter's content.
        return None
    if record.kid in fold.admin_kids:
        if record.vct in ADMIN_VCTS:
            return None
        return Refusal(
            "key-not-valid",
            f"an admin key signs charter, key and endorsement only, not {record.vct}: "
            "sign with a registered signing key",
        )
    key = fold.keys.get(record.kid)
    if key is None:
        return Refusal(
            "key-not-valid", f"{record.kid} is not registered: submit its key/v1 entry first"
        )
    name = record.vct.partition("/")[0]
    may_sign = f"record:{name}" in key.uses or (
        record.vct not in GOVERNANCE_VCTS and "records" in key.uses
    )
    if record.vct in ADMIN_VCTS or not may_sign:
        uses = sorted(key.uses)
        return Refusal("key-not-valid", f"expected a key for {name}, found one for {uses}")
    return None


def _judge_time(record: CheckedRecord, admitted_ms: int) -> Refusal | None:
    # iat has whole seconds, so the admission time is taken in whole seconds too.
    now, late_max = admitted_ms // 1000, record.late_max_seconds
    if record.iat > now + limits.IAT_AHEAD_SECONDS_MAX:
        ahead = record.iat - now
        most = limits.IAT_AHEAD_SECONDS_MAX
        return Refusal("stale", f"iat lies {ahead} s in the future, at most {most} are accepted")
    if record.iat < now - late_max:
        behind = now - record.iat
        return Refusal("stale", f"iat lies {behind} s in the past, at most {late_max} are accepted")
    return None


def _judge_policy(record: CheckedRecord, fold: PublicFold) -> Refusal | None:
    if record.policy == (fold.charter_id or NO_POLICY):
        return None
    policy = fold.policies.get(record.policy)
    if policy is None:
        return Refusal(
            "policy-not-in-force",
            f"expected {fold.charter_id or NO_POLICY} or a policy entry, found {record.policy}",
        )
    outside = policy.find_outside(record.vct, record.tiers)
    if outside is None:
        return None
    group, tier = outside
    fault = Fault(f"/manifest/groups/{group}", "a tier inside the policy's range", tier)
    return Refusal("invalid-claims", f"{group} at {tier} lies outside the policy", (fault,))


def _judge_business(
    record: CheckedRecord, fold: PublicFold, precedents: Precedents
) -> Refusal | None:
    kind = fold.types.get(record.vct)
    if kind is None or not record.type_known:
        return Refusal("unknown-type", f"{record.vct} is not defined on this log")
    party = fold.parties[record.iss]
    return (
        judge_writer(record, party, writer_roles=kind.writer_roles)
        or _judge_parties(record, fold)
        or _judge_links(record, precedents)
        or _judge_blobs(record, precedents)
    )


def judge_writer(
    record: CheckedRecord, party: Party, *, writer_roles: frozenset[str]
) -> Refusal | None:
    """Whether a party has a role that may say this; shared with audits."""
    allowed = writer_roles if record.roles is None else writer_roles & record.roles
    if party.roles & allowed:
        return None
    found = sorted(party.roles)
    return Refusal(
        "not-permitted", f"{record.vct} with this content is for {sorted(allowed)}, found {found}"
    )


def _judge_parties(record: CheckedRecord, fold: PublicFold) -> Refusal | None:
    strangers = [did for did in record.parties if did not in fold.parties]
    if not strangers:
        return None
    faults = tuple(Fault("/manifest", "a member of this log", did) for did in strangers)
    return Refusal("unknown-party", f"{strangers[0]} is no member of this log", faults)


def _judge_links(record: CheckedRecord, precedents: Precedents) -> Refusal | None:
    for link in record.links:
        if precedents.find_record(link) is None:
            return Refusal("unknown-record", f"{link} is no record of this log")
    if record.corrects is None:
        return None
    corrected = precedents.find_record(record.corrects)
    name = record.vct.partition("/")[0]
    if corrected is None or (corrected.party, corrected.vct.partition("/")[0]) != (
        record.iss,
        name,
    ):
        return Refusal(
            "not-permitted",
            f"corrects: expected an earlier {name} of the same party, found {record.corrects}",
        )
    return None


def _judge_blobs(record: CheckedRecord, precedents: Precedents) -> Refusal | None:
    for claim in record.blobs:
        if not precedents.is_blob_ready(claim, record.iss):
            return Refusal(
                "blob-not-ready",
                f"blob {claim.blob}: expected a complete upload of {claim.bytes} bytes with "
                f"SHA-256 {claim.sha256} by {record.iss}",
            )
    return None


def _judge_charter(entry: Governing, fold: PublicFold) -> Refusal | None:
    del fold
    slug = entry.iss.rpartition(":")[2]
    multikey = entry.kid.partition("#")[2]
    first = entry.body["founders"][0]
    if first["slug"] == slug and multikey in first["admin_keys"]:
        return None
    return Refusal(
        "key-not-valid",
        f"expected the charter signed by an admin key of founder 1, {first['slug']}, "
        f"found {entry.kid}",
    )


def _judge_endorsement(entry: Governing, fold: PublicFold) -> Refusal | None:
    body = entry.body
    if body["of"] != fold.charter_id:
        return Refusal("unknown-record", f"{body['of']} awaits no endorsement")
    if entry.iss not in fold.awaited:
        return Refusal("not-permitted", f"{entry.iss} has endorsed the charter already")
    if (body["meaning"], body["reason"]) != ("approve", None):
        found = f"{body['meaning']!r} with reason {body['reason']!r}"
        return Refusal(
            "not-permitted", f"a charter is endorsed with 'approve' and no reason, found {found}"
        )
    return None


def _judge_new_key(entry: Governing, fold: PublicFold) -> Refusal | None:
    party, multikey = entry.body["party"], entry.body["multikey"]
    if party != entry.iss:
        return Refusal("not-permitted", f"expected a key of {entry.iss}, found one of {party}")
    try:
        parse_multikey(multikey)
    except KeysError as fault:
        wrong = Fault("/body/multikey", "an Ed25519 key that may be registered", multikey)
        return Refusal("invalid-claims", f"/body/multikey: {fault}", (wrong,))
    if any(kid.endswith(f"#{multikey}") for kid in (*fold.keys, *fold.admin_kids)):
        return Refusal("not-permitted", f"{multikey} is registered already")
    return None


def _judge_new_type(entry: Governing, fold: PublicFold) -> Refusal | None:
    assert fold.charter is not None
    vct, sha256 = entry.body["vct"], entry.body["sha256"]
    if vct in fold.types:
        return Refusal("not-permitted", f"{vct} is defined; a change is a new version")
    listed = fold.charter.types.get(vct)
    # A verifier holds a listed type against the charter, whoever consented to another one.
    if listed not in (None, sha256):
        return Refusal(
            "not-permitted", f"expected {vct} of digest {listed} as in the charter, found {sha256}"
        )
    if listed == sha256 and entry.iss == fold.charter.founders[0].did:
        return None
    return _judge_approval("record-type", entry.iss, fold)


def _judge_new_policy(entry: Governing, fold: PublicFold) -> Refusal | None:
    return _judge_approval("policy", entry.iss, fold)


def _judge_part(entry: Governing, fold: PublicFold) -> Refusal | None:
    body = entry.body
    if body["part"] >= body["of"]:
        fault = Fault("/body/part", f"less than {body['of']}", str(body["part"]))
        return Refusal("invalid-claims", "expected the number of a part of the document", (fault,))
    size = len(body["text"].encode())
    if size > limits.DOCUMENT_PART_BYTES_MAX:
        most = f"at most {limits.DOCUMENT_PART_BYTES_MAX} bytes"
        fault = Fault("/body/text", most, str(size))
        return Refusal("invalid-claims", f"/body/text: expected {most}, found {size}", (fault,))
    waiting = sum(
        1
        for (party, *_), part in fold.parts.items()
        if party == entry.iss and not part.has_lapsed(entry.admitted_ms)
    )
    if waiting >= limits.DOCUMENT_PARTS_PENDING_MAX:
        return Refusal("not-permitted", f"{waiting} parts of {entry.iss} wait already")
    return None


def _judge_approval(act: str, iss: str, fold: PublicFold) -> Refusal | None:
    assert fold.charter is not None
    quorum = fold.charter.quorum[act]
    able = [party for party in fold.parties.values() if party.roles & quorum.electorate]
    needed = quorum.threshold or len(able) // 2 + 1
    is_elector = bool(fold.parties[iss].roles & quorum.electorate)
    if is_elector and needed == 1:
        return None
    return Refusal("approval-needed", f"{act} needs the consent of {needed} of {len(able)} members")


_GOVERNANCE: Final[dict[str, Callable[[Governing, PublicFold], Refusal | None]]] = {
    "charter/v1": _judge_charter,
    "endorsement/v1": _judge_endorsement,
    "key/v1": _judge_new_key,
    "record-type/v1": _judge_new_type,
    "policy/v1": _judge_new_policy,
    "document-part/v1": _judge_part,
}
