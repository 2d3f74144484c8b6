"""Step 5 of admission, under the head lock: is the record its signer's to say, here and now?

Judges one checked record at its own index against the fold of all entries before it. Pure:
what it must know of earlier records and of blobs comes in through :class:`Precedents`.
Order of the checks, after the jti: genesis, key, time, policy, then what the type asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ledger import limits
from ledger.admission_acts import judge_endorsement, judge_proposal
from ledger.admission_documents import (
    judge_parameters,
    judge_part,
    judge_policy,
    judge_record_type,
)
from ledger.admission_keys import judge_admin_key, judge_key, judge_new_key, judge_revocation
from ledger.content import CheckedRecord
from ledger.errors import LedgerError
from ledger.faults import Fault, Refusal
from ledger.fold import Governing, PublicFold, apply, settle
from ledger.party import Party, Standing
from ledger.policy_errors import PolicyContradiction
from ledger.precedents import Earlier, Precedent, Precedents, Signed
from ledger.record import GOVERNANCE_VCTS, NO_POLICY

__all__ = [
    "Earlier",
    "Place",
    "Precedent",
    "Precedents",
    "Signed",
    "admit",
    "governing",
    "judge_governance",
    "judge_recipients",
    "judge_signer",
    "judge_writer",
    "unknown_link",
]


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
    if record.vct not in GOVERNANCE_VCTS:
        refusal = judge_signer(record, fold, admitted_ms=place.admitted_ms)
        return refusal or _judge_business(record, fold, precedents) or fold
    settled = settle(fold, index=place.index, admitted_ms=place.admitted_ms)
    refusal = judge_signer(record, settled, admitted_ms=place.admitted_ms)
    if refusal:
        return refusal
    entry = governing(record, place)
    try:
        return judge_governance(entry, settled, precedents) or apply(settled, entry)
    except PolicyContradiction as fault:
        return Refusal(fault.code, str(fault), fault.faults)
    except LedgerError as fault:
        return Refusal(fault.code, str(fault))


def judge_governance(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    """Whether governance content is its signer's to say under the fold; shared with audits.

    Args:
        entry: content that meets its schema.
        fold: the fold of all entries before it, settled for its index and time.
        earlier: those entries, where the fold does not say enough of them.
    """
    return _judge_genesis(entry.vct, entry.iss, fold) or _GOVERNANCE[entry.vct](
        entry, fold, earlier
    )


def judge_signer(record: CheckedRecord, fold: PublicFold, *, admitted_ms: int) -> Refusal | None:
    """What is asked of every record, whatever it says; shared with audits."""
    return (
        _judge_genesis(record.vct, record.iss, fold)
        or judge_key(record, fold, admitted_ms=admitted_ms)
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
    outside = policy.document.find_outside(record.vct, record.tiers)
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
        or _judge_credential(record, party, fold)
        or _judge_parties(record, fold)
        or judge_recipients(record.sealed_to, fold)
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


def _judge_credential(record: CheckedRecord, party: Party, fold: PublicFold) -> Refusal | None:
    """Whether a credential of its kind is the party's to sign, by the table in force."""
    if record.credential is None:
        return None
    rights = fold.rules.rights_for(record.credential)
    if any(party.may_qualify(right.role, right.accreditation) for right in rights):
        return None
    wanted = [f"{r.role} ({r.accreditation})" if r.accreditation else r.role for r in rights]
    return Refusal(
        "not-permitted",
        f"a {record.credential} is for {wanted or 'nobody'}, found {sorted(party.roles)} "
        f"with accreditations {sorted(party.accreditations)}",
    )


def _judge_parties(record: CheckedRecord, fold: PublicFold) -> Refusal | None:
    strangers = [did for did in record.parties if did not in fold.parties]
    if not strangers:
        return None
    faults = tuple(Fault("/manifest", "a member of this log", did) for did in strangers)
    return Refusal("unknown-party", f"{strangers[0]} is no member of this log", faults)


def judge_recipients(kids: Iterable[str], fold: PublicFold) -> Refusal | None:
    """Whether all of these are keys that members have registered to be sealed to, in force."""
    for kid in kids:
        key = fold.key(kid)
        is_current = key is not None and key.is_sealing and key.is_current
        if not is_current or fold.standing(kid.partition("#")[0]) is not Standing.MEMBER:
            return Refusal(
                "unknown-sealing-key",
                f"expected recipients' keys that a member has registered to be sealed to and that "
                f"are in force, found {kid}",
            )
    return None


def unknown_link(link: str) -> Refusal:
    """The one answer to a link to what is not there, and to a case that is for others to know."""
    return Refusal("unknown-record", f"{link} is no record of this log")


def _judge_links(record: CheckedRecord, precedents: Precedents) -> Refusal | None:
    for link in record.links:
        if precedents.find_record(link) is None:
            return unknown_link(link)
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


def _judge_charter(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    del fold, earlier
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


_GOVERNANCE: Final[dict[str, Callable[[Governing, PublicFold, Earlier], Refusal | None]]] = {
    "charter/v1": _judge_charter,
    "endorsement/v1": judge_endorsement,
    "key/v1": judge_new_key,
    "admin-key/v1": judge_admin_key,
    "key-revocation/v1": judge_revocation,
    "proposal/v1": judge_proposal,
    "record-type/v1": judge_record_type,
    "policy/v1": judge_policy,
    "parameters/v1": judge_parameters,
    "document-part/v1": judge_part,
}
