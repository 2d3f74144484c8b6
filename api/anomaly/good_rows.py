"""Rows of a line that nothing is trained on: called, of an event, or labelled as no good ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from api.anomaly.alarm_book import Alarm, AlarmReading, AskedAlarms
from api.anomaly.series import Series, series_of_row

_FALSE: Final = "false"
_EVENT: Final = "anomaly"


def rows_left_out(book: AlarmReading, line: str) -> dict[str, frozenset[int]]:
    """The numbers of rows of each upload, from 1, that are left out of a training.

    A label on a row counts more than what the model called, the newest one most. Without one, a
    row is left out where it was called or lies within the time of an event that nobody has said
    to be in error: what an event is about is not known before somebody has looked.
    """
    told = book.line(line)
    labels = [] if told is None else told.facts["labels"]
    spans = [(each.from_us, each.until_us) for each in _events(book, line, labels)]
    by_row = _labelled(labels)
    found: dict[str, set[int]] = {}
    for record_id, row, _ in book.loud_rows(line):
        found.setdefault(record_id, set()).add(row)
    for upload in book.uploads(line):
        rows, series = found.setdefault(upload.record_id, set()), series_of_row(upload.series)
        rows |= set(_within(series, spans))
        for row, label in by_row.get(upload.record_id, {}).items():
            (rows.discard if label == _FALSE else rows.add)(row)
        found[upload.record_id] = {row for row in rows if row <= len(series)}
    return {record_id: frozenset(rows) for record_id, rows in found.items() if rows}


def _labelled(labels: Sequence[dict[str, Any]]) -> Mapping[str, dict[int, str]]:
    """The newest label of each row of each upload; an acknowledgement is none."""
    found: dict[str, dict[int, str]] = {}
    for label in labels:
        if label["label"] is not None:
            rows = range(label["from_row"], label["to_row"] + 1)
            found.setdefault(label["upload"], {}).update(dict.fromkeys(rows, label["label"]))
    return found


def _events(book: AlarmReading, line: str, labels: Sequence[dict[str, Any]]) -> Iterator[Alarm]:
    """The events of a line that nobody has said to be in error."""
    asked = AskedAlarms(limit=1, line=line, kind=_EVENT)
    while True:
        page = book.alarms(asked)
        yield from (alarm for alarm in page if not _is_false(alarm, labels))
        if not page:
            return
        asked = AskedAlarms(limit=1, line=line, kind=_EVENT, before=(page[-1].from_us, page[-1].id))


def _is_false(alarm: Alarm, labels: Sequence[dict[str, Any]]) -> bool:
    said = [each["label"] for each in labels if each["episode"] == alarm.id and each["label"]]
    return bool(said) and said[-1] == _FALSE


def _within(series: Series, spans: Sequence[tuple[int, int]]) -> Iterator[int]:
    times = series["at_us"]
    for first, last in spans:
        inside = (times >= first) & (times <= last) & (series["is_scored"] == 1)
        yield from (int(row) + 1 for row in np.flatnonzero(inside))
