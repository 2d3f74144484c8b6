"""Whether an act is possible here and now (docs/spec/governance.md, section 4).

Judged where it is proposed, and again at the index of the entry that would put it in force.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from keys.errors import KeysError
from keys.multikey import parse_multikey
from ledger.admission_keys import judge_last_admin, wrong_key
from ledger.admission_orders import judge_order
from ledger.effects import enact
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.fold_state import Governing, PublicFold, log_multikey
from ledger.log_keys import change_log_keys
from ledger.party import Party, Standing
from ledger.proposal import NARROWING, Proposal
from ledger.quorum import count_needed, electors, find_out_of_reach

Judge = Callable[[PublicFold, Proposal, int], Refusal | None]


def judge_effect(fold: PublicFold, proposal: Proposal, entry: Governing) -> Refusal | None:
    """Whether an act is possible at the index of this entry, and leaves every rule in reach."""
    if proposal.act == "order":
        return judge_order(fold, proposal, at_ms=entry.admitted_ms)
    refusal = _EFFECTS[proposal.act](fold, proposal, entry.index)
    if refusal or proposal.act not in NARROWING:
        return refusal
    try:
        after = enact(fold, proposal, index=entry.index, admitted_ms=entry.admitted_ms)
    except LedgerError as fault:
        return Refusal(fault.code, str(fault))
    rule = find_out_of_reach(after)
    if rule is None:
        return None
    quorum = after.rules.quorum[rule]
    needed = count_needed(after, rule)
    return Refusal(
        "quorum-out-of-reach",
        f"{rule} would need {needed} members of {sorted(quorum.electorate)}, and there would be "
        f"{len(electors(after, rule))}: amend the quorum first",
    )


def _judge_admit(fold: PublicFold, proposal: Proposal, index: int) -> Refusal | None:
    del index
    content = proposal.content
    if proposal.about in fold.parties:
        return Refusal("not-permitted", f"the slug {content['slug']} is taken, and is so for ever")
    return _judge_new_keys(fold, proposal) or _judge_parent(fold, content["parent"], None)


def _judge_new_keys(fold: PublicFold, proposal: Proposal) -> Refusal | None:
    for position, multikey in enumerate(proposal.admin_keys):
        try:
            parse_multikey(multikey)
        except KeysError as fault:
            return wrong_key(f"/body/content/admin_keys/{position}", multikey, fault)
        if fold.is_key_used(multikey):
            return Refusal("key-not-valid", f"{multikey} is registered already")
    return None


def _judge_parent(fold: PublicFold, parent: str | None, of: str | None) -> Refusal | None:
    """A parent is a party that stands, and no party is its own ancestor."""
    slug, seen = parent, set[str]()
    while slug is not None and slug not in seen:
        party = fold.party_of_slug(slug)
        if slug == of or party is None or (slug == parent and party.standing is Standing.REMOVED):
            return Refusal("not-permitted", f"expected another party as parent, found {parent}")
        seen.add(slug)
        slug = party.parent
    return None


def _judge_roles(fold: PublicFold, proposal: Proposal, index: int) -> Refusal | None:
    del index
    party, refusal = _named(fold, proposal)
    if party is None:
        return refusal
    return _judge_parent(fold, proposal.content["parent"], party.slug)


def _named(fold: PublicFold, proposal: Proposal) -> tuple[Party | None, Refusal | None]:
    """The party that the content names, unless it is none or was removed."""
    did = proposal.content["party"]
    party = fold.parties.get(did)
    if party is None or party.standing is Standing.REMOVED:
        return None, Refusal("not-permitted", f"expected a party of this log, found {did}")
    return party, None


def _judge_suspend(fold: PublicFold, proposal: Proposal, index: int) -> Refusal | None:
    del index
    party, refusal = _named(fold, proposal)
    if party is None:
        return refusal
    if not party.is_member:
        return Refusal("not-permitted", f"{party.did} is suspended already")
    return _judge_operator(fold, party)


def _judge_operator(fold: PublicFold, party: Party) -> Refusal | None:
    if party.slug != fold.rules.operator:
        return None
    return Refusal(
        "not-permitted",
        f"{party.did} runs the log: amend the charter to another operator first",
    )


def _judge_reinstate(fold: PublicFold, proposal: Proposal, index: int) -> Refusal | None:
    del index
    party, refusal = _named(fold, proposal)
    if party is None:
        return refusal
    if party.is_member:
        return Refusal("not-permitted", f"{party.did} is not suspended")
    return None


def _judge_remove(fold: PublicFold, proposal: Proposal, index: int) -> Refusal | None:
    del index
    party, refusal = _named(fold, proposal)
    return refusal if party is None else _judge_operator(fold, party)


def _judge_recover(fold: PublicFold, proposal: Proposal, index: int) -> Refusal | None:
    del index
    party, refusal = _named(fold, proposal)
    if party is None:
        return refusal
    if party.did in fold.recoveries:
        return Refusal("not-permitted", f"a recovery of {party.did} is under way already")
    return _judge_new_keys(fold, proposal)


def _judge_contest(fold: PublicFold, proposal: Proposal, index: int) -> Refusal | None:
    content = proposal.content
    did, start = content["party"], content["from"]
    key = fold.key(content["kid"])
    if key is None or key.party != did:
        return Refusal("not-permitted", f"expected a key of {did}, found {content['kid']}")
    stop = index if key.ended_at is None else key.ended_at
    if not key.registered_at <= start < stop:
        return Refusal(
            "not-permitted",
            f"from: expected an index in {key.registered_at}..{stop - 1}, found {start}",
        )
    return judge_last_admin(key, fold.parties[did]) if key.is_in_force else None


def _judge_amend(fold: PublicFold, proposal: Proposal, index: int) -> Refusal | None:
    del index
    content = proposal.content
    if "operator" in content:
        party = fold.party_of_slug(content["operator"])
        if party is None or not party.is_member:
            found = content["operator"]
            return Refusal("not-permitted", f"expected a member as operator, found {found}")
    if "log_keys" not in content:
        return None
    return _judge_log_keys(fold, proposal)


def _judge_log_keys(fold: PublicFold, proposal: Proposal) -> Refusal | None:
    change = proposal.content["log_keys"]
    try:
        change_log_keys(fold.rules.log_keys, change, origin=fold.origin)
        added = [log_multikey(row["vkey"]) for row in change["add"]]
    except LedgerError as fault:
        return Refusal(fault.code, f"log_keys: {fault}")
    for multikey in added:
        if fold.is_key_used(multikey):
            return Refusal("key-not-valid", f"log_keys: {multikey} is registered already")
    return None


def _judge_document(fold: PublicFold, proposal: Proposal, index: int) -> Refusal | None:
    del index
    content, act = proposal.content, proposal.act
    name = content["vct"] if act == "record-type" else content["name"]
    if (act, name, content["sha256"]) in fold.approved:
        return Refusal("not-permitted", f"{act} {name} of that digest is allowed: submit it")
    return None if act != "record-type" else judge_type_name(fold, name, content["sha256"])


def judge_type_name(fold: PublicFold, vct: str, sha256: str) -> Refusal | None:
    """A vct is defined once, and one that the charter lists as the charter says."""
    if vct in fold.types:
        return Refusal("not-permitted", f"{vct} is defined; a change is a new version")
    assert fold.charter is not None
    listed = fold.charter.types.get(vct)
    # A verifier holds a listed type against the charter, whoever consented to another one.
    if listed in (None, sha256):
        return None
    return Refusal(
        "not-permitted", f"expected {vct} of digest {listed} as in the charter, found {sha256}"
    )


_EFFECTS: Final[Mapping[str, Judge]] = {
    "admit": _judge_admit,
    "roles": _judge_roles,
    "suspend": _judge_suspend,
    "reinstate": _judge_reinstate,
    "remove": _judge_remove,
    "recover": _judge_recover,
    "contest": _judge_contest,
    "amend": _judge_amend,
    "record-type": _judge_document,
    "policy": _judge_document,
    "parameters": _judge_document,
}
