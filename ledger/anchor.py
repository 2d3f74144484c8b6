"""The trust anchor: what a verifier holds before it is sent anything (docs/spec/view.md)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Final

from keys.errors import KeysError
from keys.identifiers import parse_origin
from ledger import limits
from ledger.errors import LedgerError, MalformedAnchor
from ledger.record import is_digest
from ledger.strict_json import JsonObject, describe, parse_json
from ledger.trust_policy import TrustPolicy, encode_trust_policy
from ledger.trust_policy_file import parse_trust_policy

FORMAT: Final = "lotmark.anchor/v1"
FINGERPRINT_FORMAT: Final = "lotmark.anchor-words/v1"
FINGERPRINT_BYTES: Final = 16


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


def fingerprint(anchor: Anchor) -> bytes:
    """The 16 bytes that two people compare, as words (docs/spec/governance.md, section 7).

    They cover what a verifier trusts: neither comments and layout of the policy nor the
    addresses at which witnesses are asked.
    """
    policy = replace(
        anchor.policy,
        logs=tuple(replace(log, url=None) for log in anchor.policy.logs),
        witnesses=tuple(replace(witness, url=None) for witness in anchor.policy.witnesses),
    )
    lines = [FINGERPRINT_FORMAT, anchor.origin, anchor.charter, encode_trust_policy(policy)]
    return hashlib.sha256("\n".join(lines).encode()).digest()[:FINGERPRINT_BYTES]


def parse_anchor(data: bytes) -> Anchor:
    """Read an anchor file.

    Raises:
        MalformedAnchor: another form, or a key that is no valid point.
    """
    try:
        members = parse_json(data, bytes_max=limits.ANCHOR_BYTES_MAX)
        if not isinstance(members, dict):
            raise MalformedAnchor(f"expected a JSON object, found {describe(members)}")
        if members.keys() != {"format", "origin", "policy", "charter"}:
            found = f"{sorted(members)!r:.200}"
            raise MalformedAnchor(f"expected format, origin, policy, charter, found {found}")
        return _read(members)
    except MalformedAnchor:
        raise
    except (KeysError, LedgerError) as fault:
        raise MalformedAnchor(str(fault)) from fault


def _read(members: JsonObject) -> Anchor:
    if members["format"] != FORMAT:
        raise MalformedAnchor(f"expected format {FORMAT!r}, found {members['format']!r:.60}")
    origin, policy, charter = (_text(members, name) for name in ("origin", "policy", "charter"))
    if not is_digest(charter):
        raise MalformedAnchor(f"expected the charter's record id, found {charter[:60]!r}")
    return Anchor(str(parse_origin(origin)), parse_trust_policy(policy), charter)


def _text(members: JsonObject, name: str) -> str:
    value = members[name]
    if not isinstance(value, str):
        raise MalformedAnchor(f"expected {name} as text, found {describe(value)}")
    return value
