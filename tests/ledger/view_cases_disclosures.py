"""Cases that a record's type and its disclosures decide (rows D8 to D10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from keys.encoding import encode_base64url
from ledger.disclosure import digest_of, tag_of
from ledger.record_type import document_digest
from tests.ledger.parties import payload_of, resign
from tests.ledger.sample_types import REMOVED, SAMPLE_VCT, sample_definition, sample_type_text
from tests.ledger.view_cases_entries import CLAIMS, REPORT_TEXT, SIGNER
from tests.ledger.view_edits import ANCHOR, LOG, SHOW, SINGLE, STORY, edited, put, refused
from tests.ledger.view_log import ForgedLog, Show
from tests.ledger.view_story import (
    KEY_TWO,
    OTHER_REPORT,
    OWN_REPORT,
    PART,
    PATH_ONE,
    PATH_TWO,
    REPORT,
    SURVEY,
    SURVEY_TYPE,
    TYPE,
    jws_of,
)
from tests.ledger.view_vectors import Pieces, Repeat, ViewCase

TAG: Final = tag_of(CLAIMS["iss"], CLAIMS["jti"])
SALT: Final = "0" * 22 + TAG
MALFORMED: Final = "disclosure-malformed"


def disclosure_cases() -> Iterator[ViewCase]:
    """All cases of rows D8 to D10."""
    yield from _types()
    yield from _definitions()
    yield from _forms()
    yield from _bounds()
    yield from _owners()
    yield from _duplicates()
    yield from _unused()
    yield from _manifests()


def _types() -> Iterator[ViewCase]:
    code = "type-mismatch"
    for name, show in [
        ("a report has no type", replace(SHOW, type=None)),
        ("a report has the type of another vct", replace(SHOW, type=SURVEY_TYPE)),
        ("a report has a key as its type", replace(SHOW, type=KEY_TWO)),
        ("a report has a document part as its type", replace(SHOW, type=PART)),
        ("a report is its own type", replace(SHOW, type=REPORT)),
        ("a key has a type", replace(STORY.show(KEY_TWO), type=TYPE)),
        ("a type has a type", replace(STORY.show(SURVEY_TYPE), type=TYPE)),
    ]:
        yield refused("D8", name, code, LOG.view(show))
    late = ForgedLog((*LOG.jwss[:TYPE], *LOG.jwss[TYPE + 1 :], LOG.jwss[TYPE]))
    view = late.view(Show(REPORT - 1, PATH_TWO, len(late.jwss) - 1, SHOW.disclosures))
    yield refused("D8", "the type was defined after the report", code, view)


def _defined(vct: str = SAMPLE_VCT, **body: Any) -> tuple[ForgedLog, Any]:
    """The log with another definition of a type, and a view of a report of that type."""
    text = STORY.submissions[TYPE]
    whole = payload_of(text)["body"] | {"vct": vct} | body
    members = {name: value for name, value in whole.items() if value is not REMOVED}
    kind = jws_of(resign(text, STORY.first.signing, claims={"body": members, "iat": 1}))
    record = jws_of(resign(REPORT_TEXT, SIGNER, claims={"vct": vct, "iat": 1}))
    log = LOG.with_record(TYPE, kind).with_record(REPORT, record)
    return log, log.view(SHOW)


def _definitions() -> Iterator[ViewCase]:
    other = sample_type_text(sd_length=9)
    new = "sample-report/v2"

    def named(members: str) -> str:
        return f'{{"vct":"{new}",{members}}}'

    def of(text: str) -> dict[str, Any]:
        return {"vct": new, "sha256": document_digest(text), "definition": text}

    bodies: list[tuple[str, dict[str, Any]]] = [
        ("the digest is not the charter's", {"sha256": document_digest(other)}),
        (
            "the definition is not the charter's",
            {"sha256": document_digest(other), "definition": other},
        ),
        ("the definition does not have its digest", {"definition": other}),
        ("the digest is null", {"sha256": None}),
        ("the digest is an array", {"sha256": []}),
        ("the definition is an object", {"definition": sample_definition()}),
        ("the definition is missing", {"definition": REMOVED}),
        ("the definition of an unlisted type has another digest", {**of(other), "sha256": "x"}),
        ("the definition is not JSON", of("definition")),
        ("the definition has a name twice", of(named('"groups":{},"groups":{}'))),
        ("the definition is an array", of("[]")),
        ("the definition has groups in an array", of(named('"groups":["lot"]'))),
        ("the definition has groups that are null", of(named('"groups":null'))),
        ("the definition has no vct", of('{"groups":{}}')),
        ("the definition is of another vct", of(sample_type_text())),
    ]
    for name, body in bodies:
        _, view = _defined(**body)
        yield refused("D8", name, "type-mismatch", view)
    log, _ = _defined(sha256=document_digest(other))
    own = log.view(replace(STORY.show(OWN_REPORT)))
    yield refused("D8", "the type of another record is not the charter's", "type-mismatch", own)


def disclosure(*array: Any) -> str:
    """A disclosure of any JSON array."""
    return encode_base64url(json.dumps(array, separators=(",", ":")).encode())


def _given(*disclosures: str) -> Any:
    return edited(SINGLE, put("records", 0, "disclosures", to=list(disclosures)))


def _forms() -> Iterator[ViewCase]:
    good = SHOW.disclosures[0]
    raw = f'["{SALT}","lot",{{"a":1,"a":2}}]'.encode()
    for name, text in [
        ("is empty", ""),
        ("is padded", f"{good}="),
        ("is base64", good.replace(good[10], "+")),
        ("is followed by a tilde", f"{good}~"),
        ("has spare bits", "AB"),
        ("is not JSON", encode_base64url(b"lot")),
        ("is an object", encode_base64url(b"{}")),
        ("has two elements", disclosure("0" * 38, "lot")),
        ("has four elements", disclosure(SALT, "lot", 1, 2)),
        ("has a salt of 37 characters", disclosure(SALT[1:], "lot", 1)),
        ("has a salt with a plus", disclosure("+" + SALT[1:], "lot", 1)),
        ("has a salt that is a number", disclosure(1, "lot", 1)),
        ("has a group in capitals", disclosure(SALT, "Lot", 1)),
        ("has a group of 41 characters", disclosure(SALT, "l" * 41, 1)),
        ("has an empty group", disclosure(SALT, "", 1)),
        ("has a group that is a number", disclosure(SALT, 1, 1)),
        ("has the group iss", disclosure(SALT, "iss", 1)),
        ("has the group _sd", disclosure(SALT, "_sd", [])),
        ("has the group ...", disclosure(SALT, "...", "x")),
        ("has a name twice in its value", encode_base64url(raw)),
        ("has a fraction in its value", encode_base64url(f'["{SALT}","lot",1.5]'.encode())),
        ("has 2^53 in its value", disclosure(SALT, "lot", 2**53)),
        ("has a lone surrogate", disclosure(SALT, "lot", "\ud800")),
        ("has 33 levels", encode_base64url(_deep())),
        ("is not UTF-8", encode_base64url(f'["{SALT}","lot","'.encode() + b'\xff"]')),
        ("comes malformed before it is another record's", disclosure("0" * 37, "lot", 1)),
    ]:
        yield refused("D9", f"a disclosure {name}", MALFORMED, _given(text))


def _deep() -> bytes:
    return f'["{SALT}","lot",{"[" * 32}{"]" * 32}]'.encode()


def _bounds() -> Iterator[ViewCase]:
    many = [disclosure(SALT, f"g{number}", number) for number in range(65)]
    yield refused("D9", "65 disclosures are shown", MALFORMED, _given(*many))
    claims = {"_sd": sorted(digest_of(text) for text in many)}
    forged = LOG.with_record(REPORT, jws_of(resign(REPORT_TEXT, SIGNER, claims=claims)))
    committed = forged.view(replace(SHOW, disclosures=many))
    yield refused("D9", "65 disclosures are committed to", MALFORMED, committed)
    before, after = json.dumps(_given("@"), separators=(",", ":")).split("@")
    large: Pieces = (before, Repeat("A", 2**20 + 4), after)
    yield refused("D9", "a disclosure is larger than 1 MiB", MALFORMED, large)


def _owners() -> Iterator[ViewCase]:
    code = "disclosure-not-of-this-record"
    own = STORY.disclosures(OWN_REPORT)
    other = STORY.disclosures(OTHER_REPORT)
    good = SHOW.disclosures
    yield refused("D9", "a disclosure is another party's", code, _given(*good, own[0]))
    yield refused("D9", "a disclosure is of another record", code, _given(other[0], *good))
    untagged = disclosure("0" * 38, "lot", 1)
    yield refused("D9", "a disclosure has no tag", code, _given(untagged))
    # The commitment of another record was adopted: its digest is in this record's _sd.
    digests = sorted([*CLAIMS["_sd"][1:], digest_of(other[0])])
    stolen = LOG.with_record(REPORT, jws_of(resign(REPORT_TEXT, SIGNER, claims={"_sd": digests})))
    adopted = stolen.view(replace(SHOW, disclosures=[other[0]]))
    yield refused("D9", "a digest is adopted from another record", code, adopted)
    key = LOG.view(replace(STORY.show(KEY_TWO), disclosures=[good[0]]))
    yield refused("D9", "a key has a report's disclosure", code, key)


def _duplicates() -> Iterator[ViewCase]:
    code = "disclosure-duplicate"
    good = list(SHOW.disclosures)
    yield refused("D9", "a disclosure stands twice", code, _given(*good, good[-1]))
    again = disclosure(SALT, "lot", {"number": "LG-0418", "pieces": 1})
    yield refused("D9", "a group is disclosed twice, once unused", code, _given(*good, again))
    digests = sorted([*CLAIMS["_sd"], digest_of(again)])
    both = LOG.with_record(REPORT, jws_of(resign(REPORT_TEXT, SIGNER, claims={"_sd": digests})))
    view = both.view(replace(SHOW, disclosures=[*good, again]))
    yield refused("D9", "a group is committed to and disclosed twice", code, view)


def _unused() -> Iterator[ViewCase]:
    code = "disclosure-unused"
    good = list(SHOW.disclosures)
    extra = disclosure(SALT, "values", ["1"])
    yield refused("D9", "a disclosure is unused", code, _given(*good, extra))
    yield refused("D9", "the first disclosure is unused", code, _given(extra, *good))
    changed = disclosure(SALT, "lot", {"number": "LG-0417", "pieces": 501})
    yield refused("D9", "a value is changed", code, _given(changed))
    body = payload_of(STORY.submissions[TYPE])
    salt = "0" * 22 + tag_of(body["iss"], body["jti"])
    none = LOG.view(Show(TYPE, PATH_ONE, None, [disclosure(salt, "lot", 1)]))
    yield refused("D9", "a record without _sd has a disclosure", code, none)


def _manifest(value: object, index: int = REPORT, type_index: int = TYPE) -> Any:
    """A view of a record that commits to this manifest."""
    text = STORY.submissions[index]
    claims = payload_of(text)
    salt = "0" * 22 + tag_of(claims["iss"], claims["jti"])
    opened = disclosure(salt, "manifest", value)
    digests = sorted([*claims["_sd"][1:], digest_of(opened)])
    log = LOG.with_record(index, jws_of(resign(text, SIGNER, claims={"_sd": digests})))
    return log.view(Show(index, PATH_TWO, type_index, [opened]))


def _manifests() -> Iterator[ViewCase]:
    groups = dict.fromkeys(sample_definition()["groups"], "partner")
    fewer = {name: tier for name, tier in groups.items() if name != "evidence"}
    for name, value in [
        ("names a group more", {"groups": {**groups, "recipe": "partner"}}),
        ("names a group less", {"groups": fewer}),
        ("names another group", {"groups": {**fewer, "proof": "partner"}}),
        ("names no groups", {"groups": {}}),
        ("has no groups", {}),
        ("has groups in an array", {"groups": sorted(groups)}),
        ("has groups that are null", {"groups": None}),
        ("is an array", [groups]),
        ("is null", None),
    ]:
        yield refused("D10", f"the manifest {name}", "type-mismatch", _manifest(value))
    undefined = disclosure(SALT, "recipe", "x")
    digests = sorted([*CLAIMS["_sd"][1:], digest_of(undefined)])
    stray = LOG.with_record(REPORT, jws_of(resign(REPORT_TEXT, SIGNER, claims={"_sd": digests})))
    view = stray.view(replace(SHOW, disclosures=[undefined]))
    yield refused(
        "D10", "a group is disclosed that the type does not define", "type-mismatch", view
    )
    unknown = _manifest({}, SURVEY, SURVEY_TYPE)
    yield refused(
        "D10",
        "a manifest of a type in parts has no groups",
        "type-mismatch",
        unknown,
        anchor=ANCHOR,
    )
