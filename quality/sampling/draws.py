"""The draws of skip-lot of a part: which lots are skipped, which are inspected, and why.

Made of the records that concern the part: commits, reveals and ends of the customer, shipments
of the supplier. A lot is drawn for each class of defects by itself: what happened to the lots
before it says whether that class may be skipped (:mod:`quality.sampling.skip_lot`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from quality.deliveries.agreed import Filed
from quality.deliveries.papers import SHIPMENT_VCT
from quality.in_force.parts import PartKey
from quality.in_force.skipping import SkipCommit, read_commit, read_hash
from quality.sampling.answers import PartSampling
from quality.sampling.history import COMMIT, END, REVEAL, SampledRecord, corrects_of
from quality.sampling.parameters import CLASSES
from quality.sampling.skip_lot import LotDraw, Reveal, ShippedLot, draw_lots, qualified
from quality.sampling.switching import SamplingHistory, SamplingKey
from quality.values import count, text


@dataclass(frozen=True, slots=True)
class ClassDraw:
    """The draw of one lot for one class of defects.

    Attributes:
        key: of which part, site and class.
        commit: the record of the chain.
        shipment: what stands for the lot.
        number: of the shipment, as the supplier wrote it.
        draw: what was decided, and by what.
    """

    key: SamplingKey
    commit: str
    shipment: ShippedLot
    number: str | None
    draw: LotDraw


def draws_of(part: PartSampling, *, as_of_ms: int) -> tuple[ClassDraw, ...]:
    """Every draw of a part, in the order of commits, sites and classes, then of shipments.

    Args:
        part: with all that it follows from.
        as_of_ms: the moment of the question: a reveal that is still in time may come.
    """
    shipments = {lot.record_id: (lot, number) for lot, number in _shipments(part.records)}
    lots = [lot for lot, _ in shipments.values()]
    return tuple(
        ClassDraw(key, commit.record_id, *shipments[draw.lot], draw)
        for commit in _commits(part)
        for key in _keys(part, lots)
        for draw in draw_lots(
            commit,
            lots,
            _reveals(part.records, commit),
            is_qualified=qualified(
                part.histories.get(key, SamplingHistory()),
                key.defect_class,
                accepted_before=commit.accepted_before,
            ),
            as_of_ms=as_of_ms,
        )
        if shipments[draw.lot][0].site == key.site
    )


def _keys(part: PartSampling, lots: Iterable[ShippedLot]) -> Iterator[SamplingKey]:
    """The classes that were inspected for at each site that lots come from; all where none was."""
    for site in sorted({lot.site for lot in lots}, key=lambda found: found or ""):
        known = {key.defect_class for key in part.histories if key.site == site}
        yield from (
            SamplingKey(part.part, site, name) for name in CLASSES if name in known or not known
        )


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


def _reveals(records: Sequence[SampledRecord], commit: SkipCommit) -> list[Reveal]:
    found = []
    for filed in _acts(records, REVEAL):
        lot, position = text(filed.groups, "state", "lot"), count(filed.groups, "state", "position")
        pre_image = read_hash(text(filed.groups, "state", "preimage") or "")
        is_own = text(filed.groups, "state", "of") == commit.record_id
        if is_own and lot is not None and position is not None and pre_image is not None:
            found.append(
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


def _shipments(records: Iterable[SampledRecord]) -> Iterator[tuple[ShippedLot, str | None]]:
    """The shipments that take positions: originals, no corrections."""
    for record in records:
        filed = record.filed
        if filed.vct == SHIPMENT_VCT and corrects_of(record) is None:
            site = text(filed.groups, "state", "site")
            lot = ShippedLot(filed.record_id, filed.index, filed.admitted_ms, site)
            yield lot, text(filed.groups, "state", "shipment")


def _acts(records: Iterable[SampledRecord], act: str) -> list[Filed]:
    filed = (record.filed for record in records)
    return [found for found in filed if text(found.groups, "state", "act") == act]
