"""Uploads that a log cites go along with its backup, or there is no backup."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from api.backup_files import BackupWriter, read_manifest
from api.cli.options import data_folder
from api.data_folder import DataFolder, open_blobs
from api.restoring import restore
from api.setup_errors import UploadMissing
from ledger.backup_rows import BackupDamaged
from ledger.blobs import BlobId
from tests.api.service import SUPPLIER, LiveService, serve
from tests.api.test_backup import (
    MEASURED,
    QUIET,
    READ_ONLY,
    SHELVES,
    citing,
    filled,
    read_only,
    restored,
    taken,
)

__all__ = ["filled"]
pytestmark = pytest.mark.item("3.7.backup")
BOTH: Final = 2


def held(folder: DataFolder, blob: str) -> bytes:
    """The bytes of an upload, opened."""
    return open_blobs(folder).read(BlobId(blob), start=0, stop=len(MEASURED))


def test_uploads_that_records_cite_go_along_and_others_do_not(
    filled: LiveService, tmp_path: Path
) -> None:
    assert len(list((filled.folder.blobs / "sealed").iterdir())) == BOTH
    assert taken(filled, tmp_path / "backup").blobs == 1
    assert restored(tmp_path / "backup", tmp_path / "data", READ_ONLY).blobs == 1
    folder = DataFolder(tmp_path / "data")
    (cited,) = (folder.blobs / "sealed").iterdir()
    assert held(folder, cited.name) == MEASURED
    with read_only(folder) as store:
        assert store.is_pinned(cited.name)


def test_uploads_that_replicas_share_go_along_from_where_the_service_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOTMARK_BLOBS", str(tmp_path / "shared"))
    for live in serve(tmp_path / "log", blobs=tmp_path / "shared"):
        blob = live.signed(SUPPLIER).upload(MEASURED)
        live.admit(live.record(citing(blob, MEASURED)))
        elsewhere, live.folder = live.folder, data_folder(live.folder.root)
        assert live.wired.folder == live.folder
        assert taken(live, tmp_path / "backup").blobs == 1
        # The same log read as if it had its uploads beside it.
        live.folder = elsewhere
        with pytest.raises(UploadMissing, match=f"{blob}, which entry {live.size() - 1} cites"):
            taken(live, tmp_path / "bare")
    # They go where replicas will look for them, also if a killed run brought them already.
    for name, shared in (("a", "new"), ("b", "new")):
        folder = DataFolder(tmp_path / name, shared_blobs=tmp_path / shared)
        assert restore(tmp_path / "backup", folder, READ_ONLY, progress=QUIET).blobs == 1
        assert held(replace(folder, keys=live.folder.shelf), blob) == MEASURED
        assert not (folder.root / "blobs").exists()


@pytest.mark.parametrize("change", [None, b"other" * 160])
def test_upload_that_is_not_as_it_was_is_not_left_out_in_silence(
    filled: LiveService, tmp_path: Path, change: bytes | None
) -> None:
    taken(filled, tmp_path / "backup")
    (sidecar,) = (filled.folder.blobs / "pinned").iterdir()
    data = filled.folder.blobs / "sealed" / sidecar.stem
    assert held(filled.folder, sidecar.stem) == MEASURED
    data.unlink()
    if change:
        data.write_bytes(change)
    with pytest.raises(UploadMissing, match=sidecar.stem):
        taken(filled, tmp_path / "later")
    assert not (tmp_path / "later").exists()
    # What was backed up without it before is no whole log either.
    bare = _without(tmp_path / "backup", tmp_path / "bare", blob=sidecar.stem)
    with pytest.raises(BackupDamaged, match=sidecar.stem):
        restored(bare, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def _without(source: Path, target: Path, *, blob: str) -> Path:
    """A backup that agrees with its manifest, and lacks an upload."""
    SHELVES[target] = SHELVES[source]
    writer, manifest = BackupWriter(target), read_manifest(source)
    target.mkdir()
    for file in manifest.files:
        if blob not in file.path:
            writer.put(file.path, (source / file.path).read_bytes())
    writer.finish(replace(manifest, files=tuple(writer.files)))
    return target
