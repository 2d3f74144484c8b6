"""What an inspection report shows beside the other records of its part: true, but bad.

A report is admitted whatever severity its plan names. Beside the lots before it, it is told
whether that severity was the one in force for its lot.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from quality.deliveries.agreed import Filed
from quality.flags import Flag
from quality.sampling.answers import ClassVerdict, PartSampling, SampledLot, sampling_of
from quality.sampling.draws import ClassDraw, draws_of
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
    if not _is_skipped(report):
        return
    cited = text(report.groups, "plan", "skipped_by")
    reason = _why_not_skipped(part, report, cited=cited)
    if reason is not None:
        en, zh = reason
        place = "/plan/skipped_by" if cited else "/plan/standard"
        yield Flag(
            "skip-not-drawn",
            place,
            en=f"the lot is said to be skipped: {en}",
            zh=f"报告称该批为跳批：{zh}",
        )


def _why_not_skipped(
    part: PartSampling, report: Filed, *, cited: str | None
) -> tuple[str, str] | None:
    """What keeps a report from being of a lot that was skipped, in English and Chinese."""
    shipment = text(report.groups, "lot", "shipment")
    if shipment is None:
        return "expected the shipment that was drawn, found none", "未注明抽签所针对的发货记录"
    reveals = {one.filed.record_id for one in part.records if one.filed.index < report.index}
    named = {text(one, "class") for one in items(report.groups, "plan", "classes")}
    draws = [
        found
        for found in draws_of(part, as_of_ms=report.admitted_ms)
        if found.shipment.record_id == shipment and found.draw.reveal in reveals
    ]
    skipped = {
        found.key.defect_class: found for found in draws if found.draw.outcome is Outcome.SKIP
    }
    if not skipped or named - skipped.keys():
        return _why_not_drawn(draws, named)
    if cited is not None and cited not in {found.draw.reveal for found in skipped.values()}:
        return "the reveal that it cites is for another shipment", "所引用的揭示针对另一次发货"
    drawn = next(iter(skipped.values())).shipment.lots
    if not _lots_of(report) <= drawn:
        return "its lot is none of those of the shipment", "该批号不在该次发货的批号之中"
    return _why_used_up(part, report)


def _why_not_drawn(draws: Iterable[ClassDraw], named: Collection[str | None]) -> tuple[str, str]:
    """What was decided of the shipment instead, for a class that the report names."""
    for found in draws:
        is_named = not named or found.key.defect_class in named
        if is_named and found.draw.outcome is not Outcome.SKIP:
            return found.draw.reason.en, found.draw.reason.zh
    return "no draw before the report skipped it", "此前并无抽签结果允许跳批"


def _why_used_up(part: PartSampling, report: Filed) -> tuple[str, str] | None:
    """A skip is used once: by the first report of a lot of the shipment."""
    shipment, lots = text(report.groups, "lot", "shipment"), _lots_of(report)
    for lot in part.lots:
        if lot.record.record_id == report.record_id:
            return None
        is_same = text(lot.record.groups, "lot", "shipment") == shipment
        if (
            is_same
            and text(lot.record.groups, "plan", "skipped_by")
            and _lots_of(lot.record) & lots
        ):
            return "another report used the skip of this lot", "另一份报告已使用该批的跳批资格"
    return None


def _is_skipped(report: Filed) -> bool:
    """Whether a report says that its lot was not inspected by a draw."""
    cites = text(report.groups, "plan", "skipped_by") is not None
    return cites or text(report.groups, "plan", "standard") == "skip-lot"


def _lots_of(report: Filed) -> frozenset[str]:
    """The supplier's numbers of what a report is about: the lot's own where it names none."""
    named = {text(lot, "number") or "" for lot in items(report.groups, "lot", "lots")}
    return frozenset(named or {text(report.groups, "lot", "number") or ""})


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
