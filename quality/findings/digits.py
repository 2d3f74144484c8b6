"""Last digits that a person prefers, where a gauge prefers none.

Where values spread over many last digits, also beside their neighbours, each digit is equally
likely, whatever the distribution.
Not so on a grid coarser than the last digit: a gauge with steps of 5, a conversion of units. Only
digits that the grid can take are counted, and where no two values are one step apart nothing is
said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import sqrt

from quality.findings.finding import EN, ZH, Finding, Thresholds
from quality.findings.reported import Reported, Series, spread, step_of

_BASE = 10
#: Cavities that take turns without being named.
_APART_MAX = 16


def digit_findings(reports: Sequence[Reported], limits: Thresholds) -> Iterator[Finding]:
    """Series whose last digits are not equally frequent."""
    tested = [
        (series, counts)
        for report in reports
        for series in report.series
        if (counts := last_digits(series.values, limits)) is not None
    ]
    for series, counts in tested:
        p_value = _p_value(list(counts.values()))
        # Half the level, since chi-square is an approximation and neighbours may depend.
        if p_value <= limits.level / (2 * len(tested)):
            yield _finding(series, counts, p_value)


def last_digits(values: Sequence[int], limits: Thresholds) -> dict[int, int] | None:
    """How often each last digit occurs; None where digits would not be equally likely."""
    step = step_of(values)
    if step not in (1, 2, 5) or local_spread(values) < limits.digits_spread:
        return None
    possible = [digit for digit in range(_BASE) if (digit - values[0]) % step == 0]
    if len(values) < limits.digits_each * len(possible) or not _is_dense(values, step):
        return None
    # The last digit as it is written: that of the magnitude.
    if min(values) < 0 < max(values) and step != 1:
        return None
    found = Counter((abs(value) if step == 1 else value) % _BASE for value in values)
    return {digit: found[digit] for digit in possible}


def local_spread(values: Sequence[int]) -> float:
    """The least deviation that values show beside those some places before, in last digits.

    Cavities far apart, lots and drift make a wide spread of narrow ones, whose last digits are not
    equally likely.
    """
    reach = min(_APART_MAX, len(values) // 4)
    apart = [
        sqrt(sum((b - a) ** 2 for a, b in zip(values, values[lag:], strict=False)) / count / 2)
        for lag in range(1, reach + 1)
        if (count := len(values) - lag) > 0
    ]
    return min([spread(values), *apart])


def _is_dense(values: Sequence[int], step: int) -> bool:
    """Whether neighbours on the grid both occur, as they do unless the grid is coarser in truth.

    Steps that no decimal writes (25.4 to the inch) round to a grid that looks finer than it is.
    """
    present = set(values)
    neighbours = sum(value + step in present for value in present)
    # Of values spread evenly over their range so many would have a neighbour; a third is enough.
    reach = (max(values) - min(values)) // step + 1
    return 3 * neighbours * reach >= len(present) * len(present)


def _p_value(counts: Sequence[int]) -> float:
    from scipy.special import chdtrc

    expected = sum(counts) / len(counts)
    # Of two digits the counts move by whole values only: Yates, J. R. Stat. Soc. Suppl. 1 (1934).
    less = 0.5 if len(counts) == 2 else 0.0
    square = sum(max(0.0, abs(count - expected) - less) ** 2 for count in counts) / expected
    return float(chdtrc(len(counts) - 1, square))


def _finding(series: Series, counts: dict[int, int], p_value: float) -> Finding:
    often = sorted(counts, key=lambda digit: (-counts[digit], digit))[:2]
    total = sum(counts.values())
    share = 100 * sum(counts[digit] for digit in often) / total
    fair = 100 * len(often) / len(counts)
    digits = ", ".join(map(str, sorted(often)))
    return Finding(
        "digit-preference",
        p_value,
        (series.whole,),
        f"{EN}digit preference: {share:.0f} % of {total} values end in {digits}, "
        f"where {fair:.0f} % would (chance {p_value:.1g})",
        f"{ZH}尾数偏好：{total} 个数值中 {share:.0f}% 以 {digits} 结尾，正常约 {fair:.0f}%"
        f"（偶然概率 {p_value:.1g}）",
    )
