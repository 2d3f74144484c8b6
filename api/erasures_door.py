"""The HTTP routes about erasures: what was ordered and done, purge reports, what is to be erased.

Who is told: the record's owner, issuer and subject, who ordered it, and the operator. To
anybody else there is nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.erasing.report import describe_erasure, purge_report
from api.erasing.worker import ErasingWorker
from api.exchange import Reader, Refused
from api.records import private
from api.search_query import check_names, malformed, read_integer
from keys.encoding import decode_base64url
from keys.identifiers import Slug, parse_origin, party_did
from ledger import limits
from ledger.clock import Clock
from ledger.faults import Refusal
from ledger.service import Ledger
from ledger.sharing.agreements import Agreements, Erasure
from ledger.sharing.filed import Filed
from ledger.sharing.filings import filed_of_entry, has_filing
from ledger.sharing.retention import MUST, STATES, Keeping, keeping_of
from ledger.store import EntryRow, SearchQuery, Store
from ledger.vault.erasing import group_of
from ledger.vault.shelf_copies import ShelfCopy

_LIMIT: Final = 50
#: Entries, or acts, that one page of a list goes through.
SCANNED_MAX: Final = 500
_RECORDS_AT_ONCE: Final = 32
_CopiesBefore = Callable[[int], tuple[ShelfCopy, ...]]


@dataclass(frozen=True, slots=True)
class ErasuresDoor:
    """Tells of erasures; ``copies_before`` are the shelf's copies with an older key of an entry."""

    ledger: Ledger
    store: Store
    worker: ErasingWorker
    clock: Clock
    copies_before: _CopiesBefore

    def listed(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/erasures``: those that concern the reader, newest first.

        A page goes through a bounded number of acts, so that one may be empty and lead on.

        Raises:
            Refused: it is not signed, or the parameters are others.
        """
        did = _signer(reader)
        asked = request.query_params
        check_names(asked, frozenset({"limit", "before"}))
        limit = _between(read_integer(asked, "limit"), "limit", _LIMIT, limits.SEARCH_PAGE_MAX)
        before = read_integer(asked, "before")
        acts = self._newest(before)
        found = list(islice(self._concerning(did, acts[:SCANNED_MAX]), limit + 1))
        done = self.worker.book.done([item.record_id for item in found[:limit]])
        told = [describe_erasure(item, done.get(item.record_id)) for item in found[:limit]]
        follows = acts[SCANNED_MAX - 1].index if len(acts) > SCANNED_MAX else None
        if len(found) > limit:
            follows = found[limit - 1].index
        return private(JSONResponse({"erasures": told, "next": follows}))

    def report(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/records/{id}/purge``: of a record, or of one act, what became of it.

        Raises:
            Refused: it is not signed, or there is nothing for the reader.
        """
        did, named = _signer(reader), request.path_params["record_id"]
        agreements = self._agreements()
        act = agreements.erasures.get(named)
        acts = [act] if act else list(_erasures_of(agreements, named))
        filed = self._filed(acts[0].of if acts else named)
        by = acts[0].by if acts else None
        if filed is None or not self._concerns(filed, by, did):
            expected = "expected a record of yours or about you, or an act that erases of one"
            raise Refused(Refusal("not-found", f"{expected}, found {named[:60]!r}"))
        done = self.worker.book.done([item.record_id for item in acts])
        copies = self.copies_before(filed.index)
        reports = [
            purge_report(item, done.get(item.record_id), copies, record_entry=filed.index)
            for item in acts
        ]
        return private(JSONResponse({"record": filed.record_id, "reports": reports}))

    def retention(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/retention``: of the reader's records, how long each is kept.

        The operator is told of everybody's that are over their maximum. A page goes through a
        bounded number of entries, so that one may be empty and lead on.

        Raises:
            Refused: it is not signed, or the parameters are others.
        """
        did = _signer(reader)
        asked = request.query_params
        check_names(asked, frozenset({"after", "as_of_ms", "state"}))
        after, as_of = read_integer(asked, "after") or 0, read_integer(asked, "as_of_ms")
        as_of_ms = self.clock.now_ms() if as_of is None else as_of
        state = asked.get("state")
        if state is not None and state not in STATES:
            raise malformed("state", f"one of {', '.join(STATES)}", state)
        stop = min(max(after, 0) + SCANNED_MAX, self.ledger.size)
        told = [
            _describe_keeping(keeping, as_of_ms)
            for keeping in self._keepings(self._known_to(did, range(max(after, 0), stop)))
            if keeping.state(as_of_ms) == state or state is None
            if keeping.filed.owner == did
            or (did == self._operator() and keeping.state(as_of_ms) == MUST)
        ]
        follows = stop if stop < self.ledger.size else None
        return private(JSONResponse({"as_of_ms": as_of_ms, "records": told, "next": follows}))

    # ---- what there is ----

    def _agreements(self) -> Agreements:
        return self.ledger.state.agreements

    def _operator(self) -> str:
        fold = self.ledger.fold
        return str(party_did(parse_origin(fold.origin), Slug(fold.rules.operator)))

    def _filed(self, record_id: str) -> Filed | None:
        return self.ledger.filed([record_id]).get(record_id)

    def _newest(self, before: int | None) -> list[Erasure]:
        acts = self._agreements().erasures.values()
        wanted = (act for act in acts if before is None or act.index < before)
        return sorted(wanted, key=lambda act: -act.index)

    def _concerning(self, did: str, acts: Sequence[Erasure]) -> Iterator[Erasure]:
        """Those of the acts that the reader is told of; of others' records nothing is loaded."""
        operator = self._operator()
        for act in acts:
            if did in (act.by, operator):
                yield act
            elif self._stands_in(did, act.of):
                filed = self._filed(act.of)
                if filed is not None and self._concerns(filed, act.by, did):
                    yield act

    def _stands_in(self, did: str, record_id: str) -> bool:
        """Whether a party signed a record or stands in it: whom it concerns does."""
        key = decode_base64url(record_id)
        index = self.store.known([key], []).records[key]
        query = SearchQuery(before=index + 1, limit=1, reader=did)
        return list(self.store.search(query)) == [index]

    def _concerns(self, filed: Filed, by: str | None, did: str) -> bool:
        return did in (filed.owner, filed.issuer, filed.subject, by, self._operator())

    def _known_to(self, did: str, span: range) -> Sequence[int]:
        """The entries of a span that may be told to a party: all of them to the operator."""
        if did == self._operator() or not span:
            return span
        query = SearchQuery(before=span.stop, limit=len(span), reader=did)
        return sorted(index for index in self.store.search(query) if index in span)

    def _keepings(self, indices: Sequence[int]) -> Iterator[Keeping]:
        """What is to be said of these entries, with the content of a few in memory."""
        for start in range(0, len(indices), _RECORDS_AT_ONCE):
            rows = self.store.entries_at(indices[start : start + _RECORDS_AT_ONCE])
            asked = [row for _, row in sorted(rows.items()) if has_filing(row.vct)]
            held = self.store.disclosures([row.index for row in asked])
            for row in asked:
                keeping = self._keeping(row, held)
                if keeping is not None:
                    yield keeping

    def _keeping(self, row: EntryRow, held: Mapping[int, str]) -> Keeping | None:
        tip = self.ledger.tip
        text = held.get(row.index)
        filed = filed_of_entry(row.text, text, origin=tip.fold.origin)
        if filed is None:
            return None
        return keeping_of(
            filed,
            _groups_in(text or ""),
            fold=tip.fold,
            agreements=tip.state.agreements,
            kept=tip.state.kept_groups.get(row.vct, ()),
        )


def _signer(reader: Reader) -> str:
    if reader.did is None:
        raise Refused(Refusal("signature-required", "erasures: sign the request"))
    return reader.did


def _between(asked: int | None, name: str, default: int, most: int) -> int:
    if asked is None:
        return default
    if not 1 <= asked <= most:
        raise malformed(name, f"1..{most}", str(asked))
    return asked


def _erasures_of(agreements: Agreements, record_id: str) -> Iterator[Erasure]:
    for act in agreements.erasures_of.get(record_id, ()):
        yield agreements.erasures[act]


def _groups_in(disclosures: str) -> frozenset[str]:
    """The groups whose disclosure or envelope is held."""
    found = (group_of(part) for part in disclosures.split("~") if part)
    return frozenset(group for group in found if group is not None)


def _describe_keeping(keeping: Keeping, as_of_ms: int) -> dict[str, Any]:
    filed = keeping.filed
    return {
        "record": filed.record_id,
        "index": filed.index,
        "type": filed.vct,
        "owner": filed.owner,
        "groups": list(keeping.groups),
        "admitted_ms": filed.admitted_ms,
        "may_ms": keeping.may_ms,
        "must_ms": keeping.must_ms,
        "held_by": keeping.held_by,
        "state": keeping.state(as_of_ms),
    }
