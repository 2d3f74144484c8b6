"""Working calendars: shifts, holidays, and days on which work is made up for.

A shift whose end is not after its beginning ends on the next day. Time zones are names of the
IANA database; whether the database has a name is not checked here, where no file is read.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.faults import Fault
from quality.repeats import repeat_faults
from quality.values import items, pointed, text


def calendar_faults(pointer: str, calendar: object) -> Iterator[Fault]:
    """The faults of a calendar that stands at ``pointer``."""
    for place, shift in pointed(pointer, calendar, "shifts"):
        start, end = text(shift, "from"), text(shift, "to")
        if start == "24:00":
            yield Fault(f"{place}/from", "00:00 to 23:59", "24:00")
        if start is not None and start == end:
            yield Fault(f"{place}/to", f"another time than {start}; all day is 00:00 to 24:00", end)
    for name in ("holidays", "working_days"):
        yield from repeat_faults(f"{pointer}/{name}", items(calendar, name), name="on")
    holidays = {text(day, "on") for day in items(calendar, "holidays")} - {None}
    for place, day in pointed(pointer, calendar, "working_days"):
        on = text(day, "on")
        if on in holidays:
            yield Fault(f"{place}/on", "a day that is not a holiday, too", str(on))
