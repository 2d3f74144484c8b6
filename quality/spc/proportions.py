"""Intervals of a proportion that do not shrink to nothing where nothing was found."""

from __future__ import annotations

from dataclasses import dataclass

from quality.errors import MalformedChart

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval."""

    value: float
    lower: float
    upper: float


def wilson(found: int, size: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """A proportion with Wilson's score interval: 0 of 20 is 0 to 16 %.

    Raises:
        MalformedChart: no such counts or confidence.

    Source: Wilson, Journal of the American Statistical Association 22 (1927) 209-212; Newcombe,
    Statistics in Medicine 17 (1998) 857-872, method 3.
    """
    _check(found, size, confidence=confidence)
    from scipy.special import ndtri

    share, z = found / size, float(ndtri((1 + confidence) / 2))
    middle = share + z**2 / (2 * size)
    reach = z * (share * (1 - share) / size + z**2 / (4 * size**2)) ** 0.5
    scale = 1 + z**2 / size
    # At none and at all the score interval ends there; rounding must not say otherwise.
    lower = 0.0 if found == 0 else (middle - reach) / scale
    upper = 1.0 if found == size else (middle + reach) / scale
    return Estimate(share, lower, upper)


def jeffreys(found: int, size: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """A proportion with the equal-tailed interval of Beta(found + 1/2, others + 1/2).

    Raises:
        MalformedChart: no such counts or confidence.

    Source: Brown, Cai and DasGupta, Statistical Science 16 (2001) 101-133, section 4.
    """
    _check(found, size, confidence=confidence)
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    first, second = found + 0.5, size - found + 0.5
    lower = 0.0 if found == 0 else float(betaincinv(first, second, tail))
    upper = 1.0 if found == size else float(betaincinv(first, second, 1 - tail))
    return Estimate(found / size, lower, upper)


def _check(found: int, size: int, *, confidence: float) -> None:
    if not 0 <= found <= size or size < 1:
        raise MalformedChart(f"expected 0 to {size} of at least one, found {found} of {size}")
    if not 0 < confidence < 1:
        raise MalformedChart(f"expected a confidence between 0 and 1, found {confidence}")
