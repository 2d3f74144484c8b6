"""Q-DAS ASCII transfer format (AQDEF: DFQ, or DFD and DFX one after the other), read as a stream.

A file is lines: fields with a key (``K2101/3 1,5``) and lines of values without keys, in which
0x14 ends a field and 0x0F a characteristic. An index counts parts for K1, characteristics for K0
and K2; 0 stands for all of them, none for the first. Read are description, hierarchy, catalogues
and values, variable and counted; see ``docs/reference/measurement-files.md`` for the traps.

Not checked: whether a file follows the rule book of one customer (which fields it must have).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from quality.errors import MeasurementFileRefused
from quality.readers.dfq_description import Description, Known, Said
from quality.readers.dfq_fields import BLANK, CHARACTERISTIC_END, FIELD_END, SLOTS, Start
from quality.readers.dfq_values import Values, clean
from quality.readers.lines import Line, Lines
from quality.readers.model import Event, Fault, MeasuredFile, Note
from quality.readers.numbers import plain_count, plain_decimal

#: With more places that cannot be read, a file is not what it is taken for.
FAULTS_MAX: Final = 1_000
#: Heads of lines (K2101/3) that are remembered: those of all values, at least.
HEADS_MAX: Final = 50_000
_HEAD: Final = re.compile(r"(K\d{4})(?:/(\d{0,6})(?:/(\d{1,9}))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class DfqForm:
    """What a file does not say of itself.

    Attributes:
        encoding: ``utf-8``, ``gb18030`` or ``iso-8859-1``; None finds it out.
        pieces: K0020 holds pieces; else, as the format says, thousandths (``155000`` is 155).
    """

    encoding: str | None = None
    pieces: bool = False


_DEFAULT: Final = DfqForm()


def read_dfq(chunks: Iterable[bytes], form: DfqForm = _DEFAULT) -> MeasuredFile:
    """The parts, characteristics, readings and faults of a file, in its order.

    Args:
        chunks: the file in pieces of any size, the same events whatever the size.
        form: what is known of the file beyond its bytes.

    Raises:
        MeasurementFileRefused: not this format, or beyond a bound.
    """
    lines = Lines(chunks, form.encoding)
    reader = _Reader(form)
    # The buffer is emptied after each line: what is held does not grow with the file.
    events = reader.events
    for line in lines:
        reader.take(line)
        if events:
            yield from events
            events.clear()
    reader.end()
    yield from events
    if lines.encoding:
        yield Note("encoding", lines.encoding)


class _Reader:
    """The state between two lines."""

    def __init__(self, form: DfqForm) -> None:
        self.events: list[Event] = []
        self._form = form
        self._known = Known()
        self._section = 0
        self._faults = 0
        self._heads: dict[str, Start] = {}
        self._begin(None)

    def _begin(self, expected: Said | None) -> None:
        self._section += 1
        self._expected = expected
        self._description = Description(self._section, self._known)
        self._values = Values(self._description, self.events, pieces=self._form.pieces)

    def take(self, line: Line) -> None:
        """Take one line."""
        number, text, is_sound = line
        start, _, rest = text.partition(" ")
        head = self._heads.get(start)
        # Most lines of a file are one of two: a field of a value, or values without keys.
        if head is not None and head.slot >= 0:
            self._values.field(head, rest, number)
        elif FIELD_END in text or CHARACTERISTIC_END in text:
            self._values.row(text.strip(BLANK), number)
        elif text := text.strip(BLANK):
            self._keyed(text, number)
        if not is_sound:
            self._fault(f"line {number}", "text in the encoding of the file", "bytes that are none")
        if self._values.faults:
            self._count_faults(number)

    def _keyed(self, text: str, number: int) -> None:
        start, _, rest = text.partition(" ")
        head = self._heads.get(start) or self._head(start)
        if head is None:
            self._unkeyed(text, number)
        elif head.slot >= 0:
            self._values.field(head, rest, number)
        elif head.position is not None:
            self._fault(
                f"line {number}, {start}", "one index, as only values have two", repr(start)
            )
        elif head.key == "K0100":
            self._section_begins(Said(rest.strip(), number))
        else:
            self._describe(head, Said(clean(rest), number))

    def _head(self, start: str) -> Start | None:
        found = _HEAD.fullmatch(start)
        if found is None:
            return None
        position = int(found[3]) if found[3] else None
        head = Start(found[1], SLOTS.get(found[1], -1), int(found[2] or 1), position)
        # Heads come again with every value, but not those that count the values.
        if position is None and len(self._heads) < HEADS_MAX:
            self._heads[start] = head
        return head

    def _describe(self, head: Start, said: Said) -> None:
        # Values so far belong to what was said so far.
        self._values.end()
        fault = self._description.take(head.key, head.number, said)
        if fault:
            self.events.append(fault)
            self._values.faults += 1

    def _section_begins(self, said: Said) -> None:
        if self._description.characteristics:
            self._end_section()
            self._begin(said)
        self._expected = said

    def _unkeyed(self, text: str, number: int) -> None:
        if not self._heads:
            raise MeasurementFileRefused(
                f"line {number}: expected a file of the Q-DAS ASCII transfer format, which begins "
                f"with K0100, found {text[:40]!r}"
            )
        if plain_decimal(text) is not None:
            self._values.row(text, number)
        else:
            self._fault(f"line {number}", "a field (K2101/1 1.5) or values", repr(text[:40]))

    def end(self) -> None:
        """Take the end of the file."""
        if not self._heads:
            raise MeasurementFileRefused(
                "expected a file of the Q-DAS ASCII transfer format, found no field in it"
            )
        self._end_section()

    def _end_section(self) -> None:
        self._values.end()
        self.events.extend(self._description.events())
        expected, found = self._expected, self._description.characteristics
        # A transfer that broke off shows here.
        if expected and expected.text and plain_count(expected.text) != found:
            self._fault(
                f"line {expected.line}, K0100",
                f"the number of characteristics described ({found})",
                repr(expected.text),
            )

    def _fault(self, place: str, expected: str, found: str) -> None:
        self.events.append(Fault(place, expected, found))
        self._values.faults += 1

    def _count_faults(self, number: int) -> None:
        self._faults += self._values.faults
        self._values.faults = 0
        if self._faults > FAULTS_MAX:
            raise MeasurementFileRefused(
                f"line {number}: expected at most {FAULTS_MAX} faults in a file, found more"
            )
