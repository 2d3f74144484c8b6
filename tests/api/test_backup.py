"""A backup taken while the log grows is a prefix of it, and is restored whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from api.backing_up import BackedUp, back_up
from api.backup_files import PARTIAL, BackupWriter, check_files, read_manifest
from api.data_folder import DataFolder
from api.opening_log import open_log
from api.rebuilding import rebuild
from api.restoring import RESTORING, Progress, RestoreAsked, Restored, restore
from api.settings import Settings
from api.setup_errors import BackupExists, FolderNotEmpty, RestoreRefused
from api.wiring import open_service
from keys.encoding import encode_base64url
from ledger import limits
from ledger.anchor import parse_anchor
from ledger.backup_rows import BackupDamaged, encode_row
from ledger.errors import LogRolledBack
from ledger.high_water import HighWaterFile, Mark
from ledger.store import Store
from ledger.store_postgres import PostgresStore
from ledger.store_sql import SqlStore
from tests.api.service import SUPPLIER, LiveService
from tests.ledger.parties import SAMPLE_GROUPS

pytestmark = pytest.mark.item("3.7.backup")

CLIENTS: Final = 8
MEASURED: Final = b"measured" * 100
READ_ONLY: Final = RestoreAsked(may_sign=False)
SIGNING: Final = RestoreAsked(may_sign=True)

#: The key shelf of the log that a backup is of, which no backup has.
SHELVES: Final[dict[Path, Path]] = {}


def no_progress(count: int) -> None:
    """Nobody looks."""


QUIET: Final = Progress(no_progress, no_progress, no_progress)


def taken(live: LiveService, target: Path, *, with_keys: bool = False) -> BackedUp:
    """A backup of what is there now."""
    SHELVES[target] = live.folder.shelf
    with read_only(live.folder) as store:
        return back_up(live.folder, store, target, with_keys=with_keys, on_entries=no_progress)


def restored(source: Path, target: Path, asked: RestoreAsked = SIGNING) -> Restored:
    """The log of a backup, in a new data folder."""
    asked = replace(asked, shelf=SHELVES.get(source))
    return restore(source, DataFolder(target), asked, progress=QUIET)


def read_only(folder: DataFolder) -> closing[SqlStore | PostgresStore]:
    """The database of a folder, or of its server."""
    return closing(open_log(folder, read_only=True))


def everything(store: Store, size: int) -> list[object]:
    """All that a log is made of, up to a size."""
    return [
        list(store.entries(0, size)),
        dict(store.disclosures(range(size))),
        [item for item in store.checkpoints() if item[0] <= size],
        [item for item in store.cosigned(0) if item[0] <= size],
    ]


@pytest.fixture
def filled(own_service: LiveService) -> LiveService:
    """A served log with records, an upload that one cites, and one that none cites."""
    live = own_service
    for _ in range(3):
        live.admit(live.record())
    signer = live.signed(SUPPLIER)
    cited, _ = signer.upload(MEASURED), signer.upload(b"never cited")
    live.admit(live.record(citing(cited, MEASURED)))
    return live


# ---- while it is served ----


def check_prefixes(live: LiveService, root: Path) -> None:
    """Take backups while clients submit; each is the log as it was."""
    is_over = threading.Event()

    def submit() -> None:
        while not is_over.is_set():
            live.submit_many([live.record() for _ in range(5)])

    clients = [threading.Thread(target=submit) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        backups = [taken(live, root / f"backup {number}") for number in range(3)]
    finally:
        is_over.set()
        for client in clients:
            client.join()
    sizes = [done.manifest.size for done in backups]
    assert sizes == sorted(sizes)
    assert sizes[0] < live.size()
    with read_only(live.folder) as log:
        for number, size in enumerate(sizes):
            folder = DataFolder(root / f"data {number}")
            outcome = restored(root / f"backup {number}", folder.root, READ_ONLY)
            assert outcome.report.is_clean
            with read_only(folder) as copy:
                assert everything(copy, size) == everything(log, size)


def test_backup_taken_while_clients_submit_is_a_prefix_of_the_log(
    filled: LiveService, tmp_path: Path
) -> None:
    check_prefixes(filled, tmp_path)


def test_restored_log_answers_and_signs_as_the_one_before(
    filled: LiveService, tmp_path: Path
) -> None:
    target = f"/v1/records/{filled.admit(filled.record())}/receipt"
    receipt = filled.http.get(target).text
    taken(filled, tmp_path / "backup", with_keys=True)
    filled.stop()
    size = restored(tmp_path / "backup", tmp_path / "data").manifest.size
    again = LiveService(DataFolder(tmp_path / "data"), filled.consortium)
    again.start()
    try:
        assert again.size() == size
        assert again.http.get(target).text == receipt
        again.admit(filled.record())
        assert again.size() == size + 1
    finally:
        again.stop()
        filled.start()
    # What was made anew is what a rebuild would make.
    rebuilt = rebuild(again.folder)
    assert (rebuilt.missing_before, rebuilt.unreadable) == (0, 0)


def test_submission_larger_than_other_groups_is_restored_as_it_was_signed(
    own_service: LiveService, tmp_path: Path
) -> None:
    lines = [own_service.record() for _ in range(limits.COMMIT_GROUP_RECORDS_MAX + 1)]
    own_service.submit_many(lines)
    size = taken(own_service, tmp_path / "backup").manifest.size
    with read_only(own_service.folder) as store:
        signed = [at for at, _ in store.checkpoints()]
    assert signed[-1] - signed[-2] == len(lines)
    assert restored(tmp_path / "backup", tmp_path / "data").manifest.size == size
    with read_only(DataFolder(tmp_path / "data")) as store:
        assert [at for at, _ in store.checkpoints()] == signed


def citing(blob: str, data: bytes) -> dict[str, object]:
    """Groups that cite an upload."""
    sha256 = encode_base64url(hashlib.sha256(data).digest())
    return {**SAMPLE_GROUPS, "evidence": [{"blob": blob, "sha256": sha256, "bytes": len(data)}]}


def test_secrets_go_along_only_if_asked_for_and_are_their_owners_alone(
    filled: LiveService, tmp_path: Path
) -> None:
    filled.folder.log_key.write_bytes(b"sealed")
    taken(filled, tmp_path / "bare")
    taken(filled, tmp_path / "whole", with_keys=True)
    assert not (tmp_path / "bare" / "keys").exists()
    for path in (tmp_path / "whole" / "keys").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    secret = filled.folder.search_secret.read_bytes()
    assert all(secret not in path.read_bytes() for path in _files(tmp_path / "bare"))
    bare = restored(tmp_path / "bare", tmp_path / "a")
    whole = restored(tmp_path / "whole", tmp_path / "b")
    assert (bare.has_log_key, whole.has_log_key) == (False, True)
    assert (tmp_path / "b" / "log.key").read_bytes() == b"sealed"
    assert (tmp_path / "b" / "search.secret").read_bytes() == secret
    assert (tmp_path / "a" / "search.secret").read_bytes() != secret


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


# ---- the right to sign ----


@pytest.fixture
def backup(filled: LiveService, tmp_path: Path) -> Path:
    """A backup of the log as it is."""
    taken(filled, tmp_path / "backup", with_keys=True)
    return tmp_path / "backup"


def test_without_the_statement_the_restored_log_is_read_and_never_signs(
    filled: LiveService, backup: Path, tmp_path: Path
) -> None:
    restored(backup, tmp_path / "data", READ_ONLY)
    folder = DataFolder(tmp_path / "data")
    assert HighWaterFile(folder.high_water).read() is None
    with pytest.raises(LogRolledBack):
        open_service(Settings(data=folder.root, check_processes=0))
    # With it the same backup makes a log that signs.
    restored(backup, tmp_path / "other")
    other = LiveService(DataFolder(tmp_path / "other"), filled.consortium)
    other.start()
    other.stop()


def test_head_that_was_signed_after_the_backup_is_never_undercut(
    filled: LiveService, backup: Path, tmp_path: Path
) -> None:
    mark = HighWaterFile(filled.folder.high_water).read()
    assert mark is not None
    restored(backup, tmp_path / "before", replace(SIGNING, signed=(mark,)))
    filled.admit(filled.record())
    newer = HighWaterFile(filled.folder.high_water).read()
    assert newer is not None
    with pytest.raises(LogRolledBack, match=f"at least {newer.size} entries"):
        restored(backup, tmp_path / "data", replace(SIGNING, signed=(newer,)))
    other = Mark(mark.size, bytes(32))
    with pytest.raises(LogRolledBack, match="not those that were signed"):
        restored(backup, tmp_path / "data", replace(SIGNING, signed=(other,)))
    assert not (tmp_path / "data").exists()


# ---- whole, or not at all ----


def test_nothing_is_overwritten(filled: LiveService, backup: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupExists):
        taken(filled, backup)
    with pytest.raises(FolderNotEmpty):
        restored(backup, filled.folder.root)
    (tmp_path / "empty").mkdir()
    restored(backup, tmp_path / "empty")


def _flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


DAMAGES: Final[dict[str, Callable[[Path], object]]] = {
    "a byte of the entries": lambda at: _flip(at / "entries", 400),
    "a byte of the manifest": lambda at: _flip(at / "manifest.json", 30),
    "no manifest": lambda at: (at / "manifest.json").unlink(),
    "cut off": lambda at: (at / "entries").write_bytes((at / "entries").read_bytes()[:-1]),
    "a missing file": lambda at: (at / "checkpoints").unlink(),
    "one more file": lambda at: (at / "more").write_bytes(b""),
    "no contents": lambda at: (at / "contents").write_bytes(b""),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_backup_is_refused_and_leaves_nothing(
    backup: Path, tmp_path: Path, name: str
) -> None:
    copy = Path(shutil.copytree(backup, tmp_path / "copy"))
    DAMAGES[name](copy)
    with pytest.raises(BackupDamaged):
        restored(copy, tmp_path / "data")
    assert not (tmp_path / "data").exists()
    restored(backup, tmp_path / "data")


def _rewritten(source: Path, target: Path, **rows: bytes) -> Path:
    """A backup that agrees with its manifest, as a thief could make one."""
    writer = BackupWriter(target)
    SHELVES[target] = SHELVES[source]
    target.mkdir()
    manifest = read_manifest(source)
    for file in manifest.files:
        writer.put(file.path, rows.get(file.path) or (source / file.path).read_bytes())
    writer.finish(replace(manifest, files=tuple(writer.files)))
    check_files(target, read_manifest(target), no_progress)
    return target


def test_backup_that_somebody_wrote_anew_does_not_pass_its_audit(
    filled: LiveService, backup: Path, tmp_path: Path
) -> None:
    restored(_rewritten(backup, tmp_path / "same"), tmp_path / "a")
    size = read_manifest(backup).size
    with read_only(filled.folder) as store:
        rows = [(row.index, row.text) for row in store.entries(0, size)]
        notes = [(at, note.encode()) for at, note in store.checkpoints() if at <= size]
    forged = [*rows[:-1], (rows[-1][0], rows[-1][1][:-9] + b"AAAAAAAA\n")]
    entries = b"".join(encode_row(*row) for row in forged)
    with pytest.raises(BackupDamaged, match="entries and their root"):
        restored(_rewritten(backup, tmp_path / "forged", entries=entries), tmp_path / "b")
    swapped = [*notes[:-1], (notes[-1][0], notes[-2][1])]
    checkpoints = b"".join(encode_row(*row) for row in swapped)
    with pytest.raises(RestoreRefused, match="root-mismatch"):
        restored(_rewritten(backup, tmp_path / "notes", checkpoints=checkpoints), tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_backup_of_another_log_is_refused_by_the_readers_own_anchor(
    filled: LiveService, backup: Path, tmp_path: Path
) -> None:
    anchor = parse_anchor(filled.folder.anchor.read_bytes())
    restored(backup, tmp_path / "a", replace(SIGNING, anchor=anchor))
    other = replace(anchor, charter="B" * 43)
    with pytest.raises(RestoreRefused):
        restored(backup, tmp_path / "b", replace(SIGNING, anchor=other))


def test_what_a_killed_run_left_is_cleared_by_the_next(filled: LiveService, tmp_path: Path) -> None:
    partial, half = tmp_path / f"backup{PARTIAL}", tmp_path / f"data{RESTORING}"
    for left in (partial, half):
        left.mkdir()
        (left / "entries").write_bytes(b"half")
        (left / "ledger.db").write_bytes(b"half")
    taken(filled, tmp_path / "backup")
    restored(tmp_path / "backup", tmp_path / "data")
    assert not partial.exists()
    assert not half.exists()
    assert not (tmp_path / "backup" / "ledger.db").exists()


def test_rolled_back_log_is_not_backed_up(filled: LiveService, tmp_path: Path) -> None:
    filled.stop()
    mark = HighWaterFile(filled.folder.high_water).read()
    assert mark is not None
    with closing(HighWaterFile(filled.folder.high_water)) as file:
        file.write(Mark(mark.size + 1, mark.root))
    with pytest.raises(LogRolledBack):
        taken(filled, tmp_path / "backup")
    with closing(HighWaterFile(filled.folder.high_water)) as file:
        file.write(mark)
    taken(filled, tmp_path / "backup")
    filled.start()
