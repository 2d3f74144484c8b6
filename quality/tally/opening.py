"""What a tally is opened with, and the plan that is made of it.

A party says the lot and the stage as its report will, and either cites a specification in the
lot or types a plan or characteristics. What is not said comes from the sampling parameters of
the log (docs/spec/tally.md, section 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from ledger import limits
from ledger.errors import MalformedJson
from ledger.strict_json import parse_json_object
from quality.errors import MalformedTally, NoSamplingPlan
from quality.plausible import plausible_range
from quality.sampling.parameters import SamplingParameters
from quality.sampling.plan import Plan, Severity
from quality.sampling.risk import risk_words
from quality.sampling.specified import (
    ClassSampling,
    class_plans,
    specified_sampling,
    specified_severities,
)
from quality.tally.plan import (
    CHARACTERISTICS_MAX,
    CLASSES,
    Characteristic,
    ClassPlan,
    TallyPlan,
)
from quality.tally.readings import is_code
from quality.tally.severities import InForce, choose_severities, severity_flags
from quality.tally.typed import typed_classes, typed_risks, typed_severities
from quality.unit_table import UNITS
from quality.values import Groups, items, part, text

_NAMES: Final = frozenset({"lot", "stage", "plan", "characteristics", "severities", "outside"})
_STATED: Final = tuple(Severity)[:3]
_DIMENSIONS: Final = frozenset({"length", "angle", "area", "volume", "mass"})
_GOVERNED: Final = {"CC": "critical", "SC": "major"}


@dataclass(frozen=True, slots=True)
class Opening:
    """What a party says: groups of the report to be, and how values outside are counted.

    ``typed`` is the report's group ``plan``, or None; ``characteristics`` those typed in the
    form of a specification; ``outside`` gives class and code by characteristic.
    """

    lot: Mapping[str, Any]
    stage: str
    typed: Mapping[str, Any] | None = None
    characteristics: Sequence[Any] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    outside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a plan rests on beside what the party says.

    ``in_force`` are severities by what was delivered before; ``specification`` the groups of the
    one that is cited, as the party reads them.
    """

    pieces: int
    parameters: SamplingParameters
    specification: Groups | None = None
    in_force: InForce = field(default_factory=InForce)


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan, by class what it risks in words, and the severity with where it comes from.

    ``flags`` say where what is stated asks less than what is in force.
    """

    plan: TallyPlan
    risks: Mapping[str, Mapping[str, str]]
    severities: Mapping[str, tuple[str, str]]
    flags: tuple[Mapping[str, str], ...] = ()


def parse_opening(data: bytes) -> Opening:
    """Read the body that opens a tally.

    Raises:
        MalformedTally: no JSON, an unknown member, or a value outside its form. Groups of the
            report are judged as such, elsewhere.
    """
    try:
        members = parse_json_object(data, bytes_max=limits.TALLY_OPENING_BYTES_MAX)
    except MalformedJson as fault:
        raise MalformedTally(f"expected what a tally is opened with: {fault}") from fault
    if unknown := sorted(members.keys() - _NAMES):
        named = ", ".join(sorted(_NAMES))
        raise MalformedTally(f"expected members of {named}, found {unknown[0][:60]!r}")
    lot, stage = members.get("lot"), members.get("stage")
    if not isinstance(lot, dict) or not isinstance(stage, str):
        raise MalformedTally("expected lot and stage, as the report says them, found other forms")
    return Opening(
        lot=lot,
        stage=stage,
        typed=_object(members, "plan"),
        characteristics=_characteristics(members),
        severities=_severities(_object(members, "severities") or {}),
        outside=_outside(_object(members, "outside") or {}),
    )


def plan_lot(opening: Opening, grounds: Grounds) -> Planned:
    """The plan of a tally.

    Args:
        opening: what the party says; its groups conform to the type of the report.
        grounds: the rest.

    Raises:
        MalformedTally: no table has a plan for it, or it names what is not there.
    """
    cited = grounds.specification
    specification = cited or {"characteristics": opening.characteristics}
    stated = opening.severities
    if opening.typed is not None:
        stated = typed_severities(opening.typed, stated)
    severities = choose_severities(
        grounds.in_force, stated=stated, specified=specified_severities(specification)
    )
    if opening.typed is None:
        classes, risks = _drawn(grounds, specification, severities)
    else:
        classes = typed_classes(opening.typed, severities)
        risks = typed_risks(classes, pieces=grounds.pieces)
    found = _measured(specification, classes, opening.outside)
    plan = TallyPlan(grounds.pieces, classes, found, is_cited=cited is not None)
    told = {one.name: severities[one.name] for one in classes}
    return Planned(plan, risks, told, tuple(severity_flags(grounds.in_force, stated)))


# ---- plans by class ----


def _drawn(
    grounds: Grounds, specification: Groups, severities: Mapping[str, tuple[str, str]]
) -> tuple[tuple[ClassPlan, ...], Mapping[str, Mapping[str, str]]]:
    """The plans that the specification asks for, or the parameters."""
    parameters = grounds.parameters
    defaults = {
        name: ClassSampling(parameters.standard, one.level, one.aql)
        for name, one in parameters.classes.items()
    }
    asked = specified_sampling(specification, defaults=defaults)
    by_class = {name: Severity(severity) for name, (severity, _) in severities.items()}
    try:
        plans = class_plans(grounds.pieces, asked, severities=by_class)
    except NoSamplingPlan as fault:
        raise MalformedTally(f"/lot/quantity: {fault}") from fault
    risks = {name: dict(risk_words(plan)) for name, plan in plans.items()}
    return tuple(_class_plan(name, plans[name]) for name in CLASSES if name in plans), risks


def _class_plan(name: str, plan: Plan) -> ClassPlan:
    return ClassPlan(
        name=name,
        standard=plan.standard,
        sample=plan.sample,
        accept=plan.accept,
        reject=plan.reject,
        level=plan.level,
        aql=None if plan.aql is None else f"{plan.aql:f}",
        severity=str(plan.severity),
        letter_asked=plan.letter_asked,
        letter_used=plan.letter_used,
        arrow=plan.arrow,
        whole_lot=plan.whole_lot,
        counts_nonconformities=plan.counts_nonconformities,
    )


# ---- characteristics ----


def _measured(
    specification: Groups,
    classes: Sequence[ClassPlan],
    outside: Mapping[str, Mapping[str, str]],
) -> tuple[Characteristic, ...]:
    found = items(specification, "characteristics")
    known = {text(one, "number") for one in found}
    if stray := sorted(outside.keys() - known):
        raise MalformedTally(f"/outside: expected numbers of the plan, found {stray[0]!r:.60}")
    planned = tuple(
        _characteristic(one, classes, outside.get(text(one, "number") or "", {})) for one in found
    )
    measured = sum(not one.is_attributive for one in planned)
    if measured > CHARACTERISTICS_MAX:
        raise MalformedTally(
            f"expected at most {CHARACTERISTICS_MAX} characteristics that are measured, as a "
            f"report holds, found {measured}"
        )
    return planned


def _characteristic(
    one: object, classes: Sequence[ClassPlan], stated: Mapping[str, str]
) -> Characteristic:
    special, unit = text(one, "class") or "none", text(one, "unit") or ""
    named = {item.name: item for item in classes}
    governed = stated.get("class") or _GOVERNED.get(special, "major")
    plan = named.get(governed) or max(classes, key=lambda item: item.sample)
    plausible = plausible_range(one)
    is_attributive = part(one, "attributive") is True
    return Characteristic(
        number=text(one, "number") or "",
        name=text(one, "name") or "",
        special=special,
        defect_class=governed,
        code=stated.get("code") or _code_of(unit),
        unit=unit,
        pieces=0 if is_attributive else plan.sample,
        nominal=text(one, "nominal"),
        lower=text(one, "lower"),
        upper=text(one, "upper"),
        plausible_from=_written(plausible.low),
        plausible_to=_written(plausible.high),
        is_attributive=is_attributive,
    )


def _written(bound: Decimal | None) -> str | None:
    return None if bound is None else f"{bound:f}"


def _code_of(unit: str) -> str:
    """The code of a value outside its limits, where none is stated: dimension, or function."""
    known = UNITS.get(unit)
    return "DIM" if known is None or known.quantity in _DIMENSIONS else "FUN"


# ---- reading ----


def _object(members: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    found = members.get(name)
    if found is not None and not isinstance(found, dict):
        raise MalformedTally(f"/{name}: expected an object, found another form")
    return found


def _characteristics(members: Mapping[str, Any]) -> Sequence[Any]:
    found = members.get("characteristics", [])
    if not isinstance(found, list):
        raise MalformedTally("/characteristics: expected an array, found another form")
    lot = members["lot"]
    if found and isinstance(lot, dict) and lot.get("specification") is not None:
        raise MalformedTally(
            "/characteristics: expected none beside a specification that is cited, found some"
        )
    return found


def _severities(members: Mapping[str, Any]) -> dict[str, Severity]:
    for name, severity in members.items():
        if name not in CLASSES or severity not in _STATED:
            raise MalformedTally(
                f"/severities: expected {', '.join(_STATED)} by class, found {name[:20]!r}: "
                f"{severity!r:.40}"
            )
    return {name: Severity(severity) for name, severity in members.items()}


def _outside(members: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    for number, said in members.items():
        is_right = (
            isinstance(said, dict)
            and said.keys() <= {"class", "code"}
            and said.get("class", CLASSES[0]) in CLASSES
            and is_code(said.get("code", "DIM"))
        )
        if not is_right:
            raise MalformedTally(
                f"/outside/{number[:60]}: expected class ({', '.join(CLASSES)}) and code of a "
                "defect, found another form"
            )
    return {number: dict(said) for number, said in members.items()}
