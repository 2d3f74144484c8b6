"""What records about a line say: cards, labels and rules, as the folds take them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from keys.encoding import decode_base64url
from quality.deliveries.agreed import Filed
from quality.values import count, items, part, text
from scoring.anomaly.labels import AlarmLabel, LabelName
from scoring.anomaly.rules import RuleSet, decode_rules
from scoring.errors import ScoringError

#: Labels that are told with a line, the newest.
TOLD_MAX: Final = 500


def card_digest(record: Filed) -> str:
    """The digest of its ONNX file, in hex; empty where it is not held."""
    told = text(record.groups, "state", "onnx_sha256")
    return "" if told is None else decode_base64url(told).hex()


def training_records(record: Filed) -> Sequence[str]:
    """The ids of the uploads that a card's model was trained on."""
    found = items(record.groups, "training", "records")
    return [each for each in found if isinstance(each, str)]


def rows_not_trained_on(record: Filed) -> dict[str, frozenset[int]]:
    """The numbers of rows of uploads that a card's model was not trained on, from 1.

    Whoever trains on the rest trains what the card says: admission has bounded the spans.
    """
    found: dict[str, frozenset[int]] = {}
    for each in items(record.groups, "training", "left_out"):
        named = text(each, "record")
        if named is not None:
            spans = [span for span in items(each, "rows") if isinstance(span, list)]
            found[named] = frozenset(row for a, b in spans for row in range(a, b + 1))
    return found


def rules_of(record: Filed) -> RuleSet | None:
    """The rules of a version; None where they are not held, or name what is none.

    Limits and weights are decimals on the log, and numbers to the rules.
    """
    found = part(record.groups, "rules")
    if not isinstance(found, dict):
        return None
    listed = [_numbered(each) for each in items(found, "parameters")]
    content = {
        "version": count(record.groups, "state", "version") or 1,
        "previous": text(record.groups, "state", "previous"),
        "parameters": listed,
    }
    if isinstance(found.get("default"), list):
        content["default"] = found["default"]
    try:
        return decode_rules(json.dumps(content).encode())
    except ScoringError:
        # Judged at admission; what is odd all the same changes nothing.
        return None


def _numbered(found: object) -> dict[str, object]:
    members = dict(found) if isinstance(found, dict) else {}
    for name in ("weight", "lower", "upper"):
        if isinstance(members.get(name), str):
            members[name] = float(members[name])
    return members


@dataclass(frozen=True, slots=True)
class Labelled:
    """What somebody says of rows of an upload, both numbers from 1 and among them."""

    upload: str
    from_row: int
    to_row: int
    act: AlarmLabel


def label_of(record: Filed) -> Labelled | None:
    """A label or an acknowledgement; None where its content is not held."""
    groups = record.groups
    upload, action = text(groups, "alarm", "upload"), text(groups, "label", "action")
    first, last = (count(groups, "alarm", name) for name in ("from_row", "to_row"))
    if upload is None or action is None or first is None or last is None:
        return None
    said = text(groups, "label", "label") if action == "label" else None
    episode = text(groups, "alarm", "episode") or f"{upload}:{first}-{last}"
    label = None if said is None else LabelName(said)
    cause = text(groups, "label", "cause")
    return Labelled(upload, first, last, AlarmLabel(episode, record.index, label, cause))


@dataclass(slots=True)
class Labels:
    """Everything that was said of a line's alarms, in the order of the log."""

    said: list[Labelled] = field(default_factory=list)

    def add(self, labelled: Labelled | None) -> None:
        """Take in what is said next."""
        if labelled is not None:
            self.said.append(labelled)

    def newest(self) -> list[dict[str, Any]]:
        """What is told of them, the last one last."""
        return [
            {
                "entry": each.act.order,
                "episode": each.act.episode,
                "upload": each.upload,
                "from_row": each.from_row,
                "to_row": each.to_row,
                "label": each.act.label,
                "cause": each.act.cause,
            }
            for each in self.said[-TOLD_MAX:]
        ]

    def of(self, upload: str) -> Iterator[Labelled]:
        """What was said of rows of an upload."""
        return (each for each in self.said if each.upload == upload)
