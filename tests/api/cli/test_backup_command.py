"""Backup and restore as commands: while it is served, after being killed, and with words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.client import LogClient
from tests.api.cli.shell import PASSPHRASE, ROOT
from tests.api.cli.solo import SoloLog
from tests.api.cli.test_audit_resumed import submit

pytestmark = pytest.mark.item("3.7.backup")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> SoloLog:
    """A log with a few hundred records, at rest."""
    log = SoloLog(tmp_path_factory.mktemp("backed up"))
    with log.served():
        submit(log, 300, "A")
    return log


@pytest.fixture
def served(kept: SoloLog) -> Iterator[SoloLog]:
    with kept.served():
        yield kept


def refused_code(log: SoloLog, *arguments: str) -> str:
    """The code of a refusal."""
    result = log.run(*arguments, "--json")
    assert result.exit_code == 1, result.stdout
    return str(json.loads(result.stdout)["error"]["code"])


def test_log_backed_up_while_served_is_restored_and_served_elsewhere(
    kept: SoloLog, tmp_path: Path
) -> None:
    target = str(tmp_path / "backup")
    with kept.served():
        done = kept.json("backup", target, "--with-keys")
        # What still answers is not gone.
        arguments = ("restore", target, "--data", str(tmp_path / "early"))
        assert refused_code(kept, *arguments, "--old-instance-is-gone") == "old-instance-serves"
    moved = SoloLog.__new__(SoloLog)
    moved.root, moved.port, moved.party, moved.clock = tmp_path, 0, kept.party, None
    arguments = ("restore", target, "--high-water", str(kept.data / "high-water"))
    told = moved.json(*arguments, "--old-instance-is-gone")
    assert (told["size"], told["may_sign"], told["log_key"]) == (done["size"], True, True)
    with moved.served():
        submit(moved, 2, "moved")
    report = moved.json("audit", str(moved.data))
    assert (report["clean"], report["entries"]) == (True, done["size"] + 2)


def test_checkpoint_of_a_newer_head_keeps_an_old_backup_from_signing(
    served: SoloLog, tmp_path: Path
) -> None:
    served.json("backup", str(tmp_path / "backup"))
    submit(served, 1, f"newer {time.monotonic_ns()}")
    note = tmp_path / "checkpoint"
    with LogClient(served.url) as client:
        note.write_bytes(client.checkpoint())
    arguments = ("restore", str(tmp_path / "backup"), "--data", str(tmp_path / "data"))
    assert refused_code(served, *arguments, "--signed", str(note)) == "log-rolled-back"
    assert not served.json(*arguments)["may_sign"]
    assert served.run("serve", "--data", str(tmp_path / "data")).exit_code == 1


def command(*arguments: str) -> subprocess.Popen[bytes]:
    """A command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "LOTMARK_PASSPHRASE": PASSPHRASE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_once_there(path: Path, *arguments: str) -> None:
    """Run a command and kill it when a path has come into being."""
    with command(*arguments) as process:
        while process.poll() is None and not path.exists():
            time.sleep(0.001)
        process.kill()


@pytest.mark.parametrize("half", ["entries", "contents"])
def test_killed_backup_is_no_backup_and_the_next_one_is(
    kept: SoloLog, tmp_path: Path, half: str
) -> None:
    target = tmp_path / "backup"
    started = tmp_path / "backup.partial" / half
    kill_once_there(started, "backup", str(target), "--data", str(kept.data))
    if not target.exists():
        assert refused_code(kept, "restore", str(target)) == "backup-damaged"
        assert kept.json("backup", str(target))["size"] > 300
    assert kept.json("restore", str(target), "--data", str(tmp_path / "data"))["size"] > 300


@pytest.mark.parametrize("half", ["ledger.db", "ledger.db-wal"])
def test_killed_restore_leaves_no_log_and_the_next_one_does(
    kept: SoloLog, tmp_path: Path, half: str
) -> None:
    target, data = tmp_path / "backup", tmp_path / "data"
    kept.json("backup", str(target))
    kill_once_there(tmp_path / "data.restoring" / half, "restore", str(target), "--data", str(data))
    assert not data.exists()
    assert kept.json("restore", str(target), "--data", str(data))["size"] > 300
    assert kept.json("audit", str(data), "--anchor", str(kept.data / "anchor.json"))["entries"]
