"""Group names as people type them: a slip must never file a group wider than was asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from api.cli.drafts import Draft
from api.cli.faults import CommandFault
from ledger.record_type import RecordType
from quality.near_codes import near_codes


def expect_groups(named: Iterable[str], kind: RecordType, place: str) -> None:
    """Refuse a group that the type does not have.

    Raises:
        CommandFault: ``group-not-known``, with the place and the groups that were meant.
    """
    unknown = sorted(set(named) - kind.groups.keys())
    if unknown:
        raise CommandFault(
            "group-not-known",
            f"{place}: expected a group of {kind.vct}{such_as(unknown[0], kind.groups)}, "
            f"found {unknown[0]!r}",
            remedy=f"Name one of {', '.join(sorted(kind.groups))}; nothing was sent.",
        )


def expect_tiers(draft: Draft, kind: RecordType) -> None:
    """Refuse a draft that states the tier of a group, or seals one, that its type does not have.

    Its own tier would be left out of the manifest, and the group filed at the default.

    Raises:
        CommandFault: ``group-not-known``.
    """
    expect_groups(draft.seals, kind, f"{draft.whole_place}/seal")
    expect_groups(draft.filing.tiers, kind, f"{draft.whole_place}/filing/tiers")


def such_as(wanted: str, known: Collection[str]) -> str:
    """Words that name what was probably meant; none where nothing is near."""
    near = " or ".join(near_codes(wanted, known))
    return f" such as {near}" if near else ""
