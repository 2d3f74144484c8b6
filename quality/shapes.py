"""The form that the group ``state`` must have for what it says to bind.

The built-in types have it by their schemas. The members of a log may vote a definition of their
own for such a type: a record of another form is refused outside the head lock, and one that a
log holds all the same puts nothing in force and is judged by nothing. An act of a kind that
this trade does not know is left to its members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from ledger.faults import Fault
from ledger.relations import ACT_VCT, find_act_faults
from ledger.sharing.act_forms import SHARING_ACTS, find_sharing_faults
from quality.in_force.models import Decision
from quality.in_force.skipping import read_hash
from quality.values import Groups

#: Longer than any DID or code of a built-in type.
_CHARACTERS_MAX: Final = 1_024
_FAMILIES_MAX: Final = 64
#: More than any number of a built-in act, and little enough to compute with.
_NUMBER_MAX: Final = 10_000
_KINDS: Final = frozenset({"relation", "endorse", "end"}) | SHARING_ACTS


def shape_faults(vct: str, groups: Groups) -> Iterator[Fault]:
    """What keeps ``state`` from being read; nothing where the group is absent or withheld."""
    state = groups.get("state")
    if state is None or vct not in _MEMBERS:
        return
    if not isinstance(state, dict):
        yield Fault("/state", "an object", "another value")
        return
    if vct == ACT_VCT:
        yield from find_act_faults(state)
        yield from find_sharing_faults(state)
        act = state.get("act")
        wanted = _TRADE_ACTS.get(act, {}) if isinstance(act, str) else {}
    else:
        wanted = _MEMBERS[vct]
    yield from _member_faults("/state", state, wanted=wanted)


def is_readable(vct: str, groups: Groups) -> bool:
    """Whether facts can be made of the groups: they need no state, or it has the form."""
    if vct not in _MEMBERS:
        return True
    state = groups.get("state")
    if not isinstance(state, dict) or any(shape_faults(vct, groups)):
        return False
    return vct != ACT_VCT or state["act"] in _KINDS or state["act"] in _TRADE_ACTS


def _member_faults(
    pointer: str, members: Mapping[str, object], *, wanted: _Members
) -> Iterator[Fault]:
    for name, form in wanted.items():
        value = members.get(name)
        if isinstance(form, Mapping):
            if isinstance(value, dict):
                yield from _member_faults(f"{pointer}/{name}", value, wanted=form)
            else:
                yield Fault(f"{pointer}/{name}", "an object", "another value or none")
            continue
        expected, is_right = form
        if not is_right(value):
            yield Fault(f"{pointer}/{name}", expected, "another value or none")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _CHARACTERS_MAX


def _is_text_or_none(value: object) -> bool:
    return value is None or _is_text(value)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object) -> bool:
    return type(value) is int and 0 < value <= _NUMBER_MAX


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and read_hash(value) is not None


def _is_decision(value: object) -> bool:
    return isinstance(value, str) and value in set(Decision)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and len(value) <= _FAMILIES_MAX and all(map(_is_text, value))


_Form = tuple[str, Callable[[object], bool]]
_Members = Mapping[str, "_Form | Mapping[str, _Form]"]
_TEXT: Final[_Form] = (f"text of 1 to {_CHARACTERS_MAX} characters", _is_text)
_OPTIONAL: Final[_Form] = (f"text of 1 to {_CHARACTERS_MAX} characters, or none", _is_text_or_none)
_SIDES: Final[Mapping[str, _Form]] = {"customer": _TEXT, "supplier": _TEXT}
_PART: Final[Mapping[str, _Form]] = {**_SIDES, "number": _TEXT}
_LINE: Final[Mapping[str, _Form]] = {
    **{"site": _TEXT, "line": _TEXT, "machine": _TEXT, "part": _TEXT}
}
_DECISION: Final[_Form] = (f"one of {', '.join(Decision)}", _is_decision)
_VERSION: Final[_Form] = ("a whole number from 1", lambda value: type(value) is int and value > 0)
_NUMBER: Final[_Form] = (f"a whole number 1 to {_NUMBER_MAX}", _is_number)
_HASH: Final[_Form] = ("32 bytes in base64url, 43 characters", _is_hash)
#: Acts of the trade's own; those of a log without a trade are read in ``ledger``.
_TRADE_ACTS: Final[Mapping[str, _Members]] = MappingProxyType(
    {
        "move": {"part": _PART, "family": _TEXT},
        "severity": {
            **{"part": _PART, "site": _OPTIONAL, "class": _TEXT},
            **{"to": _TEXT, "reason": _TEXT},
        },
        "skip-commit": {
            **{"part": _PART, "site": _OPTIONAL, "end": _HASH, "length": _NUMBER},
            **{"one_in": _NUMBER, "accepted_before": _NUMBER, "reveal_within_hours": _NUMBER},
        },
        "skip-reveal": {"of": _TEXT, "lot": _TEXT, "position": _NUMBER, "preimage": _HASH},
    }
)
_MEMBERS: Final[Mapping[str, _Members]] = MappingProxyType(
    {
        ACT_VCT: {},
        "site/v1": {"site": _TEXT, "kind": _TEXT, "closed_from": _OPTIONAL},
        "part/v1": {
            **_PART,
            "revision": _TEXT,
            "supplier_number": _OPTIONAL,
            "family": _TEXT,
            "unit": _TEXT,
            "safety": ("true or false", _is_boolean),
            "site": _OPTIONAL,
        },
        "specification/v1": {
            **_SIDES,
            "part": _TEXT,
            "specification": _TEXT,
            "revision": _TEXT,
            "in_force_from": _TEXT,
        },
        "requirement/v1": {
            **_SIDES,
            "requirement": _TEXT,
            "revision": _TEXT,
            "families": (f"a list of at most {_FAMILIES_MAX} families", _are_texts),
            "in_force_from": _TEXT,
        },
        "model-card/v1": {
            **{"owner": _TEXT, "line": _LINE, "onnx_sha256": _HASH, "parent": _OPTIONAL}
        },
        "model-decision/v1": {"card": _TEXT, "decision": _DECISION, "reason": _TEXT},
        "rule-limits/v1": {"line": _LINE, "version": _VERSION, "previous": _OPTIONAL},
        "shipment/v1": {"part": {**_PART, "revision": _OPTIONAL}, "to_site": _OPTIONAL},
        "goods-receipt/v1": {"part": {**_PART, "revision": _OPTIONAL}, "to_site": _OPTIONAL},
    }
)
