"""Rows of parameters as machines send them: one strict JSON object a line.

``{"at": "2026-11-20T08:00:00+08:00", "values": {"pressure": "80.5", "speed": null}}``, with
``lot``, ``set_up`` {tool, recipe, material_lot} and ``id`` where there are such. Values may also
be a list in the order of the parameters. Text keeps its digits; a JSON number has those that
its shortest spelling has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ledger.errors import MalformedJson
from ledger.strict_json import parse_json_object
from quality.errors import MalformedReading, TimeOutOfRange
from quality.readers.numbers import plain_decimal

ROW_BYTES_MAX: Final = 64 * 1024
_MEMBERS: Final = frozenset({"at", "values", "lot", "set_up", "id"})
_SET_UP: Final = frozenset({"tool", "recipe", "material_lot"})
#: What a clock that is set wrong states, and no machine measures.
_AHEAD_MAX, _BACK_MAX = timedelta(days=1), timedelta(days=366)
_CODE_CHARACTERS_MAX: Final = 64
_INSTANT: Final = re.compile(
    r"(?:19|20|21)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A row as a record holds it; ``id`` is the machine's own, by which a repeat is known."""

    content: dict[str, Any]
    id: str | None = None


def parse_row(line: bytes, parameters: Sequence[str]) -> StreamRow:
    """One row, of these parameters.

    Raises:
        MalformedReading: it is none: other members, a time without an offset, a value that is
            no number, a parameter that the stream does not have.
    """
    try:
        found = parse_json_object(line, bytes_max=ROW_BYTES_MAX, numbers="any")
    except MalformedJson as fault:
        raise MalformedReading(f"expected a row as a JSON object, found: {fault}") from fault
    if strange := sorted(set(found) - _MEMBERS):
        raise MalformedReading(f"expected members of a row, found {strange[0]!r}")
    row: dict[str, Any] = {
        "at": _instant(found.get("at")),
        "values": _values(found.get("values"), parameters),
    }
    if found.get("lot") is not None:
        row["lot"] = _code(found["lot"], "lot")
    if found.get("set_up") is not None:
        row["set_up"] = _set_up(found["set_up"])
    given = found.get("id")
    return StreamRow(row, None if given is None else _code(given, "id"))


def check_time(row: StreamRow, now: datetime) -> None:
    """Hold a row to the clock of the edge.

    Raises:
        TimeOutOfRange: it was measured more than a day from now, or longer than a year ago.
    """
    at = row.content["at"]
    if not -_BACK_MAX <= datetime.fromisoformat(at) - now <= _AHEAD_MAX:
        raise TimeOutOfRange(
            f"at: expected a time of the last year, found {at} at"
            f" {now.isoformat(timespec='seconds')} here: look which clock is wrong"
        )


def _instant(found: Any) -> str:
    if isinstance(found, str) and _INSTANT.fullmatch(found):
        try:
            datetime.fromisoformat(found)
        except ValueError:
            pass
        else:
            return found
    raise MalformedReading(
        f"at: expected an instant such as 2026-11-20T08:00:00+08:00, found {str(found)[:40]!r}"
    )


def _values(found: Any, parameters: Sequence[str]) -> list[str | None]:
    if isinstance(found, Mapping):
        strange = next((name for name in found if name not in parameters), None)
        if strange is not None:
            raise MalformedReading(f"values: expected parameters of the stream, found {strange!r}")
        found = [found.get(name) for name in parameters]
    if not isinstance(found, list) or len(found) != len(parameters):
        size = len(found) if isinstance(found, list) else type(found).__name__
        raise MalformedReading(f"values: expected {len(parameters)} of them, found {size}")
    return [_decimal(value, name) for value, name in zip(found, parameters, strict=True)]


def _decimal(value: Any, name: str) -> str | None:
    if value is None:
        return None
    text = None
    if isinstance(value, str):
        # Text is a record's: a comma could be one of thousands.
        text = None if "," in value else plain_decimal(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        text = plain_decimal(repr(value))
    if text is None:
        raise MalformedReading(f"values, {name}: expected a number, found {str(value)[:40]!r}")
    return text


def _set_up(found: Any) -> dict[str, str]:
    if not isinstance(found, Mapping) or not set(found) <= _SET_UP:
        raise MalformedReading(f"set_up: expected {', '.join(sorted(_SET_UP))}, found others")
    return {name: _code(value, f"set_up/{name}") for name, value in found.items()}


def _code(found: Any, name: str) -> str:
    is_code = isinstance(found, str) and 0 < len(found) <= _CODE_CHARACTERS_MAX
    if not is_code or not found.isprintable():
        raise MalformedReading(
            f"{name}: expected 1 to {_CODE_CHARACTERS_MAX} characters, found {str(found)[:40]!r}"
        )
    return str(found)
