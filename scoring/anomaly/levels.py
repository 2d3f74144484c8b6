"""From p-values to yellow and red, by what the stage of the model may say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scoring.anomaly.model import Stage
from scoring.anomaly.stages import Allowed, allowed
from scoring.anomaly.verdict import Level, Reason

#: Three yellow rows of the last five are red.
WINDOW: Final = 5
NEED: Final = 3
#: Red by itself is this share of what is yellow.
RED_SHARE: Final = 0.1

Memory = tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a row's level follows from: ``p`` fused of ``p_model`` and ``p_rules``, 1 for none."""

    p: float
    p_model: float
    p_rules: float
    alpha: float
    has_violation: bool
    is_beyond_control: bool
    has_gap: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """The level by p alone, the level with limits in it, why, and the memory behind the row."""

    model_level: Level
    level: Level
    reasons: tuple[Reason, ...]
    memory: Memory


def judge(evidence: Evidence, stage: Stage, memory: Memory) -> Judged:
    """The level of a row.

    Args:
        evidence: its p-values and facts.
        stage: a model that learns says nothing by itself; of stage prior it is red only where
            rules or the specification agree.
        memory: which of the last four rows were yellow, the newest last.
    """
    may = allowed(stage)
    is_yellow = may.yellow and evidence.p < evidence.alpha
    after = (*memory, is_yellow)[-(WINDOW - 1) :]
    reasons = _red_reasons(evidence, may, (*memory, is_yellow)) if is_yellow else []
    model_level = Level.NONE
    if is_yellow:
        model_level = Level.RED if reasons else Level.YELLOW
        reasons.insert(0, Reason.RARE)
    level = model_level
    for is_so, reason in (
        (evidence.is_beyond_control, Reason.CONTROL_LIMIT),
        (evidence.has_gap, Reason.MISSING_RATE),
    ):
        if is_so:
            reasons.append(reason)
            level = Level.YELLOW if level is Level.NONE else level
    if evidence.has_violation:
        reasons.append(Reason.SPECIFICATION)
        level = Level.RED
    return Judged(model_level, level, tuple(reasons), after)


def quiet(memory: Memory) -> Judged:
    """What :func:`judge` says where p is not below the level and no limit has a part."""
    return Judged(Level.NONE, Level.NONE, (), (*memory, False)[-(WINDOW - 1) :])


def _red_reasons(evidence: Evidence, may: Allowed, yellows: Memory) -> list[Reason]:
    found = []
    if may.red:
        if sum(yellows[-WINDOW:]) >= NEED:
            found.append(Reason.PERSISTENT)
        if evidence.p < RED_SHARE * evidence.alpha:
            found.append(Reason.FAR_TAIL)
    if not may.red_with_agreement:
        return found
    # Both by themselves: the fused p has the rules in it already.
    if max(evidence.p_model, evidence.p_rules) < evidence.alpha:
        found.append(Reason.RULES_AGREE)
    if evidence.has_violation or evidence.is_beyond_control:
        found.append(Reason.SPECIFICATION_AGREES)
    return found
