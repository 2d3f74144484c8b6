"""A line whose rows state odd times: one event, as its clock or its way here is wrong.

Such rows are scored by themselves, so a clock that is set wrong takes the memory of the averages
away from a line. Nobody has to mean it, and somebody is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from api.anomaly.changes import Values, encode_facts
from api.anomaly.places import Place
from quality.deliveries.agreed import Filed
from scoring.anomaly.verdict import Level, Order, Verdict

TIMES_OUT_OF_PLACE: Final = "times-out-of-place"
#: Of so many rows of a line, the newest, so many are enough: a fifth.
LOOKED_AT: Final = 100
NEED: Final = LOOKED_AT // 5
_OUT: Final = frozenset({Order.APART, Order.AHEAD})
_WORDS: Final = {
    "en": "{} of the last {} rows state times ahead of admission or long before the others.",
    "zh": "最近 {1} 行中有 {0} 行的时间晚于接纳时间，或远早于其他行。",
}


def start_times() -> dict[str, Any]:
    """What a line remembers of it before its first row."""
    return {"last": "", "event": None}


def times_after(
    place: Place, before: Mapping[str, Any], verdicts: Iterable[Verdict], *, record: Filed
) -> tuple[dict[str, Any], Values | None]:
    """What a line remembers behind the verdicts of an upload, and the event where it changes."""
    fresh = [v for v in verdicts if v.source == record.record_id and v.order is not Order.AGAIN]
    fresh.sort(key=lambda verdict: verdict.row)
    marks = "".join("x" if verdict.order in _OUT else "." for verdict in fresh)
    last = (before["last"] + marks)[-LOOKED_AT:]
    event, count = before["event"], last.count("x")
    is_open = count >= NEED
    if not is_open and event is None:
        return {"last": last, "event": None}, None
    at_us = record.admitted_ms * 1_000
    begun = event or {"source": record.record_id, "entry": record.index, "from_us": at_us}
    told = {**begun, "until_us": at_us, "rows": count, "of": len(last), "is_open": is_open}
    return {"last": last, "event": told if is_open else None}, _row(place, told)


def _row(place: Place, event: Mapping[str, Any]) -> Values:
    counts = event["rows"], event["of"]
    facts = {
        "code": TIMES_OUT_OF_PLACE,
        "provenance": {"record_id": event["source"], "entry": event["entry"]},
        "row": 1,
        "times": {
            "rows": event["rows"],
            "of": event["of"],
            "is_open": event["is_open"],
            "sentence": {language: words.format(*counts) for language, words in _WORDS.items()},
        },
    }
    return {
        "id": f"{TIMES_OUT_OF_PLACE}:{event['source']}:{event['from_us']}",
        "line": place.key,
        "owner": place.owner,
        "kind": TIMES_OUT_OF_PLACE,
        "level": str(Level.YELLOW),
        "from_us": event["from_us"],
        "until_us": event["until_us"],
        "record_id": event["source"],
        "facts": encode_facts(facts),
    }
