"""Switching between severities, as a pure fold over the lots of one part, site and defect class.

ISO 2859-1:1999, 9.3 and 9.4 (GB/T 2828.1, 9.3 and 9.4), with the bounds that these clauses
give. What happens to a lot binds the lots behind it, never itself. Original inspections alone
count; a lot counts once. Which report is such an inspection is told by
:mod:`quality.sampling.observed`, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, NamedTuple

from ledger.grown_map import GrownMap
from quality.in_force.parts import PartKey
from quality.sampling import switching_words as words
from quality.sampling.reason import Reason
from quality.sampling.severity import Severity, is_looser

#: ISO 2859-1, 9.3.1: two of five or fewer consecutive lots not accepted.
WINDOW: Final = 5
NOT_ACCEPTED_IN_WINDOW: Final = 2
#: 9.3.2: five consecutive lots accepted on tightened.
ACCEPTED_IN_A_ROW: Final = 5
#: 9.3.3.1: the switching score that permits reduced inspection; 9.3.3.2: what it grows by.
SCORE_FOR_REDUCED: Final = 30
SCORE_TIGHTER_STEP: Final = 3
SCORE_ACCEPTED: Final = 2
#: 9.4: lots not accepted on tightened, counted from when it began.
NOT_ACCEPTED_ON_TIGHTENED: Final = 5


class SamplingKey(NamedTuple):
    """What has a severity of its own: a part, the site that made it, a class of defects."""

    part: PartKey
    site: str | None
    defect_class: str


@dataclass(frozen=True, slots=True)
class At:
    """The entry that an event is told by."""

    index: int
    record_id: str


@dataclass(frozen=True, slots=True)
class InspectedLot:
    """One lot's inspection for one class of defects.

    Attributes:
        at: the entry of the report; of the first one where it was corrected.
        lot: what names the lot among those of its key; one that was counted counts no more.
        is_accepted: the decision on the lot; a conditional one is not an acceptance.
        is_original: not a resubmission.
        severity: of the plan that was used; None where the report does not say.
        accept: its acceptance number; None where the report does not say.
        is_complete: whether the sample of the class was inspected as a whole; what was broken off,
            or had no sample of its own, accepts nothing.
        passes_tighter: whether the lot would also pass one AQL step tighter; None if unknown.
        is_in_gap: on reduced inspection between acceptance and rejection number: accepted, but
            the next lot is inspected normally (MIL-STD-105E, 4.7.4 c).
    """

    at: At
    lot: str
    is_accepted: bool = field(kw_only=True)
    is_original: bool = field(default=True, kw_only=True)
    is_complete: bool = field(default=True, kw_only=True)
    severity: Severity | None = field(default=None, kw_only=True)
    accept: int | None = field(default=None, kw_only=True)
    passes_tighter: bool | None = field(default=None, kw_only=True)
    is_in_gap: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class GapLot:
    """The customer says that a lot fell in the gap of a reduced plan."""

    at: At


@dataclass(frozen=True, slots=True)
class IrregularProduction:
    """The customer says that production is irregular or delayed."""

    at: At


@dataclass(frozen=True, slots=True)
class CustomersWish:
    """The customer wants another severity: normal, or tightened."""

    at: At
    to: Severity


@dataclass(frozen=True, slots=True)
class CorrectiveActionAccepted:
    """The customer accepts the corrective action: inspection resumes, tightened."""

    at: At


@dataclass(frozen=True, slots=True)
class ReducedAuthorised:
    """The customer authorises reduced inspection and holds production to be steady."""

    at: At


LotEvent = (
    InspectedLot
    | GapLot
    | IrregularProduction
    | CustomersWish
    | CorrectiveActionAccepted
    | ReducedAuthorised
)


@dataclass(frozen=True, slots=True)
class SamplingState:
    """What the events so far say about the next lot.

    Attributes:
        severity: in force for the next lot.
        recent: on normal inspection, the last four decisions since it began, oldest first.
        accepted_in_a_row: on tightened inspection, since it began.
        not_accepted: on tightened inspection, since it began.
        score: the switching score, on normal inspection.
        is_authorised: reduced inspection is authorised by the customer.
        is_steady: production is steady, by the customer's last word.
        counted: the lots that were counted, and whether as accepted.
    """

    severity: Severity = Severity.NORMAL
    recent: tuple[bool, ...] = ()
    accepted_in_a_row: int = 0
    not_accepted: int = 0
    score: int = 0
    is_authorised: bool = False
    is_steady: bool = False
    counted: GrownMap[str, bool] = field(default_factory=GrownMap)

    def may_reduce(self) -> bool:
        """Whether the next lot may be inspected by a reduced plan (9.3.3.1)."""
        return (
            self.severity is Severity.NORMAL
            and self.score >= SCORE_FOR_REDUCED
            and self.is_authorised
            and self.is_steady
        )

    def switched(self, to: Severity) -> SamplingState:
        """The state at the beginning of another severity: every count begins anew."""
        return replace(self, severity=to, recent=(), accepted_in_a_row=0, not_accepted=0, score=0)


@dataclass(frozen=True, slots=True)
class Switch:
    """A change of severity; it binds the lots behind the event at ``at``."""

    at: At
    before: Severity
    after: Severity
    reason: Reason


@dataclass(frozen=True, slots=True)
class LotVerdict:
    """What an inspected lot was to the fold.

    Attributes:
        at: the entry of the report.
        lot: what names it.
        severity: the one in force for this lot.
        is_accepted: the decision on it.
        is_counted: whether it changed anything.
        reason: why it did or did not, and what it did.
    """

    at: At
    lot: str
    severity: Severity
    is_accepted: bool
    is_counted: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class Folded:
    """The state after an event, with the verdict of its lot and the switch that it brought."""

    state: SamplingState
    verdict: LotVerdict | None = None
    switch: Switch | None = None


@dataclass(frozen=True, slots=True)
class SamplingHistory:
    """The state after some events, every verdict and every switch on the way."""

    state: SamplingState = SamplingState()
    verdicts: tuple[LotVerdict, ...] = ()
    switches: tuple[Switch, ...] = ()


def fold(state: SamplingState, event: LotEvent) -> Folded:
    """The state after one more event of its key (ISO 2859-1, 9.3 and 9.4).

    Args:
        state: after every event before it, in the order of their entries.
        event: the next one.
    """
    if isinstance(event, InspectedLot):
        return _fold_lot(state, event)
    if isinstance(event, CustomersWish):
        return _fold_wish(state, event)
    if isinstance(event, CorrectiveActionAccepted):
        if state.severity is not Severity.DISCONTINUED:
            return Folded(state)
        return _switch(state, event.at, to=Severity.TIGHTENED, reason=words.ACTION_ACCEPTED)
    if isinstance(event, ReducedAuthorised):
        return _reduce(replace(state, is_authorised=True, is_steady=True), event.at)
    if isinstance(event, IrregularProduction):
        return _end_reduced(
            replace(state, is_steady=False), event.at, reason=words.IRREGULAR_PRODUCTION
        )
    return _end_reduced(state, event.at, reason=words.GAP_LOT)


def fold_all(events: Iterable[LotEvent], before: SamplingHistory | None = None) -> SamplingHistory:
    """The history after these events; it goes on where another one ended.

    Args:
        events: of one key, in the order of their entries.
        before: the history of every event before them.
    """
    known = before or SamplingHistory()
    state, verdicts, switches = known.state, list(known.verdicts), list(known.switches)
    for event in events:
        folded = fold(state, event)
        state = folded.state
        if folded.verdict:
            verdicts.append(folded.verdict)
        if folded.switch:
            switches.append(folded.switch)
    return SamplingHistory(state, tuple(verdicts), tuple(switches))


# ---- lots ----


def _fold_lot(state: SamplingState, lot: InspectedLot) -> Folded:
    reason = _why_not_counted(state, lot)
    if reason:
        return Folded(state, _verdict(state, lot, reason=reason, is_counted=False))
    known = replace(state, counted=state.counted.grown(lot.lot, lot.is_accepted))
    folded = _BY_SEVERITY[state.severity](known, lot)
    if folded.switch:
        reason = folded.switch.reason
    else:
        reason = _effect(folded.state, is_accepted=lot.is_accepted)
    return replace(folded, verdict=_verdict(state, lot, reason=reason, is_counted=True))


def _effect(after: SamplingState, *, is_accepted: bool) -> Reason:
    """What a lot did that brought no switch."""
    if after.severity is Severity.NORMAL:
        return words.on_normal(after.recent, after.score, is_accepted=is_accepted)
    if after.severity is Severity.TIGHTENED:
        return words.on_tightened(
            after.accepted_in_a_row, after.not_accepted, is_accepted=is_accepted
        )
    return words.ACCEPTED_ON_REDUCED


def _why_not_counted(state: SamplingState, lot: InspectedLot) -> Reason | None:
    if not lot.is_original:
        return words.RESUBMITTED
    # Of a lot that was counted, what is worse than before still counts.
    if lot.lot in state.counted and (lot.is_accepted or not state.counted[lot.lot]):
        return words.COUNTED_ALREADY
    if state.severity is Severity.DISCONTINUED:
        return words.WHILE_DISCONTINUED
    if lot.is_accepted and not lot.is_complete:
        return words.SAMPLE_SHORT
    # Five lots that a loose plan let through are no five lots accepted on tightened.
    if lot.is_accepted and lot.severity and is_looser(lot.severity, state.severity):
        return words.looser_plan(lot.severity, state.severity)
    return None


def _verdict(
    state: SamplingState, lot: InspectedLot, *, reason: Reason, is_counted: bool
) -> LotVerdict:
    return LotVerdict(lot.at, lot.lot, state.severity, lot.is_accepted, is_counted, reason)


def _on_normal(state: SamplingState, lot: InspectedLot) -> Folded:
    """9.3.1 and 9.3.3."""
    window = (*state.recent, lot.is_accepted)
    if window.count(False) >= NOT_ACCEPTED_IN_WINDOW:
        reason = words.two_of_five(len(window))
        return _switch(state, lot.at, to=Severity.TIGHTENED, reason=reason)
    after = replace(state, recent=window[-(WINDOW - 1) :], score=_score_after(state.score, lot))
    return _reduce(after, lot.at)


def _score_after(score: int, lot: InspectedLot) -> int:
    """The switching score (9.3.3.2): by the acceptance number of the plan that was used."""
    if not lot.is_accepted:
        return 0
    if (lot.accept or 0) < 2:
        return score + SCORE_ACCEPTED
    return score + SCORE_TIGHTER_STEP if lot.passes_tighter else 0


def _on_tightened(state: SamplingState, lot: InspectedLot) -> Folded:
    """9.3.2 and 9.4."""
    if lot.is_accepted:
        in_a_row = state.accepted_in_a_row + 1
        if in_a_row >= ACCEPTED_IN_A_ROW:
            return _switch(state, lot.at, to=Severity.NORMAL, reason=words.FIVE_ACCEPTED)
        return Folded(replace(state, accepted_in_a_row=in_a_row))
    not_accepted = state.not_accepted + 1
    if not_accepted >= NOT_ACCEPTED_ON_TIGHTENED:
        return _switch(state, lot.at, to=Severity.DISCONTINUED, reason=words.FIVE_NOT_ACCEPTED)
    return Folded(replace(state, accepted_in_a_row=0, not_accepted=not_accepted))


def _on_reduced(state: SamplingState, lot: InspectedLot) -> Folded:
    """9.3.4."""
    if not lot.is_accepted:
        reason = words.NOT_ACCEPTED_ON_REDUCED
    elif lot.is_in_gap:
        reason = words.GAP_LOT
    else:
        return Folded(state)
    return _switch(state, lot.at, to=Severity.NORMAL, reason=reason)


_BY_SEVERITY: Final[Mapping[Severity, Callable[[SamplingState, InspectedLot], Folded]]] = (
    MappingProxyType(
        {
            Severity.NORMAL: _on_normal,
            Severity.TIGHTENED: _on_tightened,
            Severity.REDUCED: _on_reduced,
        }
    )
)


# ---- what the customer says ----


def _fold_wish(state: SamplingState, wish: CustomersWish) -> Folded:
    """9.1 and 9.3.4 d: a wish for normal inspection ends the authorisation of a reduced one.

    It never loosens: from tightened to normal leads 9.3.2 alone.
    """
    if wish.to is Severity.NORMAL:
        asked = replace(state, is_authorised=False)
        return _end_reduced(asked, wish.at, reason=words.CUSTOMERS_WISH)
    if wish.to is Severity.TIGHTENED and is_looser(state.severity, Severity.TIGHTENED):
        return _switch(state, wish.at, to=Severity.TIGHTENED, reason=words.CUSTOMERS_WISH)
    return Folded(state)


def _end_reduced(state: SamplingState, at: At, *, reason: Reason) -> Folded:
    if state.severity is not Severity.REDUCED:
        return Folded(state)
    return _switch(state, at, to=Severity.NORMAL, reason=reason)


def _reduce(state: SamplingState, at: At) -> Folded:
    if not state.may_reduce():
        return Folded(state)
    return _switch(state, at, to=Severity.REDUCED, reason=words.score_reached(state.score))


def _switch(state: SamplingState, at: At, *, to: Severity, reason: Reason) -> Folded:
    return Folded(state.switched(to), switch=Switch(at, state.severity, to, reason))
