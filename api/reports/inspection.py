"""An inspection on paper: verdict and lot first, then the plan, what was measured, and defects.

Limits, values and what lies outside are of the record's own digits; means of values are
rounded to two places more than their values have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any, Final

from api.reports.layout import (
    Bar,
    Cell,
    Field,
    Grid,
    Section,
    group_section,
    more_note,
    said,
)
from api.reports.subject import Subject
from api.reports.units import unit_symbol
from api.reports.words import meaning, word
from quality.sampling.plan import ISO, Plan, Severity
from quality.sampling.risk import risk_words

VCT: Final = "inspection-report/v1"
#: Values on paper, of one characteristic and of all; the workbook has every one.
VALUES_OF_ONE: Final = 80
VALUES_OF_ALL: Final = 1_200
_VALUES_A_ROW: Final = 10
_DIGITS_A_ROW: Final = 110
_EXTREMES: Final = frozenset({"minimum", "maximum"})
_FIGURES: Final = ("count", "minimum", "mean", "maximum", "deviation")
_PLACES_MORE: Final = 2
#: Room for the sum of numbers of 34 digits on either side of the point.
_DIGITS_MAX: Final = 120
#: Larger samples and AQLs are in no table, and their risk would take long to tell.
_SAMPLE_MAX: Final = 100_000
_AQL_MAX: Final = 10
_SAME_AS_ISO: Final = "GB/T 2828.1"


def inspection_sections(subject: Subject) -> Iterator[Section]:
    """The sections of an inspection report, as far as its groups were shown."""
    for name in subject.content:
        if name == "measurements":
            yield _measured(subject)
        elif name == "summary":
            yield _summarised(subject)
        elif name == "plan":
            section = group_section(subject, name)
            yield replace(section, lines=tuple(_risks(subject)))
        elif name == "verdict":
            yield _verdict(subject)
        else:
            yield group_section(subject, name)


def verdict_of(subject: Subject) -> tuple[str, str] | None:
    """The decision and what it means; None where it was not shown."""
    decision = subject.groups.get("verdict", {}).get("decision")
    return None if decision is None else (decision, meaning(decision, subject.language))


def _verdict(subject: Subject) -> Section:
    section = group_section(subject, "verdict")
    found = verdict_of(subject)
    bad = found is not None and found[0] != "accept"
    first, *others = section.fields
    return replace(section, fields=(replace(first, is_alarming=bad), *others))


def _risks(subject: Subject) -> Iterator[str]:
    """What each class of the plan lets through, in words."""
    for item in subject.groups["plan"]["classes"]:
        plan = _plan(subject.groups, item)
        if plan is not None:
            name = meaning(item["class"], subject.language)
            yield f"{name}: {risk_words(plan)[subject.language]}"


def _plan(groups: Mapping[str, Any], item: Mapping[str, Any]) -> Plan | None:
    """The plan of one class; None where its lot is not shown or it is none that can be drawn."""
    said, aql = groups["plan"], _limit(item["aql"])
    lot = Decimal(groups.get("lot", {}).get("quantity", "0"))
    sample = int(item.get("sample", said["sample"]))
    is_drawn = 1 <= sample <= _SAMPLE_MAX and sample <= lot and item["accept"] < item["reject"]
    if not is_drawn or lot != lot.to_integral_value() or not (aql is None or 0 < aql <= _AQL_MAX):
        return None
    standard = said["standard"]
    return Plan(
        standard=ISO if standard == _SAME_AS_ISO else standard,
        level=said.get("level"),
        aql=aql,
        severity=Severity(item.get("severity") or said.get("severity") or Severity.NORMAL),
        letter_asked=said.get("letter_asked"),
        letter_used=item.get("letter_used") or said.get("letter_used"),
        arrow="none",
        sample=sample,
        accept=item["accept"],
        reject=item["reject"],
        whole_lot=bool(said["whole_lot"]),
        lot=int(lot),
    )


def _measured(subject: Subject) -> Section:
    language = subject.language
    items = subject.limited["measurements"]["characteristics"]
    ppk = _ppk_of(subject)
    names = ("characteristic", "class", "unit", "lower", "nominal", "upper")
    figures = ("count", "minimum", "mean", "maximum", "outside")
    widths = (26, 11, 12, 13, 15, 13, 10, 13, 15, 13, 14, 11, 24)
    headings = [word(name, language) for name in (*names, *figures)]
    headings += ["Ppk", word("spread", language)]
    rows = [tuple(_characteristic(item, ppk, language)) for item in items]
    grid = Grid(tuple(zip(headings, widths, strict=True)), rows, note=word("legend", language))
    return Section(
        subject.labels.name("/measurements"),
        fields=tuple(limits_fields(subject)),
        grids=(grid, *_value_grids(items, language)),
    )


def limits_fields(subject: Subject) -> Iterator[Field]:
    """Whose limits the values were compared with, where they are not the record's own."""
    if (told := limits_source(subject)) is not None:
        name = word("limits_of", subject.language)
        yield Field(name, told, is_alarming=subject.cited is None)


def limits_source(subject: Subject) -> str | None:
    """The specification that limits are of, or that it was not read; None where none is cited."""
    language, cited = subject.language, subject.cited
    if cited is not None:
        return word(
            "limits_cited",
            language,
            code=cited.code,
            revision=cited.revision,
            index=cited.index,
            record=cited.record_id,
        )
    if "lot" not in subject.groups:
        return word("limits_withheld", language)
    named = subject.groups["lot"].get("specification")
    if named is None:
        return None
    return word("limits_unread", language, code=named["id"], revision=named["revision"])


def _ppk_of(subject: Subject) -> dict[str, str]:
    items = subject.groups.get("summary", {}).get("characteristics", ())
    return {item["id"]: item["ppk"]["value"] for item in items if "ppk" in item}


def _characteristic(
    item: Mapping[str, Any], ppk: Mapping[str, str], language: str
) -> Iterator[Cell]:
    values = [Decimal(found["value"]) for found in item["values"]]
    lower, upper = _limit(item.get("lower")), _limit(item.get("upper"))
    least, most, mean = min(values), max(values), _mean(values)
    yield Cell(_called(item))
    yield Cell("" if item["class"] == "none" else item["class"])
    yield Cell(_unit(item, language))
    yield from (Cell(text) for text in limit_texts(item, language))
    yield Cell(str(len(values)))
    yield Cell(format(least, "f"), is_alarming=_is_outside(least, lower, upper))
    yield Cell(format(mean, "f"))
    yield Cell(format(most, "f"), is_alarming=_is_outside(most, lower, upper))
    outside = outside_of(item)
    told = word("not_compared", language) if outside is None else str(outside)
    yield Cell(told, is_alarming=bool(outside))
    yield Cell(ppk.get(item["id"], ""))
    yield Cell(bar=_bar((lower, upper), (least, mean, most), is_outside=bool(outside)))


def limit_texts(item: Mapping[str, Any], language: str) -> Iterator[str]:
    """Lower limit, nominal value and upper limit; "none" only beside another limit."""
    is_limited = _has_limits(item)
    for name in ("lower", "nominal", "upper"):
        text = item.get(name)
        yield (word("open", language) if is_limited else "–") if text is None else text


def outside_of(item: Mapping[str, Any]) -> int | None:
    """How many values are outside the limits; None where there are none to compare with."""
    if not _has_limits(item):
        return None
    lower, upper = _limit(item.get("lower")), _limit(item.get("upper"))
    return sum(_is_outside(Decimal(found["value"]), lower, upper) for found in item["values"])


def _has_limits(item: Mapping[str, Any]) -> bool:
    return item.get("lower") is not None or item.get("upper") is not None


def _called(item: Mapping[str, Any]) -> str:
    """The number of a characteristic and its name, which are often one."""
    name = item.get("name")
    return item["id"] if not name or name == item["id"] else f"{item['id']} {name}"


def _bar(
    limits: tuple[Decimal | None, Decimal | None],
    figures: tuple[Decimal, Decimal, Decimal],
    *,
    is_outside: bool,
) -> Bar:
    lower, upper = (None if limit is None else float(limit) for limit in limits)
    least, mean, most = map(float, figures)
    return Bar(lower, upper, least, mean, most, is_outside)


def _value_grids(items: Sequence[Mapping[str, Any]], language: str) -> Iterator[Grid]:
    left = VALUES_OF_ALL
    for item in items:
        shown = item["values"][: min(left, VALUES_OF_ONE)]
        left -= len(shown)
        lower, upper = _limit(item.get("lower")), _limit(item.get("upper"))
        cells = [
            Cell(found["value"], is_alarming=_is_outside(Decimal(found["value"]), lower, upper))
            for found in shown
        ]
        a_row = _values_a_row(cells)
        padded = [*cells, *[Cell()] * (-len(cells) % a_row)]
        rows = [padded[at : at + a_row] for at in range(0, len(padded), a_row)]
        if shown:
            name = f"{item['id']} ({_unit(item, language)})"
            yield Grid(
                (("", 1.0),) * a_row,
                rows,
                note=more_note(len(shown), len(item["values"]), language),
                title=word("values_of", language, name=name),
            )


def _values_a_row(cells: Sequence[Cell]) -> int:
    """How many values stand in a row: fewer where they are long."""
    longest = max((len(cell.text) for cell in cells), default=1)
    return max(1, min(_VALUES_A_ROW, _DIGITS_A_ROW // (longest + 2)))


def _summarised(subject: Subject) -> Section:
    language = subject.language
    labels = subject.labels
    place = "/summary/characteristics/*"
    headings = [(word("characteristic", language), 30.0), (word("unit", language), 9.0)]
    headings += [(word("limits", language), 24.0)]
    headings += [(labels.name(f"{place}/{name}"), 15.0) for name in _FIGURES]
    headings += [(labels.name(f"{place}/ppk"), 28.0)]
    items = subject.limited["summary"]["characteristics"]
    rows = [tuple(_summary(item, language)) for item in items]
    fields = () if "measurements" in subject.groups else tuple(limits_fields(subject))
    return Section(labels.name("/summary"), fields=fields, grids=(Grid(tuple(headings), rows),))


def _summary(item: Mapping[str, Any], language: str) -> Iterator[Cell]:
    lower, upper = _limit(item.get("lower")), _limit(item.get("upper"))
    yield Cell(_called(item))
    yield Cell(_unit(item, language))
    least, _, most = limit_texts(item, language)
    has_limits = _has_limits(item)
    yield Cell(f"{least} … {most}" if has_limits else word("not_compared", language))
    for name in _FIGURES:
        value = item.get(name)
        is_bad = name in _EXTREMES and _is_outside(Decimal(item[name]), lower, upper)
        yield Cell("" if value is None else said(value, language), is_alarming=is_bad)
    yield Cell(_interval(item.get("ppk")))


def _unit(item: Mapping[str, Any], language: str) -> str:
    unit = item["unit"]
    return meaning(unit, language) or unit_symbol(unit)


def _interval(ppk: Mapping[str, str] | None) -> str:
    return "" if ppk is None else f"{ppk['value']} ({ppk['lower']} … {ppk['upper']})"


def _limit(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _is_outside(value: Decimal, lower: Decimal | None, upper: Decimal | None) -> bool:
    return (lower is not None and value < lower) or (upper is not None and value > upper)


def _mean(values: Sequence[Decimal]) -> Decimal:
    """The mean, rounded to two places more than the values have."""
    exponents = [value.as_tuple().exponent for value in values]
    places = max(-found for found in exponents if isinstance(found, int))
    with localcontext() as exact:
        exact.prec = _DIGITS_MAX
        return round(sum(values, Decimal(0)) / len(values), places + _PLACES_MORE)


def lot_line(subject: Subject) -> tuple[Field, ...]:
    """What a customer looks for first: the lot and the part."""
    lot = subject.groups.get("lot", {})
    name = subject.labels.name
    return tuple(
        Field(name(f"/lot/{member}"), str(lot[member]))
        for member in ("number", "part")
        if member in lot
    )
