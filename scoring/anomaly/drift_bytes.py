"""The bytes of a drift reference, whose digest a model card names, and of a drift state."""

from __future__ import annotations

from typing import Final

import numpy as np

from ledger.errors import MalformedJson
from ledger.strict_json import JsonObject, JsonValue, encode_json, parse_json_object
from scoring.anomaly.adaptive_window import AdaptiveWindow, Bucket
from scoring.anomaly.array_form import array_form, array_of, text_of, whole_of
from scoring.anomaly.drift import BLOCK_ROWS, BLOCKS, DriftKind, DriftState
from scoring.anomaly.drift_reference import BINS, LOOKS, DriftReference
from scoring.anomaly.table import PARAMETERS_MAX, Numbers
from scoring.errors import MalformedState

REFERENCE_FORMAT: Final = "lotmark.drift-reference/v1"
STATE_FORMAT: Final = "lotmark.drift-state/v1"
#: A thousand parameters, ten blocks of counts in ten bins.
DRIFT_BYTES_MAX: Final = 4 * 1024 * 1024
_REFERENCE: Final = (
    "mean",
    "spread",
    "dependence",
    "residual_dependence",
    "edges",
    "shares",
    "psi_limit",
    "missing",
    "wander",
)
_BUCKETS_MAX: Final = 400


def encode_drift_reference(reference: DriftReference) -> bytes:
    """The one spelling of a reference."""
    form: JsonObject = {
        "format": REFERENCE_FORMAT,
        "rows": reference.model_rows,
        "names": list(reference.names),
        "distance": array_form(np.array(reference.distance)),
    }
    return encode_json(form | {name: array_form(getattr(reference, name)) for name in _REFERENCE})


def decode_drift_reference(data: bytes) -> DriftReference:
    """Read what :func:`encode_drift_reference` wrote.

    Raises:
        MalformedState: other bytes, or another spelling of a reference.
    """
    form = _form(data, REFERENCE_FORMAT)
    names = _names(form.get("names"))
    arrays = {name: array_of(name, form.get(name)) for name in _REFERENCE}
    m = len(names)
    shapes = {"edges": (m, BINS - 1), "shares": (m, BINS), "wander": (len(LOOKS), m)}
    for name, array in arrays.items():
        _expect_shape(name, array, shapes.get(name, (m,)))
    distance = array_of("distance", form.get("distance"))
    _expect_shape("distance", distance, (3,))
    centre, spread, apart = (float(each) for each in distance)
    if spread <= 0.0 or apart < 1.0 or (arrays["spread"] <= 0.0).any():
        raise MalformedState("expected spreads above 0 and a dependence of 1 or more")
    reference = DriftReference(
        model_rows=whole_of(form.get("rows"), "rows", least=1),
        names=names,
        distance=(centre, spread, apart),
        **arrays,
    )
    if encode_drift_reference(reference) != data:
        raise MalformedState("expected the one spelling of a reference, found another")
    return reference


def encode_drift_state(state: DriftState) -> bytes:
    """The one spelling of a state."""
    buckets = [[each.size, each.total, each.deviation] for each in state.window.buckets]
    told: list[JsonValue] = [[str(kind), at] for kind, at in sorted(state.told)]
    return encode_json(
        {
            "format": STATE_FORMAT,
            "rows": state.rows,
            "sums": array_form(state.sums),
            "counts": array_form(state.counts),
            "window": array_form(np.array(buckets).reshape(len(buckets), 3)),
            "fed": state.window.fed,
            "batch": array_form(np.array(state.batch, np.float64)),
            "told": told,
        }
    )


def decode_drift_state(data: bytes) -> DriftState:
    """Read what :func:`encode_drift_state` wrote.

    Raises:
        MalformedState: other bytes, or another spelling of a state.
    """
    form = _form(data, STATE_FORMAT)
    sums, counts = (array_of(name, form.get(name)) for name in ("sums", "counts"))
    if sums.ndim != 3:
        raise MalformedState(f"array sums: expected three axes, found {sums.ndim}")
    blocks, m = len(sums), sums.shape[-1]
    rows = whole_of(form.get("rows"), "rows")
    if blocks != min(BLOCKS, -(-rows // BLOCK_ROWS)):
        raise MalformedState(f"sums: expected the blocks of {rows} rows, found {blocks}")
    _expect_shape("sums", sums, (blocks, 6, m))
    _expect_shape("counts", counts, (blocks, m, BINS))
    batch = array_of("batch", form.get("batch"))
    _expect_shape("batch", batch, (2,))
    if not 0.0 <= batch[0] < PARAMETERS_MAX * BINS or batch[0] != int(batch[0]):
        raise MalformedState(f"batch: expected a number of rows, found {batch[0]}")
    state = DriftState(
        rows=rows,
        sums=sums,
        counts=counts,
        window=AdaptiveWindow(_buckets(form), whole_of(form.get("fed"), "fed")),
        batch=(int(batch[0]), float(batch[1])),
        told=_told(form.get("told"), m),
    )
    if encode_drift_state(state) != data:
        raise MalformedState("expected the one spelling of a state, found another")
    return state


def _form(data: bytes, name: str) -> JsonObject:
    try:
        form = parse_json_object(data, bytes_max=DRIFT_BYTES_MAX)
    except MalformedJson as fault:
        raise MalformedState(f"expected the JSON of {name}, found another: {fault}") from fault
    if form.get("format") != name:
        raise MalformedState(f"expected {name}, found {form.get('format')!r:.40}")
    return form


def _names(found: JsonValue) -> tuple[str, ...]:
    if not isinstance(found, list) or not 0 < len(found) <= PARAMETERS_MAX:
        raise MalformedState(f"expected one to {PARAMETERS_MAX} names, found others")
    names = tuple(text_of(name) for name in found)
    if len(set(names)) != len(names):
        raise MalformedState("expected each name once, found one twice")
    return names


def _expect_shape(name: str, array: Numbers, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise MalformedState(f"array {name}: expected {shape}, found {array.shape}")


def _buckets(form: JsonObject) -> tuple[Bucket, ...]:
    found = array_of("window", form.get("window"))
    _expect_shape("window", found, (min(len(found), _BUCKETS_MAX), 3) if found.ndim else (0, 3))
    if (found[:, 0] < 1).any() or (found[:, 2] < 0).any() or (found[:, 0] % 1 != 0).any():
        raise MalformedState("window: expected sizes from 1 and deviations from 0, found others")
    return tuple(Bucket(int(size), float(total), float(part)) for size, total, part in found)


def _told(found: JsonValue, m: int) -> frozenset[tuple[DriftKind, int]]:
    if not isinstance(found, list):
        raise MalformedState("told: expected pairs, found another value")
    told = set()
    for each in found:
        if not isinstance(each, list) or len(each) != 2:
            raise MalformedState("told: expected pairs, found another value")
        kind, at = text_of(each[0]), whole_of(each[1], "told", least=-1)
        if kind not in set(DriftKind) or at >= m:
            raise MalformedState(f"told: expected a kind and a parameter, found {kind!r:.40}")
        told.add((DriftKind(kind), at))
    return frozenset(told)
