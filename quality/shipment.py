"""What a shipment must be: rules for ``shipment/v1`` that its schema cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.faults import Fault
from quality.business_keys import business_key_faults
from quality.counterparty import Roles, counterparty_faults
from quality.goods import goods_faults
from quality.values import Groups, day, pointed

_ROLES: Final = Roles(("state", "part"), "supplier", "customer")


def shipment_faults(groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    """The faults of a shipment's groups; ``signer`` is its party, where known."""
    yield from counterparty_faults(groups, _ROLES, signer=signer)
    yield from goods_faults(groups, may_be_none=False)
    for pointer, key in pointed("", groups, "goods", "packages"):
        if isinstance(key, str):
            yield from business_key_faults("sscc", key, pointer=pointer)
    shipped = day(groups, "state", "shipped_on")
    for pointer, lot in pointed("", groups, "goods", "lots"):
        made = day(lot, "manufactured_on")
        if made is not None and shipped is not None and made > shipped:
            yield Fault(f"{pointer}/manufactured_on", f"{shipped} (shipped) or earlier", str(made))
