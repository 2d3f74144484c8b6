"""Who takes part besides the suppliers: OEMs, laboratories, certifiers; and where each is.

A tier-1 is a supplier that other suppliers deliver to, so it is customer and supplier at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from keys.identifiers import Origin, Slug, party_did
from quality.evaluation.profile import supplier_slug

OEMS, LABORATORIES, CERTIFIERS = 4, 3, 3
_GLN_PREFIX: Final = "690"
_CITIES: Final = (
    ("Suzhou", "CN", "Asia/Shanghai"),
    ("Chongqing", "CN", "Asia/Shanghai"),
    ("Stuttgart", "DE", "Europe/Berlin"),
    ("Puebla", "MX", "America/Mexico_City"),
    ("Nagoya", "JP", "Asia/Tokyo"),
    ("Ningbo", "CN", "Asia/Shanghai"),
    ("Brno", "CZ", "Europe/Prague"),
    ("Chennai", "IN", "Asia/Kolkata"),
)
_SITES: Final = {
    "oem": ("PLANT-1", "plant"),
    "supplier": ("WORKS", "plant"),
    "laboratory": ("LAB", "laboratory"),
    "certifier": ("OFFICE", "office"),
}


@dataclass(frozen=True, slots=True)
class SimulatedParty:
    """A member of the consortium, with its one site."""

    slug: str
    did: str
    role: str
    name: str
    site: str
    site_kind: str
    city: str
    country: str
    timezone: str
    gln: str


def make_party(origin: str, role: str, number: int) -> SimulatedParty:
    """The member of this role and number, from 1."""
    slug = supplier_slug(number) if role == "supplier" else f"{role}-{number}"
    site, kind = _SITES[role]
    city, country, timezone = _CITIES[number % len(_CITIES)]
    return SimulatedParty(
        slug=slug,
        did=party_did(Origin(origin), Slug(slug)),
        role=role,
        name=f"Simulated {role} {number}",
        site=site,
        site_kind=kind,
        city=city,
        country=country,
        timezone=timezone,
        gln=_gln(list(_SITES).index(role) * 10_000 + number),
    )


def make_others(origin: str) -> tuple[SimulatedParty, ...]:
    """Everybody who is no supplier, OEMs first."""
    counts = (("oem", OEMS), ("laboratory", LABORATORIES), ("certifier", CERTIFIERS))
    return tuple(
        make_party(origin, role, number) for role, count in counts for number in range(1, count + 1)
    )


def _gln(number: int) -> str:
    """A Global Location Number with its check digit (GS1 General Specifications, 7.9)."""
    digits = f"{_GLN_PREFIX}{number:09}"
    weighted = sum(int(digit) * (1 + 2 * (at % 2)) for at, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"
