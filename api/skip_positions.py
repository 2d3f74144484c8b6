"""Positions of skip-lot as a customer counts them itself, from verified records.

A pre-image gives away those of all positions before its own. So a position is never taken from
a service: it is counted from shipments that were verified from the trust anchor, going on from
what this party revealed last. A service that leaves shipments out lowers a position, which
gives nothing away: every position up to it has its shipment already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from quality.deliveries.agreed import Filed
from quality.in_force.skipping import SkipCommit, read_commit
from quality.sampling.history import COMMIT, SamplingRecords
from quality.sampling.shipped import ShippedLot, shipped_lots
from quality.sampling.skip_lot import positioned
from quality.values import part, text


@dataclass(frozen=True, slots=True)
class KeptReveal:
    """What this party revealed of a chain: the position, for which shipment, and its entry."""

    position: int
    lot: str
    entry: int


@dataclass(frozen=True, slots=True)
class Unexpected(Exception):
    """What was expected of the records of a service, so that nothing is revealed."""

    expected: str


def own_commit(record: Filed, *, own: str) -> SkipCommit:
    """The commit that a verified record makes.

    Raises:
        Unexpected: it is none, or not of this party.
    """
    state = part(record.groups, "state")
    is_own = record.vct == "act/v1" and record.party == own
    if not is_own or not isinstance(state, dict) or state.get("act") != COMMIT:
        raise Unexpected("a commit of this party")
    return read_commit(state, record_id=record.record_id, index=record.index)


def count_positions(
    committed: Filed, shipments: Iterable[Filed], *, last: KeptReveal | None
) -> dict[str, KeptReveal]:
    """The shipments behind the last reveal, by record, each with the position that it has.

    Args:
        committed: the commit, verified.
        shipments: verified; those that are not of its part and site, or correct another, count
            for nothing.
        last: what this party revealed of the chain last; None before the first time.
    """
    own = text(committed.groups, "state", "part", "customer") or ""
    commit = own_commit(committed, own=own)
    known = last or KeptReveal(0, "", commit.index)
    left = replace(commit, index=known.entry, length=commit.length - known.position)
    behind = positioned(left, _lots(committed, shipments))
    return {
        lot.record_id: KeptReveal(known.position + place, lot.record_id, lot.index)
        for place, lot in enumerate(behind, start=1)
    }


def check_position(
    found: KeptReveal | None, told: int, *, commit_index: int, kept: Sequence[KeptReveal]
) -> KeptReveal:
    """The position to reveal for a shipment, which the service tells as well.

    Raises:
        Unexpected: another than was told, one that cannot be, or one that was given away.
    """
    if found is None:
        raise Unexpected("a shipment of the supplier of the part behind the commit")
    if found.position != told or told > found.entry - commit_index:
        raise Unexpected(f"position {found.position} by the verified shipments, not {told}")
    for one in kept:
        if one.lot == found.lot and one.position != found.position:
            raise Unexpected(f"no second reveal for a shipment that had position {one.position}")
        if one.lot != found.lot and one.position >= found.position:
            raise Unexpected(f"a position above {one.position}, which was revealed")
    return found


def _lots(committed: Filed, shipments: Iterable[Filed]) -> tuple[ShippedLot, ...]:
    """Original shipments of the commit's part, as both sides read them."""
    reading = SamplingRecords()
    first = reading.read(committed)
    reading.apply(committed)
    distinct = {record.record_id: record for record in shipments}
    ordered = sorted(distinct.values(), key=lambda record: record.index)
    read = (reading.read(record) for record in ordered)
    return shipped_lots(said for said in read if said and first and said.lane == first.lane)
