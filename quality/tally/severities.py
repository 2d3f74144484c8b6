"""Which severity a tally is opened by: what is in force, stated or specified, and what is not so.

ISO 2859-1:1999, 9.3: reduced inspection and its end, tightened inspection and discontinuing
follow from the lots before. A party may state another severity, and is told where it asks less
of the lot than what is in force; it may not reduce by itself, nor take up what is discontinued.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from quality.errors import MalformedTally
from quality.sampling.severity import Severity, is_looser
from quality.sampling.words import SEVERITIES_ZH
from quality.tally.plan import CLASS_WORDS, CLASSES

#: Where a severity comes from, as the answer says.
STATED, IN_FORCE, SPECIFIED = "stated", "in-force", "specification"
DEFAULT, UNKNOWN = "default", "unknown"
NOT_IN_FORCE: Final = "severity-not-in-force"


@dataclass(frozen=True, slots=True)
class InForce:
    """Severities in force by class for the next lot; ``is_told`` is false where nobody says."""

    by_class: Mapping[str, Severity] = field(default_factory=dict)
    is_told: bool = True


def choose_severities(
    in_force: InForce, *, stated: Mapping[str, Severity], specified: Mapping[str, Severity]
) -> dict[str, tuple[str, str]]:
    """By class the severity, and where it is from.

    Args:
        in_force: what follows from the lots before.
        stated: what the party says.
        specified: what the specification says.

    Raises:
        MalformedTally: reduced inspection that is not in force.
    """
    return {name: _choose(name, in_force, stated, specified) for name in CLASSES}


def severity_flags(
    in_force: InForce, stated: Mapping[str, Severity]
) -> Iterator[Mapping[str, str]]:
    """What is remarkable about the severities that a party states, by class."""
    for name in CLASSES:
        due = in_force.by_class.get(name)
        said = stated.get(name)
        if due is None or (said is None and due is not Severity.DISCONTINUED):
            continue
        if due is Severity.DISCONTINUED:
            en = f"inspection of {name} is discontinued: no lot is accepted until it is resumed"
            zh = f"{CLASS_WORDS[name]}类检验已中止：恢复前不接收任何批"
        elif said is not None and is_looser(said, due):
            en = f"{name}: {said} inspection is stated, {due} inspection is in force"
            zh = f"{CLASS_WORDS[name]}：应采用{SEVERITIES_ZH[due]}，声明为{SEVERITIES_ZH[said]}"
        else:
            continue
        yield {"flag": NOT_IN_FORCE, "class": name, "en": en, "zh": zh}


def _choose(
    name: str,
    in_force: InForce,
    stated: Mapping[str, Severity],
    specified: Mapping[str, Severity],
) -> tuple[str, str]:
    due = in_force.by_class.get(name)
    if due is Severity.DISCONTINUED:
        return str(due), IN_FORCE
    ranked = ((stated.get(name), STATED), (due, IN_FORCE), (specified.get(name), SPECIFIED))
    nobody = (Severity.NORMAL, DEFAULT if in_force.is_told else UNKNOWN)
    severity, source = next(((one, by) for one, by in ranked if one is not None), nobody)
    if severity is Severity.REDUCED and due is not Severity.REDUCED:
        known = "normal" if due is None and in_force.is_told else due or "none that is told"
        raise MalformedTally(
            f"/severities/{name}: expected reduced only while it is in force, found it by "
            f"{source}, and {known} in force: state normal"
        )
    return str(severity), source
