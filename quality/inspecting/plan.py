"""The sampling plan of an inspection report, beside the tables that it names.

Who types standard, level, AQL and severity has said which plan it is: letters, arrow, n, Ac and Re
that are not that plan's are a slip, and refused with the right ones. The tables are those of
normal and tightened inspection, which four standards share (:mod:`quality.sampling.master_table`),
and the reduced one of MIL-STD-105E; another standard's reduced table is not known here. A special
characteristic or the class critical may be inspected with acceptance number zero whatever the
table says, and so may a class that states a sample of its own and no letter: c = 0 beside tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ledger.faults import Fault
from quality.errors import NoSamplingPlan
from quality.flags import Flag
from quality.inspecting.lot import pieces_in
from quality.inspecting.measured import measures_special
from quality.repeats import repeat_faults
from quality.sampling.letters import LEVELS, code_letter
from quality.sampling.plan import C_ZERO, REDUCED, TABLES, WHOLE_LOT, Plan, Severity, plan_for
from quality.values import Groups, count, decimal, items, part, pointed, text

_SKIP_LOT: Final = "skip-lot"
_SPECIAL_WORDS: Final = ("a special characteristic", "特殊特性")
_CRITICAL_WORDS: Final = ("the class critical", "致命类")


def plan_faults(groups: Groups) -> Iterator[Fault]:
    """The faults of the group ``plan``."""
    yield from repeat_faults("/plan/classes", items(groups, "plan", "classes"), name="class")
    for pointer, level in pointed("", groups, "plan", "classes"):
        accept, reject = count(level, "accept"), count(level, "reject")
        if accept is not None and reject is not None and accept >= reject:
            yield Fault(
                f"{pointer}/accept", f"less than the rejection number {reject}", str(accept)
            )
    for pointer, level in pointed("", groups, "plan", "classes"):
        quality_limit = decimal(level, "aql")
        if quality_limit is not None and quality_limit <= 0:
            yield Fault(f"{pointer}/aql", "more than zero", str(quality_limit))
    yield from _standard_faults(groups)
    yield from _table_faults(groups)


def plan_flags(groups: Groups) -> Iterator[Flag]:
    """What the plan says that is true but bad."""
    inspected, sample = count(groups, "defects", "inspected"), count(groups, "plan", "sample")
    # A lot is rejected as soon as Re is reached: what is left of the sample tells nothing more.
    is_decided = text(groups, "verdict", "decision") == "reject"
    if inspected is not None and sample is not None and inspected < sample and not is_decided:
        yield Flag(
            "sample-short",
            "/defects/inspected",
            en=f"{inspected} units were inspected, the plan asks for {sample}",
            zh=f"实际检验 {inspected} 件，方案要求 {sample} 件",
        )
    yield from _acceptance_flags(groups, is_special=measures_special(groups))


def _acceptance_flags(groups: Groups, *, is_special: bool) -> Iterator[Flag]:
    """The automotive rule: zero for special characteristics and for the class critical."""
    for pointer, level in pointed("", groups, "plan", "classes"):
        accept, is_critical = count(level, "accept"), text(level, "class") == "critical"
        if not accept or not (is_special or is_critical):
            continue
        en, zh = _SPECIAL_WORDS if is_special else _CRITICAL_WORDS
        yield Flag(
            "acceptance-number-above-zero",
            f"{pointer}/accept",
            en=f"{en} is inspected with acceptance number {accept}, not 0",
            zh=f"{zh}的接收数为 {accept}，应为 0",
        )


# ---- what the standard says by its name ----


def _standard_faults(groups: Groups) -> Iterator[Fault]:
    standard = text(groups, "plan", "standard")
    if standard == C_ZERO:
        yield from _above_zero_faults(groups)
    # Once a defective unit is found, nobody needs to look at the rest of a rejected lot.
    is_rejected = text(groups, "verdict", "decision") == "reject"
    if standard == WHOLE_LOT and part(groups, "plan", "whole_lot") is False and not is_rejected:
        yield Fault("/plan/whole_lot", "true, the standard being 100 %", "false")
    sample, pieces = count(groups, "plan", "sample"), pieces_in(groups)
    is_whole = part(groups, "plan", "whole_lot") is True
    if is_whole and pieces is not None and sample is not None and sample < pieces:
        yield Fault("/plan/sample", f"the whole lot of {pieces}", str(sample))
    if text(groups, "plan", "skipped_by") is not None:
        yield from _skipped_faults(groups, standard=standard)


def _above_zero_faults(groups: Groups) -> Iterator[Fault]:
    for pointer, level in pointed("", groups, "plan", "classes"):
        for name, right in (("accept", 0), ("reject", 1)):
            stated = count(level, name)
            if stated is not None and stated != right:
                yield Fault(f"{pointer}/{name}", f"{right}, the standard being c=0", str(stated))


def _skipped_faults(groups: Groups, *, standard: str | None) -> Iterator[Fault]:
    """A lot that a draw skipped was not inspected."""
    if standard is not None and standard != _SKIP_LOT:
        yield Fault("/plan/standard", f"{_SKIP_LOT}, the lot being skipped by a draw", standard)
    for group, name in (("plan", "sample"), ("defects", "inspected")):
        units = count(groups, group, name)
        if units:
            yield Fault(f"/{group}/{name}", "0, the lot being skipped by a draw", str(units))


# ---- what the tables say ----


def _table_faults(groups: Groups) -> Iterator[Fault]:
    level, pieces = text(groups, "plan", "level"), pieces_in(groups)
    if text(groups, "plan", "standard") not in TABLES or level is None or pieces is None:
        return
    if level not in LEVELS or pieces < 1 or pieces != pieces.to_integral_value():
        return
    right: list[tuple[object, Plan]] = []
    for pointer, stated in pointed("", groups, "plan", "classes"):
        if _is_without_rejects(groups, stated):
            continue
        try:
            plans = _right_plans(groups, stated, lot=int(pieces))
        except NoSamplingPlan:
            yield Fault(f"{pointer}/aql", "an AQL of the tables", str(decimal(stated, "aql")))
            continue
        if plans:
            plan, faults = _nearest(pointer, stated, plans)
            right.append((stated, plan))
            yield from faults
    yield from _letter_faults(groups, right, asked=code_letter(int(pieces), level=level))
    yield from _sample_faults(groups, right)


def _is_without_rejects(groups: Groups, stated: object) -> bool:
    """Whether a class is inspected with c = 0 and not by the table.

    It is owed that by the automotive rule, or has a sample of its own and no letter.
    """
    is_owed = text(stated, "class") == "critical" or measures_special(groups)
    is_own = count(stated, "sample") is not None and text(stated, "letter_used") is None
    numbers = (count(stated, "accept"), count(stated, "reject"))
    return (is_owed or is_own) and numbers == (0, 1)


def _right_plans(groups: Groups, stated: object, *, lot: int) -> list[Plan]:
    """The plans that a class may have; of normal and tightened, where no severity is stated."""
    level, aql = text(groups, "plan", "level"), decimal(stated, "aql")
    if level is None or aql is None:
        return []
    severity = text(stated, "severity") or text(groups, "plan", "severity")
    if severity == Severity.REDUCED and text(groups, "plan", "standard") != REDUCED:
        return []
    severities = [Severity(severity)] if severity else [Severity.NORMAL, Severity.TIGHTENED]
    return [plan_for(lot, level=level, aql=aql, severity=one) for one in severities]


def _nearest(pointer: str, stated: object, plans: Sequence[Plan]) -> tuple[Plan, list[Fault]]:
    """Of the plans that a class may have the one that it contradicts least, with its faults."""
    judged = [(plan, list(_class_faults(pointer, stated, plan))) for plan in plans]
    return min(judged, key=lambda one: len(one[1]))


def _class_faults(pointer: str, stated: object, plan: Plan) -> Iterator[Fault]:
    rights: tuple[tuple[str, object], ...] = (
        ("accept", plan.accept),
        ("reject", plan.reject),
        ("letter_used", plan.letter_used),
        ("arrow", plan.arrow),
        ("sample", plan.sample),
    )
    for name, right in rights:
        found = part(stated, name)
        if found is not None and found != right:
            yield Fault(f"{pointer}/{name}", f"{right}, the plan being {_words(plan)}", str(found))


def _letter_faults(
    groups: Groups, right: Sequence[tuple[object, Plan]], *, asked: str
) -> Iterator[Fault]:
    stated = text(groups, "plan", "letter_asked")
    if stated is not None and stated != asked:
        level = text(groups, "plan", "level")
        yield Fault("/plan/letter_asked", f"{asked}, that of the lot and level {level}", stated)
    used = text(groups, "plan", "letter_used")
    letters = dict.fromkeys(str(plan.letter_used) for _, plan in right)
    if used is not None and letters and used not in letters:
        words = "; ".join(_words(plan) for _, plan in right)
        yield Fault("/plan/letter_used", f"{' or '.join(letters)}, the plan being {words}", used)


def _sample_faults(groups: Groups, right: Sequence[tuple[object, Plan]]) -> Iterator[Fault]:
    """The sample is the largest that a class needs; what a class states itself is judged there."""
    sample = count(groups, "plan", "sample")
    unstated = [plan for stated, plan in right if count(stated, "sample") is None]
    if sample is None or not unstated or part(groups, "plan", "whole_lot") is True:
        return
    needed = max(unstated, key=lambda plan: plan.sample)
    stated_samples = (count(one, "sample") for one in items(groups, "plan", "classes"))
    expected = max([needed.sample, *(size for size in stated_samples if size is not None)])
    if sample != expected:
        words = f"{expected}, the plan being {_words(needed)}"
        yield Fault("/plan/sample", words, str(sample))


def _words(plan: Plan) -> str:
    arrow = "" if plan.arrow == "none" else f" by the arrow from {plan.letter_asked}"
    numbers = f"n = {plan.sample}, Ac {plan.accept}, Re {plan.reject}"
    return f"{plan.letter_used}{arrow} at AQL {plan.aql}, {plan.severity}: {numbers}"
