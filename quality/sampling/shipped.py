"""What shipments say that they bring: the lots that are drawn by skip-lot, and their corrections.

A lot has one draw. Whoever names it first holds it: another shipment that names it, or a
correction that does, is inspected, so that nobody draws a lot again until it is skipped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from quality.deliveries.papers import SHIPMENT_VCT
from quality.sampling.history import GOODS, SampledRecord, corrects_of
from quality.values import items, part, text


@dataclass(frozen=True, slots=True)
class Load:
    """What one version of a shipment brings.

    Attributes:
        index: of its entry.
        lots: their numbers; None where that is not known, or was erased.
        said: all that a draw is about, to be compared: lots and quantities, part and site.
    """

    index: int
    lots: frozenset[str] | None
    said: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class ShippedLot:
    """A shipment of the part: an original one, no correction of another.

    Attributes:
        record_id: of the shipment, which stands for the lot.
        index: of its entry.
        admitted_ms: when it was admitted.
        site: the supplier's site that it came from, as far as stated.
        number: as the supplier wrote it.
        loads: what it brings, and what its corrections say instead, in the order of the log.
        is_repeated: another shipment named one of its lots before.
        is_moved: a correction says that it was of another part.
    """

    record_id: str
    index: int
    admitted_ms: int
    site: str | None = None
    number: str | None = field(default=None, kw_only=True)
    loads: tuple[Load, ...] = field(default=(), kw_only=True)
    is_repeated: bool = field(default=False, kw_only=True)
    is_moved: bool = field(default=False, kw_only=True)

    @property
    def lots(self) -> frozenset[str]:
        """The numbers of its lots as its newest version has them; none where they are unknown."""
        return (self.loads[-1].lots if self.loads else None) or _NO_LOTS

    @property
    def is_known(self) -> bool:
        """Whether every version tells its lots."""
        return bool(self.loads) and all(load.lots for load in self.loads)

    def changes_after(self, index: int) -> bool:
        """Whether what it brings was said otherwise behind an entry."""
        before = [load.said for load in self.loads if load.index < index]
        later = (load.said for load in self.loads if load.index >= index)
        return any(said != before[-1] for said in later) if before else True


_NO_LOTS: Final[frozenset[str]] = frozenset()


def shipped_lots(
    records: Iterable[SampledRecord], moved: Collection[str] = ()
) -> tuple[ShippedLot, ...]:
    """The shipments of a part that take positions, in the order of the log.

    Args:
        records: all that concern the part, in the order of their entries.
        moved: records that one about another part corrects.
    """
    roots: dict[str, str] = {}
    originals: dict[str, ShippedLot] = {}
    loads: dict[str, list[Load]] = {}
    holders: dict[str, str] = {}
    repeated: set[str] = set()
    for record in records:
        filed = record.filed
        if filed.vct != SHIPMENT_VCT:
            continue
        corrected = corrects_of(record)
        root = roots.get(corrected or "", filed.record_id)
        roots[filed.record_id] = root
        load = _load_of(record)
        loads.setdefault(root, []).append(load)
        if corrected is None:
            originals[root] = _original(record)
        if any(holders.setdefault(lot, root) != root for lot in load.lots or ()):
            repeated.add(root)
    away = {roots.get(record_id) for record_id in moved}
    return tuple(
        replace(lot, loads=tuple(loads[root]), is_repeated=root in repeated, is_moved=root in away)
        for root, lot in originals.items()
    )


def _original(record: SampledRecord) -> ShippedLot:
    filed = record.filed
    site, number = (text(filed.groups, "state", name) for name in ("site", "shipment"))
    return ShippedLot(filed.record_id, filed.index, filed.admitted_ms, site, number=number)


def _load_of(record: SampledRecord) -> Load:
    groups = record.filed.groups
    listed = items(groups, GOODS, "lots")
    lots = sorted((text(lot, "number") or "", text(lot, "quantity") or "") for lot in listed)
    said = (
        tuple(lots),
        text(groups, GOODS, "quantity"),
        text(groups, GOODS, "unit"),
        _members(part(groups, "state", "part")),
        text(groups, "state", "site"),
    )
    numbers = frozenset(number for number, _ in lots)
    return Load(record.filed.index, numbers if numbers and "" not in numbers else None, said)


def _members(stated: Any) -> tuple[tuple[str, str], ...]:
    named = stated if isinstance(stated, dict) else {}
    return tuple(sorted((name, str(value)) for name, value in named.items()))
