"""The parties of the demo, six founders and one that joins them; all of them are invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ORIGIN: Final = "demo.lotmark.example"
OPERATOR: Final = "borealis-motors"


@dataclass(frozen=True, slots=True)
class DemoParty:
    """A party: slug, names and roles as they stand in the charter."""

    slug: str
    names: Mapping[str, str]
    roles: tuple[str, ...]
    side: str


PARTIES: Final = (
    DemoParty(OPERATOR, {"en": "Borealis Motors"}, ("oem", "operator"), "OEM"),
    DemoParty("hanfeng-drive", {"en": "Hanfeng Drive", "zh": "汉丰传动"}, ("supplier",), "tier 1"),
    DemoParty("rheintal-systems", {"en": "Rheintal Systems"}, ("supplier",), "tier 1"),
    DemoParty("lindqvist-gears", {"en": "Lindqvist Gears"}, ("supplier",), "tier 2"),
    DemoParty(
        "suzhou-ceramics", {"en": "Suzhou Ceramics", "zh": "苏州精瓷"}, ("supplier",), "tier 2"
    ),
    DemoParty("meridian-cert", {"en": "Meridian Certification"}, ("certifier",), "certifier"),
)

#: Joins when the founders have agreed to it.
NEWCOMER: Final = DemoParty(
    "lanhe-forging", {"en": "Lanhe Forging", "zh": "岚河锻造"}, ("supplier",), "tier 2"
)
#: Who decides on admissions, by role: five of the founders, the certifier has no vote.
ELECTORATE: Final = frozenset({"oem", "supplier"})
APPROVALS_NEEDED: Final = 3
#: The first of them proposes to admit the newcomer, the others vote in this order.
VOTERS: Final = ("hanfeng-drive", "rheintal-systems", "suzhou-ceramics")
#: Run a witness each, beside what else they do; both must cosign.
WITNESSES: Final = ("hanfeng-drive", "meridian-cert")


def party_of(slug: str) -> DemoParty:
    """The party of a slug."""
    return next(party for party in (*PARTIES, NEWCOMER) if party.slug == slug)
