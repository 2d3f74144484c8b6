"""Plans with acceptance number zero, derived so that they protect as the tables do.

The sample is the smallest that, accepting only without a defective unit, accepts a lot at the
limiting quality with a chance of at most 10 %. The limiting quality is the lot's own: the fewest
defective units with which the plan of ISO 2859-1 for this lot, level and AQL accepts it with at
most 10 % (its consumer's risk). Both chances are hypergeometric, for the very lot, so nothing is
rounded but units to whole ones. Tightened inspection protects as the tightened plan does. Samples
are mostly smaller than those of the tables; a good lot is turned away more often.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache, lru_cache
from math import ceil, floor, log
from typing import Final

from quality.errors import NoSamplingPlan
from quality.sampling.chances import hypergeometric_at_most, poisson_at_most
from quality.sampling.plan import C_ZERO, Plan, Severity, plan_for, whole_lot_plan

#: The consumer's risk: with what chance a lot at the limiting quality may be accepted.
RISK_MAX: Final = 0.10
_STEPS_MAX: Final = 8


@lru_cache(maxsize=4096)
def c_zero_plan(
    lot: int, *, level: str, aql: Decimal, severity: Severity = Severity.NORMAL
) -> Plan:
    """The plan with acceptance number zero for a lot.

    Args:
        lot: units in the lot.
        level: inspection level of the table whose protection is wanted.
        aql: AQL of it.
        severity: which table; while inspection is discontinued, the whole lot is inspected.

    Raises:
        NoSamplingPlan: a lot, level or AQL that the tables do not have, or an AQL above 10.
    """
    model = plan_for(lot, level=level, aql=aql, severity=severity)
    if severity is Severity.DISCONTINUED:
        return whole_lot_plan(lot, severity=severity)
    if model.counts_nonconformities:
        raise NoSamplingPlan(f"expected an AQL of at most 10, c = 0 counting units, found {aql}")
    sample = _sample(lot, defective=limiting_units(model))
    return Plan(
        standard=C_ZERO,
        level=level,
        aql=aql,
        severity=severity,
        letter_asked=model.letter_asked,
        letter_used=None,
        arrow="none",
        sample=sample,
        accept=0,
        reject=1,
        whole_lot=sample == lot,
        lot=lot,
    )


def limiting_units(plan: Plan) -> int:
    """The fewest defective units with which a plan accepts its lot with at most 10 %.

    More defective units never raise that chance, so it is found between two bounds: by Newton's
    steps on its logarithm from the Poisson limit, by halves where these are slow. In a lot that
    is accepted however bad it is, it is the whole lot.
    """
    mean, share = _poisson_limit(plan.reject - 1)
    slope = share * plan.sample / plan.lot
    few, many, guess, steps = 0, plan.lot, round(plan.lot * mean / plan.sample), 0
    while many - few > 1:
        guess = min(max(guess, few + 1), many - 1) if steps < _STEPS_MAX else (few + many) // 2
        chance, steps = _chance(plan, guess), steps + 1
        if chance <= RISK_MAX:
            many = guess
        else:
            few = guess
        step = log(chance / RISK_MAX) / slope if chance > 0 else -guess / 2
        guess += max(1, ceil(step)) if chance > RISK_MAX else min(-1, floor(step))
    return many


@cache
def _poisson_limit(accept: int) -> tuple[float, float]:
    """The mean accepted with 10 %, and what part of that chance is that of the last count."""
    low, high = 0.0, 200.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        if poisson_at_most(accept, mean=middle) > RISK_MAX:
            low = middle
        else:
            high = middle
    return high, 1 - (poisson_at_most(accept - 1, mean=high) / RISK_MAX if accept else 0)


def _chance(plan: Plan, defective: int) -> float:
    return hypergeometric_at_most(
        plan.reject - 1, sample=plan.sample, defective=defective, lot=plan.lot
    )


def _sample(lot: int, *, defective: int) -> int:
    """The smallest sample without a defective unit with a chance of at most 10 %."""
    chance, sample = 1.0, 0
    while chance > RISK_MAX:
        chance *= (lot - defective - sample) / (lot - sample)
        sample += 1
    return sample
