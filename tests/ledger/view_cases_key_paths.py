"""Cases that the key path of a record decides (rows D1 to D7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from keys.encoding import decode_base64url, encode_base64url
from ledger.record import encode_record_id
from tests.keys import slow_ed25519
from tests.ledger.parties import (
    PartySigner,
    a_party,
    payload_of,
    record_id_of,
    resign,
)
from tests.ledger.sample_types import REMOVED
from tests.ledger.view_cases_documents import IDENTITY
from tests.ledger.view_cases_entries import REPORT_TEXT, in_log
from tests.ledger.view_edits import LOG, SHOW, SINGLE, STORY, edited, flipped, put, refused
from tests.ledger.view_log import ForgedLog, Show, anchor_text
from tests.ledger.view_multikeys import multikey_of, sealing_multikey
from tests.ledger.view_story import (
    CHARTER,
    ENDORSEMENT,
    KEY_ONE,
    KEY_TWO,
    OTHER_REPORT,
    OWN_REPORT,
    PATH_ONE,
    PATH_TWO,
    REPORT,
    SURVEY_TYPE,
    TYPE,
    jws_of,
)
from tests.ledger.view_vectors import ViewCase

FIRST, SECOND = STORY.first, STORY.second
CHARTER_BODY: Final = payload_of(STORY.charter)["body"]
OWN: Final[Show] = STORY.show(OWN_REPORT)
STRANGER: Final = a_party("stranger-works")
BROKEN: Final = "key-path-broken"
MISMATCH: Final = "charter-mismatch"


def key_path_cases() -> Iterator[ViewCase]:
    """All cases of rows D1 to D7."""
    yield from _charters()
    yield from _charter_bodies()
    yield from _charter_signers()
    yield from _endorsements()
    yield from _keys()
    yield from _orders()
    yield from _issuers()
    yield from _kids()
    yield from _signatures()


def _shown(index: int, keys: tuple[int, ...], log: ForgedLog = LOG) -> Any:
    return log.view(replace(STORY.show(index), keys=keys))


def _charters() -> Iterator[ViewCase]:
    other = encode_record_id(bytes(32))
    anchor = anchor_text(STORY.charter).replace(record_id_of(STORY.charter), other)
    yield refused("D1", "the anchor names another charter", MISMATCH, anchor=anchor)
    none = edited(SINGLE, put("records", 0, "keys", to=[]))
    yield refused("D1", "a report has no key path", MISMATCH, none)
    first = edited(SINGLE, put("records", 0, "keys", to=[1, 2]))
    yield refused("D1", "the key path begins with the endorsement", MISMATCH, first)
    key = _shown(KEY_TWO, ())
    yield refused("D1", "a key has no key path", MISMATCH, key)
    named = anchor_text(STORY.submissions[ENDORSEMENT])
    yield refused("D1", "the anchor names an endorsement", MISMATCH, anchor=named)
    alone = LOG.view(Show(ENDORSEMENT))
    yield refused("D1", "the anchor's charter is an endorsement", MISMATCH, alone, anchor=named)
    moved = ForgedLog((LOG.jwss[ENDORSEMENT], LOG.jwss[CHARTER]))
    later = moved.view(Show(1))
    yield refused("D1", "the charter is entry 1", MISMATCH, later)


def _charter(signer: PartySigner | None = None, **members: Any) -> str:
    """The charter signed again, with other members and without what no verifier reads."""
    small = {"governance_types": REMOVED, "quorum": REMOVED, "limits": REMOVED}
    whole = CHARTER_BODY | small | members
    body = {name: value for name, value in whole.items() if value is not REMOVED}
    by = signer or FIRST.admin
    return resign(STORY.charter, by, claims={"body": body, "iss": by.did})


def _under(charter: str, rule: str, name: str, code: str) -> ViewCase:
    """A case of founder 1's report in a log that begins with this charter."""
    view = LOG.with_record(CHARTER, jws_of(charter)).view(OWN)
    return refused(rule, name, code, view, anchor=anchor_text(charter))


def _founder(number: int, **members: Any) -> list[Any]:
    founders = [dict(founder) for founder in CHARTER_BODY["founders"]]
    changed = founders[number] | members
    founders[number] = {name: value for name, value in changed.items() if value is not REMOVED}
    return founders


def _charter_bodies() -> Iterator[ViewCase]:
    listed: list[Mapping[str, Any]] = CHARTER_BODY["types"]
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("is of another origin", {"origin": "other.example"}),
        ("has no origin", {"origin": REMOVED}),
        ("has no founders", {"founders": REMOVED}),
        ("has an empty list of founders", {"founders": []}),
        ("has founders in an object", {"founders": {"0": CHARTER_BODY["founders"][0]}}),
        ("has a founder that is a string", {"founders": [*CHARTER_BODY["founders"], "x"]}),
        ("has a founder without a slug", {"founders": _founder(1, slug=REMOVED)}),
        ("has a founder whose slug is a number", {"founders": _founder(1, slug=1)}),
        ("has a slug twice", {"founders": _founder(1, slug=FIRST.slug)}),
        ("has a founder without admin keys", {"founders": _founder(1, admin_keys=REMOVED)}),
        ("has admin keys that are a string", {"founders": _founder(1, admin_keys="zz")}),
        ("has admin keys in an object", {"founders": _founder(1, admin_keys={"zz": 1})}),
        ("has an admin key that is null", {"founders": _founder(1, admin_keys=[None])}),
        ("has no types", {"types": REMOVED}),
        ("has types in an object", {"types": {}}),
        ("has types that are a string", {"types": ""}),
        ("has a type without a digest", {"types": [{"vct": "x-y/v1"}, *listed]}),
        ("has a type whose vct is a number", {"types": [{"vct": 1, "sha256": "x"}, *listed]}),
        ("has a type that is an array", {"types": [["vct", "sha256"], *listed]}),
    ]
    for name, members in bodies:
        yield _under(_charter(**members), "D1", f"the charter {name}", MISMATCH)
    twice = _charter(types=[*listed, {**listed[0], "sha256": "A" * 43}])
    yield _under(twice, "D8", "the charter lists two digests of the type", "type-mismatch")


def _charter_signers() -> Iterator[ViewCase]:
    for name, signer in [
        ("a stranger's key under founder 1's name", FIRST.another_key("stranger")),
        ("founder 1's signing key", FIRST.signing),
        ("founder 2's admin key", SECOND.admin),
        ("a party that is no founder", STRANGER.admin),
    ]:
        yield _under(_charter(signer), "D2", f"the charter is signed by {name}", BROKEN)
    tampered = flipped(jws_of(_charter()), -20) + "~"
    yield _under(tampered, "D2", "the charter's signature is bad", BROKEN)
    forged = _charter(replace(FIRST.admin, key=STRANGER.admin.key))
    header = jws_of(_charter()).split(".")[0]
    _, payload, signature = jws_of(forged).split(".")
    mixed = f"{header}.{payload}.{signature}~"
    yield _under(mixed, "D2", "the charter's key is forged", BROKEN)


def _link(index: int, signer: PartySigner, **body: Any) -> Any:
    """A view of the report in a log where one link of its path is signed again."""
    text = STORY.submissions[index]
    members = payload_of(text)["body"] | body
    whole = {name: value for name, value in members.items() if value is not REMOVED}
    forged = resign(text, signer, claims={"body": whole, "iss": signer.did, "iat": 1})
    return LOG.with_record(index, jws_of(forged)).view(SHOW)


def _endorsements() -> Iterator[ViewCase]:
    other = encode_record_id(bytes(32))
    stranger = SECOND.another_key("stranger")
    for name, view in [
        ("is of another charter", _link(ENDORSEMENT, SECOND.admin, of=other)),
        ("names no charter", _link(ENDORSEMENT, SECOND.admin, of=REMOVED)),
        ("is a rejection", _link(ENDORSEMENT, SECOND.admin, meaning="reject")),
        ("has no meaning", _link(ENDORSEMENT, SECOND.admin, meaning=REMOVED)),
        ("is by a signing key", _link(ENDORSEMENT, SECOND.signing)),
        ("is by a stranger's key", _link(ENDORSEMENT, stranger)),
        ("is by a party that is no founder", _link(ENDORSEMENT, STRANGER.admin)),
        ("has a bad signature", _tampered(ENDORSEMENT)),
    ]:
        yield refused("D3", f"the endorsement {name}", BROKEN, view)


def _tampered(index: int) -> Any:
    return LOG.with_record(index, flipped(LOG.jwss[index], -20)).view(SHOW)


def _keys() -> Iterator[ViewCase]:
    stranger = SECOND.another_key("stranger")
    for name, view in [
        ("is of another party", _link(KEY_TWO, SECOND.admin, party=FIRST.did)),
        ("is another party's for this one", _link(KEY_TWO, FIRST.admin)),
        ("names no party", _link(KEY_TWO, SECOND.admin, party=REMOVED)),
        ("is by a signing key", _link(KEY_TWO, SECOND.signing)),
        ("is by a stranger's key", _link(KEY_TWO, stranger)),
        ("is by a party that is no founder", _link(KEY_TWO, STRANGER.admin)),
        ("has a bad signature", _tampered(KEY_TWO)),
        ("has no multikey", _link(KEY_TWO, SECOND.admin, multikey=REMOVED)),
        ("has a multikey that is a number", _link(KEY_TWO, SECOND.admin, multikey=1)),
        ("has a key to seal with", _link(KEY_TWO, SECOND.admin, multikey=sealing_multikey())),
        ("has a key of small order", _link(KEY_TWO, SECOND.admin, multikey=multikey_of(IDENTITY))),
    ]:
        yield refused("D3", f"the key {name}", BROKEN, view)
    paths = [("a type", (*PATH_TWO, TYPE)), ("a report", (*PATH_TWO, REPORT))]
    for name, keys in paths:
        yield refused("D3", f"{name} is in the key path", BROKEN, _shown(OTHER_REPORT, keys))
    again = jws_of(resign(STORY.charter, FIRST.admin, claims={"iat": 1}))
    second_charter = _shown(REPORT, (*PATH_TWO, SURVEY_TYPE), LOG.with_record(SURVEY_TYPE, again))
    yield refused("D3", "a second charter is in the key path", BROKEN, second_charter)


def _orders() -> Iterator[ViewCase]:
    late = (*LOG.jwss[:KEY_TWO], *LOG.jwss[KEY_TWO + 1 :], LOG.jwss[KEY_TWO])
    moved = ForgedLog(late)
    last = len(late) - 1
    view = moved.view(Show(REPORT - 1, (CHARTER, ENDORSEMENT, last), TYPE - 1, SHOW.disclosures))
    yield refused("D4", "the key was registered after the report", BROKEN, view)
    yield refused("D4", "the charter is in its own key path", BROKEN, _shown(CHARTER, (CHARTER,)))
    own = _shown(KEY_TWO, PATH_TWO)
    yield refused("D4", "a key is in its own key path", BROKEN, own)
    ended = _shown(ENDORSEMENT, (CHARTER, ENDORSEMENT))
    yield refused("D4", "an endorsement is in its own key path", BROKEN, ended)
    surplus = _shown(KEY_ONE, (CHARTER, KEY_TWO))
    yield refused("D4", "a later key that is not needed is in the path", BROKEN, surplus)


def _issuers() -> Iterator[ViewCase]:
    theirs = jws_of(resign(REPORT_TEXT, STRANGER.signing, claims={"iss": STRANGER.did}))
    yield refused("D5", "the issuer is no founder", BROKEN, in_log(theirs))
    without = edited(SINGLE, put("records", 0, "keys", to=[0, 2]))
    yield refused("D5", "the issuer's endorsement is missing", BROKEN, without)
    key = _shown(KEY_TWO, (CHARTER,))
    yield refused("D5", "the endorsement of a key's issuer is missing", BROKEN, key)
    other = encode_record_id(bytes(32))
    body = payload_of(STORY.submissions[ENDORSEMENT])["body"] | {"of": other}
    elsewhere = resign(STORY.submissions[ENDORSEMENT], SECOND.admin, claims={"body": body})
    log = LOG.with_record(ENDORSEMENT, jws_of(elsewhere))
    yield refused(
        "D5", "an endorsement is of another charter", BROKEN, _shown(ENDORSEMENT, (0,), log)
    )


def _kids() -> Iterator[ViewCase]:
    code = "key-not-registered"
    stranger = SECOND.another_key("stranger")
    forged = resign(REPORT_TEXT, stranger)
    yield refused("D6", "the report is signed by a stranger", code, in_log(jws_of(forged)))
    admin = resign(REPORT_TEXT, SECOND.admin)
    yield refused("D6", "the report is signed by an admin key", code, in_log(jws_of(admin)))
    without = edited(SINGLE, put("records", 0, "keys", to=[0, 1]))
    yield refused("D6", "the key is not in the path", code, without)
    borrowed = PartySigner(SECOND.did, FIRST.signing.key)
    theirs = LOG.with_record(REPORT, jws_of(resign(REPORT_TEXT, borrowed)))
    keys = (CHARTER, ENDORSEMENT, KEY_ONE, KEY_TWO)
    yield refused(
        "D6", "the key is registered for another party", code, _shown(REPORT, keys, theirs)
    )
    for name, index, path in [
        ("a key is registered by a signing key", KEY_TWO, (CHARTER, ENDORSEMENT)),
        ("an endorsement is signed by a signing key", ENDORSEMENT, (CHARTER,)),
    ]:
        text = resign(STORY.submissions[index], SECOND.signing)
        log = LOG.with_record(index, jws_of(text))
        yield refused("D6", name, code, _shown(index, path, log))
    again = resign(STORY.charter, FIRST.signing, claims={"iat": 1})
    log = LOG.with_record(SURVEY_TYPE, jws_of(again))
    yield refused(
        "D6",
        "a second charter is signed by a signing key",
        code,
        log.view(Show(SURVEY_TYPE, PATH_ONE)),
    )
    kind = LOG.with_record(TYPE, jws_of(resign(STORY.submissions[TYPE], FIRST.admin)))
    yield refused("D6", "a type is signed by an admin key", code, _shown(TYPE, PATH_ONE, kind))


def _signatures() -> Iterator[ViewCase]:
    jws = jws_of(REPORT_TEXT)
    head, payload, signature = jws.split(".")
    r, s = decode_base64url(signature)[:32], decode_base64url(signature)[32:]
    higher = (int.from_bytes(s, "little") + slow_ed25519.L).to_bytes(32, "little")
    forged = resign(REPORT_TEXT, SECOND.another_key("stranger")).split(".")[2].split("~")[0]
    other = jws_of(STORY.submissions[OTHER_REPORT])
    for name, signed in [
        ("the signature is changed", flipped(jws, -20)),
        ("the payload is changed", _replaced(jws, '"iat":18', '"iat":17')),
        ("the signature is a stranger's", f"{head}.{payload}.{forged}"),
        ("the signature is another record's", f"{head}.{payload}.{other.split('.')[2]}"),
        ("the signature is zero", f"{head}.{payload}.{'A' * 86}"),
        ("S is not reduced", f"{head}.{payload}.{encode_base64url(r + higher)}"),
        ("R has small order", f"{head}.{payload}.{encode_base64url(IDENTITY + s)}"),
    ]:
        yield refused("D7", name, "bad-signature", in_log(signed))
    for name, index, path in [
        ("an endorsement's signature is changed", ENDORSEMENT, (CHARTER,)),
        ("a key's signature is changed", KEY_TWO, (CHARTER, ENDORSEMENT)),
        ("a type's signature is changed", TYPE, PATH_ONE),
    ]:
        log = LOG.with_record(index, flipped(LOG.jwss[index], -20))
        yield refused("D7", name, "bad-signature", _shown(index, path, log))


def _replaced(jws: str, old: str, new: str) -> str:
    head, payload, signature = jws.split(".")
    text = decode_base64url(payload).decode()
    assert old in text
    return f"{head}.{encode_base64url(text.replace(old, new).encode())}.{signature}"
