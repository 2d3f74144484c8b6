"""What a requirement must be: rules for ``requirement/v1`` that its schema cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ledger.faults import Fault
from quality.calendar import calendar_faults
from quality.counterparty import Roles, counterparty_faults
from quality.repeats import repeat_faults
from quality.values import Groups, count, decimal, items, pointed, text

_ROLES: Final = Roles(("state",), "customer", "supplier")
_PPM_MAX: Final = Decimal(1_000_000)


def requirement_faults(groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    """The faults of a requirement's groups; ``signer`` is its party, where known."""
    yield from counterparty_faults(groups, _ROLES, signer=signer)
    yield from _limit_faults(groups)
    yield from _target_faults(groups)
    seen: set[tuple[str | None, ...]] = set()
    for pointer, upload in pointed("", groups, "uploads"):
        yield from _either_faults(pointer, upload)
        key = tuple(text(upload, name) for name in ("part", "family", "characteristic"))
        if key in seen:
            yield Fault(pointer, "one line for each of what is uploaded", "a second one")
        seen.add(key)
    yield from repeat_faults("/calendars", items(groups, "calendars"), name="site")
    for pointer, calendar in pointed("", groups, "calendars"):
        yield from calendar_faults(pointer, calendar)


def _limit_faults(groups: Groups) -> Iterator[Fault]:
    steps = items(groups, "limits", "steps")
    yield from repeat_faults("/limits/steps", steps, name="step")
    for pointer, step in pointed("", groups, "limits", "steps"):
        hours, days, safety = (count(step, name) for name in ("hours", "days", "safety_hours"))
        if (hours is None) == (days is None):
            found = "neither" if hours is None else "both"
            yield Fault(pointer, "either hours or days", found)
            continue
        most = hours if hours is not None else 24 * (days or 0)
        if safety is not None and safety > most:
            yield Fault(
                f"{pointer}/safety_hours", f"at most the {most} h of other cases", str(safety)
            )


def _target_faults(groups: Groups) -> Iterator[Fault]:
    seen: set[tuple[str | None, ...]] = set()
    for pointer, target in pointed("", groups, "targets"):
        yield from _either_faults(pointer, target)
        ppm = decimal(target, "ppm")
        if ppm is not None and not 0 <= ppm <= _PPM_MAX:
            yield Fault(f"{pointer}/ppm", f"0 to {_PPM_MAX}", str(ppm))
        key = tuple(text(target, name) for name in ("part", "family", "from"))
        if key in seen:
            yield Fault(pointer, "one target for each part or family and day", "a second one")
        seen.add(key)


def _either_faults(pointer: str, line: object) -> Iterator[Fault]:
    named = [name for name in ("part", "family") if text(line, name) is not None]
    if len(named) != 1:
        yield Fault(pointer, "either a part or a family", " and ".join(named) or "neither")
