"""What is told of a model that waits: how it did in shadow, and what speaks against it.

It is compared on rows that people have confirmed good and that neither it nor the model in force
was trained on, and its card with that of the first approved model of the line. People decide; an
approval against an objection is theirs to sign, and the objection stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.anomaly.changes import facts_of
from api.anomaly.events import Labels
from api.anomaly.fold_parts import FoldParts
from api.anomaly.line_cards import LineCards
from api.anomaly.models import OpenDetector
from api.anomaly.places import owner_of
from api.anomaly.training_rows import training_rows
from api.anomaly.uploads import limits_of, table_of
from quality.deliveries.agreed import Filed
from scoring.anomaly.columns import align
from scoring.anomaly.injected import Reference
from scoring.anomaly.labels import LabelName
from scoring.anomaly.poisoning import Anchors, Movement, movements
from scoring.anomaly.retraining import Objected, Objection, objections
from scoring.anomaly.shadow import SHADOW_ROWS, Contest, Incident, shadow_report
from scoring.anomaly.specification import Limits
from scoring.anomaly.table import ParameterTable
from scoring.errors import ScoringError

#: Confirmed-good rows that models are compared on, and incidents; the newest of both.
ROWS_MAX: Final = 1_000
INCIDENTS_MAX: Final = 5
#: Cards have twelve digits.
_TOLD_DIGITS: Final = 1e-9

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is made of; ``good`` are keys of confirmed-good rows by measured time."""

    cards: LineCards
    labels: Labels
    good: Sequence[Key]
    parts: FoldParts


def report_on(card: str, asked: Asked) -> dict[str, Any]:
    """What is told of a card that waits, as JSON takes it."""
    moved = _moved(card, asked)
    active = asked.cards.active
    challenger = _opened(card, asked)
    # The first model of a line is held to its promise alone.
    champion = challenger if active is None else _opened(active, asked)
    told: dict[str, Any] = {"card": card, "champion": active, "moved": [facts_of(m) for m in moved]}
    table = None
    if challenger is not None:
        table = _good_table(asked, but=_trained_on(asked.cards, card, active))
    rows = 0 if table is None else len(table)
    told |= {"good_rows": len(asked.good), "rows": rows, "shadow": None, "fault": None}
    few = [_too_few(rows)] if rows < SHADOW_ROWS else []
    told_wrong = list(_told_wrong(card, challenger, asked))
    against = [*told_wrong, *few, *_apart(moved)]
    if challenger is not None and champion is not None and table is not None:
        try:
            report = shadow_report(
                Contest(champion.detector, challenger.detector, champion.told.yellow),
                table,
                reference=_reference(active or card, asked),
                incidents=_incidents(asked, table.names),
            )
        except ScoringError as fault:
            # Too few rows are an objection of their own; other columns are told by name.
            told["fault"] = None if rows < SHADOW_ROWS else fault.code
        else:
            told["shadow"] = facts_of(report)
            against = [*told_wrong, *objections(report, moved)]
    return {**told, "objections": [facts_of(each) for each in against]}


def _opened(card: str | None, asked: Asked) -> OpenDetector | None:
    digest = asked.cards.digest(card)
    return asked.parts.models.open_any(digest) if digest else None


def _trained_on(cards: LineCards, *named: str | None) -> frozenset[str]:
    return frozenset(each for card in named if card is not None for each in cards.trained_on(card))


def _good_table(asked: Asked, *, but: frozenset[str]) -> ParameterTable | None:
    """The newest good rows that neither was trained on; None without any."""
    chosen = [key for key in asked.good if key[0] not in but][-ROWS_MAX:]
    rows: dict[str, set[int]] = {}
    for record_id, row in chosen:
        rows.setdefault(record_id, set()).add(row)
    if not rows:
        return None
    records = asked.parts.read(sorted(rows))
    left_out = {record.record_id: _others(record, rows[record.record_id]) for record in records}
    try:
        return training_rows(records, left_out).table
    except ScoringError:
        # Uploads of other parameters, and so of no comparison.
        return None


def _others(record: Filed, kept: set[int]) -> frozenset[int]:
    return frozenset(range(1, len(table_of(record).table) + 1)) - kept


def _incidents(asked: Asked, names: tuple[str, ...]) -> list[Incident]:
    """The newest faults that were confirmed, each with the rows of its upload before it."""
    confirmed = {
        each.upload: each for each in asked.labels.said if each.act.label is LabelName.CONFIRMED
    }
    chosen = dict(list(confirmed.items())[-INCIDENTS_MAX:])
    found = []
    for record in asked.parts.read(sorted(chosen)):
        said = chosen[record.record_id]
        try:
            table = align(table_of(record).table, names)
        except ScoringError:
            # Of other parameters, or no table at all: nothing that both models can be held to.
            continue
        last = min(said.to_row, len(table))
        if said.from_row <= last:
            rows = table.take(slice(0, last))
            found.append(Incident(said.act.episode, rows, said.from_row - 1))
    return found


def _moved(card: str, asked: Asked) -> tuple[Movement, ...]:
    """Where a card lies too far from the first one of its line, the one in force, and spec."""
    cards, none = asked.cards, dict[str, tuple[float, float]]()
    first, active = cards.first, cards.active

    def reference(of: str | None) -> Reference:
        return none if of is None else _reference(of, asked)

    limits = _limits(first or card, asked)
    return movements(reference(card), Anchors(reference(first), reference(active), limits))


def _reference(card: str, asked: Asked) -> Reference:
    """Centre and spread as the model has them: the text of a card is its writer's.

    Of a model that is not held the text is all there is, and an objection says so.
    """
    opened = _opened(card, asked)
    return asked.cards.reference(card) if opened is None else opened.told.reference


def _told_wrong(card: str, opened: OpenDetector | None, asked: Asked) -> Iterator[Objected]:
    """Where nobody can look into a model, or its card tells something else of it."""
    if opened is None:
        yield Objected(Objection.MODEL_NOT_HELD, "model", 0.0, 1.0)
        return
    if opened.watches is None:
        yield Objected(Objection.SHADOW_ALONE, "model", 0.0, 1.0)
    told, held = asked.cards.reference(card), opened.told.reference
    for name in sorted(told.keys() | held.keys()):
        if name not in told or name not in held:
            yield Objected(Objection.CARD_DIFFERS, f"reference/{name}", name in told, name in held)
            continue
        for said, found in zip(told[name], held[name], strict=True):
            if not math.isclose(said, found, rel_tol=_TOLD_DIGITS, abs_tol=_TOLD_DIGITS):
                yield Objected(Objection.CARD_DIFFERS, f"reference/{name}", said, found)
                break
    if asked.cards.data_digest(card) != opened.told.data_digest:
        yield Objected(Objection.CARD_DIFFERS, "data_sha256", 0.0, 1.0)


def _limits(card: str, asked: Asked) -> Limits:
    """The specification that the newest upload stated that a card's model was trained on.

    Of the first model of a line it is the anchor: later uploads may state wider ones.
    """
    named = asked.parts.read(list(asked.cards.trained_on(card))[-1:])
    # A card may name records of others, of which its owner is told nothing here.
    records = [each for each in named if owner_of(each) == asked.cards.owner]
    return limits_of(records[-1].groups) if records else Limits({})


def _too_few(rows: int) -> Objected:
    few = Objection.TOO_FEW_SHADOW_ROWS
    return Objected(few, "rows", float(rows), float(SHADOW_ROWS))


def _apart(moved: Iterable[Movement]) -> Iterator[Objected]:
    for each in moved:
        about = f"{each.anchor}/{each.parameter}"
        yield Objected(Objection.MOVED_AWAY, about, each.value, each.limit)


def told_against(reports: Mapping[str, Any], card: str) -> list[dict[str, Any]]:
    """What speaks against a card, for who is to approve it; none where nothing is known of it."""
    report = reports.get(card)
    return [] if report is None else list(report["objections"])
