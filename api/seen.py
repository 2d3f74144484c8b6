"""What others see of a party's records, by the one decision, for its pages and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.exchange import Reader, Refused
from api.records import OpenedRecord, RecordShelf, private
from api.search_query import check_names, malformed
from api.sharing import Sharing
from ledger.clock import Clock
from ledger.entry import split_entry
from ledger.faults import Refusal
from ledger.record import parse_jws
from ledger.relations import KINDS
from ledger.service import Ledger
from ledger.sharing.filed import Filed, filed_of
from ledger.sharing.seen import SeenGroup, see_as
from ledger.store import SearchQuery, Store
from portal.own_facts import SeenRecords

#: An owner's newest records that an answer looks at.
RECORDS_MAX: Final = 500
#: Of how many the content is in memory at a time.
_RECORDS_AT_ONCE: Final = 32
_DID_CHARACTERS_MAX: Final = 640
_NAMES: Final = frozenset({"reader", "type", "record"})


@dataclass(frozen=True, slots=True)
class SeenByOthers:
    """Asks the decision in the place of others, for an owner alone."""

    ledger: Ledger
    store: Store
    shelf: RecordShelf
    sharing: Sharing
    clock: Clock

    def own_records(self, owner: str, *, vct: str | None = None) -> tuple[list[Filed], bool]:
        """What the owner's newest records say of their sharing, and whether there are more."""
        self.ledger.catch_up()
        query = SearchQuery(before=self.ledger.size, limit=RECORDS_MAX + 1, reader=owner, vct=vct)
        indices = self.store.search(query)
        reading, found = self.sharing.reading(Reader(owner)), list[Filed]()
        for start in range(0, min(len(indices), RECORDS_MAX), _RECORDS_AT_ONCE):
            some = indices[start : min(start + _RECORDS_AT_ONCE, RECORDS_MAX)]
            found += self._filed(self.shelf.open_at(some, reading), owner)
        return found, len(indices) > RECORDS_MAX

    def own_record(self, owner: str, record_id: str) -> list[Filed]:
        """The same of one record.

        Raises:
            Refused: there is none, or it is not the owner's.
        """
        found = self._filed([self.shelf.look(record_id, Reader(owner))], owner)
        if not found:
            raise Refused(Refusal("not-found", f"no record {record_id[:60]!r} of yours"))
        return found

    def seen_by(
        self, reader: str | None, records: tuple[Sequence[Filed], bool], *, owner: str
    ) -> SeenRecords:
        """What a reader sees of these records of the owner now."""
        reading = self.sharing.reading(Reader(reader))
        found, has_more = records
        groups = see_as(found, reading.state, reading.principal, at_ms=self.clock.now_ms())
        kinds = self._relations(owner, reader) if reader is not None else ()
        return SeenRecords(reader, len(found), has_more, groups, kinds)

    def _relations(self, owner: str, reader: str) -> tuple[str, ...]:
        relations = self.ledger.state.relations
        both = (*relations.between(owner, reader), *relations.between(reader, owner))
        in_force = {relation.kind for relation in both if relation.is_in_force}
        return tuple(kind for kind in KINDS if kind in in_force)

    def _filed(self, opened: Sequence[OpenedRecord], owner: str) -> list[Filed]:
        found = []
        for record in opened:
            groups = {disclosure.group: disclosure.value for disclosure in record.groups}
            if {"manifest", "address"} <= groups.keys() and groups["manifest"]["owner"] == owner:
                _, jws = split_entry(record.row.text)
                claims = parse_jws(jws, origin=self.ledger.fold.origin).claims
                found.append(
                    filed_of(
                        record.row, claims, manifest=groups["manifest"], address=groups["address"]
                    )
                )
        return found


@dataclass(frozen=True, slots=True)
class SeenDoor:
    """The HTTP route that tells an owner what another party sees."""

    seen: SeenByOthers

    def show(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/seen-by?reader=&type=&record=``: by type and group, with rules and needs."""
        asked = request.query_params
        check_names(asked, _NAMES)
        if reader.did is None:
            raise Refused(Refusal("signature-required", "seen-by: sign the request"))
        other = asked.get("reader")
        if other is not None and not 0 < len(other) <= _DID_CHARACTERS_MAX:
            raise malformed("reader", "the DID of a party, or no such parameter", other)
        if "record" in asked:
            records = self.seen.own_record(reader.did, asked["record"]), False
        else:
            records = self.seen.own_records(reader.did, vct=asked.get("type"))
        found = self.seen.seen_by(other, records, owner=reader.did)
        return private(JSONResponse(_members(found)))


def _members(found: SeenRecords) -> dict[str, Any]:
    return {
        "reader": found.reader,
        "records": found.records,
        "has_more": found.has_more,
        "relations": list(found.relations),
        "groups": [_group(group) for group in found.groups],
    }


def _group(group: SeenGroup) -> dict[str, Any]:
    return {
        "type": group.vct,
        "group": group.group,
        "tiers": list(group.tiers),
        "records": group.records,
        "shown": group.shown,
        "grounds": [ground._asdict() for ground in group.grounds],
        "needs": list(group.needs),
        "erased": group.erased,
    }
