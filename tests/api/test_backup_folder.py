"""A folder that somebody else made is read as a backup only where it is one, and ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from api.backup_files import MANIFEST, BackupWriter, Manifest, check_files, read_manifest
from ledger import limits
from ledger.backup_rows import BackupDamaged

pytestmark = pytest.mark.item("3.7.backup")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a manifest of its three files."""
    root = tmp_path / "backup"
    root.mkdir()
    writer = BackupWriter(root)
    for path in ("entries", "keys/log.key", "blobs/one"):
        writer.put(path, b"content")
    writer.finish(Manifest("log.example", "A" * 43, 1, bytes(32), 0, tuple(writer.files)))
    return root


def check(folder: Path) -> None:
    """What a restore does first."""
    check_files(folder, read_manifest(folder), lambda _: None)


def _link(path: Path) -> None:
    target = path.rename(path.parent.parent / f"another {path.name}")
    path.symlink_to(target)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


STRANGE: Final[dict[str, Callable[[Path], object]]] = {
    "keys is a link": lambda at: _link(at / "keys"),
    "blobs is a link": lambda at: _link(at / "blobs"),
    "a file is a link": lambda at: _link(at / "entries"),
    "the manifest is a link": lambda at: _link(at / MANIFEST),
    "a file is a pipe": lambda at: _pipe(at / "entries"),
    "the manifest is a pipe": lambda at: _pipe(at / MANIFEST),
    "the manifest is a folder": lambda at: _folder(at / MANIFEST),
    "one more pipe": lambda at: os.mkfifo(at / "more"),
    "one more link": lambda at: (at / "more").symlink_to(at / "entries"),
    "a far larger file": lambda at: os.truncate(at / "entries", 1 << 36),
}


@pytest.mark.parametrize("name", STRANGE)
def test_only_regular_files_in_real_folders_are_a_backup(folder: Path, name: str) -> None:
    check(folder)
    STRANGE[name](folder)
    with pytest.raises(BackupDamaged):
        check(folder)


def test_a_folder_reached_by_a_link_is_the_one_that_was_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    check(tmp_path / "link")


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"size": ' + b"9" * 5_000 + b"}",
        b"[]",
        b"null",
        b"\xff",
        b'{"files": 5}',
        b'{"files": [5]}',
    ],
)
def test_a_manifest_of_another_form_is_refused_by_name(folder: Path, text: bytes) -> None:
    (folder / MANIFEST).write_bytes(text)
    with pytest.raises(BackupDamaged):
        read_manifest(folder)


@pytest.mark.parametrize("number", [b"Infinity", b"-Infinity", b"NaN", b"1e999", b"1.5", b"true"])
@pytest.mark.parametrize("member", [b'"size": 1', b'"bytes": 7'])
def test_a_size_that_is_no_number_of_bytes_is_refused(
    folder: Path, member: bytes, number: bytes
) -> None:
    data = (folder / MANIFEST).read_bytes()
    changed = data.replace(member, member.partition(b" ")[0] + b" " + number)
    assert changed != data
    (folder / MANIFEST).write_bytes(changed)
    with pytest.raises(BackupDamaged):
        read_manifest(folder)


def test_a_manifest_beyond_its_bound_is_not_read_whole(folder: Path) -> None:
    """Sparse: it takes no room on the disk, and would take all of the memory."""
    os.truncate(folder / MANIFEST, 1 << 36)
    with pytest.raises(BackupDamaged, match=str(limits.BACKUP_MANIFEST_BYTES_MAX)):
        read_manifest(folder)
