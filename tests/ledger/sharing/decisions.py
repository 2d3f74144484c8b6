"""A decision and a refusal of the sample log, and what signs and verifies them."""

from __future__ import annotations

from functools import cache
from typing import Final

from keys.encoding import encode_base64url
from ledger.anchor import Anchor, encode_anchor, parse_anchor
from ledger.faults import Fault, Refusal
from ledger.sharing.decision import Decision, GroupDecision
from ledger.sharing.members import Submitted, submission_digest
from ledger.sharing.signed import sign_decision, sign_refusal
from tests.ledger.parties import NOW_MS, ORIGIN, a_log_signer
from tests.ledger.view_log import policy_text


def an_id(label: str) -> str:
    """A record id that the label alone decides."""
    return encode_base64url(label.encode().ljust(32, b"."))


READER: Final = "did:web:log.example%3A8443:eu:parties:borg"
DECISION: Final = Decision(
    record_id=an_id("record"),
    reader=READER,
    at_ms=NOW_MS,
    size=41,
    policy=an_id("charter"),
    groups=(
        GroupDecision("address", "partner", True, "partner", an_id("relation"), ()),
        GroupDecision("filing", "filing", False, "none", None, ()),
        GroupDecision("lot", "partner", True, "partner", an_id("relation"), ()),
        GroupDecision("manifest", "consortium", True, "consortium", None, ()),
        GroupDecision("recipe", "sealed", False, "none", None, ("sealing-key",)),
        GroupDecision("values", "restricted", False, "none", None, ("grant",)),
    ),
)
REFUSAL: Final = Refusal("invalid-claims", "1 fault", (Fault("/lot/pieces", "an integer", "'x'"),))
SUBMITTED: Final = Submitted(an_id("refused"), submission_digest(b"{}"), NOW_MS, 41)


@cache
def an_anchor(origin: str = ORIGIN) -> Anchor:
    """The anchor of the sample log, or of another one that the same keys sign."""
    policy = policy_text("none")
    return parse_anchor(encode_anchor(origin, policy, an_id("charter")).encode())


def a_signed_decision(decision: Decision = DECISION, *, origin: str = ORIGIN) -> str:
    """The decision as the sample log signs it."""
    return sign_decision(decision, origin=origin, signer=a_log_signer())


def a_signed_refusal(refusal: Refusal = REFUSAL, *, origin: str = ORIGIN) -> str:
    """The refusal as the sample log signs it."""
    return sign_refusal(refusal, SUBMITTED, origin=origin, signer=a_log_signer())
