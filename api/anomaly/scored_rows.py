"""Rows of the tables, made of what scoring has found: each with what it follows from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.anomaly.changes import Values, encode_facts, facts_of
from api.anomaly.places import Place
from api.anomaly.specified import Violated
from api.anomaly.watching import RegimeTold, Watched
from quality.deliveries.agreed import Filed
from quality.values import part
from scoring.anomaly.episodes import Episode, EpisodeKind
from scoring.anomaly.regime import RegimeKind
from scoring.anomaly.sentences import sentence
from scoring.anomaly.state import encode_state
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.verdict import Level, Status, Verdict

#: A regime that no change notice announces: who changes a process tells first.
UNDECLARED: Final = "suspected-undeclared-change"
REGIME: Final = "regime"
_SHIFTED_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class UploadRows:
    """An upload, what became of it, and what it was scored by."""

    record: Filed
    status: str
    detail: str = ""
    table: ParameterTable | None = None
    card: str | None = None
    model: str | None = None
    before: Watched | None = None
    notes: tuple[str, ...] = ()

    @property
    def first_us(self) -> int | None:
        """When its earliest row was measured."""
        return self._times()[0]

    @property
    def last_us(self) -> int | None:
        """When its latest row was measured."""
        return self._times()[1]

    def _times(self) -> tuple[int | None, int | None]:
        if self.table is None or self.table.at_us is None or not len(self.table):
            return None, None
        return int(self.table.at_us.min()), int(self.table.at_us.max())

    @property
    def provenance(self) -> dict[str, Any]:
        """What every figure of it follows from."""
        before = None if self.before is None else self.before.state.now.stream
        digest = None if before is None else hashlib.sha256(encode_state(before)).hexdigest()
        return {
            "record_id": self.record.record_id,
            "entry": self.record.index,
            "card": self.card,
            "model": self.model,
            "state_sha256": digest,
        }

    def verdict(self, line: str, verdict: Verdict, path: bytes) -> Values | None:
        """The row of a verdict; None for a normal one, of which the series has the figures."""
        if verdict.level is Level.NONE and verdict.status is Status.SCORED:
            return None
        return {
            "record_id": verdict.source,
            "row": verdict.row,
            "line": line,
            "at_us": verdict.at_us or 0,
            "facts": encode_facts(facts_of(verdict) | {"sentence": _sentences(verdict)}),
            "path": path,
        }

    def violated(self, line: str, violated: Violated) -> Values:
        """The row of a violation that no model has looked at."""
        facts = {
            "source": self.record.record_id,
            "row": violated.row,
            "at_us": violated.at_us,
            "status": self.status,
            "level": Level.RED,
            "model_level": Level.NONE,
            "reasons": ["specification"],
            "violations": [facts_of(each) for each in violated.violations],
            "episodes": [violated.episode],
        }
        return {
            "record_id": self.record.record_id,
            "row": violated.row,
            "line": line,
            "at_us": violated.at_us,
            "facts": encode_facts(facts),
            "path": b"",
        }


def _sentences(verdict: Verdict) -> dict[str, str]:
    return {"en": sentence(verdict, "en"), "zh": sentence(verdict, "zh")}


def upload_row(line: str, rows: UploadRows, *, series: bytes) -> Values:
    """The row of an upload."""
    table, groups = rows.table, rows.record.groups
    facts = {
        **rows.provenance,
        "status": rows.status,
        "detail": rows.detail,
        "notes": list(rows.notes),
        "rows": 0 if table is None else len(table),
        "first_us": rows.first_us,
        "last_us": rows.last_us,
        "admitted_ms": rows.record.admitted_ms,
    }
    return {
        "record_id": rows.record.record_id,
        "line": line,
        "entry": rows.record.index,
        "manifest": encode_facts(_members(groups, "manifest")),
        "address": encode_facts(_members(groups, "address")),
        "facts": encode_facts(facts),
        "series": series,
    }


def alarm_rows(place: Place, episode: Episode, provenance: dict[str, Any]) -> Values:
    """The row of an event."""
    is_specification = episode.kind is EpisodeKind.SPECIFICATION
    facts = {
        "code": "specification-violated" if is_specification else "anomaly",
        "provenance": provenance,
        "episode": facts_of(episode),
    }
    return {
        "id": episode.id,
        "line": place.key,
        "owner": place.owner,
        "kind": str(episode.kind),
        "level": str(episode.level),
        "from_us": episode.first.at_us or 0,
        "until_us": episode.last.at_us or 0,
        "record_id": episode.first.source,
        "facts": encode_facts(facts),
    }


def regime_rows(
    place: Place, told: Sequence[RegimeTold], provenance: dict[str, Any]
) -> Iterator[Values]:
    """The rows of regimes that began: one event each, however many rows are in it."""
    for each in told:
        if each.event.kind is RegimeKind.RETURNED:
            continue
        event = facts_of(each.event)
        event["shifted"] = event["shifted"][:_SHIFTED_MAX]
        facts = {"code": UNDECLARED, "provenance": provenance, "regime": event, "row": each.row}
        yield {
            "id": each.id,
            "line": place.key,
            "owner": place.owner,
            "kind": REGIME,
            "level": str(Level.YELLOW),
            "from_us": each.since_us,
            "until_us": each.at_us,
            "record_id": each.source,
            "facts": encode_facts(facts),
        }


def _members(groups: Any, name: str) -> dict[str, Any]:
    found = part(groups, name)
    return dict(found) if isinstance(found, dict) else {}
