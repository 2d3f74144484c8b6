"""The draft of a model card: what is measured once a model is trained, and the card that says so.

Whoever signs it has not typed a figure: graph and reference are compared on the training rows, the
stored set of faults is put into them, and what drift will be judged by is written down.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from ledger.strict_json import JsonValue, encode_json
from scoring.anomaly.cards import (
    CardFacts,
    LinePlace,
    TrainingRecord,
    card_content,
)
from scoring.anomaly.challenger_model import Autoencoder
from scoring.anomaly.challenger_reference import plain_scores
from scoring.anomaly.drift_bytes import encode_drift_reference
from scoring.anomaly.drift_reference import drift_reference
from scoring.anomaly.injected import STORED_SET, injected
from scoring.anomaly.model import Model
from scoring.anomaly.outline import outline_of, reference_of_model
from scoring.anomaly.port import Detector
from scoring.anomaly.prepare import in_columns
from scoring.anomaly.reference_detector import ReferenceDetector
from scoring.anomaly.table import Numbers, ParameterTable

#: Rows that graph and reference are compared on, the newest.
_PARITY_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a model comes from. ``from_us`` and ``until_us`` are the span of its rows."""

    place: LinePlace
    records: tuple[TrainingRecord, ...]
    code_version: str
    from_us: int
    until_us: int
    parent: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A card to sign, and the bytes of the drift reference whose digest it names."""

    content: dict[str, Any]
    drift_reference: bytes


@dataclass(frozen=True, slots=True)
class Trained:
    """A model or challenger, its ONNX bytes, what serves them, and the rows it was trained on."""

    model: Model | Autoencoder
    onnx: bytes
    detector: Detector
    table: ParameterTable


def draft_card(trained: Trained, lineage: Lineage) -> Draft:
    """Measure a model and draft its card.

    Raises:
        TooFewRows: no training record, or one twice.
        ParametersDiffer: rows of another model.
    """
    reference = _reference_bytes(trained)
    facts = CardFacts(
        place=lineage.place,
        records=lineage.records,
        code_version=lineage.code_version,
        from_us=lineage.from_us,
        until_us=lineage.until_us,
        onnx_sha256=hashlib.sha256(trained.onnx).digest(),
        onnx_bytes=len(trained.onnx),
        parity_error=parity_error(trained),
        drift_sha256=hashlib.sha256(reference).digest(),
        parent=lineage.parent,
        benchmark=benchmark_figures(trained),
        note=lineage.note,
    )
    return Draft(card_content(trained.model, facts), reference)


def parity_error(trained: Trained) -> float:
    """The largest difference of a score between graph and reference, over the newest rows."""
    table = trained.table.take(slice(-_PARITY_ROWS, None))
    expected = _expected(trained.model, table)
    found = trained.detector.score(table, trained.detector.start()).score
    return float(np.abs(found - expected).max())


def _expected(model: Model | Autoencoder, table: ParameterTable) -> Numbers:
    if isinstance(model, Autoencoder):
        return plain_scores(model, table)
    plain = ReferenceDetector(model)
    return plain.score(in_columns(model, table), plain.start()).score


def _reference_bytes(trained: Trained) -> bytes:
    """The drift reference; of a challenger, by which no drift is judged, centres and spreads."""
    model = trained.model
    if isinstance(model, Autoencoder):
        found: dict[str, JsonValue] = {
            name: [*pair] for name, pair in reference_of_model(model).items()
        }
        return encode_json({"reference": found}, numbers="any")
    return encode_drift_reference(drift_reference(model, trained.table))


def benchmark_figures(trained: Trained) -> dict[str, float]:
    """Shares of rows called at the level for yellow.

    ``false-alarms`` is of training rows; the others, by name of the stored set, are of the second
    half of the training rows with a fault in them. They flatter a little: the model knows the rows.
    """
    told, detector, table = outline_of(trained.model), trained.detector, trained.table
    alpha = told.yellow
    called = detector.score(table, detector.start()).p_value < alpha
    found = {"false-alarms": float(called.mean())}
    half = len(table) // 2
    before = detector.score(table.take(slice(0, half)), detector.start()).state
    rest = table.take(slice(half, None))
    for fault in STORED_SET:
        shares = [
            float((detector.score(faulty, before).p_value < alpha).mean())
            for faulty in injected(rest, fault, told.reference)
        ]
        if shares:
            found[fault.name] = sum(shares) / len(shares)
    return found
