"""What scores follow from, without what standardises and calibrates them."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.anomaly.model import Channel, Statistic
from scoring.anomaly.table import Numbers


@dataclass(frozen=True, slots=True)
class Parts:
    """What scores follow from: the channels, and what predicts a level."""

    level: Channel
    innovation: Channel | None
    coefficients: Numbers | None
    statistics: tuple[Statistic, ...]
