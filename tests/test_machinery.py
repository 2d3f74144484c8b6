"""The repository's machinery does what its targets say, as far as it can be seen from inside.

No container engine runs here: image and compose file are read, and the image's installation step
is repeated on a copy of its build context.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tidy import ROOMS

pytestmark = pytest.mark.item("2.1")

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ["help", "setup", "demo", "run", "test", "test-long", "check", "bench", "items"]
BASH = shutil.which("bash") or "/bin/bash"


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the project, free of what an outer make put into the environment."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment | variables,
        capture_output=True,
        check=False,
        timeout=60,
        text=True,
    )


def test_make_help_names_every_target() -> None:
    shown = re.findall(r"^  make ([a-z-]+)", run("make", "help").stdout, flags=re.MULTILINE)
    assert set(TARGETS) <= set(shown)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "-m examples.demo"),
        (("EXIT=1",), "-m examples.demo --exit"),
        (("EXIT=1", "CSV=a b.csv"), "-m examples.demo --exit --csv 'a b.csv'"),
    ],
)
def test_make_demo_passes_on_what_it_is_given(arguments: tuple[str, ...], expected: str) -> None:
    lines = run("make", "-n", "demo", *arguments).stdout.splitlines()
    assert " ".join(lines[-1].split()) == f".venv/bin/python {expected}"


@pytest.mark.parametrize(("target", "selected"), [("test", "'not long'"), ("test-long", "long")])
def test_make_test_and_test_long_divide_the_tests(target: str, selected: str) -> None:
    assert f"-m pytest -m {selected}" in run("make", "-n", target).stdout


def test_make_refuses_an_old_python_and_says_what_it_expected(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.10.1\nexit 1\n')
    old.chmod(0o755)
    done = run("make", "-B", "setup", f"PYTHON={old}")
    assert done.returncode != 0
    assert "expected Python 3.11 or newer, found Python 3.10.1" in done.stdout


@pytest.fixture
def recording_make(tmp_path: Path) -> Path:
    """A ``make`` that writes down how it was called and fails where told to."""
    script = tmp_path / "make"
    script.write_text('#!/bin/sh\necho "$LOTMARK_CI $*"\n[ "$*" != "$FAIL_ON" ]\n')
    script.chmod(0o755)
    return tmp_path


@pytest.mark.item("2.done.fresh-clone")
@pytest.mark.parametrize(
    ("fail_on", "called", "status"),
    [
        ("", ["1 check", "1 test"], 0),
        ("check", ["1 check"], 1),
        ("test", ["1 check", "1 test"], 1),
    ],
)
def test_ci_checks_then_tests_and_fails_with_either(
    recording_make: Path, fail_on: str, called: list[str], status: int
) -> None:
    path = f"{recording_make}:{os.environ['PATH']}"
    done = run(BASH, ".ci/run", PATH=path, FAIL_ON=fail_on, LOTMARK_CI="")
    assert done.stdout.split("\n")[:-1] == called
    assert done.returncode == status


def test_without_chromium_and_apt_the_script_says_how_to_get_it(tmp_path: Path) -> None:
    for tool in ("id", "bash"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    done = run(BASH, "tests/install_chromium.sh", PATH=str(tmp_path))
    assert done.returncode == 0
    assert "sudo apt-get install chromium" in done.stdout


def test_with_chromium_the_script_is_silent(tmp_path: Path) -> None:
    (tmp_path / "chromium").symlink_to(sys.executable)
    done = run(BASH, "tests/install_chromium.sh", PATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "")


def test_bench_lists_each_benchmark_with_its_title() -> None:
    shown = run(sys.executable, "-m", "bench").stdout.splitlines()
    bench = ROOT / "bench"
    scripts = {p.stem for p in bench.glob("[!_]*.py") if "__main__" in p.read_text("utf-8")}
    packages = {p.parent.name for p in bench.glob("*/__main__.py")}
    assert [line.split(maxsplit=1)[0] for line in shown] == sorted(scripts | packages)
    assert all(len(line.split(maxsplit=1)) == 2 for line in shown)


def test_bench_refuses_an_unknown_name() -> None:
    done = run(sys.executable, "-m", "bench", "nothing")
    assert done.returncode == 2
    assert "found 'nothing'" in done.stderr


def port_by_default() -> int:
    """Read the service's default port from its settings, without importing them."""
    for path in sorted((ROOT / "api").rglob("*settings*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.AnnAssign(target=ast.Name(id="port"), value=ast.Constant(value=int(port))):
                    return port
    return 8080


def dockerfile() -> list[tuple[str, str]]:
    """Read the instructions of the image's last stage."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    instructions = [(line.split()[0], line.partition(" ")[2]) for line in lines]
    last = max(i for i, (name, _) in enumerate(instructions) if name == "FROM")
    return instructions[last:]


def compose_service() -> dict[str, Any]:
    """Read the one service that the compose file starts without a profile."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    (started,) = [name for name, service in services.items() if "profiles" not in service]
    assert started == "lotmark"
    return dict(services[started])


def test_the_image_does_not_run_as_root() -> None:
    assert [value for name, value in dockerfile() if name == "USER"] == ["lotmark"]


def test_the_image_serves_and_asks_itself_whether_it_lives() -> None:
    stage = dict(dockerfile())
    assert stage["ENTRYPOINT"] == '["lotmark"]'
    assert stage["CMD"] == '["serve"]'
    assert f"http://127.0.0.1:{port_by_default()}/livez" in stage["HEALTHCHECK"]


def test_the_image_installs_by_hash_and_never_from_an_index_without() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    installs = re.findall(r"pip install (.*)", text)
    assert installs
    assert all("--require-hashes" in i or "--no-index" in i for i in installs)


def test_image_and_compose_file_agree_on_the_port_and_bind_loopback_only() -> None:
    port = port_by_default()
    stage = dict(dockerfile())
    assert stage["EXPOSE"] == str(port)
    assert f"LOTMARK_PORT={port}" in stage["ENV"]
    assert compose_service()["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_data_and_shelf_outlive_the_container_each_in_a_named_volume() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    volumes = [text.partition(":") for text in compose["services"]["lotmark"]["volumes"]]
    names, targets = [name for name, _, _ in volumes], [target for _, _, target in volumes]
    data, shelf = targets
    assert len(set(names)) == 2
    assert set(names) <= compose["volumes"].keys()
    stage = dict(dockerfile())
    assert f"LOTMARK_DATA={data}/" in stage["ENV"]
    assert f"LOTMARK_SHELF={shelf} " in stage["ENV"]
    assert stage["VOLUME"].split() == targets


def test_the_container_has_no_rights_and_no_secret_by_default() -> None:
    service = compose_service()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["environment"]["LOTMARK_PASSPHRASE"].startswith("${LOTMARK_PASSPHRASE:?")


def build_context(target: Path) -> Path:
    """Copy what ``.dockerignore`` lets through."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in lines
    for kept in (line[1:] for line in lines if line.startswith("!")):
        (target / kept).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / kept).is_dir():
            shutil.copytree(ROOT / kept, target / kept)
        else:
            shutil.copy2(ROOT / kept, target / kept)
    return target


def test_the_image_contains_every_module_and_data_file_of_the_rooms(tmp_path: Path) -> None:
    """The wheel is built as the image builds it, so a forgotten pattern is seen here."""
    context = build_context(tmp_path / "context")
    options = ["--no-index", "--no-deps", "--no-build-isolation", "-qq", "-w", str(tmp_path)]
    built = run(sys.executable, "-m", "pip", "wheel", *options, str(context))
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert sorted(shipped_files() - packed) == []


def shipped_files() -> set[str]:
    """Every file of the rooms that is meant to be installed: all but compiled code and notes."""
    files = (p for room in ROOMS for p in (ROOT / room).rglob("*") if p.is_file())
    return {str(p.relative_to(ROOT)) for p in files if p.suffix not in {".pyc", ".md"}}


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Version 2.0, January 2004" in text
    assert "9. Accepting Warranty or Additional Liability." in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
