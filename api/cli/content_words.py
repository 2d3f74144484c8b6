"""The content of a record in words: labels from the definition of its type, English or Chinese."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from quality.rules import QualityRules

ITEMS_SHOWN: Final = 12

_CLOSED: Final[Mapping[str, Mapping[str, str]]] = {
    "/manifest": {"en": "Manifest", "zh": "清单"},
    "/manifest/owner": {"en": "Owner", "zh": "所有者"},
    "/manifest/subject": {"en": "Subject", "zh": "主体"},
    "/manifest/corrects": {"en": "Corrects", "zh": "更正记录"},
    "/manifest/groups": {"en": "Tiers", "zh": "分级"},
    "/address": {"en": "Address", "zh": "收件"},
    "/address/to": {"en": "To", "zh": "收件方"},
    "/address/case": {"en": "Case", "zh": "案件"},
    "/address/family": {"en": "Part family", "zh": "零件族"},
    "/address/links": {"en": "Links", "zh": "关联"},
    "/filing": {"en": "Filing", "zh": "归档"},
    "/filing/present": {"en": "Groups present", "zh": "所含分组"},
    "/filing/number": {"en": "Number", "zh": "编号"},
    "/filing/notes": {"en": "Notes", "zh": "备注"},
}
_NOTHING: Final = {"en": "none", "zh": "无"}
_MORE: Final = {"en": "... and {more} more", "zh": "……另有 {more} 项"}


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of places in one language; a place without one is called by its last name."""

    language: str
    title: str = ""
    _names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def name(self, pointer: str) -> str:
        """What a place is called."""
        general = re.sub(r"/\d+(?=/|$)", "/*", pointer)
        for found in (self._names.get(general), _CLOSED.get(general)):
            if found and self.language in found:
                return found[self.language]
        return pointer.rpartition("/")[2]


def read_labels(definition: str | None, language: str) -> Labels:
    """The labels of a definition; few, where the definition is not known."""
    members: Mapping[str, Any] = json.loads(definition) if definition else {}
    groups = {f"/{name}": rule.get("title", {}) for name, rule in members.get("groups", {}).items()}
    title = members.get("title", {}).get(language, "")
    return Labels(language, title, {**groups, **members.get("labels", {})})


def tell_groups(groups: Mapping[str, Any], labels: Labels) -> Iterator[str]:
    """Groups as indented lines, what the record says before how it is filed."""
    order = sorted(groups, key=lambda name: f"/{name}" in _CLOSED)
    for name, value in ((name, groups[name]) for name in order):
        pointer = f"/{name}"
        yield f"{labels.name(pointer)}:"
        yield from _tell(value, pointer, labels, depth=1)


def tell_flags(vct: str, groups: Mapping[str, Any], *, language: str) -> Iterator[str]:
    """What a record says that is true but bad, a line each."""
    for flag in QualityRules().flags(vct, groups):
        yield f"{flag.code}: {flag.zh if language == 'zh' else flag.en}"


def tell_log_flags(flags: Iterable[Mapping[str, Any]], *, language: str) -> Iterator[str]:
    """What the service says that a record shows only beside others, a line each."""
    for flag in flags:
        words = flag.get(language) or f"expected {flag.get('expected')}, found {flag.get('found')}"
        yield f"{flag.get('code')}: {words}"


def _tell(value: Any, pointer: str, labels: Labels, *, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _tell_member(item, f"{pointer}/{name}", labels, depth=depth)
    elif isinstance(value, list):
        for position, item in enumerate(value[:ITEMS_SHOWN]):
            yield f"{indent}- {_line(item, f'{pointer}/{position}', labels)}"
            if not _is_plain(item):
                yield from _tell(item, f"{pointer}/{position}", labels, depth=depth + 1)
        if len(value) > ITEMS_SHOWN:
            yield indent + _MORE[labels.language].format(more=len(value) - ITEMS_SHOWN)
    else:
        yield f"{indent}{_scalar(value, labels)}"


def _tell_member(value: Any, pointer: str, labels: Labels, *, depth: int) -> Iterator[str]:
    indent = "  " * depth
    name = labels.name(pointer)
    if not isinstance(value, dict | list) or not value:
        yield f"{indent}{name}: {_scalar(value, labels)}"
        return
    if isinstance(value, list) and all(not isinstance(item, dict | list) for item in value):
        yield f"{indent}{name}: {', '.join(_scalar(item, labels) for item in value)}"
        return
    yield f"{indent}{name}:"
    yield from _tell(value, pointer, labels, depth=depth + 1)


def _is_plain(value: Any) -> bool:
    """Whether a value is told in one line: a scalar, or an object of scalars."""
    if isinstance(value, dict):
        return all(not isinstance(item, dict | list) for item in value.values())
    return not isinstance(value, list)


def _line(value: Any, pointer: str, labels: Labels) -> str:
    if not _is_plain(value):
        return ""
    if isinstance(value, dict):
        return ", ".join(
            f"{labels.name(f'{pointer}/{name}')} {_scalar(item, labels)}"
            for name, item in value.items()
        )
    return _scalar(value, labels)


def _scalar(value: Any, labels: Labels) -> str:
    if value is None or value in ([], {}):
        return _NOTHING[labels.language]
    return str(value).lower() if isinstance(value, bool) else str(value)
