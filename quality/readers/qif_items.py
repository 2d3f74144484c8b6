"""Characteristics of a QIF document: an item, its nominal, their definition, and the unit.

Limits of a definition are absolute (``DefinedAsLimit``) or relative to the target value. Some
writers say relative and write absolute ones; where the target would lie outside its own limits
and lies inside them taken as they stand, they are taken so, and a note tells it. A zone of form,
orientation or position is bounded by nature below, a profile of a point on both sides.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from itertools import product
from typing import Final, NamedTuple

from quality.readers.model import Characteristic, Event, Fault, Note
from quality.readers.numbers import plain_decimal
from quality.readers.qif_records import Element

#: Which unit a characteristic has, by a word in its name; a length where none fits.
_UNITS: Final = (
    ("Angle", "AngularUnit"),
    ("Angular", "AngularUnit"),
    ("Temperature", "TemperatureUnit"),
    ("Mass", "MassUnit"),
    ("Weight", "MassUnit"),
    ("Force", "ForceUnit"),
    ("Pressure", "PressureUnit"),
    ("Speed", "SpeedUnit"),
    ("Time", "TimeUnit"),
    ("Area", "AreaUnit"),
)
#: Their values have no unit, or words for values.
_UNITLESS: Final = ("Attribute", "Thread", "Taper", "Welding")
_UNIT_ATTRIBUTES: Final = (
    *("linearUnit", "angularUnit", "temperatureUnit", "massUnit", "forceUnit"),
    *("pressureUnit", "speedUnit", "timeUnit", "areaUnit", "unitName"),
)
#: What of a nominal or a definition may name a unit.
_WITH_UNIT: Final = ("TargetValue", "MaxValue", "MinValue", "ToleranceValue")


class _Limits(NamedTuple):
    lower: str | None = None
    upper: str | None = None
    lower_natural: str | None = None


class Scale(NamedTuple):
    """The unit of an item, and the unit of what names none."""

    unit: str | None
    primary: str | None


@dataclass(slots=True)
class Catalogue:
    """What a document declares: its items and all that they refer to, by id."""

    definitions: dict[str, Element] = field(default_factory=dict)
    nominals: dict[str, Element] = field(default_factory=dict)
    items: dict[str, Element] = field(default_factory=dict)
    devices: dict[str, Element] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    _scales: dict[str, Scale] = field(default_factory=dict)

    def scale_of(self, key: str, item: Element) -> Scale:
        """The unit of an item's values, as the document names it."""
        if key not in self._scales:
            kind = next((unit for word, unit in _UNITS if word in item.name), "LinearUnit")
            is_unitless = any(word in item.name for word in _UNITLESS)
            primary = None if is_unitless else self.units.get(kind)
            self._scales[key] = Scale(self._named_unit(item) or primary, primary)
        return self._scales[key]

    def _named_unit(self, item: Element) -> str | None:
        """The unit that the limits of an item are in, where it is another than the primary one."""
        nominal = self.nominals.get(item.said("CharacteristicNominalId") or "")
        definition = definition_of(self, item, nominal)
        named = (
            _named(found)
            for element, name in product((nominal, definition), _WITH_UNIT)
            if element and (found := element.within(name))
        )
        return next(filter(None, named), None)


def _named(element: Element) -> str | None:
    return next((element.attributes[a] for a in _UNIT_ATTRIBUTES if a in element.attributes), None)


def quantity(element: Element | None, scale: Scale, problems: list[Event]) -> str | None:
    """The number of an element, None with a fault where it is none or of another unit."""
    if element is None:
        return None
    place = f"line {element.line}, {element.name}"
    unit = _named(element) or scale.primary
    if unit != scale.unit:
        expected = f"a value in {scale.unit}" if scale.unit else "a value without a unit"
        problems.append(Fault(place, expected, f"one in {unit}"))
        return None
    number = plain_decimal(element.text)
    if number is None:
        problems.append(Fault(place, "a number", repr(element.text.strip()[:40])))
    return number


def characteristics(catalogue: Catalogue, part: str) -> list[Event]:
    """Every item as a characteristic, with the faults and notes of its definition."""
    designators = Counter(_designator(item) for item in catalogue.items.values())
    events: list[Event] = []
    for key, item in catalogue.items.items():
        designator = _designator(item)
        # A drawing's number of the characteristic; but some put its class there.
        number = designator if designators[designator] == 1 else None
        name = item.said("Name") or item.attributes.get("label")
        events.extend(_described(catalogue, item, key, part, number or name or key))
    return events


def _designator(item: Element) -> str | None:
    return item.said("CharacteristicDesignator", "Designator") or item.said(
        "KeyCharacteristic", "Designator"
    )


def _described(
    catalogue: Catalogue, item: Element, key: str, part: str, number: str
) -> list[Event]:
    problems: list[Event] = []
    scale = catalogue.scale_of(key, item)
    nominal = catalogue.nominals.get(item.said("CharacteristicNominalId") or "")
    definition = definition_of(catalogue, item, nominal)
    target = quantity(nominal.find("TargetValue") if nominal else None, scale, problems)
    limits = _limits(definition, target, scale, problems)
    device = catalogue.devices.get(item.said("MeasurementDeviceIds", "Id") or "")
    resolution = device.find("Resolution") if device else None
    described = Characteristic(
        key=key,
        part=part,
        number=number,
        name=item.said("Name") or item.attributes.get("label"),
        unit=scale.unit,
        nominal=target,
        is_attributive=is_attributive(item),
        criticality=item.leaf("Criticality"),
        gauge=_gauge(device),
        gauge_resolution=plain_decimal(resolution.text) if resolution else None,
        lower=limits.lower,
        upper=limits.upper,
        lower_natural=limits.lower_natural,
    )
    return [described, *problems]


def is_attributive(item: Element) -> bool:
    """Whether a characteristic is judged, not measured."""
    return "Attribute" in item.name


def definition_of(catalogue: Catalogue, item: Element, nominal: Element | None) -> Element | None:
    """The definition of an item, by its nominal or named by itself."""
    found = nominal.said("CharacteristicDefinitionId") if nominal else None
    return catalogue.definitions.get(found or item.said("CharacteristicDefinitionId") or "")


def _gauge(device: Element | None) -> str | None:
    if device is None:
        return None
    return device.said("AssetNumber") or device.said("SerialNumber") or device.said("Name")


def _limits(
    definition: Element | None, target: str | None, scale: Scale, problems: list[Event]
) -> _Limits:
    if definition is None:
        return _Limits()
    zone = definition.find("ToleranceValue")
    if zone is not None:
        return _zone(definition, quantity(zone, scale, problems), scale, problems)
    tolerance = definition.find("Tolerance")
    if tolerance is None:
        return _Limits()
    least = quantity(tolerance.within("MinValue"), scale, problems)
    most = quantity(tolerance.within("MaxValue"), scale, problems)
    if (tolerance.leaf("DefinedAsLimit") or "").lower() in ("true", "1"):
        return _Limits(least, most)
    return _relative(tolerance, target, (least, most), problems)


def _zone(definition: Element, width: str | None, scale: Scale, problems: list[Event]) -> _Limits:
    if not definition.name.startswith("PointProfile") or width is None:
        return _Limits(None, width, "0" if width else None)
    outer = quantity(definition.find("OuterDisposition"), scale, problems)
    above = Decimal(outer) if outer else Decimal(width) / 2
    return _Limits(_text(above - Decimal(width)), _text(above))


def _relative(
    tolerance: Element,
    target: str | None,
    limits: tuple[str | None, str | None],
    problems: list[Event],
) -> _Limits:
    least, most = (None if one is None else Decimal(one) for one in limits)
    place = f"line {tolerance.line}, Tolerance"
    if target is None:
        problems.append(Fault(place, "a target value that the limits are relative to", "none"))
        return _Limits()
    nominal = Decimal(target)
    if not _lies(Decimal(0), least, most) and _lies(nominal, least, most):
        told = f"{place}: taken as absolute limits, for relative ones would exclude {target}"
        problems.append(Note("tolerance", told))
        return _Limits(*limits)
    with localcontext(prec=100):
        lower = None if least is None else _text(nominal + least)
        upper = None if most is None else _text(nominal + most)
    return _Limits(lower, upper)


def _lies(value: Decimal, least: Decimal | None, most: Decimal | None) -> bool:
    return (least is None or least <= value) and (most is None or value <= most)


def _text(number: Decimal) -> str | None:
    return plain_decimal(format(number, "f"))
