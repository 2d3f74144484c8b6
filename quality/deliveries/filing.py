"""Where papers stand: which delivery a shipment or receipt belongs to, which case a record.

Papers are put where they belong one by one in the order of the log (docs/spec/deliveries.md,
section 2). What cites or corrects a paper follows it, within its own customer and supplier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

from quality.deliveries.book import DeliveryReading
from quality.deliveries.case import case_key
from quality.deliveries.corrections import Folder, Version
from quality.deliveries.delivery import delivery_key, unknown_delivery_key
from quality.deliveries.papers import CaseRecord, Paper

PaperOrCase: TypeAlias = Paper | CaseRecord
_Version = TypeVar("_Version", bound=Version)


class Cabinet(Generic[_Version]):
    """The folders of one page: what the book has, and what becomes of it."""

    def __init__(self, read: Callable[[list[str]], Mapping[str, tuple[_Version, ...]]]) -> None:
        """Read folders by key with ``read``, many at once."""
        self._read = read
        self._before: dict[str, tuple[_Version, ...]] = {}
        self._folders: dict[str, Folder[_Version]] = {}
        self._touched: set[str] = set()

    def expect(self, keys: Iterable[str]) -> None:
        """Read folders that are not here yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._before]
        found = self._read(missing) if missing else {}
        for key in missing:
            self._before[key] = found.get(key, ())

    def folder(self, key: str) -> Folder[_Version]:
        """The papers under a key, to be read."""
        if key not in self._folders:
            self.expect([key])
            self._folders[key] = Folder(self._before[key])
        return self._folders[key]

    def put(self, key: str, root: str, versions: Iterable[_Version]) -> None:
        """Put versions of one paper under a key."""
        self._touched.add(key)
        self.folder(key).put(root, versions)

    def take(self, key: str, root: str) -> list[_Version]:
        """Take a paper from under a key."""
        self._touched.add(key)
        return self.folder(key).take(root)

    def rewrite(self, key: str, versions: Iterable[_Version]) -> None:
        """Put these under a key, in place of all that is there."""
        self._touched.add(key)
        self.expect([key])
        self._folders[key] = Folder(versions)

    def before(self, key: str) -> tuple[_Version, ...]:
        """What the book has under a key that was read."""
        return self._before[key]

    def changed(self) -> dict[str, tuple[_Version, ...]]:
        """The papers under each key where they are others than before."""
        found = {key: self.folder(key).papers() for key in self._touched}
        return {key: papers for key, papers in found.items() if papers != self._before[key]}


class Filing:
    """Files the papers of one page."""

    def __init__(self, book: DeliveryReading) -> None:
        """Begin with what ``book`` holds; it is not changed."""
        self._book = book
        self._places: dict[str, str | None] = {}
        self.new_places: dict[str, str] = {}
        self.deliveries: Cabinet[Paper] = Cabinet(
            lambda keys: {key: row.papers for key, row in book.deliveries(keys).items()}
        )
        self.cases: Cabinet[CaseRecord] = Cabinet(
            lambda keys: {key: row.records for key, row in book.cases(keys).items()}
        )

    def file_all(self, papers: Sequence[PaperOrCase]) -> None:
        """File these papers, in the order of the log."""
        self._expect(papers)
        for paper in papers:
            # One that has a place was filed before: a page may come twice.
            if self._place(paper.record_id) is not None:
                continue
            if isinstance(paper, Paper):
                self._file_paper(paper)
            else:
                self._move(self.cases, paper, key_of_case(paper))

    def _expect(self, papers: Sequence[PaperOrCase]) -> None:
        """Read what the page will most likely ask for."""
        asked: set[str] = set()
        keys, cases = set(), set()
        for paper in papers:
            asked.update(name for name in (paper.record_id, paper.corrects) if name)
            if isinstance(paper, CaseRecord):
                cases.add(key_of_case(paper))
            elif paper.shipment is None:
                keys |= {
                    delivery_key(paper.lane, paper.number),
                    unknown_delivery_key(paper.lane, paper.record_id),
                }
            else:
                asked.add(paper.shipment)
                keys.add(unknown_delivery_key(paper.lane, paper.shipment))
        found = self._book.places(asked)
        self._places = {name: found.get(name) for name in asked}
        known = set(found.values())
        self.deliveries.expect(keys | known)
        self.cases.expect(cases | known)

    def _place(self, record_id: str) -> str | None:
        if record_id not in self._places:
            self._places[record_id] = self._book.places([record_id]).get(record_id)
        return self._places[record_id]

    def _file_paper(self, paper: Paper) -> None:
        if paper.shipment is None:
            self._file_shipment(paper)
        else:
            self._move(self.deliveries, paper, self._key_for(paper))

    def _file_shipment(self, shipment: Paper) -> None:
        """Put a shipment into its delivery, a correction into that of the first version.

        Receipts stand with it: a correction that took them along would take them out of the
        delivery that their customer has signed.
        """
        old = self._place(shipment.corrects) if shipment.corrects else None
        earlier = self.deliveries.folder(old).find(shipment.corrects or "") if old else ()
        if earlier and not _are_of_one_pair(earlier[0], shipment):
            # Neither customer sees both, and the first one was told what it was sent.
            return
        key = old if old and earlier else delivery_key(shipment.lane, shipment.number)
        self._move(self.deliveries, shipment, key)
        self._gather(shipment, key)

    def _move(self, cabinet: Cabinet[_Version], paper: _Version, key: str) -> None:
        """Put a paper under a key, and its earlier versions with it."""
        old = self._place(paper.corrects) if paper.corrects else None
        earlier = cabinet.folder(old).find(paper.corrects or "") if old else ()
        if old is None or not earlier:
            self._put(cabinet, key, paper.corrects or paper.record_id, versions=[paper])
            return
        root = cabinet.folder(old).root_of(paper)
        # In the same place a chain of corrections only grows: it is not copied for each.
        moving = [] if old == key else cabinet.take(old, root)
        self._put(cabinet, key, root, versions=[*moving, paper])

    def _put(
        self, cabinet: Cabinet[_Version], key: str, root: str, *, versions: list[_Version]
    ) -> None:
        cabinet.put(key, root, versions)
        # The first version need not be held; other corrections of it belong to this paper.
        for record_id in (root, *(version.record_id for version in versions)):
            self._places[record_id] = self.new_places[record_id] = key

    def _key_for(self, paper: Paper) -> str:
        if paper.shipment is None:
            return delivery_key(paper.lane, paper.number)
        key = self._place(paper.shipment)
        cited = self.deliveries.folder(key).find(paper.shipment) if key else ()
        # What is cited may be another receipt, which never becomes a shipment, or a shipment of
        # others: anybody may cite what it has heard of, and must not stand among their papers.
        if key and cited and cited[-1].shipment is None and _are_of_one_pair(cited[-1], paper):
            return key
        return unknown_delivery_key(paper.lane, paper.shipment)

    def _gather(self, shipment: Paper, key: str) -> None:
        """Let the receipts that waited for a shipment stand where it stands."""
        asked = {shipment.record_id, shipment.corrects or ""} - {""}
        waiting = [unknown_delivery_key(shipment.lane, name) for name in sorted(asked)]
        self.deliveries.expect(waiting)
        for place in waiting:
            for root in list(self.deliveries.folder(place).versions):
                self._put(self.deliveries, key, root, versions=self.deliveries.take(place, root))


def key_of_case(record: CaseRecord) -> str:
    """The key of the case that a record is about."""
    return unknown_delivery_key(record.lane, "\n".join(("case", *case_key(record))))


def _are_of_one_pair(one: Paper, other: Paper) -> bool:
    return one.lane[:2] == other.lane[:2]
