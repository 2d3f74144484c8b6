"""Group names as people type them: a slip must never file a group wider than was asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from api.cli.drafts import Draft
from api.cli.faults import CommandFault
from ledger.record_type import TIERS, RecordType
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


def with_tiers(draft: Draft, tiers: Mapping[str, str], kind: RecordType) -> Draft:
    """The draft with these groups at these tiers.

    Raises:
        CommandFault: ``group-not-known``; ``tier-outside-range`` of the type; ``tier-contradicted``
            where the draft or ``--seal`` says another one.
    """
    expect_groups(tiers, kind, "--tier")
    for group, tier in tiers.items():
        rule, said = kind.groups[group], draft.filing.tiers.get(group, tier)
        span = TIERS[TIERS.index(rule.floor) : TIERS.index(rule.ceiling) + 1]
        if tier not in span:
            raise CommandFault(
                "tier-outside-range",
                f"--tier: expected {group} of {kind.vct} at {' or '.join(span)}, found {tier}",
                remedy="'lotmark policy show' tells the range of each group; nothing was sent.",
            )
        if said != tier:
            raise CommandFault(
                "tier-contradicted",
                f"{draft.whole_place}: expected {group} at {said}, as the draft or --seal says, "
                f"found --tier {group}={tier}",
                remedy="Say it in one place; nothing was sent.",
            )
    return replace(draft, filing=replace(draft.filing, tiers={**draft.filing.tiers, **tiers}))


def tell_tiers(draft: Draft) -> str:
    """Who reads which group, as far as the draft itself says."""
    if not draft.filing.tiers:
        return "tiers: all as the sharing policy says ('lotmark policy show')"
    said = ", ".join(
        f"{group} {tier}{_openers(draft.seals.get(group, ()))}"
        for group, tier in sorted(draft.filing.tiers.items())
    )
    return f"tiers: {said}; the others as the sharing policy says"


def _openers(readers: Sequence[str]) -> str:
    names = ", ".join(did.rpartition(":")[2] for did in readers)
    return f" (for {names})" if names else ""


def such_as(wanted: str, known: Collection[str]) -> str:
    """Words that name what was probably meant; none where nothing is near."""
    near = " or ".join(near_codes(wanted, known))
    return f" such as {near}" if near else ""
