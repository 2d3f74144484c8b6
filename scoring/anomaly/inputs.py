"""What a row is to a model: whole numbers of quanta, and the digest that a verdict names."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anomaly.table import Numbers

_MISSING: Final = np.iinfo(np.int64).min
#: Quanta beyond this are no exact float64; a value that far away is clipped anyway.
_WHOLE_MAX: Final = float(1 << 53)


def whole_numbers(values: Numbers, quantum: Numbers) -> npt.NDArray[np.int64]:
    """Rows [n, p] as whole quanta, the least int64 where a value is missing."""
    steps = np.clip(np.rint(values / quantum), -_WHOLE_MAX, _WHOLE_MAX)
    present = ~np.isnan(steps)
    return np.where(present, np.where(present, steps, 0.0).astype(np.int64), _MISSING)


def input_hash(whole: npt.NDArray[np.int64], setup: str | None) -> str:
    """SHA-256 of one row: little-endian int64 and, behind it, its set-up in UTF-8."""
    raw = whole.astype("<i8").tobytes()
    return hashlib.sha256(raw + (setup or "").encode("utf-8", "surrogatepass")).hexdigest()
