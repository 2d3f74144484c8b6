"""The plan of a contract, as a party typed it: by class what is judged, and what it risks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from quality.errors import MalformedTally
from quality.sampling.plan import C_ZERO, ISO, WHOLE_LOT, Plan, Severity, counts_nonconformities
from quality.sampling.risk import risk_words
from quality.tally.plan import CLASSES, ClassPlan
from quality.values import count, items, part, text

_TEXTS: Final = ("level", "aql", "severity", "letter_asked", "letter_used")
#: A risk is a sum of as many terms: nobody waits for those of a larger plan.
_TERMS_MAX: Final = 100_000
_PERCENT_WHOLE: Final = Decimal(100)


def typed_classes(
    typed: Mapping[str, Any], severities: Mapping[str, tuple[str, str]]
) -> tuple[ClassPlan, ...]:
    """The classes of a typed plan, the worst first, each by the severity that was chosen.

    Raises:
        MalformedTally: it has none, or one without a sample.
    """
    classes = [_typed_class(one, typed) for one in items(typed, "classes")]
    if not classes:
        raise MalformedTally("/plan/classes: expected a class, found none")
    chosen = [replace(one, severity=severities[one.name][0]) for one in classes]
    return tuple(sorted(chosen, key=lambda one: CLASSES.index(one.name)))


def typed_severities(
    typed: Mapping[str, Any], stated: Mapping[str, Severity]
) -> dict[str, Severity]:
    """What a typed plan states by class: its own word, else what is stated beside it, or normal."""
    found: dict[str, Severity] = {}
    for one in items(typed, "classes"):
        name = text(one, "class") or ""
        said = text(one, "severity") or text(typed, "severity")
        found[name] = Severity(said) if said else stated.get(name, Severity.NORMAL)
    return found


def typed_risks(classes: Sequence[ClassPlan], *, pieces: int) -> dict[str, dict[str, str]]:
    """By class what the plan risks for a lot of so many pieces, in words."""
    return {
        one.name: dict(risk_words(_plan(one, pieces)))
        for one in classes
        if one.sample >= pieces or max(one.sample, one.reject) <= _TERMS_MAX
    }


def _typed_class(one: object, typed: Mapping[str, Any]) -> ClassPlan:
    sample, name = count(one, "sample"), text(one, "class")
    accept, reject = count(one, "accept"), count(one, "reject")
    sample = typed["sample"] if sample is None else sample
    assert name is not None, "the schema wants it"
    assert accept is not None, "the schema wants it"
    assert reject is not None, "the schema wants it"
    if not sample:
        raise MalformedTally("/plan/sample: expected one piece or more, found 0")
    said = {item: text(one, item) or text(typed, item) for item in _TEXTS}
    standard, aql = str(typed["standard"]), said["aql"]
    exact = None if aql is None else Decimal(aql)
    return ClassPlan(
        name=name,
        standard=standard,
        sample=sample,
        accept=accept,
        reject=reject,
        level=said["level"],
        aql=aql,
        letter_asked=said["letter_asked"],
        letter_used=said["letter_used"],
        arrow=text(one, "arrow") or "none",
        whole_lot=part(typed, "whole_lot") is True,
        counts_nonconformities=counts_nonconformities(standard, exact),
    )


def _plan(one: ClassPlan, pieces: int) -> Plan:
    """The plan as one of the tables would be."""
    is_counted = one.counts_nonconformities
    aql = None if one.aql is None else Decimal(one.aql)
    return Plan(
        standard=ISO if is_counted else WHOLE_LOT if one.sample >= pieces else C_ZERO,
        level=one.level,
        aql=aql if aql is not None and (is_counted or 0 < aql < _PERCENT_WHOLE) else None,
        severity=Severity(one.severity),
        letter_asked=one.letter_asked,
        letter_used=one.letter_used,
        arrow="none",
        sample=min(one.sample, pieces),
        accept=one.accept,
        reject=one.reject,
        whole_lot=one.sample >= pieces,
        lot=pieces,
    )
