"""A plan in words, English and Chinese: its numbers, how it was found, what it risks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from quality.sampling.plan import C_ZERO, Plan, Severity
from quality.sampling.risk import risk_words
from quality.sampling.words import SEVERITIES_ZH

_ARROW_ZH: Final[Mapping[str, str]] = MappingProxyType({"up": "向上", "down": "向下"})


def plan_words(plan: Plan) -> Mapping[str, tuple[str, ...]]:
    """A plan by language (``en``, ``zh``), a sentence each: numbers, letters, risk."""
    risk = risk_words(plan)
    return {
        "en": (_numbers_en(plan), *_letters_en(plan), risk["en"]),
        "zh": (_numbers_zh(plan), *_letters_zh(plan), risk["zh"]),
    }


def _numbers_en(plan: Plan) -> str:
    asked = [f"level {plan.level}"] if plan.level else []
    asked += [f"AQL {plan.aql:f}"] if plan.aql is not None else []
    named = ", ".join([plan.label, *asked, str(plan.severity)])
    return f"{named}: {_sizes(plan, whole=' (the whole lot)')}"


def _numbers_zh(plan: Plan) -> str:
    asked = [f"检验水平 {plan.level}"] if plan.level else []
    asked += [f"AQL {plan.aql:f}"] if plan.aql is not None else []
    named = "，".join([plan.label, *asked, SEVERITIES_ZH[plan.severity]])
    return f"{named}：{_sizes(plan, whole='（全检）')}"


def _sizes(plan: Plan, *, whole: str) -> str:
    return f"n = {plan.sample}{whole if plan.whole_lot else ''}, Ac {plan.accept}, Re {plan.reject}"


def _letters_en(plan: Plan) -> tuple[str, ...]:
    lines: list[str] = []
    if plan.letter_asked is None:
        if plan.severity is Severity.DISCONTINUED:
            lines.append("inspection is discontinued: no lot is accepted until it is resumed")
    elif plan.standard == C_ZERO:
        table = "tightened" if plan.severity is Severity.TIGHTENED else "table's"
        lines.append(f"n protects as the {table} plan of letter {plan.letter_asked} does")
    elif plan.arrow == "none":
        lines.append(f"code letter {plan.letter_asked}")
    else:
        used = f"{plan.letter_used}, whose sample size is used"
        lines.append(f"code letter {plan.letter_asked}, arrow {plan.arrow} to {used}")
    if plan.has_gap:
        lines.append("between Ac and Re a lot is accepted, and normal inspection follows")
    return tuple(lines)


def _letters_zh(plan: Plan) -> tuple[str, ...]:
    lines: list[str] = []
    if plan.letter_asked is None:
        if plan.severity is Severity.DISCONTINUED:
            lines.append("已暂停接收：恢复前不接收任何批")
    elif plan.standard == C_ZERO:
        table = "加严表" if plan.severity is Severity.TIGHTENED else "抽样表"
        lines.append(f"样本量的保护能力与{table}中字码 {plan.letter_asked} 的方案相同")
    elif plan.arrow == "none":
        lines.append(f"样本量字码 {plan.letter_asked}")
    else:
        arrow = _ARROW_ZH[plan.arrow]
        used = f"按{arrow}箭头用 {plan.letter_used} 的方案及其样本量"
        lines.append(f"样本量字码 {plan.letter_asked}，{used}")
    if plan.has_gap:
        lines.append("不合格数介于 Ac 与 Re 之间时接收该批，并恢复正常检验")
    return tuple(lines)
