"""What an inspection report shows beside the other records of its part: true, but bad.

A report is admitted whatever severity its plan names. Beside the lots before it, it is told
whether that severity was the one in force for its lot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from quality.deliveries.agreed import Filed
from quality.flags import Flag
from quality.sampling.answers import ClassVerdict, PartSampling, SampledLot, sampling_of
from quality.sampling.draws import draws_of
from quality.sampling.history import SampledRecord
from quality.sampling.severity import Severity, binding
from quality.sampling.skip_lot import Outcome
from quality.sampling.words import CLASSES_ZH, SEVERITIES_ZH
from quality.values import items, text


def state_flags(
    records: Sequence[SampledRecord],
    record_id: str,
    *,
    specified: Mapping[str, Severity] = MappingProxyType({}),
) -> tuple[Flag, ...]:
    """The flags of a report beside the records of its part; none of one that was corrected.

    Args:
        records: all that concern its part, in the order of their entries.
        record_id: of the report.
        specified: the severities that the specification it cites asks for, by class of defects.
    """
    found = [
        (part, lot)
        for part in sampling_of(records)
        for lot in part.lots
        if lot.record.record_id == record_id
    ]
    return tuple(
        flag
        for part, lot in found
        for flag in (*_severity_flags(lot, specified), *_skip_flags(part, lot.record))
    )


def _skip_flags(part: PartSampling, report: Filed) -> Iterator[Flag]:
    """A lot that is said to be skipped, though no draw before the report said so."""
    cited = text(report.groups, "plan", "skipped_by")
    if cited is None and text(report.groups, "plan", "standard") != "skip-lot":
        return
    before = tuple(one for one in part.records if one.filed.index < report.index)
    shipment = text(report.groups, "lot", "shipment")
    named = {text(one, "class") for one in items(report.groups, "plan", "classes")}
    outcomes = {
        draw.key.defect_class: draw.draw.outcome
        for draw in draws_of(replace(part, records=before), as_of_ms=report.admitted_ms)
        if draw.shipment.record_id == shipment or (shipment is None and draw.draw.reveal == cited)
        if draw.key.defect_class in named or not named
    }
    skipped = {name for name, outcome in outcomes.items() if outcome is Outcome.SKIP}
    if not skipped or named - skipped:
        yield Flag(
            "skip-not-drawn",
            "/plan/skipped_by" if cited else "/plan/standard",
            en="the lot is said to be skipped, and no draw before the report skipped it",
            zh="报告称该批为跳批，但此前并无抽签结果允许跳批",
        )


def _severity_flags(lot: SampledLot, specified: Mapping[str, Severity]) -> Iterator[Flag]:
    for position, planned in enumerate(items(lot.record.groups, "plan", "classes")):
        name = text(planned, "class") or ""
        found = lot.classes.get(name)
        if found is None:
            continue
        is_own = text(planned, "severity") is not None
        place = f"/plan/classes/{position}/severity" if is_own else "/plan/severity"
        if flag := _severity_flag(name, found, specified.get(name), place=place):
            yield flag


def _severity_flag(
    name: str, found: ClassVerdict, specified: Severity | None, *, place: str
) -> Flag | None:
    in_force, stated = found.verdict.severity, found.stated
    if in_force is Severity.DISCONTINUED:
        return Flag(
            "severity-not-in-force",
            place,
            en=f"acceptance of class {name} was discontinued when the lot was inspected",
            zh=f"检验该批时，{CLASSES_ZH.get(name, name)}类已暂停接收",
        )
    bound = binding(in_force, specified)
    if stated is None or stated is bound:
        return None
    if bound is not in_force:
        return Flag(
            "severity-not-in-force",
            place,
            en=f"class {name} was inspected by a {stated} plan, the specification asks for "
            f"{bound} inspection",
            zh=f"{CLASSES_ZH.get(name, name)}类按规格应采用{SEVERITIES_ZH[bound]}，却采用了"
            f"{SEVERITIES_ZH[stated]}方案",
        )
    return Flag(
        "severity-not-in-force",
        place,
        en=f"class {name} was inspected by a {stated} plan, {in_force} inspection was in force",
        zh=f"{CLASSES_ZH.get(name, name)}类应采用{SEVERITIES_ZH[in_force]}，"
        f"却采用了{SEVERITIES_ZH[stated]}方案",
    )
