"""Record types, policies, parameters and their parts at admission (governance.md, 5)."""

from __future__ import annotations

from ledger import limits
from ledger.admission_effects import judge_type_name
from ledger.faults import Fault, Refusal
from ledger.fold_state import Governing, PublicFold
from ledger.precedents import Earlier
from ledger.proposal import RULE_OF
from ledger.quorum import count_needed, electors


def judge_record_type(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    """Whether a type may be defined: listed in the charter, or allowed by the members."""
    del earlier
    assert fold.charter is not None
    vct, sha256 = entry.body["vct"], entry.body["sha256"]
    refusal = judge_type_name(fold, vct, sha256) or _judge_count(
        "types", len(fold.type_entries), limits.TYPES_MAX
    )
    if refusal:
        return refusal
    is_listed = fold.charter.types.get(vct) == sha256
    if is_listed and entry.iss == fold.charter.founders[0].did:
        return None
    return _judge_approval("record-type", vct, entry, fold=fold)


def judge_policy(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    """Whether a version of a policy may be put in force.

    The first one of a name that the charter lists comes from founder 1 without a vote.
    """
    del earlier
    assert fold.charter is not None
    name, sha256 = entry.body["name"], entry.body["sha256"]
    refusal = _judge_count("policies", len(fold.policies), limits.POLICIES_MAX)
    if refusal:
        return refusal
    was_brought = any(found.index > 0 for found in fold.policies.versions(name))
    is_listed = fold.charter.policies.get(name) == sha256 and not was_brought
    if is_listed and entry.iss == fold.charter.founders[0].did:
        return None
    return _judge_approval("policy", name, entry, fold=fold)


def judge_parameters(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    """Whether a version of parameters may be put in force.

    The first of a name that the charter lists comes from founder 1 without a vote: the
    founders decided on it by endorsing the charter.
    """
    del earlier
    assert fold.charter is not None
    name, sha256 = entry.body["name"], entry.body["sha256"]
    count = sum(len(found.versions) for found in fold.parameters.values())
    refusal = _judge_count("versions of parameters", count, limits.PARAMETERS_MAX)
    if refusal:
        return refusal
    is_listed = fold.charter.parameters.get(name) == sha256 and name not in fold.parameters
    if is_listed and entry.iss == fold.charter.founders[0].did:
        return None
    return _judge_approval("parameters", name, entry, fold=fold)


def judge_part(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    """Whether a part of a document has its form and room to wait."""
    del earlier
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
        for part in fold.parts.get(entry.iss, {}).values()
        if not part.has_lapsed(entry.admitted_ms)
    )
    if waiting >= limits.DOCUMENT_PARTS_PENDING_MAX:
        return Refusal("not-permitted", f"{waiting} parts of {entry.iss} wait already")
    return None


def _judge_count(what: str, count: int, most: int) -> Refusal | None:
    if count < most:
        return None
    return Refusal("too-many-documents", f"this log has {count} {what} already")


def _judge_approval(act: str, name: str, entry: Governing, *, fold: PublicFold) -> Refusal | None:
    if (act, name, entry.body["sha256"]) in fold.approved:
        return None
    rule = RULE_OF[act]
    able = electors(fold, rule)
    needed = count_needed(fold, rule)
    if entry.iss in able and needed == 1:
        return None
    return Refusal(
        "approval-needed",
        f"{act} {name} needs the consent of {needed} of {len(able)} members: "
        "expected a proposal in force with this digest, found none",
    )
