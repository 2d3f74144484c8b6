"""Forged links: an entry signed again with other members, in a log whose tree is right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tests.ledger.parties import PartySigner, payload_of, record_id_of, resign
from tests.ledger.sample_types import REMOVED
from tests.ledger.view_edits import flipped
from tests.ledger.view_honest_members import shown_as
from tests.ledger.view_log import Show
from tests.ledger.view_members import (
    FIRST,
    KESTREL,
    LINDEN,
    OAK,
    SECOND,
    SECOND_RECOVERED,
    at,
    member_log,
    member_texts,
    places,
)
from tests.ledger.view_story import (
    jws_of,
    kid_of,
)

BROKEN: Final = "key-path-broken"
UNKNOWN: Final = "key-not-registered"

LATER: Final = shown_as("a report of a party admitted later")
TWICE: Final = shown_as("a report of a party whose proposer was admitted later")
TURNED: Final = shown_as("a report under a key of the rotated admin key")
ADDED: Final = shown_as("a report under a key of the added admin key")
RESTORED: Final = shown_as("a report of a recovered party")
DISPUTED: Final = shown_as("a report contested and re-affirmed")
LEFT: Final = shown_as("a report signed before its key was ended")


def without(shown: Show, *names: str | int) -> Any:
    """A view in which the evidence lacks these entries."""
    gone = places(*names)
    keys = [index for index in shown.keys if index not in gone]
    after = [index for index in shown.after if index not in gone]
    return member_log().view(replace(shown, keys=keys, after=after))


def forged(
    shown: Show,
    name: str,
    signer: PartySigner,
    *,
    content: dict[str, Any] | None = None,
    **body: Any,
) -> Any:
    """A view in a log where one entry is signed again, with other members."""
    text = member_texts()[at(name)]
    members = payload_of(text)["body"] | body
    if content is not None:
        members["content"] = _kept(members["content"] | content)
    claims = {"body": _kept(members), "iss": signer.did}
    jws = jws_of(resign(text, signer, claims=claims))
    return relinked(name, jws).view(shown)


def relinked(name: str, jws: str) -> Any:
    """The log with another entry of this name; those that name its record id name the new one."""
    log, old = member_log(), record_id_of(member_texts()[at(name)])
    log = log.with_record(at(name), jws)
    for index in range(at(name) + 1, len(log.jwss)):
        text = member_texts()[index]
        claims = payload_of(text)
        body = claims.get("body", {})
        if body.get("of") == old:
            named = body | {"of": record_id_of(jws)}
            again = resign(text, signer_of(text), claims={"body": named})
            log = log.with_record(index, jws_of(again))
    return log


def signer_of(text: str) -> PartySigner:
    """The key that signed a submission of the log."""
    kid = kid_of(jws_of(text))
    keys = [FIRST.admin, SECOND.admin, KESTREL.admin, LINDEN.admin, OAK.admin, SECOND_RECOVERED]
    return next(key for key in keys if key.kid == kid)


def _kept(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not REMOVED}


def tampered(shown: Show, name: str) -> Any:
    """A view in a log where the signature of one entry is changed."""
    log = member_log()
    return log.with_record(at(name), flipped(log.jwss[at(name)], -20)).view(shown)


def instead(shown: Show, name: str, text: str, signer: PartySigner, **body: Any) -> Any:
    """A view in a log where another submission, signed again, stands at a name."""
    claims: dict[str, Any] = {"iss": signer.did, "iat": 1}
    if body:
        claims["body"] = payload_of(text)["body"] | body
    log = member_log().with_record(at(name), jws_of(resign(text, signer, claims=claims)))
    return log.view(shown)


def text_of(name: str) -> str:
    """The submission of that name."""
    return member_texts()[at(name)]


def with_content(shown: Show, name: str, content: Any) -> Any:
    """A view in a log where a proposal has another content."""
    body = payload_of(text_of(name))["body"] | {"content": content}
    jws = jws_of(resign(text_of(name), signer_of(text_of(name)), claims={"body": body}))
    return relinked(name, jws).view(shown)


def forged_report(shown: Show, name: str, signer: PartySigner) -> Any:
    """A view in a log where another key signed a report."""
    text = text_of(name)
    return member_log().with_record(at(name), jws_of(resign(text, signer))).view(shown)
