"""The group ``plan`` of an inspection report, made of the plans of its classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from quality.inspecting.lot import pieces_in
from quality.sampling.plan import C_ZERO, ISO, REDUCED, WHOLE_LOT, Plan, Severity
from quality.values import Groups, count

#: The standard of a report whose classes are inspected by different ones: the widest of them.
_STANDARDS: Final = (ISO, REDUCED, C_ZERO, WHOLE_LOT)


def stated_plan(plans: Mapping[str, Plan], groups: Groups) -> dict[str, Any]:
    """The group as the rules of the report accept it.

    Args:
        plans: the plan of each class of defects, of the lot of the report; at least one.
        groups: the report, which says how many units were inspected, as far as it does.
    """
    standards = {plan.standard for plan in plans.values()}
    sample = max(plan.sample for plan in plans.values())
    pieces = pieces_in(groups)
    # Only who has inspected every piece may say so.
    is_whole = sample == pieces and count(groups, "defects", "inspected") in (None, pieces)
    return {
        "standard": next(name for name in _STANDARDS if name in standards),
        **_shared(plans),
        "sample": sample,
        "whole_lot": is_whole,
        "classes": [_of_class(name, plan) for name, plan in plans.items()],
    }


def _shared(plans: Mapping[str, Plan]) -> dict[str, Any]:
    """What all classes have in common."""
    shared: dict[str, Any] = {}
    for name in ("level", "severity", "letter_asked", "letter_used"):
        said = {getattr(plan, name) for plan in plans.values()}
        if len(said) == 1 and not said & {None, Severity.DISCONTINUED}:
            shared[name] = str(said.pop())
    return shared


def _of_class(name: str, plan: Plan) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "class": name,
        "aql": None if plan.aql is None else f"{plan.aql:f}",
        "accept": plan.accept,
        "reject": plan.reject,
        "sample": plan.sample,
        "arrow": plan.arrow,
    }
    if plan.severity is not Severity.DISCONTINUED:
        stated["severity"] = str(plan.severity)
    if plan.letter_used is not None:
        stated["letter_used"] = plan.letter_used
    return stated
