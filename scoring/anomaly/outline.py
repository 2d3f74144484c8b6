"""What is told of a model, whatever its kind: what a card says of it, and what it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from scoring.anomaly.challenger_model import Autoencoder
from scoring.anomaly.injected import Reference
from scoring.anomaly.model import Calibration, Model, Stage

#: The kind that the hyper-parameters of a challenger tell; those of the model tell none.
AUTOENCODER: Final = "autoencoder"


@dataclass(frozen=True, slots=True)
class Outline:
    """What cards and comparisons need of a model; ``yellow`` is the level that it was made for.

    ``reference`` holds centre and spread of each parameter in its own unit.
    """

    stage: Stage
    names: tuple[str, ...]
    reference: Reference
    calibration: Calibration
    yellow: float
    settings: Mapping[str, Any]
    rows: int
    n_eff: float
    data_digest: str
    set_ups: tuple[str, ...] = ()


def outline_of(model: Model | Autoencoder) -> Outline:
    """What is told of a model or of a challenger."""
    if isinstance(model, Autoencoder):
        return _of_challenger(model)
    return Outline(
        model.stage,
        model.names,
        reference_of_model(model),
        model.calibration,
        model.settings.yellow,
        asdict(model.settings),
        model.facts.rows,
        model.facts.n_eff,
        model.facts.data_digest,
        tuple(setup.label for setup in model.setups),
    )


def reference_of_model(model: Model | Autoencoder) -> dict[str, tuple[float, float]]:
    """Centre and spread of each parameter in its own unit; a constant one has spread 0."""
    found = {
        model.names[j]: (float(model.median[n]), float(model.scale[n]))
        for n, j in enumerate(model.modelled)
    }
    if isinstance(model, Model):
        found |= {model.names[j]: (value, 0.0) for j, value in model.constants.items()}
    return {name: found[name] for name in model.names if name in found}


def _of_challenger(model: Autoencoder) -> Outline:
    """Its limits are of its own rows alone, and it knows no set-ups."""
    settings = {
        "kind": AUTOENCODER,
        "clip": model.clip,
        "yellow": model.yellow,
        "layers": [len(layer.bias) for layer in model.layers],
        "seed": model.seed,
    }
    return Outline(
        Stage.OWN,
        model.names,
        reference_of_model(model),
        model.calibration,
        model.yellow,
        settings,
        model.rows,
        model.n_eff,
        model.data_digest,
    )
