"""Sites: where each party works. A later record of a party and code replaces the earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from ledger.faults import Fault, Refusal
from ledger.grown_map import GrownMap
from quality.near_codes import near_known

_NONE: Final[GrownMap[str, Site]] = GrownMap()
_LISTED_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Site:
    """A site as its newest record says; ``since`` is the entry of its first one."""

    record_id: str
    party: str
    code: str
    kind: str
    closed_from: str | None
    index: int
    since: int


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites of every party, by its DID and their codes."""

    by_party: GrownMap[str, GrownMap[str, Site]] = field(default_factory=GrownMap)

    def of(self, party: str) -> Mapping[str, Site]:
        """The sites of a party by code; empty where it has registered none."""
        return self.by_party.get(party, _NONE)

    def judge(self, party: str, code: str | None, *, pointer: str) -> Refusal | None:
        """Whether a record may name this site of the party, or none.

        A party that has registered a site names one in every record; others name what they like.
        """
        known = self.by_party.get(party)
        if not known or code in known:
            return None
        listed = ", ".join(islice(known, _LISTED_MAX))
        if code is None:
            fault = Fault(pointer, f"one of the sites of {party}: {listed}", "none")
            return Refusal("site-required", f"{pointer}: expected {fault.expected}", (fault,))
        near = " or ".join(near_known(code, known)) or listed
        fault = Fault(pointer, f"a site of {party}, such as {near}", code)
        return Refusal(
            "unknown-site", f"{pointer}: expected {fault.expected}, found {code}", (fault,)
        )

    def with_record(
        self, party: str, state: Mapping[str, Any], *, record_id: str, index: int
    ) -> Sites:
        """The sites after a record of type ``site/v1``."""
        code = state["site"]
        known = self.by_party.get(party, _NONE)
        since = known[code].since if code in known else index
        site = Site(record_id, party, code, state["kind"], state.get("closed_from"), index, since)
        return Sites(self.by_party.grown(party, known.grown(code, site)))

    def has_any(self, party: str, *, before: int) -> bool:
        """Whether the party had registered a site before an entry."""
        return any(site.since < before for site in self.of(party).values())
