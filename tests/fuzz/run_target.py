"""Run one fuzz target under libFuzzer, in this process: ``python -m tests.fuzz.run_target NAME``.

What stands behind the name goes to libFuzzer as it is, ``-runs=1000000`` or a folder of inputs;
the bounds and the dictionary of the target are added. docs/contributing.md says how to use it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import atheris

from tests.fuzz.target import Target

# The rooms, and the parsers of others that outside bytes are handed to and that are Python.
INSTRUMENTED: Final = ("keys", "ledger", "quality", "portal", "api", "http_sf")
MEGABYTES_MAX: Final = 2048
SECONDS_MAX: Final = 5


def main(name: str, *options: str) -> None:
    """Fuzz until libFuzzer ends the process."""
    with atheris.instrument_imports(include=list(INSTRUMENTED), enable_loader_override=False):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[name]
    with TemporaryDirectory() as scratch:
        seeds = Path(scratch) / "seeds"
        seeds.mkdir()
        for number, seed in enumerate(target.seeds()):
            (seeds / f"{number}").write_bytes(seed)
        chosen = [*options, *_bounds(target, Path(scratch))]
        folders = [option for option in chosen if not option.startswith("-")]
        # libFuzzer writes what it finds to the first folder, and only reads the others.
        folders = [*(folders or [str(seeds)]), str(seeds), *_kept(target)]
        flags = [option for option in chosen if option.startswith("-")]
        atheris.Setup([sys.argv[0], *flags, *folders], target.run)
        atheris.Fuzz()


def _bounds(target: Target, scratch: Path) -> Iterator[str]:
    yield f"-max_len={target.bytes_max}"
    yield f"-rss_limit_mb={MEGABYTES_MAX}"
    yield f"-timeout={SECONDS_MAX}"
    if target.words:
        words = scratch / "words"
        words.write_text("".join(f'"{_escape(word)}"\n' for word in target.words))
        yield f"-dict={words}"


def _escape(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def _kept(target: Target) -> list[str]:
    return [str(target.corpus)] if target.corpus.is_dir() else []


if __name__ == "__main__":
    main(*sys.argv[1:])
