"""Models in shadow score what the one in force scores; what they find is kept apart and told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from api.anomaly.changes import Values, encode_facts
from api.anomaly.life_state import ShadowStream
from api.anomaly.models import OpenDetector
from api.anomaly.series import LEVELS, empty_series, encode_series
from quality.deliveries.agreed import Filed
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.verdict import Level
from scoring.errors import ScoringError

#: Models in shadow that are scored on one line, the newest; each costs what scoring costs.
SHADOWS_MAX: Final = 3
SCORED: Final = "scored"


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What a model in shadow says of an upload: a row to keep, and where it goes on."""

    row: Values
    stream: ShadowStream | None


def score_in_shadow(
    opened: OpenDetector, table: ParameterTable, before: ShadowStream | None, *, names: Values
) -> Shadowed:
    """Score an upload in shadow, going on from where the uploads before have led.

    Its rows are taken by measured time; an upload that comes late is not put before others.

    Args:
        opened: the model in shadow.
        table: the rows of the upload.
        before: None at the first one.
        names: card, record_id, line and entry of the row to keep.
    """
    detector = opened.detector
    started = before or ShadowStream(detector.start())
    try:
        rows = _by_time(table)
        scored = detector.score(rows, started.stream)
        times = detector.rows_of(rows).at_us
    except ScoringError as fault:
        return Shadowed(_row(names, opened, {"status": fault.code, "rows": 0, "called": 0}), before)
    loud = scored.p_value < opened.told.yellow
    series = empty_series(len(scored.score))
    if times is not None:
        series["at_us"] = times
    series["score"], series["p"] = scored.score, scored.p_value
    series["level"] = np.where(loud, LEVELS.index(Level.YELLOW), LEVELS.index(Level.NONE))
    series["is_scored"] = ~np.isnan(scored.p_value)
    called = int(loud.sum())
    facts = {"status": SCORED, "rows": len(series), "called": called}
    after = ShadowStream(scored.state, started.rows + len(series), started.called + called)
    return Shadowed(_row(names, opened, facts, encode_series(series)), after)


def shadow_names(record: Filed, line: str, card: str) -> Values:
    """What names the row of an upload and a card."""
    return {"card": card, "record_id": record.record_id, "line": line, "entry": record.index}


def _by_time(table: ParameterTable) -> ParameterTable:
    return table if table.at_us is None else table.take(np.argsort(table.at_us, kind="stable"))


def _row(names: Values, opened: OpenDetector, facts: dict[str, Any], series: bytes = b"") -> Values:
    told = {**facts, "model": opened.detector.digest, "alpha": opened.told.yellow}
    return {**names, "facts": encode_facts(told), "series": series}
