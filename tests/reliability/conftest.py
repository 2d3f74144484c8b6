"""The stores of the ledger's tests are those of these."""

from __future__ import annotations

from tests.ledger.conftest import store

__all__ = ["store"]
