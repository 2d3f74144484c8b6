"""Good rows that were called: enough of them, and the line does something its model knows not."""

from __future__ import annotations

from dataclasses import replace

from api.anomaly.events import Labelled
from api.anomaly.judged_rows import ScoredUpload
from api.anomaly.watching import OutOfDomain, RegimeTold, Watched
from scoring.anomaly.labels import LabelName
from scoring.anomaly.regime import confirm_called


def confirm_good(
    labelled: Labelled, upload: ScoredUpload, watched: Watched
) -> tuple[RegimeTold | None, Watched]:
    """Take in rows that people have said to be good; the regime where one is told by it."""
    if labelled.act.label is not LabelName.FALSE or watched.regime is None:
        return None, watched
    series = upload.series[labelled.from_row - 1 : labelled.to_row]
    rows = [n for n, row in enumerate(series) if row["is_scored"]]
    called = [bool(series[n]["level"]) for n in rows]
    events, regime = confirm_called(called, watched.regime)
    after = replace(watched, regime=regime)
    if not events:
        return None, after
    event = events[0]
    times = [int(series[n]["at_us"]) for n in rows]
    # Where it began in rows that were judged before, it is told from these rows' first one on.
    since_us = times[max(0, event.row - event.rows_since + 1)]
    row = labelled.from_row + rows[event.row]
    told = RegimeTold(event, upload.record_id, row, times[event.row], since_us)
    return told, replace(after, out=OutOfDomain(told.since_us, told.id))
