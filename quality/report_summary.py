"""The summary of measurements in an inspection report: count, extremes, mean, deviation, Ppk.

Figures come from exact sums and are rounded once: the mean to three places more than the values
have, the deviation to six digits, so that Ppk follows from what the report states. Without
limits, without a second value or without any variation there is no Ppk.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from statistics import NormalDist
from typing import Any, Final

from quality.exact_sums import ValueSums
from quality.limits import Limits
from quality.values import Groups, count, decimal, items, part, text

_MEAN_PLACES: Final = 3
_DEVIATION_DIGITS: Final = 6
_PPK_PLACES: Final = Decimal("0.001")
_PLACES_MAX: Final = 20
_WIDE: Final = Context(prec=100, rounding=ROUND_HALF_EVEN)
_CONFIDENCE: Final = 0.95
_NORMAL_QUANTILE: Final = Decimal(str(NormalDist().inv_cdf((1 + _CONFIDENCE) / 2)))


def summary_of(identity: Mapping[str, Any], sums: ValueSums) -> dict[str, Any]:
    """The summary of one characteristic, without an index of performance.

    Args:
        identity: the members ``id``, ``unit`` and ``name`` of it, as far as they are known.
        sums: the exact figures of at least one value.
    """
    places = min(sums.places + _MEAN_PLACES, _PLACES_MAX)
    mean = sums.mean()
    rounded = Decimal(round(mean * 10**places)).scaleb(-places, context=_WIDE)
    told = {
        **identity,
        "count": sums.count,
        "minimum": f"{sums.minimum:f}",
        "mean": f"{rounded:f}",
        "maximum": f"{sums.maximum:f}",
    }
    deviation = sums.deviation()
    if deviation is not None:
        told["deviation"] = _plain(Context(prec=_DEVIATION_DIGITS).plus(deviation))
    return told


def with_summary(groups: Groups) -> dict[str, Any]:
    """The groups of a report with a summary of the values in it, where it has none itself."""
    if "summary" in groups:
        return dict(groups)
    told = []
    for one in items(groups, "measurements", "characteristics"):
        values = [decimal(value, "value") for value in items(one, "values")]
        if not values or any(value is None for value in values):
            # What is no number is told by its own place; no figures are made beside it.
            return dict(groups)
        sums = ValueSums()
        for value in values:
            sums.add(f"{value:f}")
        identity = {name: part(one, name) for name in ("id", "name", "unit")}
        told.append(summary_of({k: v for k, v in identity.items() if v is not None}, sums))
    return {**groups, "summary": {"characteristics": told}} if told else dict(groups)


def with_performance(groups: Groups, limits: Mapping[str, Limits]) -> dict[str, Any]:
    """The groups with Ppk in their summary, for what is not attributive and has limits.

    Args:
        groups: of a report; what states its Ppk itself keeps it.
        limits: by the id of a characteristic, in the unit of the report.
    """
    told = []
    for one in items(groups, "summary", "characteristics"):
        found = limits.get(text(one, "id") or "")
        ppk = ppk_of(one, found) if found is not None and part(one, "ppk") is None else None
        told.append({**one, "ppk": ppk} if isinstance(one, dict) and ppk is not None else one)
    return {**groups, "summary": {"characteristics": told}} if told else dict(groups)


def ppk_of(summary: object, limits: Limits) -> dict[str, str] | None:
    """Ppk of a summary with its interval at 95 %; None where nothing says it.

    Source: ISO 22514-2 for the index from all values; the interval is Bissell's, Applied
    Statistics 39 (1990) 331-340.
    """
    mean, deviation = decimal(summary, "mean"), decimal(summary, "deviation")
    values = count(summary, "count")
    if mean is None or deviation is None or values is None or values < 2 or deviation <= 0:
        return None
    sides = [
        _WIDE.divide(room, 3 * deviation)
        for room in (
            None if limits.lower is None else mean - limits.lower,
            None if limits.upper is None else limits.upper - mean,
        )
        if room is not None
    ]
    if not sides:
        return None
    value = min(sides)
    spread = _WIDE.divide(Decimal(1), Decimal(9 * values)) + _WIDE.divide(
        value * value, Decimal(2 * (values - 1))
    )
    reach = _NORMAL_QUANTILE * _WIDE.sqrt(spread)
    bounds = {"value": value, "lower": value - reach, "upper": value + reach}
    return {name: _rounded(bound) for name, bound in bounds.items()}


def _rounded(value: Decimal) -> str:
    text_of = f"{value.quantize(_PPK_PLACES, context=_WIDE):f}"
    return text_of.removeprefix("-") if not value.quantize(_PPK_PLACES, context=_WIDE) else text_of


def _plain(number: Decimal) -> str:
    """A decimal as records write it, within the characters that they have for one."""
    if not number:
        return "0"
    return (
        f"{number.quantize(Decimal(1).scaleb(-_PLACES_MAX)):f}"
        if _is_long(number)
        else (f"{number:f}")
    )


def _is_long(number: Decimal) -> bool:
    return -int(number.as_tuple().exponent) > _PLACES_MAX
