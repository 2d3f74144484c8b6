"""What a plan risks, in words: how often a bad lot passes.

The chance is hypergeometric where the sample is more than a tenth of the lot, binomial else (then
the two differ by less than the words tell), and Poisson where nonconformities are counted. The
words tell of a lot four times as bad as the AQL (twice or once, where normal inspection at level
II hardly passes that one), so of the same lot for every plan of an AQL and lot; or, where there is
no AQL, of the worst among round figures that still passes one time in twenty.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from quality.errors import NoSamplingPlan
from quality.sampling.chances import binomial_at_most, hypergeometric_at_most, poisson_at_most
from quality.sampling.plan import Plan, plan_for

#: A sample of more than this part of the lot changes what is left of it.
_PART_MAX: Final = 10
_TIMES_AQL: Final = (4, 2, 1)
_LEVEL: Final = "II"
#: A chance below this tells little of how a plan discriminates.
_WORTH_TELLING: Final = 0.05
_ROUND_PERCENT: Final = tuple(Decimal(text) for text in "50 25 10 5 2.5 1 0.5 0.25 0.1".split())
_WHOLE: Final = Decimal(100)


def passing_chance(plan: Plan, defect_rate: float) -> float:
    """The chance that a lot is accepted.

    Args:
        plan: how it is inspected; within the gap of reduced inspection a lot is accepted.
        defect_rate: defective units per unit, 0 to 1; for a plan that counts nonconformities,
            nonconformities per unit. In a small lot it is rounded to whole units, at least one
            where there are any.

    Raises:
        ValueError: a rate below 0, or above 1 where units are counted.
    """
    if defect_rate < 0 or (defect_rate > 1 and not plan.counts_nonconformities):
        raise ValueError(f"expected a defect rate from 0 to 1, found {defect_rate}")
    accept = plan.reject - 1
    if plan.counts_nonconformities:
        return poisson_at_most(accept, mean=plan.sample * defect_rate)
    if not _is_small(plan):
        return binomial_at_most(accept, sample=plan.sample, rate=defect_rate)
    defective = _units(plan.lot, defect_rate)
    return hypergeometric_at_most(accept, sample=plan.sample, defective=defective, lot=plan.lot)


def risk_words(plan: Plan) -> Mapping[str, str]:
    """What the plan risks, by language (``en``, ``zh``)."""
    if plan.whole_lot and not plan.counts_nonconformities:
        return {
            "en": f"all {plan.lot} units are inspected, Ac {plan.accept}: no risk of sampling",
            "zh": f"全检 {plan.lot} 件，Ac {plan.accept}：无抽样风险",
        }
    percent, units = _told(plan)
    lot_en, lot_zh = _lot_words(plan, percent, units=units)
    chance = _chance_words(passing_chance(plan, float(percent / _WHOLE)))
    plan_words = f"n = {plan.sample}, Ac {plan.accept}"
    return {
        "en": f"{plan_words}: a {lot_en} still passes {chance[0]} of the time",
        "zh": f"{plan_words}：{lot_zh}仍有{chance[1]}的机会被接收",
    }


def _is_small(plan: Plan) -> bool:
    return plan.sample * _PART_MAX > plan.lot


def _units(lot: int, rate: float) -> int:
    """Whole defective units, half up; at least one where there are any."""
    return 0 if rate == 0 else max(1, min(lot, int(lot * rate + 0.5)))


def _told(plan: Plan) -> tuple[Decimal, int | None]:
    """How bad a lot the words tell of, in percent defective or nonconformities per 100 units.

    It is fixed by AQL and lot: else normal and tightened inspection could not be compared. In a
    small lot it is so many units, where no number of them is just that bad.
    """
    by = _compared(plan)
    rates = _ROUND_PERCENT if plan.aql is None else tuple(plan.aql * times for times in _TIMES_AQL)
    can_be = [rate for rate in rates if plan.counts_nonconformities or rate < _WHOLE]
    told = (
        rate
        for rate in can_be
        if by is None or passing_chance(by, float(rate / _WHOLE)) >= _WORTH_TELLING
    )
    percent = next(told, can_be[-1])
    units = _units(plan.lot, float(percent / _WHOLE))
    is_exact = percent * plan.lot == units * _WHOLE
    if plan.counts_nonconformities or is_exact or not _is_small(by or plan):
        return percent, None
    return _WHOLE * units / plan.lot, units


def _compared(plan: Plan) -> Plan | None:
    """The plan by which the lot that is told of is chosen; None where the tables have none."""
    if plan.aql is None:
        return plan
    try:
        return plan_for(plan.lot, level=_LEVEL, aql=plan.aql)
    except NoSamplingPlan:
        return None


def _lot_words(plan: Plan, percent: Decimal, *, units: int | None) -> tuple[str, str]:
    if plan.counts_nonconformities:
        per = _plain(percent)
        return f"lot with {per} nonconformities per 100 units", f"每百件 {per} 个不合格的批"
    if units is None:
        return f"{_plain(percent)} % bad lot", f"不合格品率 {_plain(percent)} % 的批"
    noun = "unit" if units == 1 else "units"
    return (
        f"lot with {units} bad {noun} in {plan.lot}",
        f"{plan.lot} 件中有 {units} 件不合格的批",
    )


def _chance_words(chance: float) -> tuple[str, str]:
    """A chance in whole percent; never the 0 % or 100 % that it is not."""
    percent = int(Decimal(chance * 100).quantize(Decimal(1), ROUND_HALF_UP))
    if percent == 0:
        return "less than 1 %", "不到 1 % "
    if percent == 100:
        return "more than 99 %", "超过 99 % "
    return f"{percent} %", f" {percent} % "


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
