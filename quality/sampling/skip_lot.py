"""Skip-lot inspection by commit and reveal: which lots are drawn for inspection.

The customer commits the end of a hash chain. Shipments of the part that are admitted behind it
take the positions 1, 2, 3 ... in the order of the log. For each one the customer reveals the
next pre-image, which with the record id of the shipment decides whether it is inspected
(docs/spec/sampling.md). The supplier does not know the pre-image when it makes the record; the
customer chose it before; the log's operator knows no pre-image of a lot that is not admitted.

Whoever can, may only inspect more: a reveal that is missing, late or early forfeits the skip.
The plan of the draw follows ISO 2859-3 (qualification, one lot in two to five); its choice of
lots does not. Pure; what can be judged at admission is in :mod:`quality.in_force.skipping`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Final

from quality.in_force.skipping import SkipCommit
from quality.sampling import skip_lot_words as words
from quality.sampling.reason import Reason
from quality.sampling.severity import Severity
from quality.sampling.switching import SamplingHistory

#: Hours are whole, admission times are milliseconds.
_HOUR_MS: Final = 3_600_000
#: The class that is inspected in every lot.
NEVER_SKIPPED: Final = "critical"


def is_drawn(pre_image: bytes, lot: str, *, one_in: int) -> bool:
    """Whether a lot is drawn for inspection.

    Args:
        pre_image: of the lot's position, 32 bytes.
        lot: the record id of its shipment.
        one_in: of how many lots one is inspected.
    """
    drawn = int.from_bytes(sha256(pre_image + lot.encode("ascii")).digest())
    # Of 2^256 values less than one_in are over: the chance is even to 70 places.
    return drawn % one_in == 0


class Outcome(StrEnum):
    """What is done with a lot of the part."""

    INSPECT = "inspect"
    SKIP = "skip"
    FORFEITED = "forfeited"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class ShippedLot:
    """A shipment of the part: an original one, no correction of another.

    Attributes:
        record_id: of the shipment, which stands for the lot.
        index: of its entry.
        admitted_ms: when it was admitted.
        site: the supplier's site that it came from, as far as stated.
    """

    record_id: str
    index: int
    admitted_ms: int
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Reveal:
    """A pre-image that the customer revealed for a lot; admission checked that it is one."""

    record_id: str
    index: int
    admitted_ms: int
    lot: str = field(kw_only=True)
    position: int = field(kw_only=True)
    pre_image: bytes = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class LotDraw:
    """What was decided of a lot, and by which entries.

    ``position`` is its place among the shipments behind the commit; ``reveal`` the record that
    decided it, or that came in vain.
    """

    lot: str
    position: int
    outcome: Outcome
    reason: Reason
    reveal: str | None = None


IsQualified = Callable[[int], bool]
"""Whether lots may be skipped when the entry of an index is admitted."""


def draw_lots(
    commit: SkipCommit,
    lots: Iterable[ShippedLot],
    reveals: Sequence[Reveal],
    *,
    is_qualified: IsQualified,
    as_of_ms: int,
) -> tuple[LotDraw, ...]:
    """The draw of every lot that has a position behind a commit, in the order of the log.

    Args:
        commit: with the entry that ended it, if one did.
        lots: shipments of its part, in the order of their entries, of every site.
        reveals: of this commit, in the order of their entries.
        is_qualified: for the class of defects that is asked about, see :func:`qualified`.
        as_of_ms: the moment of the question: a reveal that is still in time may come.
    """
    by_lot = {reveal.lot: reveal for reveal in reversed(reveals)}
    return tuple(
        _draw(
            _Position(commit, lot, position, by_lot.get(lot.record_id)),
            reveals,
            is_qualified=is_qualified,
            as_of_ms=as_of_ms,
        )
        for position, lot in enumerate(positioned(commit, lots), start=1)
    )


def positioned(commit: SkipCommit, lots: Iterable[ShippedLot]) -> Iterator[ShippedLot]:
    """The lots that take the positions behind a commit, as far as its chain reaches.

    Args:
        commit: it takes the shipments of its part that are admitted behind it, of its site
            where it names one, until it is ended.
        lots: shipments of its part, in the order of their entries.
    """
    position = 0
    for lot in lots:
        is_behind = lot.index > commit.index and commit.site in (None, lot.site)
        if not is_behind or (commit.ended_at is not None and lot.index >= commit.ended_at):
            continue
        position += 1
        if position > commit.length:
            return
        yield lot


def qualified(history: SamplingHistory, defect_class: str, *, accepted_before: int) -> IsQualified:
    """Whether lots of a part may be skipped, by what its inspections said before an entry.

    Args:
        history: of the key of part, site and class.
        defect_class: critical defects are looked for in every lot.
        accepted_before: how many counted lots before it must have been accepted in a row.
    """

    def is_qualified(index: int) -> bool:
        if defect_class == NEVER_SKIPPED:
            return False
        severity = Severity.NORMAL
        for switch in history.switches:
            if switch.at.index < index:
                severity = switch.after
        counted = [one for one in history.verdicts if one.is_counted and one.at.index < index]
        newest = counted[-accepted_before:]
        return (
            severity in (Severity.NORMAL, Severity.REDUCED)
            and len(newest) == accepted_before
            and all(one.is_accepted for one in newest)
        )

    return is_qualified


@dataclass(frozen=True, slots=True)
class _Position:
    commit: SkipCommit
    lot: ShippedLot
    position: int
    reveal: Reveal | None

    @property
    def deadline_ms(self) -> int:
        return self.lot.admitted_ms + self.commit.reveal_within_hours * _HOUR_MS

    def decided(self, outcome: Outcome, reason: Reason) -> LotDraw:
        reveal = self.reveal.record_id if self.reveal else None
        return LotDraw(self.lot.record_id, self.position, outcome, reason, reveal)


def _draw(
    place: _Position,
    reveals: Sequence[Reveal],
    *,
    is_qualified: IsQualified,
    as_of_ms: int,
) -> LotDraw:
    if not is_qualified(place.lot.index):
        return place.decided(Outcome.INSPECT, words.NOT_QUALIFIED)
    if _is_known_before(place, reveals):
        return place.decided(Outcome.FORFEITED, words.KNOWN_BEFORE)
    reveal = place.reveal
    if reveal is None:
        return _without_reveal(place, reveals, as_of_ms=as_of_ms)
    if reveal.position != place.position:
        reason = words.wrong_position(reveal.position, place.position)
        return place.decided(Outcome.FORFEITED, reason)
    if reveal.admitted_ms > place.deadline_ms:
        reason = words.late(place.commit.reveal_within_hours)
        return place.decided(Outcome.FORFEITED, reason)
    if is_drawn(reveal.pre_image, place.lot.record_id, one_in=place.commit.one_in):
        return place.decided(Outcome.INSPECT, words.DRAWN)
    return place.decided(Outcome.SKIP, words.not_drawn(place.commit.one_in))


def _is_known_before(place: _Position, reveals: Sequence[Reveal]) -> bool:
    """Whether the supplier could have known the pre-image when it made the record.

    A pre-image gives away those of all positions before its own.
    """
    return any(
        reveal.position >= place.position and reveal.index < place.lot.index for reveal in reveals
    )


def _without_reveal(place: _Position, reveals: Sequence[Reveal], *, as_of_ms: int) -> LotDraw:
    passed = any(reveal.position >= place.position for reveal in reveals)
    is_over = place.commit.ended_at is not None or as_of_ms > place.deadline_ms
    if passed or is_over:
        return place.decided(Outcome.FORFEITED, words.NOT_REVEALED)
    return place.decided(Outcome.PENDING, words.awaited(place.commit.reveal_within_hours))
