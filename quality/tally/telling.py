"""The state of a lot as plain values, in English and Chinese: what an inspector is told."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from quality.tally.deciding import GO_ON, NOT_ACCEPT, Decided, Words, decide, missing_values
from quality.tally.draft import summary
from quality.tally.fold import IMPLAUSIBLE, OUTSIDE, Tallied, value_flags
from quality.tally.plan import Characteristic, TallyPlan
from quality.tally.readings import Measured

_REASONS_MAX: Final = 8
_FIGURES: Final = ("minimum", "mean", "maximum")


def tell(plan: TallyPlan, tallied: Tallied) -> dict[str, Any]:
    """Counts, what is certain and why, every characteristic, and what to do next."""
    decided = decide(plan, tallied)
    return {
        "sequence": tallied.sequence,
        "pieces": {
            "sample": plan.sample,
            "inspected": tallied.inspected,
            "defective": tallied.defective,
            "remaining": max(plan.sample - tallied.inspected, 0),
        },
        "classes": [
            {
                "class": one.plan.name,
                "sample": one.plan.sample,
                "accept": one.plan.accept,
                "reject": one.plan.reject,
                "defective": one.defective,
                "allowed": one.allowed,
                "remaining": one.remaining,
                "decision": one.decision,
            }
            for one in decided.classes
        ],
        "decision": decided.decision,
        "reasons": [dict(words) for words in decided.reasons[:_REASONS_MAX]],
        "characteristics": [
            _characteristic(one, tallied) for one in plan.characteristics if not one.is_attributive
        ],
        "held": list(tallied.held),
        "flags": _flags(plan, tallied),
        "next": dict(next_step(plan, tallied, decided)),
    }


def _characteristic(one: Characteristic, tallied: Tallied) -> dict[str, Any]:
    values = [Decimal(item.value) for item in tallied.values.get(one.number, ())]
    told: dict[str, Any] = {
        "number": one.number,
        "wanted": one.pieces,
        "measured": len(values),
        "missing": missing_values(one, tallied),
        "outside": sum(one.limits.excludes(value) for value in values),
    }
    if values:
        found = summary(one, tallied.values[one.number])
        told |= {name: found[name] for name in _FIGURES}
    return told


def _flags(plan: TallyPlan, tallied: Tallied) -> list[dict[str, str]]:
    """What is remarkable about the last reading."""
    reading = tallied.last
    if not isinstance(reading, Measured):
        return []
    one = plan.characteristic(reading.characteristic)
    assert one is not None, "it was judged by the plan"
    found = value_flags(one, Decimal(reading.value))
    return [{"flag": flag, **_flag_words(flag, reading, one)} for flag in found]


def _flag_words(flag: str, reading: Measured, one: Characteristic) -> Words:
    said = f"{one.number} = {reading.value}"
    if flag == OUTSIDE:
        low, high = one.lower or "-∞", one.upper or "+∞"
        return {
            "en": f"{said} is outside the limits {low} to {high}",
            "zh": f"{said} 超出规格限 {low} 至 {high}",
        }
    assert flag == IMPLAUSIBLE, "there are two"
    low, high = one.plausible_from or "-∞", one.plausible_to or "+∞"
    is_held = not reading.is_confirmed
    return {
        "en": f"{said} is outside what can be measured, {low} to {high}"
        + (": it is held; measure again, or send it with confirmed" if is_held else ""),
        "zh": f"{said} 超出可测范围 {low} 至 {high}"
        + ("：暂不计入；请复测，或确认后再次提交" if is_held else ""),
    }


def next_step(plan: TallyPlan, tallied: Tallied, decided: Decided) -> Words:
    """What the inspector does next."""
    if decided.decision != GO_ON:
        return _finished(decided)
    for name, piece in tallied.pieces.items():
        wanted = _wanted_of(plan, tallied, piece.measured)
        if wanted is not None and not piece.is_defective:
            return _measure(wanted, name)
        if not piece.is_inspected:
            return {
                "en": f"say whether piece {name} is good, or what is wrong with it",
                "zh": f"请判定第 {name} 件：合格，或录入缺陷",
            }
    if tallied.inspected < plan.sample:
        at = tallied.inspected + 1
        return {
            "en": f"inspect the next piece, {at} of {plan.sample}",
            "zh": f"检验下一件（第 {at} 件，共 {plan.sample} 件）",
        }
    missing = next(one for one in plan.characteristics if missing_values(one, tallied))
    return {
        "en": f"measure {missing.number} ({missing.name}) on one more piece",
        "zh": f"在另一件上测量 {missing.number}（{missing.name}）",
    }


def _wanted_of(
    plan: TallyPlan, tallied: Tallied, measured: Mapping[str, int]
) -> Characteristic | None:
    for one in plan.characteristics:
        if one.number not in measured and missing_values(one, tallied):
            return one
    return None


def _measure(one: Characteristic, piece: str) -> Words:
    low, high = one.lower or "-∞", one.upper or "+∞"
    return {
        "en": f"measure {one.number} ({one.name}) of piece {piece}: {low} to {high} {one.unit}",
        "zh": f"测量第 {piece} 件的 {one.number}（{one.name}）：{low} 至 {high} {one.unit}",
    }


def _finished(decided: Decided) -> Words:
    if decided.decision == NOT_ACCEPT:
        return {
            "en": "the lot is not accepted: fetch the draft of the report, or go on counting",
            "zh": "该批不接收：可生成报告草稿，或继续记录",
        }
    return {
        "en": "the lot is accepted: fetch the draft of the report",
        "zh": "该批接收：可生成报告草稿",
    }
