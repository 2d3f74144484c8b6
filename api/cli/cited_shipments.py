"""Shipments that a table of receipts names by their number: a record cites them by their id.

The number on the delivery note is the supplier's; the log finds its shipment of that number
and part, and it is verified before it is cited.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from api.cli.document_numbers import Known, read_known, verify_known, without_quorum
from api.cli.drafts import Draft
from api.client import LogClient
from ledger.anchor import Anchor

RECEIPT: Final = "goods-receipt/v1"
_SHIPMENT: Final = "shipment/v1"
_RECORD_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_CITED: Final = "/state/shipment"


@dataclass(frozen=True, slots=True)
class Cited:
    """Drafts with the ids of their shipments, and a line for each that was not found."""

    drafts: tuple[Draft, ...]
    faults: tuple[str, ...]


def names_shipments(draft: Draft) -> bool:
    """Whether a receipt names its shipment by something that is no record id."""
    state = draft.groups.get("state", {})
    number = state.get("shipment") if isinstance(state, dict) else None
    is_number = isinstance(number, str) and not _RECORD_ID.fullmatch(number)
    return draft.vct == RECEIPT and is_number


def cite_shipments(drafts: Sequence[Draft], client: LogClient, anchor: Anchor) -> Cited:
    """Put the ids of shipments where their numbers stand.

    Raises:
        ClientError: no answer came.
        CommandFault, LedgerError: what the service showed does not verify.
    """
    cited: list[Draft] = []
    faults: list[str] = []
    known: dict[tuple[str, str, str], str | None] = {}
    for draft in drafts:
        if not names_shipments(draft):
            cited.append(draft)
            continue
        state: dict[str, Any] = draft.groups["state"]
        part = state.get("part", {})
        asked = (state["shipment"], str(part.get("supplier")), str(part.get("number")))
        if asked not in known:
            known[asked] = _find(asked, client, without_quorum(anchor))
        found = known[asked]
        if found is None:
            faults.append(
                f"{draft.locate(_CITED)}: expected a shipment of part {asked[2]!r} by "
                f"{asked[1].rpartition(':')[2]}, found none numbered {asked[0]!r}"
            )
            continue
        cited.append(_with_shipment(draft, state, found))
    return Cited(tuple(cited), tuple(faults))


def _find(asked: tuple[str, str, str], client: LogClient, anchor: Anchor) -> str | None:
    number, supplier, part = asked
    page = client.search(
        type=_SHIPMENT, party=supplier, owner=supplier, field=_CITED, value=number, limit=200
    )
    found = [known for known in map(read_known, page.records) if _part(known) == part]
    if not found:
        return None
    # Of a shipment that was corrected, the newest record says what holds.
    newest = max(found, key=lambda known: known.index)
    verify_known(newest, client, anchor)
    return newest.record_id


def _part(known: Known) -> object:
    return known.groups.get("state", {}).get("part", {}).get("number")


def _with_shipment(draft: Draft, state: dict[str, Any], record_id: str) -> Draft:
    cites = tuple(
        dict.fromkeys((record_id, *(c for c in draft.filing.cites if c != state["shipment"])))
    )
    return replace(
        draft,
        groups={**draft.groups, "state": {**state, "shipment": record_id}},
        filing=replace(draft.filing, cites=cites),
    )
