"""What a model of each stage may say by itself, and how a stage is told to people."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.anomaly.model import Model, Stage
from scoring.anomaly.sample_size import SETUPS_MIN


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


def stage_text(model: Model) -> str:
    """``learning 12/30`` while a model learns, ``learning 2/3 set-ups`` where these are too few."""
    if model.stage is not Stage.LEARNING:
        return str(model.stage)
    known, wanted = int(model.facts.n_eff), model.settings.learning_rows
    if known >= wanted:
        return f"{model.stage} {model.facts.setups}/{SETUPS_MIN} set-ups"
    return f"{model.stage} {known}/{wanted}"
