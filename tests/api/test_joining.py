"""One more replica: its folder is made from another's, and nothing is made by half."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from api.data_folder import DataFolder
from api.joining import Joined, join_replica
from api.setup_errors import FolderDamaged, FolderInUse, FolderMissing, FolderNotEmpty
from ledger.high_water import HighWaterFile
from tests.api.service import found_log
from tests.ledger.parties import ORIGIN

pytestmark = pytest.mark.item("3.5.replicas")


@pytest.fixture
def first(tmp_path: Path) -> DataFolder:
    """The folder of a replica."""
    folder = DataFolder(tmp_path / "first")
    found_log(folder)
    folder.log_key.write_bytes(b"a sealed key\n")
    return folder


def test_a_replica_has_the_same_secrets_and_a_mark_of_its_own(
    first: DataFolder, tmp_path: Path
) -> None:
    second = DataFolder(tmp_path / "second")
    mark = HighWaterFile(first.high_water).read()
    assert mark is not None
    assert join_replica(first, second) == Joined(str(ORIGIN), mark.size)
    for name in ("config.json", "log.key", "search.secret", "anchor.json", "high-water"):
        assert (second.root / name).read_bytes() == (first.root / name).read_bytes()
    for name in ("log.key", "search.secret"):
        assert (second.root / name).stat().st_mode & 0o077 == 0
    assert sorted(os.listdir(second.root)) == sorted(
        ["config.json", "log.key", "search.secret", "anchor.json", "high-water"]
    )


def test_a_folder_that_is_taken_is_not_touched(first: DataFolder, tmp_path: Path) -> None:
    with pytest.raises(FolderInUse):
        join_replica(first, first)
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    with pytest.raises(FolderNotEmpty):
        join_replica(first, DataFolder(other))
    assert os.listdir(other) == ["letter.txt"]


@pytest.mark.parametrize("name", ["config.json", "search.secret", "anchor.json", "high-water"])
def test_a_source_that_lacks_a_file_makes_no_replica(
    first: DataFolder, tmp_path: Path, name: str
) -> None:
    second = DataFolder(tmp_path / "second")
    (first.root / name).unlink()
    with pytest.raises(FolderMissing if name == "config.json" else FolderDamaged):
        join_replica(first, second)
    assert not second.config.exists()
    with pytest.raises(FolderMissing):
        join_replica(DataFolder(tmp_path / "nowhere"), second)
