"""What may be erased, and what must be: a pure function of the history and an instant.

A record is kept at least as long as the policy that it names says, or another version of it in
force at its admission that says longer, else its type; and at most as long as that policy says,
else its type. Cases that are not closed and holds keep it whatever the time
(docs/spec/erasure.md, section 2).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ledger.fold_state import PublicFold
from ledger.record_type import CLOSED_GROUPS
from ledger.sharing.agreements import Agreements
from ledger.sharing.circumstances import kept_by
from ledger.sharing.filed import Filed
from ledger.sharing.openings import STATE_GROUP

_DAY: Final = timedelta(days=1) // timedelta(milliseconds=1)
#: No erasure reaches these: what is in force is read from them, and who reads the rest.
ALWAYS_KEPT: Final = frozenset({STATE_GROUP, *CLOSED_GROUPS})

#: Nothing may be erased yet; its owner may erase it; it is over its maximum; something holds it.
KEPT, MAY, MUST, HELD = STATES = ("kept", "may", "must", "held")


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long one record is kept, and what of it there is left to erase.

    ``may_ms`` is the instant from which its owner may erase it, ``must_ms`` the one from which
    the operator may, None where nothing says when it is over. ``held_by`` is the record id of a
    case that is not closed, or of a hold.
    """

    filed: Filed
    groups: tuple[str, ...]
    may_ms: int
    must_ms: int | None
    held_by: str | None

    def state(self, as_of_ms: int) -> str:
        """One of :data:`STATES` at an instant."""
        if self.held_by is not None:
            return HELD
        if self.must_ms is not None and as_of_ms >= self.must_ms:
            return MUST
        return MAY if as_of_ms >= self.may_ms else KEPT


def keeping_of(
    filed: Filed,
    present: Collection[str],
    *,
    fold: PublicFold,
    agreements: Agreements,
    kept: Collection[str] = (),
) -> Keeping | None:
    """How long a record is kept; None where nothing of it is left that could be erased.

    Args:
        filed: what the record says of its sharing.
        present: the groups that were filed.
        fold: types and policies.
        agreements: cases, holds and erasures.
        kept: groups of its type beside ``state`` that what is in force is read from.
    """
    gone = ALWAYS_KEPT | agreements.erased(filed.record_id).keys() | set(kept)
    groups = tuple(sorted(set(present) - gone))
    if not groups:
        return None
    least, most = days_kept(filed, fold)
    holding = kept_by(filed, agreements, fold)
    return Keeping(
        filed=filed,
        groups=groups,
        may_ms=filed.admitted_ms + least * _DAY,
        must_ms=None if most is None else filed.admitted_ms + most * _DAY,
        held_by=holding.record_id if holding else None,
    )


def days_kept(filed: Filed, fold: PublicFold) -> tuple[int, int | None]:
    """How many days a record is kept at least, and at most where anything says so."""
    kind = fold.types.get(filed.vct)
    own = kind.retention_days if kind else None
    policy = fold.policies.retention(filed.policy, filed.vct)
    days_min = fold.policies.days_min(filed.policy, filed.vct, index=filed.index)
    least = days_min if days_min is not None else own or 0
    most = policy.days_max if policy.days_max is not None else own
    return least, None if most is None else max(least, most)
