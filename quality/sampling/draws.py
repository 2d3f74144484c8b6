"""The draws of skip-lot of a part: which lots are skipped, which are inspected, and why.

Made of the records that concern the part: commits, reveals and ends of the customer, shipments
of the supplier. A lot is drawn for each class of defects by itself: what happened to the lots
before it says whether that class may be skipped (:mod:`quality.sampling.skip_lot`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Self

from quality.deliveries.agreed import Filed
from quality.in_force.parts import PartKey
from quality.in_force.skipping import SkipCommit, read_commit, read_hash
from quality.sampling.answers import PartSampling
from quality.sampling.history import COMMIT, END, REVEAL, SampledRecord
from quality.sampling.parameters import CLASSES
from quality.sampling.shipped import ShippedLot, shipped_lots
from quality.sampling.skip_lot import LotDraw, Place, Reveal, draw, place_lots, qualified
from quality.sampling.switching import SamplingHistory, SamplingKey
from quality.values import count, text


@dataclass(frozen=True, slots=True)
class ClassDraw:
    """The draw of one lot for one class of defects.

    Attributes:
        key: of which part, site and class.
        commit: the record of the chain.
        shipment: what stands for the lot.
        draw: what was decided, and by what.
    """

    key: SamplingKey
    commit: str
    shipment: ShippedLot
    draw: LotDraw


def draws_of(part: PartSampling, *, as_of_ms: int) -> Iterator[ClassDraw]:
    """Every draw of a part, in the order of commits, sites and classes, then of shipments.

    Args:
        part: with all that it follows from.
        as_of_ms: the moment of the question: a reveal that is still in time may come.
    """
    lots, reveals = _Shipped.of(part), _reveals(part.records)
    keys = {site: list(_keys(part, site)) for site in lots.by_site}
    for commit in _commits(part):
        by_site: defaultdict[str | None, list[Place]] = defaultdict(list)
        behind = lots.behind(commit)
        for place in place_lots(commit, behind, reveals.get(commit.record_id, ())):
            by_site[place.lot.site].append(place)
        for key in (key for site in sorted(by_site, key=_site_name) for key in keys[site]):
            is_qualified = qualified(
                part.histories.get(key, SamplingHistory()),
                key.defect_class,
                accepted_before=commit.accepted_before,
            )
            for place in by_site[key.site]:
                drawn = draw(place, is_qualified=is_qualified, as_of_ms=as_of_ms)
                yield ClassDraw(key, commit.record_id, place.lot, drawn)


@dataclass(frozen=True, slots=True)
class _Shipped:
    """The shipments of a part in the order of the log, all of them and by site."""

    every: list[ShippedLot]
    by_site: Mapping[str | None, list[ShippedLot]]

    @classmethod
    def of(cls, part: PartSampling) -> Self:
        every = list(shipped_lots(part.records, part.moved))
        by_site: defaultdict[str | None, list[ShippedLot]] = defaultdict(list)
        for lot in every:
            by_site[lot.site].append(lot)
        return cls(every, by_site)

    def behind(self, commit: SkipCommit) -> Iterator[ShippedLot]:
        """Those that a commit may take: a part may have as many commits as shipments."""
        lots = self.every if commit.site is None else self.by_site.get(commit.site, [])
        start = bisect_right(lots, commit.index, key=lambda lot: lot.index)
        return islice(lots, start, None)


def _site_name(site: str | None) -> str:
    return site or ""


def _keys(part: PartSampling, site: str | None) -> Iterator[SamplingKey]:
    """The classes that were inspected for at a site; all where none was."""
    keys = [SamplingKey(part.part, site, name) for name in CLASSES]
    known = [key for key in keys if key in part.histories]
    yield from known or keys


def _commits(part: PartSampling) -> Iterator[SkipCommit]:
    ends = {
        text(filed.groups, "state", "of"): filed.index
        for filed in reversed(_acts(part.records, END))
    }
    for filed in _acts(part.records, COMMIT):
        commit = _commit(filed, part.part)
        if commit is not None:
            yield replace(commit, ended_at=ends.get(filed.record_id))


def _commit(filed: Filed, part: PartKey) -> SkipCommit | None:
    state = filed.groups.get("state")
    assert isinstance(state, dict), "an act concerns a part by its state"
    try:
        commit = read_commit(state, record_id=filed.record_id, index=filed.index)
    except (KeyError, TypeError):
        # A log may define the type in its own words.
        return None
    numbers = (commit.length, commit.one_in, commit.accepted_before, commit.reveal_within_hours)
    are_numbers = all(type(number) is int and number > 0 for number in numbers)
    return commit if are_numbers and commit.part == part else None


def _reveals(records: Sequence[SampledRecord]) -> Mapping[str, list[Reveal]]:
    """By commit, in the order of their entries."""
    found: defaultdict[str, list[Reveal]] = defaultdict(list)
    for filed in _acts(records, REVEAL):
        of, lot = (text(filed.groups, "state", name) for name in ("of", "lot"))
        position = count(filed.groups, "state", "position")
        pre_image = read_hash(text(filed.groups, "state", "preimage") or "")
        if of is None or lot is None or position is None or pre_image is None:
            continue
        found[of].append(
            Reveal(
                filed.record_id,
                filed.index,
                filed.admitted_ms,
                lot=lot,
                position=position,
                pre_image=pre_image,
            )
        )
    return found


def _acts(records: Iterable[SampledRecord], act: str) -> list[Filed]:
    filed = (record.filed for record in records)
    return [found for found in filed if text(found.groups, "state", "act") == act]
