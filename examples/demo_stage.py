"""Where the demo plays: its folder, its ports, and the processes of parties, log and witnesses."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from examples.demo_parties import NEWCOMER, OPERATOR, PARTIES, WITNESSES

ROOT: Final = Path(__file__).resolve().parents[1]
START_SECONDS_MAX: Final = 60
#: Only a folder with this file in it is cleared for the next demo.
MARK: Final = "made-by-the-demo"
PHONE: Final = f"{NEWCOMER.slug}-phone"


class StepFailed(Exception):
    """A step of the demo did not end well; its own words stand above."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays: its folder, the ports, and everybody's passphrases."""

    folder: Path
    ports: dict[str, int] = field(repr=False)
    passphrases: dict[str, str] = field(repr=False)

    @property
    def data(self) -> Path:
        """The operator's data folder."""
        return self.folder / "log"

    @property
    def url(self) -> str:
        """The service's address."""
        return self.address("log")

    @property
    def anchor(self) -> Path:
        """The trust anchor, as every party got it from founder 1, out of band."""
        return self.folder / "anchor.json"

    @property
    def bulletin(self) -> Path:
        """What the parties told each other beside the log: numbers and record ids."""
        return self.folder / "bulletin.jsonl"

    def address(self, name: str) -> str:
        """The address of the log, of the fork, or of the witness that a party runs."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def party(self, slug: str) -> Path:
        """A party's own folder."""
        return self.folder / "parties" / slug

    def witness(self, slug: str) -> Path:
        """The folder of the witness that a party runs."""
        return self.folder / "witnesses" / slug

    def environment(self, slug: str) -> dict[str, str]:
        """What a party's processes may know."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LOTMARK_")}
        return {
            **kept,
            "LOTMARK_PASSPHRASE": self.passphrases[slug],
            "LOTMARK_COST": "interactive",
            "PYTHONUNBUFFERED": "1",
        }


def set_stage(folder: Path) -> Stage:
    """Clear the folder of an earlier demo and find free ports.

    Raises:
        StepFailed: the folder is somebody's.
    """
    if folder.exists():
        if not (folder / MARK).is_file():
            raise StepFailed(f"{folder} is there and no folder of an earlier demo: name another")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    names = ("log", "fork", *WITNESSES)
    everybody = [party.slug for party in (*PARTIES, NEWCOMER)] + [PHONE]
    passphrases = {slug: secrets.token_urlsafe(18) for slug in everybody}
    return Stage(folder, dict(zip(names, _free_ports(len(names)), strict=True)), passphrases)


def chapter(title: str) -> None:
    """Print the heading of a chapter."""
    print(f"\n== {title}\n", flush=True)


def run(arguments: Sequence[str], environment: dict[str, str]) -> None:
    """Run a process to its end.

    Raises:
        StepFailed: it ended with another status than 0.
    """
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, check=False,
    )  # fmt: skip
    if ended.returncode != 0:
        raise StepFailed(f"{' '.join(arguments[:3])} ended with status {ended.returncode}")


def run_party(stage: Stage, slug: str, step: str, *arguments: str, program: str = "party") -> None:
    """One step of one party, a process with that party's passphrase."""
    command = ["-m", f"examples.demo_{program}", step, str(stage.party(slug)), *arguments]
    run(command, stage.environment(slug))


def at_service(stage: Stage, slug: str, step: str, *arguments: str, program: str = "party") -> None:
    """The same for a step that speaks to the service."""
    where = ("--url", stage.url, "--anchor", str(stage.anchor))
    run_party(stage, slug, step, *where, *arguments, program=program)


# ---- the log's service, and a second one on another folder ----


def serving(data: Path, url: str) -> dict[str, str]:
    """The settings of a service on a data folder."""
    port = url.rpartition(":")[2]
    return {"LOTMARK_DATA": str(data), "LOTMARK_PORT": port, "LOTMARK_BASE_URL": url}


@contextmanager
def service(stage: Stage, *, data: Path | None = None, name: str = "log") -> Iterator[None]:
    """``lotmark serve`` on the operator's data folder, or on another one."""
    url = stage.address(name)
    environment = {**stage.environment(OPERATOR), **serving(data or stage.data, url)}
    with _process(["serve"], environment, stage.folder / f"service-{name}.log") as process:
        _wait_until_ready(process, stage.ports[name], stage.folder / f"service-{name}.log")
        yield


def refused_start(stage: Stage, data: Path) -> str:
    """Start the service on a folder that it must refuse; what it said.

    Raises:
        StepFailed: it serves.
    """
    settings = serving(data, stage.address("fork"))
    command = [sys.executable, "-m", "api.cli", "serve"]
    try:
        ended = subprocess.run(
            command, cwd=ROOT, env={**stage.environment(OPERATOR), **settings}, check=False,
            capture_output=True, text=True, timeout=START_SECONDS_MAX,
        )  # fmt: skip
    except subprocess.TimeoutExpired as fault:
        raise StepFailed(f"expected a refusal, found a service on {data}") from fault
    return ended.stderr


# ---- the witnesses ----


def make_witnesses(stage: Stage) -> str:
    """Draw the witnesses' keys; the trust policy that asks all of them to cosign."""
    lines = []
    for slug in WITNESSES:
        made = _witness(stage, slug, "init", "--name", f"{slug}.example/witness", "--url",
                        stage.address(slug), "--json")  # fmt: skip
        line = str(json.loads(made)["policy_line"])
        print(f"  {slug:<19} runs a witness: {line.split()[1]}")
        lines.append(line)
    names = [line.split()[1] for line in lines]
    lines += [f"group all {len(names)} {' '.join(names)}", "quorum all"]
    return "".join(f"{line}\n" for line in lines)


@contextmanager
def witnesses(stage: Stage) -> Iterator[None]:
    """``lotmark witness serve`` for each of them; each knows the log from its anchor."""
    with ExitStack() as running:
        for slug in WITNESSES:
            _witness(stage, slug, "add-log", str(stage.anchor))
            folder, lines = stage.witness(slug), stage.folder / f"witness-{slug}.log"
            command = ["witness", "serve", "--folder", str(folder)]
            command += ["--port", str(stage.ports[slug])]
            process = running.enter_context(_process(command, stage.environment(slug), lines))
            _wait_until_ready(process, stage.ports[slug], lines)
        yield


def _witness(stage: Stage, slug: str, step: str, *arguments: str) -> str:
    command = ["-m", "api.cli", "witness", step, *arguments, "--folder", str(stage.witness(slug))]
    return output_of(command, stage.environment(slug))


def output_of(arguments: Sequence[str], environment: dict[str, str], *, status: int = 0) -> str:
    """Run a process that must end with ``status``; what it wrote.

    Raises:
        StepFailed: it ended with another one.
    """
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    if ended.returncode != status:
        said = f"ended with status {ended.returncode}, expected {status}: {ended.stderr}"
        raise StepFailed(f"{' '.join(arguments[:4])} {said}")
    return ended.stdout


@contextmanager
def _process(
    command: Sequence[str], environment: dict[str, str], lines: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with lines.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", *command],
            cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        # However the demo ends, what it started ends with it.
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=START_SECONDS_MAX)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, lines: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    text = lines.read_text(encoding="utf-8")[-2000:]
    raise StepFailed(f"a service did not start:\n{text}")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        probes = [opened.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
