"""What a model card says: the content of record type ``model-card/v1``, computed and not typed.

The card is found again by its id, SHA-256 over training rows, code version and hyper-parameters:
who trains the same way on the same rows drafts the same card. The tree hash over the training
records is that of RFC 6962 (section 2.1), with a record id's text as the leaf, so that anyone
can prove that a record was trained on, or that all that were are named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np

from keys.encoding import encode_base64url
from ledger.frontier import EMPTY_FRONTIER, append_leaves
from ledger.tree import leaf_hash
from scoring.anomaly.challenger_model import Autoencoder
from scoring.anomaly.levels import RED_SHARE
from scoring.anomaly.model import Calibration, Model
from scoring.anomaly.outline import Outline, outline_of
from scoring.errors import TooFewRows

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Figures on a card are told to so many significant digits.
_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Whose line a model is of, and which."""

    owner: str  # the party's DID
    site: str
    line: str
    machine: str
    part: str


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """A record that was trained on; ``left_out`` are the rows of it, from 1, that were not."""

    record_id: str
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card says that the model does not hold.

    ``records`` are in the order of their entries; the span is that of the rows. ``parity_error``
    is the largest difference between graph and reference on the training rows; ``benchmark``
    holds figures by name; ``drift_sha256`` is the digest of the drift reference's bytes.
    """

    place: LinePlace
    records: tuple[TrainingRecord, ...]
    code_version: str
    from_us: int
    until_us: int
    onnx_sha256: bytes
    onnx_bytes: int
    parity_error: float
    drift_sha256: bytes
    parent: str | None = None
    benchmark: Mapping[str, float] = field(default_factory=dict)
    note: str | None = None


def card_id(
    records: Sequence[TrainingRecord], code_version: str, *, settings: Mapping[str, Any]
) -> str:
    """SHA-256, base64url, over the JSON of training rows, code version and hyper-parameters."""
    content = {
        "code_version": code_version,
        "rows": [[each.record_id, list(each.left_out)] for each in records],
        "settings": dict(settings),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return encode_base64url(hashlib.sha256(text.encode()).digest())


def training_root(record_ids: Sequence[str]) -> str:
    """The tree hash over training records, base64url (RFC 6962, section 2.1).

    Raises:
        TooFewRows: no record, or one twice.
    """
    if not record_ids or len(set(record_ids)) != len(record_ids):
        raise TooFewRows(f"expected training records, each once, found {len(record_ids)}")
    leaves = [leaf_hash(each.encode()) for each in record_ids]
    return encode_base64url(append_leaves(EMPTY_FRONTIER, leaves).root)


def row_spans(rows: Sequence[int]) -> list[list[int]]:
    """Ascending numbers of rows as spans ``[first, last]``, both among them."""
    found: list[list[int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1][1] = row
        else:
            found.append([row, row])
    return found


def out_of_fold_digest(calibration: Calibration) -> str:
    """SHA-256, base64url, over the out-of-fold scores, little-endian float64, ascending."""
    raw = np.ascontiguousarray(calibration.scores, "<f8").tobytes()
    return encode_base64url(hashlib.sha256(raw).digest())


def card_content(model: Model | Autoencoder, facts: CardFacts) -> dict[str, Any]:
    """The groups of a ``model-card/v1`` record.

    Raises:
        TooFewRows: no training record, or one twice.
    """
    told = outline_of(model)
    return {
        "state": _state(told, facts),
        "training": _training(told, facts),
        "settings": [
            {"name": name, "value": json.dumps(value, separators=(",", ":"))}
            for name, value in sorted(told.settings.items())
        ],
        "results": _results(told, facts),
        "reference": {
            "sha256": encode_base64url(facts.drift_sha256),
            "parameters": [
                {"id": name, "location": decimal_text(centre), "spread": decimal_text(spread)}
                for name, (centre, spread) in told.reference.items()
            ],
        },
    }


def decimal_text(value: float) -> str:
    """A figure as the record types write it: digits, no exponent."""
    rounded = Decimal(f"{value:.{_DIGITS}g}")
    text = f"{rounded:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def _state(told: Outline, facts: CardFacts) -> dict[str, Any]:
    place = facts.place
    found = {
        "owner": place.owner,
        "line": {
            "site": place.site,
            "line": place.line,
            "machine": place.machine,
            "part": place.part,
        },
        "card": card_id(facts.records, facts.code_version, settings=told.settings),
        "onnx_sha256": encode_base64url(facts.onnx_sha256),
        "stage": str(told.stage),
    }
    return found if facts.parent is None else found | {"parent": facts.parent}


def _training(told: Outline, facts: CardFacts) -> dict[str, Any]:
    record_ids = [each.record_id for each in facts.records]
    found: dict[str, Any] = {
        "records": record_ids,
        "root": training_root(record_ids),
        "data_sha256": encode_base64url(bytes.fromhex(told.data_digest)),
        "code_version": facts.code_version,
        "from": _instant_text(facts.from_us),
        "until": _instant_text(facts.until_us),
        "rows": told.rows,
        "effective_rows": decimal_text(told.n_eff),
        "parameters": list(told.names),
    }
    left_out = [each for each in facts.records if each.left_out]
    if left_out:
        found["left_out"] = [
            {"record": each.record_id, "rows": row_spans(each.left_out)} for each in left_out
        ]
    if told.set_ups:
        found["set_ups"] = list(told.set_ups)
    return found if facts.note is None else found | {"note": facts.note}


def _results(told: Outline, facts: CardFacts) -> dict[str, Any]:
    calibration = told.calibration
    limits = {
        "score@yellow": calibration.threshold(told.yellow),
        "score@red": calibration.threshold(RED_SHARE * told.yellow),
    }
    return {
        "alpha": decimal_text(told.yellow),
        "resolution": decimal_text(calibration.resolution),
        # What n scores say nothing about has no limit by counting; the resolution tells why.
        "limits": [
            {"statistic": name, "limit": decimal_text(limit)}
            for name, limit in limits.items()
            if np.isfinite(limit)
        ],
        "out_of_fold_sha256": out_of_fold_digest(calibration),
        "onnx_bytes": facts.onnx_bytes,
        "parity_error": decimal_text(facts.parity_error),
        "benchmark": [
            {"name": name, "value": decimal_text(value)}
            for name, value in sorted(facts.benchmark.items())
        ],
    }


def _instant_text(at_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=at_us)).isoformat().replace("+00:00", "Z")
