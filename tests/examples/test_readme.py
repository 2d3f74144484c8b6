"""The README: short, with a picture, and every command in it run by a test."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
pytestmark = [pytest.mark.item("2.1"), pytest.mark.timeout(120)]

#: Commands that another test or the continuous integration runs as they stand.
RUN_ELSEWHERE = {
    "make demo EXIT=1": ("tests/examples/test_demo.py", 'make("demo", "EXIT=1"'),
    "make test": (".ci/run", "make test"),
}


def blocks() -> list[str]:
    """The shell blocks of the README."""
    return re.findall(r"```sh\n(.*?)```", README, re.S)


def test_the_readme_is_short_and_has_a_picture() -> None:
    assert len(README.splitlines()) < 150
    (picture,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert (ROOT / picture).is_file()


def test_every_path_it_names_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_it_says_why_merkletools_is_not_used() -> None:
    (line,) = [line for line in README.splitlines() if "merkletools" in line]
    assert "interior node" in line
    assert "consistency proofs" in line


def test_every_block_is_run() -> None:
    single = [block.strip() for block in blocks() if len(block.splitlines()) == 1]
    assert sorted(single) == sorted(RUN_ELSEWHERE)
    for file, text in RUN_ELSEWHERE.values():
        assert text in (ROOT / file).read_text(encoding="utf-8")


def test_a_log_of_one_s_own_is_made_and_served(tmp_path: Path) -> None:
    (block,) = [block for block in blocks() if "lotmark init" in block]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LOTMARK_")}
    environment = {**kept, "LOTMARK_PORT": str(port), "LOTMARK_URL": f"http://127.0.0.1:{port}"}
    binaries = Path(sys.executable).parent
    script = block.replace(". .venv/bin/activate", f"export PATH={binaries}:$PATH")
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{script}\nkill %1\nwait || true"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "charter" in ended.stdout.lower()
