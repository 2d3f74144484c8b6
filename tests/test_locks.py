"""Every dependency is pinned by hash, and no lock file says where it comes from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.item("2.1")

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PIN = re.compile(
    r"([a-z0-9-]+)==([0-9a-z.]+)( ; [a-zA-Z_ =!<>.'0-9]+)?( --hash=sha256:[0-9a-f]{64})+"
)


def pins(lock: Path) -> list[str]:
    """Join continued lines: one pin each."""
    return re.sub(r" \\\n +", " ", lock.read_text("utf-8")).splitlines()


def versions(lock: Path) -> dict[str, str]:
    """Read name and version of each pin."""
    return {found[1]: found[2] for pin in pins(lock) if (found := PIN.match(pin))}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_holds_names_versions_and_hashes_only(lock: Path) -> None:
    """No index address, host or path can hide in a line of this form."""
    assert pins(lock)
    assert [p for p in pins(lock) if not PIN.fullmatch(p)] == []


def test_the_three_locks_are_there() -> None:
    assert [lock.stem for lock in LOCKS] == ["aics", "base", "dev"]


@pytest.mark.parametrize("name", ["base", "dev"])
def test_a_lock_satisfies_what_the_project_asks_for(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [Requirement(text) for text in project["project"]["dependencies"]]
    if name == "dev":
        asked += [Requirement(t) for t in project["dependency-groups"]["dev"] if isinstance(t, str)]
    locked = versions(ROOT / "requirements" / f"{name}.lock")
    assert [str(r) for r in asked if not r.specifier.contains(locked.get(r.name, "0"))] == []


def test_development_runs_on_what_the_service_runs_on() -> None:
    base, dev = (versions(ROOT / "requirements" / f"{name}.lock") for name in ("base", "dev"))
    assert {name: dev.get(name) for name in base} == base


@pytest.mark.parametrize(
    ("line", "is_pin"),
    [
        ("click==8.1 --hash=sha256:" + "0" * 64, True),
        ("click==8.1", False),
        ("--index-url https://example.org/simple", False),
        ("click @ file:///wheels/click.whl --hash=sha256:" + "0" * 64, False),
    ],
)
def test_the_form_of_a_pin_leaves_no_room_for_an_address(line: str, is_pin: bool) -> None:
    assert bool(PIN.fullmatch(line)) is is_pin
