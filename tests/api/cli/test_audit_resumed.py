"""An audit remembers where it stopped: beside a service, over a mirror, and after being killed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copytree
from typing import Any, Final

import pytest

from api.audit_state import AuditBinding, AuditStateFile
from api.client import LogClient
from ledger.tiles import EntryBundle, encode_tile_path, tiles_added
from ledger.tree import TreeSize
from tests.api.cli.shell import ROOT
from tests.api.cli.solo import SoloLog
from tests.api.cli.tables import VERDICT

pytestmark = pytest.mark.item("3.7.audit")

SETS = tuple(part for item in VERDICT.items() for part in ("--set", "=".join(item)))
ROWS: Final = 1_200


def submit(log: SoloLog, rows: int, name: str) -> None:
    """Submit so many reports."""
    table = log.root / f"{name}.csv"
    lines = "".join(f"{name}-{number};12,{number}\n" for number in range(rows))
    table.write_text("Charge;D [mm]\n" + lines)
    log.json("submit", str(table), "--type", "inspection-report/v1", *SETS)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> SoloLog:
    """A log of more than two chunks, at rest."""
    log = SoloLog(tmp_path_factory.mktemp("resumed"))
    with log.served():
        submit(log, ROWS, "A")
    return log


@pytest.fixture
def copied(kept: SoloLog, tmp_path: Path) -> Path:
    """A copy of its folder."""
    return Path(copytree(kept.data, tmp_path / "data"))


@pytest.fixture
def served(kept: SoloLog) -> Iterator[SoloLog]:
    with kept.served():
        yield kept


def without_resumption(report: dict[str, Any]) -> dict[str, Any]:
    """What both kinds of audit say alike."""
    return {name: value for name, value in report.items() if name != "resumed_at"}


def refused_code(log: SoloLog, *arguments: str) -> str:
    """The code of a refusal."""
    result = log.run("audit", *arguments, "--json")
    assert result.exit_code == 1, result.stdout
    return str(json.loads(result.stdout)["error"]["code"])


def test_next_audit_of_a_growing_log_reads_what_is_new_and_says_the_same(served: SoloLog) -> None:
    first = served.json("audit", str(served.data))
    submit(served, 3, "B")
    second = served.json("audit", str(served.data))
    whole = served.json("audit", str(served.data), "--full")
    assert (first["resumed_at"], whole["resumed_at"]) == (0, 0)
    assert (second["resumed_at"], second["entries"]) == (first["entries"], first["entries"] + 3)
    assert without_resumption(second) == without_resumption(whole)
    # Over HTTP another file remembers, of the public log only.
    over_http = [served.json("audit", served.url)["resumed_at"] for _ in range(2)]
    assert over_http == [0, whole["entries"]]


def save_mirror(log: SoloLog, mirror: Path, *, below: int) -> None:
    """What a mirror that polls has fetched: the tiles that are new since a size."""
    with LogClient(log.url, signer=log.signer()) as client:
        note = client.checkpoint()
        size = TreeSize(int(note.split(b"\n")[1]))
        hashes = tiles_added(TreeSize(below), size)
        bundles = [EntryBundle(t.number, t.width) for t in hashes if t.level == 0]
        paths = [encode_tile_path(tile) for tile in hashes] + list(map(encode_tile_path, bundles))
        for path in paths:
            (mirror / path).parent.mkdir(parents=True, exist_ok=True)
            (mirror / path).write_bytes(client.tile(path))
    (mirror / "checkpoint").write_bytes(note)


def test_mirror_is_audited_from_its_files_as_it_grows(served: SoloLog, tmp_path: Path) -> None:
    mirror, state = tmp_path / "mirror", tmp_path / "mine" / "state"
    mirror.mkdir()
    save_mirror(served, mirror, below=0)
    first = served.json("audit", str(mirror), "--state", str(state))
    submit(served, 2, f"mirror {time.monotonic_ns()}")
    save_mirror(served, mirror, below=first["entries"])
    second = served.json("audit", str(mirror), "--state", str(state))
    assert (second["resumed_at"], second["entries"]) == (first["entries"], first["entries"] + 2)
    last = max((mirror / "tile" / "entries").rglob("*"), key=os.path.getmtime)
    last.unlink()
    assert refused_code(served, str(mirror), "--full", "--state", str(state)) == "not-in-log"


def test_state_of_another_log_or_another_kind_is_refused_by_name(
    kept: SoloLog, copied: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    kept.json("audit", str(copied), "--state", str(state))
    other = SoloLog(tmp_path / "other")
    assert refused_code(other, str(other.data), "--state", str(state)) == "audit-state-foreign"
    with kept.served():
        assert refused_code(kept, kept.url, "--state", str(state)) == "audit-state-foreign"
    kept.json("audit", str(copied), "--state", str(state))


@pytest.mark.parametrize("name", ["audit.state", "audit.state.jtis"])
def test_any_changed_byte_of_the_state_is_refused_by_name(
    kept: SoloLog, copied: Path, name: str
) -> None:
    kept.json("audit", str(copied))
    path = copied / name
    whole = path.read_bytes()
    draw = random.Random(7)
    for place in (0, len(whole) - 1, *draw.sample(range(len(whole)), 12)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert refused_code(kept, str(copied)) == "audit-state-damaged"
    path.write_bytes(whole[:-1])
    assert refused_code(kept, str(copied)) == "audit-state-damaged"
    # It says what to do, and that does it.
    assert kept.json("audit", str(copied), "--full")["clean"]
    assert kept.json("audit", str(copied))["resumed_at"] > ROWS


def test_rolled_back_folder_is_refused_by_name(kept: SoloLog, copied: Path) -> None:
    state = copied.parent / "state"
    with kept.served():
        submit(kept, 1, "newest")
    kept.json("audit", str(kept.data), "--state", str(state))
    assert refused_code(kept, str(copied), "--state", str(state)) == "log-rolled-back"


def test_two_audits_do_not_share_a_state(kept: SoloLog, copied: Path) -> None:
    binding = AuditBinding(kept.anchor.origin, kept.anchor.charter, "folder")
    with closing(AuditStateFile(copied / "audit.state", binding)):
        assert refused_code(kept, str(copied)) == "audit-state-in-use"
    assert kept.json("audit", str(copied))["clean"]


def audit_process(data: Path, *options: str) -> subprocess.Popen[bytes]:
    """``lotmark audit`` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", "audit", str(data), "--processes", "1", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Until the file is there, or the process has ended."""
    for _ in range(10_000):
        if path.exists() or process.poll() is not None:
            return
        time.sleep(0.002)
    raise AssertionError("nothing was remembered")


def check_killed(log: SoloLog, data: Path, *, kills: int) -> None:
    """Kill audits, each at a moment of its own, and let the next one end what each began."""
    whole = log.json("audit", str(data), "--full", "--state", str(data.parent / "other"))
    draw = random.Random(kills)
    for _ in range(kills):
        (data / "audit.state").unlink(missing_ok=True)
        with audit_process(data, "--save-seconds", "0") as process:
            wait_for(data / "audit.state", process)
            time.sleep(draw.random() * 0.1)
            process.kill()
        last = log.json("audit", str(data))
        assert 0 < last["resumed_at"] <= whole["entries"]
        assert without_resumption(last) == without_resumption(whole)


def test_killed_audit_is_resumed(kept: SoloLog, copied: Path) -> None:
    check_killed(kept, copied, kills=1)


# Fifty audits one after another: two minutes and more on a busy machine.
@pytest.mark.timeout(500)
@pytest.mark.long
def test_audit_killed_again_and_again_is_resumed(kept: SoloLog, copied: Path) -> None:
    check_killed(kept, copied, kills=25)
