"""Instants are told as milliseconds and as a moment in UTC."""

from __future__ import annotations

import pytest

from ledger.instants import tell_instant


@pytest.mark.parametrize(
    ("at_ms", "told"),
    [
        (0, "0 ms (1970-01-01T00:00:00Z)"),
        (1_795_392_000_999, "1795392000999 ms (2026-11-23T00:00:00Z)"),
        (10**18, f"{10**18} ms"),
    ],
)
def test_an_instant_has_its_moment_beside_it(at_ms: int, told: str) -> None:
    assert tell_instant(at_ms) == told
