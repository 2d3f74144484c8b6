"""Keep the inputs that a fuzzer found: ``python -m tests.fuzz.keep NAME FOLDER``.

Of all inputs only those stay that reach code no smaller one reaches, the smallest first, up to the
bounds that a test holds; those called ``found-...`` stay in any case.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.fuzz.target import CORPUS

INPUTS_MAX: Final = 40
BYTES_MAX: Final = 4_000


def keep(name: str, folder: Path) -> None:
    """Merge a folder into the kept inputs of a target, and cut to the bounds."""
    kept = CORPUS / name
    kept.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        merged = Path(scratch)
        command = [sys.executable, "-m", "tests.fuzz.run_target", name, "-merge=1"]
        subprocess.run([*command, str(merged), str(folder), str(kept)], check=True)
        for path in kept.iterdir():
            if not path.name.startswith("found-"):
                path.unlink()
        for path in _smallest(merged):
            shutil.copy(path, kept / path.name[:16])


def _smallest(folder: Path) -> list[Path]:
    found = sorted(folder.iterdir(), key=lambda path: (path.stat().st_size, path.name))
    chosen: list[Path] = []
    size = 0
    for path in found[:INPUTS_MAX]:
        size += path.stat().st_size
        if size <= BYTES_MAX:
            chosen.append(path)
    return chosen


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]))
