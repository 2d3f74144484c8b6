"""Step 5 of admission, under the head lock: is the record its signer's to say, here and now?

Judges one checked record at its own index against the fold of all entries before it. Pure:
what it must know of earlier records and of blobs comes in through :class:`Precedents`.
Order of the checks: genesis, key, jti, time, policy, then what the type asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

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
    refusal = _judge(record, fold, place.admitted_ms, precedents)
    if refusal:
        return refusal
    if record.vct not in GOVERNANCE_VCTS:
        return fold
    try:
        return apply(fold, _governing(record, place))
    except LedgerError as fault:
        return Refusal(fault.code, str(fault))


def _judge(
    record: CheckedRecord, fold: PublicFold, admitted_ms: int, precedents: Precedents
) -> Refusal | None:
    if fold.charter is None:
        return _judge_founding(record)
    refusal = (
        _judge_genesis(record, fold)
        or _judge_key(record, fold)
        or _judge_time(record, admitted_ms)
        or _judge_policy(record, fold)
    )
    if refusal:
        return refusal
    if record.vct in GOVERNANCE_VCTS:
        assert record.body is not None
        return judge_governance(record.vct, record.iss, record.body, fold=fold)
    return _judge_business(record, fold, precedents)


def judge_governance(
    vct: str, iss: str, body: Mapping[str, Any], *, fold: PublicFold
) -> Refusal | None:
    """Whether governance content is its signer's to say under the fold; shared with audits."""
    return _GOVERNANCE[vct](iss, body, fold)


def _governing(record: CheckedRecord, place: Place) -> Governing:
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


def _judge_founding(record: CheckedRecord) -> Refusal | None:
    if record.vct != "charter/v1" or record.policy != NO_POLICY:
        return Refusal("genesis-incomplete", "the log is empty: expected its charter first")
    assert record.body is not None
    slug = record.iss.rpartition(":")[2]
    multikey = record.kid.partition("#")[2]
    first = record.body["founders"][0]
    if first["slug"] != slug or multikey not in first["admin_keys"]:
        return Refusal("key-not-valid", "expected the charter signed by founder 1's admin key")
    return None


def _judge_genesis(record: CheckedRecord, fold: PublicFold) -> Refusal | None:
    if record.vct == "charter/v1":
        return Refusal("not-permitted", "this log has its charter; entry 0 is never replaced")
    if fold.is_complete:
        return None
    is_awaited = record.vct == "endorsement/v1" and record.iss in fold.awaited
    if is_awaited:
        return None
    slugs = sorted(did.rpartition(":")[2] for did in fold.awaited)
    return Refusal(
        "genesis-incomplete", f"until the charter is endorsed by {slugs}, nothing else is admitted"
    )


def _judge_key(record: CheckedRecord, fold: PublicFold) -> Refusal | None:
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
    wanted = {f"record:{name}"} | (set() if record.vct in GOVERNANCE_VCTS else {"records"})
    if record.vct in ADMIN_VCTS or not wanted & key.uses:
        uses = sorted(key.uses)
        return Refusal("key-not-valid", f"expected a key for {name}, found one for {uses}")
    return None


def _judge_time(record: CheckedRecord, admitted_ms: int) -> Refusal | None:
    now = admitted_ms // 1000
    late_max = min(record.late_max_seconds, limits.IAT_BEHIND_SECONDS_MAX)
    if record.iat > now + limits.IAT_AHEAD_SECONDS_MAX:
        ahead = record.iat - now
        return Refusal("stale", f"iat lies {ahead} s in the future, at most 300 are accepted")
    if record.iat < now - late_max:
        behind = now - record.iat
        return Refusal("stale", f"iat lies {behind} s in the past, at most {late_max} are accepted")
    return None


def _judge_policy(record: CheckedRecord, fold: PublicFold) -> Refusal | None:
    if record.policy == fold.charter_id:
        return None
    policy = fold.policies.get(record.policy)
    if policy is None:
        return Refusal(
            "policy-not-in-force",
            f"expected the charter {fold.charter_id} or a policy entry, found {record.policy}",
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
        _judge_writer(record, party, kind.writer_roles)
        or _judge_parties(record, fold)
        or _judge_links(record, precedents)
        or _judge_blobs(record, precedents)
    )


def _judge_writer(
    record: CheckedRecord, party: Party, writer_roles: frozenset[str]
) -> Refusal | None:
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


def _judge_endorsement(iss: str, body: Mapping[str, Any], fold: PublicFold) -> Refusal | None:
    if body["of"] != fold.charter_id:
        return Refusal("unknown-record", f"{body['of']} awaits no endorsement")
    if iss not in fold.awaited:
        return Refusal("not-permitted", f"{iss} has endorsed the charter already")
    if body["meaning"] != "approve":
        found = body["meaning"]
        return Refusal("not-permitted", f"a charter is endorsed with 'approve', found {found!r}")
    return None


def _judge_new_key(iss: str, body: Mapping[str, Any], fold: PublicFold) -> Refusal | None:
    if body["party"] != iss:
        return Refusal("not-permitted", f"expected a key of {iss}, found one of {body['party']}")
    taken = {kid.partition("#")[2] for kid in (*fold.keys, *fold.admin_kids)}
    if body["multikey"] in taken:
        return Refusal("not-permitted", f"{body['multikey']} is registered already")
    return None


def _judge_new_type(iss: str, body: Mapping[str, Any], fold: PublicFold) -> Refusal | None:
    assert fold.charter is not None
    if body["vct"] in fold.types:
        return Refusal("not-permitted", f"{body['vct']} is defined; a change is a new version")
    is_built_in = fold.charter.types.get(body["vct"]) == body["sha256"]
    if is_built_in and iss == fold.charter.founders[0].did:
        return None
    return _judge_approval("record-type", iss, fold)


def _judge_new_policy(iss: str, body: Mapping[str, Any], fold: PublicFold) -> Refusal | None:
    del body
    return _judge_approval("policy", iss, fold)


def _judge_part(iss: str, body: Mapping[str, Any], fold: PublicFold) -> Refusal | None:
    if body["part"] >= body["of"]:
        return Refusal("invalid-claims", f"expected part < {body['of']}, found {body['part']}")
    if len(body["text"].encode()) > limits.DOCUMENT_PART_BYTES_MAX:
        return Refusal("invalid-claims", "expected at most 32 KiB of text in a part")
    held = sum(1 for part in fold.parts.values() if part.party == iss)
    if held >= limits.DOCUMENT_PARTS_PENDING_MAX:
        return Refusal("not-permitted", f"{held} parts of {iss} wait for their document already")
    known = fold.parts.get((body["document"], body["part"]))
    if known is not None and known.party != iss:
        return Refusal("not-permitted", "that part of the document was sent by another party")
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


_GOVERNANCE = {
    "endorsement/v1": _judge_endorsement,
    "key/v1": _judge_new_key,
    "record-type/v1": _judge_new_type,
    "policy/v1": _judge_new_policy,
    "document-part/v1": _judge_part,
}
