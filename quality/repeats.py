"""Names that must be given once in a list: characteristics, parameters, causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.faults import Fault
from quality.values import text


def repeat_faults(pointer: str, members: Sequence[object], *, name: str) -> Iterator[Fault]:
    """A fault for each member of the list whose ``name`` an earlier one already has."""
    seen: set[str] = set()
    for position, member in enumerate(members):
        value = text(member, name)
        if value is not None and value in seen:
            yield Fault(f"{pointer}/{position}/{name}", "a name that is given once", value)
        seen.add(value or "")
