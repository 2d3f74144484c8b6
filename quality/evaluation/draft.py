"""A record that somebody would sign: who, what, when, and what is true about it.

A draft has no record id before it is signed. Others refer to it by its *stand-in*, which has
the form of a record id and is put in every place where the id will stand: drafts meet their
schemas as they are, and whoever signs them replaces stand-ins one by one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from ledger.compose import Filing
from quality.evaluation.truth import Fact

#: For how many days a record of a type may still be referred to; one of another type never is.
#: Whoever replaces stand-ins need not remember longer.
CITED_DAYS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "act/v1": 2,
        "part/v1": 2,
        "requirement/v1": 2,
        "shipment/v1": 40,
        "goods-receipt/v1": 2,
        "corrective-action/v1": 150,
    }
)
#: Members of the group ``state`` that hold a record id.
_STATE_IDS: Final = ("of", "shipment")


@dataclass(frozen=True, slots=True)
class Draft:
    """``party`` signs it for admission at ``at_ms``; ``fact`` is what a reader cannot know.

    ``stream`` is the number of the supplier whose stream it stands in, 0 for that of the others.
    """

    at_ms: int
    stand_in: str
    party: str
    vct: str
    groups: Mapping[str, Any]
    filing: Filing
    fact: Fact | None = None
    stream: int = 0


def draft_order(draft: Draft) -> tuple[int, int]:
    """What streams are merged by: time, then stream; each stream keeps its own order."""
    return draft.at_ms, draft.stream


def draft_body(draft: Draft) -> dict[str, Any]:
    """A draft as a line of ``drafts.jsonl`` has it, without what nobody knows."""
    filing = draft.filing
    filed = {
        "subject": filing.subject,
        "to": list(filing.to),
        "family": filing.family,
        "answers": list(filing.answers),
        "cites": list(filing.cites),
        "number": filing.number,
    }
    return {
        "id": draft.stand_in,
        "at": draft.at_ms,
        "who": draft.party,
        "type": draft.vct,
        "groups": draft.groups,
        "filing": {name: value for name, value in filed.items() if value},
    }


def stand_in(seed: int, stream: int, serial: int) -> str:
    """What stands for the id of a stream's record of this number."""
    digest = hashlib.sha256(f"{seed}\n{stream}\n{serial}".encode()).digest()
    return base64.urlsafe_b64encode(digest)[:-1].decode()


def cited(draft: Draft) -> Iterator[str]:
    """The stand-ins that a draft refers to."""
    yield from draft.filing.cites
    yield from draft.filing.answers
    state = draft.groups.get("state")
    if state is not None:
        yield from (state[name] for name in _STATE_IDS if _holds_id(state, name))


def with_ids(draft: Draft, ids: Mapping[str, str]) -> Draft:
    """The draft with record ids for stand-ins.

    Raises:
        KeyError: it refers to a record that has no id yet.
    """
    filing = draft.filing
    if filing.cites or filing.answers:
        filing = replace(
            filing,
            cites=tuple(ids[item] for item in filing.cites),
            answers=tuple(ids[item] for item in filing.answers),
        )
    groups = draft.groups
    state = groups.get("state")
    if state is not None:
        named = {name: ids[state[name]] for name in _STATE_IDS if _holds_id(state, name)}
        groups = {**groups, "state": {**state, **named}} if named else groups
    return replace(draft, filing=filing, groups=groups)


def _holds_id(state: Mapping[str, Any], name: str) -> bool:
    # A shipment names itself under ``shipment``, a receipt the record that it answers to.
    return name in state and (name != "shipment" or "receipt" in state)
