"""What an inspection report shows beside the other records of its part: true, but bad.

A report is admitted whatever severity its plan names. Beside the lots before it, it is told
whether that severity was the one in force for its lot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quality.flags import Flag
from quality.sampling.answers import ClassVerdict, SampledLot, sampling_of
from quality.sampling.history import SampledRecord
from quality.sampling.severity import Severity
from quality.sampling.switching_words import SEVERITIES_ZH
from quality.values import items, text


def state_flags(records: Sequence[SampledRecord], record_id: str) -> tuple[Flag, ...]:
    """The flags of a report beside the records of its part; none of one that was corrected.

    Args:
        records: all that concern its part, in the order of their entries.
        record_id: of the report.
    """
    return tuple(
        flag
        for part in sampling_of(records)
        for lot in part.lots
        if lot.record.record_id == record_id
        for flag in _severity_flags(lot)
    )


def _severity_flags(lot: SampledLot) -> Iterator[Flag]:
    for position, planned in enumerate(items(lot.record.groups, "plan", "classes")):
        name = text(planned, "class") or ""
        found = lot.classes.get(name)
        if found is None:
            continue
        is_own = text(planned, "severity") is not None
        place = f"/plan/classes/{position}/severity" if is_own else "/plan/severity"
        if flag := _severity_flag(name, found, place=place):
            yield flag


def _severity_flag(name: str, found: ClassVerdict, *, place: str) -> Flag | None:
    in_force, stated = found.verdict.severity, found.stated
    if in_force is Severity.DISCONTINUED:
        return Flag(
            "severity-not-in-force",
            place,
            en=f"acceptance of class {name} was discontinued when the lot was inspected",
            zh=f"检验该批时，{name} 类已暂停接收",
        )
    if stated in (None, in_force):
        return None
    assert stated is not None
    return Flag(
        "severity-not-in-force",
        place,
        en=f"class {name} was inspected by a {stated} plan, {in_force} inspection was in force",
        zh=f"{name} 类应采用{SEVERITIES_ZH[in_force]}，却采用了{SEVERITIES_ZH[stated]}方案",
    )
