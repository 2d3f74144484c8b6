"""An audit of logs that were forged from the start: every entry in its place, none of it right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from ledger.checkpoint import encode_checkpoint
from ledger.record_type import document_digest
from tests.ledger.audit_copies import (
    FIRST_REPORT,
    LAST,
    TEXTS,
    Forgery,
    audited,
    found,
)
from tests.ledger.ledger_stories import FOUNDED, a_report
from tests.ledger.parties import (
    NOW_S,
    ORIGIN,
    Plan,
    a_consortium,
    a_log_signer,
    a_party,
    payload_of,
    resign,
    sign_key,
    sign_type,
)
from tests.ledger.sample_types import sample_type_text
from tests.ledger.signers import a_signer
from tests.ledger.view_log import signed

pytestmark = pytest.mark.item("2.4")

HONEST: Final = Forgery()
COPY: Final = HONEST.copy()
FIRST, SECOND, THIRD = FOUNDED.parties.values()
REPORT: Final = TEXTS[FIRST_REPORT]
TYPE: Final = FIRST_REPORT - 1


NEWEST: Final = TEXTS[LAST]
STRANGER: Final = a_party("stranger-works")


def endorsement_of(charter: str) -> str:
    """Another endorsement by founder 2."""
    body = {"of": charter, "meaning": "approve", "reason": None}
    return resign(TEXTS[1], SECOND.admin, claims={"body": body, "jti": "B" * 22})


RECORDS: Final[list[tuple[str, str]]] = [
    ("malformed-record", "A.B.C~"),
    ("malformed-header", resign(NEWEST, SECOND.signing, header={"typ": "JWT"})),
    ("algorithm-not-allowed", resign(NEWEST, SECOND.signing, header={"alg": "none"})),
    ("malformed-claims", resign(NEWEST, SECOND.signing, claims={"exp": 1})),
    ("wrong-audience", resign(NEWEST, SECOND.signing, claims={"aud": "other.example"})),
    ("foreign-key", resign(NEWEST, FIRST.signing, claims={"iat": NOW_S - 1})),
    ("bad-signature", REPORT.replace(REPORT.split("~")[0][-20:-10], "A" * 10, 1)),
    ("key-not-valid", resign(NEWEST, SECOND.another_key("stranger"))),
    ("key-not-valid", resign(NEWEST, SECOND.admin)),
    ("key-not-valid", resign(NEWEST, STRANGER.signing, claims={"iss": STRANGER.did})),
    ("stale", resign(NEWEST, SECOND.signing, claims={"iat": NOW_S - 31 * 24 * 3600})),
    ("stale", resign(NEWEST, SECOND.signing, claims={"iat": NOW_S + 3600})),
    ("policy-not-in-force", resign(NEWEST, SECOND.signing, claims={"policy": "B" * 42 + "A"})),
    ("unknown-type", resign(NEWEST, SECOND.signing, claims={"vct": "sample-report/v2"})),
    ("not-permitted", resign(NEWEST, FIRST.signing, claims={"iss": FIRST.did})),
    ("not-permitted", resign(TEXTS[0], FIRST.admin, claims={"jti": "B" * 22})),
    ("not-permitted", resign(TEXTS[1], SECOND.admin, claims={"jti": "B" * 22})),
    ("key-not-valid", resign(TEXTS[4], SECOND.admin, claims={"jti": "B" * 22})),
    ("unknown-record", endorsement_of("B" * 42 + "A")),
    ("approval-needed", sign_type(FOUNDED, FIRST, sample_type_text(vct="other-report/v1"))),
    ("invalid-claims", sign_key(FOUNDED, SECOND, SECOND.another_key("x"), ["everything"])),
]


@pytest.mark.parametrize(("code", "text"), RECORDS, ids=range(len(RECORDS)))
def test_record_that_admission_refuses_is_found(code: str, text: str) -> None:
    bare = f"{text.split('~', maxsplit=1)[0]}~"
    assert found(HONEST.with_text(LAST, bare).copy()) == [(f"entry {LAST}", code)]


def test_record_admitted_twice_is_found() -> None:
    forged = HONEST.with_text(LAST, REPORT)
    assert found(forged.copy()) == [(f"entry {LAST}", "jti-used")]


def test_jti_used_twice_is_found() -> None:
    other = resign(REPORT, SECOND.signing, claims={"iat": NOW_S - 1})
    assert found(HONEST.with_text(LAST, other).copy()) == [(f"entry {LAST}", "jti-used")]


def test_jti_that_two_parties_use_is_no_finding() -> None:
    index = next(n for n, text in enumerate(TEXTS) if payload_of(text)["iss"] == THIRD.did)
    same = resign(TEXTS[index], THIRD.admin, claims={"jti": payload_of(REPORT)["jti"]})
    assert found(HONEST.with_text(index, f"{same.split('~')[0]}~").copy()) == []


# ---- a founding that no honest log admits ----


def charter_with(**members: Any) -> str:
    """The charter with other content, signed by founder 1."""
    body = payload_of(TEXTS[0])["body"] | members
    return resign(TEXTS[0], FIRST.admin, claims={"body": body})


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("malformed-charter", charter_with(operator="nobody-here")),
        ("invalid-claims", charter_with(operator=None)),
        ("key-not-valid", resign(TEXTS[0], FIRST.another_key("stranger"))),
        ("key-not-valid", resign(TEXTS[0], SECOND.admin, claims={"iss": SECOND.did})),
        ("policy-not-in-force", resign(TEXTS[0], FIRST.admin, claims={"policy": "B" * 42 + "A"})),
        ("genesis-incomplete", TEXTS[1]),
        ("genesis-incomplete", REPORT),
    ],
)
def test_log_without_a_good_charter_is_found(code: str, text: str) -> None:
    findings = found(HONEST.with_text(0, f"{text.split('~', maxsplit=1)[0]}~").copy())
    assert findings[0] == ("entry 0", code)
    # What rests on the charter does not hold either: no entry, and no signature of the log.
    rest = [("entry 1", "genesis-incomplete"), ("checkpoint 1", "no-known-signature")]
    assert set(rest) <= set(findings)


def test_entries_before_all_have_endorsed_are_found() -> None:
    charter, first, second, *rest = TEXTS
    early = replace(HONEST, texts=(charter, first, rest[0], second, *rest[1:]))
    findings = found(early.copy())
    assert findings[0] == ("entry 2", "genesis-incomplete")
    # That key is not in force, and so nothing that it signed.
    assert {code for _, code in findings[1:]} <= {"key-not-valid", "unknown-type"}


def test_type_without_its_definition_is_found() -> None:
    nothing = sign_type(FOUNDED, FIRST, sample_type_text(), definition=None)
    findings = found(HONEST.with_text(TYPE, nothing).copy())
    assert findings[0] == (f"entry {TYPE}", "malformed-document")
    assert {code for _, code in findings[1:]} == {"unknown-type"}


def test_type_that_is_none_is_found() -> None:
    listed = {"vct": "junk/v1", "sha256": document_digest("junk")}
    plan = Plan(amend=lambda body: body["types"].append(listed))
    founded = a_consortium(plan)
    body = {**listed, "definition": "junk"}
    junk = founded.governance(founded.founder.signing, "record-type/v1", body)
    forged = Forgery(texts=(*founded.texts, junk))
    assert found(forged.copy()) == [(f"entry {len(founded.texts)}", "malformed-type")]


# ---- checkpoints ----

NOTE: Final = COPY.kept[-1][1]
BODY: Final = encode_checkpoint(HONEST.log().checkpoint())
OTHER: Final = encode_checkpoint(HONEST.with_text(LAST, a_report(77)).log().checkpoint())
SIZE: Final = len(TEXTS)
CHECKPOINT: Final = f"checkpoint {SIZE}"


@pytest.mark.parametrize(
    ("code", "note"),
    [
        ("malformed-note", NOTE[:-1]),
        ("malformed-note", signed("text\n")),
        ("no-known-signature", signed(BODY, by=a_signer("stranger.example"))),
        ("no-known-signature", signed(BODY, by=a_log_signer(label="another key"))),
        ("bad-note-signature", NOTE.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n", 1)),
        ("wrong-origin", signed(BODY.replace(ORIGIN, "other.example"))),
        ("root-mismatch", signed(OTHER)),
        ("root-mismatch", signed(BODY.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n"))),
    ],
)
def test_checkpoint_that_is_not_the_trees_is_found(code: str, note: str) -> None:
    assert found(COPY.with_note(-1, NOTE)) == []
    assert found(COPY.with_note(-1, note)) == [(CHECKPOINT, code)]


def test_two_roots_of_one_size_are_found() -> None:
    forked = replace(COPY, kept=(*COPY.kept, (SIZE, signed(OTHER))))
    assert found(forked) == [(CHECKPOINT, "wrong-index"), (CHECKPOINT, "root-mismatch")]


def test_checkpoints_out_of_order_are_found() -> None:
    first, middle, last = COPY.kept
    places = [(f"checkpoint {size}", "wrong-index") for size, _ in (middle, first)]
    assert found(replace(COPY, kept=(last, middle, first))) == places


def test_entries_that_no_checkpoint_covers_are_found() -> None:
    unsigned = replace(COPY, kept=COPY.kept[:-1])
    covered = COPY.kept[-2][0]
    assert found(unsigned) == [(f"entry {covered}", "checkpoint-missing")]
    assert found(replace(COPY, kept=())) == [("entry 0", "checkpoint-missing")]


def test_checkpoint_of_more_than_is_held_is_found() -> None:
    short = replace(COPY, entries=COPY.entries[:-1])
    assert found(short) == [(CHECKPOINT, "wrong-index")]


def test_checkpoint_after_every_entry_is_compared() -> None:
    every = replace(HONEST, sizes=range(1, SIZE + 1))
    assert audited(every.copy()).tallies.checkpoints == SIZE
    assert found(every.copy()) == []
    # A wrong one is found at its own place, wherever it stands among the others.
    for position in range(SIZE):
        copy = every.copy()
        size, note = copy.kept[position]
        wrong = signed("\n".join([*note.split("\n")[:2], "A" * 43 + "=", ""]))
        assert found(copy.with_note(position, wrong)) == [(f"checkpoint {size}", "root-mismatch")]
