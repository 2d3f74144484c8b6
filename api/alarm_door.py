"""The HTTP routes of alarms: the list, one with all that led to it, and its plot.

Who is told is decided upload by upload (:mod:`api.anomaly.sight`); what one may not see looks
like what is not there. The mathematics are imported where a plot is drawn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.anomaly.alarm_book import LOOKED_AT_MAX, Alarm, AlarmBook, AlarmReading, AskedAlarms
from api.anomaly.alarm_query import encode_alarm_cursor, parse_alarms, parse_plot
from api.anomaly.sight import AlarmSight, SeenUpload
from api.anomaly.worker import AnomalyWorker
from api.deliveries_query import WAIT_SECONDS_MAX
from api.exchange import Reader, Refused, language_of
from api.records import private
from api.search_query import read_integer
from ledger.faults import Refusal

METHOD: Final = "ANM-1"
_MEDIA_TYPES: Final = {"png": "image/png", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class AlarmDoor:
    """Answers about the alarms of one log."""

    worker: AnomalyWorker
    sight: AlarmSight

    async def await_entries(self, request: Request, reader: Reader) -> None:
        """Wait for the entries that a question asks for, as far as the log has them.

        Raises:
            Refused: it is of another form, or not signed; for that nobody waits.
        """
        _expect_signed(reader)
        parse_alarms(request.query_params)
        at_least = read_integer(request.query_params, "at_least") or 0
        await self.worker.reach(at_least, WAIT_SECONDS_MAX)

    def alarms(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/alarms``: events, the newest first."""
        _expect_signed(reader)
        asked = parse_alarms(request.query_params)
        with AlarmBook(self.worker.database).at_once() as book:
            found = book.alarms(asked)
            named = {name for each in found for name in sources_of(each)}
            seen = self.sight.of(book.filings(named), reader)
            shown = [each for each in found if sources_of(each) <= seen.keys()][: asked.limit]
            told = [_head(each, book) for each in shown]
            size = book.size()
        told_of = {name for each in shown for name in sources_of(each)}
        self.sight.note([seen[name] for name in sorted(told_of)], reader)
        answer: dict[str, Any] = {"alarms": told, "next": _next(asked, found, shown)}
        return private(JSONResponse({**answer, "provenance": _provenance(size)}))

    def show(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/alarms/{alarm}``: verdicts, contributions, decision path and provenance.

        Raises:
            Refused: there is no such alarm that the reader may know of.
        """
        _expect_signed(reader)
        with AlarmBook(self.worker.database).at_once() as book:
            alarm, seen = self._find(book, str(request.path_params["alarm"]), reader)
            told = {**_head(alarm, book), **_whole(alarm, book)}
            told["provenance"] = {**_provenance(book.size()), **alarm.facts["provenance"]}
        self.sight.note(seen, reader)
        return private(JSONResponse(told))

    def plot(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/alarms/{alarm}/plot``: score with its limits, and bars of contributions.

        Raises:
            Refused: there is no such alarm that the reader may know of.
        """
        from api.anomaly.alarm_plot import draw_alarm

        _expect_signed(reader)
        asked = parse_plot(request.query_params, language=language_of(request))
        with AlarmBook(self.worker.database).at_once() as book:
            alarm, seen = self._find(book, str(request.path_params["alarm"]), reader)
            others = book.series(alarm.line, from_us=alarm.from_us, until_us=alarm.until_us)
            filings = book.filings({each.record_id for each in others})
            may_see = self.sight.of(filings, reader)
            series = [each for each in others if each.record_id in may_see]
            drawn = draw_alarm(alarm, series, book.verdict(*_peak(alarm)), asked)
        self.sight.note([*may_see.values(), *seen], reader)
        return private(Response(drawn, media_type=_MEDIA_TYPES[asked.form]))

    def _find(
        self, book: AlarmReading, name: str, reader: Reader
    ) -> tuple[Alarm, list[SeenUpload]]:
        alarm = book.alarm(name[:200].replace("\0", ""))
        # The same is asked for one that is not there, and the answer is the same.
        named = {""} if alarm is None else sources_of(alarm)
        seen = self.sight.of(book.filings(named), reader)
        if alarm is None or not named <= seen.keys():
            raise Refused(Refusal("not-found", f"no alarm {name[:80]!r}"))
        return alarm, [seen[each] for each in sorted(named)]


def _expect_signed(reader: Reader) -> None:
    if reader.did is None:
        raise Refused(Refusal("signature-required", "alarms of a line: sign the request"))


def _provenance(size: int) -> dict[str, Any]:
    return {"method": METHOD, "tree_size": size}


def sources_of(alarm: Alarm) -> set[str]:
    """The uploads that tell most of an alarm: those in which it opened, peaked, and went on last.

    An event may go on over many uploads. What is told of it is told of them all, so whoever is
    told has to be allowed the values of each of these.
    """
    episode = alarm.facts.get("episode", {})
    marks = (episode[name] for name in ("first", "peak", "last") if name in episode)
    return {alarm.record_id, *(str(mark["source"]) for mark in marks)}


def _next(asked: AskedAlarms, found: Sequence[Alarm], shown: Sequence[Alarm]) -> str | None:
    """Where the next page begins: behind the last one shown, or the last one looked at."""
    if len(shown) == asked.limit and found[-1] != shown[-1]:
        return encode_alarm_cursor(shown[-1])
    return encode_alarm_cursor(found[-1]) if len(found) == LOOKED_AT_MAX else None


def _head(alarm: Alarm, book: AlarmReading) -> dict[str, Any]:
    """What a list tells of an alarm."""
    line = book.line(alarm.line)
    labels = _labels(alarm, line.facts.get("labels", []) if line else [])
    episode = alarm.facts.get("episode", {})
    newest = [each["label"] for each in labels if each["label"]]
    return {
        "id": alarm.id,
        "code": alarm.facts["code"],
        "kind": alarm.kind,
        "level": alarm.level,
        "owner": alarm.owner,
        "line": {"key": alarm.line, **(line.place.members if line else {})},
        "from_us": alarm.from_us,
        "until_us": alarm.until_us,
        "is_open": bool(episode.get("is_open", False)),
        "record_id": alarm.record_id,
        "rows": episode.get("rows", 0),
        "loud_rows": episode.get("loud_rows", 0),
        "peak_p": episode.get("peak_p"),
        "parameters": [name for name, _ in episode.get("parameters", [])],
        "acknowledged": bool(labels),
        "label": newest[-1] if newest else None,
        "sentence": _sentence(alarm, book),
    }


def _sentence(alarm: Alarm, book: AlarmReading) -> dict[str, str] | None:
    found = book.verdict(*_peak(alarm))
    told: dict[str, str] | None = None if found is None else found[0].get("sentence")
    return told


def _labels(alarm: Alarm, labels: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was said of this alarm: by its id, or of rows of the upload that it peaked in."""
    source, row = _peak(alarm)
    return [
        each
        for each in labels
        if each["episode"] == alarm.id
        or (each["upload"] == source and each["from_row"] <= row <= each["to_row"])
    ]


def _peak(alarm: Alarm) -> tuple[str, int]:
    """The row that tells most of an alarm: record id and number."""
    peak = alarm.facts.get("episode", {}).get("peak")
    if peak is None:
        return alarm.record_id, int(alarm.facts.get("row", 0))
    return str(peak["source"]), int(peak["row"])


def _whole(alarm: Alarm, book: AlarmReading) -> dict[str, Any]:
    """What is told of one alarm besides its head."""
    line = book.line(alarm.line)
    first = alarm.facts.get("episode", {}).get("first")
    opened = None if first is None else book.verdict(first["source"], first["row"])
    peak = book.verdict(*_peak(alarm))
    return {
        "episode": alarm.facts.get("episode"),
        "regime": alarm.facts.get("regime"),
        "drift": alarm.facts.get("drift"),
        "opened": None if opened is None else opened[0],
        "peak": None if peak is None else peak[0],
        "decision": _path(peak),
        "opening_decision": _path(opened),
        "labels": _labels(alarm, line.facts.get("labels", []) if line else []),
    }


def _path(found: tuple[dict[str, Any], bytes] | None) -> dict[str, Any] | None:
    """The whole decision, as it is replayed; None where it is not kept."""
    if found is None or not found[1]:
        return None
    path: dict[str, Any] = json.loads(found[1])
    return path
