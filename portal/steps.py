"""A verified record step by step: what each check found and what it means.

There is no step "valid". What a single view cannot show is a step of its own, marked as the
log's word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ledger.verify import VerifiedRecord
from portal.messages import Value, Words, isolate

CHECKED: Final = "checked"
NONE: Final = "none"
WORD: Final = "word"
#: A tick beside these would say more than was found.
NOTHING_TO_CHECK: Final = frozenset({("cosigned", "none"), ("erased", "")})
#: In the order in which the result names them (docs/spec/view.md, section 2).
STEP_NAMES: Final = ("authentic", "included", "cosigned", "key", "shown", "erased")


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``state``: checked; none where there was nothing to check; word for the log's."""

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
    shown: Value
    defined: Value


def findings_of(record: VerifiedRecord) -> Findings:
    """The findings of a verified record."""
    return Findings(
        kid=record.authentic,
        index=record.index,
        size=record.included_in,
        witnesses=Markup(", ").join(isolate(name) for name in record.cosigned_by),
        registered_at=record.key_registered_at,
        shown=len(record.shown),
        defined=0 if record.defined is None else record.defined,
    )


def steps_of(record: VerifiedRecord, words: Words) -> tuple[Step, ...]:
    """The steps that passed, then the log's word."""
    found = findings_of(record)
    variants = {
        "cosigned": "some" if record.cosigned_by else "none",
        "key": "signing" if record.key_registered_at else "admin",
        "shown": _variant_of_shown(record.defined),
    }
    passed = tuple(
        checked_step(name, found, variant=variants.get(name, ""), words=words)
        for name in STEP_NAMES
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
        "shown": found.shown,
        "defined": found.defined,
    }
    return Step(
        name,
        NONE if (name, variant) in NOTHING_TO_CHECK else CHECKED,
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


def _variant_of_shown(defined: int | None) -> str:
    if defined is None:
        return "unknown"
    return "groups" if defined else "none"
