"""Readings about records: key paths, types and disclosures, rows D of docs/spec/view.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from keys.encoding import encode_base64url
from ledger.disclosure import digest_of, encode_disclosure, tag_of
from ledger.record_type import document_digest
from tests.ledger.parties import payload_of, resign
from tests.ledger.sample_types import REMOVED
from tests.ledger.spec_readings import (
    CLAIMS,
    FIRST,
    LOG,
    SECOND,
    SHOW,
    SIGNERS,
    STORY,
    Outcome,
    Reading,
    in_record,
    log_with,
    reading,
    rows,
)
from tests.ledger.view_log import (
    Document,
    Show,
    anchor_text,
)
from tests.ledger.view_story import (
    CHARTER,
    ENDORSEMENT,
    KEY_ONE,
    KEY_TWO,
    LOG_WORD,
    OTHER_REPORT,
    OWN_REPORT,
    PART,
    PATH_ONE,
    REPORT,
    SURVEY,
    TYPE,
    jws_of,
)

TAG: Final = tag_of(CLAIMS["iss"], CLAIMS["jti"])
UNLISTED: Final = "sample-report/v2"


def record_readings() -> list[Reading]:
    """Every reading about what a view says of a record."""
    parts = (_charters, _paths, _types, _groups, _disclosures)
    return [reading for part in parts for reading in part()]


def _with_charter(
    name: str,
    expected: Outcome,
    change: Callable[[dict[str, Any]], object],
    show: Show | None = None,
) -> Reading:
    """A record of founder 1 under a charter that says something else."""
    body = payload_of(STORY.submissions[CHARTER])["body"]
    change(body)
    log = log_with(CHARTER, body=body)
    view = log.view(show or STORY.show(OWN_REPORT))
    return reading(name, expected, view, anchor=anchor_text(log.jwss[CHARTER]))


def _charters() -> Iterator[Reading]:
    def another(**members: Any) -> Callable[[dict[str, Any]], object]:
        founder = {"slug": "third", "admin_keys": []} | members
        return lambda body: body["founders"].append(founder)

    broken = "charter-mismatch"
    yield _with_charter("a slug of any text", {}, another(slug="Ω :parties: x"))
    yield _with_charter("a slug that is empty", {}, another(slug=""))
    yield _with_charter("a slug that is a number", broken, another(slug=5))
    yield _with_charter("a slug twice", broken, another(slug=FIRST.slug))
    yield _with_charter("no admin keys", {}, another())
    yield _with_charter("an admin key that is none", {}, another(admin_keys=["x"]))
    yield _with_charter("an admin key that is a number", broken, another(admin_keys=[5]))
    vct = CLAIMS["vct"]
    digest = payload_of(STORY.submissions[TYPE])["body"]["sha256"]
    for name, listed, expected in rows(
        ("a type listed twice", {"vct": vct, "sha256": digest}, {}),
        ("a type listed with two digests", {"vct": vct, "sha256": "x"}, "type-mismatch"),
        ("another type listed with any digest", {"vct": "x", "sha256": "x"}, {}),
        ("a type whose digest is null", {"vct": "x", "sha256": None}, broken),
    ):
        yield _with_charter(name, expected, _listing(listed))


def _listing(item: Any) -> Callable[[dict[str, Any]], object]:
    return lambda body: body["types"].append(item)


def _paths() -> Iterator[Reading]:
    broken = "key-path-broken"
    yield reading("the charter without a path", {"defined": 0}, LOG.view(Show(CHARTER)))
    yield reading("the charter in its own path", broken, LOG.view(Show(CHARTER, [CHARTER])))
    forged = log_with(CHARTER, signer=SECOND.admin, header={"kid": FIRST.admin.kid})
    anchor = anchor_text(forged.jwss[CHARTER])
    yield reading("a charter not signed", broken, forged.view(Show(CHARTER)), anchor=anchor)
    body = payload_of(STORY.submissions[ENDORSEMENT])["body"]
    for name, members, shown, linked in rows(
        ("has any reason", {"reason": 5}, {}, {}),
        ("has another meaning", {"meaning": "reject"}, {}, broken),
        ("is of another record", {"of": "A" * 43}, broken, broken),
    ):
        log = log_with(ENDORSEMENT, body=body | members)
        yield reading(f"an endorsement shown that {name}", shown, log.view(STORY.show(ENDORSEMENT)))
        yield reading(f"an endorsement in a path that {name}", linked, log.view(SHOW))
    yield from _keys()


def _keys() -> Iterator[Reading]:
    body = payload_of(STORY.submissions[KEY_TWO])["body"]
    for name, members, expected in rows(
        ("with no uses", {"uses": []}, {}),
        ("without uses", {"uses": REMOVED}, {}),
        ("of another party", {"party": FIRST.did}, "key-path-broken"),
        ("that is none", {"multikey": "x"}, "key-path-broken"),
    ):
        kept = {key: value for key, value in (body | members).items() if value is not REMOVED}
        yield reading(f"a key {name}", expected, log_with(KEY_TWO, body=kept).view(SHOW))
    again = resign(STORY.submissions[KEY_TWO], SECOND.admin, claims={"iat": 1})
    log = LOG.with_record(PART, jws_of(again))
    for name, keys, found in rows(
        ("twice", (CHARTER, ENDORSEMENT, KEY_TWO, PART), "key-path-broken"),
        ("the second time", (CHARTER, ENDORSEMENT, PART), {"key_registered_at": PART}),
    ):
        yield reading(f"a key registered {name}", found, log.view(replace(SHOW, keys=keys)))


def _typed(definition: object, *, vct: str = UNLISTED, **members: Any) -> Document:
    """A report of a type that the charter does not list, nothing of it disclosed."""
    body = {"vct": vct, "definition": definition, "sha256": ""} | members
    if isinstance(definition, str):
        body["sha256"] = document_digest(definition)
    if definition is REMOVED:
        del body["definition"]
    log = log_with(TYPE, body=body)
    record = resign(STORY.submissions[OWN_REPORT], FIRST.signing, claims={"vct": vct})
    return log.with_record(OWN_REPORT, jws_of(record)).view(Show(OWN_REPORT, PATH_ONE, TYPE))


def _types() -> Iterator[Reading]:
    unlisted = [*LOG_WORD, "type-admitted"]
    yield reading("a type that the charter lists", {"log_word": LOG_WORD})
    yield reading(
        "a governance type", {"log_word": LOG_WORD, "defined": 1}, LOG.view(STORY.show(KEY_ONE))
    )
    yield reading("a governance type without _sd", {"defined": 0}, LOG.view(STORY.show(TYPE)))
    parts = LOG.view(STORY.show(SURVEY))
    yield reading("a type in parts", {"log_word": LOG_WORD, "defined": None}, parts)
    mismatch = "type-mismatch"
    groups: dict[str, Any] = {"lot": {}, "note": {}}
    for name, definition, expected in rows(
        ("of its vct", {"vct": UNLISTED, "groups": groups}, {"log_word": unlisted, "defined": 2}),
        ("of another vct", {"vct": CLAIMS["vct"], "groups": groups}, mismatch),
        ("without vct", {"groups": groups}, mismatch),
        ("without groups", {"vct": UNLISTED}, {"defined": 0}),
        ("whose groups are null", {"vct": UNLISTED, "groups": None}, mismatch),
        (
            "that names a closed group",
            {"vct": UNLISTED, "groups": {"manifest": {}}},
            {"defined": 1},
        ),
    ):
        yield reading(f"a definition {name}", expected, _typed(json.dumps(definition)))
    for name, value, found in rows(
        ("null", None, {"log_word": unlisted, "defined": None}),
        ("missing", REMOVED, mismatch),
        ("a number", 5, mismatch),
    ):
        yield reading(f"a definition that is {name}", found, _typed(value))
    for name, signer in rows(
        ("a key not registered", FIRST.next_admin),
        ("a member of no role", SECOND.admin),
    ):
        header = {"kid": signer.kid}
        log = log_with(TYPE, signer=signer, header=header, iss=signer.did)
        yield reading(f"a record type by {name}", {"log_word": LOG_WORD}, log.view(SHOW))
    forged = log_with(TYPE, signer=SECOND.signing, header={"kid": FIRST.signing.kid})
    yield reading("a record type not signed", {"log_word": LOG_WORD}, forged.view(SHOW))


def _opened(index: int, *groups: tuple[str, Any]) -> Document:
    """A record that commits to these groups and shows them all."""
    claims = payload_of(STORY.submissions[index])
    tag = tag_of(claims["iss"], claims["jti"])
    texts = [encode_disclosure("A" * 22 + tag, group, value) for group, value in groups]
    log = (
        log_with(index, _sd=sorted(digest_of(text) for text in texts)) if index in SIGNERS else LOG
    )
    return log.view(replace(STORY.show(index), disclosures=texts))


def _groups() -> Iterator[Reading]:
    holder = {"groups": {"holder": "public"}}
    for name, groups, expected in rows(
        ("its holder", [("holder", {})], {"shown": ["holder"], "defined": 1}),
        ("a manifest of its holder", [("manifest", holder)], {"shown": []}),
        ("another manifest", [("manifest", {"groups": {}})], "type-mismatch"),
        ("another group", [("lot", {})], "type-mismatch"),
    ):
        yield reading(f"a key that shows {name}", expected, _opened(KEY_TWO, *groups))
    for name, groups, expected in rows(
        ("a group of its type", [("lot", 1)], {"shown": ["lot"]}),
        ("a group that its type does not define", [("pieces", 1)], "type-mismatch"),
        ("closed groups of any form", [("address", 1), ("filing", None)], {"shown": []}),
        ("a manifest that is a text", [("manifest", "groups")], "type-mismatch"),
    ):
        yield reading(f"a report that shows {name}", expected, _opened(REPORT, *groups))
    unknown = _unknown_type([("pieces", 1), ("address", 1), ("manifest", {"groups": {}})])
    yield reading("a group of a type in parts", {"shown": ["pieces"], "defined": None}, unknown)
    yield reading("a closed group that is defined", {"shown": ["manifest"]}, _closed_and_defined())


def _unknown_type(groups: list[tuple[str, Any]]) -> Document:
    claims = payload_of(STORY.submissions[SURVEY])
    tag = tag_of(claims["iss"], claims["jti"])
    texts = [encode_disclosure("A" * 22 + tag, group, value) for group, value in groups]
    digests = sorted(digest_of(text) for text in texts)
    record = resign(STORY.submissions[SURVEY], SECOND.signing, claims={"_sd": digests})
    log = LOG.with_record(SURVEY, jws_of(record))
    return log.view(replace(STORY.show(SURVEY), disclosures=texts))


def _closed_and_defined() -> Document:
    text = json.dumps({"vct": UNLISTED, "groups": {"manifest": {}}})
    body = {"vct": UNLISTED, "definition": text, "sha256": document_digest(text)}
    claims = payload_of(STORY.submissions[OWN_REPORT])
    salt = "A" * 22 + tag_of(claims["iss"], claims["jti"])
    shown = encode_disclosure(salt, "manifest", {"groups": {"manifest": "public"}})
    members = {"vct": UNLISTED, "_sd": [digest_of(shown)]}
    record = resign(STORY.submissions[OWN_REPORT], FIRST.signing, claims=members)
    log = log_with(TYPE, body=body).with_record(OWN_REPORT, jws_of(record))
    return log.view(Show(OWN_REPORT, PATH_ONE, TYPE, [shown]))


def _disclosures() -> Iterator[Reading]:
    foreign = STORY.show(OTHER_REPORT).disclosures[0]
    malformed = "disclosure-malformed"
    for name, texts, code in rows(
        ("64 of which the first is another's", [foreign] * 64, "disclosure-not-of-this-record"),
        ("65 of which the first is another's", [foreign] * 65, malformed),
        ("a salt of 37 characters", [_disclosure("A" * 21 + TAG)], malformed),
        ("a salt of 39 characters", [_disclosure("A" * 23 + TAG)], malformed),
        ("a salt with a dot", [_disclosure("." + "A" * 21 + TAG)], malformed),
        ("a salt with another tag", [_disclosure("A" * 38)], "disclosure-not-of-this-record"),
        ("a salt that was not signed", [_disclosure("A" * 22 + TAG)], "disclosure-unused"),
    ):
        yield reading(f"disclosures: {name}", code, in_record(disclosures=texts))


def _disclosure(salt: str) -> str:
    return encode_base64url(json.dumps([salt, "lot", 1]).encode())
