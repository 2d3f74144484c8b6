"""Alarms as one reader may be told of them: what is closed to it looks like what is not there.

The owner of a line is told of events as they are. Others are told of the part that is made of
uploads whose values are open to them (:mod:`api.anomaly.alarm_parts`), by the name of that part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from api.anomaly.alarm_book import LOOKED_AT_MAX, Alarm, AlarmReading, AskedAlarms
from api.anomaly.sight import AlarmSight, SeenUpload
from api.exchange import Reader

#: Alarms that one answer looks at, shown or not; a cursor goes on in steps of so many.
SCANNED_MAX: Final = 4 * LOOKED_AT_MAX
#: Uploads that a state may rest on, and still be told to others than the owner.
STATE_UPLOADS_MAX: Final = 2_000
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class ToldAlarm:
    """An alarm as it is told to a reader, and the uploads that are told of by it."""

    alarm: Alarm
    seen: tuple[SeenUpload, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Alarms of an answer, and the question for the next ones."""

    told: tuple[ToldAlarm, ...]
    next: AskedAlarms | None


def sources_of(alarm: Alarm) -> set[str]:
    """The uploads in which an alarm opened, peaked, and went on last, red rows of a regime too."""
    episode = alarm.facts.get("episode", {})
    red = alarm.facts.get("regime", {}).get("red", {})
    marks = [episode[name] for name in ("first", "peak", "last") if name in episode]
    marks += red.values()
    return {alarm.record_id, *(str(mark["source"]) for mark in marks)}


@dataclass(slots=True)
class ToldAlarms:
    """Asks one state of the tables for one reader."""

    book: AlarmReading
    sight: AlarmSight
    reader: Reader
    _known: dict[str, SeenUpload | None] = field(default_factory=dict)

    def seen(self, names: Collection[str]) -> dict[str, SeenUpload]:
        """Those of the uploads whose values the reader may have."""
        asked = set(names) - self._known.keys()
        if asked:
            found = self.sight.of(self.book.filings(asked), self.reader)
            self._known.update({name: found.get(name) for name in asked})
        known = ((name, self._known[name]) for name in sorted(names))
        return {name: one for name, one in known if one is not None}

    def tell(self, alarm: Alarm) -> ToldAlarm | None:
        """The alarm as the reader may be told of it; None where it may not."""
        if self.reader.did == alarm.owner or "episode" not in alarm.facts:
            sources = sources_of(alarm)
            seen = self.seen(sources)
            whole = ToldAlarm(alarm, tuple(seen.values()), is_whole=True)
            return whole if sources <= seen.keys() else None
        span = (alarm.from_us, alarm.until_us)
        seen = self.seen(self.book.loud_uploads(alarm.line, span))
        if not seen:
            return None
        # Imported here: a log without anomaly models starts without the mathematics.
        from api.anomaly.alarm_parts import part_of

        uploads = self.book.uploads_of(seen.keys())
        part = part_of(alarm, self.book.loud_of(alarm.line, span, seen.keys()), uploads)
        if part is None:
            return None
        told = [seen[name] for name in sorted(sources_of(part))]
        return ToldAlarm(part, tuple(told), is_whole=False)

    def find(self, name: str) -> ToldAlarm | None:
        """The alarm that the reader knows by this name; its owner knows it by each of its rows."""
        alarm = self.book.alarm(name) or self._by_row(name)
        if alarm is None:
            # The same is asked for one that is not there, and the answer is the same.
            self.seen({""})
            return None
        told = self.tell(alarm)
        return told if told is not None and (told.is_whole or told.alarm.id == name) else None

    def page(self, asked: AskedAlarms) -> Page:
        """A page of alarms; there is a next one only if one more is told, or too many are not."""
        told: list[ToldAlarm] = []
        start = replace(asked, before=self._position(asked.before))
        for number, each in enumerate(self._scanned(start)):
            if number == SCANNED_MAX:
                # The cursor names none of those looked at, only how far to go on.
                return Page(tuple(told), replace(asked, steps=asked.steps + 1))
            found = self.tell(each)
            if found is None or not _is_asked(found.alarm, asked):
                continue
            if len(told) == asked.limit:
                last = told[-1].alarm
                return Page(tuple(told), replace(asked, before=(last.from_us, last.id), steps=0))
            told.append(found)
        return Page(tuple(told), None)

    def _position(self, before: tuple[int, str] | None) -> tuple[int, str] | None:
        """Where the event stands that a part of it is known by to the reader."""
        if before is None or self.find(before[1]) is None:
            return before
        whole = self.book.alarm(before[1]) or self._by_row(before[1])
        return before if whole is None else (whole.from_us, whole.id)

    def _scanned(self, asked: AskedAlarms) -> Iterator[Alarm]:
        """Alarms from a step on, and one more than a step holds."""
        start = asked.steps * SCANNED_MAX
        for first in range(start, start + SCANNED_MAX + 1, LOOKED_AT_MAX):
            found = self.book.alarms(asked, start=first, count=LOOKED_AT_MAX)
            yield from found
            if len(found) < LOOKED_AT_MAX:
                return

    def may_have_state(self, alarm: Alarm, source: str, at_us: int) -> bool:
        """Whether the state before a row is the reader's: all uploads behind it are open to it."""
        if self.reader.did == alarm.owner:
            return True
        behind = self.book.uploads_behind(alarm.line, source, at_us)
        if len(behind) > STATE_UPLOADS_MAX:
            return False
        parts = (set(behind[n : n + _AT_ONCE]) for n in range(0, len(behind), _AT_ONCE))
        return all(part <= self.seen(part).keys() for part in parts)

    def _by_row(self, name: str) -> Alarm | None:
        kind, _, place = name.partition(":")
        source, _, row = place.rpartition(":")
        if not (row.isascii() and row.isdecimal() and len(row) < 10):
            return None
        found = self.book.verdict(source, int(row))
        ids = [] if found is None else found[0].get("episodes", [])
        named = next((each for each in ids if each.startswith(f"{kind}:")), None)
        return None if named is None else self.book.alarm(named)


def _is_asked(alarm: Alarm, asked: AskedAlarms) -> bool:
    """Whether a part is what was asked for of the whole."""
    return (
        asked.level in (None, alarm.level)
        and (asked.since_us is None or alarm.until_us >= asked.since_us)
        and (asked.until_us is None or alarm.from_us <= asked.until_us)
    )
