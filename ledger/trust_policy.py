"""Trust policies: which logs and witnesses a verifier believes, and how many (C2SP tlog-policy).

A policy is obtained out of band and read by :mod:`ledger.trust_policy_file`.
:func:`check_checkpoint` is the one way a checkpoint becomes believed: its result has another
type than a parsed checkpoint.

Lotmark is stricter than the C2SP text in two places: the file is UTF-8, and one raw public
key stands in it once, be it as log or as witness, for a log must not witness itself.
Freshness of cosignatures is not judged; their times are handed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.cosignature import CosignatureVerifier, CosignedAt, parse_cosignature
from ledger.errors import (
    BadLogSignature,
    LogSignatureMissing,
    QuorumNotMet,
    WrongOrigin,
)
from ledger.note import (
    Ed25519Verifier,
    KeyId,
    KeyName,
    Note,
    VerifierKey,
    encode_vkey,
    parse_note,
    verify_lines,
)

NO_QUORUM: Final = "none"


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log key; its name is the log's origin."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness key under the name that the policy gives it."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses a checkpoint when at least ``threshold`` of its members do."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """A parsed policy: groups in order of definition, ``quorum`` None where none is asked."""

    logs: tuple[TrustedLog, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str | None


@dataclass(frozen=True, slots=True)
class WitnessedBy:
    """A witness, by its name in the policy, and the POSIX seconds it vouches for."""

    witness: str
    timestamp: CosignedAt


@dataclass(frozen=True, slots=True)
class TrustedCheckpoint:
    """A checkpoint that a trust policy accepts: who signed and, in policy order, who cosigned."""

    checkpoint: Checkpoint
    signed_by: tuple[KeyName, ...]
    cosigned_by: tuple[WitnessedBy, ...]


def encode_trust_policy(policy: TrustPolicy) -> str:
    """Write a policy in the order logs, witnesses, groups, quorum."""
    lines = [["log", encode_vkey(log.key), log.url] for log in policy.logs]
    lines += [["witness", w.name, encode_vkey(w.key), w.url] for w in policy.witnesses]
    lines += [["group", g.name, str(g.threshold), *g.members] for g in policy.groups]
    lines += [["quorum", policy.quorum or NO_QUORUM]]
    return "".join(" ".join(word for word in line if word) + "\n" for line in lines)


def check_checkpoint(data: bytes, policy: TrustPolicy, *, origin: str) -> TrustedCheckpoint:
    """Decide whether a signed checkpoint of one log is to be believed.

    Args:
        data: the signed note.
        policy: whom to believe; only log keys named ``origin`` may sign for it.
        origin: the log that the verifier expects.

    Raises:
        MalformedNote: no signed note, or its text is no checkpoint.
        LogSignatureMissing: no line by a log key of the policy for this origin.
        BadLogSignature: such a line does not verify.
        WrongOrigin: the checkpoint is one of another log.
        BadCosignature: a line by a witness of the policy does not verify.
        QuorumNotMet: too few witnesses cosigned.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    signed_by = _check_logs(note, policy, origin)
    if checkpoint.origin != origin:
        raise WrongOrigin(f"expected origin {origin!r}, found {checkpoint.origin[:200]!r}")
    cosigned_by = _check_witnesses(note, policy)
    _require_quorum(policy, [found.witness for found in cosigned_by])
    return TrustedCheckpoint(checkpoint, signed_by, cosigned_by)


def is_quorum_met(policy: TrustPolicy, witnesses: Sequence[str]) -> bool:
    """Whether cosignatures by these witnesses satisfy the policy (tlog-policy, quorum)."""
    if policy.quorum is None:
        return True
    witnessing = set(witnesses)
    # A group names only what was defined before it, so one pass in order is enough.
    for group in policy.groups:
        if sum(member in witnessing for member in group.members) >= group.threshold:
            witnessing.add(group.name)
    return policy.quorum in witnessing


def _check_logs(note: Note, policy: TrustPolicy, origin: str) -> tuple[KeyName, ...]:
    keys = [log.key for log in policy.logs if log.key.name == origin]
    lines = verify_lines(note, [Ed25519Verifier(key, BadLogSignature) for key in keys])
    if not lines:
        raise LogSignatureMissing(
            f"expected a line by one of {len(keys)} log keys of {origin!r}, found none"
        )
    return tuple(line.name for line in lines)


def _check_witnesses(note: Note, policy: TrustPolicy) -> tuple[WitnessedBy, ...]:
    verifiers = [CosignatureVerifier(witness.key) for witness in policy.witnesses]
    lines: dict[tuple[KeyName, KeyId], bytes] = {
        (line.name, line.key_id): line.signature for line in verify_lines(note, verifiers)
    }
    return tuple(
        WitnessedBy(witness.name, parse_cosignature(blob).timestamp)
        for witness in policy.witnesses
        if (blob := lines.get((witness.key.name, witness.key.key_id))) is not None
    )


def _require_quorum(policy: TrustPolicy, witnesses: Sequence[str]) -> None:
    if not is_quorum_met(policy, witnesses):
        raise QuorumNotMet(
            f"expected quorum {policy.quorum!r}, found cosignatures by {list(witnesses)}"
        )
