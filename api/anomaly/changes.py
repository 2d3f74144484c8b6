"""What a page of entries changes of one line, before it is written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

Values: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class LineChanges:
    """Rows of a line as they are to be; None deletes one.

    ``is_anew`` says that nothing of the line before counts: what was scored goes first.
    """

    line: Values = field(default_factory=dict)
    is_anew: bool = False
    events: list[Values] = field(default_factory=list)
    uploads: dict[str, Values] = field(default_factory=dict)
    verdicts: dict[tuple[str, int], Values | None] = field(default_factory=dict)
    alarms: dict[str, Values | None] = field(default_factory=dict)
    shadows: dict[tuple[str, str], Values] = field(default_factory=dict)

    def begin_anew(self) -> None:
        """Forget what is scored, and what was to be written of it."""
        self.is_anew = True
        self.uploads.clear()
        self.verdicts.clear()
        self.alarms.clear()
        self.shadows.clear()


def encode_facts(found: Mapping[str, Any]) -> str:
    """JSON with sorted keys: the same facts are the same text; a number that is none is null."""
    plain = _plain(dict(found))
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def decode_facts(text: str) -> dict[str, Any]:
    """The facts of a row, which only this module has written."""
    found: dict[str, Any] = json.loads(text)
    return found


def facts_of(value: Any) -> dict[str, Any]:
    """The members of a dataclass, those within it too."""
    found: dict[str, Any] = _plain(asdict(value))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
