"""A backup of one engine is restored into the other: the same log, byte for byte."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from api.backup_files import CHECKPOINTS, CONTENTS, COSIGNED, ENTRIES
from api.data_folder import DataFolder
from api.rebuilding import compare, rebuild
from api.restoring import RestoreAsked, restore
from ledger.reloading import LogRows, Reloading
from ledger.store_errors import HeadMoved
from ledger.store_open import open_store
from ledger.vault.packed_row import encode_packed
from ledger.vault.shelf import KeyShelf
from ledger.vault.vault import Vault
from quality.rules import QualityRules
from tests.api.service import SUPPLIER, LiveService
from tests.api.test_backup import (
    QUIET,
    SIGNING,
    check_prefixes,
    citing,
    everything,
    read_only,
    taken,
)
from tests.ledger.parties import ORIGIN
from tests.postgres import LogDatabase

pytestmark = pytest.mark.item("3.7.backup")


@pytest.fixture
def filled(own_service: LiveService) -> LiveService:
    """A log on SQLite with records, one of which cites an upload."""
    blob = own_service.signed(SUPPLIER).upload(b"measured")
    for _ in range(3):
        own_service.admit(own_service.record())
    own_service.admit(own_service.record(citing(blob, b"measured")))
    return own_service


@pytest.fixture
def moved(filled: LiveService, postgres_log: LogDatabase, tmp_path: Path) -> Iterator[LiveService]:
    """The same log, moved to PostgreSQL with its right to sign, and served."""
    filled.stop()
    taken(filled, tmp_path / "of sqlite", with_keys=True)
    folder = DataFolder(tmp_path / "on postgres", postgres_log.url)
    asked = replace(SIGNING, shelf=filled.folder.shelf)
    restore(tmp_path / "of sqlite", folder, asked, progress=QUIET)
    live = LiveService(folder, filled.consortium)
    live.start()
    yield live
    live.stop()
    filled.start()


def test_log_goes_to_the_other_engine_and_back_unchanged(
    filled: LiveService, moved: LiveService, tmp_path: Path
) -> None:
    assert compare(moved.folder).is_as_before
    again = taken(moved, tmp_path / "of postgres")
    for name in (ENTRIES, CONTENTS, CHECKPOINTS, COSIGNED, "anchor.json", "config.json"):
        first, second = (tmp_path / at / name for at in ("of sqlite", "of postgres"))
        assert first.read_bytes() == second.read_bytes()
    assert again.blobs == 1
    back = DataFolder(tmp_path / "back")
    asked = RestoreAsked(may_sign=False, shelf=moved.folder.shelf)
    restore(tmp_path / "of postgres", back, asked, progress=QUIET)
    assert compare(back).is_as_before
    with read_only(back) as copy, read_only(filled.folder) as log:
        assert everything(copy, again.manifest.size) == everything(log, again.manifest.size)
        assert copy.head() == log.head()


def test_moved_log_goes_on(filled: LiveService, moved: LiveService) -> None:
    size = moved.size()
    moved.admit(filled.record())
    assert moved.size() == size + 1


def test_backup_taken_while_clients_submit_is_a_prefix_on_postgres_too(
    moved: LiveService, tmp_path: Path
) -> None:
    check_prefixes(moved, tmp_path)


def test_rebuild_beside_a_service_leaves_what_it_appends(
    filled: LiveService, moved: LiveService
) -> None:
    is_over, answers = threading.Event(), list[int]()

    def submit() -> None:
        while not is_over.is_set():
            answers.append(moved.submit(filled.record()).status_code)

    client = threading.Thread(target=submit)
    client.start()
    try:
        outcomes = [rebuild(moved.folder).is_as_before for _ in range(4)]
    finally:
        is_over.set()
        client.join()
    assert outcomes == [True] * 4
    assert set(answers) == {201}
    assert compare(moved.folder).is_as_before


def test_restore_that_was_killed_is_gone_on_with_and_another_log_is_refused(
    filled: LiveService, postgres_log: LogDatabase, tmp_path: Path
) -> None:
    taken(filled, tmp_path / "backup")
    filled.admit(filled.record())
    _load_some(filled, postgres_log.url, backup=tmp_path / "backup", groups=20)
    folder = DataFolder(tmp_path / "data", postgres_log.url)
    asked = replace(SIGNING, shelf=filled.folder.shelf)
    outcome = restore(tmp_path / "backup", folder, asked, progress=QUIET)
    assert outcome.report.is_clean
    # Its search secret is another one, and finds what the killed run had loaded too.
    assert folder.search_secret.read_bytes() != filled.folder.search_secret.read_bytes()
    assert compare(folder).is_as_before
    # The same database again, for a backup that is shorter than what it holds by now.
    _load_some(filled, postgres_log.url, backup=tmp_path / "backup", groups=1_000)
    other = DataFolder(tmp_path / "other", postgres_log.url)
    with pytest.raises(HeadMoved):
        restore(tmp_path / "backup", other, asked, progress=QUIET)
    assert not other.root.exists()


def _load_some(live: LiveService, url: str, *, backup: Path, groups: int) -> None:
    """What a restore of the backup has loaded when it is killed after so many groups."""
    manifest = json.loads((backup / "manifest.json").read_text())
    with read_only(live.folder) as log:
        notes = list(log.checkpoints())[:groups]
        size = notes[-1][0]
        rows = LogRows(
            [(row.index, row.text) for row in log.entries(0, size)],
            [(row.entry, encode_packed(row)) for row in log.vault_rows(0, size)],
            [(at, note.encode()) for at, note in notes],
            [],
            Vault(KeyShelf(live.folder.shelf)),
        )
    secret = live.folder.search_secret.read_bytes()
    with closing(open_store(url, shelf=live.folder.shelf)) as store:
        loading = Reloading(
            ORIGIN,
            store,
            rules=QualityRules(),
            search_secret=secret,
            outbox_from=manifest["outbox_from"],
        )
        assert list(loading.run(rows)) == [at for at, _ in notes]
