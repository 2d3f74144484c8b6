"""Search agrees with a slow reference, whatever is asked and wherever the index keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.store import SearchQuery, Store
from ledger.store_memory import MemoryStore
from tests.ledger.sqlite_files import new_database, opened, raw
from tests.ledger.store_groups import (
    ALICE,
    BOB,
    CAROL,
    FIRST_MS,
    KEY,
    REPORT,
    Parts,
    a_group,
    a_row,
    append,
    digest,
)

pytestmark = pytest.mark.item("2.4")

PARTIES = (ALICE, BOB, CAROL)
KEYS = tuple(digest("key", n) for n in range(3))


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry as the reference sees it; ``later_ms`` is the time since the one before."""

    party: str
    vct: str
    later_ms: int
    keys: frozenset[bytes]
    standing: frozenset[str]


facts = st.builds(
    Fact,
    party=st.sampled_from(PARTIES),
    vct=st.sampled_from((REPORT, KEY)),
    later_ms=st.sampled_from((0, 0, 1, 5)),
    keys=st.frozensets(st.sampled_from(KEYS), max_size=2),
    standing=st.frozensets(st.sampled_from(PARTIES), max_size=2),
)
groups = st.lists(st.lists(facts, min_size=1, max_size=6), max_size=6)
parties = st.none() | st.sampled_from((*PARTIES, "did:web:log.example:parties:nobody"))
instants = st.none() | st.integers(FIRST_MS - 1, FIRST_MS + 80)
queries = st.builds(
    SearchQuery,
    before=st.none() | st.integers(-1, 40),
    limit=st.integers(0, 40),
    party=parties,
    vct=st.none() | st.sampled_from((REPORT, KEY, "no-such/v1")),
    reader=parties,
    key=st.none() | st.sampled_from((*KEYS, digest("no such key"))),
    since_ms=instants,
    until_ms=instants,
)


def written(store: Store, log: Sequence[Sequence[Fact]]) -> list[tuple[int, Fact]]:
    """Commit the log group by group; gives each fact with its admission time."""
    at = FIRST_MS
    dated: list[tuple[int, Fact]] = []
    for group in log:
        start = len(dated)
        for fact in group:
            at += fact.later_ms
            dated.append((at, fact))
        new = list(enumerate(dated[start:], start=start))
        rows = [a_row(i, party=f.party, vct=f.vct, admitted_ms=ms) for i, (ms, f) in new]
        parts = Parts(
            search=tuple((key, i) for i, (_, f) in new for key in sorted(f.keys)),
            standing=tuple((did, i) for i, (_, f) in reversed(new) for did in sorted(f.standing)),
        )
        store.commit(a_group(store.head(), rows, parts))
    return dated


def expected(dated: Sequence[tuple[int, Fact]], query: SearchQuery) -> list[int]:
    """The slow reference: every entry is asked every question."""
    found = []
    for index in reversed(range(len(dated))):
        at, fact = dated[index]
        answers = (
            query.before is None or index < query.before,
            query.party in {None, fact.party},
            query.vct in {None, fact.vct},
            query.reader is None or query.reader in {fact.party, *fact.standing},
            query.key is None or query.key in fact.keys,
            query.since_ms is None or at >= query.since_ms,
            query.until_ms is None or at < query.until_ms,
        )
        if all(answers):
            found.append(index)
    return found[: query.limit]


def pages(store: Store, query: SearchQuery) -> list[int]:
    """All pages of a query, each beginning where the last one ended."""
    found: list[int] = []
    before = query.before
    while page := store.search(
        SearchQuery(
            before=before,
            limit=3,
            party=query.party,
            vct=query.vct,
            reader=query.reader,
            key=query.key,
            since_ms=query.since_ms,
            until_ms=query.until_ms,
        )
    ):
        found += page
        before = page[-1]
    return found


def check(store: Store, log: Sequence[Sequence[Fact]], asked: Sequence[SearchQuery]) -> None:
    """Each query gives the reference's answer, and its pages the reference's whole list."""
    dated = written(store, log)
    for query in asked:
        assert list(store.search(query)) == expected(dated, query)
        endless = SearchQuery(
            before=query.before,
            limit=1_000,
            party=query.party,
            vct=query.vct,
            reader=query.reader,
            key=query.key,
            since_ms=query.since_ms,
            until_ms=query.until_ms,
        )
        assert pages(store, query) == expected(dated, endless)


@given(log=groups, asked=st.lists(queries, min_size=1, max_size=6))
def test_memory_search_agrees_with_the_reference(
    log: list[list[Fact]], asked: list[SearchQuery]
) -> None:
    check(MemoryStore(), log, asked)


@given(
    log=groups,
    asked=st.lists(queries, min_size=1, max_size=6),
    segment_entries=st.sampled_from((1, 3, 8, 1_000)),
)
def test_sqlite_search_agrees_with_the_reference(
    log: list[list[Fact]], asked: list[SearchQuery], segment_entries: int
) -> None:
    with (
        TemporaryDirectory() as folder,
        opened(new_database(Path(folder)), segment_entries=segment_entries) as store,
    ):
        check(store, log, asked)


# SQLite must walk one index and probe others; it must not read the wide rows to search.
@pytest.mark.parametrize(
    "query",
    [
        SearchQuery(key=KEYS[0]),
        SearchQuery(party=ALICE, vct=REPORT),
        SearchQuery(key=KEYS[0], party=ALICE, vct=REPORT, reader=BOB),
        SearchQuery(reader=ALICE, vct=REPORT),
    ],
)
def test_search_never_reads_the_wide_rows(tmp_path: Path, query: SearchQuery) -> None:
    url = new_database(tmp_path)
    statements: list[str] = []
    with opened(url, segment_entries=1) as store:
        for index in range(6):
            append(store, 1, Parts(search=((KEYS[0], index),), standing=((BOB, index),)))
        append(store, 1)
        with store._database.reading() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.set_trace_callback(statements.append)
        store.search(query)
    walks = [text for text in statements if "walked" in text]
    assert walks
    with raw(url) as shell:
        for walk in walks:
            plan = [str(row[3]) for row in shell.execute(f"EXPLAIN QUERY PLAN {walk}")]
            assert not [step for step in plan if step.startswith("SCAN") or "TEMP" in step], plan
            assert all(
                "COVERING" in step or "PRIMARY KEY" in step or "SUBQUERY" in step for step in plan
            ), plan
