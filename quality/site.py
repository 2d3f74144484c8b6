"""What a site must be: rules for ``site/v1`` that its schema cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ledger.faults import Fault
from quality.business_keys import business_key_faults
from quality.calendar import calendar_faults
from quality.countries import COUNTRIES
from quality.values import Groups, decimal, text

_KEYS: Final = ("gln", "duns", "uscc")
_DEGREES: Final = (("latitude", Decimal(90)), ("longitude", Decimal(180)))


def site_faults(groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    """The faults of a site's groups; any party signs for sites of its own."""
    del signer
    yield from _identity_faults(groups)
    yield from _place_faults(groups)
    yield from calendar_faults("/calendar", groups.get("calendar"))
    contact = groups.get("contact")
    if contact is not None and text(contact, "phone") is None and text(contact, "email") is None:
        yield Fault("/contact", "a telephone number or an e-mail address", "neither")


def _identity_faults(groups: Groups) -> Iterator[Fault]:
    keys = {kind: key for kind in _KEYS if (key := text(groups, "identity", kind)) is not None}
    for kind, key in keys.items():
        yield from business_key_faults(kind, key, pointer=f"/identity/{kind}")
    kind_of_site = text(groups, "state", "kind")
    if "identity" in groups and kind_of_site not in (None, "office") and not keys:
        yield Fault("/identity", f"a GLN, D-U-N-S number or USCC of a {kind_of_site}", "none")


def _place_faults(groups: Groups) -> Iterator[Fault]:
    country = text(groups, "place", "country")
    if country is not None and country not in COUNTRIES:
        yield Fault("/place/country", "a country code of ISO 3166-1", country)
    found = {name: decimal(groups, "place", name) for name, _ in _DEGREES}
    for name, most in _DEGREES:
        degrees = found[name]
        if degrees is not None and abs(degrees) > most:
            yield Fault(f"/place/{name}", f"-{most} to {most} degrees", str(degrees))
    if (found["latitude"] is None) != (found["longitude"] is None):
        yield Fault("/place", "latitude and longitude together", "one without the other")
