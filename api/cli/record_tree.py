"""The content of one record while it grows from cells, each value knowing where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from api.cli.places import EACH


class Element(NamedTuple):
    """A place in an array: by number, by row, or by the value of a column."""

    by: str
    key: int | str


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value and the cell that it came from; ``row`` is 0 where it came from no cell."""

    value: Any
    row: int = 0
    column: str = ""


Step: TypeAlias = "str | Element"
Node: TypeAlias = "dict[Step, Node | Leaf]"


@dataclass(frozen=True, slots=True)
class Grown:
    """A finished record: its groups, and the (row, column) that each pointer came from."""

    groups: Mapping[str, Any]
    sources: Mapping[str, tuple[int, str]]


@dataclass(slots=True)
class RecordTree:
    """Grows by :meth:`put`, ends with :meth:`grow`."""

    root: Node = field(default_factory=dict)

    def put(self, path: tuple[Step, ...], leaf: Leaf) -> Leaf | None:
        """Set a value; the answer is the one that stood there already and stays."""
        node = self.root
        for step in path[:-1]:
            below = node.setdefault(step, {})
            if isinstance(below, Leaf):
                return below
            node = below
        found = node.setdefault(path[-1], leaf)
        if isinstance(found, Leaf):
            return None if found is leaf else found
        return Leaf(found)

    def has(self, path: tuple[Step, ...]) -> bool:
        """Whether something has grown at a path."""
        node: Node | Leaf = self.root
        for step in path:
            if isinstance(node, Leaf) or step not in node:
                return False
            node = node[step]
        return True

    def spread(self, segments: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
        """The paths that ``segments`` stands for when each ``*`` means every element there."""
        yield from _spread(self.root, segments)

    def grow(self) -> Grown:
        """Turn arrays into lists, in the order of numbers, else of first appearance."""
        sources: dict[str, tuple[int, str]] = {}
        groups = _grow(self.root, "", sources)
        return Grown(groups if isinstance(groups, dict) else {}, sources)


def _spread(node: Node | Leaf, segments: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    if not segments:
        yield ()
        return
    first, rest = segments[0], segments[1:]
    below = {} if isinstance(node, Leaf) else node
    steps = [step for step in below if isinstance(step, Element)] if first == EACH else [first]
    for step in steps:
        for tail in _spread(below.get(step, {}), rest):
            yield (step, *tail)


def _grow(node: Node | Leaf, pointer: str, sources: dict[str, tuple[int, str]]) -> Any:
    if isinstance(node, Leaf):
        if node.row:
            sources[pointer] = (node.row, node.column)
        return node.value
    if any(isinstance(step, Element) for step in node):
        return [
            _grow(below, f"{pointer}/{position}", sources)
            for position, below in enumerate(_ordered(node))
        ]
    return {str(name): _grow(below, f"{pointer}/{name}", sources) for name, below in node.items()}


def _ordered(node: Node) -> list[Node | Leaf]:
    numbered = [step for step in node if isinstance(step, Element) and step.by == "number"]
    if len(numbered) != len(node):
        return list(node.values())
    return [node[step] for step in sorted(numbered, key=lambda step: int(step.key))]
