"""The HTTP routes that tell what parties have agreed on: relations, masters, grants, tasks.

Every answer is made of one state of the log, whose tree size it names. A party is told what it
is a side of; everything else looks like nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import Any, Final, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.agreements_members import (
    CASE_STATES,
    GRANT_STATES,
    AgreementMembers,
    case_state,
    grant_state,
    own_grants,
)
from api.exchange import Reader
from api.masters_members import MasterMembers, Members, state_of
from api.masters_query import STATES, AskedMasters, Place, encode_place, parse_masters
from api.records import OpenedRecord, RecordShelf, private
from api.trade import masters_of
from ledger.clock import Clock
from ledger.commit import Tip
from ledger.record import GOVERNANCE_VCTS
from ledger.relations import Relation
from ledger.service import Ledger
from ledger.sharing.agreements import Case, Grant
from ledger.sharing.openings import STATE_GROUP
from quality.in_force.own import (
    Task,
    own_parts,
    own_relations,
    own_requirements,
    own_specifications,
    own_tasks,
    readable_sites,
)
from quality.in_force.parts import Pair, Part
from quality.in_force.requirements import Requirement
from quality.in_force.sites import Site
from quality.in_force.specifications import Chain
from quality.masters import Masters

T = TypeVar("T")
_INDEX_DIGITS: Final = 16
_PARTNER_GROUPS: Final = frozenset({"identity"})
_OWN_GROUPS: Final = frozenset({"identity", "contact"})


@dataclass(frozen=True, slots=True)
class _Listing(Generic[T]):
    """One kind of master: what it is called, chosen by, found by and sorted by."""

    name: str
    chosen_by: tuple[str, ...]
    find: Callable[[Masters, AskedMasters], Iterable[T]]
    place: Callable[[T], Place]
    states: tuple[str, ...] = STATES


@dataclass(frozen=True, slots=True)
class MastersDoor:
    """Answers from what is in force on one log."""

    ledger: Ledger
    shelf: RecordShelf
    clock: Clock

    def relations(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/relations``: those of which the reader is a side."""
        tell = self._members.relation
        return self._list(request, reader, _RELATIONS, tell_all=lambda page: [*map(tell, page)])

    def sites(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/sites``: the reader's own, and those of its partners."""
        return self._list(
            request, reader, _SITES, tell_all=lambda page: self._tell_sites(page, reader)
        )

    def parts(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/parts``: those that the reader buys or supplies."""
        tell = self._members.part
        return self._list(request, reader, _PARTS, tell_all=lambda page: [*map(tell, page)])

    def specifications(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/specifications``: those of the reader's parts."""
        tell = self._members.specification
        return self._list(
            request, reader, _SPECIFICATIONS, tell_all=lambda page: [*map(tell, page)]
        )

    def requirements(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/requirements``: what the reader asks of others, and others of it."""
        tell = self._members.requirement
        return self._list(
            request, reader, _REQUIREMENTS, tell_all=lambda page: [tell(*one) for one in page]
        )

    def grants(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/grants``: what the reader granted, may read, and passed on."""
        members, agreed = AgreementMembers(self.ledger.reader), self.ledger.state.agreements
        now_ms = self.clock.now_ms()

        def tell_all(page: Sequence[Grant]) -> list[Members]:
            return [members.grant(one, agreed, at_ms=now_ms) for one in page]

        return self._list(request, reader, _GRANTS, tell_all=tell_all)

    def cases(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/cases``: those in which the reader takes part."""
        tell = AgreementMembers(self.ledger.reader).case
        return self._list(request, reader, _CASES, tell_all=lambda page: [*map(tell, page)])

    def tasks(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/tasks``: what waits for the reader's answer."""
        tell = self._members.task
        return self._list(request, reader, _TASKS, tell_all=lambda page: [*map(tell, page)])

    @property
    def _members(self) -> MasterMembers:
        return MasterMembers(self.ledger.reader)

    def _list(
        self,
        request: Request,
        reader: Reader,
        listing: _Listing[T],
        *,
        tell_all: Callable[[Sequence[T]], list[Members]],
    ) -> Response:
        asked = parse_masters(
            request.query_params, reader, names=listing.chosen_by, states=listing.states
        )
        asked = replace(asked, at_ms=self.clock.now_ms())
        self.ledger.catch_up()
        tip = self.ledger.tip
        found = listing.find(masters_of(tip.state), asked)
        if asked.after is not None:
            after = asked.after
            found = (one for one in found if listing.place(one) > after)
        page = nsmallest(asked.limit + 1, found, key=listing.place)
        is_more, page = len(page) > asked.limit, page[: asked.limit]
        told: dict[str, Any] = {
            **_standing(tip),
            listing.name: self._keep_readable(tell_all(page), reader, listing),
            "next": encode_place(listing.place(page[-1])) if is_more else None,
        }
        return private(JSONResponse(told))

    def _keep_readable(
        self, told: Sequence[Members], reader: Reader, listing: _Listing[T]
    ) -> list[Members]:
        """Those of which the reader may read every entry, and their receipts.

        A side that was suspended is told what is its own alone. Members are told who passed
        their grants on, and the sites of their partners, whether or not they read the records.
        """
        is_member = self.shelf.is_member(reader)
        asks = not (is_member and listing.name in _TOLD_MEMBERS)
        opened = self.shelf.states(_entries_told(told), reader)
        readable = {
            index for index, one in opened.items() if _is_told(one, reader, is_member=is_member)
        }
        kept = [one for one in told if not asks or readable.issuperset(_entries_told(one))]
        self.shelf.note_states((opened[index] for index in {*_entries_told(kept)}), reader)
        return kept

    def _tell_sites(self, page: Sequence[Site], reader: Reader) -> list[Members]:
        opened = self.shelf.open_all([site.index for site in page], reader)
        told = []
        for site, record in zip(page, opened, strict=True):
            names = _OWN_GROUPS if site.party == reader.did else _PARTNER_GROUPS
            groups = {one.group: one.value for one in record.groups if one.group in names}
            told.append(self._members.site(site, groups))
        return told


def _is_told(one: OpenedRecord, reader: Reader, *, is_member: bool) -> bool:
    """Whether the state that an entry brought is the reader's to know."""
    if one.row.vct in GOVERNANCE_VCTS:
        return True
    if one.sight.decision is None:
        return is_member or one.row.party == reader.did
    return STATE_GROUP in one.sight.names


def _entries_told(told: object) -> Iterator[int]:
    """The entries that facts in an answer name: each fact names the one that said it."""
    if isinstance(told, list):
        for item in told:
            yield from _entries_told(item)
    elif isinstance(told, dict):
        entry = told.get("entry")
        if isinstance(entry, int):
            yield entry
        for item in told.values():
            yield from _entries_told(item)


def _standing(tip: Tip) -> dict[str, Any]:
    """What the answer is made of, and whose content is lost, so that it may be incomplete."""
    return {
        "origin": tip.fold.origin,
        "charter": tip.fold.charter_id,
        "size": tip.size,
        "incomplete": [
            {"party": party, "entry": index} for party, index in tip.entitled.gaps.items()
        ],
    }


# ---- what is asked for ----


def _find_relations(masters: Masters, asked: AskedMasters) -> Iterable[Relation]:
    other = asked.named.get("party")
    for one in own_relations(masters, asked.party):
        is_with = other is None or {one.customer, one.provider} == {asked.party, other}
        if is_with and asked.admits(kind=one.kind, state=state_of(one)):
            yield one


def _find_sites(masters: Masters, asked: AskedMasters) -> Iterable[Site]:
    sites = readable_sites(masters, asked.party)
    return (one for one in sites if asked.admits(party=one.party))


def _find_parts(masters: Masters, asked: AskedMasters) -> Iterable[Part]:
    parts = own_parts(masters, asked.party)
    return (one for one in parts if asked.admits(**one.key._asdict(), family=one.family))


def _find_specifications(masters: Masters, asked: AskedMasters) -> Iterable[Chain]:
    for chain in own_specifications(masters, asked.party):
        of, code = chain[-1].part, chain[-1].code
        members = {"customer": of.customer, "supplier": of.supplier, "part": of.number}
        if asked.admits(**members, specification=code):
            yield chain


def _find_requirements(
    masters: Masters, asked: AskedMasters
) -> Iterable[tuple[Pair, str, Requirement]]:
    for pair, code, known in own_requirements(masters, asked.party):
        if asked.admits(customer=pair[0], supplier=pair[1], requirement=code):
            yield pair, code, known


def _find_grants(masters: Masters, asked: AskedMasters) -> Iterable[Grant]:
    agreed = masters.agreements
    for one in own_grants(agreed, asked.party):
        state = grant_state(one, agreed, at_ms=asked.at_ms)
        if asked.admits(owner=one.owner, reader=one.reader, state=state):
            yield one


def _find_cases(masters: Masters, asked: AskedMasters) -> Iterable[Case]:
    for one in masters.agreements.own_cases(asked.party):
        sides = {"customer": one.customer, "supplier": one.supplier}
        if asked.admits(**sides, number=one.number, state=case_state(one)):
            yield one


def _find_tasks(masters: Masters, asked: AskedMasters) -> Iterable[Task]:
    return own_tasks(masters, asked.party)


def _specification_place(chain: Chain) -> Place:
    return (*chain[-1].part, chain[-1].code)


def _task_place(task: Task) -> Place:
    if isinstance(task, Relation):
        return _at(task.offered_at)
    if isinstance(task, Case):
        return _at(task.index)
    if isinstance(task, Part):
        assert task.proposed is not None
        return _at(task.proposed.index)
    return _at(task.index)


def _at(index: int) -> Place:
    return (f"{index:0{_INDEX_DIGITS}}",)


_BETWEEN: Final = ("customer", "supplier")
_RELATIONS: Final = _Listing(
    "relations", ("party", "kind", "state"), _find_relations, lambda one: _at(one.offered_at)
)
_SITES: Final = _Listing("sites", ("party",), _find_sites, lambda one: (one.party, one.code))
_PARTS: Final = _Listing("parts", (*_BETWEEN, "number", "family"), _find_parts, lambda one: one.key)
_SPECIFICATIONS: Final = _Listing(
    "specifications",
    (*_BETWEEN, "part", "specification"),
    _find_specifications,
    _specification_place,
)
_REQUIREMENTS: Final = _Listing(
    "requirements",
    (*_BETWEEN, "requirement"),
    _find_requirements,
    lambda one: (*one[0], one[1]),
)
_GRANTS: Final = _Listing(
    "grants",
    ("owner", "reader", "state"),
    _find_grants,
    lambda one: _at(one.index),
    GRANT_STATES,
)
_CASES: Final = _Listing(
    "cases",
    (*_BETWEEN, "number", "state"),
    _find_cases,
    lambda one: _at(one.index),
    CASE_STATES,
)
_TASKS: Final = _Listing("tasks", (), _find_tasks, _task_place)
_TOLD_MEMBERS: Final = frozenset({_SITES.name, _GRANTS.name})
