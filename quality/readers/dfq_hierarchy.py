"""Which characteristic of a DFQ file stands under which: nodes (K51xx) or the simple form.

The simple form (K2030 names a group of characteristics, K2031 puts one into it) is a hierarchy of
one level. A file uses one of the two; where it uses both, the nodes count.
"""

from __future__ import annotations

from typing import TypeAlias

from quality.readers.model import Characteristic, Group, Part

#: A thing that has a description: its kind and index.
What: TypeAlias = tuple[type, int]

_KINDS = {"K5111": Part, "K5112": Characteristic, "K5113": Group}


class Hierarchy:
    """What stands under what; every answer is one step, so that a circle does no harm."""

    def __init__(self) -> None:
        self._what_of: dict[int, What] = {}
        self._node_of: dict[What, int] = {}
        self._over_node: dict[int, int] = {}
        self._over: dict[What, int] = {}
        self._head_of: dict[str, int] = {}
        self._group_of: dict[int, str] = {}

    def take(self, key: str, index: int, number: int) -> None:
        """Take a field K51xx: of node ``index``, a characteristic, group, part or node."""
        if key == "K5102":
            self._over[Characteristic, number] = index
        elif key == "K5103":
            self._over_node[number] = index
        else:
            what = (_KINDS[key], number)
            self._what_of[index] = what
            self._node_of[what] = index

    def simple(self, key: str, index: int, group: str) -> None:
        """Take K2030 or K2031 of a characteristic; 0 says nothing."""
        if group != "0" and key == "K2030":
            self._head_of[group] = index
        elif group != "0":
            self._group_of[index] = group

    def above(self, kind: type, index: int) -> What | None:
        """The group or characteristic directly above, or None where that is the part."""
        what = (kind, index)
        node = self._over.get(what) or self._over_node.get(self._node_of.get(what, 0))
        above = self._what_of.get(node or 0)
        if above is None and kind is Characteristic:
            head = self._head_of.get(self._group_of.get(index, ""))
            above = (Characteristic, head) if head else None
        return above if above and above[0] is not Part and above != what else None
