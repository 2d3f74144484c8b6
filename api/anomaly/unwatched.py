"""A line that had a model and is not watched any more: one event, whatever the reason is.

Leaving a column out, sealing values, stating wider limits or retiring the model are no alarms of
a model. They end all alarms, so somebody is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.anomaly.changes import LineChanges, Values, encode_facts
from api.anomaly.fold_parts import FoldParts
from api.anomaly.line_cards import LineCards
from api.anomaly.places import Place, owner_of
from api.anomaly.scored_rows import UploadRows
from api.anomaly.uploads import limits_of
from quality.deliveries.agreed import Filed
from scoring.anomaly.specification import Limits
from scoring.anomaly.verdict import Level

UNWATCHED: Final = "unwatched"
RETIRED, LIMITS_WIDER, LIMITS_GONE = "retired", "limits-wider", "limits-gone"
#: Reasons that one event tells, the first ones.
REASONS_MAX: Final = 20
#: Who erases or corrects an upload has said so in a record of its own.
_SAID_ELSEWHERE: Final = frozenset({"scored", "corrected", "erased"})
_WORDS: Final = {
    "en": "The line had a model and is not watched by it in full: {}.",
    "zh": "该产线曾有模型，现未受其完整监控：{}。",
}

Span = tuple[float | None, float | None]


class UnwatchedLine:
    """Looks whether a line that had a model is watched; what it remembers is in the line's facts.

    ``facts["unwatched"]`` is the event that is open, ``limits`` are those that the model in force
    was trained under, ``newest`` is the newest upload.
    """

    def __init__(self, place: Place, parts: FoldParts, cards: LineCards) -> None:
        """Look at the line of a fold, which feeds ``cards``."""
        self._place = place
        self._parts = parts
        self._cards = cards

    def switched(self, record: Filed, facts: dict[str, Any], *, changes: LineChanges) -> None:
        """Another model is in force, or none any more."""
        active = self._cards.active
        if active is None:
            if facts["newest"]:
                self._note([RETIRED], record, facts, changes=changes)
            return
        for upload in self._parts.read(list(self._cards.trained_on(active))[-1:]):
            # A card may name records of others, whose limits are nobody's here.
            if owner_of(upload) == self._place.owner:
                limits = limits_of(upload.groups)
                facts["limits"] = spans_of(limits, list(limits.by_parameter))

    def look(self, rows: UploadRows, facts: dict[str, Any], *, changes: LineChanges) -> None:
        """Look at an upload and what became of it."""
        facts["newest"] = rows.record.record_id
        if self._cards.first is None:
            return
        loose: list[str] = []
        if rows.table is not None:
            now = spans_of(limits_of(rows.record.groups), rows.table.names)
            loose = loosened(facts["limits"], now)
        reasons = reasons_of(rows.status, loose)
        if reasons or rows.status == "scored":
            self._note(reasons, rows.record, facts, changes=changes)

    def _note(
        self, reasons: Sequence[str], record: Filed, facts: dict[str, Any], *, changes: LineChanges
    ) -> None:
        at_us = record.admitted_ms * 1_000
        before = facts["unwatched"]
        event = unwatched_event(before, reasons, source=facts["newest"], at_us=at_us)
        if event is not None:
            row = unwatched_row(self._place, event, entry=record.index)
            changes.alarms[row["id"]] = row
        facts["unwatched"] = event if reasons else None


def spans_of(limits: Limits, names: Sequence[str]) -> dict[str, Span]:
    """Lower and upper limit of each parameter that has one."""
    found = {name: limits.of(name) for name in names}
    return {
        name: (each.lower, each.upper)
        for name, each in found.items()
        if each.lower is not None or each.upper is not None
    }


def loosened(before: Mapping[str, Sequence[float | None]], now: Mapping[str, Span]) -> list[str]:
    """Which parameters have lost a limit, or have a wider one, with the reason."""
    found = []
    for name, (lower, upper) in sorted(before.items()):
        new_lower, new_upper = now.get(name, (None, None))
        pairs = ((lower, new_lower, 1.0), (upper, new_upper, -1.0))
        wanted = [(was, new, sign) for was, new, sign in pairs if was is not None]
        if any(new is None for _, new, _ in wanted):
            found.append(f"{LIMITS_GONE}: {name}")
        elif any(new is not None and sign * (was - new) > 0 for was, new, sign in wanted):
            found.append(f"{LIMITS_WIDER}: {name}")
    return found


def reasons_of(status: str, loose: Sequence[str]) -> list[str]:
    """Why an upload is not watched in full; nothing where it is."""
    return ([] if status in _SAID_ELSEWHERE else [status]) + list(loose)


def unwatched_event(
    before: Mapping[str, Any] | None, reasons: Sequence[str], *, source: str, at_us: int
) -> dict[str, Any] | None:
    """The one event after an upload, or a retirement: it opens, grows, or ends."""
    if not reasons:
        return None if before is None else {**before, "is_open": False}
    begun = before or {"source": source, "from_us": at_us, "until_us": at_us, "reasons": []}
    told = [*begun["reasons"], *(each for each in reasons if each not in begun["reasons"])]
    until_us = max(begun["until_us"], at_us)
    return {**begun, "until_us": until_us, "reasons": told[:REASONS_MAX], "is_open": True}


def unwatched_row(place: Place, event: Mapping[str, Any], *, entry: int) -> Values:
    """The row of that event."""
    said = "; ".join(event["reasons"])
    facts = {
        "code": UNWATCHED,
        "provenance": {"record_id": event["source"], "entry": entry},
        "row": 1,
        "unwatched": {
            "reasons": event["reasons"],
            "is_open": event["is_open"],
            "sentence": {language: words.format(said) for language, words in _WORDS.items()},
        },
    }
    return {
        "id": f"{UNWATCHED}:{event['source']}:{event['from_us']}",
        "line": place.key,
        "owner": place.owner,
        "kind": UNWATCHED,
        "level": str(Level.YELLOW),
        "from_us": event["from_us"],
        "until_us": event["until_us"],
        "record_id": event["source"],
        "facts": encode_facts(facts),
    }
