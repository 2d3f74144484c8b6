"""What a DFQ file says about its parts and characteristics, gathered until values need it.

Fields come in any order and may change between values; a description is given again whenever
something of it changed. What cannot be read of it is told once, with the line of its field.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Final, NamedTuple

from quality.errors import MeasurementFileRefused
from quality.readers import dfq_fields as k
from quality.readers.dfq_hierarchy import Hierarchy
from quality.readers.model import Characteristic, Event, Fault, Group, Part
from quality.readers.numbers import plain_count, plain_decimal

INDEX_MAX: Final = 20_000
#: How many descriptions a file may give, and how often they may be put together anew.
DESCRIPTIONS_MAX: Final = 100_000
DESCRIBED_MAX: Final = 1_000_000
DECIMALS_MAX: Final = 20
#: What stands above comes first.
_ORDER: Final = (Part, Group, Characteristic)


class Said(NamedTuple):
    """The text of a field and the line it stands in."""

    text: str
    line: int


_Fields = dict[str, Said]


class Known:
    """What the sections of a file described so far: the key of a description, and it by its key."""

    def __init__(self, *, described_max: int = DESCRIBED_MAX) -> None:
        self.described_max = described_max
        self.keys: dict[Hashable, str] = {}
        self.given: dict[str, Event] = {}
        self.count = 0


class Description:
    """Parts, characteristics and groups of one section of a file (from one K0100 to the next).

    ``known`` is kept over the sections: the same description under the same index has the same
    key in each, so that a file put together from many measurements has each characteristic once.
    """

    def __init__(self, section: int, known: Known) -> None:
        self.keys: dict[int, str] = {}
        self.catalogues: dict[tuple[str, str], str] = {}
        self._section = section
        self._known = known
        self._parts: dict[int, _Fields] = {}
        self._characteristics: dict[int, _Fields] = {}
        self._groups: dict[int, _Fields] = {}
        self._common: tuple[_Fields, _Fields, _Fields] = ({}, {}, {})
        self._part_of: dict[int, int] = {}
        self._current = 1
        self._part_keys: dict[int, str] = {}
        self._hierarchy = Hierarchy()
        # In the order of the file: what is to be described before the next value.
        self._changed: dict[tuple[type, int], None] = {}
        self._all: set[type] = set()

    @property
    def characteristics(self) -> int:
        """How many characteristics have a field of their own."""
        return len(self._characteristics)

    @property
    def has_changed(self) -> bool:
        """Whether something was said since the last events."""
        return bool(self._changed or self._all)

    def kind(self, index: int) -> str | None:
        """K2004 of a characteristic."""
        return self._text(self._characteristics.get(index, {}), 2, "K2004")

    def take(self, key: str, index: int, said: Said) -> Fault | None:
        """Take a field of a part, characteristic, group, node or catalogue entry.

        Raises:
            MeasurementFileRefused: more indices than a file may have.
        """
        if index > INDEX_MAX:
            raise MeasurementFileRefused(
                f"line {said.line}, {key}: expected an index up to {INDEX_MAX}, found {index}"
            )
        if key in k.PART_KEYS:
            self._current = index or self._current
            self._put(Part, index, key, said)
        elif key in k.CHARACTERISTIC_KEYS:
            self._belongs(index, said.line)
            return self._characteristic(key, index, said)
        elif key in k.GROUP_KEYS:
            self._belongs(-index, said.line)
            self._put(Group, index, key, said)
        elif key in k.CATALOGUE_KEYS:
            self.catalogues[key, str(index)] = said.text
        elif key in k.HIERARCHY_KEYS:
            return self._node(key, index, said)
        return None

    def _belongs(self, index: int, line: int) -> None:
        """Note the part of a characteristic, or of a group (negative)."""
        if index and index not in self._part_of:
            self._part_of[index] = self._current
            self._put(Part, self._current, "K1000", Said("", line))

    def _characteristic(self, key: str, index: int, said: Said) -> Fault | None:
        if key in ("K2030", "K2031"):
            self._hierarchy.simple(key, index, said.text)
            self._all.add(Characteristic)
        before = self._characteristics.get(index, {}).get(key)
        if index and before and before.text != said.text and key in ("K2001", "K2002"):
            # Mostly a writer that leaves the index out: its characteristics would become one.
            return Fault(
                f"line {said.line}, {key}/{index}",
                f"one {key} of characteristic {index} (line {before.line} has it)",
                repr(said.text),
            )
        self._put(Characteristic, index, key, said)
        return None

    def _node(self, key: str, index: int, said: Said) -> Fault | None:
        number = plain_count(said.text)
        if number is None or number > INDEX_MAX:
            return Fault(f"line {said.line}, {key}/{index}", "an index", repr(said.text))
        self._hierarchy.take(key, index, number)
        self._all.update((Group, Characteristic))
        return None

    def _of(self, kind: type) -> dict[int, _Fields]:
        if kind is Part:
            return self._parts
        return self._characteristics if kind is Characteristic else self._groups

    def _put(self, kind: type, index: int, key: str, said: Said) -> None:
        if index == 0:
            self._common[_ORDER.index(kind)][key] = said
            self._all.add(kind)
            return
        self._of(kind).setdefault(index, {})[key] = said
        self._changed[kind, index] = None

    def events(self) -> Iterator[Event]:
        """What is new or changed since the last time, parts before what belongs to them.

        Raises:
            MeasurementFileRefused: the file describes again and again.
        """
        changed = self._changed
        changed.update(((kind, each), None) for kind in self._all for each in self._of(kind))
        self._changed, self._all = {}, set()
        self._known.count += len(changed)
        is_endless = self._known.count > self._known.described_max
        if is_endless or len(self._known.given) > DESCRIPTIONS_MAX:
            raise MeasurementFileRefused(
                f"expected at most {DESCRIPTIONS_MAX} descriptions in a file, found more"
            )
        for kind, index in sorted(changed, key=lambda what: _ORDER.index(what[0])):
            faults: list[Fault] = []
            event = self._event(kind, index, faults)
            given = f"{kind.__name__} {event.key}"
            if self._known.given.get(given) != event:
                self._known.given[given] = event
                yield event
            yield from faults

    def _event(self, kind: type, index: int, faults: list[Fault]) -> Part | Group | Characteristic:
        if kind is Part:
            part = self._part(index)
            key = self._part_keys[index] = self._key(index, part)
            return replace(part, key=key)
        if kind is Group:
            group = self._group(index)
            return replace(group, key=self._key(index, group, "g"))
        characteristic = self._described(index, faults)
        key = self.keys[index] = self._key(index, characteristic)
        return replace(characteristic, key=key)

    def _key(self, index: int, content: Hashable, prefix: str = "") -> str:
        new = f"{prefix}{index}" if self._section == 1 else f"{self._section}/{prefix}{index}"
        if self._section == 1:
            # Within a section an index is one thing, however its description grows.
            self._known.keys[index, content] = new
            return new
        return self._known.keys.setdefault((index, content), new)

    def _part(self, index: int) -> Part:
        fields = self._parts.get(index, {})
        return Part(key="", **{name: self._text(fields, 0, *keys) for name, keys in k.PART.items()})

    def _group(self, index: int) -> Group:
        fields = self._groups[index]
        return Group(
            key="",
            part=self._part_key(-index),
            number=self._text(fields, 1, "K5001"),
            name=self._text(fields, 1, "K5002"),
            parent=self._parent(Group, index),
        )

    def _described(self, index: int, faults: list[Fault]) -> Characteristic:
        fields = self._characteristics[index]
        numbers = _Numbers(index, lambda key: self._said(fields, 2, key), faults)
        kind = self._text(fields, 2, "K2004")
        texts = {name: self._text(fields, 2, *keys) for name, keys in k.CHARACTERISTIC.items()}
        return replace(
            numbers.limits(),
            part=self._part_key(index),
            number=texts["number"],
            name=texts["name"],
            unit=texts["unit"],
            criticality=texts["criticality"],
            gauge=texts["gauge"],
            gauge_resolution=numbers.number("K2404"),
            decimals=numbers.count("K2022", DECIMALS_MAX),
            is_attributive=kind in k.COUNTED,
            is_error_log=kind in k.ERROR_LOGS,
            parent=self._parent(Characteristic, index),
        )

    def _part_key(self, index: int) -> str:
        return self._part_keys.get(self._part_of.get(index, 1), "1")

    def _parent(self, kind: type, index: int) -> str | None:
        above = self._hierarchy.above(kind, index)
        if above is None:
            return None
        if above[0] is Group:
            return f"g{above[1]}" if self._section == 1 else f"{self._section}/g{above[1]}"
        return self.keys.get(above[1], str(above[1]))

    def _said(self, fields: Mapping[str, Said], common: int, key: str) -> Said | None:
        said = fields.get(key) or self._common[common].get(key)
        return said if said and said.text else None

    def _text(self, fields: Mapping[str, Said], common: int, *keys: str) -> str | None:
        for key in keys:
            if said := self._said(fields, common, key):
                return said.text
        return None


class _Numbers:
    """The numbers of one characteristic, with what is wrong with them."""

    def __init__(self, index: int, said: Callable[[str], Said | None], faults: list[Fault]) -> None:
        self._index = index
        self._said = said
        self._faults = faults

    def limits(self) -> Characteristic:
        """Nominal and limits as absolute values, a natural bound apart from a limit."""
        nominal = self.number("K2101")
        lower = self._limit(nominal, "K2110", "K2112")
        upper = self._limit(nominal, "K2111", "K2113")
        if lower and upper and Decimal(lower) > Decimal(upper):
            self._fault("K2110", f"a lower limit up to the upper one ({upper})", lower)
        below, above = self._is_natural("K2120"), self._is_natural("K2121")
        return Characteristic(
            key="",
            part="",
            nominal=nominal,
            lower=None if below else lower,
            upper=None if above else upper,
            lower_natural=lower if below else None,
            upper_natural=upper if above else None,
        )

    def _limit(self, nominal: str | None, limit: str, allowance: str) -> str | None:
        """A limit, or the nominal value with its allowance; both have to agree."""
        absolute, relative = self.number(limit), self.number(allowance)
        if relative is None:
            return absolute
        if nominal is None:
            if absolute is None:
                self._fault(allowance, "a nominal value (K2101) beside it", relative)
            return absolute
        with localcontext(prec=100):
            summed = format(Decimal(nominal) + Decimal(relative), "f")
        if absolute is not None and Decimal(absolute) != Decimal(summed):
            self._fault(allowance, f"what leads from {nominal} to {limit} {absolute}", relative)
        return absolute if absolute is not None else plain_decimal(summed)

    def _is_natural(self, key: str) -> bool:
        said = self._said(key)
        return said is not None and said.text == k.NATURAL

    def number(self, key: str) -> str | None:
        """The number of a field, or None with a fault where it is none."""
        said = self._said(key)
        number = plain_decimal(said.text) if said else None
        if said and number is None:
            self._fault(key, "a number", repr(said.text))
        return number

    def count(self, key: str, most: int) -> int | None:
        """The whole number of a field, or None with a fault where it is none."""
        said = self._said(key)
        number = plain_count(said.text) if said else None
        if said and (number is None or number > most):
            self._fault(key, f"a whole number up to {most}", repr(said.text))
            return None
        return number

    def _fault(self, key: str, expected: str, found: str) -> None:
        said = self._said(key) or self._said("K2101")
        place = f"line {said.line}, {key}/{self._index}" if said else f"{key}/{self._index}"
        self._faults.append(Fault(place, expected, found))
