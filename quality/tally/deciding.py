"""What is certain of a lot while it is inspected: accepted, not accepted, or to go on.

Not accepted is said as soon as the rejection number of a class is reached, or one critical piece
found. A class is accepted as soon as the pieces left of its own sample could not change it, and
stays so. The lot is accepted once every piece of the largest sample is inspected and measured:
any of them might still be critical.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from quality.sampling.severity import Severity
from quality.tally.fold import Tallied
from quality.tally.plan import CLASS_WORDS, CLASSES, CRITICAL, Characteristic, ClassPlan, TallyPlan

ACCEPT: Final = "accept"
NOT_ACCEPT: Final = "not-accept"
GO_ON: Final = "go-on"

Words = Mapping[str, str]
"""A sentence in English and Chinese."""


@dataclass(frozen=True, slots=True)
class ClassStanding:
    """How far a class is: what was counted, how much more it may be, pieces to inspect."""

    plan: ClassPlan
    defective: int
    allowed: int
    remaining: int
    decision: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What is certain, why, and how each class stands."""

    decision: str
    reasons: tuple[Words, ...]
    classes: tuple[ClassStanding, ...]


def decide(plan: TallyPlan, tallied: Tallied) -> Decided:
    """What is certain of the lot after some readings."""
    classes = tuple(_standing(one, plan, tallied) for one in plan.classes)
    against = [
        *_discontinued(plan),
        *_unplanned(plan, tallied),
        *_critical_reasons(plan, tallied),
        *_rejection_reasons(classes),
    ]
    if against:
        return Decided(NOT_ACCEPT, tuple(against), classes)
    waiting = tuple(_waiting(plan, tallied))
    if waiting:
        return Decided(GO_ON, waiting, classes)
    return Decided(ACCEPT, tuple(map(_accepted, classes)), classes)


def missing_values(one: Characteristic, tallied: Tallied) -> int:
    """How many values of a characteristic are still wanted."""
    return max(one.pieces - len(tallied.values.get(one.number, ())), 0)


def _standing(one: ClassPlan, plan: TallyPlan, tallied: Tallied) -> ClassStanding:
    count = tallied.classes[one.name]
    reach = plan.sample if one.name == CRITICAL else one.sample
    remaining = max(reach - count.inspected, 0)
    decision = GO_ON
    if one.name == CRITICAL:
        if count.counted:
            decision = NOT_ACCEPT
        elif not remaining and not count.missing:
            decision = ACCEPT
    elif count.is_settled:
        decision = ACCEPT
    elif count.counted >= one.reject:
        decision = NOT_ACCEPT
    allowed = max(one.reject - 1 - count.counted, 0)
    return ClassStanding(one, count.counted, allowed, remaining, decision)


def _discontinued(plan: TallyPlan) -> Iterator[Words]:
    for one in plan.classes:
        if one.severity == Severity.DISCONTINUED:
            yield {
                "en": f"inspection of {one.name} is discontinued: no lot is accepted until it is "
                "resumed",
                "zh": f"{CLASS_WORDS[one.name]}类检验已中止：恢复前不接收任何批",
            }


def _unplanned(plan: TallyPlan, tallied: Tallied) -> Iterator[Words]:
    """Of a class that has no plan none may be defective."""
    for name in CLASSES[1:]:
        found = tallied.defective_of(name)
        if found and plan.of_class(name) is None:
            yield {
                "en": f"{name}: {found} defective, and no plan allows any",
                "zh": f"{CLASS_WORDS[name]}：不合格品 {found} 件，无方案允许",
            }


def _critical_reasons(plan: TallyPlan, tallied: Tallied) -> Iterator[Words]:
    """One critical piece means not accepted, whatever the plan says of that class."""
    found = tallied.defective_of(CRITICAL)
    of_class = plan.of_class(CRITICAL)
    if found and (of_class is None or found < of_class.reject):
        yield {
            "en": f"{found} critical: one critical piece means that the lot is not accepted",
            "zh": f"致命缺陷件 {found} 件：发现一件致命缺陷即不接收该批",
        }


def _rejection_reasons(classes: tuple[ClassStanding, ...]) -> Iterator[Words]:
    for one in classes:
        if one.defective >= one.plan.reject:
            name = one.plan.name
            yield {
                "en": f"{name}: {one.defective} defective, the rejection number "
                f"{one.plan.reject} is reached",
                "zh": f"{CLASS_WORDS[name]}：不合格品 {one.defective} 件，已达到拒收数 "
                f"{one.plan.reject}",
            }


def _waiting(plan: TallyPlan, tallied: Tallied) -> Iterator[Words]:
    left = plan.sample - tallied.inspected
    if left > 0:
        yield {
            "en": f"{tallied.inspected} of {plan.sample} pieces inspected, {left} to go",
            "zh": f"已检验 {tallied.inspected} 件，共 {plan.sample} 件，剩余 {left} 件",
        }
    for one in plan.characteristics:
        missing = missing_values(one, tallied)
        if missing:
            yield {
                "en": f"{one.number} ({one.name}): {missing} of {one.pieces} values missing",
                "zh": f"{one.number}（{one.name}）：应测 {one.pieces} 个值，还缺 {missing} 个",
            }


def _accepted(one: ClassStanding) -> Words:
    plan, name = one.plan, one.plan.name
    is_between = one.defective > plan.accept
    more = "; above Ac: back to normal inspection" if is_between else ""
    more_zh = "；超过 Ac，恢复正常检验" if is_between else ""
    return {
        "en": f"{name}: {one.defective} defective of {plan.sample}, below the rejection number "
        f"{plan.reject}{more}",
        "zh": f"{CLASS_WORDS[name]}：抽检 {plan.sample} 件，不合格品 {one.defective} 件，"
        f"低于拒收数 {plan.reject}{more_zh}",
    }
