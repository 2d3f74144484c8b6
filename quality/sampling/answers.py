"""What the log says about the sampling of parts: states, lots, switches, and why.

Method ``SMP-1`` (docs/spec/sampling-state.md). An answer is a pure function of the records that
concern the parts, in the order of the log: :mod:`quality.sampling.history` tells which these
are, and the same records come to the same answer for everybody who reads them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from ledger.relations import ACT_VCT
from quality.deliveries.agreed import Filed, Lane
from quality.in_force.parts import PartKey
from quality.sampling.history import (
    INSPECTION_VCT,
    PLAN,
    SEVERITY,
    UNKNOWN_PART,
    VERDICT,
    SampledRecord,
    corrects_of,
)
from quality.sampling.observed import Observed, not_accepted, observe
from quality.sampling.parameters import CLASSES
from quality.sampling.reason import Reason
from quality.sampling.severity import Severity
from quality.sampling.switching import (
    At,
    CorrectiveActionAccepted,
    CustomersWish,
    GapLot,
    IrregularProduction,
    LotEvent,
    LotVerdict,
    ReducedAuthorised,
    SamplingHistory,
    SamplingKey,
    fold_all,
)
from quality.values import items, text

METHOD: Final = "SMP-1"
BEGINNING: Final = Reason(
    "beginning",
    en="normal inspection is in force at the beginning (ISO 2859-1, 9.1)",
    zh="开始时采用正常检验（GB/T 2828.1，9.1）",
)
_ERASED: Final = Reason(
    "erased",
    en="counted as not accepted: what the report said was erased",
    zh="按不接收计：报告内容已删除",
)


@dataclass(frozen=True, slots=True)
class ClassVerdict:
    """What a report was to one class of defects, and the severity that it names."""

    verdict: LotVerdict
    stated: Severity | None


@dataclass(frozen=True, slots=True)
class SampledLot:
    """An inspection report of a part, and what came of it.

    Attributes:
        record: the report, or its latest correction.
        at: the entry of its first version, behind which a switch binds.
        observed: what it is to the switching rules.
        classes: by class of defects; none where it does not count, and ``observed`` says why.
    """

    record: Filed
    at: At
    observed: Observed
    classes: Mapping[str, ClassVerdict] = field(default_factory=dict)

    @property
    def is_erased(self) -> bool:
        """Whether something of it was erased that its lot is judged by."""
        return bool(self.record.erased & {PLAN, VERDICT})


@dataclass(frozen=True, slots=True)
class PartSampling:
    """One part of a customer and a supplier, with all its sites.

    Attributes:
        part: of whom, and which.
        histories: by site and class of defects, in that order.
        lots: every report about it, corrected ones left out, in the order of first versions.
        records: all that this follows from.
        moved: records that one about another part corrects.
    """

    part: PartKey
    histories: Mapping[SamplingKey, SamplingHistory]
    lots: tuple[SampledLot, ...]
    records: tuple[SampledRecord, ...]
    moved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Current:
    """The newest version of a report, and the entry of its first."""

    said: SampledRecord
    at: At


def sampling_of(
    records: Iterable[SampledRecord], *, withdrawn: Collection[str] = ()
) -> tuple[PartSampling, ...]:
    """The sampling of every part that these records concern, in the order of the parts.

    Args:
        records: in the order of their entries; those of which the part is not known any more
            are left out.
        withdrawn: reports that are corrected by one that is not among the records.
    """
    by_part: defaultdict[PartKey, list[SampledRecord]] = defaultdict(list)
    lanes: dict[str, Lane] = {}
    moved = set(withdrawn)
    for record in records:
        if record.lane.part == UNKNOWN_PART:
            continue
        by_part[PartKey(*record.lane)].append(record)
        lanes[record.filed.record_id] = record.lane
        if (corrected := corrects_of(record)) and lanes.get(corrected) not in (None, record.lane):
            moved.add(corrected)
    return tuple(_sampling_of(part, by_part[part], moved=moved) for part in sorted(by_part))


def unknown_reports(records: Iterable[SampledRecord]) -> tuple[str, ...]:
    """The ids of reports of which not even the part is known any more."""
    return tuple(record.filed.record_id for record in records if record.lane.part == UNKNOWN_PART)


def _sampling_of(
    part: PartKey, records: Sequence[SampledRecord], *, moved: Collection[str]
) -> PartSampling:
    reports = [record for record in records if record.filed.vct == INSPECTION_VCT]
    lots = [_lot_of(part, current) for current in _current(reports, moved)]
    lots = _with_originals(lots, reports)
    events: defaultdict[SamplingKey, list[LotEvent]] = defaultdict(list)
    for lot in lots:
        for key, inspected in lot.observed.by_key().items():
            events[key].append(inspected)
    _add_acts(part, records, events=events)
    histories = {
        key: fold_all(sorted(events[key], key=lambda event: event.at.index))
        for key in sorted(events, key=_order)
    }
    verdicts = {
        (key, verdict.at): verdict
        for key, history in histories.items()
        for verdict in history.verdicts
    }
    told = tuple(_with_verdicts(lot, verdicts) for lot in lots)
    frozen = MappingProxyType(histories)
    return PartSampling(part, frozen, told, tuple(records), frozenset(moved))


def _add_acts(
    part: PartKey,
    records: Iterable[SampledRecord],
    *,
    events: defaultdict[SamplingKey, list[LotEvent]],
) -> None:
    """What the customer said of severities; without a site it is said of all of them."""
    of_all: defaultdict[str, list[LotEvent]] = defaultdict(list)
    for record in records:
        event = severity_event(record.filed)
        name = text(record.filed.groups, "state", "class")
        if event is None or name not in CLASSES:
            continue
        site = text(record.filed.groups, "state", "site")
        events[SamplingKey(part, site, name)].append(event)
        if site is None:
            of_all[name].append(event)
    for key, own in events.items():
        if key.site is not None:
            own.extend(of_all[key.defect_class])


def severity_event(record: Filed) -> LotEvent | None:
    """What an act says of the severity in force; None where it is no such act."""
    if record.vct != ACT_VCT or text(record.groups, "state", "act") != SEVERITY:
        return None
    at = At(record.index, record.record_id)
    match text(record.groups, "state", "reason"):
        case "gap-lot":
            return GapLot(at)
        case "irregular-production":
            return IrregularProduction(at)
        case "corrective-action":
            return CorrectiveActionAccepted(at)
        case "reduced-authorised":
            return ReducedAuthorised(at)
        case "customer-wish":
            to = text(record.groups, "state", "to")
            return CustomersWish(at, Severity(to)) if to in set(Severity) else None
    return None


def _order(key: SamplingKey) -> tuple[str, int]:
    return key.site or "", CLASSES.index(key.defect_class)


def _current(reports: Iterable[SampledRecord], moved: Collection[str]) -> list[_Current]:
    """The reports that no other one corrects, in the order of their first versions.

    Of several corrections of one record the latest one holds. One that names another part stands
    there by itself, and what it corrects, ``moved``, is no report of this part any more.
    """
    roots: dict[str, At] = {}
    newest: dict[str, _Current] = {}
    for report in reports:
        filed = report.filed
        at = roots.get(corrects_of(report) or "", At(filed.index, filed.record_id))
        roots[filed.record_id] = at
        newest[at.record_id] = _Current(report, at)
    left = (found for found in newest.values() if found.said.filed.record_id not in moved)
    return sorted(left, key=lambda current: current.at.index)


def _lot_of(part: PartKey, current: _Current) -> SampledLot:
    filed = current.said.filed
    observed = observe(current.at, part, filed.groups)
    if filed.erased & {PLAN, VERDICT}:
        observed = _observe_erased(filed, observed)
    return SampledLot(filed, current.at, observed)


def _observe_erased(filed: Filed, observed: Observed) -> Observed:
    """A report that does not say any more what was decided: erasing never improves a figure."""
    planned = [text(item, "class") for item in items(filed.groups, PLAN, "classes")]
    classes = [name for name in CLASSES if name in planned or PLAN in filed.erased]
    lots = not_accepted(observed.at, filed.groups, classes)
    return replace(observed, lots=MappingProxyType(lots), reason=None)


def _with_originals(
    lots: Iterable[SampledLot], reports: Iterable[SampledRecord]
) -> list[SampledLot]:
    """The lots, of which none is a resubmission of one that was not turned away before it."""
    turned_away = {
        report.filed.record_id: report.filed.index
        for report in reports
        if text(report.filed.groups, "verdict", "decision") != "accept"
    }
    return [
        lot
        if turned_away.get(_resubmitted(lot) or "", lot.at.index) < lot.at.index
        else _as_original(lot)
        for lot in lots
    ]


def _resubmitted(lot: SampledLot) -> str | None:
    return text(lot.record.groups, "lot", "resubmission_of")


def _as_original(lot: SampledLot) -> SampledLot:
    original = {name: replace(one, is_original=True) for name, one in lot.observed.lots.items()}
    return replace(lot, observed=replace(lot.observed, lots=MappingProxyType(original)))


def _with_verdicts(
    lot: SampledLot, verdicts: Mapping[tuple[SamplingKey, At], LotVerdict]
) -> SampledLot:
    classes = {}
    for key, inspected in lot.observed.by_key().items():
        verdict = verdicts[key, inspected.at]
        told = replace(verdict, reason=_ERASED) if lot.is_erased else verdict
        classes[key.defect_class] = ClassVerdict(told, inspected.severity)
    return replace(lot, classes=MappingProxyType(classes))
