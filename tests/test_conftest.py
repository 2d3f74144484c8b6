"""The rules that hold for every test do hold: no skipping in CI, no network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.loopback import NetworkUsed, is_loopback

ROOT = Path(__file__).resolve().parent.parent
WAYS_TO_SKIP = {
    "mark": "import pytest\n@pytest.mark.skip(reason='no')\ndef test_a(): ...\n",
    "call": "import pytest\ndef test_a(): pytest.skip('no')\n",
    "module": "import pytest\npytest.skip('no', allow_module_level=True)\n",
    "expected": "import pytest\n@pytest.mark.xfail\ndef test_a(): assert 0\n",
}


def run_pytest(folder: Path, *, is_ci: bool) -> tuple[int, str]:
    """Run a folder in a pytest of its own, under the rules of this one."""
    environment = os.environ | {
        "LOTMARK_CI": "1" if is_ci else "0",
        "PYTHONPATH": str(ROOT),
        # Loading every plugin that is installed takes longer than all the rest.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    plugins = ["-p", "pytest_timeout", "-p", "tests.conftest"]
    rules = [*plugins, "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder)]
    options = ["-p", "no:cacheprovider", "--continue-on-collection-errors"]
    command = [sys.executable, "-m", "pytest", *rules, *options, str(folder)]
    done = subprocess.run(
        command, env=environment, capture_output=True, check=False, timeout=60, text=True
    )
    return done.returncode, done.stdout.splitlines()[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_runs.py").write_text("def test_b(): ...\n")
    return tmp_path


@pytest.mark.item("2.1")
@pytest.mark.item("2.done.vectors-never-skip")
@pytest.mark.parametrize(
    ("is_ci", "counts"),
    [
        (False, ["1 passed", "3 skipped", "1 xfailed"]),
        (True, ["2 failed", "1 passed", "2 errors"]),
    ],
)
def test_every_way_to_skip_fails_in_ci_and_passes_elsewhere(
    folder: Path, is_ci: bool, counts: list[str]
) -> None:
    for name, text in WAYS_TO_SKIP.items():
        (folder / f"test_skips_{name}.py").write_text(text)
    status, summary = run_pytest(folder, is_ci=is_ci)
    assert (status != 0) is is_ci
    assert all(count in summary for count in counts), summary


@pytest.mark.parametrize("name", ["call", "expected"])
def test_one_skipped_test_is_enough_to_fail_in_ci(folder: Path, name: str) -> None:
    (folder / "test_skips.py").write_text(WAYS_TO_SKIP[name])
    assert run_pytest(folder, is_ci=True)[0] == 1


def test_a_test_that_runs_passes_in_ci(folder: Path) -> None:
    assert run_pytest(folder, is_ci=True)[0] == 0


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_connection_to_another_machine_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as endpoint, pytest.raises(NetworkUsed, match=f"found '{host}'"):
        endpoint.connect((host, 80))


def test_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as endpoint, pytest.raises(NetworkUsed):
        endpoint.sendto(b"", ("192.0.2.1", 53))


def test_looking_up_another_machine_is_refused() -> None:
    with pytest.raises(NetworkUsed, match=r"found 'example\.org'"):
        socket.getaddrinfo("example.org", 80)


def test_a_connection_to_this_machine_is_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port), timeout=5):
            pass


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (None, True),
        ("", True),
        (b"localhost", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("0.0.0.0", True),  # noqa: S104 - a name to bind to, not bound here
        ("fe80::1%eth0", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
    ],
)
def test_only_loopback_counts_as_this_machine(host: str | bytes | None, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_node_runs_without_one_on_the_machine(node: Path) -> None:
    done = subprocess.run([node, "-p", "1 + 1"], capture_output=True, check=True, text=True)
    assert done.stdout == "2\n"


@pytest.mark.browser
def test_the_browser_opens_a_page_and_runs_a_script(page: Page) -> None:
    page.goto("data:text/html,<title>a page</title>")
    assert page.title() == "a page"
    assert page.evaluate("1 + 1") == 2
