"""What an inspection report must be, and what it may say that is bad.

Rules for ``inspection-report/v1`` that its schema cannot say. A verdict that contradicts
the report's own numbers is a fault; bad numbers under a lenient verdict are a flag.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.faults import Fault
from quality.flags import Flag
from quality.inspecting.disposition import disposition_faults, disposition_flags
from quality.inspecting.lot import lot_faults, lot_flags, pieces_in
from quality.inspecting.measured import measured_faults, measured_flags
from quality.inspecting.plan import plan_faults, plan_flags
from quality.sampling.counting import (
    class_count,
    counted_of,
    unaccounted_units,
    units_of_class,
)
from quality.values import Groups, count, items, part, pointed, text


def inspection_faults(groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    """The faults of an inspection report's groups; ``signer`` is its party, where known."""
    yield from lot_faults(groups)
    yield from _count_faults(groups)
    yield from _defect_faults(groups)
    yield from _class_count_faults(groups)
    yield from plan_faults(groups)
    yield from _verdict_faults(groups)
    yield from measured_faults(groups)
    yield from disposition_faults(groups)
    yield from _signer_faults(groups, signer)


def inspection_roles(groups: Groups, *, signer: str | None) -> frozenset[str] | None:
    """Whose it is to inspect at receipt: the receiver's; for another receiver, a laboratory's."""
    receiving = text(groups, "verdict", "stage") == "receiving"
    receiver = text(groups, "lot", "customer")
    if not receiving or signer is None or receiver in (None, signer):
        return None
    return frozenset({"laboratory"})


def inspection_flags(groups: Groups) -> Iterator[Flag]:
    """What an inspection report says that is true but bad."""
    yield from lot_flags(groups)
    yield from plan_flags(groups)
    yield from _defect_flags(groups)
    yield from measured_flags(groups)
    yield from disposition_flags(groups)


def _count_faults(groups: Groups) -> Iterator[Fault]:
    pieces = pieces_in(groups)
    inspected, defective = (
        count(groups, "defects", "inspected"),
        count(groups, "defects", "defective"),
    )
    if inspected is not None and defective is not None and defective > inspected:
        yield Fault("/defects/defective", f"at most the {inspected} inspected", str(defective))
    if pieces is None:
        return
    if inspected is not None and inspected > pieces:
        yield Fault("/defects/inspected", f"at most the lot quantity {pieces}", str(inspected))
    sample = count(groups, "plan", "sample")
    if sample is not None and sample > pieces:
        yield Fault("/plan/sample", f"at most the lot quantity {pieces}", str(sample))
    if part(groups, "plan", "whole_lot") is True and inspected not in (None, pieces):
        yield Fault("/defects/inspected", f"the whole lot of {pieces}", str(inspected))


def _defect_faults(groups: Groups) -> Iterator[Fault]:
    defective = count(groups, "defects", "defective")
    for pointer, item in pointed("", groups, "defects", "items"):
        units, nonconformities = count(item, "units"), count(item, "nonconformities")
        if units is not None and defective is not None and units > defective:
            yield Fault(f"{pointer}/units", f"at most the {defective} defective", str(units))
        if units is not None and nonconformities is not None and nonconformities < units:
            yield Fault(
                f"{pointer}/nonconformities", f"at least the {units} units", str(nonconformities)
            )


def _defect_flags(groups: Groups) -> Iterator[Flag]:
    """Units that no item accounts for count as of every class: nobody knows of which they are."""
    unaccounted = unaccounted_units(groups)
    if unaccounted:
        yield Flag(
            "defects-unaccounted",
            "/defects/items",
            en=f"{unaccounted} defective units stand in no item: of which class is not told",
            zh=f"{unaccounted} 件不合格品未列入任何缺陷项：类别不明",
        )


def _class_count_faults(groups: Groups) -> Iterator[Fault]:
    """One unit may stand in several items of a class: its count lies between their bounds."""
    for pointer, planned in pointed("", groups, "plan", "classes"):
        stated, name = count(planned, "defective"), text(planned, "class")
        found = units_of_class(groups, name) if name is not None else None
        if stated is None or found is None or found.least <= stated <= found.most:
            continue
        bounds = f"{found.least} to {found.most}" if found.least < found.most else str(found.most)
        expected = f"{bounds}, the {name} units by the items of defects"
        yield Fault(f"{pointer}/defective", expected, str(stated))


def _verdict_faults(groups: Groups) -> Iterator[Fault]:
    """An accepted lot with a critical unit, or with a rejection number reached."""
    if text(groups, "verdict", "decision") != "accept":
        return
    critical = units_of_class(groups, "critical")
    if critical and critical.least > 0:
        yield Fault("/verdict/decision", "not accept, one unit being critical", "accept")
    for level in items(groups, "plan", "classes"):
        name, reject = text(level, "class"), count(level, "reject")
        if name is None or name == "critical" or reject is None:
            continue
        found = class_count(groups, level)
        if found and 0 < reject <= found.least:
            counted = f"{name} {counted_of(groups, level)}"
            yield Fault(
                "/verdict/decision",
                f"not accept, {reject} {counted} being the rejection number",
                "accept",
            )


def _signer_faults(groups: Groups, signer: str | None) -> Iterator[Fault]:
    """A supplier's look at its own lot is an outgoing inspection, whatever it is called."""
    if text(groups, "verdict", "stage") != "receiving" or signer is None:
        return
    if text(groups, "lot", "supplier") == signer:
        yield Fault("/verdict/stage", "outgoing, the signer being the lot's supplier", "receiving")
    elif text(groups, "lot", "inspected", "party") == signer:
        yield Fault("/lot/inspected/party", "another than the signer, who received the lot", signer)
