"""A million executions of every fuzz target, guided by coverage, two targets at a time."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS
from tests.vectors import ROOT

pytestmark = [pytest.mark.item("3.8.fuzzing"), pytest.mark.long]

AT_A_TIME: Final = 2
SECONDS_MAX: Final = 3 * 3600
_DONE: Final = re.compile(r"Done (\d+) runs in (\d+) second")
Running = dict[str, "Future[subprocess.CompletedProcess[str]]"]


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Every chosen target, each in a process of its own, started in the order of the tests."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: it is there for Linux on x86-64, Python below 3.14")
    chosen = [found for item in request.session.items if (found := _target_of(item))]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield {
            target.name: pool.submit(fuzz, target, tmp_path_factory.mktemp(target.name))
            for target in chosen
        }
        pool.shutdown(cancel_futures=True)


def _target_of(item: pytest.Item) -> Target | None:
    if item.path != Path(__file__) or not isinstance(item, pytest.Function):
        return None
    found = item.callspec.params["target"]
    assert isinstance(found, Target)
    return found


def fuzz(target: Target, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one target to its end; what crashes it stays in ``folder``."""
    found = folder / "found"
    found.mkdir()
    command = [sys.executable, "-m", "tests.fuzz.run_target", target.name, str(found)]
    options = [f"-runs={target.runs}", f"-artifact_prefix={folder}/", "-print_final_stats=1"]
    return subprocess.run(
        [*command, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS_MAX,
        check=False,
    )


# The first test waits for its target while the next ones run already.
@pytest.mark.timeout(SECONDS_MAX)
@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_a_million_executions_end_without_a_crash(
    target: Target, running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = running[target.name].result()
    done = _DONE.search(ended.stderr)
    assert ended.returncode == 0, ended.stderr[-6000:]
    assert done, ended.stderr[-2000:]
    runs, seconds = int(done[1]), int(done[2])
    assert runs >= target.runs
    with capsys.disabled():
        sys.stdout.write(f"\n{target.name}: {runs} executions, {runs // max(seconds, 1)} a second")
