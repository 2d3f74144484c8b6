"""The specification that an inspection cites, and the flags of a record beside others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.limit_flags import flags_by_limits
from ledger.verify import VerifiedRecord
from quality.agreed_limits import with_agreed_limits
from quality.flags import Flag
from quality.rules import QualityRules
from quality.values import Groups, text

_CHARACTERISTIC: Final = re.compile(r"/(measurements|summary)/characteristics/(\d+)(/|$)")


@dataclass(frozen=True, slots=True)
class Cited:
    """A specification, verified: its code and revision, and the record that says it."""

    code: str
    revision: str
    record_id: str
    index: int
    groups: Groups


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a record from others; nothing where its reader is given none of it.

    ``flags`` are those of the log, as JSON.
    """

    cited: Cited | None = None
    flags: tuple[Mapping[str, Any], ...] = ()


def cited_by(record: VerifiedRecord) -> Cited | None:
    """A verified record as a specification; None where its limits were not shown."""
    groups = {item.group: item.value for item in record.groups}
    code, revision = (text(groups, "state", name) for name in ("specification", "revision"))
    if code is None or revision is None or "characteristics" not in groups:
        return None
    return Cited(code, revision, record.record_id, record.index, groups)


def with_limits(groups: Groups, cited: Cited | None) -> Groups:
    """The groups of an inspection with the limits of its specification, in its summary too."""
    if cited is None:
        return groups
    found = {**with_agreed_limits(groups, cited.groups)}
    if "summary" in groups:
        summary = with_agreed_limits({"measurements": groups["summary"]}, cited.groups)
        found["summary"] = summary["measurements"]
    return found


def flag_lines(vct: str, groups: Groups, beside: Beside, *, language: str) -> Iterator[str]:
    """The flags of a record and those beside others, each once, a line each."""
    flags = list(_once(_all_flags(vct, groups, beside)))
    texts = [_text(flag, language) for flag in flags]
    counted = Counter(texts)
    lines = (
        _named(flag, said, groups) if counted[said] > 1 else said
        for flag, said in zip(flags, texts, strict=True)
    )
    for line, count in Counter(lines).items():
        yield line if count == 1 else f"{line} ×{count}"


def _all_flags(vct: str, groups: Groups, beside: Beside) -> Iterator[Mapping[str, Any]]:
    yield from map(_encode, QualityRules().flags(vct, groups))
    if beside.cited is not None:
        yield from map(_encode, flags_by_limits(groups, beside.cited.groups))
    yield from beside.flags


def _encode(flag: Flag) -> Mapping[str, Any]:
    return {"code": flag.code, "pointer": flag.pointer, "en": flag.en, "zh": flag.zh}


def _once(flags: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    seen = set()
    for flag in flags:
        key = (str(flag.get("code")), str(flag.get("pointer")), str(flag.get("en")))
        if key not in seen:
            seen.add(key)
            yield flag


def _text(flag: Mapping[str, Any], language: str) -> str:
    words = flag.get(language) or f"expected {flag.get('expected')}, found {flag.get('found')}"
    return f"{flag.get('code')}: {words}"


def _named(flag: Mapping[str, Any], said: str, groups: Groups) -> str:
    """A flag that others read like, with the characteristic that it is of."""
    pointer = str(flag.get("pointer", ""))
    found = _CHARACTERISTIC.match(pointer)
    if found is None:
        return f"{said} ({pointer})" if pointer else said
    group = groups.get(found[1])
    items = group.get("characteristics", ()) if isinstance(group, Mapping) else ()
    name = text(items[int(found[2])], "id") if int(found[2]) < len(items) else None
    return f"{said} ({name or pointer})"
