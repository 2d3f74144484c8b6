"""The defaults of sampling: a parameters document of the log, named ``sampling``.

What a specification does not say about sampling is said here, and nowhere in code: standard,
level and AQL by class of defects, whether reduced inspection may be authorised, and the bounds
of skip-lot. The form stands in docs/spec/sampling.md; the newest of the name is in force.

What is not checked here: whether the members chose wisely.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from ledger import limits
from ledger.errors import MalformedJson
from ledger.faults import Refusal
from ledger.fold_state import Parameters
from ledger.strict_json import parse_json
from quality.errors import MalformedSamplingParameters
from quality.sampling import letters, master_table

#: The name of the parameters on the log.
SAMPLING: Final = "sampling"
STANDARDS: Final = ("c=0", "ISO 2859-1", "100 %")
LEVELS: Final = tuple(letters.LEVELS)
CLASSES: Final = ("critical", "major", "minor")
#: The preferred series of ISO 2859-1 as its tables print it: 0.010 to 1000.
AQLS: Final = tuple(f"{aql:f}" for aql in master_table.AQLS)
#: Of the bounds of skip-lot. One in one is inspection of each lot, and no skip-lot.
_ACCEPTED: Final = (1, 1_000)
_ONE_IN: Final = (2, 100)
_HOURS: Final = (1, 8_760)
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClassDefaults:
    """Level and AQL of a class of defects."""

    level: str
    aql: Decimal


@dataclass(frozen=True, slots=True)
class SkipLotBounds:
    """Within which bounds lots may be skipped.

    Attributes:
        accepted_before: lots of the part in a row that were accepted just before.
        one_in_max: at least one lot in so many is inspected.
        reveal_within_hours_max: the longest time that a customer may give itself.
    """

    accepted_before: int
    one_in_max: int
    reveal_within_hours_max: int


@dataclass(frozen=True, slots=True)
class SamplingParameters:
    """The document ``sampling``, read."""

    version: str
    standard: str
    classes: Mapping[str, ClassDefaults]
    may_reduce: bool
    skip_lot: SkipLotBounds


def parse_sampling_parameters(text: str) -> SamplingParameters:
    """Read the text of the document.

    Raises:
        MalformedSamplingParameters: no strict JSON of that form; the text says where.
    """
    # The text first: the cache would keep a text of any length as its key.
    if len(text) > limits.DOCUMENT_BYTES_MAX:
        most = f"at most {limits.DOCUMENT_BYTES_MAX} characters"
        raise MalformedSamplingParameters(f"sampling: expected {most}, found {len(text)}")
    return _parse(text)


@lru_cache(maxsize=16)
def _parse(text: str) -> SamplingParameters:
    try:
        found = parse_json(
            text.encode("utf-8", "surrogatepass"), bytes_max=limits.DOCUMENT_BYTES_MAX
        )
    except MalformedJson as fault:
        raise MalformedSamplingParameters(f"sampling: {fault}") from fault
    names = ("parameters", "version", "standard", "classes", "reduced", "skip_lot")
    body = _object(found, "", members=names)
    _one_of(body["parameters"], "/parameters", allowed=(SAMPLING,))
    version, reduced = body["version"], body["reduced"]
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise _malformed("/version", f"text of the form {_VERSION.pattern}", version)
    if not isinstance(reduced, bool):
        raise _malformed("/reduced", "true or false", reduced)
    classes = _object(body["classes"], "/classes", members=CLASSES)
    return SamplingParameters(
        version=version,
        standard=_one_of(body["standard"], "/standard", allowed=STANDARDS),
        classes=MappingProxyType({name: _read_class(classes, name) for name in CLASSES}),
        may_reduce=reduced,
        skip_lot=_read_skip_lot(body["skip_lot"]),
    )


def sampling_in_force(parameters: Mapping[str, Parameters]) -> SamplingParameters | None:
    """The document in force by the public fold; None where there is none.

    One that is none counts as none: it was admitted by a log that did not judge it.
    """
    found = parameters.get(SAMPLING)
    if found is None:
        return None
    try:
        return parse_sampling_parameters(found.text)
    except MalformedSamplingParameters:
        return None


def judge_sampling_parameters(name: str, text: str, *, before: str | None) -> Refusal | None:
    """Whether parameters may have this text, where they are named ``sampling``.

    Args:
        name: that of the parameters; another one is not judged.
        text: the document.
        before: the text of the name that is in force, if there is one.
    """
    if name != SAMPLING:
        return None
    try:
        after = parse_sampling_parameters(text)
        if before is not None and _version_of(before) == after.version:
            raise _malformed("/version", "another than the one in force", after.version)
    except MalformedSamplingParameters as fault:
        return Refusal("malformed-document", str(fault))
    return None


def _version_of(text: str) -> str | None:
    try:
        return parse_sampling_parameters(text).version
    except MalformedSamplingParameters:
        return None


# ---- reading ----


def _read_class(classes: Mapping[str, object], name: str) -> ClassDefaults:
    place = f"/classes/{name}"
    found = _object(classes[name], place, members=("level", "aql"))
    aql = _one_of(found["aql"], f"{place}/aql", allowed=AQLS)
    return ClassDefaults(_one_of(found["level"], f"{place}/level", allowed=LEVELS), Decimal(aql))


def _read_skip_lot(found: object) -> SkipLotBounds:
    bounds = {
        "accepted_before": _ACCEPTED,
        "one_in_max": _ONE_IN,
        "reveal_within_hours_max": _HOURS,
    }
    body = _object(found, "/skip_lot", members=tuple(bounds))
    for name, (least, most) in bounds.items():
        value = body[name]
        if type(value) is not int or not least <= value <= most:
            raise _malformed(f"/skip_lot/{name}", f"a whole number {least} to {most}", value)
    return SkipLotBounds(**body)


def _object(found: object, place: str, *, members: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(found, dict) or found.keys() != set(members):
        shown = ", ".join(sorted(found))[:80] if isinstance(found, dict) else found
        expected = f"an object of {', '.join(members)}"
        raise _malformed(place or "sampling", expected, shown)
    return found


def _one_of(found: object, place: str, *, allowed: tuple[str, ...]) -> str:
    if isinstance(found, str) and found in allowed:
        return found
    raise _malformed(place, f"one of {', '.join(allowed)}", found)


def _malformed(place: str, expected: str, found: object) -> MalformedSamplingParameters:
    shown = repr(found[:80]) if isinstance(found, str) else str(found)[:80]
    return MalformedSamplingParameters(f"{place}: expected {expected}, found {shown}")
