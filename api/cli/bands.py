"""Bands of drafts: what follows from their exact values, filled in before anybody signs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from api.cli.drafts import Draft
from ledger.consistency import propose_bands
from ledger.record_type import RecordType

_KindOf = Callable[[str], RecordType]


def fill_bands(drafts: Sequence[Draft], kind_of: _KindOf) -> tuple[Draft, ...]:
    """The drafts with every band and flag that follows and that they do not state."""
    return tuple(_filled(draft, _proposed(draft, kind_of)) for draft in drafts)


def tell_bands(drafts: Sequence[Draft], kind_of: _KindOf) -> Iterator[str]:
    """A line for each draft whose exact values bear out bands, by its place."""
    for draft in drafts:
        if proposed := _proposed(draft, kind_of):
            yield f"{draft.whole_place}: {_listed(proposed)}"


def _proposed(draft: Draft, kind_of: _KindOf) -> dict[str, dict[str, Any]]:
    return propose_bands(kind_of(draft.vct).consistency, draft.groups)


def _filled(draft: Draft, proposed: Mapping[str, Mapping[str, Any]]) -> Draft:
    groups = dict(draft.groups)
    for group, members in proposed.items():
        stated = groups.get(group)
        groups[group] = {**(stated if isinstance(stated, dict) else {}), **members}
    return replace(draft, groups=groups)


def _listed(proposed: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(
        f"/{group}/{member} = {_word(value)}"
        for group, members in proposed.items()
        for member, value in members.items()
    )


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
