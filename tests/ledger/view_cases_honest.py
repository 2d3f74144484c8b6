"""Views that a verifier accepts, each with the result that it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from ledger.cosignature import CosignedAt
from ledger.disclosure import digest_of
from ledger.record_type import document_digest
from tests.ledger.parties import payload_of, resign
from tests.ledger.sample_types import REMOVED, sample_type_text
from tests.ledger.signers import a_cosigner, a_signer
from tests.ledger.view_cases_checkpoints import BODY, BOTH, LINE, NOTE, ONE
from tests.ledger.view_cases_disclosures import SALT, disclosure
from tests.ledger.view_cases_entries import CLAIMS, REPORT_TEXT, SIGNER
from tests.ledger.view_edits import LOG, SHOW, SINGLE, STORY, accepted, edited, put
from tests.ledger.view_log import (
    WITNESSES,
    ForgedLog,
    Show,
    anchor_text,
    as_lines,
    as_text,
    signed,
)
from tests.ledger.view_multikeys import sealing_multikey
from tests.ledger.view_story import (
    CHARTER,
    ENDORSEMENT,
    KEY_ONE,
    KEY_TWO,
    OTHER_REPORT,
    OWN_REPORT,
    PART,
    PATH_ONE,
    REPORT,
    SURVEY,
    SURVEY_TYPE,
    SURVEY_VCT,
    TYPE,
    expected_result,
    jws_of,
)
from tests.ledger.view_vectors import Pieces, ViewCase

NEW_VCT: Final = "sample-report/v2"
RESULT: Final = expected_result(LOG, SHOW)
REPORTS: Final = [STORY.show(index) for index in (REPORT, OWN_REPORT, SURVEY, OTHER_REPORT)]
EVERYTHING: Final = [STORY.show(index) for index in range(11)]


def honest_cases() -> Iterator[ViewCase]:
    """All cases that end with a result."""
    yield from _records()
    yield from _governance()
    yield from _spellings()
    yield from _notes()
    yield from _disclosures()
    yield from _edges()


def _of(name: str, *shows: Show, log: ForgedLog = LOG) -> ViewCase:
    return accepted(name, expected_result(log, *shows), log.view(*shows))


def _records() -> Iterator[ViewCase]:
    yield _of("one report", SHOW)
    yield _of("a report by founder 1", STORY.show(OWN_REPORT))
    yield _of("several reports", *REPORTS)
    yield _of("several reports, the newest first", *REPORTS[::-1])
    yield _of("one report shown twice", SHOW, replace(SHOW, disclosures=()))
    yield _of("the whole log", *EVERYTHING)
    yield _of("a type whose definition came in parts", STORY.show(SURVEY))
    surplus = replace(SHOW, keys=(CHARTER, ENDORSEMENT, KEY_ONE, KEY_TWO))
    yield _of("a key path with a link that is not needed", surplus)
    view = LOG.view(SHOW, also=[KEY_ONE, PART, OTHER_REPORT])
    yield accepted("entries that no record uses", RESULT, view)
    lines = as_lines(LOG.view(*EVERYTHING))
    yield accepted("the whole log as JSONL", expected_result(LOG, *EVERYTHING), lines)
    yield accepted("one report as JSONL", RESULT, as_lines(SINGLE))


def _governance() -> Iterator[ViewCase]:
    for name, index in [
        ("the charter", CHARTER),
        ("an endorsement of the charter", ENDORSEMENT),
        ("a key with its holder", KEY_TWO),
        ("a key of founder 1", KEY_ONE),
        ("a record type", TYPE),
        ("a document part", PART),
        ("a record type without its definition", SURVEY_TYPE),
    ]:
        yield _of(name, STORY.show(index))
    yield _of("a key without its holder", replace(STORY.show(KEY_TWO), disclosures=()))
    yield _of("a key to be sealed to", STORY.show(KEY_TWO), log=_with_sealing_key())
    alone = ForgedLog(LOG.jwss[:1])
    yield _of("the charter alone in its log", Show(CHARTER), log=alone)
    older = LOG.view(STORY.show(ENDORSEMENT))
    older |= {"checkpoint": LOG.note(size=2), "entries": [LOG.entry(0, 2), LOG.entry(1, 2)]}
    result = expected_result(LOG, STORY.show(ENDORSEMENT), size=2)
    yield accepted("an older checkpoint", result, older)


def _with_sealing_key() -> ForgedLog:
    """The log whose second key is an X25519 key: it signs nothing, and is there to be read."""
    text = STORY.submissions[KEY_TWO]
    sealing = {"multikey": sealing_multikey(), "uses": ["seal"], "possession": None}
    body = payload_of(text)["body"] | sealing
    return LOG.with_record(KEY_TWO, jws_of(resign(text, STORY.second.admin, claims={"body": body})))


def _spellings() -> Iterator[ViewCase]:
    text = as_text(SINGLE)
    header, record = as_lines(SINGLE).splitlines()
    for name, view in [
        ("white space around the view", (" \t\r\n", text, "\n \r\n")),
        ("a view over many lines", (json.dumps(SINGLE, indent=1, ensure_ascii=False),)),
        ("a view without its last LF", (text.rstrip(),)),
        ("a name written with an escape", (text.replace('"entry":', '"\\u0065ntry":', 1),)),
        ("a text written with escapes", (json.dumps(SINGLE),)),
        ("members in another order", (json.dumps(dict(reversed(SINGLE.items()))),)),
        ("JSONL with CR LF", (f"{header}\r\n{record}\r\n",)),
        ("JSONL with white space in its lines", (f" {header} \n\t{record} \n",)),
        ("a view with one LF, inside", (text.rstrip().replace('"records"', '\n"records"'),)),
    ]:
        pieces: Pieces = tuple(view)
        yield accepted(name, RESULT, pieces)


def _with_note(
    name: str, note: str, *cosigned_by: str, anchor: str = anchor_text(STORY.charter)
) -> ViewCase:
    result = expected_result(LOG, SHOW, cosigned_by=cosigned_by)
    return accepted(name, result, edited(SINGLE, put("checkpoint", to=note)), anchor=anchor)


def _notes() -> Iterator[ViewCase]:
    north, south = WITNESSES
    yield _with_note("cosigned by one of any", LOG.note(south), "south", anchor=ONE)
    yield _with_note(
        "cosigned by both of any", LOG.note(south, north), "north", "south", anchor=ONE
    )
    yield _with_note("cosigned by all", LOG.note(north, south), "north", "south", anchor=BOTH)
    yield _with_note("cosigned where no quorum is asked", LOG.note(north), "north")
    stranger = a_signer("stranger.example").sign_text(BODY.encode()).line()
    unknown = a_cosigner("unknown.example").cosign(BODY.encode(), CosignedAt(1)).line()
    yield _with_note("lines by unknown keys", f"{NOTE}{stranger}{unknown}— x AAAAAAAA\n")
    yield _with_note("unknown keys before the log's", f"{BODY}\n{unknown}{LINE}\n")
    yield _with_note("the log's line twice", f"{NOTE}{LINE}\n")
    yield _with_note("a checkpoint with extension lines", signed(f"{BODY}one\n— two\n"))
    commented = ONE.replace("\\nwitness ", "\\n# a comment\\n \\t witness ")
    yield _with_note("an anchor with comments", LOG.note(south), "south", anchor=commented)


def _disclosures() -> Iterator[ViewCase]:
    yield _of("no disclosures", replace(SHOW, disclosures=()))
    yield _of("only a public group", STORY.show(REPORT, "lot"))
    yield _of("only the manifest", STORY.show(REPORT, "manifest"))
    yield _of("the closed groups only", STORY.show(REPORT, "manifest", "address", "filing"))
    yield _of("disclosures in another order", replace(SHOW, disclosures=SHOW.disclosures[::-1]))
    names = STORY.show(SURVEY, "lot", "values")
    yield _of("groups of a type in parts, without the manifest", names)
    whole = {"_sd": "data", "...": "data", "é": "\u0000\u202e", "n": 2**53 - 1, "": [None]}
    many = [disclosure(SALT, "lot", whole)]
    many += [disclosure(SALT, f"g{number}", -number) for number in range(63)]
    # No view holds the definition of this type, so any group may be one of its own.
    claims = {"_sd": sorted(digest_of(text) for text in many), "vct": SURVEY_VCT}
    log = LOG.with_record(REPORT, jws_of(resign(REPORT_TEXT, SIGNER, claims=claims)))
    show = replace(SHOW, type=SURVEY_TYPE, disclosures=many)
    yield _of("64 disclosures, of any value", show, log=log)


def _edges() -> Iterator[ViewCase]:
    digests = sorted(CLAIMS["_sd"])[:1]
    record = jws_of(resign(REPORT_TEXT, SIGNER, claims={"_sd": digests, "iat": 2**53 - 1}))
    log = LOG.with_record(REPORT, record)
    yield _of("one digest, and the largest iat", replace(SHOW, disclosures=()), log=log)
    for name, text in [
        ("a type that the charter does not list", sample_type_text(vct=NEW_VCT, sd_length=9)),
        ("a type that defines no groups", f'{{"vct":"{NEW_VCT}"}}'),
    ]:
        log, show = _unlisted(text)
        shown = show if "groups" in text else replace(show, disclosures=())
        yield _of(name, shown, log=log)
    own = jws_of(resign(STORY.submissions[OWN_REPORT], STORY.first.signing, claims={"iat": 0}))
    first = LOG.with_record(OWN_REPORT, own)
    yield _of("iat is 0", STORY.show(OWN_REPORT), log=first)
    yield from _embodied()


def _embodied() -> Iterator[ViewCase]:
    # Which form a business type has is a fact of admission; offline either is accepted.
    forms: list[tuple[str, dict[str, Any], Sequence[str]]] = [
        ("a business type with a body too", {"body": {}}, SHOW.disclosures),
        ("a business type with a body alone", {"body": {"x": 1}, "_sd": REMOVED}, ()),
    ]
    for name, claims, shown in forms:
        log = LOG.with_record(REPORT, jws_of(resign(REPORT_TEXT, SIGNER, claims=claims)))
        yield _of(name, replace(SHOW, disclosures=shown), log=log)


def _unlisted(text: str) -> tuple[ForgedLog, Show]:
    body: dict[str, Any] = payload_of(STORY.submissions[TYPE])["body"]
    body |= {"vct": NEW_VCT, "sha256": document_digest(text), "definition": text}
    kind = resign(STORY.submissions[TYPE], STORY.first.signing, claims={"body": body})
    record = resign(STORY.submissions[OWN_REPORT], STORY.first.signing, claims={"vct": NEW_VCT})
    log = LOG.with_record(TYPE, jws_of(kind)).with_record(OWN_REPORT, jws_of(record))
    return log, Show(OWN_REPORT, PATH_ONE, TYPE, STORY.disclosures(OWN_REPORT))
