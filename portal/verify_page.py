"""The page that verifies a view in the browser: everything its script will need to say.

The script holds no words. It clones what stands here: the steps with slots where findings go,
and one explanation for each code of docs/spec/view.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ledger.fold import PublicFold
from ledger.record_type import RecordType
from portal.messages import Words
from portal.names import labels_of, name_party, name_type
from portal.record_page import ANCHOR_FILE, verify_command
from portal.static_files import StaticFiles
from portal.steps import Findings, Step, checked_step, word_step

#: Every code that verifying a view may end with, in the order of the checks.
CODES: Final = (
    "malformed-anchor",
    "too-large",
    "malformed-json",
    "malformed-view",
    "malformed-note",
    "log-signature-missing",
    "bad-log-signature",
    "wrong-origin",
    "bad-cosignature",
    "quorum-not-met",
    "malformed-entry",
    "wrong-index",
    "chain-broken",
    "not-included",
    "malformed-record",
    "malformed-header",
    "algorithm-not-allowed",
    "malformed-claims",
    "wrong-audience",
    "foreign-key",
    "charter-mismatch",
    "key-path-broken",
    "key-not-registered",
    "bad-signature",
    "type-mismatch",
    "disclosure-malformed",
    "disclosure-not-of-this-record",
    "disclosure-duplicate",
    "disclosure-unused",
    "erased-mismatch",
    "malformed-decision",
    "bad-decision-signature",
    "decision-mismatch",
)
#: The modules of the verifier: the others are what the first imports.
VERIFIER: Final = ("verifier.mjs", "consistency.mjs", "decision.mjs", "key-path.mjs")
VIEW_FILE: Final = "record.view.json"
#: Runs a saved verifier on two saved files.
NODE_COMMAND: Final = f"""node --input-type=module -e "
import {{ readFileSync }} from 'node:fs';
import {{ verifyView }} from './verifier.mjs';
const view = readFileSync('{VIEW_FILE}');
const anchor = readFileSync('{ANCHOR_FILE}');
console.dir(await verifyView(view, anchor), {{ depth: 9 }});
\""""
#: Words that the script puts together by itself, by the name it calls them.
WORDS_OF_SCRIPT: Final = (
    ("none", "verify.none"),
    ("own", "verify.anchor.own.used"),
    ("busy", "verify.busy"),
    ("nothing", "verify.nothing"),
    ("nobody", "home.cosigned.none"),
    ("body", "record.body"),
    ("long", "record.long"),
    ("table", "record.table"),
    ("left-out", "record.left-out"),
    ("yes", "value.yes"),
    ("no", "value.no"),
    ("null", "value.null"),
    ("empty", "value.empty"),
    ("comma", "list.comma"),
    ("months", "date.months"),
    ("readable", "date.readable"),
)
WORDS_OF_LOG: Final = ("approvals-sufficed", "no-later-revocation", "type-admitted")
VARIANTS: Final = (
    ("authentic", ""),
    ("included", ""),
    ("cosigned", "none"),
    ("cosigned", "some"),
    ("member", "first"),
    ("member", "founder"),
    ("member", "approved"),
    ("member", "own"),
    ("key", "admin"),
    ("key", "signing"),
    ("key", "own"),
    ("ended", ""),
    ("contested", ""),
    ("reaffirmed", ""),
    ("shown", "groups"),
    ("shown", "none"),
    ("shown", "unknown"),
    ("erased", "none"),
    ("erased", "some"),
    ("contradicts", ""),
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means and what to do about it."""

    code: str
    title: str
    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True)
class StepForm:
    """A step in one of its wordings, with slots for what a verification finds."""

    step: Step
    variant: str


@dataclass(frozen=True, slots=True)
class VerifyPage:
    """The forms that the script fills.

    ``labels`` is JSON: what this log calls its fields; ``modules`` are names with digests.
    """

    anchor: str
    charter_id: str
    steps: tuple[StepForm, ...]
    log_word: tuple[Step, ...]
    explanations: tuple[Explanation, ...]
    labels: str
    words: tuple[tuple[str, str], ...]
    more: Markup
    index: Markup
    command: str
    node_command: str
    modules: tuple[tuple[str, str], ...]


def verify_page(fold: PublicFold, files: StaticFiles, *, anchor: str, words: Words) -> VerifyPage:
    """The forms of the verify page in one language."""
    return VerifyPage(
        anchor=anchor,
        charter_id=fold.charter_id,
        steps=tuple(
            StepForm(checked_step(name, SLOTS, variant=variant, words=words), variant)
            for name, variant in VARIANTS
        ),
        log_word=tuple(word_step(name, words) for name in WORDS_OF_LOG),
        explanations=tuple(explain(code, words) for code in (*CODES, "unknown")),
        labels=json.dumps(_labels(fold, words), ensure_ascii=False),
        words=tuple((name, words.text(key)) for name, key in WORDS_OF_SCRIPT),
        more=slot("more"),
        index=slot("index"),
        command=verify_command(VIEW_FILE),
        node_command=NODE_COMMAND,
        modules=tuple((name, files[name].sha256) for name in VERIFIER),
    )


def explain(code: str, words: Words) -> Explanation:
    """What a code means; one that is not known here is shown as it is."""
    known = code if words.has(f"code.{code}.title") else "unknown"
    return Explanation(
        code,
        words.text(f"code.{known}.title"),
        words.text(f"code.{known}.meaning"),
        words.text(f"code.{known}.remedy"),
    )


def slot(name: str) -> Markup:
    """A place in a sentence that the script fills."""
    return Markup('<bdi data-slot="{}"></bdi>').format(name)


SLOTS: Final = Findings(
    kid=slot("kid"),
    index=slot("index"),
    size=slot("size"),
    witnesses=slot("witnesses"),
    registered_at=slot("registered_at"),
    member_since=slot("member_since"),
    approvers=slot("approvers"),
    ended_at=slot("ended_at"),
    contested_from=slot("contested_from"),
    contested_at=slot("contested_at"),
    reaffirmed_at=slot("reaffirmed_at"),
    shown=slot("shown"),
    defined=slot("defined"),
    erased=slot("erased"),
    contradictions=slot("contradictions"),
)


def _messages_below(prefix: str, words: Words) -> Iterator[tuple[str, str]]:
    for key, text in words.catalogue.items():
        if key.startswith(prefix):
            yield key.removeprefix(prefix), text


def _labels(fold: PublicFold, words: Words) -> dict[str, object]:
    return {
        "fields": dict(_messages_below("field.", words)),
        "values": dict(_messages_below("value.", words)),
        "parties": {did: name_party(did, fold, words=words).name.text for did in fold.parties},
        "types": {
            vct: {"title": name_type(vct, fold, words=words).name.text} | _fields(kind, words)
            for vct, kind in fold.types.items()
        },
    }


def _fields(kind: RecordType, words: Words) -> dict[str, object]:
    labels = labels_of(kind)
    return {
        "groups": {name: labels.of_group(name, words).text for name in labels.groups},
        "fields": {pointer: labels.of_field(pointer, words).text for pointer in labels.fields},
    }
