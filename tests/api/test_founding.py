"""A log is founded once, whole or not at all, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from api import founding
from api.data_folder import DataFolder, read_config
from api.founding import FoundingKeys, FoundingPlan, found_log
from api.settings import Settings
from api.setup_errors import (
    FolderInUse,
    FolderNotEmpty,
    FoundingInterrupted,
    FoundingRefused,
)
from api.wiring import open_service
from keys.errors import MalformedIdentifier
from keys.key_file import Cost
from keys.signer import SeedSigner
from ledger.anchor import parse_anchor
from ledger.charter import FounderStatement
from ledger.commitment import commit_key
from ledger.record_type import parse_record_type
from quality.codebooks import codebooks_in_force
from quality.types import business_types
from tests.api.cli.shell import PASSPHRASE, ROOT

pytestmark = pytest.mark.item("2.7")

ADMIN, SIGNING, NEXT = (SeedSigner(bytes([n]) * 32) for n in (1, 2, 3))
OTHER = SeedSigner(b"\x04" * 32)
KEYS = FoundingKeys(ADMIN, PASSPHRASE, SIGNING, Cost.INTERACTIVE)


def a_founder(slug: str = "acme", admin: SeedSigner = ADMIN) -> FounderStatement:
    commitment = commit_key(NEXT.multikey)
    return FounderStatement(slug, {"en": slug}, ("supplier",), (admin.multikey,), commitment)


PLAN = FoundingPlan("quality.example", (a_founder(),), "acme", has_open_bundles=True)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def test_a_log_of_one_party_is_ready_to_take_records(folder: DataFolder) -> None:
    founded = found_log(folder, PLAN, keys=KEYS)
    service = open_service(Settings(data=folder.root), passphrase=lambda: PASSPHRASE)
    try:
        fold = service.ledger.fold
        assert fold.is_complete
        business = {parse_record_type(text).vct for text in business_types()}
        assert business <= fold.types.keys()
        assert set(codebooks_in_force(fold.parameters)) == {
            "characteristics",
            "defects",
            "materials",
            "units",
        }
        assert service.ledger.size == founded.size
        assert parse_anchor(folder.anchor.read_bytes()).charter == founded.charter
    finally:
        service.close()


def test_with_several_founders_the_log_waits_for_their_endorsements(folder: DataFolder) -> None:
    plan = replace(PLAN, founders=(a_founder(), a_founder("borealis", OTHER)))
    assert found_log(folder, plan, keys=KEYS).size == 1


def test_a_second_founding_is_refused_and_changes_nothing(folder: DataFolder) -> None:
    found_log(folder, PLAN, keys=KEYS)
    before = {path.name: path.read_bytes() for path in folder.root.iterdir() if path.is_file()}
    with pytest.raises(FolderInUse):
        found_log(folder, PLAN, keys=KEYS)
    after = {path.name: path.read_bytes() for path in folder.root.iterdir() if path.is_file()}
    assert after == before


def test_a_folder_with_something_else_in_it_is_refused(folder: DataFolder) -> None:
    folder.root.mkdir()
    (folder.root / "thesis.doc").write_text("years of work")
    with pytest.raises(FolderNotEmpty, match=r"thesis\.doc"):
        found_log(folder, PLAN, keys=KEYS)
    (folder.root / "thesis.doc").unlink()
    found_log(folder, PLAN, keys=KEYS)


@pytest.mark.parametrize(
    ("plan", "fault"),
    [
        (replace(PLAN, operator="nobody"), FoundingRefused),
        (replace(PLAN, founders=(a_founder(), a_founder())), FoundingRefused),
        (replace(PLAN, founders=(a_founder(admin=OTHER),)), FoundingRefused),
        (replace(PLAN, origin="Quality.Example"), MalformedIdentifier),
    ],
)
def test_a_plan_that_makes_no_log_leaves_an_empty_folder(
    folder: DataFolder, plan: FoundingPlan, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        found_log(folder, plan, keys=KEYS)
    assert not folder.root.exists() or list(folder.root.iterdir()) == []
    found_log(folder, PLAN, keys=KEYS)


@pytest.mark.parametrize(
    "step", ["write_search_secret", "upgrade", "draft_charter", "encode_anchor", "write_config"]
)
def test_a_step_that_fails_leaves_an_empty_folder(
    folder: DataFolder, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(founding, step, fail)
        with pytest.raises(OSError, match="No space"):
            found_log(folder, PLAN, keys=KEYS)
    assert list(folder.root.iterdir()) == []
    found_log(folder, PLAN, keys=KEYS)


_KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from api import founding
from api.data_folder import DataFolder
from tests.api.test_founding import KEYS, PLAN
setattr(founding, sys.argv[3], lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
founding.found_log(DataFolder(Path(sys.argv[1])), PLAN, keys=KEYS)
"""


@pytest.mark.parametrize("step", ["upgrade", "encode_anchor", "write_config"])
def test_a_founding_that_was_killed_is_no_log_and_says_what_to_do(
    folder: DataFolder, step: str
) -> None:
    script = [sys.executable, "-c", _KILLED, str(folder.root), str(ROOT), step]
    assert subprocess.run(script, check=False, timeout=60).returncode == -signal.SIGKILL
    with pytest.raises(FoundingInterrupted, match=f"rm -r {folder.root}"):
        found_log(folder, PLAN, keys=KEYS)
    assert not folder.config.exists()


def test_the_config_comes_last_so_that_it_means_a_whole_log(folder: DataFolder) -> None:
    found_log(folder, PLAN, keys=KEYS)
    times = {path.name: path.stat().st_mtime_ns for path in folder.root.iterdir()}
    written = [times[name] for name in ("log.key", "search.secret", "high-water", "anchor.json")]
    assert max(written) <= times["config.json"] <= time.time_ns()
    assert not folder.founding.exists()


def test_the_folder_may_be_moved(folder: DataFolder, tmp_path: Path) -> None:
    found_log(folder, PLAN, keys=KEYS)
    moved = DataFolder(tmp_path / "elsewhere")
    os.rename(folder.root, moved.root)
    assert read_config(moved).key_uri == "file:log.key"
    open_service(Settings(data=moved.root), passphrase=lambda: PASSPHRASE).close()


def test_the_keys_of_the_log_are_its_owners_to_read(folder: DataFolder) -> None:
    found_log(folder, PLAN, keys=KEYS)
    for path in (folder.log_key, folder.search_secret, folder.high_water):
        assert path.stat().st_mode & 0o077 == 0, path.name
    assert json.loads(folder.config.read_bytes())["format"] == "lotmark.config/v1"
