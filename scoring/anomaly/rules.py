"""Which run rules watch which parameter: what quality engineers change without touching code.

A rule set is a version: it is changed by a new one that names the one before. The rules
themselves are those of :mod:`quality.spc.runs`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Final

from quality.spc.runs import NELSON, Rule
from scoring.errors import MalformedTable

_BYTES_MAX: Final = 1 << 20
_PARAMETERS_MAX: Final = 1000
WEIGHT_MAX: Final = 10.0
_MALFORMED: Final = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class ParameterRules:
    """The rules of one parameter.

    ``weight`` multiplies what its rules count (0: they are shown and count nothing). Own control
    ``lower`` and ``upper`` take the place of 3 sigma: a value beyond them is a yellow event of
    its own accord, as its engineer has said so.
    """

    parameter: str
    rules: tuple[Rule, ...] = NELSON
    weight: float = 1.0
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a line; ``default`` holds for parameters that are not named."""

    default: tuple[Rule, ...] = NELSON
    parameters: tuple[ParameterRules, ...] = ()
    version: int = 1
    previous: str | None = None

    def of(self, parameter: str) -> ParameterRules:
        """The rules of a parameter."""
        for found in self.parameters:
            if found.parameter == parameter:
                return found
        return ParameterRules(parameter, self.default)


def encode_rules(rules: RuleSet) -> bytes:
    """Canonical JSON: sorted keys, no white space."""
    content = {
        "default": [str(rule) for rule in rules.default],
        "parameters": [_parameter(found) for found in rules.parameters],
        "previous": rules.previous,
        "version": rules.version,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode_rules(content: bytes) -> RuleSet:
    """A rule set of JSON bytes.

    Raises:
        MalformedTable: not a rule set; an unknown rule, a weight outside 0 to 10, a parameter
            twice, a lower limit above its upper one.
    """
    if len(content) > _BYTES_MAX:
        raise MalformedTable(f"expected at most {_BYTES_MAX} bytes of rules, found {len(content)}")
    try:
        return _rule_set(json.loads(content))
    except _MALFORMED as cause:
        raise MalformedTable(f"expected a rule set in JSON, found {cause}") from cause


def _rule_set(found: Any) -> RuleSet:
    listed = [_parse_parameter(each) for each in found.get("parameters", [])]
    names = [each.parameter for each in listed]
    if len(names) > _PARAMETERS_MAX or len(set(names)) != len(names):
        raise ValueError(f"a parameter twice, or more than {_PARAMETERS_MAX}")
    default = found.get("default")
    return RuleSet(
        NELSON if default is None else _rules(default),
        tuple(listed),
        _whole(found.get("version", 1)),
        _text_or_none(found.get("previous")),
    )


def _parse_parameter(found: Any) -> ParameterRules:
    lower, upper = _number_or_none(found.get("lower")), _number_or_none(found.get("upper"))
    if lower is not None and upper is not None and lower > upper:
        raise ValueError(f"a lower limit {lower:g} above the upper one {upper:g}")
    weight = _number_or_none(found.get("weight", 1.0))
    if weight is None or not 0.0 <= weight <= WEIGHT_MAX:
        raise ValueError(f"weight {weight}, not one of 0 to {WEIGHT_MAX:g}")
    name = found["id"]
    if not isinstance(name, str) or not name:
        raise ValueError("a parameter without a name")
    return ParameterRules(name, _rules(found["rules"]), weight, lower, upper)


def _rules(found: Any) -> tuple[Rule, ...]:
    if not isinstance(found, list):
        raise ValueError("rules that are no list")
    return tuple(dict.fromkeys(Rule(each) for each in found))


def _whole(found: Any) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise ValueError(f"version {found!r}, not a whole number from 1")
    return found


def _text_or_none(found: Any) -> str | None:
    if found is not None and not isinstance(found, str):
        raise ValueError("a previous version that is no text")
    return found


def _number_or_none(found: Any) -> float | None:
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise ValueError(f"{found!r}, not a number")
    return float(found)


def _parameter(found: ParameterRules) -> dict[str, Any]:
    return {
        "id": found.parameter,
        "lower": found.lower,
        "rules": [str(rule) for rule in found.rules],
        "upper": found.upper,
        "weight": found.weight,
    }
