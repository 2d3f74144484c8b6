"""The walk along a key path: what each entry of it puts in force (docs/spec/view.md, 2.1).

A state machine with one function for each step, a to g. It proves from the entries that it is
shown, in their order; it does not know what stands between them in the log, so that approvals
sufficed and that nothing was withheld are not checked here. Signatures are the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeGuard

from keys.errors import KeysError
from keys.identifiers import Slug, parse_origin, parse_slug, party_did
from keys.multikey import parse_multikey
from ledger import limits
from ledger.commitment import commit_key
from ledger.errors import KeyPathBroken
from ledger.linked_entry import FoundingCharter, LinkedEntry

Act = Literal["admit", "recover"]


@dataclass(frozen=True, slots=True)
class PathProposal:
    """A proposal to admit or to recover a party, as far as the walk has come."""

    act: Act
    party: str
    admin_keys: tuple[str, ...]
    next_key: str
    approvals: frozenset[str]
    is_pending: bool = True


@dataclass(slots=True, eq=False)
class Walk:
    """What the entries so far put in force. Kids are DID, ``#`` and a multikey's text.

    ``registered`` keeps the index of a kid after its end: a kid is put in force once.
    """

    charter: FoundingCharter
    commitments: dict[str, str] = field(default_factory=dict)
    standing: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)
    registered: dict[str, int] = field(default_factory=dict)
    admin_kids: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    proposals: dict[str, PathProposal] = field(default_factory=dict)

    def copy(self) -> Walk:
        """A walk that goes on by itself."""
        return Walk(
            charter=self.charter,
            commitments=dict(self.commitments),
            standing=dict(self.standing),
            accepted=dict(self.accepted),
            registered=dict(self.registered),
            admin_kids=dict(self.admin_kids),
            ended=set(self.ended),
            proposals=dict(self.proposals),
        )

    def is_in_force(self, kid: str, *, is_admin: bool) -> bool:
        """Whether the kid is an admin key, or a signing key, in force."""
        is_known = kid in self.registered and (kid in self.admin_kids) is is_admin
        return is_known and kid not in self.ended

    def is_by_admin_key(self, entry: LinkedEntry) -> bool:
        """Whether an admin key signed that is in force for a party in standing."""
        return entry.iss in self.standing and self.is_in_force(entry.kid, is_admin=True)

    def may_begin(self, kid: str) -> bool:
        """Whether the kid was never put in force, nor ended before that."""
        return kid not in self.registered and kid not in self.ended

    def meets_commitment(self, party: str, multikey: str) -> bool:
        """Whether this is the key that the party committed itself to."""
        return self.commitments.get(party) == commit_key(multikey)

    def is_of_charter(self, entry: LinkedEntry) -> bool:
        """Whether the entry is an endorsement of the charter, whatever it means."""
        return entry.vct == "endorsement/v1" and entry.body.get("of") == self.charter.record_id

    def consent(self, entry: LinkedEntry) -> PathProposal | None:
        """The pending proposal that the entry accepts for its own party."""
        if entry.vct != "endorsement/v1" or entry.body.get("meaning") != "accept":
            return None
        proposal = _proposal_of(self, entry)
        if proposal is None or not proposal.is_pending or proposal.party != entry.iss:
            return None
        return proposal

    def approvals_of(self, party: str) -> frozenset[str]:
        """Who approved the admission or last recovery of a party; nobody for a founder."""
        accepted = self.accepted.get(party)
        return frozenset() if accepted is None else self.proposals[accepted].approvals

    def put_in_force(self, party: str, admin_keys: Iterable[str], index: int) -> None:
        """Add admin keys."""
        for multikey in admin_keys:
            kid = f"{party}#{multikey}"
            self.registered[kid] = index
            self.admin_kids[kid] = party


def begin_walk(charter: FoundingCharter) -> Walk:
    """The walk after the charter alone: its founders' keys, and the standing of the first."""
    walk = Walk(charter, commitments=dict(charter.commitments), standing={charter.first: 0})
    for party, admin_keys in charter.admin_keys.items():
        walk.put_in_force(party, admin_keys, 0)
    return walk


def take_step(walk: Walk, entry: LinkedEntry) -> None:
    """Take the entry as the step that it is; where it is none the walk stays as it was.

    Raises:
        KeyPathBroken: D3.
    """
    step = _STEPS.get(entry.vct)
    _require(step is not None, entry, expected="a step of a key path", found=entry.vct)
    assert step is not None
    step(walk, entry)


def _endorse(walk: Walk, entry: LinkedEntry) -> None:
    if walk.is_of_charter(entry):
        _join(walk, entry)
    elif entry.body.get("meaning") == "accept":
        _accept(walk, entry)
    else:
        _approve(walk, entry)


def _join(walk: Walk, entry: LinkedEntry) -> None:
    """Step a: a founder endorses the charter."""
    meaning = entry.body.get("meaning")
    _require(meaning == "approve", entry, expected="approval of the charter", found=meaning)
    is_founders = entry.iss in walk.charter.admin_keys
    is_admin = walk.is_in_force(entry.kid, is_admin=True)
    _require(is_founders and is_admin, entry, expected="a founder's admin key", found=entry.kid)
    walk.standing.setdefault(entry.iss, entry.index)


def _propose(walk: Walk, entry: LinkedEntry) -> None:
    """Step b: somebody proposes to admit or to recover a party."""
    _require_admin_key(walk, entry)
    proposal = _read_proposal(entry)
    _require_open(walk, entry, proposal)
    is_new = entry.record_id not in walk.proposals
    _require(is_new, entry, expected="a proposal once", found=entry.record_id)
    walk.proposals[entry.record_id] = proposal


def _approve(walk: Walk, entry: LinkedEntry) -> None:
    """Step c: another party approves a proposal."""
    proposal, meaning = _proposal_of(walk, entry), entry.body.get("meaning")
    if proposal is None or meaning != "approve" or proposal.party == entry.iss:
        raise _broken(entry, "another party's approval of a proposal before", meaning)
    _require_admin_key(walk, entry)
    approvals = proposal.approvals | {entry.iss}
    walk.proposals[entry.body["of"]] = replace(proposal, approvals=approvals)


def _accept(walk: Walk, entry: LinkedEntry) -> None:
    """Step d: the party accepts, by one of the keys that are proposed for it."""
    proposal = walk.consent(entry)
    if proposal is None:
        raise _broken(entry, f"a proposal pending for {entry.iss}", entry.body.get("of"))
    _require_open(walk, entry, proposal)
    is_proposed = entry.multikey in proposal.admin_keys
    _require(is_proposed, entry, expected="a key of the proposal", found=entry.kid)
    for multikey in proposal.admin_keys:
        _require_new_key(walk, entry, multikey)
    walk.ended.update(kid for kid, party in walk.admin_kids.items() if party == entry.iss)
    walk.put_in_force(entry.iss, proposal.admin_keys, entry.index)
    walk.commitments[entry.iss] = proposal.next_key
    walk.standing.setdefault(entry.iss, entry.index)
    walk.proposals[entry.body["of"]] = replace(proposal, is_pending=False)
    walk.accepted[entry.iss] = entry.body["of"]


def _add_admin_key(walk: Walk, entry: LinkedEntry) -> None:
    """Step e: a party rotates to the key it committed itself to, or adds one beside it."""
    multikey = _own_new_key(walk, entry)
    next_key, retires = _text(entry, "next_key"), entry.body.get("retires")
    if not _are_texts(retires):
        raise _broken(entry, "retires as an array of texts", retires)
    if entry.iss not in walk.standing:
        raise _broken(entry, "a party in standing", entry.iss)
    is_rotation = entry.multikey == multikey and walk.meets_commitment(entry.iss, multikey)
    if not is_rotation:
        _require_admin_key(walk, entry)
        commitment = walk.commitments.get(entry.iss)
        _require(next_key == commitment, entry, expected="the same commitment", found=next_key)
    walk.put_in_force(entry.iss, [multikey], entry.index)
    kids = {f"{entry.iss}#{retired}" for retired in retires}
    walk.ended.update(kids & walk.admin_kids.keys())
    walk.commitments[entry.iss] = next_key


def _register_key(walk: Walk, entry: LinkedEntry) -> None:
    """Step f: a party puts a signing key in force."""
    multikey = _own_new_key(walk, entry)
    _require_admin_key(walk, entry)
    walk.registered[f"{entry.iss}#{multikey}"] = entry.index


def _revoke(walk: Walk, entry: LinkedEntry) -> None:
    """Step g: a party narrows or ends one of its keys."""
    kid, keeps, start = _text(entry, "kid"), entry.body.get("keeps"), _contested_from(entry)
    _require(kid.startswith(f"{entry.iss}#"), entry, expected="a kid of its own", found=kid)
    if not isinstance(keeps, list):
        raise _broken(entry, "keeps as an array", keeps)
    is_index = start is None or type(start) is int
    _require(is_index, entry, expected="contested_from as an index or null", found=start)
    _require_admin_key(walk, entry)
    if not keeps:
        walk.ended.add(kid)


_STEPS: Final[Mapping[str, Callable[[Walk, LinkedEntry], None]]] = {
    "endorsement/v1": _endorse,
    "proposal/v1": _propose,
    "admin-key/v1": _add_admin_key,
    "key/v1": _register_key,
    "key-revocation/v1": _revoke,
}


def _proposal_of(walk: Walk, entry: LinkedEntry) -> PathProposal | None:
    of = entry.body.get("of")
    return walk.proposals.get(of) if isinstance(of, str) else None


def _read_proposal(entry: LinkedEntry) -> PathProposal:
    act, content = entry.body.get("act"), entry.body.get("content")
    if act not in ("admit", "recover") or not isinstance(content, dict):
        raise _broken(entry, "a proposal to admit or recover", act)
    keys, next_key = content.get("admin_keys"), content.get("next_key")
    if not _are_texts(keys) or not 1 <= len(keys) <= limits.ADMIN_KEYS_MAX:
        raise _broken(entry, f"1..{limits.ADMIN_KEYS_MAX} admin keys", keys)
    if not isinstance(next_key, str):
        raise _broken(entry, "next_key as text", next_key)
    party = _admitted_party(entry, content) if act == "admit" else content.get("party")
    if not isinstance(party, str):
        raise _broken(entry, "party as text", party)
    # A party has no voice in its own recovery, not even where it proposes it.
    approvals = frozenset({entry.iss} - {party})
    return PathProposal(act, party, tuple(keys), next_key, approvals)


def _admitted_party(entry: LinkedEntry, content: Mapping[str, Any]) -> str:
    slug = content.get("slug")
    try:
        name: Slug = parse_slug(slug if isinstance(slug, str) else "")
    except KeysError as fault:
        raise KeyPathBroken(f"entry {entry.index}: {fault}") from fault
    return party_did(parse_origin(entry.head.origin), name)


def _require_open(walk: Walk, entry: LinkedEntry, proposal: PathProposal) -> None:
    party = proposal.party
    if proposal.act == "recover":
        _require(party in walk.standing, entry, expected="a party in standing", found=party)
        return
    is_known = party in walk.standing or party in walk.charter.admin_keys
    _require(not is_known, entry, expected="a party that is not admitted yet", found=party)


def _require_admin_key(walk: Walk, entry: LinkedEntry) -> None:
    found = walk.is_by_admin_key(entry)
    _require(found, entry, expected=f"an admin key of {entry.iss} in force", found=entry.kid)


def _own_new_key(walk: Walk, entry: LinkedEntry) -> str:
    party = entry.body.get("party")
    _require(party == entry.iss, entry, expected=f"a key of {entry.iss}", found=party)
    multikey = _text(entry, "multikey")
    _require_new_key(walk, entry, multikey)
    return multikey


def _require_new_key(walk: Walk, entry: LinkedEntry, multikey: str) -> None:
    try:
        parse_multikey(multikey)
    except KeysError as fault:
        raise KeyPathBroken(f"entry {entry.index}: {fault}") from fault
    is_new = walk.may_begin(f"{entry.iss}#{multikey}")
    _require(is_new, entry, expected="a key that was not in force before", found=multikey)


def _contested_from(entry: LinkedEntry) -> object:
    # null has to be there: a member that is missing is no statement.
    return entry.body.get("contested_from", "")


def _are_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _text(entry: LinkedEntry, name: str) -> str:
    value = entry.body.get(name)
    if not isinstance(value, str):
        raise _broken(entry, f"{name} as text", value)
    return value


def _require(holds: bool, entry: LinkedEntry, *, expected: str, found: object) -> None:
    if not holds:
        raise _broken(entry, expected, found)


def _broken(entry: LinkedEntry, expected: str, found: object) -> KeyPathBroken:
    return KeyPathBroken(f"entry {entry.index}: expected {expected}, found {found!r:.200}")
