"""A challenger's scores in plain NumPy: what its graph is compared with."""

from __future__ import annotations

import numpy as np

from scoring.anomaly.challenger_model import Autoencoder, raw_statistics, reconstruct
from scoring.anomaly.columns import align
from scoring.anomaly.front_end import FrontEnd
from scoring.anomaly.reference import standardise
from scoring.anomaly.table import Numbers, ParameterTable


def plain_scores(model: Autoencoder, table: ParameterTable) -> Numbers:
    """The score [n] of each row without the graph, which is compared with it.

    Raises:
        ParametersDiffer: not the columns of the challenger.
    """
    front = FrontEnd(model.modelled, {}, model.quantum, model.median, model.scale)
    z = front.standardise(align(table, model.names).values, model.clip)
    filled = np.nan_to_num(z)
    errors = np.where(np.isnan(z), 0.0, filled - reconstruct(model.layers, filled))
    raw = raw_statistics(errors / model.deviation)
    return np.asarray(standardise(model.calibration, raw).max(axis=1))
