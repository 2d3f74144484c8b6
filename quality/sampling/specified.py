"""The plans that a specification asks for, one for each class of defects.

c = 0 is the default, and always the rule for the class critical and for special characteristics
(CC, SC). A table of ISO 2859-1 is used only where a specification asks for it. A characteristic
CC governs the class critical, SC the class major, any other the classes major and minor; where
several govern a class, the most demanding one does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from quality.sampling.c_zero import c_zero_plan
from quality.sampling.letters import LEVELS
from quality.sampling.parameters import CLASSES, SamplingParameters
from quality.sampling.plan import C_ZERO, ISO, WHOLE_LOT, Plan, Severity, plan_for, whole_lot_plan
from quality.values import Groups, decimal, items, text

_GOVERNED: Final[Mapping[str | None, tuple[str, ...]]] = MappingProxyType(
    {"CC": ("critical",), "SC": ("major",), "none": ("major", "minor")}
)
_LEVELS: Final = tuple(LEVELS)


@dataclass(frozen=True, slots=True)
class ClassSampling:
    """How a class of defects is sampled: standard, level and AQL."""

    standard: str
    level: str
    aql: Decimal


def class_plans(
    lot: int,
    sampling: Mapping[str, ClassSampling],
    *,
    severities: Mapping[str, Severity] = MappingProxyType({}),
) -> dict[str, Plan]:
    """The plan of each class of defects for a lot.

    Args:
        lot: units in the lot.
        sampling: how each class is sampled; see :func:`specified_sampling`.
        severities: the severity in force for a class; normal where none is named.

    Raises:
        NoSamplingPlan: a lot, level or AQL that the tables do not have.
    """
    return {
        name: _plan(lot, asked, severity=severities.get(name, Severity.NORMAL))
        for name, asked in sampling.items()
    }


def default_sampling(parameters: SamplingParameters) -> dict[str, ClassSampling]:
    """How each class is sampled by the sampling parameters alone."""
    return {
        name: _without_rejects(
            ClassSampling(parameters.standard, one.level, one.aql), defect_class=name
        )
        for name, one in parameters.classes.items()
    }


def specified_sampling(
    specification: Groups | None, *, defaults: Mapping[str, ClassSampling]
) -> dict[str, ClassSampling]:
    """How each class of defects is sampled by a specification.

    Args:
        specification: groups of a ``specification/v1``; None where there is none.
        defaults: those of the sampling parameters (:func:`default_sampling`); level and AQL come
            from them where a characteristic names none.
    """
    asked: dict[str, list[ClassSampling]] = {name: [] for name in CLASSES if name in defaults}
    for one in items(specification, "characteristics"):
        for name in _GOVERNED.get(text(one, "class"), ()):
            if name in asked:
                asked[name].append(_asked(one, defaults[name], defect_class=name))
    return {name: _governing(asked[name], defaults[name], defect_class=name) for name in asked}


def _governing(
    asked: Sequence[ClassSampling], default: ClassSampling, *, defect_class: str
) -> ClassSampling:
    return max(asked or [_without_rejects(default, defect_class=defect_class)], key=_demand)


def specified_severities(specification: Groups | None) -> dict[str, Severity]:
    """The severity that a specification starts each class with, where it names one."""
    order = (Severity.REDUCED, Severity.NORMAL, Severity.TIGHTENED)
    found: dict[str, Severity] = {}
    for name, severity in _severities(specification):
        found[name] = max(found.get(name, severity), severity, key=order.index)
    return found


def _severities(specification: Groups | None) -> Iterator[tuple[str, Severity]]:
    for one in items(specification, "characteristics"):
        severity = text(one, "sampling", "severity")
        for name in _GOVERNED.get(text(one, "class"), ()):
            if severity is not None:
                yield name, Severity(severity)


def _asked(characteristic: object, default: ClassSampling, *, defect_class: str) -> ClassSampling:
    standard = text(characteristic, "sampling", "standard")
    level = text(characteristic, "sampling", "level") or default.level
    aql = decimal(characteristic, "sampling", "aql") or default.aql
    is_special = text(characteristic, "class") in {"CC", "SC"}
    wanted = ClassSampling(standard or default.standard, level, aql)
    return _without_rejects(wanted, defect_class="critical" if is_special else defect_class)


def _without_rejects(asked: ClassSampling, *, defect_class: str) -> ClassSampling:
    """The automotive rule; a lot that no draw skips is sampled with c = 0 too."""
    allowed = {C_ZERO, WHOLE_LOT} if defect_class == "critical" else {C_ZERO, WHOLE_LOT, ISO}
    standard = asked.standard if asked.standard in allowed else C_ZERO
    return ClassSampling(standard, asked.level, asked.aql)


def _demand(asked: ClassSampling) -> tuple[int, Decimal, int]:
    """The most demanding last: of the standards, then the smallest AQL, then the level."""
    standard = (ISO, C_ZERO, WHOLE_LOT).index(asked.standard)
    return standard, -asked.aql, _LEVELS.index(asked.level) if asked.level in _LEVELS else 0


def _plan(lot: int, asked: ClassSampling, *, severity: Severity) -> Plan:
    if asked.standard == WHOLE_LOT:
        return whole_lot_plan(lot, severity=severity)
    plan = plan_for if asked.standard == ISO else c_zero_plan
    return plan(lot, level=asked.level, aql=asked.aql, severity=severity)
