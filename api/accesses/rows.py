"""One access: what a reader got of one record, as the one text that is kept, listed and hashed.

An access is a line of strict JSON whose members stand in one order. It is a leaf of the tree
(RFC 6962, section 2.1) whose root the hourly digest of its owner states, so whoever holds the
rows of an hour recomputes the root from their bytes (docs/spec/accesses.md, sections 1 and 3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from api.accesses.errors import MalformedAccess
from ledger import limits
from ledger.errors import MalformedJson
from ledger.frontier import EMPTY_FRONTIER, append_leaves
from ledger.strict_json import encode_json, parse_json_object
from ledger.tree import leaf_hash

#: Whoever reads by one of these reads its own; nobody is told of that.
OWN_RULES: Final = frozenset({"issuer", "owner"})
#: What auditors and orders open is always noted.
WATCHED_RULES: Final = frozenset({"auditor", "order"})
PUBLIC: Final = "public"
#: The rule of who fetches a sealed group's envelope as one of those that it is sealed to.
RECIPIENT: Final = "recipient"


class ShownGroup(NamedTuple):
    """A group that was shown: its tier, the rule that opened it, and by which record's word."""

    group: str
    tier: str
    rule: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader is about to get of one record.

    ``owners`` are the record's owner and, for one of a case, the case's participants;
    ``groups`` those that are shown and lie above public.
    """

    record_id: str
    index: int
    vct: str
    owners: tuple[str, ...]
    groups: tuple[ShownGroup, ...]

    def noted_for(self, reader: str) -> tuple[str, ...]:
        """The owners who are to know; none where nothing above public is somebody else's."""
        others = tuple(owner for owner in self.owners if owner != reader)
        if all(shown.rule in OWN_RULES for shown in self.groups):
            return ()
        return others


@dataclass(frozen=True, slots=True)
class Access:
    """One row; ``request`` is the digest of the reader's own signed request."""

    at_ms: int
    owner: str
    reader: str
    kid: str
    record_id: str
    index: int
    vct: str
    groups: tuple[ShownGroup, ...]
    request: str

    def encode(self) -> str:
        """The row as it is kept and hashed."""
        members: dict[str, Any] = {
            "at_ms": self.at_ms,
            "owner": self.owner,
            "reader": self.reader,
            "kid": self.kid,
            "record_id": self.record_id,
            "index": self.index,
            "type": self.vct,
            "groups": {
                shown.group: {"tier": shown.tier, "rule": shown.rule, "by": shown.by}
                for shown in self.groups
            },
            "request": self.request,
        }
        return encode_json(members).decode()


def parse_access(text: str) -> Access:
    """Read a row; the inverse of :meth:`Access.encode`.

    Raises:
        MalformedAccess: not the one text of an access.
    """
    try:
        members = parse_json_object(
            text.encode("utf-8", "surrogatepass"), bytes_max=limits.ACCESS_BYTES_MAX
        )
        found = _read(members)
        is_same = found.encode() == text
    except (MalformedJson, KeyError, TypeError, AttributeError) as fault:
        raise MalformedAccess(f"expected the row of an access: {fault}") from fault
    if not is_same:
        raise MalformedAccess("expected the one text of an access, found another form of it")
    return found


def _read(members: dict[str, Any]) -> Access:
    groups = tuple(
        ShownGroup(name, shown["tier"], shown["rule"], shown["by"])
        for name, shown in members["groups"].items()
    )
    texts = [members[n] for n in ("owner", "reader", "kid", "record_id", "type", "request")]
    texts += [text for shown in groups for text in shown[1:] if text is not None]
    numbers = members["at_ms"], members["index"]
    if any(type(text) is not str for text in texts) or any(type(n) is not int for n in numbers):
        raise TypeError("a member of another kind")
    owner, reader, kid, record_id, vct, request = texts[:6]
    return Access(
        *(members["at_ms"], owner, reader, kid, record_id, members["index"], vct),
        groups=groups,
        request=request,
    )


def root_of(rows: Iterable[str]) -> bytes:
    """The RFC 6962 tree hash over rows, in their order."""
    leaves = [leaf_hash(row.encode()) for row in rows]
    return append_leaves(EMPTY_FRONTIER, leaves).frontier.root()
