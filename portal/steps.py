"""A verified record step by step: what each check found and what it means.

There is no step "valid". What a single view cannot show is a step of its own, marked as the
log's word.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ledger.consistency import Contradiction
from ledger.verify import VerifiedRecord
from portal.messages import Value, Words, isolate

CHECKED: Final = "checked"
NONE: Final = "none"
WORD: Final = "word"
NOTED: Final = "noted"
#: A tick beside these would say more than was found.
NOTHING_TO_CHECK: Final = frozenset({("cosigned", "none"), ("erased", "none")})
#: In the order in which the result names them (docs/spec/view.md, section 2).
STEP_NAMES: Final = (
    *("authentic", "included", "cosigned", "member", "key"),
    *("ended", "contested", "reaffirmed", "shown", "erased", "contradicts"),
)
#: What the issuer declared later, or disproves itself: it changes what the record is worth, so no
#: tick stands here.
DECLARED: Final = frozenset({"ended", "contested", "contradicts"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    ``state``: checked; none where there was nothing to check; noted for what its issuer
    declared of a key later; word for the log's.
    """

    name: str
    state: str
    title: str
    finding: Markup
    meaning: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What the steps of one record say; a slot for each on a page that is filled later."""

    kid: Value
    index: Value
    size: Value
    witnesses: Value
    registered_at: Value
    member_since: Value
    approvers: Value
    ended_at: Value
    contested_from: Value
    contested_at: Value
    reaffirmed_at: Value
    shown: Value
    defined: Value
    erased: Value
    contradictions: Value


def findings_of(record: VerifiedRecord) -> Findings:
    """The findings of a verified record."""
    signer, later = record.signer, record.aftermath
    return Findings(
        kid=record.authentic,
        index=record.index,
        size=record.included_in,
        witnesses=Markup(", ").join(isolate(name) for name in record.cosigned_by),
        registered_at=signer.key_registered_at,
        member_since=signer.member_since,
        approvers=Markup(", ").join(isolate(slug_of(did)) for did in signer.approved_by),
        ended_at=_or_zero(later.key_ended_at),
        contested_from=later.contested.start if later.contested else 0,
        contested_at=later.contested.at if later.contested else 0,
        reaffirmed_at=_or_zero(later.reaffirmed_at),
        shown=len(record.shown),
        defined=_or_zero(record.defined),
        erased=Markup(", ").join(isolate(f"{one.group} ({one.at})") for one in record.erased),
        contradictions=Markup(", ").join(isolate(_told(found)) for found in record.contradictions),
    )


def slug_of(did: str) -> str:
    """A party as readers know it, without the log's name before it."""
    return did.rpartition(":")[2]


def _told(found: Contradiction) -> str:
    """What the record says and what follows, in the form of the saved verifier's page."""
    said, expected = (json.dumps(value).strip('"') for value in (found.found, found.expected))
    return f"{found.stated} = {said}, {', '.join(found.basis)}: {expected}"


def _or_zero(value: int | None) -> int:
    return 0 if value is None else value


def steps_of(record: VerifiedRecord, words: Words) -> tuple[Step, ...]:
    """The steps that passed, then the log's word."""
    found = findings_of(record)
    variants = {
        "cosigned": "some" if record.cosigned_by else "none",
        "member": _variant_of_member(record),
        "key": _variant_of_key(record),
        "shown": _variant_of_shown(record.defined),
        "erased": "some" if record.erased else "none",
    }
    passed = tuple(
        checked_step(name, found, variant=variants.get(name, ""), words=words)
        for name in STEP_NAMES
        if name not in _silent(record)
    )
    return passed + tuple(word_step(name, words) for name in record.log_word)


def checked_step(name: str, found: Findings, *, variant: str, words: Words) -> Step:
    """A step that passed, worded for what it found."""
    key = f"step.{name}.finding.{variant}" if variant else f"step.{name}.finding"
    values: dict[str, Value] = {
        "kid": found.kid,
        "index": found.index,
        "size": found.size,
        "witnesses": found.witnesses,
        "registered_at": found.registered_at,
        "member_since": found.member_since,
        "approvers": found.approvers,
        "ended_at": found.ended_at,
        "contested_from": found.contested_from,
        "contested_at": found.contested_at,
        "reaffirmed_at": found.reaffirmed_at,
        "shown": found.shown,
        "defined": found.defined,
        "erased": found.erased,
        "contradictions": found.contradictions,
    }
    return Step(
        name,
        _state_of(name, variant),
        words.text(f"step.{name}.title"),
        words.html(key, **values),
        words.text(f"step.{name}.meaning"),
    )


def word_step(name: str, words: Words) -> Step:
    """What is the log's word until somebody audits it."""
    return Step(
        name,
        WORD,
        words.text(f"word.{name}.title"),
        words.html("word.finding"),
        words.text(f"word.{name}.meaning"),
    )


def _state_of(name: str, variant: str) -> str:
    if name in DECLARED:
        return NOTED
    return NONE if (name, variant) in NOTHING_TO_CHECK else CHECKED


def _silent(record: VerifiedRecord) -> set[str]:
    """The steps of which this view has nothing to say."""
    later = record.aftermath
    found = {
        "ended": later.key_ended_at,
        "contested": later.contested,
        "reaffirmed": later.reaffirmed_at,
        "contradicts": record.contradictions or None,
    }
    return {name for name, value in found.items() if value is None}


def _variant_of_member(record: VerifiedRecord) -> str:
    signer = record.signer
    if signer.member_since == record.index and record.index:
        return "own"
    if signer.approved_by:
        return "approved"
    return "founder" if signer.member_since else "first"


def _variant_of_key(record: VerifiedRecord) -> str:
    registered_at = record.signer.key_registered_at
    if registered_at == 0:
        return "admin"
    return "own" if registered_at == record.index else "signing"


def _variant_of_shown(defined: int | None) -> str:
    if defined is None:
        return "unknown"
    return "groups" if defined else "none"
