"""Processes that die at a chosen touch of the disk, to see what they leave behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_TOUCHES = {"open", "os.rename", "os.remove"}


def run_and_die(directory: Path, act: Callable[[], object], *, touch: int) -> bool:
    """Run ``act`` in a child process that is killed just before its n-th touch of a directory.

    A touch is the opening, renaming or removing of a file below it. What the child wrote
    before stays, as the system's cache outlives a process.

    Returns:
        Whether the child died; false when it ended before so many touches.
    """
    child = os.fork()
    if child == 0:
        # Whatever happens, the copy of the test run must not go on.
        try:
            sys.addaudithook(_Killer(directory, touch))
            act()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}, f"the child failed by itself: {status}"
    return os.WIFSIGNALED(status)


class _Killer:
    def __init__(self, directory: Path, touch: int) -> None:
        self._prefix = os.fspath(directory)
        self._left = touch

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _TOUCHES and str(arguments[0]).startswith(self._prefix):
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1
