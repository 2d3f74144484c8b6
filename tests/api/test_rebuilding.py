"""Projections made anew from entries and disclosures answer every search as before."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import pytest

from api.data_folder import DataFolder
from api.rebuilding import rebuild
from api.setup_errors import FolderMissing
from ledger.compose import Filing
from ledger.content import search_key
from ledger.store import SearchQuery
from ledger.store_errors import StoreBusy
from tests.api.service import (
    LABORATORY,
    OEM,
    STRANGER,
    SUBJECT_VCT,
    SUPPLIER,
    LiveService,
)

pytestmark = [pytest.mark.item("2.4"), pytest.mark.item("3.7.rebuild")]
READERS = (OEM, SUPPLIER, LABORATORY, STRANGER)
RECORDS = 90
Found = dict[tuple[str, ...], Sequence[int]]


def fill(live: LiveService) -> None:
    """Records with owners, subjects and searchable values of many kinds."""
    dids = [live.party(slug).did for slug in READERS]
    texts = []
    for number in range(RECORDS):
        lot = {"number": f"L-{number % 4}", "pieces": number % 5}
        subject = dids[number % 4] if number % 3 else None
        filing = Filing(subject=subject, number=f"F-{number % 7}" if number % 2 else None)
        by = (SUPPLIER, STRANGER)[number % 2]
        filing_by_issuer = Filing(number=filing.number)
        own = filing if subject != live.party(by).did else filing_by_issuer
        texts.append(live.record({"lot": lot}, by=by, filing=own))
    verdict = Filing(subject=dids[1], number="F-9")
    texts.append(live.record({"lot": lot}, by=LABORATORY, vct=SUBJECT_VCT, filing=verdict))
    assert all("index" in answer for answer in live.submit_many(texts))


FIELDS: Sequence[tuple[str, str]] = (
    *(("/lot/number", f"L-{n}") for n in range(5)),
    *(("/lot/pieces", str(n)) for n in range(5)),
    *(("/filing/number", f"F-{n}") for n in range(10)),
)


def searched(live: LiveService) -> Found:
    """What every reader finds by every question, also among what others own."""
    secret, search = live.wired.search_secret, live.wired.store.search
    dids = [live.party(slug).did for slug in READERS]
    found: Found = {(did,): search(SearchQuery(reader=did, limit=RECORDS + 50)) for did in dids}
    for reader, owner, (field, value) in itertools.product(dids, dids, FIELDS):
        key = search_key(secret, owner, field=field, value=value)
        query = SearchQuery(reader=reader, key=key, limit=RECORDS + 50)
        found[reader, owner, field, value] = search(query)
    return found


def change_database(live: LiveService, *statements: str) -> None:
    """Change what is not the log, as a fault of the disk or of a program could."""
    with closing(sqlite3.connect(live.folder.database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.fixture
def filled(own_service: LiveService) -> LiveService:
    """A log with records, being served."""
    fill(own_service)
    return own_service


def test_a_rebuilt_index_answers_as_the_one_before(filled: LiveService) -> None:
    before, size = searched(filled), filled.size()
    assert sum(map(len, before.values())) > RECORDS
    filled.stop()
    first, again = rebuild(filled.folder), rebuild(filled.folder)
    # The service may have been stopped before it had counted all of it.
    assert replace(first, derived=again.derived) == again
    assert (first.entries, first.missing_before, first.unreadable) == (size, 0, 0)
    filled.start()
    assert searched(filled) == before
    # What is admitted afterwards goes on top of what was rebuilt.
    filled.admit(filled.record({"lot": {"number": "L-0", "pieces": 1}}))
    supplier = filled.party(SUPPLIER).did
    question = (supplier, supplier, "/lot/number", "L-0")
    assert searched(filled)[question] == [size, *before[question]]


def test_what_was_lost_is_told_and_made_good(filled: LiveService) -> None:
    before = searched(filled)
    filled.stop()
    whole = rebuild(filled.folder)
    change_database(filled, "DELETE FROM search WHERE idx % 2", "DELETE FROM standing")
    damaged = rebuild(filled.folder)
    assert damaged.missing_before > whole.standings
    assert damaged.missing_before < whole.standings + whole.search_keys
    assert (damaged.search_keys, damaged.standings) == (whole.search_keys, whole.standings)
    assert rebuild(filled.folder).missing_before == 0
    filled.start()
    assert searched(filled) == before


def test_what_was_put_in_is_gone(filled: LiveService) -> None:
    before = searched(filled)
    filled.stop()
    rebuild(filled.folder)
    change_database(
        filled,
        "INSERT OR IGNORE INTO standing (party, idx) "
        "SELECT name.id, entry.idx FROM name, entry WHERE name.id IN (SELECT party FROM standing)",
    )
    filled.start()
    assert searched(filled) != before
    filled.stop()
    rebuild(filled.folder)
    filled.start()
    assert searched(filled) == before


def test_the_index_is_made_for_a_new_secret(filled: LiveService) -> None:
    before = searched(filled)
    filled.stop()
    filled.folder.search_secret.write_bytes(bytes(32))
    rebuilt = rebuild(filled.folder)
    assert rebuilt.missing_before == rebuilt.search_keys > 0
    filled.start()
    assert searched(filled) == before


def test_a_record_that_lost_its_disclosures_is_found_again_when_it_has_them(
    own_service: LiveService,
) -> None:
    live = own_service
    text = live.record({"lot": {"number": "L-77", "pieces": 1}})
    live.admit(text)
    question = "/v1/records?field=/lot/number&value=L-77"
    live.stop()
    whole = rebuild(live.folder)
    change_database(live, "DELETE FROM vault WHERE idx = (SELECT max(idx) FROM entry)")
    rebuilt = rebuild(live.folder)
    assert rebuilt.without_disclosures == whole.without_disclosures + 1
    live.start()
    assert live.signed(SUPPLIER).get(question).json()["records"] == []
    # The party sends its record again; the log takes back what it has lost.
    assert live.submit(text).status_code == 200
    live.stop()
    assert rebuild(live.folder).missing_before > 0
    live.start()
    assert len(live.signed(SUPPLIER).get(question).json()["records"]) == 1


def test_a_served_log_is_not_rebuilt(own_service: LiveService) -> None:
    with pytest.raises(StoreBusy):
        rebuild(own_service.folder)
    own_service.admit(own_service.record())


def test_a_folder_without_a_log_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(FolderMissing):
        rebuild(DataFolder(tmp_path_factory.mktemp("empty")))


def test_progress_counts_every_entry(filled: LiveService) -> None:
    size, seen = filled.size(), list[int]()
    filled.stop()
    rebuild(filled.folder, on_progress=seen.append)
    filled.start()
    # Once for what stands beside the log, and once for the derived tables.
    first = seen.index(size) + 1
    assert seen[:first] == sorted(seen[:first])
    assert seen[-1] == size
