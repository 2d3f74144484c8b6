"""The trust anchor: what a verifier holds before it is sent anything (docs/spec/view.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from keys.errors import KeysError
from keys.identifiers import parse_origin
from ledger import limits
from ledger.errors import LedgerError, MalformedAnchor
from ledger.record import is_digest
from ledger.strict_json import parse_json
from ledger.trust_policy import TrustPolicy
from ledger.trust_policy_file import parse_trust_policy

FORMAT: Final = "lotmark.anchor/v1"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The log's origin, the keys and quorum that its checkpoints must satisfy, its charter."""

    origin: str
    policy: TrustPolicy
    charter: str


def encode_anchor(origin: str, policy_text: str, charter: str) -> str:
    """The text of an anchor file."""
    members = {"format": FORMAT, "origin": origin, "policy": policy_text, "charter": charter}
    return json.dumps(members, indent=1) + "\n"


def parse_anchor(data: bytes) -> Anchor:
    """Read an anchor file.

    Raises:
        MalformedAnchor: another form, or a key that is no valid point.
    """
    try:
        members = parse_json(data, bytes_max=limits.ANCHOR_BYTES_MAX)
        if not isinstance(members, dict):
            raise MalformedAnchor("expected a JSON object")
        if members.keys() != {"format", "origin", "policy", "charter"}:
            raise MalformedAnchor(f"expected format, origin, policy, charter; found {[*members]}")
        if members["format"] != FORMAT or not is_digest(members["charter"]):
            raise MalformedAnchor(f"expected format {FORMAT!r} and a charter's record id")
        origin, policy = members["origin"], members["policy"]
        if not isinstance(origin, str) or not isinstance(policy, str):
            raise MalformedAnchor("expected origin and policy as text")
        return Anchor(
            str(parse_origin(origin)), parse_trust_policy(policy), str(members["charter"])
        )
    except MalformedAnchor:
        raise
    except (KeysError, LedgerError) as fault:
        raise MalformedAnchor(str(fault)) from fault
