"""Cases of parties and keys that come later and of their proposals, forged (rows D3 to D6).

A forged entry is signed by whoever it says, and stands in a log whose
tree is right, so that nothing but the key path can refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.ledger.parties import payload_of, record_id_of, resign
from tests.ledger.sample_types import REMOVED
from tests.ledger.view_edits import STORY, refused
from tests.ledger.view_forgeries import (
    ADDED,
    BROKEN,
    LATER,
    RESTORED,
    TURNED,
    TWICE,
    UNKNOWN,
    forged,
    instead,
    tampered,
    text_of,
    with_content,
    without,
)
from tests.ledger.view_members import (
    FIRST,
    KESTREL,
    KESTREL_ADDED,
    KESTREL_JOINED,
    LINDEN,
    OAK,
    SECOND,
    at,
    member_log,
    places,
)
from tests.ledger.view_multikeys import sealing_multikey
from tests.ledger.view_story import (
    ENDORSEMENT,
    jws_of,
)
from tests.ledger.view_vectors import ViewCase


def member_cases() -> Iterator[ViewCase]:
    """All cases of the admission and recovery of parties that end with a code."""
    yield from _missing_links()
    yield from _proposals()
    yield from _approvals()
    yield from _consents()


def _missing_links() -> Iterator[ViewCase]:
    for rule, name, code, view in [
        ("D3", "the party did not accept", BROKEN, without(LATER, "kestrel-accepts")),
        ("D3", "the proposal is missing", BROKEN, without(LATER, "kestrel-proposed")),
        ("D3", "an approver is not in standing", BROKEN, without(LATER, ENDORSEMENT)),
        ("D3", "the proposer is not in standing", BROKEN, without(TWICE, "kestrel-accepts")),
        ("D3", "the rotation is missing", BROKEN, without(TURNED, "second-rotates")),
        ("D3", "the addition is missing", BROKEN, without(ADDED, "kestrel-adds")),
        ("D3", "the recovered party did not accept", BROKEN, without(RESTORED, "second-accepts")),
        ("D3", "the party to recover is not in standing", BROKEN, without(RESTORED, ENDORSEMENT)),
        ("D6", "the new party's key is missing", UNKNOWN, without(LATER, "kestrel-key")),
        (
            "D5",
            "the new party's admission is pending",
            BROKEN,
            without(LATER, "kestrel-accepts", "kestrel-key"),
        ),
        ("D5", "nothing speaks for the new party", BROKEN, without(LATER, *LATER.keys[1:])),
    ]:
        yield refused(rule, name, code, view)


def _proposals() -> Iterator[ViewCase]:
    name, by = "kestrel-proposed", FIRST.admin
    key = KESTREL.admin.multikey
    contents: list[tuple[str, dict[str, Any]]] = [
        ("slug is a number", {"slug": 1}),
        ("slug is missing", {"slug": REMOVED}),
        ("slug is no slug", {"slug": "Kestrel"}),
        ("slug is another party's", {"slug": OAK.slug}),
        ("slug is a founder's", {"slug": SECOND.slug}),
        ("admin keys are missing", {"admin_keys": REMOVED}),
        ("admin keys are a string", {"admin_keys": key}),
        ("admin keys are none", {"admin_keys": []}),
        ("admin keys are five", {"admin_keys": [key] * 5}),
        ("admin keys hold a number", {"admin_keys": [key, 1]}),
        ("admin keys hold one that is none", {"admin_keys": [key, "zz"]}),
        ("admin keys hold one to seal with", {"admin_keys": [key, sealing_multikey()]}),
        ("next key is missing", {"next_key": REMOVED}),
        ("next key is null", {"next_key": None}),
    ]
    for told_as, content in contents:
        view = forged(LATER, name, by, content=content)
        yield refused("D3", f"the proposal's {told_as}", BROKEN, view)
    for told_as, view in [
        ("act is to remove", forged(LATER, name, by, act="remove")),
        ("act is missing", forged(LATER, name, by, act=REMOVED)),
        ("act is to recover one without standing", forged(LATER, name, by, act="recover")),
        ("content is null", with_content(LATER, name, None)),
        ("content is an array", with_content(LATER, name, [])),
        ("signer is a signing key", forged(LATER, name, FIRST.signing)),
        ("signer is unknown", forged(LATER, name, FIRST.another_key("stranger"))),
        ("signer is the party itself", forged(LATER, name, KESTREL.admin)),
        ("signature is bad", tampered(LATER, name)),
    ]:
        yield refused("D3", f"the proposal's {told_as}", BROKEN, view)
    recoveries: list[tuple[str, dict[str, Any]]] = [
        ("party is missing", {"party": REMOVED}),
        ("party is not in standing", {"party": LINDEN.did}),
        ("party is of another log", {"party": SECOND.did.replace("example", "example.org")}),
        ("party is another one", {"party": KESTREL.did}),
        ("keys were in force before", {"admin_keys": [SECOND.admin.multikey]}),
    ]
    for told_as, content in recoveries:
        view = forged(RESTORED, "second-lost", by, content=content)
        yield refused("D3", f"the recovery's {told_as}", BROKEN, view)
    again = member_log().with_record(at("kestrel-approved"), member_log().jwss[at(name)])
    yield refused("D3", "a proposal stands twice in the path", BROKEN, again.view(LATER))


def _approvals() -> Iterator[ViewCase]:
    name, by = "kestrel-approved", SECOND.admin
    for told_as, view in [
        ("is a rejection", forged(LATER, name, by, meaning="reject")),
        ("has no meaning", forged(LATER, name, by, meaning=REMOVED)),
        ("is of no proposal in the path", forged(LATER, name, by, of="A" * 43)),
        ("names nothing", forged(LATER, name, by, of=REMOVED)),
        ("names an object", forged(LATER, name, by, of={})),
        ("is by a signing key", forged(LATER, name, SECOND.signing)),
        ("is by an unknown key", forged(LATER, name, SECOND.another_key("stranger"))),
        ("is by the party that it admits", forged(LATER, name, KESTREL.admin)),
        ("is by a party without standing", forged(LATER, name, OAK.admin)),
        ("is by the party that it recovers", forged(RESTORED, "second-approved", by)),
        ("has a bad signature", tampered(LATER, name)),
    ]:
        yield refused("D3", f"the approval {told_as}", BROKEN, view)


def _consents() -> Iterator[ViewCase]:
    name, by = "kestrel-accepts", KESTREL.admin
    for told_as, view in [
        ("is another party's", forged(LATER, name, FIRST.admin)),
        ("is by a key that was not proposed", forged(LATER, name, KESTREL.next_admin)),
        ("is by a signing key", forged(LATER, name, KESTREL.signing)),
        ("is an approval", forged(LATER, name, by, meaning="approve")),
        ("is of no proposal in the path", forged(LATER, name, by, of="A" * 43)),
        ("is of the charter", forged(LATER, name, by, of=record_id_of(STORY.charter))),
        ("has a bad signature", tampered(LATER, name)),
    ]:
        yield refused("D3", f"the consent {told_as}", BROKEN, view)
    twice = replace(TWICE, keys=places(*TWICE.keys, "kestrel-report"))
    text = text_of("kestrel-accepts")
    view = instead(twice, "kestrel-report", text, by)
    yield refused("D3", "the consent is given twice", BROKEN, view)
    content = payload_of(text_of("kestrel-proposed"))["body"]["content"] | {
        "admin_keys": [KESTREL_ADDED.multikey]
    }
    yield refused("D3", "a party is admitted twice", BROKEN, _admitted_twice(content))


def _admitted_twice(content: dict[str, Any]) -> Any:
    """Two proposals to admit the party were pending, and it consents to both."""
    proposed = text_of("kestrel-proposed")
    body = payload_of(proposed)["body"] | {"content": content}
    second = jws_of(resign(proposed, FIRST.admin, claims={"body": body}))
    of = {"of": record_id_of(second)}
    consent = payload_of(text_of("kestrel-accepts"))["body"] | of
    accepted_second = resign(text_of("kestrel-accepts"), KESTREL_ADDED, claims={"body": consent})
    log = member_log().with_record(at("kestrel-approved"), second)
    log = log.with_record(at("kestrel-report"), jws_of(accepted_second))
    return log.view(replace(TWICE, keys=places(*KESTREL_JOINED, "kestrel-report")))
