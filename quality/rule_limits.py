"""What a version of a line's rules must be, and what it may say that is bad.

Rules for ``rule-limits/v1`` that its schema cannot say. Which version it follows is judged by
what is in force (:mod:`quality.in_force.judging_models`).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ledger.faults import Fault
from quality.flags import Flag
from quality.repeats import repeat_faults
from quality.values import Groups, count, decimal, items, part, pointed, text

#: More than a tenfold weight would leave the other rules of a line without a say.
WEIGHT_MAX: Final = Decimal(10)


def rule_limits_faults(groups: Groups) -> Iterator[Fault]:
    """The faults of the groups of a version of rules."""
    yield from repeat_faults("/rules/parameters", items(groups, "rules", "parameters"), name="id")
    for pointer, one in pointed("", groups, "rules", "parameters"):
        lower, upper, weight = (decimal(one, name) for name in ("lower", "upper", "weight"))
        if lower is not None and upper is not None and lower >= upper:
            yield Fault(f"{pointer}/lower", f"below the upper limit {upper}", str(lower))
        if weight is not None and not 0 <= weight <= WEIGHT_MAX:
            yield Fault(f"{pointer}/weight", f"0 to {WEIGHT_MAX}", str(weight))
    rows = count(groups, "effect", "rows")
    for name in ("before", "after"):
        flagged = count(groups, "effect", name)
        if rows is not None and flagged is not None and flagged > rows:
            yield Fault(f"/effect/{name}", f"at most {rows}, the rows", str(flagged))


def rule_limits_flags(groups: Groups) -> Iterator[Flag]:
    """What a version of rules says that is true but bad."""
    before, after = (count(groups, "effect", name) for name in ("before", "after"))
    if before is not None and after is not None and after > before:
        yield Flag(
            "more-alarms",
            "/effect/after",
            en=f"the change flags {after} rows of normal operation where {before} were flagged",
            zh=f"更改后正常运行中报警 {after} 行，更改前为 {before} 行",
        )
    for pointer, one in pointed("", groups, "rules", "parameters"):
        limits = (part(one, "lower"), part(one, "upper"))
        if not items(one, "rules") and limits == (None, None):
            name = text(one, "id")
            yield Flag(
                "parameter-without-rules",
                pointer,
                en=f"{name} is watched by no rule and has no control limit",
                zh=f"参数 {name} 未启用任何规则，也没有控制限",
            )
