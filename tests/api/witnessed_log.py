"""A served log and its witnesses: k of n of them are the quorum of its trust anchor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.data_folder import DataFolder
from ledger.anchor import encode_anchor
from ledger.note import encode_vkey
from tests.api.live_witness import LiveWitness
from tests.api.service import LiveService, found_log
from tests.api.witness_relay import WitnessRelay
from tests.ledger.parties import ORIGIN, Consortium, a_log_signer


@dataclass
class WitnessedLog:
    """A service that may be stopped and started, and the witnesses, each by itself."""

    service: LiveService
    witnesses: Sequence[LiveWitness]

    def cosigned_size(self) -> int:
        """The size of the newest cosigned checkpoint that is served; 0 for none."""
        answer = self.service.http.get("/checkpoint")
        return int(answer.text.splitlines()[1]) if answer.status_code == 200 else 0

    def wait_until_cosigned(self, size: int) -> None:
        """Wait until a checkpoint of at least this size is cosigned."""
        wait_until(lambda: self.cosigned_size() >= size)


def wait_until(is_so: Callable[[], bool], *, seconds: float = 20) -> None:
    """Look again and again; fail where it does not become so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "expected it to become so in time"
        time.sleep(0.02)


def quorum_anchor(consortium: Consortium, witnesses: Sequence[LiveWitness], k: int) -> str:
    """The trust anchor that asks for k of the witnesses."""
    names = [f"w{number}" for number in range(1, len(witnesses) + 1)]
    lines = [f"log {encode_vkey(a_log_signer().key)}"]
    lines += [w.policy_line(name) for w, name in zip(witnesses, names, strict=True)]
    lines += [f"group q {k} {' '.join(names)}", "quorum q"]
    policy = "".join(f"{line}\n" for line in lines)
    return encode_anchor(ORIGIN, policy, consortium.fold.charter_id)


@contextmanager
def running_witnesses(root: Path, count: int) -> Iterator[list[LiveWitness]]:
    """So many witnesses of the tests' log."""
    with ExitStack() as opened:
        witnesses = []
        for number in range(1, count + 1):
            witness = LiveWitness(root / f"w{number}", f"w{number}.example")
            witness.know_signer(a_log_signer())
            witness.start()
            opened.callback(stop_if_running, witness)
            witnesses.append(witness)
        yield witnesses


def stop_if_running(live: LiveWitness | LiveService) -> None:
    """Stop what a test may have stopped already."""
    if live.thread.is_alive():
        live.stop()


@contextmanager
def witnessed_log(
    root: Path, *, k: int = 2, n: int = 3, relay: WitnessRelay | None = None
) -> Iterator[WitnessedLog]:
    """Found a log, and serve it beside its witnesses; the last of them behind ``relay``."""
    folder = DataFolder(root / "log")
    with running_witnesses(root, n) as witnesses:
        consortium = found_log(folder)
        anchor = quorum_anchor(consortium, witnesses, k)
        if relay is not None:
            relay.target = witnesses[-1].url
            anchor = anchor.replace(relay.target, relay.url)
        folder.anchor.write_text(anchor, "utf-8")
        service = LiveService(folder, consortium)
        service.start()
        try:
            yield WitnessedLog(service, witnesses)
        finally:
            stop_if_running(service)
