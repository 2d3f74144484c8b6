"""What a party's own pages ask, answered from the log and from the receipts of reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from api.accesses.book import AccessBook, AskedAccesses
from api.accesses.rows import parse_access
from api.page_door import PageDoor
from api.seen import SeenByOthers
from ledger.fold import PublicFold
from portal.limits import ENTRIES_PER_PAGE
from portal.own_facts import AccessLine, AccessPage, SeenRecords, SignedIn


@dataclass(frozen=True, slots=True)
class OwnServiceFacts:
    """The facts of a running service."""

    seen: SeenByOthers
    door: PageDoor
    book: AccessBook

    @property
    def fold(self) -> PublicFold:
        """The governance in force."""
        return self.seen.ledger.fold

    def signed_in(self, request: Request) -> SignedIn | None:
        """Who is signed in; None where nobody is, or not any more."""
        return self.door.signed_in(request)

    def sight(self, owner: str) -> Callable[[str | None], SeenRecords]:
        """The owner's newest records, read once: what a party, or anyone (None), sees of them."""
        records = self.seen.own_records(owner)
        return lambda reader: self.seen.seen_by(reader, records, owner=owner)

    def accesses(self, owner: str, before: str | None) -> AccessPage:
        """Who read the owner's records, newest first; an unknown place is the newest."""
        is_place = before is not None and before.isascii() and before.isdecimal()
        after = int(before) if before and is_place and len(before) < 16 else None
        rows = self.book.rows(AskedAccesses(owner, limit=ENTRIES_PER_PAGE, after=after))
        shown = rows[:ENTRIES_PER_PAGE]
        lines = [_line(row.text) for row in shown]
        return AccessPage(lines, str(shown[-1].number) if len(rows) > len(shown) else None)


def _line(text: str) -> AccessLine:
    access = parse_access(text)
    return AccessLine(
        at_ms=access.at_ms,
        reader=access.reader,
        record_id=access.record_id,
        vct=access.vct,
        groups=tuple(shown.group for shown in access.groups),
        rules=tuple(dict.fromkeys(shown.rule for shown in access.groups)),
    )
