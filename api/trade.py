"""What the trade brings to a log: its rules for content, and its state before any entry.

The one place that names them. The service, founding, restoring and audits must agree on it,
or an audit finds what admission let through.
"""

from __future__ import annotations

from ledger.domain_state import DomainState
from quality.masters import Masters


def opening_state() -> DomainState:
    """What is in force between parties on a log without an entry."""
    return Masters()


def masters_of(state: DomainState) -> Masters:
    """The same state after some entries, as this trade reads it."""
    assert isinstance(state, Masters)
    return state
