"""What the service says of its own decisions and refusals, signed (docs/spec/sharing.md).

A signed note by a log key whose text is three lines: what it is, the origin, one JSON object.
Its first line is no origin, so that it never is a checkpoint (ADR 0015). The trust anchor alone
verifies it.

Not shown by a signature: that the decision is right. A reader recomputes it of what it knows
(:mod:`ledger.sharing.recompute`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from ledger import limits
from ledger.anchor import Anchor
from ledger.errors import BadNoteSignature, MalformedJson, MalformedNote, WrongOrigin
from ledger.faults import Fault, Refusal
from ledger.note import (
    Ed25519Signer,
    Ed25519Verifier,
    Note,
    encode_note,
    parse_note,
    sign_note,
    verify_lines,
)
from ledger.sharing.decision import Decision
from ledger.sharing.errors import (
    BadDecisionSignature,
    BadRefusalSignature,
    DecisionMismatch,
    MalformedDecision,
    MalformedRefusal,
    RefusalMismatch,
)
from ledger.sharing.members import (
    SignedRefusal,
    Submitted,
    encode_decision,
    read_decision_members,
    read_refusal_members,
    refusal_members,
    submission_digest,
    told_of,
)
from ledger.strict_json import JsonObject, encode_json, parse_json_object

DECISION_PURPOSE: Final = "lotmark decision v1"
REFUSAL_PURPOSE: Final = "lotmark refusal v1"
_LINES: Final = 3
#: What a log cannot open it cannot withhold either.
SEALED_TIER: Final = "sealed"


@dataclass(frozen=True, slots=True)
class UnverifiedDecision:
    """A parsed decision; nobody is known to vouch for it."""

    origin: str
    decision: Decision
    note: Note


@dataclass(frozen=True, slots=True)
class UnverifiedRefusal:
    """A parsed refusal; nobody is known to vouch for it."""

    origin: str
    refusal: SignedRefusal
    note: Note


def sign_decision(decision: Decision, *, origin: str, signer: Ed25519Signer) -> str:
    """The decision as the log signs it: the member ``decision`` of a view's record.

    It tells no more than :func:`ledger.sharing.members.told_of` leaves.
    """
    text = f"{DECISION_PURPOSE}\n{origin}\n{encode_decision(told_of(decision))}\n"
    return encode_note(sign_note(text, [signer])).decode()


def parse_decision(text: str) -> UnverifiedDecision:
    """Read a signed decision; no signature is checked.

    Raises:
        MalformedDecision: no signed note of three lines, another purpose, other members, or
            members that contradict one another.
    """
    origin, members, note = _parse(text, DECISION_PURPOSE, refusal=MalformedDecision)
    return UnverifiedDecision(origin, read_decision_members(members), note)


def verify_decision(text: str, *, anchor: Anchor) -> Decision:
    """Verify that the log of a trust anchor made this decision.

    Raises:
        MalformedDecision: no signed decision.
        BadDecisionSignature: no line by a log key of the anchor, or one that does not verify.
        WrongOrigin: the decision is one of another log.
    """
    found = parse_decision(text)
    _verify(found.note, found.origin, anchor, refusal=BadDecisionSignature)
    return found.decision


def check_decision_fits(decision: Decision, *, record_id: str, shown: Collection[str]) -> None:
    """Check that a decision is about a record and opens every group that is shown of it.

    Fewer groups may be shown: they may be absent, and whoever passes a view on may leave
    some out. A group that it names as sealed may be shown too: no log can open it or withhold
    it, only a holder of a key that its owner sealed it to.

    Raises:
        DecisionMismatch: it is about another record, or withholds what is shown.
    """
    if decision.record_id != record_id:
        raise DecisionMismatch(
            f"expected a decision on {record_id}, found one on {decision.record_id}"
        )
    sealed = {item.group for item in decision.groups if item.tier == SEALED_TIER}
    beyond = sorted(set(shown) - decision.readable - sealed)
    if beyond:
        raise DecisionMismatch(f"expected groups that the decision opens, found {beyond}")


def sign_refusal(refusal: Refusal, of: Submitted, *, origin: str, signer: Ed25519Signer) -> str:
    """The refusal of a submission as the log signs it on request.

    What is too long is cut, and faults that are left out are counted.
    """
    faults = tuple(
        Fault(
            _cut(fault.pointer, limits.FAULT_POINTER_CHARACTERS_MAX),
            _cut(fault.expected, limits.REFUSAL_TEXT_CHARACTERS_MAX),
            _cut(fault.found, limits.REFUSAL_TEXT_CHARACTERS_MAX),
        )
        for fault in refusal.faults[: limits.REFUSAL_FAULTS_MAX]
    )
    detail = _cut(refusal.detail, limits.REFUSAL_DETAIL_CHARACTERS_MAX)
    left = len(refusal.faults) - len(faults)
    said = SignedRefusal(of, refusal.code, detail, faults, left)
    return _sign(REFUSAL_PURPOSE, refusal_members(said), origin, signer=signer)


def parse_refusal(text: str) -> UnverifiedRefusal:
    """Read a signed refusal; no signature is checked.

    Raises:
        MalformedRefusal: no signed note of three lines, another purpose or other members.
    """
    origin, members, note = _parse(text, REFUSAL_PURPOSE, refusal=MalformedRefusal)
    return UnverifiedRefusal(origin, read_refusal_members(members), note)


def verify_refusal(text: str, *, anchor: Anchor) -> SignedRefusal:
    """Verify that the log of a trust anchor refused a submission.

    Raises:
        MalformedRefusal: no signed refusal.
        BadRefusalSignature: no line by a log key of the anchor, or one that does not verify.
        WrongOrigin: the refusal is one of another log.
    """
    found = parse_refusal(text)
    _verify(found.note, found.origin, anchor, refusal=BadRefusalSignature)
    return found.refusal


def check_refusal_fits(refusal: SignedRefusal, line: bytes, *, code: str) -> None:
    """Check that a refusal is of the bytes that were sent, and says the code that was told.

    Raises:
        RefusalMismatch: it is of other bytes, or says another code.
    """
    if refusal.of.submission != submission_digest(line):
        raise RefusalMismatch(
            f"expected a refusal of the bytes {submission_digest(line)}, found one of "
            f"{refusal.of.submission}"
        )
    if refusal.code != code:
        raise RefusalMismatch(f"expected a refusal with {code[:60]}, found {refusal.code[:60]}")


def _sign(purpose: str, members: dict[str, Any], origin: str, *, signer: Ed25519Signer) -> str:
    text = f"{purpose}\n{origin}\n{encode_json(members).decode()}\n"
    return encode_note(sign_note(text, [signer])).decode()


def _parse(
    text: str, purpose: str, *, refusal: type[MalformedDecision | MalformedRefusal]
) -> tuple[str, JsonObject, Note]:
    try:
        note = parse_note(text.encode("utf-8", "surrogatepass"))
        lines = note.text[:-1].split("\n")
        if len(lines) != _LINES or lines[0] != purpose:
            raise refusal(
                f"expected {purpose!r}, an origin and one line of JSON, found {lines[0][:60]!r} "
                f"in {len(lines)} lines"
            )
        members = parse_json_object(lines[2].encode(), bytes_max=limits.NOTE_BYTES_MAX)
    except (MalformedNote, MalformedJson) as fault:
        raise refusal(str(fault)) from fault
    return lines[1], members, note


def _verify(note: Note, origin: str, anchor: Anchor, *, refusal: type[BadNoteSignature]) -> None:
    keys = [log.key for log in anchor.policy.logs if log.key.name == anchor.origin]
    if not verify_lines(note, [Ed25519Verifier(key, refusal) for key in keys]):
        raise refusal(f"expected a line by one of {len(keys)} log keys, found none")
    if origin != anchor.origin:
        raise WrongOrigin(f"expected origin {anchor.origin!r}, found {origin[:200]!r}")


def _cut(text: str, most: int) -> str:
    """At most so many characters, none of which strict JSON refuses."""
    return text[:most].encode("utf-8", "replace").decode()
