"""What must be known of a record to judge it against what is in force, as small JSON values.

Made outside the head lock of groups that conform to their type, and read by
:mod:`quality.masters` under it. Masters are given whole: what they put in force is made of
their facts alone. Of other records it is what they refer to:

=============  =========================================================================
``site``       the place of the signer's site and its code or None; the two are one text list
``codes``      [codebook, code, place] of every code that a codebook may define
``unit``       [unit, place] of the quantity
``part``       {customer, supplier, number, revision} as far as stated
``upload``     the upload that a label is about
=============  =========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from ledger import limits
from quality.shapes import is_readable
from quality.values import Groups, pointed, text

Facts = dict[str, Any]
_LIMITS: Final = ("nominal", "lower", "upper")
DEFECTS, MATERIALS, UNITS = "defects", "materials", "units"
CHARACTERISTICS: Final = "characteristics"


def record_facts(vct: str, groups: Groups) -> Mapping[str, Any] | None:
    """The facts of a record of a built-in type; None where it depends on nothing.

    Args:
        vct: its type.
        groups: its groups by name, which conform to the type as its log defines it. None of a
            state of another form than the built-in one (:mod:`quality.shapes`).
    """
    make = _FACTS.get(vct)
    return make(groups) if make and is_readable(vct, groups) else None


def _act(groups: Groups) -> Facts:
    state = groups["state"]
    assert isinstance(state, dict), "a group without the form of a state gives no facts"
    return state


def _state(groups: Groups) -> Facts:
    return {"state": groups["state"]}


def _site(groups: Groups) -> Facts:
    return _state(groups)


def _part(groups: Groups) -> Facts:
    return {
        **_state(groups),
        "site": _stated(groups, "state", "site"),
        "pieces": _number(groups, "detail", "pieces_per_unit"),
        "codes": [
            *_coded(MATERIALS, groups, "detail", "material"),
            *_coded(UNITS, groups, "state", "unit"),
        ],
    }


def _specification(groups: Groups) -> Facts:
    codes = [
        [book, code, f"{pointer}/{name}"]
        for pointer, one in pointed("", groups, "characteristics")
        for book, name in ((CHARACTERISTICS, "kind"), (UNITS, "unit"))
        if (code := text(one, name)) is not None
    ]
    return {**_state(groups), "site": _stated(groups, "state", "site"), "codes": codes}


def _requirement(groups: Groups) -> Facts:
    return {**_state(groups), "site": _stated(groups, "state", "site"), "codes": []}


def _delivery(groups: Groups) -> Facts:
    return {
        "state": _state(groups)["state"],
        "site": _stated(groups, "state", "site"),
        "unit": _stated(groups, "goods", "unit"),
        "codes": _coded(UNITS, groups, "goods", "unit"),
    }


def _inspection(groups: Groups) -> Facts:
    cited = {name: text(groups, "lot", "specification", name) for name in ("id", "revision")}
    return {
        "site": _stated(groups, "lot", "site"),
        "unit": _stated(groups, "lot", "unit"),
        "part": {
            name: text(groups, "lot", member)
            for name, member in (
                ("customer", "customer"),
                ("supplier", "supplier"),
                ("number", "part"),
                ("revision", "part_revision"),
            )
        },
        "stage": text(groups, "verdict", "stage"),
        "day": (text(groups, "verdict", "decided_at") or "")[:10],
        "specification": cited if all(cited.values()) else None,
        "limits": list(_typed_limits(groups)),
        "codes": [
            *_coded(MATERIALS, groups, "lot", "material"),
            *_coded(UNITS, groups, "lot", "unit"),
            *_defect_codes(groups),
        ],
    }


def _defect_codes(groups: Groups) -> Iterator[list[str]]:
    for pointer, item in pointed("", groups, "defects", "items"):
        code = text(item, "code")
        if code is not None:
            yield [DEFECTS, code, f"{pointer}/code"]


def _typed_limits(groups: Groups) -> Iterator[str]:
    """The places of limits that are typed; null says that a side has none, which types none."""
    for pointer, one in pointed("", groups, "measurements", "characteristics"):
        yield from (f"{pointer}/{name}" for name in _LIMITS if text(one, name) is not None)


def _action(groups: Groups) -> Facts:
    return {
        "site": _stated(groups, "problem", "site"),
        "codes": _coded(DEFECTS, groups, "problem", "defect"),
    }


def _parameters(groups: Groups) -> Facts:
    return {"site": _stated(groups, "process", "site"), "codes": []}


def _credential(groups: Groups) -> Facts:
    return {"site": _stated(groups, "credential", "site"), "codes": []}


def _label(groups: Groups) -> Facts:
    return {"upload": text(groups, "alarm", "upload")}


def _stated(groups: Groups, *path: str) -> list[str | None]:
    """A value and its place."""
    return [text(groups, *path), "/".join(("", *path))]


def _number(groups: Groups, *path: str) -> str | None:
    number = text(groups, *path)
    return number if number and len(number) <= limits.JSON_NUMBER_CHARACTERS_MAX else None


def _coded(book: str, groups: Groups, *path: str) -> list[list[str]]:
    code = text(groups, *path)
    return [] if code is None else [[book, code, "/".join(("", *path))]]


_FACTS: Final[Mapping[str, Callable[[Groups], Facts]]] = MappingProxyType(
    {
        "act/v1": _act,
        "site/v1": _site,
        "part/v1": _part,
        "specification/v1": _specification,
        "requirement/v1": _requirement,
        "shipment/v1": _delivery,
        "goods-receipt/v1": _delivery,
        "inspection-report/v1": _inspection,
        "corrective-action/v1": _action,
        "parameter-upload/v1": _parameters,
        "quality-credential/v1": _credential,
        "model-card/v1": _state,
        "model-decision/v1": _state,
        "alarm-label/v1": _label,
        "rule-limits/v1": _state,
    }
)
