"""What the counts of a lot mean under its plans.

ISO 2859-1:1999 clause 10.4, and before it the automotive rule: one critical unit means that the
lot is not accepted, whatever the acceptance number says, and that a case is due.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from quality.sampling.parameters import CLASSES
from quality.sampling.plan import Plan, Severity
from quality.sampling.words import CLASSES_ZH


@dataclass(frozen=True, slots=True)
class ClassReason:
    """Why a lot is accepted or not by the counts of one class, in English and Chinese."""

    defect_class: str
    accepts: bool
    en: str = field(kw_only=True)
    zh: str = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class LotVerdict:
    """The decision on a lot, with a reason for each class.

    ``case_due`` says that a critical unit was found; ``to_normal`` names the classes whose
    reduced inspection ends because their count lies between Ac and Re.
    """

    decision: Literal["accept", "reject"]
    reasons: tuple[ClassReason, ...]
    case_due: bool
    to_normal: frozenset[str]


def judge_lot(plans: Mapping[str, Plan], defective_by_class: Mapping[str, int]) -> LotVerdict:
    """Judge a lot by what was found in its samples.

    Args:
        plans: the plan of each class that was inspected for.
        defective_by_class: defective units of each class, for a plan that counts them its
            nonconformities; a class that is not named has none. One of no plan is judged with
            acceptance number zero.

    Raises:
        ValueError: a count below zero, or more defective units than the sample has.
    """
    found = {name: defective_by_class.get(name, 0) for name in _names(plans, defective_by_class)}
    reasons = tuple(_reason(name, plans.get(name), found=count) for name, count in found.items())
    return LotVerdict(
        "accept" if all(reason.accepts for reason in reasons) else "reject",
        reasons,
        found.get("critical", 0) > 0,
        frozenset(name for name, plan in plans.items() if plan.accept < found[name] < plan.reject),
    )


def _names(plans: Mapping[str, Plan], found: Mapping[str, int]) -> Iterator[str]:
    named = {*plans, *(name for name, count in found.items() if count)}
    yield from (name for name in CLASSES if name in named)
    yield from sorted(named.difference(CLASSES))


def _reason(name: str, plan: Plan | None, *, found: int) -> ClassReason:
    if found < 0:
        raise ValueError(f"expected zero or more defective units, found {found}")
    zh = CLASSES_ZH.get(name, name)
    if name == "critical" and found:
        return ClassReason(
            name,
            False,
            en=f"{found} critical: one critical unit is enough not to accept the lot",
            zh=f"致命 {found} 件：有一件致命不合格即不接收",
        )
    if plan is None:
        en, zh = f"{found} {name}, no plan allows any", f"{zh} {found} 件，无方案允许"
        return ClassReason(name, not found, en=en, zh=zh)
    if found > plan.sample and not plan.counts_nonconformities:
        raise ValueError(f"expected at most the {plan.sample} units of the sample, found {found}")
    if plan.severity is Severity.DISCONTINUED:
        en = f"inspection of {name} is discontinued: no lot is accepted until it is resumed"
        return ClassReason(name, False, en=en, zh=f"{zh}类已暂停接收：恢复前不接收任何批")
    en, outcome = _outcome(plan, found)
    numbers = f"n = {plan.sample}, Ac {plan.accept}, Re {plan.reject}"
    en, zh = f"{found} {name} ({numbers}): {en}", f"{zh} {found}（{numbers}）：{outcome}"
    return ClassReason(name, found < plan.reject, en=en, zh=zh)


def _outcome(plan: Plan, found: int) -> tuple[str, str]:
    if found <= plan.accept:
        return "at most Ac, accepted", "不超过 Ac，接收"
    if found < plan.reject:
        en = "between Ac and Re, accepted, from the next lot normal inspection"
        return en, "介于 Ac 与 Re 之间，接收，自下批起恢复正常检验"
    return "Re reached, not accepted", "达到 Re，不接收"
