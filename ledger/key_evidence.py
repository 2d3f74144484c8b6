"""Find the entries that a verifier needs to believe a record's key (docs/spec/view.md, 2.1).

As few as will do: of the record's own party everything that let it in; of those that spoke
for it only what put their keys in force. Positions come from the public fold, contents from
the entries themselves; both were admitted, so that nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ledger import limits
from ledger.entry import parse_head, split_entry
from ledger.errors import KeyPathBroken
from ledger.fold import PublicFold
from ledger.key_path import walk_aftermath
from ledger.key_walk import Walk, begin_walk, take_step
from ledger.linked_entry import LinkedEntry, read_founding_charter
from ledger.party import Party
from ledger.reader import LogReader
from ledger.record import GOVERNANCE_VCTS, encode_record_id, parse_header, parse_jws
from ledger.store import EntryRow

Links = frozenset[int]
NO_LINKS: Final[Links] = frozenset()


@dataclass(frozen=True, slots=True)
class KeyLinks:
    """Where the evidence of one record stands in the log: before the record, and after it."""

    keys: tuple[int, ...]
    after: tuple[int, ...]


NO_KEY_LINKS: Final = KeyLinks((), ())


@dataclass(slots=True)
class _Chapter:
    """A proposal that gave a party its admin keys: its entry, the approvals, the consent."""

    proposal: LinkedEntry
    approvals: list[LinkedEntry] = field(default_factory=list)
    accept: LinkedEntry | None = None

    @property
    def is_admission(self) -> bool:
        return bool(self.proposal.body["act"] == "admit")

    @property
    def admin_keys(self) -> list[str]:
        return list(self.proposal.body["content"]["admin_keys"])


_Event = _Chapter | LinkedEntry


@dataclass(slots=True)
class _Life:
    """What gave a party its standing and its admin keys, in the order in which it held."""

    endorsement: LinkedEntry | None = None
    events: list[_Event] = field(default_factory=list)

    @property
    def admission(self) -> _Chapter | None:
        """The proposal that let it in; None for a founder."""
        chapters = (event for event in self.events if isinstance(event, _Chapter))
        return next((chapter for chapter in chapters if chapter.is_admission), None)


class KeyEvidence:
    """The evidence for records of any party, gathered once for each key and party."""

    def __init__(self, reader: LogReader, fold: PublicFold, size: int) -> None:
        """Read from the log as it was at ``size``."""
        self._reader = reader
        self._fold = fold
        self._size = size
        self._rows: dict[int, EntryRow] = {}
        self._linked: dict[int, LinkedEntry] = {}
        self._lives: dict[str, _Life] = {}
        self._links: dict[str, Links] = {}
        self._plain: dict[str, tuple[int, KeyLinks]] = {}

    def row(self, index: int) -> EntryRow:
        """An entry of the log, read once.

        Raises:
            NotInLog: the log is shorter.
        """
        if index not in self._rows:
            self._rows[index] = self._reader.entry(index)
        return self._rows[index]

    def links_of(self, row: EntryRow) -> KeyLinks:
        """The evidence for one record."""
        self._rows[row.index] = row
        if row.index == 0:
            return KeyLinks((), ())
        plain = self._plain_links(row)
        if plain is not None:
            return plain
        record = self._entry(row.index)
        needed = self._needed_by(record)
        later = self._later_than(record)
        both = self._both(record, needed, later)
        if later and self._holds(record, both):
            return both
        return KeyLinks(tuple(sorted(needed)), ())

    def _plain_links(self, row: EntryRow) -> KeyLinks | None:
        """Of a business record by a key that nothing was said of later: what the key rests on.

        Most records of a view are such, by few keys: their content is not looked at.
        """
        if row.vct in GOVERNANCE_VCTS:
            return None
        _, jws = split_entry(row.text)
        kid = parse_header(jws.partition(".")[0]).kid
        upto, links = self._plain.get(kid, (-1, NO_KEY_LINKS))
        if row.index > upto:
            # Approvals may stand between: gathered anew for what is later.
            links = self._plain_of(row, kid)
            self._plain[kid] = (row.index, links)
        return links if links.keys and links.keys[-1] < row.index else None

    def _plain_of(self, row: EntryRow, kid: str) -> KeyLinks:
        key, party = self._fold.key(kid), self._fold.party(row.party)
        said_later = key is None or key.ended_at is not None or bool(key.contested)
        if said_later or party is None or party.reaffirmed:
            return NO_KEY_LINKS
        return KeyLinks(tuple(sorted(self._needed_by(self._entry(row.index)))), ())

    def forget(self, index: int) -> None:
        """Let go of an entry that nothing else rests on, so that many may be asked for."""
        self._rows.pop(index, None)
        self._linked.pop(index, None)

    def _both(self, record: LinkedEntry, needed: Links, later: Links) -> KeyLinks:
        before = needed | {index for index in later if index < record.index}
        after = {index for index in later if record.index < index < self._size}
        return KeyLinks(tuple(sorted(before)), tuple(sorted(after)))

    # ---- what the record rests on ----

    def _needed_by(self, record: LinkedEntry) -> Links:
        chapter = self._consent_chapter(record)
        if chapter is None:
            links, chapter = self.links_of_kid(record.kid), self._chapter_of_kid(record.kid)
        else:
            links = self._links_of_chapter(chapter, record.iss)
        found = {0} | {index for index in links if index < record.index}
        for approval in chapter.approvals if chapter else []:
            more = found | {approval.index} | self.links_of_kid(approval.kid)
            if approval.index < record.index and len(more) <= limits.VIEW_KEY_PATH_MAX:
                found = more
        return frozenset(found)

    def _consent_chapter(self, record: LinkedEntry) -> _Chapter | None:
        """The proposal that the record accepts for its party; None where it affirms a record."""
        if record.vct != "endorsement/v1" or record.body["meaning"] != "accept":
            return None
        row = self._reader.find(record.body["of"])
        if row is None or row.vct != "proposal/v1":
            return None
        proposal = self._entry(row.index)
        is_proposed = record.multikey in proposal.body["content"].get("admin_keys", ())
        return self._chapter_around(record, proposal) if is_proposed else None

    def _chapter_around(self, record: LinkedEntry, proposal: LinkedEntry) -> _Chapter:
        life = self._life_of(record.iss) if record.iss in self._fold.parties else _Life()
        for event in life.events:
            if isinstance(event, _Chapter) and event.proposal.index == proposal.index:
                return event
        votes = self._open_votes(proposal.record_id)
        return _Chapter(proposal, [self._entry(index) for index in votes])

    def _open_votes(self, record_id: str) -> Iterator[int]:
        waiting = [found.proposal for found in self._fold.recoveries.values()]
        for proposal in [*self._fold.proposals.values(), *waiting]:
            if proposal.record_id == record_id:
                votes = (vote for vote in proposal.votes.values() if vote.is_approval)
                yield from (vote.index for vote in votes if vote.index != proposal.index)

    # ---- what a key rests on ----

    def links_of_kid(self, kid: str) -> Links:
        """What a key rests on beside the charter and approvals.

        Of an admin key the fold keeps the same, which bounds it (``Party.path_of``).
        """
        if kid not in self._links:
            self._links[kid] = self._gather(kid)
        return self._links[kid]

    def _gather(self, kid: str) -> Links:
        did, _, multikey = kid.partition("#")
        key = self._fold.parties[did].keys[multikey]
        if not key.is_admin:
            registration = self._entry(key.registered_at)
            return self.links_of_kid(registration.kid) | {registration.index}
        life = self._life_of(did)
        links = self._links_of_standing(life, did)
        for event in self._events_up_to(life, multikey):
            links |= self._links_of_event(event, did)
        return links

    def _events_up_to(self, life: _Life, multikey: str) -> list[_Event]:
        """The event that put an admin key in force, and those that set its commitment."""
        needed: list[_Event] = []
        for event in life.events:
            if isinstance(event, _Chapter):
                # What came before does not count any more: keys and commitment are new.
                needed = [event]
                if multikey in event.admin_keys:
                    return needed
            elif event.body["multikey"] == multikey:
                return [*needed, event]
            elif event.multikey == event.body["multikey"]:
                needed.append(event)
        return []

    def _links_of_event(self, event: _Event, did: str) -> Links:
        if isinstance(event, _Chapter):
            return self._links_of_chapter(event, did)
        if event.multikey == event.body["multikey"]:
            return frozenset({event.index})
        return self.links_of_kid(event.kid) | {event.index}

    def _links_of_chapter(self, chapter: _Chapter, did: str) -> Links:
        links = {chapter.proposal.index} | self.links_of_kid(chapter.proposal.kid)
        if chapter.accept is not None:
            links |= {chapter.accept.index}
        if not chapter.is_admission:
            links |= self._links_of_standing(self._life_of(did), did)
        return frozenset(links)

    def _links_of_standing(self, life: _Life, did: str) -> Links:
        if life.endorsement is not None:
            return frozenset({life.endorsement.index})
        if life.admission is not None:
            return self._links_of_chapter(life.admission, did)
        return NO_LINKS

    def _chapter_of_kid(self, kid: str) -> _Chapter | None:
        """The admission or recovery whose approvals the path to this key names."""
        did, _, multikey = kid.partition("#")
        life = self._life_of(did)
        if not self._fold.parties[did].keys[multikey].is_admin:
            links = self.links_of_kid(kid)
            chapters = [event for event in life.events if isinstance(event, _Chapter)]
            shown = [chapter for chapter in chapters if chapter.proposal.index in links]
            return shown[-1] if shown else None
        events = [e for e in self._events_up_to(life, multikey) if isinstance(e, _Chapter)]
        return events[-1] if events else life.admission

    def _life_of(self, did: str) -> _Life:
        if did not in self._lives:
            self._lives[did] = self._read_life(self._fold.parties[did])
        return self._lives[did]

    def _read_life(self, party: Party) -> _Life:
        life, chapters = _Life(), dict[str, _Chapter]()
        for evidence in party.evidence:
            entry = self._entry(evidence.index)
            of = entry.body.get("of")
            if entry.vct == "proposal/v1":
                chapters[entry.record_id] = _Chapter(entry)
                life.events.append(chapters[entry.record_id])
            elif entry.vct == "admin-key/v1":
                life.events.append(entry)
            elif of == self._fold.charter_id:
                life.endorsement = entry
            elif of in chapters:
                _add_endorsement(chapters[of], entry)
        return life

    # ---- what became of it ----

    def _later_than(self, record: LinkedEntry) -> Links:
        """Everything that the entries which ended, contested or affirmed it rest on."""
        found: set[int] = set()
        for index in self._telling_of(record):
            entry = self._entry(index)
            found |= {index} | self.links_of_kid(entry.kid)
        return frozenset(found - {record.index})

    def _telling_of(self, record: LinkedEntry) -> Iterator[int]:
        key, party = self._fold.key(record.kid), self._fold.party(record.iss)
        contested = key.contested_by(record.index) if key else None
        told = (key.ended_at if key else None, contested.at if contested else None)
        known = {index for index in told if index is not None}
        for index in sorted(index for index in known if record.index < index < self._size):
            # An end by recovery, contest or removal is the quorum's, which no view shows.
            if _ends(self._entry(index), record):
                yield index
        affirmed = party.reaffirmed.get(record.record_id) if party else None
        if affirmed is not None and affirmed < self._size:
            yield affirmed

    def _holds(self, record: LinkedEntry, links: KeyLinks) -> bool:
        """Whether a verifier will follow; not where the new keys of a recovery speak too early.

        Entries that the old keys signed before it was complete stand behind the consent, and
        no order of the path shows both (docs/spec/view.md, "What a view cannot show").
        """
        few = len(links.keys) <= limits.VIEW_KEY_PATH_MAX
        if not few or len(links.after) > limits.VIEW_AFTERMATH_MAX:
            return False
        try:
            walk = begin_walk(read_founding_charter(self._entry(0), self._fold.charter_id))
            for index in links.keys[1:]:
                take_step(walk, self._entry(index))
        except KeyPathBroken:
            return False
        return self._goes_on(walk, record, links.after)

    def _goes_on(self, walk: Walk, record: LinkedEntry, after: tuple[int, ...]) -> bool:
        try:
            for _ in walk_aftermath(walk, record, (self._entry(index) for index in after)):
                pass
        except KeyPathBroken:
            return False
        return True

    def _entry(self, index: int) -> LinkedEntry:
        if index not in self._linked:
            row = self.row(index)
            head, jws = split_entry(row.text)
            parsed = parse_jws(jws, origin=self._fold.origin, is_first=index == 0)
            self._linked[index] = LinkedEntry(
                parse_head(head), row.leaf, encode_record_id(row.record_id), parsed
            )
        return self._linked[index]


def _ends(entry: LinkedEntry, record: LinkedEntry) -> bool:
    """Whether the entry is the party's own word on the key that signed the record."""
    if entry.vct == "key-revocation/v1":
        return bool(entry.body["kid"] == record.kid)
    is_own = entry.vct == "admin-key/v1" and entry.iss == record.iss
    return is_own and record.multikey in entry.body["retires"]


def _add_endorsement(chapter: _Chapter, entry: LinkedEntry) -> None:
    if entry.body["meaning"] == "accept":
        chapter.accept = entry
    else:
        chapter.approvals.append(entry)
