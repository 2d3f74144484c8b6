"""Entries that an audit must look at again: when one was admitted, and who signed a record.

Two rules reach back behind the fold: a declared compromise may begin at most 72 hours before
its declaration, and only a contested record is affirmed. An audit remembers when the entries
that it followed were admitted, 16 bytes for each change of time; those of an earlier audit,
and the records of a contested range, it reads once more from its source. However many records
of a range are affirmed, the range is read once.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from keys.encoding import decode_base64url
from ledger import limits
from ledger.entry import parse_head, split_entry
from ledger.errors import LedgerError
from ledger.fold import PublicFold
from ledger.party import Contested
from ledger.precedents import Signed
from ledger.record import encode_record_id, parse_jws, record_id
from ledger.sharing.filed import Filed
from ledger.sharing.filings import Filings

_ID_BYTES: Final = 8

ReadFrom = Callable[[int], Iterator[bytes]]


class AdmissionTimes:
    """The admission times of the entries that an audit followed, as runs of equal times."""

    def __init__(self) -> None:
        """Begin without any."""
        self._starts = array("Q")
        self._times = array("Q")

    def note(self, index: int, admitted_ms: int) -> None:
        """The next entry, and its time."""
        if not self._times or self._times[-1] != admitted_ms:
            self._starts.append(index)
            self._times.append(admitted_ms)

    def find(self, index: int) -> int | None:
        """The time of an entry noted; None for one before them all."""
        run = bisect_right(self._starts, index) - 1
        return self._times[run] if run >= 0 else None


class ContestedIds:
    """Where a contested record may stand: 8 bytes of the id of each entry of its range."""

    def __init__(
        self, read_from: ReadFrom, *, ids_max: int = limits.AUDIT_CONTESTED_IDS_MAX
    ) -> None:
        """Begin without any; keep so many beside the range asked for last."""
        self._read_from = read_from
        self._ids_max = ids_max
        self._kept: dict[tuple[int, int], array[int]] = {}

    def find(self, contested: Contested, record_id: bytes) -> Iterator[int]:
        """The indices of entries whose id begins like this one: one as a rule, or none."""
        ids = self._ids(contested.start, contested.stop)
        wanted, after = int.from_bytes(record_id[:_ID_BYTES]), 0
        while True:
            try:
                after = ids.index(wanted, after) + 1
            except ValueError:
                return
            yield contested.start + after - 1

    def _ids(self, start: int, stop: int) -> array[int]:
        ids = self._kept.pop((start, stop), None)
        if ids is None:
            ids = array("Q", map(_id_of, islice(self._read_from(start), stop - start)))
        # Those asked for last are the last to go.
        while sum(map(len, self._kept.values())) > self._ids_max:
            del self._kept[next(iter(self._kept))]
        self._kept[start, stop] = ids
        return ids


def _id_of(text: bytes) -> int:
    try:
        return int.from_bytes(record_id(split_entry(text)[1])[:_ID_BYTES])
    except LedgerError:
        # No record has this id, and one that had it would be compared in full.
        return 0


class FilingsBefore:
    """What the records before an index say of their sharing; the look-up of ids is not trusted."""

    def __init__(self, filings: Filings, index: int) -> None:
        """Ask of the entries before this index."""
        self._filings = filings
        self._index = index

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """The facts of those that stand before it under the id that was asked for."""
        return {
            record_id: filed
            for record_id, filed in self._filings.filed(record_ids).items()
            if filed is None or (filed.record_id == record_id and filed.index < self._index)
        }


class EarlierEntries:
    """The entries before the one that is judged, read again where a rule asks for them."""

    def __init__(
        self,
        read_from: ReadFrom,
        times: AdmissionTimes,
        *,
        ids: ContestedIds,
        fold: PublicFold,
        party: str,
    ) -> None:
        """Look for what ``party`` may say of its own earlier entries.

        Args:
            read_from: the bytes of the entries from an index on.
            times: when they were admitted, as far as this audit has seen it.
            ids: those of the contested ranges that this audit has read.
            fold: the fold of the entries before.
            party: the DID of who signed the entry that is judged.
        """
        self._read_from = read_from
        self._times = times
        self._ids = ids
        self._fold = fold
        self._party = party

    def admitted_ms(self, index: int) -> int | None:
        """The admission time of an entry; None where there is none, or it is no entry."""
        seen = self._times.find(index)
        if seen is not None:
            return seen
        text = next(self._read_from(index), None)
        try:
            return None if text is None else parse_head(split_entry(text)[0]).admitted_ms
        except LedgerError:
            return None

    def find_signed(self, record_id: str) -> Signed | None:
        """The record among those of the party that are contested; no other may be affirmed."""
        party = self._fold.parties.get(self._party)
        keys = party.keys.values() if party else ()
        wanted = decode_base64url(record_id)
        for contested in (item for key in keys for item in key.contested):
            for index in self._ids.find(contested, wanted):
                found = self._signed(index, next(self._read_from(index)), record_id)
                if found is not None:
                    return found
        return None

    def _signed(self, index: int, text: bytes, wanted: str) -> Signed | None:
        try:
            jws = split_entry(text)[1]
            if encode_record_id(record_id(jws)) != wanted:
                return None
            parsed = parse_jws(jws, origin=self._fold.origin)
        except LedgerError:
            return None
        return Signed(index, parsed.header.kid, parsed.claims.vct)
