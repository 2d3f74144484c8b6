"""What a goods receipt must be: rules for ``goods-receipt/v1`` that its schema cannot say.

What it says beside its shipment (more received than shipped, another revision) is for
:mod:`quality.deliveries`, which has both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.faults import Fault
from quality.counterparty import Roles, counterparty_faults
from quality.goods import goods_faults
from quality.values import Groups, decimal, items, pointed, text

_ROLES: Final = Roles(("state", "part"), "customer", "supplier")


def goods_receipt_faults(groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    """The faults of a goods receipt's groups; ``signer`` is its party, where known."""
    yield from counterparty_faults(groups, _ROLES, signer=signer)
    yield from goods_faults(groups, may_be_none=True)
    for pointer, difference in pointed("", groups, "differences"):
        quantity = decimal(difference, "quantity")
        if quantity is not None and quantity <= 0:
            yield Fault(f"{pointer}/quantity", "more than zero", str(quantity))
    shipment = text(groups, "state", "shipment")
    if "address" not in groups or shipment is None:
        return
    if shipment not in items(groups, "address", "links", "cites"):
        yield Fault("/address/links/cites", f"the shipment {shipment} among them", "others or none")
