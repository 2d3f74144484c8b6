"""Values of a DFQ file: lines without keys, and fields that belong to a value.

A value is open until the next of its characteristic begins, because fields may still follow that
belong to it (an order, a serial number). So at most one value of each characteristic is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from quality.errors import MeasurementFileRefused
from quality.readers import dfq_fields as k
from quality.readers.dfq_description import Description
from quality.readers.instants import iso_moment
from quality.readers.model import Event, Fault, Reading
from quality.readers.numbers import plain_count, plain_decimal

#: Texts of one field that are remembered; a batch number may be new with every value.
_NAMES_MAX: Final = 4_096
TEXT_CHARS_MAX: Final = 255
#: Key, value, sample, defective: the first fields of a reading but its line.
_Measured: TypeAlias = tuple[str, str | None, int | None, int | None]
_EMPTY: Final = [""] * len(k.SLOTS)
_VARIABLE_FIELDS: Final = len(k.VARIABLE)
_NO_FIELDS: Final[Mapping[str, str]] = {}


def clean(text: str) -> str:
    """A text of a file without control characters, cut to what a name may be."""
    text = text.strip()
    if not text.isprintable():
        text = "".join(each if each.isprintable() else " " for each in text).strip()
    return text[:TEXT_CHARS_MAX]


class _Names(dict[str, str | None]):
    """A field's texts as they are given: cleaned, by their catalogue, None where it says nothing.

    Looking one up is most of what a value costs, hence a dict that fills itself.
    """

    def __init__(self, description: Description, key: str) -> None:
        super().__init__()
        self._entries = description.catalogues
        self._keys = k.CATALOGUES.get(key, ())
        # In a catalogue entry 0 is none; a batch starts with # in old files.
        self._nothing = ("", "0") if self._keys else ("",)
        self._is_batch = key == "K0006"

    def __missing__(self, text: str) -> str | None:
        said = clean(text.lstrip("#") if self._is_batch else text)
        entries = (self._entries.get((key, said)) for key in self._keys)
        entry = next((entry for entry in entries if entry), said)
        name = None if said in self._nothing else entry
        if len(self) < _NAMES_MAX:
            self[text] = name
        return name


class _Open:
    """A value whose fields are still coming; ``seen`` has a bit for each slot that was filled."""

    __slots__ = ("fields", "line", "seen")

    def __init__(self, line: int) -> None:
        self.line = line
        self.fields = _EMPTY.copy()
        self.seen = 0

    def put(self, slot: int, text: str) -> None:
        """Fill a slot."""
        self.fields[slot] = text
        self.seen |= 1 << slot

    def lead(self, leading: Mapping[int, str]) -> None:
        """Fill the slots that were said for every value before the first."""
        for slot, text in leading.items():
            self.put(slot, text)


class Values:
    """The open values of one section, and the events that they become.

    ``faults`` counts places that could not be read; whoever reads the count sets it back.
    """

    def __init__(self, description: Description, events: list[Event], *, pieces: bool) -> None:
        self.faults = 0
        self._description = description
        self._events = events
        self._unit = 1 if pieces else 1000
        self._line = 0
        self._more: Mapping[str, str] = _NO_FIELDS
        self._row: tuple[list[str], int] | None = None
        self._open: dict[int, _Open] = {}
        self._leading: dict[int, str] = {}
        self._counts: dict[int, int] = {}
        self._plans: dict[int, tuple[str, str | None]] = {}
        self._forget()

    def _forget(self) -> None:
        self._plans.clear()
        self._names = tuple(_Names(self._description, key) for key in k.VARIABLE[3:])
        self._added = {name: _Names(self._description, key) for key, name in k.ADDED.items()}

    def row(self, text: str, line: int) -> None:
        """Take a line of values without keys: one portion for each characteristic, in order."""
        self.end()
        self._row = (text.split(k.CHARACTERISTIC_END), line)

    def field(self, start: k.Start, text: str, line: int) -> None:
        """Take a field of a value; number 0 is the open value of every characteristic."""
        if self._row:
            self._open_row(*self._row)
        _, slot, index, position = start
        if index == 0:
            if not self._to_all(slot, position, text.strip(k.BLANK)):
                self._line = line
                expected = "a field of a value that is open"
                self._fault(start.key, index, expected, str(position))
            return
        if position is not None and not self._is_at(start, line):
            return
        opened = self._open.get(index)
        if opened is None or opened.seen & 1 << slot or self._is_next(index, position):
            self._close(index)
            opened = self._open[index] = _Open(line)
            if self._leading:
                opened.lead(self._leading)
        # Written out, as this is done for every line of a file with keys.
        opened.fields[slot] = text.strip(k.BLANK)
        opened.seen |= 1 << slot

    def _is_next(self, index: int, position: int | None) -> bool:
        return position is not None and position > self._counts.get(index, 0) + 1

    def _is_at(self, start: k.Start, line: int) -> bool:
        # Numbered values: the open one, or the one that begins here; earlier ones have been given.
        first = self._counts.get(start.number, 0) + 1
        if start.position in (first, first + (start.number in self._open)):
            return True
        self._line = line
        expected = f"a field of value {first}, which it stands beside"
        self._fault(start.key, start.number, expected, str(start.position))
        return False

    def _to_all(self, slot: int, position: int | None, text: str) -> bool:
        """Whether it is of any value: what is of none has to end somewhere, by being a fault."""
        if not self._open:
            self._leading[slot] = text
            return True
        is_taken = False
        for index, opened in list(self._open.items()):
            if position is not None and position != self._counts.get(index, 0) + 1:
                continue
            is_taken = True
            if opened.seen & 1 << slot:
                # Left over from an earlier round, in which this field was given already.
                self._close(index)
            else:
                opened.put(slot, text)
        return is_taken

    def end(self) -> None:
        """Close every open value."""
        if self._row:
            portions, self._line = self._row
            self._row, self._more = None, _NO_FIELDS
            self._describe()
            for index, portion in enumerate(portions, 1):
                if portion:
                    self._read(index, portion.split(k.FIELD_END), None)
        elif self._open:
            for index in list(self._open):
                self._close(index)

    def _describe(self) -> None:
        if not self._description.has_changed:
            return
        known = len(self._events)
        self._events.extend(self._description.events())
        if len(self._events) > known:
            self.faults += sum(isinstance(event, Fault) for event in self._events[known:])
            self._forget()

    def _open_row(self, portions: list[str], line: int) -> None:
        self._row = None
        for index, portion in enumerate(portions, 1):
            if portion:
                fields = portion.split(k.FIELD_END)
                layout = k.ATTRIBUTIVE if self._is_counted(index, len(fields)) else k.VARIABLE
                opened = self._open[index] = _Open(line)
                for key, text in zip(layout, fields, strict=False):
                    if key:
                        opened.put(k.SLOTS[key], text)

    def _is_counted(self, index: int, fields: int) -> bool:
        kind = self._description.kind(index)
        return fields > _VARIABLE_FIELDS if kind is None else kind in k.COUNTED

    def _close(self, index: int) -> None:
        opened = self._open.pop(index, None)
        if opened is None:
            return
        self._line, self._more, fields = opened.line, _NO_FIELDS, opened.fields
        if opened.seen >= 1 << k.SAMPLE_SLOT:
            self._more = dict(zip(k.ADDED.values(), fields[k.ADDED_SLOT :], strict=True))
        if self._leading:
            self._leading = {}
        self._describe()
        if fields[k.SAMPLE_SLOT] or fields[k.SAMPLE_SLOT + 1]:
            size = fields[k.SAMPLE_SLOT : k.ADDED_SLOT]
            self._read(index, [*size, "", *fields[1:_VARIABLE_FIELDS]], True)
        else:
            self._read(index, fields[:_VARIABLE_FIELDS], False)

    def _read(self, index: int, fields: list[str], is_counted: bool | None) -> None:
        """Read a value; without keys, its kind tells whether it is counted, or its width."""
        self._counts[index] = self._counts.get(index, 0) + 1
        key, kind = self._plans.get(index) or self._plan(index)
        if is_counted is None:
            is_counted = len(fields) > _VARIABLE_FIELDS if kind is None else kind in k.COUNTED
        if not key:
            self._fault("K2001", index, "a description of the characteristic", "values only")
        elif is_counted:
            self._counted(index, key, fields)
        else:
            self._variable(index, key, fields)

    def _plan(self, index: int) -> tuple[str, str | None]:
        if not self._description.characteristics:
            raise MeasurementFileRefused(
                f"line {self._line}: expected a description (K2001) before values, found values; "
                "put the description (DFD) in front of the values (DFX)"
            )
        plan = (self._description.keys.get(index, ""), self._description.kind(index))
        self._plans[index] = plan
        return plan

    def _variable(self, index: int, key: str, fields: list[str]) -> None:
        if len(fields) != _VARIABLE_FIELDS:
            fields = self._padded(index, fields, _VARIABLE_FIELDS)
        text, attribute = fields[0], fields[1]
        if attribute not in ("", "0") and not self._is_valid(index, attribute, text):
            return
        value = plain_decimal(text)
        if value is not None:
            self._give(index, (key, value, None, None), fields[2:])
        elif text.strip():
            self._fault("K0001", index, "a number", repr(text))

    def _counted(self, index: int, key: str, fields: list[str]) -> None:
        size, errors, _, attribute, *others = self._padded(index, fields, len(k.ATTRIBUTIVE))
        if attribute not in ("", "0") and not self._is_valid(index, attribute, errors):
            return
        if not size and not errors:
            return
        sample, defective = plain_count(size), plain_count(errors)
        if sample is None or sample % self._unit:
            expected = "pieces" if self._unit == 1 else "thousandths of a piece (155000 is 155)"
            self._fault("K0020", index, expected, repr(size))
        elif defective is None:
            self._fault("K0021", index, "a number of errors", repr(errors))
        elif defective > sample // self._unit and self._plans[index][1] not in k.ERROR_LOGS:
            self._fault("K0021", index, f"at most {sample // self._unit} defective", str(defective))
        else:
            self._give(index, (key, None, sample // self._unit, defective), others)

    def _padded(self, index: int, fields: list[str], width: int) -> list[str]:
        if any(fields[width:]):
            self._fault("K0001", index, f"up to {width} fields of a value", f"{len(fields)} fields")
        return [*fields, *[""] * width][:width]

    def _is_valid(self, index: int, attribute: str, value: str) -> bool:
        if attribute.strip() in k.INVALID:
            place = f"line {self._line}, K0002/{index}"
            found = f"{attribute.strip()}, by which the file marks its value {value!r} as none"
            self._events.append(Fault(place, "a valid value", found, is_dropped=True))
            return False
        if plain_count(attribute) is None:
            self._fault("K0002", index, "a whole number", repr(attribute))
            return False
        return True

    def _give(self, index: int, measured: _Measured, others: list[str]) -> None:
        """Give a reading with what stands beside it: time, events, batch, nest and so on."""
        at, events, batch, cavity, operator, machine, process, gauge = others
        moment = iso_moment(at) if at else None
        if at and moment is None:
            self._fault("K0004", index, "a date (dd.mm.yyyy/hh:mm:ss)", repr(at))
        key, value, sample, defective = measured
        names = self._names
        reading = Reading(
            *(key, self._line, value, sample, defective, moment),
            *(names[3][operator], names[4][machine], names[2][cavity], names[1][batch]),
            *(None, None, names[6][gauge], names[5][process], names[0][events]),
        )
        if self._more:
            added = {name: self._added[name][text] for name, text in self._more.items()}
            reading = reading._replace(**added)  # type: ignore[arg-type]
        self._events.append(reading)

    def _fault(self, key: str, index: int, expected: str, found: str) -> None:
        self._events.append(Fault(f"line {self._line}, {key}/{index}", expected, found))
        self.faults += 1
