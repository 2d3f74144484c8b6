"""The command line as a shell sees it: a ``lotmark`` on the path, in processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).resolve().parents[3]
PASSPHRASE = "four words that nobody guesses"


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder to work in, with the command line of this very source tree."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, script: str, *, seconds: int) -> subprocess.CompletedProcess[str]:
        """Run a bash script that stops at the first command that fails."""
        # Files and not pipes: a service that the script left behind would hold a pipe open.
        with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            process = subprocess.Popen(
                ["/bin/bash", "-euo", "pipefail", "-c", script],
                cwd=self.folder,
                env=dict(self.environment),
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            try:
                process.wait(seconds)
            finally:
                # Whatever the script left running goes with it, the script's own group alone.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(script, process.returncode, out.read(), err.read())

    def lotmark(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command."""
        return subprocess.run(
            [str(self.folder / "bin" / "lotmark"), *arguments],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextlib.contextmanager
    def served(self) -> Iterator[subprocess.Popen[str]]:
        """``lotmark serve`` while the block runs; stopped with SIGTERM, which must end it well."""
        process = subprocess.Popen(
            [str(self.folder / "bin" / "lotmark"), "serve", "--json"],
            cwd=self.folder,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)
        assert process.returncode == 0


def a_shell(folder: Path) -> Shell:
    """A shell in an empty folder, on a port of its own, with cheap key files."""
    port = free_port()
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "lotmark"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m api.cli "$@"\n')
    program.chmod(0o755)
    return Shell(
        folder,
        {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "LOTMARK_PASSPHRASE": PASSPHRASE,
            "LOTMARK_PORT": str(port),
            "LOTMARK_URL": f"http://127.0.0.1:{port}",
            "LOTMARK_COST": "interactive",
            "LOTMARK_CHECK_PROCESSES": "0",
        },
    )
