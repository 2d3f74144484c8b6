"""Leaving groups out of a view before it is handed on.

A record commits to each group by a digest of its own, so whoever holds a view may drop any
disclosure and what is left verifies as before (docs/spec/record.md, section 4).
"""

from __future__ import annotations

from dataclasses import replace

from api.cli.faults import CommandFault
from ledger.verify import VerifiedView
from ledger.view import View, encode_view, encode_view_lines


def redact_view(view: View, verified: VerifiedView, groups: frozenset[str]) -> bytes:
    """The view with the disclosures of ``groups`` and no other.

    Args:
        view: as it was received.
        verified: the same, verified: it says which disclosure is of which group.
        groups: the groups to keep.

    Raises:
        CommandFault: one of them is shown by no record of the view.
    """
    found = {item.group for record in verified.records for item in record.groups}
    if missing := sorted(groups - found):
        raise CommandFault(
            "group-not-shown",
            f"expected groups among {', '.join(sorted(found)) or 'none'}, "
            f"found {', '.join(map(repr, missing))}",
            remedy="Name groups that the record shows you, separated by commas.",
        )
    records = tuple(
        replace(
            record,
            disclosures=tuple(
                text
                for text, item in zip(record.disclosures, shown.groups, strict=True)
                if item.group in groups
            ),
        )
        for record, shown in zip(view.records, verified.records, strict=True)
    )
    left = replace(view, records=records)
    return (encode_view(left) if len(records) == 1 else encode_view_lines(left)).encode()
