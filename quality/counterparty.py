"""Who signs a record about two parties, and that the other one is given it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ledger.faults import Fault
from quality.values import Groups, items, text


class Roles(NamedTuple):
    """Where a record names its signer and the other party: a member and its neighbour."""

    place: tuple[str, ...]
    signer: str
    other: str


def counterparty_faults(groups: Groups, roles: Roles, *, signer: str | None) -> Iterator[Fault]:
    """A record in another party's name, about one party alone, or not given to the other.

    Args:
        groups: the record's groups; what is withheld is passed over.
        roles: where the two are named.
        signer: the signing party, where known.
    """
    own, other = text(groups, *roles.place, roles.signer), text(groups, *roles.place, roles.other)
    pointer = "/".join(("", *roles.place))
    if own is None or other is None:
        return
    if signer is not None and own != signer:
        yield Fault(f"{pointer}/{roles.signer}", f"the signer {signer}", own)
    if own == other:
        yield Fault(f"{pointer}/{roles.other}", f"another party than the {roles.signer}", other)
        return
    subject = text(groups, "manifest", "subject")
    if "manifest" in groups and subject != other:
        # The subject reads all of it; nothing binds or counts that one of the two cannot read.
        yield Fault("/manifest/subject", f"the {roles.other} {other}", str(subject))
    if "address" in groups and other not in items(groups, "address", "to"):
        yield Fault("/address/to", f"the {roles.other} {other} among them", "others or nobody")
