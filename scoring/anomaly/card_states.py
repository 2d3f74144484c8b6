"""The life of models by what was signed about them: a fold of cards and decisions.

A card begins in shadow. Two different keys of the line's owner, neither of them the one that
signed the card, approve it; ``activate`` then points the line at it, and the one before is
superseded. ``roll-back`` of the active card points the line at the one that was active before:
nothing is trained, nothing is rewritten. Decisions that do not fit are kept out and told as
:class:`Refused`; what is on the log stays on the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

#: Different keys that have to approve.
EYES: Final = 2


class CardState(StrEnum):
    """Where a card is in its life."""

    SHADOW = "shadow"
    APPROVED = "approved"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled-back"
    REJECTED = "rejected"
    RETIRED = "retired"


class Decision(StrEnum):
    """What is signed about a card."""

    APPROVE = "approve"
    REJECT = "reject"
    ACTIVATE = "activate"
    RETIRE = "retire"
    ROLL_BACK = "roll-back"


class Refusal(StrEnum):
    """Why a decision changes nothing."""

    UNKNOWN_CARD = "unknown-card"
    NOT_THE_OWNER = "not-the-owner"
    OWN_CARD = "own-card"  # who signed the card does not approve it
    SAME_KEY = "same-key"  # a key has one voice
    WRONG_STATE = "wrong-state"
    NOTHING_BEFORE = "nothing-before"  # no model to roll back to


@dataclass(frozen=True, slots=True)
class Signer:
    """Which key of which party."""

    party: str
    key: str


@dataclass(frozen=True, slots=True)
class CardFiled:
    """A card on the log: ``card`` is its record id, ``line`` any key of the line it is of."""

    index: int
    card: str
    line: tuple[str, ...]
    owner: str
    signer: Signer


@dataclass(frozen=True, slots=True)
class CardDecided:
    """A decision on the log."""

    index: int
    card: str
    decision: Decision
    signer: Signer


@dataclass(frozen=True, slots=True)
class Refused:
    """A decision that changed nothing, and why."""

    decided: CardDecided
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class CardLife:
    """A card, its state, who approved it, and when it became what it is."""

    filed: CardFiled
    state: CardState = CardState.SHADOW
    approvals: tuple[Signer, ...] = ()
    since: int = 0


@dataclass(frozen=True, slots=True)
class Cards:
    """All cards at one point of the log.

    ``active`` names the card of each line; ``trail`` the cards that were active before it,
    oldest first, as far as a roll-back may go; ``first`` the card that was active first: the
    reference that slow poisoning is judged by.
    """

    lives: Mapping[str, CardLife] = field(default_factory=lambda: MappingProxyType({}))
    active: Mapping[tuple[str, ...], str] = field(default_factory=lambda: MappingProxyType({}))
    trail: Mapping[tuple[str, ...], tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    first: Mapping[tuple[str, ...], str] = field(default_factory=lambda: MappingProxyType({}))
    refused: tuple[Refused, ...] = ()


def fold_cards(events: Iterable[CardFiled | CardDecided], before: Cards | None = None) -> Cards:
    """The cards after these entries, in the order of the log."""
    cards = before or Cards()
    for event in events:
        cards = _file(cards, event) if isinstance(event, CardFiled) else _decide(cards, event)
    return cards


def refusal_of(cards: Cards, decided: CardDecided) -> Refusal | None:
    """Why a decision would change nothing now; None where it fits."""
    life = cards.lives.get(decided.card)
    if life is None:
        return Refusal.UNKNOWN_CARD
    if decided.signer.party != life.filed.owner:
        return Refusal.NOT_THE_OWNER
    if decided.decision is Decision.APPROVE:
        return _refusal_to_approve(life, decided.signer)
    if life.state not in _FROM[decided.decision]:
        return Refusal.WRONG_STATE
    if decided.decision is Decision.ROLL_BACK and not cards.trail.get(life.filed.line):
        return Refusal.NOTHING_BEFORE
    return None


_FROM: Final = {
    Decision.REJECT: frozenset({CardState.SHADOW, CardState.APPROVED}),
    Decision.ACTIVATE: frozenset({CardState.APPROVED}),
    Decision.RETIRE: frozenset(
        {CardState.SHADOW, CardState.APPROVED, CardState.ACTIVE, CardState.SUPERSEDED}
    ),
    Decision.ROLL_BACK: frozenset({CardState.ACTIVE}),
}


def _refusal_to_approve(life: CardLife, signer: Signer) -> Refusal | None:
    if life.state is not CardState.SHADOW:
        return Refusal.WRONG_STATE
    if signer == life.filed.signer:
        return Refusal.OWN_CARD
    return Refusal.SAME_KEY if signer in life.approvals else None


def _file(cards: Cards, filed: CardFiled) -> Cards:
    if filed.card in cards.lives:
        return cards
    return _with(cards, CardLife(filed, since=filed.index))


def _decide(cards: Cards, decided: CardDecided) -> Cards:
    refusal = refusal_of(cards, decided)
    if refusal is not None:
        return replace(cards, refused=(*cards.refused, Refused(decided, refusal)))
    life = cards.lives[decided.card]
    match decided.decision:
        case Decision.APPROVE:
            return _approve(cards, life, decided)
        case Decision.REJECT:
            return _with(cards, replace(life, state=CardState.REJECTED, since=decided.index))
        case Decision.ACTIVATE:
            return _activate(cards, life, decided.index)
        case Decision.RETIRE:
            return _retire(cards, life, decided.index)
        case Decision.ROLL_BACK:
            return _roll_back(cards, life, decided.index)


def _approve(cards: Cards, life: CardLife, decided: CardDecided) -> Cards:
    approvals = (*life.approvals, decided.signer)
    if len(approvals) < EYES:
        return _with(cards, replace(life, approvals=approvals))
    state = CardState.APPROVED
    return _with(cards, replace(life, state=state, approvals=approvals, since=decided.index))


def _activate(cards: Cards, life: CardLife, index: int) -> Cards:
    line = life.filed.line
    old = cards.active.get(line)
    trail = cards.trail.get(line, ())
    if old is not None:
        superseded = replace(cards.lives[old], state=CardState.SUPERSEDED, since=index)
        cards = _with(cards, superseded)
        trail = (*trail, old)
    cards = _with(cards, replace(life, state=CardState.ACTIVE, since=index))
    first = cards.first if line in cards.first else {**cards.first, line: life.filed.card}
    return _point(replace(cards, first=MappingProxyType(dict(first))), life, trail)


def _roll_back(cards: Cards, life: CardLife, index: int) -> Cards:
    *trail, back = cards.trail[life.filed.line]
    cards = _with(cards, replace(life, state=CardState.ROLLED_BACK, since=index))
    again = replace(cards.lives[back], state=CardState.ACTIVE, since=index)
    return _point(_with(cards, again), again, tuple(trail))


def _retire(cards: Cards, life: CardLife, index: int) -> Cards:
    line, card = life.filed.line, life.filed.card
    cards = _with(cards, replace(life, state=CardState.RETIRED, since=index))
    active = {at: each for at, each in cards.active.items() if each != card}
    trail = dict(cards.trail)
    trail[line] = tuple(each for each in trail.get(line, ()) if each != card)
    return replace(cards, active=MappingProxyType(active), trail=MappingProxyType(trail))


def _point(cards: Cards, life: CardLife, trail: tuple[str, ...]) -> Cards:
    line = life.filed.line
    return replace(
        cards,
        active=MappingProxyType({**cards.active, line: life.filed.card}),
        trail=MappingProxyType({**cards.trail, line: trail}),
    )


def _with(cards: Cards, life: CardLife) -> Cards:
    return replace(cards, lives=MappingProxyType({**cards.lives, life.filed.card: life}))
