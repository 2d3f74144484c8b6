"""Drift of a line: good rows that no event is about, beside those that its model was trained on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from api.anomaly.changes import Values, encode_facts, facts_of
from api.anomaly.places import Place
from api.anomaly.tracing import Trace
from scoring.anomaly.drift import (
    DriftFinding,
    DriftMonitor,
    DriftRows,
    DriftState,
    drift_rows,
)
from scoring.anomaly.inputs import input_hash, whole_numbers
from scoring.anomaly.model import Model
from scoring.anomaly.table import Numbers
from scoring.anomaly.verdict import Level, Order, Status, Verdict

DRIFT: Final = "drift"
#: Findings that one event tells, the first ones.
FINDINGS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Drifted:
    """What was found at the end of an upload, at the last of its good rows."""

    findings: tuple[DriftFinding, ...]
    state: DriftState
    last: Verdict | None


class DriftWatch:
    """Looks for drift in the rows that a watch has scored. Belongs to one thread."""

    def __init__(self, model: Model, monitor: DriftMonitor) -> None:
        """Look by a model and by how its training rows lie."""
        self._model = model
        self._monitor = monitor

    def look(
        self, traces: Sequence[Trace], verdicts: Sequence[Verdict], state: DriftState | None
    ) -> Drifted:
        """Take in the good rows among those that were scored.

        Args:
            traces: what the detector was asked, with its details.
            verdicts: on the rows of the upload.
            state: None before the first row.
        """
        good = {(v.source, v.row): v for v in verdicts if _is_good(v)}
        named = {(v.at_us, v.input_hash) for v in good.values()}
        rows = _joined([_rows(self._model, trace, named) for trace in traces])
        begun = state or self._monitor.start()
        if rows is None:
            return Drifted((), begun, None)
        findings, after = self._monitor.push(rows, begun)
        return Drifted(findings, after, max(good.values(), key=lambda v: v.at_us or 0))


def drift_event(before: Mapping[str, Any] | None, found: Drifted) -> dict[str, Any] | None:
    """The one event of drift after what was found: it opens with the first finding and grows."""
    if not found.findings or found.last is None:
        return None if before is None else dict(before)
    last = found.last
    told = [facts_of(each) for each in found.findings]
    event = {
        "id": f"{DRIFT}:{last.source}:{last.row}",
        "source": last.source,
        "row": last.row,
        "from_us": last.at_us or 0,
        "findings": [],
        **(before or {}),
        "until_us": last.at_us or 0,
    }
    return {**event, "findings": [*event["findings"], *told][:FINDINGS_MAX]}


def drift_row(place: Place, event: Mapping[str, Any], provenance: dict[str, Any]) -> Values:
    """The row of that event."""
    facts = {
        "code": DRIFT,
        "provenance": provenance,
        "row": event["row"],
        "drift": {"findings": event["findings"]},
    }
    return {
        "id": event["id"],
        "line": place.key,
        "owner": place.owner,
        "kind": DRIFT,
        "level": str(Level.YELLOW),
        "from_us": event["from_us"],
        "until_us": event["until_us"],
        "record_id": event["source"],
        "facts": encode_facts(facts),
    }


def _is_good(verdict: Verdict) -> bool:
    """Of no event, and in its place: rows that came late are not looked at again."""
    return (
        verdict.level is Level.NONE
        and verdict.status is Status.SCORED
        and verdict.order is Order.IN_ORDER
        and not verdict.episodes
        and verdict.at_us is not None
    )


def _rows(model: Model, trace: Trace, good: Collection[tuple[int | None, str]]) -> DriftRows | None:
    """The good rows of a question, known by time and inputs: times alone may be those of others."""
    detail, times = trace.scored.detail, trace.table.at_us
    if detail is None or times is None:
        return None
    chosen = np.array([(times[n], each) in good for n, each in enumerate(_hashes(model, trace))])
    return drift_rows(model, detail, chosen) if chosen.any() else None


def _hashes(model: Model, trace: Trace) -> Iterator[str]:
    whole, setups = whole_numbers(trace.table.values, model.quantum), trace.table.setups
    for n, row in enumerate(whole):
        yield input_hash(row, None if setups is None else setups[n] or None)


def _joined(parts: Sequence[DriftRows | None]) -> DriftRows | None:
    rows = [part for part in parts if part is not None]
    if not rows:
        return None

    def stacked(name: str) -> Numbers:
        return np.concatenate([getattr(part, name) for part in rows])

    present = np.concatenate([part.present for part in rows])
    return DriftRows(stacked("z"), stacked("residuals"), present, stacked("log_distance"))
