"""Rows that people have judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.anomaly.changes import Values, decode_facts
from api.anomaly.events import Labels
from api.anomaly.series import Series, series_of_row
from scoring.anomaly.labels import JudgedRow


@dataclass(frozen=True, slots=True)
class ScoredUpload:
    """An upload with the figures of its rows, as it was written."""

    record_id: str
    entry: int
    row: Values = field(repr=False)

    @classmethod
    def of_row(cls, record_id: str, entry: int, row: Values) -> ScoredUpload:
        """The upload of its row."""
        return cls(record_id, entry, dict(row))

    @property
    def facts(self) -> dict[str, Any]:
        """What is told of it."""
        return decode_facts(self.row["facts"])

    @property
    def series(self) -> Series:
        """The figures of its rows."""
        return series_of_row(self.row["series"])


def judged_rows(uploads: Sequence[ScoredUpload], labels: Labels) -> list[JudgedRow]:
    """The rows of these uploads that somebody has said something of."""
    return [row for upload in uploads for row in _rows(upload, labels)]


def _rows(upload: ScoredUpload, labels: Labels) -> Iterator[JudgedRow]:
    """Rows that somebody has labelled, each once: by the newest label. Seeing is no label.

    Rows of a labelled span that were quiet are judged with those that were called.
    """
    spans = [each for each in labels.of(upload.record_id) if each.act.label is not None]
    if not spans:
        return
    series = upload.series
    by_row = {
        row: labelled.act.episode
        for labelled in spans
        for row in range(labelled.from_row, min(labelled.to_row, len(series)) + 1)
    }
    for row, episode in sorted(by_row.items()):
        found = series[row - 1]
        if found["is_scored"]:
            key = (upload.record_id, row)
            yield JudgedRow(key, int(found["at_us"]), bool(found["level"]), episode)
