"""What an instance has wrong under a schema: every fault, its place and what belongs there.

The engine makes all of its errors before it gives the first one, each with a copy of what it
is about. So an instance of very many values is told its first fault only: a small document
could otherwise take seconds and a gigabyte to refuse.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
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
from ledger.text_forms import describe_pattern

#: What is expected where a required member is missing, and where there is an unknown one.
NEEDED: Final = "a value"
UNKNOWN: Final = "no member of this name"
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
    explanation = _Explanation(validator.document)
    return tuple(islice(explanation.explain_all(errors), limits.FAULTS_MAX))


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


class _Explanation:
    """Explains errors under one schema, from which known names are read."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def explain_all(self, errors: Iterable[ValidationError]) -> Iterator[Fault]:
        """The faults of each error."""
        for error in errors:
            yield from self._explain(error)

    def _explain(self, error: ValidationError) -> Iterator[Fault]:
        pointer = ""
        for step in error.instance_path:
            pointer = extend_pointer(pointer, step)
        match error.kind:
            case Kind.Required(property=name):
                yield fault_at(extend_pointer(pointer, name), NEEDED, found="none")
            case Kind.AdditionalProperties(unexpected=names):
                for name in names:
                    place = extend_pointer(pointer, name)
                    words = f"{UNKNOWN}{self._known_names(error)}"
                    yield fault_at(place, words[:_WORDS_MAX], found=name[:80])
            case Kind.AnyOf(context=branches) | Kind.OneOfNotValid(context=branches):
                yield from self._explain_branches(branches, error, pointer)
            case Kind.Type(types=types):
                words = _type_words(types, error.instance)
                yield fault_at(pointer, words, found=abbreviate(error.instance))
            case kind:
                yield fault_at(pointer, _expectation(kind), found=abbreviate(error.instance))

    def _explain_branches(
        self, branches: list[list[ValidationError]], error: ValidationError, pointer: str
    ) -> Iterator[Fault]:
        """Explain the one branch that was meant, if it can be told: the others want another."""
        meant = [branch for branch in branches if not _wants_another_type(branch, error)]
        if len(meant) == 1:
            yield from self.explain_all(meant[0])
        else:
            whole = [branch[0].kind for branch in branches if _is_about(branch, error)]
            words = [_expectation(kind) for kind in whole] or ["one of the forms of its type"]
            expected = " or ".join(words)[:_WORDS_MAX]
            yield fault_at(pointer, expected, found=abbreviate(error.instance))

    def _known_names(self, error: ValidationError) -> str:
        """The names that the schema of an unexpected member does know."""
        schema: Any = self._document
        for step in error.schema_path[:-1]:
            schema = _step(schema, step)
        names = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
        return f" (known: {', '.join(names)})" if names else ""


def _step(schema: Any, step: str | int) -> Any:
    match schema, step:
        case dict(), str():
            return schema.get(step)
        case list(), int() if 0 <= step < len(schema):
            return schema[step]
    return None


def _is_about(branch: list[ValidationError], error: ValidationError) -> bool:
    return len(branch) == 1 and branch[0].instance_path == error.instance_path


def _wants_another_type(branch: list[ValidationError], error: ValidationError) -> bool:
    return _is_about(branch, error) and isinstance(branch[0].kind, Kind.Type)


def _expectation(kind: Kind) -> str:
    words = _WORDS.get(kind.name, _other_words)
    return words(kind.value)[:_WORDS_MAX]


def _type_words(types: Iterable[str], instance: Any) -> str:
    """What the types are called; and for a number in place of a text, how it is written."""
    names = sorted(types)
    words = " or ".join(_TYPES.get(name, name) for name in names)
    if "string" in names and type(instance) is int:
        return f'{words}: write "{instance}"'
    return words


def _other_words(value: Any) -> str:
    del value
    return "another value"


def _listed(options: Iterable[Any]) -> str:
    # Words stand as they are; what is no word is written as JSON writes it.
    return ", ".join(
        option[:80] if isinstance(option, str) and option else abbreviate(option)
        for option in islice(options, 20)
    )


_TYPES: Final = {
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}
_WORDS: Final[dict[str, Callable[[Any], str]]] = {
    "type": lambda types: _type_words(types, None),
    "enum": lambda options: f"one of {_listed(options)}",
    "const": lambda value: _listed([value]),
    "pattern": describe_pattern,
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
