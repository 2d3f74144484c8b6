"""What became of a lot that was not simply accepted: disposition, permit, review board (MRB)."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.faults import Fault
from quality.flags import Flag
from quality.values import Groups, day, decimal, instant, part, text


def disposition_faults(groups: Groups) -> Iterator[Fault]:
    """The faults of the group ``disposition``."""
    quantity, lot = decimal(groups, "disposition", "quantity"), decimal(groups, "lot", "quantity")
    if quantity is not None and lot is not None and quantity > lot:
        yield Fault("/disposition/quantity", f"at most the lot quantity {lot}", str(quantity))
    permitted = decimal(groups, "disposition", "deviation", "quantity")
    for pointer, value in (("quantity", quantity), ("deviation/quantity", permitted)):
        if value is not None and value <= 0:
            yield Fault(f"/disposition/{pointer}", "more than zero", str(value))
    used_as_is = text(groups, "disposition", "action") == "use-as-is"
    if used_as_is and part(groups, "disposition", "deviation") is None:
        yield Fault("/disposition/deviation", "a deviation permit for use as is", "none")
    yield from _review_faults(groups)


def disposition_flags(groups: Groups) -> Iterator[Flag]:
    """What the disposition says that is true but bad."""
    yield from _expiry_flags(groups)
    quantity = decimal(groups, "disposition", "quantity")
    permitted = decimal(groups, "disposition", "deviation", "quantity")
    if quantity is not None and permitted is not None and permitted < quantity:
        yield Flag(
            "deviation-exceeded",
            "/disposition/quantity",
            en=f"{quantity} are disposed of, the deviation permit is for {permitted}",
            zh=f"处置数量为 {quantity}，让步接收单仅允许 {permitted}",
        )
    used_as_is = text(groups, "disposition", "action") == "use-as-is"
    if used_as_is and part(groups, "disposition", "mrb") is None:
        yield Flag(
            "review-missing",
            "/disposition",
            en="used as is without a material review board (MRB)",
            zh="让步接收，但没有不合格品评审（MRB）记录",
        )


def _review_faults(groups: Groups) -> Iterator[Fault]:
    reviewed = instant(groups, "disposition", "mrb", "decided_at")
    received = day(groups, "lot", "received_on")
    if reviewed is not None and received is not None and reviewed.date() < received:
        expected = f"{received} (received) or later"
        yield Fault("/disposition/mrb/decided_at", expected, str(reviewed.date()))


def _expiry_flags(groups: Groups) -> Iterator[Flag]:
    expires = day(groups, "disposition", "deviation", "expires_on")
    decided = instant(groups, "verdict", "decided_at")
    if expires is None or decided is None or decided.date() <= expires:
        return
    yield Flag(
        "deviation-expired",
        "/disposition/deviation/expires_on",
        en=f"the deviation permit expired on {expires}, before the verdict of {decided.date()}",
        zh=f"让步接收单已于 {expires} 失效，判定日期为 {decided.date()}",
    )
