"""What an instance has wrong under a schema: every fault, its place and what belongs there.

The engine makes all of its errors before it gives the first one, each with a copy of what it
is about. So an instance of very many values is told its first fault only: a small document
could otherwise take seconds and a gigabyte to refuse.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs import ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

from ledger import limits
from ledger.faults import Fault, fault_at
from ledger.json_pointer import extend_pointer
from ledger.schema_rules import Validator
from ledger.strict_json import describe

_WORDS_MAX: Final = 200


def find_faults(validator: Validator, instance: Any) -> tuple[Fault, ...]:
    """The faults of an instance under a schema, at most :data:`ledger.limits.FAULTS_MAX`.

    All of them where the instance has at most :data:`ledger.limits.VALUES_EXPLAINED_MAX`
    values, else the first.
    """
    if validator.is_valid(instance):
        return ()
    is_small = _count_values(instance, limits.VALUES_EXPLAINED_MAX) >= 0
    errors = validator.iter_errors(instance) if is_small else _first_error(validator, instance)
    return tuple(islice(_explain_all(errors), limits.FAULTS_MAX))


def abbreviate(value: Any) -> str:
    """A value in a few words: a scalar as JSON, a container by its size."""
    if isinstance(value, dict | list):
        return describe(value)
    shown = value[:81] if isinstance(value, str) else value
    text = json.dumps(shown, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _count_values(value: Any, left: int) -> int:
    """How many more values there may be after this one's; negative where there are too many."""
    children = value.values() if isinstance(value, dict) else value
    left -= 1
    if isinstance(value, dict | list):
        for child in children:
            if left < 0:
                break
            left = _count_values(child, left)
    return left


def _first_error(validator: Validator, instance: Any) -> Iterator[ValidationError]:
    try:
        validator.validate(instance)
    except jsonschema_rs.ValidationError as error:
        yield error


def _explain_all(errors: Iterable[ValidationError]) -> Iterator[Fault]:
    for error in errors:
        yield from _explain(error)


def _explain(error: ValidationError) -> Iterator[Fault]:
    pointer = ""
    for step in error.instance_path:
        pointer = extend_pointer(pointer, step)
    match error.kind:
        case Kind.Required(property=name):
            yield fault_at(extend_pointer(pointer, name), "a value", found="none")
        case Kind.AdditionalProperties(unexpected=names):
            for name in names:
                place = extend_pointer(pointer, name)
                yield fault_at(place, "no member of this name", found=name[:80])
        case Kind.AnyOf(context=branches) | Kind.OneOfNotValid(context=branches):
            yield from _explain_branches(branches, error, pointer)
        case kind:
            yield fault_at(pointer, _expectation(kind), found=abbreviate(error.instance))


def _explain_branches(
    branches: list[list[ValidationError]], error: ValidationError, pointer: str
) -> Iterator[Fault]:
    """Explain the one branch that was meant, if it can be told: the others want another type."""
    meant = [branch for branch in branches if not _wants_another_type(branch, error)]
    if len(meant) == 1:
        yield from _explain_all(meant[0])
    else:
        whole = [branch[0].kind for branch in branches if _is_about(branch, error)]
        words = [_expectation(kind) for kind in whole] or ["one of the forms of its type"]
        expected = " or ".join(words)[:_WORDS_MAX]
        yield fault_at(pointer, expected, found=abbreviate(error.instance))


def _is_about(branch: list[ValidationError], error: ValidationError) -> bool:
    return len(branch) == 1 and branch[0].instance_path == error.instance_path


def _wants_another_type(branch: list[ValidationError], error: ValidationError) -> bool:
    return _is_about(branch, error) and isinstance(branch[0].kind, Kind.Type)


def _expectation(kind: Kind) -> str:
    words = _WORDS.get(kind.name, _other_words)
    return words(kind.value)[:_WORDS_MAX]


def _other_words(value: Any) -> str:
    del value
    return "another value"


def _listed(options: Iterable[Any]) -> str:
    return ", ".join(abbreviate(option) for option in islice(options, 20))


_WORDS: Final[dict[str, Callable[[Any], str]]] = {
    "type": lambda types: f"type {' or '.join(sorted(types))}",
    "enum": lambda options: f"one of {_listed(options)}",
    "const": lambda value: _listed([value]),
    "pattern": lambda pattern: f"text of the form {pattern}",
    "minLength": lambda bound: f"at least {bound} characters",
    "maxLength": lambda bound: f"at most {bound} characters",
    "minItems": lambda bound: f"at least {bound} elements",
    "maxItems": lambda bound: f"at most {bound} elements",
    "uniqueItems": lambda _: "no element twice",
    "minProperties": lambda bound: f"at least {bound} members",
    "maxProperties": lambda bound: f"at most {bound} members",
    "minimum": lambda bound: f"at least {bound}",
    "maximum": lambda bound: f"at most {bound}",
    "exclusiveMinimum": lambda bound: f"more than {bound}",
    "exclusiveMaximum": lambda bound: f"less than {bound}",
    "multipleOf": lambda factor: f"a multiple of {factor}",
}
