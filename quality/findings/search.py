"""All findings of a set of reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final

from quality.findings.backdating import backdating_findings
from quality.findings.copied import copied_findings
from quality.findings.digits import digit_findings
from quality.findings.finding import Finding, Thresholds
from quality.findings.reported import Reported
from quality.findings.resolution import resolution_findings
from quality.findings.variance import variance_findings

Search = Callable[[Sequence[Reported], Thresholds], Iterator[Finding]]
_SEARCHES: Final[tuple[Search, ...]] = (
    copied_findings,
    digit_findings,
    variance_findings,
    resolution_findings,
    backdating_findings,
)
#: Every code that a finding can have.
CODES: Final = (
    "measurements-copied",
    "digit-preference",
    "variance-too-small",
    "finer-than-gauge",
    "gauge-too-coarse",
    "times-contradict",
    "backdated",
)


def find(reports: Sequence[Reported], limits: Thresholds | None = None) -> tuple[Finding, ...]:
    """What looks made up in reports, each and beside each other.

    Args:
        reports: In the order in which they were admitted; more of a characteristic show more.
        limits: What is taken for more than chance.
    """
    chosen = limits or Thresholds()
    return tuple(chain.from_iterable(search(reports, chosen) for search in _SEARCHES))
