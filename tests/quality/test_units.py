"""Units: each conversion beside a value known from its definition, and laws that hold for all."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.errors import UnitMismatch, UnknownUnit
from quality.unit_aliases import ALIASES
from quality.unit_table import UNITS, Unit
from quality.units import (
    convert,
    find_unit,
    is_convertible,
    is_counting,
    pieces,
    recognise_unit,
)

pytestmark = pytest.mark.item("4.7.units")

CODES = st.sampled_from(sorted(UNITS))
VALUES = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
#: What definitions and tables in print say.
KNOWN = [
    ("1", "INH", "MMT", "25.4"),
    ("1", "FOT", "INH", "12"),
    ("1", "SMI", "YRD", "1760"),
    ("1", "LBR", "GRM", "453.59237"),
    ("16", "ONZ", "LBR", "1"),
    ("7000", "GRN", "LBR", "1"),
    ("1", "STN", "LBR", "2000"),
    ("1", "LTN", "LBR", "2240"),
    ("1", "GLL", "INQ", "231"),
    ("128", "OZA", "GLL", "1"),
    ("1", "GLI", "LTR", "4.54609"),
    ("1", "YDQ", "FTQ", "27"),
    ("1", "DZN", "H87", "12"),
    ("2.5", "T3", "EA", "2500"),
    ("0", "CEL", "KEL", "273.15"),
    ("100", "CEL", "FAH", "212"),
    ("-40", "FAH", "CEL", "-40"),
    ("1", "MPA", "C56", "1"),
    ("10", "BAR", "MPA", "1"),
    ("1", "ATM", "KPA", "101.325"),
    ("1", "E42", "PAL", "98066.5"),
    ("12", "F21", "M92", "1"),
    ("16", "L41", "F21", "1"),
    ("1", "85", "JOU", "1.3558179483314004"),
    ("1", "KWH", "3B", "3.6"),
    ("1000", "E09", "AMH", "1"),
    ("1", "KNT", "KMH", "1.852"),
    ("36", "KMH", "MTS", "10"),
    ("60", "RPM", "RPS", "1"),
    ("1", "DD", "D62", "3600"),
    ("100", "A91", "DD", "90"),
    ("1", "P1", "59", "10000"),
    ("1", "23", "KMQ", "1000"),
    ("60", "L2", "G51", "1"),
    ("1", "4C", "C17", "1"),
    ("9", "M83", "D34", "1"),
    ("1", "F95", "G01", "0.1"),
]
KNOWN_ROUNDED = [
    ("1", "PS", "KPA", 6, "6.894757"),
    ("1", "N20", "PS", 0, "1000"),
    ("1", "KGM", "LBR", 10, "2.2046226218"),
    ("1", "M92", "NU", 9, "1.355817948"),
    ("1", "C81", "DD", 12, "57.295779513082"),
    ("1", "87", "KMQ", 6, "16.018463"),
    ("0.5", "MMT", "MMT", 0, "0"),
    ("1.5", "MMT", "MMT", 0, "2"),
    ("0.0005", "MTR", "MMT", 0, "0"),
]


@pytest.mark.parametrize(("value", "source", "target", "expected"), KNOWN)
def test_a_conversion_is_what_the_definitions_say(
    value: str, source: str, target: str, expected: str
) -> None:
    assert convert(Decimal(value), source, target=target) == Decimal(expected)


@pytest.mark.parametrize(("value", "source", "target", "places", "expected"), KNOWN_ROUNDED)
def test_a_conversion_rounds_half_to_even_once(
    value: str, source: str, target: str, places: int, expected: str
) -> None:
    found = convert(Decimal(value), source, target=target, places=places)
    assert str(found) == expected


@given(VALUES, CODES)
def test_a_unit_converts_to_itself_without_change(value: Decimal, code: str) -> None:
    if abs(value.adjusted()) <= 40:
        assert convert(value, code, target=code, places=300) == value


@given(st.integers(-(10**9), 10**9), CODES, st.data())
def test_there_and_back_is_the_same_value(units: int, source: str, data: st.DataObject) -> None:
    same = sorted(c for c in UNITS if UNITS[c].quantity == UNITS[source].quantity)
    target = data.draw(st.sampled_from(same))
    value = Decimal(units).scaleb(-3)
    there = convert(value, source, target=target, places=60)
    assert convert(there, target, target=source, places=20) == value


@given(CODES, CODES)
def test_units_convert_within_their_quantity_only(source: str, target: str) -> None:
    if UNITS[source].quantity == UNITS[target].quantity:
        convert(Decimal(1), source, target=target)
        return
    with pytest.raises(UnitMismatch, match="expected a unit of"):
        convert(Decimal(1), source, target=target)


def test_a_mismatch_names_both_units_and_quantities() -> None:
    with pytest.raises(UnitMismatch) as caught:
        convert(Decimal(1), "NU", target="JOU")
    assert str(caught.value) == (
        "expected a unit of torque like NU (newton metre), found JOU (joule), a unit of energy"
    )


@pytest.mark.parametrize("code", ["PSI", "kg", "", "h87", "X" * 80])
def test_a_record_s_unit_is_a_code_and_nothing_else(code: str) -> None:
    with pytest.raises(UnknownUnit, match="expected a unit of Recommendation 20, found"):
        find_unit(code)


def test_an_abbreviation_in_a_record_is_refused_with_the_code() -> None:
    with pytest.raises(UnknownUnit, match=r"found 'psi': did you mean PS \(pound-force per"):
        find_unit("psi")


def test_pieces_are_counted_and_sets_are_not() -> None:
    assert all(map(is_counting, ["H87", "C62", "EA", "PR", "T3"]))
    assert not any(map(is_counting, ["KGM", "SET", "LO", "MTR", "kg", ""]))


# ---- pieces ----


@pytest.mark.parametrize(
    ("quantity", "unit", "part_unit", "per_unit", "expected"),
    [
        ("7", "H87", None, None, "7"),
        ("2.5", "DZN", None, None, "30"),
        # Whatever the part says, a counting unit is worth what it counts.
        ("2", "DZN", "KGM", "40", "24"),
        ("3", "KGM", "KGM", "40", "120"),
        ("500", "GRM", "KGM", "40", "20"),
        ("20", "MIN", "HUR", "3", "1"),
        ("2", "LADLE", "LADLE", "5", "10"),
        ("3", "KGM", "KGM", None, None),
        ("3", "KGM", None, "40", None),
        ("3", "KGM", "KGM", "0", None),
        ("3", "LTR", "KGM", "40", None),
        ("3", "KGM", "H87", "1", None),
        ("3", "LADLE", "KGM", "40", None),
    ],
)
def test_pieces_follow_one_rule(
    quantity: str, unit: str, part_unit: str | None, per_unit: str | None, expected: str | None
) -> None:
    found = pieces(
        Decimal(quantity),
        unit,
        part_unit=part_unit,
        pieces_per_unit=None if per_unit is None else Decimal(per_unit),
    )
    assert found == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("unit", "part_unit", "per_unit", "expected"),
    [
        ("GRM", "KGM", None, True),
        ("DZN", "KGM", "40", True),
        ("DZN", "KGM", None, False),
        ("DZN", "LADLE", "5", True),
        ("LADLE", "LADLE", None, True),
        ("KGM", "H87", "1", False),
        ("LTR", "KGM", "40", False),
    ],
)
def test_goods_are_comparable_within_a_quantity_or_by_pieces(
    unit: str, part_unit: str, per_unit: str | None, *, expected: bool
) -> None:
    per = None if per_unit is None else Decimal(per_unit)
    assert is_convertible(unit, part_unit, pieces_per_unit=per) is expected


# ---- the table itself ----


def test_every_row_of_the_table_stands_once() -> None:
    names = Counter(name for unit in UNITS.values() for name in (unit.en, unit.zh))
    assert [name for name, count in names.items() if count > 1] == []
    assert len(UNITS) >= 120


def test_the_first_unit_of_every_quantity_is_its_measure() -> None:
    first: dict[str, Unit] = {}
    for unit in UNITS.values():
        first.setdefault(unit.quantity, unit)
    assert [u.code for u in first.values() if u.factor != 1 or u.offset] == []
    assert all(unit.factor > 0 for unit in UNITS.values())


def test_only_temperatures_have_an_offset() -> None:
    assert {unit.code for unit in UNITS.values() if unit.offset} == {"CEL", "FAH"}


@pytest.mark.parametrize(
    ("prefix", "factor"),
    [
        ("pico", Fraction(1, 10**12)),
        ("nano", Fraction(1, 10**9)),
        ("micro", Fraction(1, 10**6)),
        ("milli", Fraction(1, 1000)),
        ("centi", Fraction(1, 100)),
        ("deci", Fraction(1, 10)),
        ("hecto", Fraction(100)),
        ("kilo", Fraction(1000)),
        ("mega", Fraction(10**6)),
        ("giga", Fraction(10**9)),
    ],
)
def test_a_prefix_is_worth_what_it_is_named_for(prefix: str, factor: Fraction) -> None:
    by_name = {unit.en: unit for unit in UNITS.values()}
    pairs = [
        (unit, by_name[name.removeprefix(prefix)])
        for name, unit in by_name.items()
        if name.startswith(prefix) and name.removeprefix(prefix) in by_name
    ]
    assert pairs
    for prefixed, plain in pairs:
        assert prefixed.factor == plain.factor * factor, prefixed


# ---- how people write them ----


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("pcs", "H87"),
        ("St", "H87"),
        ("Stk", "H87"),
        ("个", "H87"),
        ("件", "H87"),
        ("kg", "KGM"),
        ("mm", "MMT"),
        ("um", "4H"),
        ("µm", "4H"),
        ("μm", "4H"),
        ("°C", "CEL"),
        ("℃", "CEL"),
        (" N m ", "NU"),
        ("Newton Metre", "NU"),
        ("千牛", "B47"),
        ("MPa", "MPA"),
        ("mPa", "74"),
        ("H87", "H87"),
    ],
)
def test_an_import_recognises_usual_spellings(spelling: str, code: str) -> None:
    assert recognise_unit(spelling) == code


@pytest.mark.parametrize("spelling", ["mpa", "KgS", "foo", "", "mv"])
def test_an_import_does_not_guess(spelling: str) -> None:
    with pytest.raises(UnknownUnit):
        recognise_unit(spelling)


def test_every_alias_means_a_unit_and_none_hides_a_code() -> None:
    assert {code for code in ALIASES.values() if code not in UNITS} == set()
    assert {s: c for s, c in ALIASES.items() if s in UNITS and c != s} == {}


def test_no_spelling_stands_for_two_units() -> None:
    from quality import unit_aliases

    spelled = Counter(
        spelling
        for row in unit_aliases._ROWS.strip().splitlines()
        for spelling in row.split(": ", 1)[1].split()
    )
    assert [spelling for spelling, count in spelled.items() if count > 1] == []


def test_every_name_can_be_imported() -> None:
    for unit in UNITS.values():
        assert recognise_unit(unit.en) == unit.code
        assert UNITS[recognise_unit(unit.zh)].quantity == unit.quantity
