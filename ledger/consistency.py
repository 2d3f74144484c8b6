"""Rules between the groups of a record: a band or a flag beside the exact values it stands for.

A type says how each band follows from exact values (docs/spec/record-types.md, section 7), so
that a party may show the band alone and whoever sees both, then or later, can tell that they
agree. The language is closed and small: pointers, least, greatest, sum, ratio; exact fractions;
no loops, no text operations. Pure: the same groups give the same contradictions everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from ledger import limits
from ledger.errors import MalformedDecimal, MalformedType
from ledger.strict_json import check_decimal

EACH: Final = "*"
_GATHERS: Final = ("value", "least", "greatest", "sum")


@dataclass(frozen=True, slots=True)
class Expression:
    """A number made of values: gathered at a pointer, or the ratio of two others."""

    operation: str
    pointer: str = ""
    terms: tuple[Expression, ...] = ()
    times: Fraction = Fraction(1)

    def pointers(self) -> Iterator[str]:
        """Every pointer that it reads, in order."""
        if self.pointer:
            yield self.pointer
        for term in self.terms:
            yield from term.pointers()


@dataclass(frozen=True, slots=True)
class ConsistencyRule:
    """How one band or flag follows from exact values.

    With ``edges`` it is a band: the name of the first (name, bound) whose bound lies above the
    value, None being no bound. Else a flag: with ``least`` whether the value reaches it, with
    ``among`` whether the text at ``basis`` is one of these.
    """

    stated: str
    basis: tuple[str, ...]
    expression: Expression | None = None
    edges: tuple[tuple[str, Fraction | None], ...] = ()
    least: Fraction | None = None
    among: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A band or flag that its own record's exact values disprove.

    ``stated`` and ``basis`` are pointers into ``{group: value}``; ``expected`` is what follows
    from the values, null where nothing does, ``found`` what the record says.
    """

    stated: str
    basis: tuple[str, ...]
    expected: str | bool | None
    found: object


def compile_rules(items: Any, groups: Iterable[str]) -> tuple[ConsistencyRule, ...]:
    """The rules of a definition.

    Args:
        items: its member ``consistency``.
        groups: the groups that the type defines; no rule speaks of others.

    Raises:
        MalformedType: a rule of another form, or beyond the bounds.
    """
    if not isinstance(items, list) or len(items) > limits.CONSISTENCY_RULES_MAX:
        raise _malformed("", f"at most {limits.CONSISTENCY_RULES_MAX} rules")
    known = frozenset(groups)
    rules = tuple(_rule(item, f"/{at}", known) for at, item in enumerate(items))
    if len({rule.stated for rule in rules}) != len(rules):
        raise _malformed("", "one rule for each band or flag")
    return rules


def find_contradictions(
    rules: Sequence[ConsistencyRule], groups: Mapping[str, Any]
) -> tuple[Contradiction, ...]:
    """What the groups at hand disprove. A rule is asked where every group it reads is there."""
    found = []
    for rule in rules:
        stated = next(iter(_gather(groups, rule.stated)), None)
        if stated is None or not _is_answerable(rule, groups):
            continue
        expected = _expected(rule, groups)
        # In JSON true is not 1, in Python it is.
        if type(expected) is not type(stated) or expected != stated:
            found.append(Contradiction(rule.stated, rule.basis, expected, stated))
    return tuple(found)


def propose_bands(
    rules: Sequence[ConsistencyRule], groups: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """The bands and flags that follow from the groups and are not stated, by group and member."""
    proposed: dict[str, dict[str, Any]] = {}
    for rule in rules:
        _, group, member = rule.stated.split("/")
        stated = groups.get(group)
        has_it = isinstance(stated, dict) and member in stated
        if has_it or not _is_answerable(rule, groups):
            continue
        expected = _expected(rule, groups)
        if expected is not None:
            proposed.setdefault(group, {})[member] = expected
    return proposed


def _is_answerable(rule: ConsistencyRule, groups: Mapping[str, Any]) -> bool:
    """Whether what it reads is all there, and not more than is looked through."""
    if any(pointer.split("/")[1] not in groups for pointer in rule.basis):
        return False
    counted = (sum(1 for _ in _gather(groups, pointer)) for pointer in rule.basis)
    return all(count <= limits.CONSISTENCY_VALUES_MAX for count in counted)


def _expected(rule: ConsistencyRule, groups: Mapping[str, Any]) -> str | bool | None:
    if rule.expression is None:
        text = next(iter(_gather(groups, rule.basis[0])), None)
        return text in rule.among if isinstance(text, str) else None
    value = _evaluate(rule.expression, groups)
    if value is None:
        return None
    if rule.least is not None:
        return value >= rule.least
    return next(name for name, bound in rule.edges if bound is None or value < bound)


def _evaluate(expression: Expression, groups: Mapping[str, Any]) -> Fraction | None:
    """The number; None where there is nothing to make it of."""
    if expression.operation == "ratio":
        above, below = (_evaluate(term, groups) for term in expression.terms)
        return above / below * expression.times if above is not None and below else None
    values = [_number(value) for value in _gather(groups, expression.pointer)]
    numbers = [number for number in values if number is not None]
    if not numbers:
        return None
    match expression.operation:
        case "least":
            return min(numbers)
        case "greatest":
            return max(numbers)
        case "sum":
            return sum(numbers, Fraction(0))
    return numbers[0]


def _number(value: Any) -> Fraction | None:
    if isinstance(value, str):
        try:
            return Fraction(check_decimal(value))
        except MalformedDecimal:
            return None
    return Fraction(value) if type(value) is int else None


def _gather(value: Any, pointer: str) -> Iterator[Any]:
    """Every value at a pointer in which ``*`` stands for each position of an array."""
    first, _, rest = pointer[1:].partition("/")
    if first == EACH:
        children = value if isinstance(value, list) else []
    else:
        children = [value[first]] if isinstance(value, dict) and first in value else []
    for child in children:
        if rest:
            yield from _gather(child, f"/{rest}")
        elif child is not None:
            yield child


def _rule(item: Any, place: str, groups: frozenset[str]) -> ConsistencyRule:
    match item:
        case {"band": str(stated), "of": of, "edges": list(edges)} if len(item) == 3:
            expression = _expression(of, f"{place}/of", groups)
            return ConsistencyRule(
                _stated(stated, place, groups),
                tuple(expression.pointers()),
                expression,
                edges=_edges(edges, f"{place}/edges"),
            )
        case {"flag": str(stated), "of": of, "at_least": str(least)} if len(item) == 3:
            expression = _expression(of, f"{place}/of", groups)
            return ConsistencyRule(
                _stated(stated, place, groups),
                tuple(expression.pointers()),
                expression,
                least=_decimal(least, f"{place}/at_least"),
            )
        case {"flag": str(stated), "text": str(text), "among": list(among)} if len(item) == 3:
            if not 1 <= len(among) <= 64 or not all(isinstance(word, str) for word in among):
                raise _malformed(f"{place}/among", "1..64 texts")
            read = (_pointer(text, f"{place}/text", groups),)
            return ConsistencyRule(_stated(stated, place, groups), read, among=frozenset(among))
    raise _malformed(place, "a rule {band, of, edges}, {flag, of, at_least} or {flag, text, among}")


def _expression(item: Any, place: str, groups: frozenset[str], *, depth: int = 0) -> Expression:
    if depth > limits.CONSISTENCY_DEPTH_MAX:
        raise _malformed(place, f"at most {limits.CONSISTENCY_DEPTH_MAX} levels")
    if isinstance(item, str):
        return Expression("value", _pointer(item, place, groups, may_repeat=False))
    if isinstance(item, dict) and len(item) == 1:
        ((operation, pointer),) = item.items()
        if operation in _GATHERS[1:] and isinstance(pointer, str):
            return Expression(operation, _pointer(pointer, place, groups))
    match item:
        case {"ratio": [above, below], "times": str(times)} if len(item) == 2:
            terms = (above, below)
            return Expression(
                "ratio",
                terms=tuple(_expression(term, place, groups, depth=depth + 1) for term in terms),
                times=_decimal(times, f"{place}/times"),
            )
    raise _malformed(place, "a pointer, least, greatest, sum, or ratio with times")


def _pointer(pointer: str, place: str, groups: frozenset[str], *, may_repeat: bool = True) -> str:
    steps = pointer.split("/")
    is_plain = steps[0] == "" and 2 <= len(steps) <= 9 and all(steps[1:]) and "~" not in pointer
    if not is_plain or len(pointer) > limits.FAULT_POINTER_CHARACTERS_MAX:
        raise _malformed(place, "a pointer of 1..8 steps")
    if steps[1] not in groups or (EACH in steps and not may_repeat):
        raise _malformed(place, "a pointer into a group of the type, * where values are gathered")
    return pointer


def _stated(pointer: str, place: str, groups: frozenset[str]) -> str:
    _pointer(pointer, place, groups, may_repeat=False)
    if pointer.count("/") != 2:
        raise _malformed(place, "a member of a group for the band or flag")
    return pointer


def _edges(items: list[Any], place: str) -> tuple[tuple[str, Fraction | None], ...]:
    edges: list[tuple[str, Fraction | None]] = []
    for at, item in enumerate(items):
        is_last = at == len(items) - 1
        members = {"name"} if is_last else {"name", "below"}
        if not isinstance(item, dict) or item.keys() != members or not _is_name(item["name"]):
            raise _malformed(f"{place}/{at}", "a name, and below but for the last")
        bound = None if is_last else _decimal(item["below"], f"{place}/{at}/below")
        edges.append((item["name"], bound))
    bounds = [bound for _, bound in edges if bound is not None]
    names = {name for name, _ in edges}
    if not 2 <= len(edges) <= 16 or sorted(set(bounds)) != bounds or len(names) != len(edges):
        raise _malformed(place, "2..16 edges of different names, ascending")
    return tuple(edges)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 64


def _decimal(text: Any, place: str) -> Fraction:
    try:
        return Fraction(check_decimal(text)) if isinstance(text, str) else _no_decimal(place)
    except MalformedDecimal as fault:
        raise _malformed(place, "a decimal") from fault


def _no_decimal(place: str) -> Fraction:
    raise _malformed(place, "a decimal")


def _malformed(place: str, expected: str) -> MalformedType:
    return MalformedType(f"definition/consistency{place}: expected {expected}, found another form")
