"""A verdict as a plain sentence, in Chinese and English: what, how far, since when, how rare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from scoring.anomaly.explanation import Contribution, Explanation
from scoring.anomaly.leading import is_by_model, rule_led
from scoring.anomaly.model import Stage
from scoring.anomaly.units import UnitChange
from scoring.anomaly.verdict import Level, Reason, Status, Verdict, Violation

Language = Literal["en", "zh"]
_OTHERS_MAX: Final = 2
_FAR: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Words:
    """One language's parts of a sentence."""

    full_stop: str
    semicolon: str
    comma: str
    levels: dict[Level, str]
    reasons: dict[Reason, str]
    above: str
    below: str
    quiet: str
    missing: str
    learning: str
    lead: str
    lead_missing: str
    slow: str
    since: str
    others: str
    violated: str
    beyond_control: str
    gaps: str
    moved: str
    by_rules: str
    units: str
    plus: str
    unit_names: str
    lower: str
    upper: str
    rare: str
    fitted: str
    borderline: str


_EN: Final = _Words(
    full_stop=". ",
    semicolon="; ",
    comma=", ",
    levels={Level.NONE: "Normal", Level.YELLOW: "Yellow", Level.RED: "Red"},
    reasons={
        Reason.PERSISTENT: "three of the last five rows stand out",
        Reason.RULES_AGREE: "run rules agree",
        Reason.SPECIFICATION_AGREES: "and limits are violated as well",
    },
    above="above",
    below="below",
    quiet="Normal: nothing stands out",
    missing="Not scored: too few of the parameters have a value ({missing})",
    learning="The model is still learning ({stage}) and calls nothing by itself",
    lead="{name} is {value}{unit}, {sigma:.1f} sigma {side} the {expected}{unit} that the other"
    " parameters let expect",
    lead_missing="{name} has no value; {expected}{unit} was expected",
    slow="{name} has drifted {side} what is usual for several rows and is {value}{unit} now"
    " ({expected}{unit} expected)",
    since="it has stood out for {rows} rows",
    others="also {names}",
    violated="{name} violates its specification: {value}, {side} the {limit} of {bound}",
    beyond_control="{name} is beyond its control limit: {value}, {side} the {limit} of {bound}",
    gaps="missing far more often than while training: {names}",
    moved="{name} never changed while training: it was always {trained} and is {value} now"
    " (rule: a constant stays what it is)",
    by_rules="run rules fire at {name} (rules {rules})",
    units="{name} looks as if it were in another unit: its values are {factor:.7g} times as"
    " large as while training",
    plus=" plus {offset:.6g}",
    unit_names=" ({source} to {target})",
    lower="lower limit",
    upper="upper limit",
    rare="among good rows this happens about once in {rows:,}",
    fitted=" (estimated: there are too few rows to count it)",
    borderline="the row is at the very limit: another computer may call it differently",
)
_ZH: Final = _Words(
    full_stop="。",
    semicolon="；",
    comma="、",
    levels={Level.NONE: "正常", Level.YELLOW: "黄色预警", Level.RED: "红色报警"},
    reasons={
        Reason.PERSISTENT: "最近五行中有三行异常",
        Reason.RULES_AGREE: "判异规则同时触发",
        Reason.SPECIFICATION_AGREES: "同时超出限值",
    },
    above="高",
    below="低",
    quiet="正常：未发现异常",
    missing="未评分：有值的参数过少（缺少 {missing}）",
    learning="模型仍在学习（{stage}），不单独报警",
    lead="{name} 为 {value}{unit}，比按其他参数推算的 {expected}{unit} {side} {sigma:.1f} 个标准差",
    lead_missing="{name} 缺失，预期为 {expected}{unit}",
    slow="{name} 已连续多行偏{side}，当前为 {value}{unit}（预期 {expected}{unit}）",
    since="该参数异常已持续 {rows} 行",
    others="其他相关参数：{names}",
    violated="{name} 超出规格：{value}，{side}于{limit} {bound}",
    beyond_control="{name} 超出控制限：{value}，{side}于{limit} {bound}",
    gaps="缺失远多于训练期间：{names}",
    moved="{name} 训练时恒为 {trained}，现为 {value}（规则：恒定参数不应变化）",
    by_rules="{name} 触发判异规则（{rules}）",
    units="{name} 疑似改用了其他单位：数值为训练时的 {factor:.7g} 倍",
    plus="再加 {offset:.6g}",
    unit_names="（由 {source} 变为 {target}）",
    lower="下限",
    upper="上限",
    rare="在正常数据中约每 {rows:,} 行出现一次",
    fitted="（估算值：历史行数不足以直接计数）",
    borderline="该行恰在界限上，换一台计算机判定可能不同",
)
_WORDS: Final[dict[Language, _Words]] = {"en": _EN, "zh": _ZH}


def sentence(verdict: Verdict, language: Language) -> str:
    """What a verdict says, for people; facts first, then what the model thinks of the row."""
    words = _WORDS[language]
    if verdict.status is Status.MISSING and verdict.level is Level.NONE:
        missing = words.comma.join(verdict.missing[:5])
        return _ended([words.missing.format(missing=missing)], words)
    if verdict.level is Level.NONE:
        told = words.quiet
        if verdict.stage is Stage.LEARNING:
            told = words.learning.format(stage=verdict.stage_text)
        return _ended([told], words)
    parts = [_limit(each, words.violated, words) for each in verdict.violations[:3]]
    parts += [_limit(each, words.beyond_control, words) for each in verdict.beyond_control[:3]]
    if verdict.gaps:
        parts.append(words.gaps.format(names=words.comma.join(verdict.gaps[:5])))
    parts += [units_suspected(each, language) for each in verdict.units_suspected[:3]]
    led = _led_parts(verdict, words)
    parts = led + parts if verdict.moved else parts + led
    if verdict.model_level is not Level.NONE and verdict.explanation is not None:
        if not led or is_by_model(verdict):
            parts += _model_parts(verdict.explanation, words)
        parts += _of_row(verdict, words)
    return words.levels[verdict.level] + (": " if language == "en" else "：") + _ended(parts, words)


def units_suspected(change: UnitChange, language: Language) -> str:
    """What is said of a parameter whose values look as if they were in another unit."""
    words = _WORDS[language]
    told = words.units.format(name=change.parameter, factor=change.factor)
    if change.offset:
        told += words.plus.format(offset=change.offset)
    source, _, target = change.what.partition(" to ")
    if target:
        told += words.unit_names.format(source=source, target=target)
    return told


def without_since(text: str, rows_ago: Sequence[int], language: str) -> str:
    """A sentence of :func:`sentence` without since when it is so, which rows before tell."""
    words = _WORDS["zh" if language == "zh" else "en"]
    for ago in rows_ago:
        text = text.replace(words.semicolon + words.since.format(rows=ago + 1), "")
    return text


def _led_parts(verdict: Verdict, words: _Words) -> list[str]:
    """The constants that moved, or the rules that made the level by themselves."""
    parts = [
        words.moved.format(
            name=each.parameter, value=_number(each.value), trained=_number(each.trained)
        )
        for each in verdict.moved[:3]
    ]
    return parts + [
        words.by_rules.format(name=name, rules=words.comma.join(rules))
        for name, rules in rule_led(verdict)[:1]
    ]


def _of_row(verdict: Verdict, words: _Words) -> list[str]:
    """What of the level is not of a parameter: its reasons, and how rare it is."""
    parts = [words.reasons[each] for each in verdict.reasons if each in words.reasons]
    if verdict.p is not None and verdict.p > 0:
        rare = words.rare.format(rows=round(1.0 / max(verdict.p, 1e-9)))
        parts.append(rare + (words.fitted if verdict.is_extrapolated else ""))
    if verdict.is_borderline:
        parts.append(words.borderline)
    return parts


def _model_parts(explanation: Explanation, words: _Words) -> list[str]:
    if not explanation.top:
        return []
    first = explanation.top[0]
    parts = [_lead(first, explanation, words)]
    if first.rows_ago:
        parts.append(words.since.format(rows=first.rows_ago + 1))
    others = [
        each.parameter
        for each in explanation.top[1 : 1 + _OTHERS_MAX]
        if each.weight >= first.weight / 4.0
    ]
    if others:
        parts.append(words.others.format(names=words.comma.join(others)))
    return parts


def _lead(first: Contribution, explanation: Explanation, words: _Words) -> str:
    unit = f" {first.unit}" if first.unit else ""
    expected = _number(first.expected)
    if first.value is None:
        return words.lead_missing.format(name=first.parameter, expected=expected, unit=unit)
    # A row that is far off by itself has not drifted, whichever statistic it fired.
    has_drifted = explanation.is_slow and abs(first.residual) < _FAR
    pattern = words.slow if has_drifted else words.lead
    return pattern.format(
        name=first.parameter,
        value=_number(first.value),
        unit=unit,
        expected=expected,
        side=words.above if first.sign > 0 else words.below,
        sigma=abs(first.residual),
    )


def _limit(violation: Violation, pattern: str, words: _Words) -> str:
    is_above = violation.upper is not None and violation.value > violation.upper
    bound = violation.upper if is_above else violation.lower
    return pattern.format(
        name=violation.parameter,
        value=_number(violation.value),
        side=words.above if is_above else words.below,
        limit=words.upper if is_above else words.lower,
        bound="" if bound is None else _number(bound),
    )


def _ended(parts: list[str], words: _Words) -> str:
    return words.semicolon.join(parts) + words.full_stop.rstrip()


def _number(value: float) -> str:
    """Six digits are more than a gauge has."""
    return f"{value:.6g}"
