"""The periods that digests are about, and what a digest says of one (docs/spec/accesses.md, 3).

Whatever the hour held, every party of the log gets its digest, so that its being there tells
nothing. What a digest says follows from the rows; which record it is does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from api.accesses.rows import root_of
from keys.encoding import encode_base64url

HOUR_MS: Final = 3_600_000
_JTI_BYTES: Final = 16


class AccessMark(NamedTuple):
    """How far receipts have come: closed hours, digests on the log, what was purged."""

    closed_ms: int
    digested_ms: int
    first_ms: int
    kept_from_ms: int


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time, its end not in it, in Unix milliseconds."""

    from_ms: int
    until_ms: int


def period_after(mark: AccessMark) -> Period:
    """The first period that no digest is about."""
    until_ms = max(mark.digested_ms + HOUR_MS, mark.first_ms)
    return Period(mark.digested_ms, until_ms)


def digest_state(period: Period, rows: Iterable[str]) -> dict[str, Any]:
    """The group ``state`` of the digest over all rows of one owner in a period, in their order."""
    listed = list(rows)
    return {
        "from": period.from_ms,
        "until": period.until_ms,
        "count": len(listed),
        "root": encode_base64url(root_of(listed)),
    }


def digest_jti(origin: str, owner: str, period: Period) -> bytes:
    """The random part of a digest's ``jti``, which is not: a log admits one of them.

    Who signs it twice, as a replica that was killed and another, is refused the second.
    """
    text = f"lotmark access-digest\n{origin}\n{owner}\n{period.from_ms}\n"
    return hashlib.sha256(text.encode()).digest()[:_JTI_BYTES]
