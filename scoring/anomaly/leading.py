"""Which parameters a verdict is about: what a rule or a limit says stands before the model's.

Where a constant moved or the rules alone are rare, the model's largest parameter is innocent:
it would be named for the noise of its row.
"""

from __future__ import annotations

from collections import Counter

from quality.spc.runs import Rule
from scoring.anomaly.verdict import Level, Verdict


def is_by_model(verdict: Verdict) -> bool:
    """Whether the model by itself finds the row rare."""
    return verdict.p_model is not None and verdict.p_model < verdict.alpha


def rule_led(verdict: Verdict) -> tuple[tuple[str, tuple[Rule, ...]], ...]:
    """The parameters whose rules alone made the level, those with most rules first, and which."""
    p_rules = verdict.p_rules
    if verdict.moved or is_by_model(verdict) or verdict.model_level is Level.NONE:
        return ()
    if p_rules is None or verdict.p_model is None or p_rules >= verdict.p_model:
        return ()
    counts = Counter(hit.parameter for hit in verdict.rules)
    return tuple(
        (name, tuple(hit.rule for hit in verdict.rules if hit.parameter == name))
        for name, _ in counts.most_common()
    )


def led_by(verdict: Verdict) -> tuple[str, ...]:
    """The parameters that an anomaly event names for a row, the first one first."""
    found = [each.parameter for each in verdict.moved]
    found += [each.parameter for each in verdict.beyond_control]
    found += verdict.gaps
    found += [name for name, _ in rule_led(verdict)[:1]]
    explanation = verdict.explanation
    has_top = explanation is not None and bool(explanation.top)
    if verdict.model_level is not Level.NONE and has_top and (not found or is_by_model(verdict)):
        assert explanation is not None
        found.append(explanation.top[0].parameter)
    return tuple(dict.fromkeys(found))


def fired_by(verdict: Verdict) -> str:
    """What fired first: ``constant/NAME``, ``rule/NAME``, else the model's statistic."""
    if verdict.moved:
        return f"constant/{verdict.moved[0].parameter}"
    led = rule_led(verdict)
    return f"rule/{led[0][0]}" if led else verdict.fired
