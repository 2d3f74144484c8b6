"""The README: short, with a picture, and every command in it run by a test."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from api.cli import __main__ as command_line
from tests.api.cli.shell import a_shell

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


def test_the_installed_command_is_the_one_that_is_run_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    room, name = project["scripts"]["lotmark"].split(":")
    assert getattr(import_module(room), name) is vars(command_line)["main"]


def test_a_log_of_one_s_own_is_made_and_served(tmp_path: Path) -> None:
    (block,) = [block for block in blocks() if "lotmark init" in block]
    # The command line of this very tree, whether or not it is installed, and another port.
    shell = a_shell(tmp_path)
    ended = shell.run(
        block.replace(". .venv/bin/activate\n", "unset LOTMARK_PASSPHRASE LOTMARK_COST\n")
        + "\nkill %1\nwait || true",
        seconds=110,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "charter" in ended.stdout.lower()
