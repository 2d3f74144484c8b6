"""``lotmark plan``: the sampling plan of a lot, and what it risks; offline."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import click

from api.cli.faults import CommandFault
from api.cli.options import language_option, pass_output
from api.cli.output import Output
from quality.builtin_parameters import builtin_sampling
from quality.errors import NoSamplingPlan
from quality.sampling.letters import LEVELS
from quality.sampling.parameters import parse_sampling_parameters
from quality.sampling.plan import C_ZERO, ISO, WHOLE_LOT, Plan, Severity
from quality.sampling.plan_words import plan_words
from quality.sampling.risk import risk_words
from quality.sampling.specified import ClassSampling, class_plans, default_sampling
from quality.sampling.words import CLASSES_ZH

#: What a user types, and what the inspection report says.
_STANDARDS: Final = {"c=0": C_ZERO, "iso": ISO, "100": WHOLE_LOT}


class AqlType(click.ParamType[Decimal]):
    """An AQL as a decimal number."""

    name = "aql"

    def convert(self, value: Any, param: Any, ctx: Any) -> Decimal:
        """The number; whether the tables have it is theirs to say."""
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"expected a number such as 0.65, found {value!r}", param, ctx)
        if not number.is_finite() or not 0 < number <= 1000:
            self.fail(f"expected an AQL from 0.010 to 1000, found {value!r}", param, ctx)
        return number


@click.command("plan")
@click.argument("lot", type=click.IntRange(1, 1_000_000_000))
@click.option("--standard", type=click.Choice(list(_STANDARDS)), help="c=0 if left out.")
@click.option("--level", type=click.Choice(list(LEVELS)), help="Inspection level.")
@click.option("--aql", type=AqlType(), help="One plan for this AQL, not one a class.")
@click.option(
    "--severity",
    type=click.Choice([str(severity) for severity in Severity]),
    default="normal",
    show_default=True,
    help="The table; reduced is that of MIL-STD-105E II-C.",
)
@language_option
@pass_output
def plan(  # one option each
    output: Output,
    *,
    lot: int,
    severity: str,
    language: str,
    **asked: Any,
) -> None:
    """Tell the sampling plan of a LOT of so many units, and what it risks.

    Level and AQL are those of the class of defects by the sampling parameters that this version
    brings, where they are left out. c = 0 is the default; --standard iso is for what a
    specification asks for by ISO 2859-1, and never for special characteristics or the class
    critical.
    """
    sampling = _sampling(**asked)
    try:
        plans = class_plans(lot, sampling, severities=dict.fromkeys(sampling, Severity(severity)))
    except NoSamplingPlan as fault:
        raise CommandFault(fault.code, str(fault), remedy="Take one of those.") from fault
    for name, found in plans.items():
        _tell(output, name, found, language=language)
    output.result({"lot": lot, "plans": {name: _members(one) for name, one in plans.items()}})


def _sampling(
    *, standard: str | None, level: str | None, aql: Decimal | None
) -> Mapping[str, ClassSampling]:
    """What was asked for, completed by the built-in parameters; one plan where an AQL is named."""
    defaults = default_sampling(parse_sampling_parameters(builtin_sampling().text))
    named = _STANDARDS.get(standard or "")
    if aql is not None:
        return {"": ClassSampling(named or C_ZERO, level or defaults["major"].level, aql)}
    return {
        name: ClassSampling(
            one.standard if named is None or _is_critical(name, named) else named,
            level or one.level,
            one.aql,
        )
        for name, one in defaults.items()
    }


def _is_critical(defect_class: str, standard: str) -> bool:
    """The class critical stays with c = 0 where the others are sampled by the tables."""
    return defect_class == "critical" and standard == ISO


def _tell(output: Output, defect_class: str, found: Plan, *, language: str) -> None:
    first, *rest = plan_words(found)[language]
    head = {"en": f"{defect_class}: ", "zh": f"{CLASSES_ZH.get(defect_class)}："}[language]
    output.say(f"{head if defect_class else ''}{first}")
    for line in rest:
        output.say(f"  {line}")


def _members(found: Plan) -> dict[str, Any]:
    return {
        "standard": found.standard,
        "label": found.label,
        "level": found.level,
        "aql": None if found.aql is None else f"{found.aql:f}",
        "severity": str(found.severity),
        "letter_asked": found.letter_asked,
        "letter_used": found.letter_used,
        "arrow": found.arrow,
        "sample": found.sample,
        "accept": found.accept,
        "reject": found.reject,
        "whole_lot": found.whole_lot,
        "risk": dict(risk_words(found)),
    }
