"""What of an opened record its receipt tells: the groups that lie above public, and for whom."""

from __future__ import annotations

from collections.abc import Iterable

from api.accesses.rows import PUBLIC, Seen, ShownGroup
from api.sharing import Sight
from keys.encoding import encode_base64url
from ledger.store import EntryRow


def seen_of(row: EntryRow, sight: Sight, shown: Iterable[str]) -> Seen | None:
    """What a reader is about to get of a record; None where nothing was to be decided.

    Args:
        row: the entry.
        sight: what was decided.
        shown: the groups that are there and leave.
    """
    if sight.decision is None:
        # Governance is public, and what is left of a lost record is its signer's.
        return None
    names = frozenset(shown)
    groups = tuple(
        ShownGroup(item.group, item.tier, item.rule, item.by)
        for item in sight.decision.groups
        if item.group in names and item.tier != PUBLIC
    )
    record_id = encode_base64url(row.record_id)
    return Seen(record_id, row.index, row.vct, sight.owners, groups) if groups else None
