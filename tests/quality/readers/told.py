"""What a reader told, sorted for a test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from quality.readers.dfq import DfqForm, read_dfq
from quality.readers.model import Characteristic, Event, Fault, Part, Reading

Kind = TypeVar("Kind")
DEFAULT = DfqForm()
HEAD = "K0100 2\nK1001/1 4711\nK2001/1 1\nK2002/1 Bore\nK2001/2 2\nK2002/2 Length\n"


def dfq(text: str | bytes, form: DfqForm = DEFAULT, *, piece: int = 0) -> list[Event]:
    """The events of a DFQ file, read whole or in pieces of a size."""
    data = text.encode() if isinstance(text, str) else text
    pieces = [data[at : at + piece] for at in range(0, len(data), piece)] if piece else [data]
    return list(read_dfq(pieces, form))


def of(kind: type[Kind], events: Iterable[Event]) -> list[Kind]:
    """The events of one kind, in order."""
    return [event for event in events if isinstance(event, kind)]


def last(events: Iterable[Event]) -> dict[str, Characteristic]:
    """The characteristics as they were described last, by key."""
    return {event.key: event for event in of(Characteristic, events)}


def values(events: Iterable[Event]) -> list[tuple[str, str | None]]:
    """Characteristic and value of each reading."""
    return [(reading.characteristic, reading.value) for reading in of(Reading, events)]


def said(thing: Part | Characteristic | Reading) -> dict[str, object]:
    """What a thing says, without what it does not."""
    names: Sequence[str] = (
        thing._fields if isinstance(thing, Reading) else tuple(type(thing).__dataclass_fields__)
    )
    found = {name: getattr(thing, name) for name in names}
    return {name: value for name, value in found.items() if value not in (None, False)}


def faults(events: Iterable[Event]) -> list[str]:
    """The faults in words."""
    return [str(fault) for fault in of(Fault, events)]
