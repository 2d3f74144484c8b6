"""What a record says of its own sharing: all that a decision knows of it.

Taken from the clear claims and from the closed groups ``manifest`` and ``address``; never from
a business group, so a decision needs no content (docs/spec/sharing.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keys.encoding import encode_base64url
from ledger.record import Claims
from ledger.store import EntryRow


@dataclass(frozen=True, slots=True)
class Filed:
    """A record as a decision sees it.

    ``record_id`` is the 43-character id; ``tiers`` holds (group, tier) of the manifest, of
    every group that the type defines, present or not; ``policy`` the record id of the policy
    it was filed under.
    """

    record_id: str
    index: int
    admitted_ms: int
    vct: str
    issuer: str
    owner: str
    subject: str | None
    tiers: tuple[tuple[str, str], ...]
    to: tuple[str, ...]
    case: str | None
    family: str | None
    policy: str


def filed_of(
    row: EntryRow, claims: Claims, *, manifest: Mapping[str, Any], address: Mapping[str, Any]
) -> Filed:
    """The facts of a stored record, of its clear claims and the two closed groups."""
    return Filed(
        record_id=encode_base64url(row.record_id),
        index=row.index,
        admitted_ms=row.admitted_ms,
        vct=row.vct,
        issuer=claims.iss,
        owner=manifest["owner"],
        subject=manifest["subject"],
        tiers=tuple(manifest["groups"].items()),
        to=tuple(address["to"]),
        case=address["case"],
        family=address["family"],
        policy=claims.policy,
    )
