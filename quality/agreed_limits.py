"""Limits of an inspection, read from the specification that it cites.

An inspection that cites one types no limits (docs/spec/masters.md, section 4); whoever reads
both puts them together here, and finds by the ordinary rules what was measured outside.
Whether the specification is the cited one is the caller's to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from quality.values import Groups, items, text

_LIMITS: Final = ("nominal", "lower", "upper")


def with_agreed_limits(inspection: Groups, specification: Groups) -> Groups:
    """The groups of an inspection with the limits that were agreed on.

    Args:
        inspection: groups of an ``inspection-report/v1`` that types no limits.
        specification: groups of the ``specification/v1`` that it cites.

    Returns:
        The same where nothing was measured. A characteristic that the specification does not
        have by its number stays without limits.
    """
    measurements = inspection.get("measurements")
    if not isinstance(measurements, Mapping):
        return inspection
    agreed = {text(one, "number"): one for one in items(specification, "characteristics")}
    measured = items(measurements, "characteristics")
    limited = [_limited(one, agreed.get(text(one, "id"))) for one in measured]
    return {**inspection, "measurements": {**measurements, "characteristics": limited}}


def _limited(measured: Any, agreed: Any) -> Any:
    if not (isinstance(measured, Mapping) and isinstance(agreed, Mapping)):
        return measured
    return {**measured, **{name: agreed.get(name) for name in _LIMITS}}
