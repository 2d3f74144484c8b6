"""What grants and orders open: types, groups and a reading period, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any, Final

from ledger import limits
from ledger.faults import Fault, Refusal
from ledger.instants import tell_instant
from ledger.record_type import CLOSED_GROUPS, RecordType

#: Never opened by an owner: what is in force is read from it, and who reads it is settled.
STATE_GROUP: Final = "state"
NEVER_OPENED: Final = frozenset({STATE_GROUP, *CLOSED_GROUPS})


def find_opening_faults(
    opens: Mapping[str, Set[str]], types: Mapping[str, RecordType], *, place: str = "/state/opens"
) -> Iterator[Fault]:
    """Types and groups that this log does not define, or that are never opened.

    Args:
        opens: groups by type.
        types: those in force.
        place: a pointer to where they stand.
    """
    for vct, groups in opens.items():
        kind = types.get(vct)
        if kind is None or kind.governs:
            yield Fault(place, "a type of business records that this log defines", vct)
            continue
        for group in sorted(groups):
            if group in NEVER_OPENED or group not in kind.groups:
                allowed = sorted(kind.groups.keys() - NEVER_OPENED)
                yield Fault(place, f"a group of {vct}: {' or '.join(allowed) or 'none'}", group)


def judge_period(
    reads: Mapping[str, Any], *, now_ms: int, place: str = "/state/reads"
) -> Refusal | None:
    """Whether a reading period has a length, ends in time, and is not over."""
    start, stop = reads["from"], reads["until"]
    if not 0 < stop - start <= limits.GRANT_MILLISECONDS_MAX:
        years = limits.GRANT_MILLISECONDS_MAX // (365 * 24 * 3600 * 1000)
        expected = f"from before until, at most {years} years apart"
        fault = Fault(place, expected, f"{tell_instant(start)}..{tell_instant(stop)}")
        return Refusal(
            "period-malformed", f"{place}: expected {expected}, found {fault.found}", (fault,)
        )
    if stop <= now_ms:
        fault = Fault(
            f"{place}/until", f"later than now, {tell_instant(now_ms)}", tell_instant(stop)
        )
        return Refusal(
            "grant-expired", f"expected a period that ends after {tell_instant(now_ms)}", (fault,)
        )
    return None
