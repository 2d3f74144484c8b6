"""The chance of at most so many defectives in a sample, without numpy.

Hypergeometric: drawn from a lot without putting back. Binomial: from a process, or from a lot so
large that putting back makes no difference. Poisson: nonconformities, of which a unit may have
several. Terms are positive and summed from the smallest index, so nothing cancels.
"""

from __future__ import annotations

from math import exp, prod


def hypergeometric_at_most(accept: int, *, sample: int, defective: int, lot: int) -> float:
    """P(X <= accept) in a sample from a lot with so many defective units.

    Args:
        accept: the greatest count meant.
        sample: units drawn, at most the lot.
        defective: defective units in the lot, at most the lot.
        lot: units in the lot.
    """
    if sample == lot:
        return 1.0 if defective <= accept else 0.0
    good = lot - defective
    first = max(0, sample - good)
    if accept < first:
        return 0.0
    term = total = _first_term(sample=sample, defective=defective, lot=lot)
    for count in range(first, min(accept, sample, defective)):
        term *= (defective - count) * (sample - count)
        term /= (count + 1) * (good - sample + count + 1)
        total += term
    return min(total, 1.0)


def _first_term(*, sample: int, defective: int, lot: int) -> float:
    """The chance of the fewest defectives there can be."""
    good = lot - defective
    if good < sample:
        # All good units are in the sample: C(defective, sample - good) / C(lot, sample).
        return prod((sample - place) / (lot - place) for place in range(good))
    few, many = sorted((sample, defective))
    # C(lot - many, few) / C(lot, few): the shorter of two equal products.
    return prod((lot - many - place) / (lot - place) for place in range(few))


def binomial_at_most(accept: int, *, sample: int, rate: float) -> float:
    """P(X <= accept) in a sample from a process with this rate of defectives."""
    if rate >= 1.0:
        return 1.0 if accept >= sample else 0.0
    term = total = (1.0 - rate) ** sample
    odds = rate / (1.0 - rate)
    for count in range(min(accept, sample)):
        term *= (sample - count) / (count + 1) * odds
        total += term
    return min(total, 1.0)


def poisson_at_most(accept: int, *, mean: float) -> float:
    """P(X <= accept) of nonconformities with this mean in the sample."""
    term = total = exp(-mean)
    for count in range(accept):
        term *= mean / (count + 1)
        total += term
    return min(total, 1.0)
