"""What a line is watched with beside its model, as bytes: limits, rules, and how rare hits are.

An ONNX file holds a model and nothing else. What belongs to the line stands beside it as
canonical JSON, which names the model that it was made for.
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from quality.spc.runs import Rule
from scoring.anomaly.line import Line
from scoring.anomaly.model import Model
from scoring.anomaly.rule_calibration import RuleCalibration
from scoring.anomaly.rules import RuleSet, decode_rules, encode_rules
from scoring.anomaly.specification import Limit, Limits
from scoring.anomaly.table import Numbers
from scoring.errors import MalformedModel, MalformedTable

FORMAT: Final = "lotmark.anomaly-line/v1"
#: Scores of a million training rows, and the weights of a thousand parameters.
BYTES_MAX: Final = 1 << 26
_CELLS_MAX: Final = 1 << 22
_MALFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class LineBeside:
    """What stands beside the model whose digest is ``model``."""

    model: str
    limits: Limits
    rules: RuleSet
    calibration: RuleCalibration | None = None

    def line(self, model: Model) -> Line:
        """The line with its model."""
        return Line(model, self.limits, self.rules, self.calibration)


def encode_line(beside: LineBeside) -> bytes:
    """Canonical JSON: sorted keys, no white space."""
    content = {
        "calibration": None if beside.calibration is None else _calibration(beside.calibration),
        "format": FORMAT,
        "limits": {
            name: [limit.lower, limit.upper, limit.nominal]
            for name, limit in beside.limits.by_parameter.items()
        },
        "model": beside.model,
        "rules": json.loads(encode_rules(beside.rules)),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def decode_line(content: bytes) -> LineBeside:
    """What stands beside a model.

    Raises:
        MalformedModel: not its bytes, of another format, or beyond a bound.
    """
    if len(content) > BYTES_MAX:
        raise MalformedModel(f"expected at most {BYTES_MAX} bytes, found {len(content)}")
    try:
        found = json.loads(content)
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']!r}, not {FORMAT}")
        calibration = found["calibration"]
        return LineBeside(
            _text(found["model"]),
            Limits({_text(name): _limit(told) for name, told in found["limits"].items()}),
            decode_rules(json.dumps(found["rules"]).encode()),
            None if calibration is None else _read_calibration(calibration),
        )
    except (*_MALFORMED, MalformedTable) as cause:
        raise MalformedModel(f"expected what stands beside a model, found: {cause}") from cause


def _calibration(found: RuleCalibration) -> dict[str, Any]:
    return {
        "names": list(found.names),
        "on_innovation": list(found.on_innovation),
        "rule_set": found.rule_set,
        "rules": [str(rule) for rule in found.rules],
        "scores": _array(found.scores),
        "weights": _array(found.weights),
    }


def _read_calibration(found: Any) -> RuleCalibration:
    names = tuple(_text(name) for name in found["names"])
    rules = tuple(Rule(each) for each in found["rules"])
    scores, weights = _read_array(found["scores"]), _read_array(found["weights"])
    on_innovation = tuple(bool(each) for each in found["on_innovation"])
    if scores.ndim != 1 or weights.shape != (len(names), len(rules)):
        raise ValueError(f"weights of shape {weights.shape}")
    if len(on_innovation) != len(names) or (np.diff(scores) < 0).any():
        raise ValueError("scores that do not ascend, or parameters that are not told apart")
    return RuleCalibration(names, rules, weights, scores, on_innovation, _text(found["rule_set"]))


def _limit(told: Any) -> Limit:
    lower, upper, nominal = (None if each is None else _number(each) for each in told)
    if lower is not None and upper is not None and lower > upper:
        raise ValueError(f"a lower limit {lower:g} above the upper one {upper:g}")
    return Limit(lower, upper, nominal)


def _array(values: Numbers) -> dict[str, Any]:
    raw = np.ascontiguousarray(values, "<f8").tobytes()
    return {"f8": base64.b64encode(raw).decode(), "shape": list(values.shape)}


def _read_array(found: Any) -> Numbers:
    shape = [each for each in found["shape"] if isinstance(each, int) and 0 <= each < _CELLS_MAX]
    if len(shape) != len(found["shape"]) or len(shape) > 2 or math.prod(shape) > _CELLS_MAX:
        raise ValueError(f"an array of shape {found['shape']}")
    raw = base64.b64decode(_text(found["f8"]), validate=True)
    if len(raw) != 8 * math.prod(shape):
        raise ValueError(f"{len(raw)} bytes for shape {shape}")
    values = np.frombuffer(raw, "<f8").astype(np.float64).reshape(shape)
    if not np.isfinite(values).all():
        raise ValueError("numbers that are not finite")
    return values


def _text(found: Any) -> str:
    if not isinstance(found, str):
        raise TypeError(f"{found!r}, not text")
    return found


def _number(found: Any) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise TypeError(f"{found!r}, not a number")
    return float(found)
