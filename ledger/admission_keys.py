"""Which key may sign what, and how keys come and go (docs/spec/governance.md, 2 and 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keys.errors import KeysError
from keys.multikey import parse_multikey, parse_sealing_multikey
from ledger import limits
from ledger.commitment import commit_key
from ledger.content import CheckedRecord
from ledger.faults import Fault, Refusal
from ledger.fold_state import SUSPENDED_VCTS, Governing, PublicFold
from ledger.party import SEAL_USE, Party, RegisteredKey, Standing
from ledger.possession import verify_possession
from ledger.precedents import Earlier
from ledger.record import ADMIN_VCTS


def judge_key(record: CheckedRecord, fold: PublicFold, *, admitted_ms: int) -> Refusal | None:
    """Whether the record's key signs records of its type for its party, here and now."""
    if fold.charter is None or _is_consent(record, fold):
        # Whoever founds or joins a log brings its key; that is judged with the content.
        return None
    party = fold.parties.get(record.iss)
    if party is None:
        return Refusal("key-not-valid", f"{record.iss} is no party: it must be admitted first")
    refusal = _judge_standing(party, record.vct)
    if refusal or _is_rotation(record, party):
        return refusal
    key = party.keys.get(record.kid.partition("#")[2])
    if key is None:
        return Refusal(
            "key-not-valid", f"{record.kid} is not registered: submit its key/v1 entry first"
        )
    return (
        _judge_life(key) or _judge_uses(key, record.vct) or _judge_grace(key, record, admitted_ms)
    )


def _is_consent(record: CheckedRecord, fold: PublicFold) -> bool:
    """Whether a party accepts, with one of its new keys, what is proposed for it."""
    body = record.body or {}
    if record.vct != "endorsement/v1" or body.get("meaning") != "accept":
        return False
    proposal = fold.proposals.get(str(body.get("of")))
    if proposal is None or proposal.about != record.iss:
        return False
    return record.kid.partition("#")[2] in proposal.admin_keys


def _is_rotation(record: CheckedRecord, party: Party) -> bool:
    """Whether the key is the one that the party committed to, and registers itself."""
    body = record.body or {}
    multikey = record.kid.partition("#")[2]
    return (
        record.vct == "admin-key/v1"
        and body.get("multikey") == multikey
        and commit_key(multikey) == party.commitment
    )


def _judge_standing(party: Party, vct: str) -> Refusal | None:
    if party.standing is Standing.REMOVED:
        return Refusal("not-permitted", f"{party.did} was removed: it signs nothing any more")
    if party.standing is Standing.SUSPENDED and vct not in SUSPENDED_VCTS:
        return Refusal(
            "party-suspended",
            f"{party.did} is suspended: until it is reinstated it signs "
            f"{' and '.join(sorted(SUSPENDED_VCTS))} only",
        )
    return None


def _judge_life(key: RegisteredKey) -> Refusal | None:
    if key.ended_at is None:
        return None
    return Refusal("key-not-valid", f"{key.kid} ended with entry {key.ended_at}")


def _judge_uses(key: RegisteredKey, vct: str) -> Refusal | None:
    if key.may_sign(vct):
        return None
    if key.is_admin:
        names = ", ".join(sorted(ADMIN_VCTS))
        return Refusal(
            "key-not-valid",
            f"an admin key signs {names} only, not {vct}: sign with a registered signing key",
        )
    name, uses = vct.partition("/")[0], sorted(key.uses)
    return Refusal("key-not-valid", f"expected a key for {name}, found one for {uses}")


def _judge_grace(key: RegisteredKey, record: CheckedRecord, admitted_ms: int) -> Refusal | None:
    if key.has_grace(iat=record.iat, now_s=admitted_ms // 1000):
        return None
    return Refusal(
        "key-not-valid",
        f"{key.kid} was superseded at {key.superseded_s}: expected an iat of then or before, "
        f"admitted within 30 days, found iat {record.iat}",
    )


def judge_new_key(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    """Whether a ``key/v1`` may put its key in force."""
    del earlier
    is_sealing = SEAL_USE in entry.body["uses"]
    return (
        (_judge_sealing if is_sealing else _judge_own)(entry, fold)
        or _judge_replaced(entry, fold.parties[entry.iss])
        or _judge_room(fold.parties[entry.iss], entry.body["replaces"])
        or _judge_past(fold.parties[entry.iss])
    )


def _judge_sealing(entry: Governing, fold: PublicFold) -> Refusal | None:
    """A key to be sealed to is an X25519 key with this one use, and proves nothing.

    It signs nothing, so it cannot sign its registration: the admin key vouches for it alone.
    """
    uses, possession = entry.body["uses"], entry.body["possession"]
    if uses != [SEAL_USE]:
        wrong = Fault("/body/uses", f"exactly {SEAL_USE}", ", ".join(uses)[:80])
        return _invalid(wrong, "a key to be sealed to has no other use")
    if possession is not None:
        wrong = Fault("/body/possession", "null", "a text")
        return _invalid(wrong, "a key to be sealed to signs nothing")
    return _judge_named(entry, fold, parse=parse_sealing_multikey)


def _judge_own(entry: Governing, fold: PublicFold) -> Refusal | None:
    """A new key is the signer's own, valid, held by it, and never used before."""
    return _judge_named(entry, fold, parse=parse_multikey) or _judge_possession(entry, fold)


def _judge_named(
    entry: Governing, fold: PublicFold, *, parse: Callable[[str], object]
) -> Refusal | None:
    party, multikey = entry.body["party"], entry.body["multikey"]
    if party != entry.iss:
        return Refusal("not-permitted", f"expected a key of {entry.iss}, found one of {party}")
    try:
        parse(multikey)
    except KeysError as fault:
        return wrong_key("/body/multikey", multikey, fault)
    if fold.is_key_used(multikey):
        return Refusal("key-not-valid", f"{multikey} is registered already, and is so for ever")
    return None


def _judge_possession(entry: Governing, fold: PublicFold) -> Refusal | None:
    expected, found = "the new key's signature of its registration", "another text"
    body = entry.body
    if body["possession"] is None:
        wrong = Fault("/body/possession", expected, "null")
        return _invalid(wrong, "whoever registers a key that signs proves that it holds it")
    try:
        verify_possession(
            body["possession"], origin=fold.origin, did=body["party"], multikey=body["multikey"]
        )
    except KeysError as fault:
        return _invalid(Fault("/body/possession", expected, found), str(fault))
    return None


def _invalid(fault: Fault, detail: str) -> Refusal:
    return Refusal("invalid-claims", f"{fault.pointer}: {detail}", (fault,))


def wrong_key(pointer: str, multikey: str, fault: KeysError) -> Refusal:
    """The refusal of a text that has the form of a multikey and is no key."""
    wrong = Fault(pointer, "a key that may be registered", multikey)
    return Refusal("invalid-claims", f"{pointer}: {fault}", (wrong,))


def _judge_replaced(entry: Governing, party: Party) -> Refusal | None:
    replaced = entry.body["replaces"]
    if replaced is None:
        return None
    key, is_sealing = party.keys.get(replaced), SEAL_USE in entry.body["uses"]
    if key and not key.is_admin and key.is_current and key.is_sealing is is_sealing:
        return None
    kind = "key to be sealed to" if is_sealing else "signing key"
    return Refusal(
        "key-not-valid", f"replaces: expected a {kind} of yours in force, found {replaced}"
    )


def _judge_room(party: Party, replaced: str | None) -> Refusal | None:
    # The key that is replaced is superseded by this very entry.
    current = sum(1 for k in party.own_keys if k.is_current and k.multikey != replaced)
    if current < limits.SIGNING_KEYS_MAX:
        return None
    return Refusal("too-many-keys", f"{current} signing keys of {party.did} are in force already")


def _judge_past(party: Party) -> Refusal | None:
    """The fold keeps ended keys for ever, and copies a party's keys with each of its acts."""
    ever = len(party.own_keys)
    if ever < limits.SIGNING_KEYS_EVER_MAX:
        return None
    return Refusal(
        "too-many-keys",
        f"{ever} signing keys of {party.did} were put in force: expected fewer than "
        f"{limits.SIGNING_KEYS_EVER_MAX} over its life",
    )


def judge_admin_key(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    """Whether an ``admin-key/v1`` may put its key in force and end the others it names."""
    del earlier
    refusal = _judge_own(entry, fold)
    if refusal:
        return refusal
    party = fold.parties[entry.iss]
    return (
        _judge_commitment(entry, party)
        or _judge_retired(entry.body, party)
        or _judge_path(entry, party)
    )


def _judge_commitment(entry: Governing, party: Party) -> Refusal | None:
    following = entry.body["next_key"]
    if entry.kid.partition("#")[2] == entry.body["multikey"]:
        if following != party.commitment:
            return None
        return Refusal(
            "not-permitted",
            "next_key: expected a new commitment, found that of the key that came in force",
        )
    if following == party.commitment:
        return None
    return Refusal(
        "not-permitted",
        f"next_key: expected the commitment in force, {party.commitment}; only the key that it "
        "names puts another in its place",
    )


def _judge_retired(body: Any, party: Party) -> Refusal | None:
    in_force = party.admin_keys
    unknown = sorted(set(body["retires"]) - in_force)
    if unknown:
        return Refusal(
            "key-not-valid", f"retires: expected admin keys in force, found {unknown[0]}"
        )
    left = len(in_force) - len(body["retires"]) + 1
    if left <= limits.ADMIN_KEYS_MAX:
        return None
    return Refusal(
        "too-many-keys",
        f"expected at most {limits.ADMIN_KEYS_MAX} admin keys to be left, found {left}: "
        "retire some with the same entry",
    )


def _judge_path(entry: Governing, party: Party) -> Refusal | None:
    """A view has room for what the key rests on."""
    signer = entry.kid.partition("#")[2]
    path = party.path_of_next(entry.body["multikey"], by=signer, index=entry.index)
    return judge_evidence(path | party.standing_path, limits.KEY_EVIDENCE_MAX)


def judge_evidence(path: frozenset[int], most: int) -> Refusal | None:
    """Whether so many entries may stand between the charter and an admin key."""
    if len(path) <= most:
        return None
    return Refusal(
        "too-many-links",
        f"expected an admin key that rests on at most {most} entries, found {len(path)}: "
        "no view would have room for them",
    )


def judge_revocation(entry: Governing, fold: PublicFold, earlier: Earlier) -> Refusal | None:
    """Whether a ``key-revocation/v1`` may narrow or end the key that it names."""
    body, party = entry.body, fold.parties[entry.iss]
    did, _, multikey = body["kid"].partition("#")
    if did != entry.iss:
        return Refusal("not-permitted", f"expected a key of {entry.iss}, found one of {did}")
    key = party.keys.get(multikey)
    if key is None or not key.is_in_force:
        return Refusal("key-not-valid", f"expected a key of yours in force, found {body['kid']}")
    return (
        judge_last_admin(key, party)
        or _judge_keeps(body, key)
        or _judge_contested(entry, key, earlier)
    )


def judge_last_admin(key: RegisteredKey, party: Party) -> Refusal | None:
    """A party keeps at least one admin key."""
    if not key.is_admin or len(party.admin_keys) > 1:
        return None
    return Refusal(
        "not-permitted",
        f"{key.kid} is the last admin key of {party.did}: put another in force first, such as "
        "the one that it committed to",
    )


def _judge_keeps(body: Any, key: RegisteredKey) -> Refusal | None:
    keeps = frozenset(body["keeps"])
    if key.is_admin and keeps:
        return Refusal("not-permitted", "an admin key is ended, never narrowed: keeps is empty")
    if not keeps or keeps < key.uses:
        return None
    return Refusal(
        "not-permitted", f"keeps: expected fewer than {sorted(key.uses)}, found {sorted(keeps)}"
    )


def _judge_contested(entry: Governing, key: RegisteredKey, earlier: Earlier) -> Refusal | None:
    start = entry.body["contested_from"]
    if start is None:
        return None
    if entry.body["keeps"]:
        return Refusal("not-permitted", "contested_from: expected a key that ends, keeps is empty")
    if key.is_sealing:
        return Refusal("not-permitted", "contested_from: expected null, the key signs nothing")
    if not key.registered_at <= start < entry.index:
        return Refusal(
            "not-permitted",
            f"contested_from: expected an index in {key.registered_at}..{entry.index - 1}, "
            f"found {start}",
        )
    since = earlier.admitted_ms(start)
    if since is not None and entry.admitted_ms - since <= limits.CONTEST_BACK_MILLISECONDS_MAX:
        return None
    return Refusal(
        "not-permitted",
        f"contested_from: entry {start} is more than 72 hours back; end the key with "
        "contested_from null, and propose to contest what lies further back",
    )
