"""The port by which the trade's rules reach admission; `ledger` imports nothing above it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ledger.faults import Fault
from ledger.relations import ACT_VCT


class DomainRules(Protocol):
    """What a trade demands of the content of its records beyond the schema."""

    def find_faults(self, vct: str, groups: Mapping[str, Any]) -> tuple[Fault, ...]:
        """Contradictions inside one record: a fault per place, empty where there is none."""

    def roles_for(self, vct: str, groups: Mapping[str, Any]) -> frozenset[str] | None:
        """The roles to whom saying this belongs; None where the type's writers suffice."""

    def credential_kind(self, vct: str, groups: Mapping[str, Any]) -> str | None:
        """The kind of quality credential that a record is, None where it is none.

        Whose it is to sign one of that kind is for the charter's table to say.
        """

    def facts(self, vct: str, groups: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What must be known of a record to judge it against what is in force, as JSON values.

        None where it depends on nothing. Asked outside the lock, of groups that conform to
        the type; :class:`ledger.domain_state.DomainState` is given the answer.
        """


class NoDomainRules:
    """Rules for a log of no particular trade: the schema is all that is asked."""

    def find_faults(self, vct: str, groups: Mapping[str, Any]) -> tuple[Fault, ...]:
        """No content is contradictory."""
        del vct, groups
        return ()

    def roles_for(self, vct: str, groups: Mapping[str, Any]) -> frozenset[str] | None:
        """No content belongs to some roles only."""
        del vct, groups
        return None

    def credential_kind(self, vct: str, groups: Mapping[str, Any]) -> str | None:
        """No record is a credential."""
        del vct, groups
        return None

    def facts(self, vct: str, groups: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Of an act what it does; no other record depends on what is in force."""
        state = groups.get("state")
        return state if vct == ACT_VCT and isinstance(state, dict) else None
