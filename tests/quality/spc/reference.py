"""Reference data of others, read where they lie: worked cases, constants, NIST's certified sets."""

from __future__ import annotations

import csv
import json
import re
from math import isclose, log10
from typing import Any

from tests.vectors import vectors_dir


def case(name: str) -> Any:
    """A worked case by its id."""
    path = vectors_dir() / "quality" / "spc" / "spc_cases.json"
    cases = json.loads(path.read_text("utf-8"))["cases"]
    return next(one for one in cases if one["id"] == name)


def constant_rows() -> list[dict[str, str]]:
    """The table of constants."""
    path = vectors_dir() / "quality" / "spc" / "control_chart_constants.csv"
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def certified(name: str) -> tuple[list[float], tuple[float, float, float]]:
    """A NIST set: its data; mean, deviation and lag-1 autocorrelation as certified."""
    text = (vectors_dir() / "quality" / "spc" / "nist_strd" / f"{name}.dat").read_text("ascii")
    figures = re.findall(r"(?:ybar|  s|r\(1\)):\s+(-?[\d.]+)", text)
    # The data begin on the line that the header names.
    begin = re.search(r"Data\s*:\s*lines\s+(\d+)", text)
    assert begin is not None
    data = [float(line) for line in text.splitlines()[int(begin[1]) - 1 :] if line.strip()]
    mean, deviation, correlation = map(float, figures[:3])
    return data, (mean, deviation, correlation)


def digits(found: float, expected: float) -> float:
    """The log relative error: how many digits agree; 15 where all do."""
    if found == expected:
        return 15.0
    error = abs(found - expected) / (abs(expected) or 1.0)
    return min(15.0, -log10(error))


def agrees(found: float, stated: float) -> bool:
    """To 1e-9, where the case was not rounded to fewer places when it was written down."""
    places = len(repr(float(stated)).partition(".")[2])
    return isclose(found, stated, abs_tol=1e-9) or (places <= 5 and round(found, places) == stated)
