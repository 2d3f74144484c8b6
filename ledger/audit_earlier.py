"""Entries that an audit must look at again: when one was admitted, and who signed a record.

Two rules reach back behind the fold: a declared compromise may begin at most 72 hours before
its declaration, and only a contested record is affirmed. An audit remembers when the entries
that it followed were admitted, 16 bytes for each change of time; those of an earlier audit,
and the records of a contested range, it reads once more from its source.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice

from ledger.entry import parse_head, split_entry
from ledger.errors import LedgerError
from ledger.fold import PublicFold
from ledger.precedents import Signed
from ledger.record import encode_record_id, parse_jws, record_id

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


class EarlierEntries:
    """The entries before the one that is judged, read again where a rule asks for them."""

    def __init__(
        self, read_from: ReadFrom, times: AdmissionTimes, *, fold: PublicFold, party: str
    ) -> None:
        """Look for what ``party`` may say of its own earlier entries.

        Args:
            read_from: the bytes of the entries from an index on.
            times: when they were admitted, as far as this audit has seen it.
            fold: the fold of the entries before.
            party: the DID of who signed the entry that is judged.
        """
        self._read_from = read_from
        self._times = times
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
        for contested in (item for key in keys for item in key.contested):
            entries = islice(self._read_from(contested.start), contested.stop - contested.start)
            for index, text in enumerate(entries, contested.start):
                found = self._signed(index, text, record_id)
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
