"""A mapping that grows by copies which share almost everything with the one before.

The entitled fold keeps thousands of masters and is asked for at any moment, so each change
makes a new value. Copying a whole dict for each would make a start quadratic in them. Nothing
is ever removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar, overload

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_Other = TypeVar("_Other")
# Below this a copy costs less than to look into two dicts.
_NEWEST_MIN: Final = 16


class GrownMap(Mapping[_Key, _Value]):
    """An immutable mapping; :meth:`grown` gives the next one.

    A large dict that generations share, and a small one of what came since. The small one is
    copied for each change and merged once it has about the root of the large one's size, so a
    change costs about that much.
    """

    __slots__ = ("_newest", "_oldest")

    def __init__(self, items: Iterable[tuple[_Key, _Value]] = ()) -> None:
        """Begin with these."""
        self._oldest: dict[_Key, _Value] = dict(items)
        self._newest: dict[_Key, _Value] = {}

    def grown(self, key: _Key, value: _Value) -> GrownMap[_Key, _Value]:
        """The mapping in which ``key`` is ``value``; this one stays as it is."""
        after: GrownMap[_Key, _Value] = GrownMap()
        newest = {**self._newest, key: value}
        if len(newest) > _NEWEST_MIN and len(newest) ** 2 > len(self._oldest):
            after._oldest = {**self._oldest, **newest}
        else:
            after._oldest, after._newest = self._oldest, newest
        return after

    @overload
    def get(self, key: _Key, /) -> _Value | None: ...

    @overload
    def get(self, key: _Key, /, default: _Value | _Other) -> _Value | _Other: ...

    def get(self, key: _Key, /, default: _Other | None = None) -> _Value | _Other | None:
        """The value or the default; what a mapping inherits costs four times as much."""
        if key in self._newest:
            return self._newest[key]
        return self._oldest.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._newest or key in self._oldest

    def __getitem__(self, key: _Key) -> _Value:
        if key in self._newest:
            return self._newest[key]
        return self._oldest[key]

    def __iter__(self) -> Iterator[_Key]:
        yield from self._oldest
        for key in self._newest:
            if key not in self._oldest:
                yield key

    def __len__(self) -> int:
        return len(self._oldest) + sum(key not in self._oldest for key in self._newest)

    def __repr__(self) -> str:
        return f"GrownMap({dict(self)!r})"
