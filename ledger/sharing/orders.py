"""Orders of the members: what a quorum has shown to one party, or erased.

They come in force by a proposal of the act ``order`` (docs/spec/governance.md, section 4), so
the public fold has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DISCLOSURE: Final = "disclosure"
ERASURE: Final = "erasure"


@dataclass(frozen=True, slots=True)
class Order:
    """What a quorum ordered shown to one party: groups of types, of one owner or of everybody."""

    record_id: str
    reader: str
    owner: str | None
    opens: Mapping[str, frozenset[str]]
    reads_from_ms: int
    reads_until_ms: int


@dataclass(frozen=True, slots=True)
class ErasureOrder:
    """What a quorum ordered erased: groups of one record. The operator carries it out."""

    record_id: str
    of: str
    groups: frozenset[str]
    reason: str
