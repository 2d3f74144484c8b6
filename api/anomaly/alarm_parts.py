"""The part of an event that is made of some uploads alone, as if there were no others.

An event may go on over uploads that are not open to the same readers. Whoever is no owner of
the line is told of the uploads that are open to it: level, rows, first, peak and last of these.
The part has a name of its own, by the row at which it opens: that of the whole event names the
upload that the event opened in, which may be closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from api.anomaly.alarm_book import Alarm, KeptSeries, LoudRow
from api.anomaly.changes import facts_of
from api.anomaly.series import series_of_row
from scoring.anomaly.episodes import Episode, EpisodeKind, Following, Loud, RowMark, grow
from scoring.anomaly.sentences import without_since
from scoring.anomaly.units import UnitChange
from scoring.anomaly.verdict import Level

_PROVENANCE = ("record_id", "entry", "card", "model", "state_sha256")


def part_of(alarm: Alarm, loud: Sequence[LoudRow], uploads: Sequence[KeptSeries]) -> Alarm | None:
    """The part of an event that is made of these rows, each of one of the uploads.

    Args:
        alarm: the event with an episode, whole.
        loud: rows that are not normal, in the order of their time; those of other events too.
        uploads: the uploads of these rows.

    Returns:
        None where no row is one of the event.
    """
    kind, following = EpisodeKind(alarm.kind), None
    for row in loud:
        if alarm.id in row.facts.get("episodes", ()):
            following = grow(following, kind, _loud(kind, row))
    if following is None:
        return None
    return _alarm(alarm, _counted(following, uploads), uploads)


def verdict_of_part(facts: dict[str, Any], alarm: Alarm) -> dict[str, Any]:
    """A verdict without what it tells of other rows: other events, and since when it is so."""
    told = {**facts, "episodes": [alarm.id]}
    explanation = facts.get("explanation")
    if not explanation:
        return told
    top = [{**each, "first_us": None, "rows_ago": None} for each in explanation["top"]]
    told["explanation"] = {**explanation, "top": top}
    sentences: Mapping[str, str] = facts.get("sentence", {})
    ago = [each["rows_ago"] for each in explanation["top"] if each.get("rows_ago")]
    told["sentence"] = {name: without_since(text, ago, name) for name, text in sentences.items()}
    return told


def _alarm(whole: Alarm, episode: Episode, uploads: Sequence[KeptSeries]) -> Alarm:
    held = whole.facts["episode"]
    is_last = held["last"] == facts_of(episode.last)
    episode = replace(episode, is_open=bool(held["is_open"]) and is_last)
    (last,) = (each for each in uploads if each.record_id == episode.last.source)
    facts = {
        "code": whole.facts["code"],
        "provenance": {name: last.facts.get(name) for name in _PROVENANCE},
        "episode": facts_of(episode),
    }
    return replace(
        whole,
        id=episode.id,
        level=str(episode.level),
        from_us=episode.first.at_us or 0,
        until_us=episode.last.at_us or 0,
        record_id=episode.first.source,
        facts=facts,
    )


def _counted(following: Following, uploads: Sequence[KeptSeries]) -> Episode:
    """The episode with the quiet rows between its loud ones."""
    episode = following.episode
    first, last = episode.first, episode.last
    if first.source == last.source:
        return replace(episode, rows=max(episode.loud_rows, last.row - first.row + 1))
    rows = 0
    for upload in uploads:
        at_us = series_of_row(upload.series)["at_us"]
        rows += int(((at_us >= (first.at_us or 0)) & (at_us <= (last.at_us or 0))).sum())
    return replace(episode, rows=max(episode.loud_rows, rows))


def _loud(kind: EpisodeKind, row: LoudRow) -> Loud:
    """What the row adds to its event, of the verdict that is kept."""
    facts, mark = row.facts, RowMark(row.record_id, row.row, row.facts.get("at_us"))
    p, score = facts.get("p"), facts.get("score")
    figures = (1.0 if p is None else p, 0.0 if score is None else score)
    model = str(facts.get("model", ""))
    if kind is EpisodeKind.SPECIFICATION:
        named = tuple(each["parameter"] for each in facts["violations"])
        return Loud(Level.RED, mark, *figures, named, model)
    level = Level(facts["model_level"])
    named = tuple(each["parameter"] for each in facts["beyond_control"]) + tuple(facts["gaps"])
    top = (facts.get("explanation") or {}).get("top")
    if level is Level.NONE:
        level = Level.YELLOW
    elif top:
        named = (top[0]["parameter"],)
    units = tuple(UnitChange(**each) for each in facts.get("units_suspected", ()))
    return Loud(level, mark, *figures, named, model, units)
