"""The draft of the inspection report that a tally ends as.

Groups of an ``inspection-report/v1``: the party adds what it wants to add, signs and submits it.
Limits are left out where a specification is cited: readers take them from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from quality.errors import TallyUndecided
from quality.exact_sums import ValueSums
from quality.report_summary import summary_of, with_performance
from quality.sampling.severity import Severity
from quality.tally.deciding import ACCEPT, GO_ON, Decided, decide
from quality.tally.fold import DefectKey, Tallied
from quality.tally.plan import CLASSES, Characteristic, ClassPlan, TallyPlan
from quality.tally.readings import Measured

_NOTE_CHARACTERS_MAX: Final = 4_000
#: The standard of a report whose classes are inspected by different ones: the widest of them.
_STANDARDS: Final = ("ISO 2859-1", "MIL-STD-105E", "c=0", "100 %")
_PLAN_TEXTS: Final = ("severity", "letter_used", "arrow")


@dataclass(frozen=True, slots=True)
class Frame:
    """What of a report was said when the tally was opened: its lot and stage, and the instant."""

    lot: Mapping[str, Any]
    stage: str
    decided_at: str


def draft_report(plan: TallyPlan, tallied: Tallied, frame: Frame) -> dict[str, Any]:
    """The groups of the report.

    Args:
        plan: what the lot was inspected for.
        tallied: what the readings amount to.
        frame: the rest.

    Raises:
        TallyUndecided: the lot may still be accepted or not; the text says what is missing.
    """
    decided = decide(plan, tallied)
    if decided.decision == GO_ON:
        raise TallyUndecided(f"expected a decision, found: {decided.reasons[0]['en']}")
    groups: dict[str, Any] = {
        "verdict": _verdict(plan, tallied, decided, frame),
        "lot": dict(frame.lot),
        "plan": _plan(plan, tallied),
        "defects": _defects(tallied),
    }
    measured = [one for one in plan.characteristics if tallied.values.get(one.number)]
    if measured:
        told = [summary(one, tallied.values[one.number]) for one in measured]
        groups["summary"] = {"characteristics": told}
        groups["measurements"] = {
            "characteristics": [
                _measurements(one, tallied.values[one.number], is_cited=plan.is_cited)
                for one in measured
            ]
        }
    return with_performance(groups, {one.number: one.limits for one in measured})


def _verdict(plan: TallyPlan, tallied: Tallied, decided: Decided, frame: Frame) -> dict[str, str]:
    remark = "\n".join(_remarks(plan, tallied, decided))
    return {
        "decision": "accept" if decided.decision == ACCEPT else "reject",
        "decided_at": frame.decided_at,
        "stage": frame.stage,
        "remark": remark[:_NOTE_CHARACTERS_MAX],
    }


def _remarks(plan: TallyPlan, tallied: Tallied, decided: Decided) -> Iterator[str]:
    for words in decided.reasons:
        yield words["en"]
        yield words["zh"]
    if tallied.inspected < plan.sample:
        yield (
            f"stopped once it was certain: {tallied.inspected} of {plan.sample} pieces inspected"
        )
        yield f"结论确定后停止检验：已检验 {tallied.inspected} 件，共 {plan.sample} 件"
    if tallied.held:
        yield f"{len(tallied.held)} values outside what can be measured were not confirmed"
        yield f"{len(tallied.held)} 个超出可测范围的值未经确认，未计入"
    hidden = [f"{name} {code}" for name, code in _hidden(tallied)]
    if hidden:
        listed = ", ".join(hidden)
        yield f"also found, only on pieces counted in a worse class: {listed}"
        yield f"仅在按更严重类别计数的件上发现：{listed}"
    uncounted = ", ".join(f"{name} {code} ({count})" for (name, code), count in _uncounted(tallied))
    if uncounted:
        yield (
            "also found, on pieces beyond the sample of their class or after it was decided, and "
            f"not counted: {uncounted}"
        )
        yield f"另发现（在该类样本之外或该类判定之后，未计入）：{uncounted}"


def _plan(plan: TallyPlan, tallied: Tallied) -> dict[str, Any]:
    standards = {one.standard for one in plan.classes}
    first = plan.classes[0]
    told: dict[str, Any] = {
        "standard": next((name for name in _STANDARDS if name in standards), first.standard),
        "sample": plan.sample,
        # Only who has inspected every piece may say so.
        "whole_lot": plan.sample == plan.lot_pieces == tallied.inspected,
        "classes": [_class_members(one, tallied) for one in plan.classes],
    }
    for name in ("level", "severity", "letter_asked", "letter_used"):
        said = {getattr(one, name) for one in plan.classes}
        if len(said) == 1 and not said & {None, Severity.DISCONTINUED}:
            told[name] = said.pop()
    return told


def _class_members(one: ClassPlan, tallied: Tallied) -> dict[str, Any]:
    told: dict[str, Any] = {
        "class": one.name,
        "aql": one.aql,
        "accept": one.accept,
        "reject": one.reject,
        "sample": one.sample,
        # One piece may stand in several items of the group defects.
        "defective": tallied.defective_of(one.name),
    }
    for name in _PLAN_TEXTS:
        if getattr(one, name) not in (None, Severity.DISCONTINUED):
            told[name] = getattr(one, name)
    return told


def _defects(tallied: Tallied) -> dict[str, Any]:
    units, nonconformities = _units(tallied), _nonconformities(tallied)
    return {
        "inspected": tallied.inspected,
        "defective": tallied.defective,
        "items": [
            {
                "code": code,
                "class": name,
                "units": count,
                "nonconformities": nonconformities[name, code],
            }
            for (name, code), count in sorted(units.items(), key=_order)
        ],
    }


def _units(tallied: Tallied) -> dict[DefectKey, int]:
    """Pieces with each defect that count in its class: those with a worse one count there."""
    units: dict[DefectKey, int] = {}
    for piece in tallied.pieces.values():
        for key in piece.defects:
            if key[0] == piece.worst:
                units[key] = units.get(key, 0) + 1
    return units


def _nonconformities(tallied: Tallied) -> dict[DefectKey, int]:
    found: dict[DefectKey, int] = {}
    for piece in tallied.pieces.values():
        for key, count in piece.defects.items():
            found[key] = found.get(key, 0) + count
    return found


def _hidden(tallied: Tallied) -> list[DefectKey]:
    """Defects that no piece has which counts in their class."""
    return sorted(_nonconformities(tallied).keys() - _units(tallied).keys())


def _uncounted(tallied: Tallied) -> list[tuple[DefectKey, int]]:
    """Pieces with each defect by which its class is not judged."""
    found: dict[DefectKey, int] = {}
    for piece in tallied.pieces.values():
        for key in piece.uncounted:
            found[key] = found.get(key, 0) + 1
    return sorted(found.items(), key=_order)


def _order(item: tuple[DefectKey, int]) -> tuple[int, str]:
    (name, code), _ = item
    return CLASSES.index(name), code


def summary(one: Characteristic, values: Sequence[Measured]) -> dict[str, Any]:
    """The summary of a characteristic, of at least one value."""
    sums = ValueSums()
    for item in values:
        sums.add(item.value)
    return summary_of({"id": one.number, "name": one.name, "unit": one.unit}, sums)


def _measurements(
    one: Characteristic, values: Sequence[Measured], *, is_cited: bool
) -> dict[str, Any]:
    limits = {} if is_cited else {"nominal": one.nominal, "lower": one.lower, "upper": one.upper}
    return {
        "id": one.number,
        "name": one.name,
        "class": one.special,
        "unit": one.unit,
        **limits,
        "values": [
            {"value": item.value, "piece": item.piece, **dict(item.noted)} for item in values
        ],
    }
