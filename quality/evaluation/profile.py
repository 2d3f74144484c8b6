"""Who the suppliers are: the marginal figures of the method, drawn for each by its number.

The method asks for monthly volumes that are log-normal with median 5,000, 10 % below 500 and
10 % above 100,000. No log-normal has all three: median and lower decile give a spread of
ln 10 / 1.2816 = 1.80, median and upper decile ln 20 / 1.2816 = 2.34. So it is log-normal in two
pieces that meet at the median, each half with its own spread; all three figures then hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from quality.evaluation.draws import normal_quantile, spread

SUPPLIERS: Final = 327
VOLUME_MEDIAN: Final = 5_000
VOLUME_LOW, VOLUME_HIGH = 500, 100_000
PARTS_MIN, PARTS_MAX = 4, 40
ONE_PART_SHARE: Final = 0.15
WITHOUT_COMPLAINT_SHARE: Final = 0.30
CLUSTER_MEAN: Final = 6.0
SEVERITIES: Final = (("critical", 0.05), ("major", 0.35), ("minor", 0.60))
#: The true rate of bad units: median and spread of ln, before the bound below.
PPM_MEDIAN: Final = 90.0
PPM_SPREAD: Final = 1.4
#: No customer keeps a supplier with more clusters of bad units a year than this.
CLUSTERS_A_YEAR_MAX: Final = 48.0
#: Every so many suppliers one is a tier-1: it has suppliers of its own here.
TIER1_EVERY: Final = 27

_DECILE: Final = normal_quantile(0.9)
_SPREAD_LOW: Final = math.log(VOLUME_MEDIAN / VOLUME_LOW) / _DECILE
_SPREAD_HIGH: Final = math.log(VOLUME_HIGH / VOLUME_MEDIAN) / _DECILE


@dataclass(frozen=True, slots=True)
class SupplierProfile:
    """What is true of a supplier, whatever the log will say of it.

    ``monthly_volume`` is in pieces; ``bad_per_million`` is its true rate of bad units among
    delivered ones, 0 where nobody will ever complain.
    """

    number: int
    slug: str
    monthly_volume: float
    part_count: int
    bad_per_million: float
    has_complaints: bool
    is_tier1: bool


def volume_at(share: float) -> float:
    """The monthly volume that this share of suppliers does not exceed."""
    z = normal_quantile(share)
    return VOLUME_MEDIAN * math.exp(z * (_SPREAD_LOW if z < 0 else _SPREAD_HIGH))


def supplier_slug(number: int) -> str:
    """The short name of a supplier."""
    return f"supplier-{number:03}"


def draw_profile(seed: int, number: int) -> SupplierProfile:
    """The supplier of this number, from 1."""
    volume = volume_at(spread(seed, "volume", number=number, root=5))
    has_complaints = spread(seed, "complaints", number=number, root=3) >= WITHOUT_COMPLAINT_SHARE
    return SupplierProfile(
        number=number,
        slug=supplier_slug(number),
        monthly_volume=volume,
        part_count=_draw_part_count(seed, number),
        bad_per_million=_draw_rate(seed, number, volume) if has_complaints else 0.0,
        has_complaints=has_complaints,
        is_tier1=number % TIER1_EVERY == 0,
    )


def _draw_part_count(seed: int, number: int) -> int:
    if spread(seed, "one part", number=number, root=7) < ONE_PART_SHARE:
        return 1
    share = spread(seed, "parts", number=number, root=2)
    return PARTS_MIN + int(share * (PARTS_MAX - PARTS_MIN + 1))


def _draw_rate(seed: int, number: int, volume: float) -> float:
    z = normal_quantile(spread(seed, "quality", number=number, root=11))
    bound = CLUSTERS_A_YEAR_MAX * CLUSTER_MEAN / (12 * volume) * 1e6
    return min(PPM_MEDIAN * math.exp(PPM_SPREAD * z), bound)
