"""What another party sees of an owner's records, counted by type, group and rule.

Pure, over :func:`ledger.sharing.decision.decide`: the same decision as when that party asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.record_type import TIERS
from ledger.sharing.decision import (
    FILING_TIER,
    NEEDS,
    Decision,
    Principal,
    SharingState,
    decide,
)
from ledger.sharing.filed import Filed

_WIDEST_FIRST: Final = (*TIERS, FILING_TIER)


class Basis(NamedTuple):
    """Why records are shown: the rule, and the record it rests on where there is one."""

    rule: str
    by: str | None
    records: int


@dataclass(frozen=True, slots=True)
class SeenGroup:
    """One group of one type: in how many of the records it is shown, and on which grounds.

    ``tiers`` are those that count, widest first; ``needs`` is what would unlock the rest, in the
    order of :data:`ledger.sharing.decision.NEEDS`. In ``erased`` of the records it was ordered
    erased: nobody is shown those.
    """

    vct: str
    group: str
    tiers: tuple[str, ...]
    records: int
    shown: int
    grounds: tuple[Basis, ...]
    needs: tuple[str, ...]
    erased: int = 0


def see_as(
    records: Sequence[Filed], state: SharingState, reader: Principal, *, at_ms: int
) -> tuple[SeenGroup, ...]:
    """What the reader sees of these records at this instant, by type and group.

    Groups are those that the types define, present or not: which of them a record carries is
    not told.
    """
    found: dict[tuple[str, str], _Count] = {}
    for filed in records:
        decision = decide(filed, state, reader, at_ms=at_ms)
        _add(found, filed.vct, decision, erased=state.agreements.erased(filed.record_id).keys())
    return tuple(count.told(*key) for key, count in sorted(found.items()))


@dataclass(slots=True)
class _Count:
    tiers: set[str]
    grounds: Counter[tuple[str, str | None]]
    needs: set[str]
    records: int = 0
    shown: int = 0
    erased: int = 0

    def told(self, vct: str, group: str) -> SeenGroup:
        return SeenGroup(
            vct=vct,
            group=group,
            tiers=tuple(tier for tier in _WIDEST_FIRST if tier in self.tiers),
            records=self.records,
            shown=self.shown,
            grounds=tuple(
                Basis(rule, by, count)
                for (rule, by), count in sorted(
                    self.grounds.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or "")
                )
            ),
            needs=tuple(need for need in NEEDS if need in self.needs),
            erased=self.erased,
        )


def _add(
    found: dict[tuple[str, str], _Count],
    vct: str,
    decision: Decision,
    *,
    erased: Collection[str],
) -> None:
    for item in decision.groups:
        key = (vct, item.group)
        count = found.setdefault(key, _Count(set(), Counter(), set()))
        count.records += 1
        count.tiers.add(item.tier)
        if item.group in erased:
            count.erased += 1
        elif item.is_readable:
            count.shown += 1
            count.grounds[item.rule, item.by] += 1
        else:
            count.needs.update(item.needs)
