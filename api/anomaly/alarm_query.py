"""The parameters of questions about alarms, and the cursor of their pages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams

from api.anomaly.alarm_book import AskedAlarms
from api.deliveries_query import read_text
from api.exchange import LANGUAGES
from api.search_query import check_names, malformed, read_integer
from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 100
STEPS_MAX: Final = 10_000
LEVELS: Final = ("yellow", "red")
KINDS: Final = ("anomaly", "specification", "regime", "drift", "unwatched", "times-out-of-place")
FORMATS: Final = ("png", "svg")
_ALARMS: Final = frozenset(
    {"owner", "line", "level", "kind", "since", "until", "limit", "cursor", "at_least"}
)
_PLOT: Final = frozenset({"format", "language"})
_MILLISECOND_US: Final = 1_000


@dataclass(frozen=True, slots=True)
class AskedPlot:
    """How a plot is to be drawn."""

    form: str
    language: str


def parse_alarms(asked: QueryParams) -> AskedAlarms:
    """Read the parameters of ``GET /v1/alarms``.

    Raises:
        Refused: one is unknown, doubled or of another form.
    """
    check_names(asked, _ALARMS)
    limit = read_integer(asked, "limit")
    if limit is not None and not 0 < limit <= LIMIT_MAX:
        raise malformed("limit", f"1 to {LIMIT_MAX}", str(limit))
    before, steps = _cursor(asked)
    since, until = (read_integer(asked, name) for name in ("since", "until"))
    return AskedAlarms(
        limit=limit or LIMIT_DEFAULT,
        before=before,
        steps=steps,
        owner=read_text(asked, "owner"),
        line=read_text(asked, "line"),
        level=read_choice(asked, "level", LEVELS),
        kind=read_choice(asked, "kind", KINDS),
        since_us=None if since is None else since * _MILLISECOND_US,
        until_us=None if until is None else until * _MILLISECOND_US,
    )


def parse_plot(asked: QueryParams, *, language: str) -> AskedPlot:
    """Read the parameters of ``GET /v1/alarms/{alarm}/plot``.

    Raises:
        Refused: one is unknown, doubled or of another form.
    """
    check_names(asked, _PLOT)
    form = read_choice(asked, "format", FORMATS) or FORMATS[0]
    return AskedPlot(form, read_choice(asked, "language", LANGUAGES) or language)


def read_choice(asked: QueryParams, name: str, choices: tuple[str, ...]) -> str | None:
    """One of several words; None where the parameter is absent.

    Raises:
        Refused: it is another word.
    """
    text = asked.get(name)
    if text is not None and text not in choices:
        raise malformed(name, f"one of {', '.join(choices)}", text)
    return text


def encode_alarm_cursor(asked: AskedAlarms) -> str:
    """Where a page begins: behind an alarm that its reader was told of, so many steps on."""
    at_us, name = asked.before or (None, "")
    return encode_base64url(json.dumps([at_us, name, asked.steps]).encode())


def _cursor(asked: QueryParams) -> tuple[tuple[int, str] | None, int]:
    text = asked.get("cursor")
    if text is None:
        return None, 0
    try:
        at_us, name, steps = json.loads(decode_base64url(text[:500]))
        if isinstance(name, str) and type(steps) is int and 0 <= steps <= STEPS_MAX:
            if at_us is None and steps:
                return None, steps
            if type(at_us) is int and abs(at_us) < 1 << 62:
                return (at_us, name.replace("\0", "")), steps
    except (MalformedEncoding, ValueError, TypeError, RecursionError):
        pass
    raise malformed("cursor", "one that an answer gave", text)
