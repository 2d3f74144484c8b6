"""What a model of each stage may say by itself."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.anomaly.model import Stage


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a model may do by itself; rules and the specification speak at every stage."""

    yellow: bool
    red: bool  # alone
    red_with_agreement: bool  # of a rule or the specification


_ALLOWED = {
    Stage.LEARNING: Allowed(yellow=False, red=False, red_with_agreement=False),
    Stage.PRIOR: Allowed(yellow=True, red=False, red_with_agreement=True),
    Stage.OWN: Allowed(yellow=True, red=True, red_with_agreement=True),
    Stage.DYNAMIC: Allowed(yellow=True, red=True, red_with_agreement=True),
}


def allowed(stage: Stage) -> Allowed:
    """What a model of this stage may do by itself."""
    return _ALLOWED[stage]
