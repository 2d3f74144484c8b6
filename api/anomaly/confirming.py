"""Good rows that were called: enough of them, and the line does something its model knows not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from api.anomaly.events import Labels
from api.anomaly.watching import OutOfDomain, RegimeTold, Watched
from scoring.anomaly.labels import JudgedRow, Outcome, newest_labels, outcome_of
from scoring.anomaly.regime import RegimeEvent, confirm_called


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What good rows lead to: the regime that is told now, the event that is told no more."""

    watched: Watched
    told: RegimeTold | None = None
    withdrawn: str | None = None


def good_rows(rows: Iterable[JudgedRow], labels: Labels) -> list[JudgedRow]:
    """The rows that are good by all that was said, in the order of their measurement."""
    newest = newest_labels(each.act for each in labels.said)
    found = [row for row in rows if outcome_of(row, newest) is Outcome.GOOD]
    return sorted(found, key=lambda row: (row.at_us, row.key))


def confirm_good(good: Sequence[JudgedRow], watched: Watched) -> Confirmed:
    """Look at all good rows of the model in force again, whenever something is said of rows.

    So a label that is repeated tells nothing new, labels lead to the same whatever order they come
    in, and one that is taken back takes its regime along. A regime of a set-up is not for labels
    to end, and good rows of before a return make none again.
    """
    regime, out = watched.regime, watched.out
    if regime is None or (out is not None and not out.is_by_labels):
        return Confirmed(watched)
    since = -1 if watched.returned_us is None else watched.returned_us
    rows = [row for row in good if row.at_us > since]
    begun = replace(regime, called=(), is_out_of_domain=False)
    events, after = confirm_called([row.was_called for row in rows], begun)
    before = None if out is None else out.event
    if not events:
        return Confirmed(replace(watched, regime=after, out=None), None, before)
    told = _told(rows, events[0])
    if told.id == before:
        return Confirmed(replace(watched, regime=after))
    found = OutOfDomain(told.since_us, told.id, is_by_labels=True)
    return Confirmed(replace(watched, regime=after, out=found), told, before)


def _told(rows: Sequence[JudgedRow], event: RegimeEvent) -> RegimeTold:
    upload, row = rows[event.row].key
    since_us = rows[max(0, event.row - event.rows_since + 1)].at_us
    return RegimeTold(event, upload, row, rows[event.row].at_us, since_us)
