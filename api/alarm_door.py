"""The HTTP routes of alarms: the list, one with all that led to it, and its plot.

Who is told is decided upload by upload (:mod:`api.anomaly.sight`); what one may not see looks
like what is not there. The mathematics are imported where a plot is drawn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.anomaly.alarm_book import Alarm, AlarmBook, AlarmReading
from api.anomaly.alarm_query import encode_alarm_cursor, parse_alarms, parse_plot
from api.anomaly.sight import AlarmSight, SeenUpload
from api.anomaly.told_alarms import ToldAlarm, ToldAlarms
from api.anomaly.worker import AnomalyWorker
from api.deliveries_query import WAIT_SECONDS_MAX
from api.exchange import Reader, Refused, language_of
from api.records import private
from api.search_query import read_integer
from keys.encoding import decode_base64url
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
            page = ToldAlarms(book, self.sight, reader).page(asked)
            told = [_head(each, book) for each in page.told]
            size = book.size()
        self._note([seen for each in page.told for seen in each.seen], reader)
        following = None if page.next is None else encode_alarm_cursor(page.next)
        answer: dict[str, Any] = {"alarms": told, "next": following}
        return private(JSONResponse({**answer, "provenance": _provenance(size)}))

    def show(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/alarms/{alarm}``: verdicts, contributions, decision path and provenance.

        Raises:
            Refused: there is no such alarm that the reader may know of.
        """
        _expect_signed(reader)
        with AlarmBook(self.worker.database).at_once() as book:
            alarms = ToldAlarms(book, self.sight, reader)
            found = _find(alarms, request)
            told = {**_head(found, book), **_whole(found, alarms)}
            told["provenance"] = {**_provenance(book.size()), **found.alarm.facts["provenance"]}
        self._note(found.seen, reader)
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
            alarms = ToldAlarms(book, self.sight, reader)
            found = _find(alarms, request)
            alarm = found.alarm
            others = book.series(alarm.line, from_us=alarm.from_us, until_us=alarm.until_us)
            may_see = alarms.seen({each.record_id for each in others})
            series = [each for each in others if each.record_id in may_see]
            drawn = draw_alarm(alarm, series, book.verdict(*_peak(alarm)), asked)
        self._note([*may_see.values(), *found.seen], reader)
        return private(Response(drawn, media_type=_MEDIA_TYPES[asked.form]))

    def _note(self, seen: Iterable[SeenUpload], reader: Reader) -> None:
        once = {each.row.index: each for each in seen}
        self.sight.note([once[index] for index in sorted(once)], reader)


def _find(alarms: ToldAlarms, request: Request) -> ToldAlarm:
    name = str(request.path_params["alarm"])[:200].replace("\0", "")
    found = alarms.find(name)
    if found is None:
        raise Refused(Refusal("not-found", f"no alarm {name[:80]!r}"))
    return found


def _expect_signed(reader: Reader) -> None:
    if reader.did is None:
        raise Refused(Refusal("signature-required", "alarms of a line: sign the request"))


def _provenance(size: int) -> dict[str, Any]:
    return {"method": METHOD, "tree_size": size}


def _head(told: ToldAlarm, book: AlarmReading) -> dict[str, Any]:
    """What a list tells of an alarm."""
    alarm, line = told.alarm, book.line(told.alarm.line)
    labels = _labels(told, line.facts.get("labels", []) if line else [])
    peak = _verdict(told, book.verdict(*_peak(alarm)))
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
        "sentence": None if peak is None else peak.get("sentence"),
    }


def _verdict(told: ToldAlarm, found: tuple[dict[str, Any], bytes] | None) -> dict[str, Any] | None:
    """A verdict as the reader is told of it."""
    if found is None or told.is_whole:
        return None if found is None else found[0]
    from api.anomaly.alarm_parts import verdict_of_part

    return verdict_of_part(found[0], told.alarm)


def _labels(told: ToldAlarm, labels: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was said of this alarm: by its id, or of rows of the upload that it peaked in."""
    alarm, (source, row) = told.alarm, _peak(told.alarm)
    found = [
        each
        for each in labels
        if (each["episode"] == alarm.id and (told.is_whole or each["upload"] == source))
        or (each["upload"] == source and each["from_row"] <= row <= each["to_row"])
    ]
    # A label may name the event by its whole, which is not this reader's.
    return found if told.is_whole else [{**each, "episode": alarm.id} for each in found]


def _peak(alarm: Alarm) -> tuple[str, int]:
    """The row that tells most of an alarm: record id and number."""
    peak = alarm.facts.get("episode", {}).get("peak")
    if peak is None:
        return alarm.record_id, int(alarm.facts.get("row", 0))
    return str(peak["source"]), int(peak["row"])


def _whole(told: ToldAlarm, alarms: ToldAlarms) -> dict[str, Any]:
    """What is told of one alarm besides its head."""
    alarm, book = told.alarm, alarms.book
    line = book.line(alarm.line)
    first = alarm.facts.get("episode", {}).get("first")
    opening = None if first is None else (str(first["source"]), int(first["row"]))
    opened = None if opening is None else book.verdict(*opening)
    peak = book.verdict(*_peak(alarm))
    return {
        "episode": alarm.facts.get("episode"),
        "regime": alarm.facts.get("regime"),
        "drift": alarm.facts.get("drift"),
        "unwatched": alarm.facts.get("unwatched"),
        "times": alarm.facts.get("times"),
        "opened": _verdict(told, opened),
        "peak": _verdict(told, peak),
        "decision": _path(alarms, alarm, peak),
        "opening_decision": _path(alarms, alarm, opened),
        "labels": _labels(told, line.facts.get("labels", []) if line else []),
    }


def _path(
    alarms: ToldAlarms, alarm: Alarm, found: tuple[dict[str, Any], bytes] | None
) -> dict[str, Any] | None:
    """The decision, as it is replayed; None where it is not kept.

    The state before it is made of rows before: whoever may not have all of these is told its
    digest instead.
    """
    if found is None or not found[1]:
        return None
    path: dict[str, Any] = json.loads(found[1])
    facts = found[0]
    if alarms.may_have_state(alarm, str(facts["source"]), int(facts["at_us"] or 0)):
        return path
    digest = hashlib.sha256(decode_base64url(path["state"])).hexdigest()
    rest = {name: value for name, value in path.items() if name != "state"}
    return {**rest, "state_sha256": digest}
