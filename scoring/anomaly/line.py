"""What a line is watched with: model, specification, rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from scoring.anomaly.model import Model
from scoring.anomaly.rule_calibration import RuleCalibration
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.specification import Limits


@dataclass(frozen=True, slots=True)
class Line:
    """What a line is watched with.

    Args:
        model: what the detector serves (``read_model`` of its bytes).
        limits: the specification of its parameters.
        rules: which run rules watch which parameter.
        calibration: how rare rule hits are on good rows, for this model and these rules; None:
            rules are shown and count nothing.
        quiet_rows: so many quiet rows end an episode.
        kept_rows: so many rows at least are kept to put late ones in their place.
        stride: every so many rows there is a position to go back to.
    """

    model: Model
    limits: Limits = field(default_factory=Limits)
    rules: RuleSet = field(default_factory=RuleSet)
    calibration: RuleCalibration | None = None
    quiet_rows: int = 20
    kept_rows: int = 128
    stride: int = 32
