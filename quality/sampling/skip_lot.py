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

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from itertools import accumulate
from typing import Final

from quality.in_force.skipping import SkipCommit
from quality.sampling import skip_lot_words as words
from quality.sampling.reason import Reason
from quality.sampling.severity import Severity
from quality.sampling.shipped import ShippedLot
from quality.sampling.switching import SamplingHistory

#: Hours are whole, admission times are milliseconds.
_HOUR_MS: Final = 3_600_000
#: The class that is inspected in every lot.
NEVER_SKIPPED: Final = "critical"
_SKIPPING: Final = (Severity.NORMAL, Severity.REDUCED)


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


@dataclass(frozen=True, slots=True)
class Place:
    """A lot that has a position behind a commit, and what was revealed that concerns it.

    Attributes:
        commit: whose position it is.
        lot: that takes it.
        position: counted from 1.
        reveal: the first one that names the lot.
        before: the highest position that was revealed before the lot was admitted.
        highest: of all reveals.
    """

    commit: SkipCommit
    lot: ShippedLot
    position: int
    reveal: Reveal | None
    before: int
    highest: int

    @property
    def deadline_ms(self) -> int:
        """Until when a reveal for the lot is in time."""
        return self.lot.admitted_ms + self.commit.reveal_within_hours * _HOUR_MS

    def decided(self, outcome: Outcome, reason: Reason) -> LotDraw:
        """The draw of the lot."""
        reveal = self.reveal.record_id if self.reveal else None
        return LotDraw(self.lot.record_id, self.position, outcome, reason, reveal)


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
    places = place_lots(commit, lots, reveals)
    return tuple(draw(place, is_qualified=is_qualified, as_of_ms=as_of_ms) for place in places)


def place_lots(
    commit: SkipCommit, lots: Iterable[ShippedLot], reveals: Sequence[Reveal]
) -> Iterator[Place]:
    """The positions behind a commit that lots have taken, each beside what was revealed.

    Args:
        commit, lots, reveals: as for :func:`draw_lots`.
    """
    by_lot = {reveal.lot: reveal for reveal in reversed(reveals)}
    # A pre-image gives away those of all positions before its own: what counts is the highest.
    highest = list(accumulate((reveal.position for reveal in reveals), max, initial=0))
    indices = [reveal.index for reveal in reveals]
    for position, lot in enumerate(positioned(commit, lots), start=1):
        before = highest[bisect_left(indices, lot.index)]
        yield Place(commit, lot, position, by_lot.get(lot.record_id), before, highest[-1])


def positioned(commit: SkipCommit, lots: Iterable[ShippedLot]) -> Iterator[ShippedLot]:
    """The lots that take the positions behind a commit, as far as its chain reaches.

    Args:
        commit: it takes the shipments of its part that are admitted behind it, of its site
            where it names one, until it is ended.
        lots: shipments of its part, in the order of their entries.
    """
    position = 0
    for lot in lots:
        if position == commit.length or (
            commit.ended_at is not None and lot.index >= commit.ended_at
        ):
            return
        if lot.index > commit.index and commit.site in (None, lot.site):
            position += 1
            yield lot


def qualified(history: SamplingHistory, defect_class: str, *, accepted_before: int) -> IsQualified:
    """Whether lots of a part may be skipped, by what its inspections said before an entry.

    Args:
        history: of the key of part, site and class.
        defect_class: critical defects are looked for in every lot.
        accepted_before: how many counted lots before it must have been accepted in a row.
    """
    if defect_class == NEVER_SKIPPED:
        return lambda _: False
    switches = [switch.at.index for switch in history.switches]
    severities = [Severity.NORMAL, *(switch.after for switch in history.switches)]
    counted = [one for one in history.verdicts if one.is_counted]
    indices = [one.at.index for one in counted]
    # Behind how many of them stands the newest one that was not accepted.
    behind = [place for place, one in enumerate(counted, start=1) if not one.is_accepted]

    def is_qualified(index: int) -> bool:
        severity = severities[bisect_left(switches, index)]
        known = bisect_left(indices, index)
        spoilt = bisect_left(behind, known + 1)
        accepted = known - (behind[spoilt - 1] if spoilt else 0)
        return severity in _SKIPPING and accepted >= accepted_before

    return is_qualified


def draw(place: Place, *, is_qualified: IsQualified, as_of_ms: int) -> LotDraw:
    """The draw of one lot for a class of defects.

    Args:
        place: of the lot.
        is_qualified, as_of_ms: as for :func:`draw_lots`.
    """
    lot, reveal = place.lot, place.reveal
    if not is_qualified(lot.index):
        return place.decided(Outcome.INSPECT, words.NOT_QUALIFIED)
    if lot.is_repeated:
        return place.decided(Outcome.INSPECT, words.LOT_REPEATED)
    if not lot.is_known:
        return place.decided(Outcome.FORFEITED, words.LOTS_UNKNOWN)
    if place.before >= place.position:
        return place.decided(Outcome.FORFEITED, words.KNOWN_BEFORE)
    if reveal is None:
        return _without_reveal(place, as_of_ms=as_of_ms)
    reason = _why_forfeited(place, reveal)
    if reason is not None:
        return place.decided(Outcome.FORFEITED, reason)
    if is_drawn(reveal.pre_image, lot.record_id, one_in=place.commit.one_in):
        return place.decided(Outcome.INSPECT, words.DRAWN)
    return place.decided(Outcome.SKIP, words.not_drawn(place.commit.one_in))


def _why_forfeited(place: Place, reveal: Reveal) -> Reason | None:
    """Why a lot that a reveal names cannot be skipped; None where it is drawn by it."""
    if reveal.position != place.position:
        return words.wrong_position(reveal.position, place.position)
    if reveal.admitted_ms > place.deadline_ms:
        return words.late(place.commit.reveal_within_hours)
    if place.lot.is_moved or place.lot.changes_after(reveal.index):
        return words.CORRECTED
    return None


def _without_reveal(place: Place, *, as_of_ms: int) -> LotDraw:
    is_over = place.commit.ended_at is not None or as_of_ms > place.deadline_ms
    if place.highest >= place.position or is_over:
        return place.decided(Outcome.FORFEITED, words.NOT_REVEALED)
    return place.decided(Outcome.PENDING, words.awaited(place.commit.reveal_within_hours))
