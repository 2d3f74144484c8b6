"""How rare the hits of run rules are on good rows: what makes a p-value of them.

Each rule of each parameter weighs -log of its hit rate on training rows out of fold; a row's
statistic is the sum of the weights of what fires at it, and its p-value is conformal.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger.errors import MalformedJson
from ledger.strict_json import encode_json, parse_json_object
from quality.spc.runs import Bits, Rule
from scoring.anomaly.rules import RuleSet, encode_rules
from scoring.anomaly.table import Numbers
from scoring.errors import MalformedModel

FORMAT: Final = "lotmark.anomaly-rules/v1"
#: 1,000 parameters by 12 rules, and as many scores as a long history has independent rows.
BYTES_MAX: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class RuleCalibration:
    """What :func:`~scoring.anomaly.rule_training.calibrate_rules` found for one rule set.

    ``weights`` [m, rules] in the order of ``names`` and ``rules``, the engineers' own weights in
    them. ``scores`` [k] ascending are quantiles of the statistic of training rows out of fold, as
    many as independent rows: hits of runs come in clusters, and 500 rows with some 50 clusters
    tell nothing as rare as 1 in 500. ``on_innovation`` tells of which parameters runs are looked
    for on innovations, because their values are autocorrelated. ``rule_set`` is the digest of the
    rules that it is for.
    """

    names: tuple[str, ...]
    rules: tuple[Rule, ...]
    weights: Numbers
    scores: Numbers
    on_innovation: tuple[bool, ...]
    rule_set: str

    def statistic(self, hits: Bits) -> Numbers:
        """The weighted hits of rows [n, m, rules]."""
        return np.asarray((hits * self.weights).sum(axis=(1, 2)))

    def p_value(self, statistic: Numbers) -> Numbers:
        """The conformal p-value of each (Vovk, Gammerman, Shafer 2005)."""
        # A sum of weights may end in another bit by the order of its terms: equal to 1e-9.
        beyond = len(self.scores) - np.searchsorted(self.scores, statistic - 1e-9, side="left")
        return np.asarray((1.0 + beyond) / (len(self.scores) + 1.0))


def rule_set_digest(rules: RuleSet) -> str:
    """SHA-256 of the canonical bytes of what rules say, whatever version says it."""
    said = RuleSet(rules.default, rules.parameters)
    return hashlib.sha256(encode_rules(said)).hexdigest()


def encode_rule_calibration(calibration: RuleCalibration) -> bytes:
    """Canonical JSON; arrays are base64url of little-endian float64."""
    return encode_json(
        {
            "format": FORMAT,
            "names": list(calibration.names),
            "on_innovation": list(calibration.on_innovation),
            "rule_set": calibration.rule_set,
            "rules": [str(rule) for rule in calibration.rules],
            "scores": _text(calibration.scores),
            "weights": _text(calibration.weights),
        }
    )


def decode_rule_calibration(data: bytes) -> RuleCalibration:
    """Read what :func:`encode_rule_calibration` wrote.

    Raises:
        MalformedModel: other bytes, or beyond a bound.
    """
    try:
        form = parse_json_object(data, bytes_max=BYTES_MAX)
        if form["format"] != FORMAT:
            raise ValueError(f"format {form['format']!r}, not {FORMAT}")
        found = _calibration(form)
        is_the_one = encode_rule_calibration(found) == data
    except (MalformedJson, MalformedEncoding, ValueError, KeyError, TypeError) as fault:
        raise MalformedModel(f"expected the calibration of rules, found {fault}") from fault
    if not is_the_one:
        raise MalformedModel("expected the one spelling of a calibration, found another of it")
    return found


def _calibration(form: Any) -> RuleCalibration:
    names, rules = tuple(form["names"]), tuple(Rule(each) for each in form["rules"])
    weights, scores = _numbers(form["weights"]), _numbers(form["scores"])
    flags = tuple(form["on_innovation"])
    if not all(isinstance(name, str) for name in (*names, form["rule_set"])):
        raise TypeError("a name that is no text")
    if not all(isinstance(flag, bool) for flag in flags) or len(flags) != len(names):
        raise ValueError(f"{len(flags)} flags of {len(names)} parameters")
    if len(weights) != len(names) * len(rules) or (np.diff(scores) < 0).any():
        raise ValueError("weights or scores that do not fit")
    shaped = weights.reshape(len(names), len(rules))
    return RuleCalibration(names, rules, shaped, scores, flags, form["rule_set"])


def _text(values: Numbers) -> str:
    return encode_base64url(np.ascontiguousarray(values, "<f8").tobytes())


def _numbers(text: Any) -> Numbers:
    if not isinstance(text, str):
        raise TypeError("numbers that are no text")
    raw = decode_base64url(text)
    if len(raw) % 8:
        raise ValueError(f"{len(raw)} bytes of float64")
    values = np.frombuffer(raw, "<f8").astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a number that is not finite")
    return values
