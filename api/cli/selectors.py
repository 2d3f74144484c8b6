"""What a question is narrowed to: a name that the log does not have is refused, not not found.

An answer of nobody about a misspelt type or group would be taken for one about the right one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from api.cli.faults import CommandFault
from api.cli.group_names import such_as
from api.cli.own_party import courtesy_answer
from api.client import LogClient
from api.known_types import find_type
from ledger.anchor import Anchor
from ledger.record_type import CLOSED_GROUPS, builtin_governance_types

_GOVERNING: Final = {kind.vct: kind for kind in builtin_governance_types()}


@dataclass(frozen=True, slots=True)
class Selectors:
    """Compares names with those of a log; types are verified from the anchor."""

    client: LogClient
    anchor: Anchor

    def expect_party(self, did: str) -> None:
        """Refuse a party that the log does not have.

        Raises:
            CommandFault: ``unknown-party``, with slugs that are near.
        """
        with courtesy_answer():
            known = {str(party["did"]): "" for party in self.client.parties()["parties"]}
        if did not in known:
            slugs = [name.rpartition(":")[2] for name in known]
            found = did.rpartition(":")[2]
            raise CommandFault(
                "unknown-party",
                f"expected a party of this log{such_as(found, slugs)}, found {did}",
                remedy="Name it by its slug, as in 'lotmark parties', or by its DID.",
            )

    def expect_types(self, types: Iterable[str]) -> None:
        """Refuse a type that the log does not have.

        Raises:
            CommandFault: ``unknown-type``, with those that are near.
        """
        wanted = list(types)
        known = self._types() if wanted else []
        for vct in wanted:
            if vct not in known:
                raise CommandFault(
                    "unknown-type",
                    f"expected a type of this log{such_as(vct, known)}, found {vct!r}",
                    remedy=f"Name one of {', '.join(known)}.",
                )

    def expect_groups(self, groups: Iterable[str], types: Iterable[str] = ()) -> None:
        """Refuse a group that none of the types has; without types, none of the log's.

        Raises:
            CommandFault: ``group-not-known``, with those that are near.
        """
        wanted, among = list(groups), list(types)
        if not wanted:
            return
        known = sorted({name for vct in among or self._types() for name in self._groups(vct)})
        for group in wanted:
            if group not in known:
                place = f" of {', '.join(among)}" if among else ""
                raise CommandFault(
                    "group-not-known",
                    f"expected a group{place}{such_as(group, known)}, found {group!r}",
                    remedy=f"Name one of {', '.join(known)}.",
                )

    def _types(self) -> list[str]:
        with courtesy_answer():
            listed = {str(item["vct"]) for item in self.client.parties().get("types", ())}
        return sorted(listed | _GOVERNING.keys())

    def _groups(self, vct: str) -> Iterable[str]:
        kind = _GOVERNING.get(vct) or find_type(vct, client=self.client, anchor=self.anchor)
        return (*kind.groups, *CLOSED_GROUPS)
