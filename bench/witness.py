"""What a witness makes durable and cosigns a second, and what cosigning costs the log.

The ingest rate is taken on two logs in turns, one without witnesses and one with two of three,
each witness in a process of its own on the same cores, so that what else the machine does
falls on both. Where it does much the turns are shorter: the run ends within a minute.
"""

from __future__ import annotations

import asyncio
import http.client
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Final

from api.opening_log import open_log
from api.witness_folder import WitnessFolder, add_log, create_witness
from bench import ceilings
from bench.consortium import Consortium, Workshop, found_consortium
from bench.engines import Engine
from bench.load import Address, closed_loop, encode_batch, encode_post
from bench.pacing import Rounds, run_rounds
from bench.report import Figures, run_benchmark
from bench.server import served, serving
from keys.encoding import encode_base64url
from keys.signer import SeedSigner
from ledger.anchor import encode_anchor, parse_anchor
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.note import ED25519_NOTE, Ed25519Signer, KeyName, VerifierKey, encode_note
from ledger.tree import LeafNodes, TreeSize, leaf_hash, prove_consistency, tree_root
from ledger.trust_policy import TrustPolicy, encode_trust_policy
from ledger.witness import encode_request, proof_lines

WITNESSES: Final = 3
QUORUM: Final = 2
IN_FLIGHT: Final = 16
LINES_PER_BATCH: Final = 1_000
BATCHES_IN_FLIGHT: Final = 4
SEED_VARIABLE: Final = "LOTMARK_BENCH_WITNESS_SEED"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured; every log of the witness grows by so many ``steps``."""

    logs: int
    steps: int
    rounds: Rounds
    ceiling_seconds: float
    seconds: float


# A log may advance 20 times at once, and no faster than ten times a second after that.
FULL: Final = Plan(128, 18, Rounds(5, 1_000, 6_000), ceiling_seconds=0.6, seconds=26)
QUICK: Final = Plan(16, 2, Rounds(1, 100, 200), ceiling_seconds=0.1, seconds=10)


def measure(plan: Plan, engine: Engine, root: Path) -> Figures:
    """All figures of one run."""
    until = time.monotonic() + plan.seconds
    ceiling = ceilings.commits_per_s(root, plan.ceiling_seconds)
    cosigning = _measure_witness(plan, root)
    return {
        "ceiling_commits_per_s": ceiling,
        **cosigning,
        "add_checkpoint_of_ceiling": cosigning["add_checkpoint_per_s"] / ceiling,
        **_measure_ingest(plan, engine, root, until=until),
    }


# ---- one witness, many logs ----


@dataclass(frozen=True, slots=True)
class Keeper:
    """A witness in its folder, and the seed that opens it."""

    folder: WitnessFolder
    name: str
    vkey: str
    seed: str

    @contextmanager
    def serving(self) -> Iterator[Address]:
        """Serve it in a process of its own until the block is left."""
        arguments = ("-m", "api.cli", "witness", "serve", "--folder", str(self.folder.root))
        with served(arguments, {SEED_VARIABLE: self.seed}, path="/livez") as server:
            yield server.address


def _make_keeper(root: Path, name: str) -> Keeper:
    seed = secrets.token_bytes(32)
    folder = WitnessFolder(root / name)
    folder.root.mkdir(parents=True)
    uri = f"env:{SEED_VARIABLE}"
    config = create_witness(folder, name, signer=SeedSigner(seed), key_uri=uri, url="")
    return Keeper(folder, name, config.vkey, encode_base64url(seed))


def _measure_witness(plan: Plan, root: Path) -> Figures:
    keeper = _make_keeper(root / "witness", "bench-witness")
    signers = [_log_signer(number) for number in range(plan.logs)]
    for signer in signers:
        add_log(keeper.folder, signer.key.name, [signer.key])
    requests = _growth(signers, plan.steps)
    with keeper.serving() as address:
        answers = asyncio.run(closed_loop(address, requests, IN_FLIGHT))
    assert set(answers.statuses) == {200}, f"expected 200 alone, found {set(answers.statuses)}"
    return {
        "add_checkpoint_per_s": len(requests) / answers.seconds,
        "add_checkpoint_p50_ms": answers.milliseconds(0.5),
        "add_checkpoint_p99_ms": answers.milliseconds(0.99),
    }


def _log_signer(number: int) -> Ed25519Signer:
    signer = SeedSigner(secrets.token_bytes(32))
    key = VerifierKey(KeyName(f"log-{number}.bench.example"), ED25519_NOTE, signer.public_key)
    return Ed25519Signer(key, signer.sign)


def _growth(signers: Sequence[Ed25519Signer], steps: int) -> list[bytes]:
    """Requests in turns over all logs, so that those of one log are far apart."""
    nodes = LeafNodes([leaf_hash(b"entry %d" % index) for index in range(steps)])
    requests = []
    for size in range(1, steps + 1):
        new, old = TreeSize(size), TreeSize(size - 1)
        root = tree_root(new, nodes)
        proof = proof_lines(prove_consistency(old, new, nodes)) if old else ()
        for signer in signers:
            checkpoint = Checkpoint(signer.key.name, new, root)
            note = encode_note(sign_checkpoint(checkpoint, [signer])).decode()
            body = encode_request(old, proof, note=note)
            requests.append(encode_post("/add-checkpoint", "text/plain", body))
    return requests


# ---- what cosigning costs the log ----


def _measure_ingest(plan: Plan, engine: Engine, root: Path, *, until: float) -> Figures:
    plain = found_consortium(engine.folder(root / "plain"))
    watched = found_consortium(engine.folder(root / "watched"))
    with ExitStack() as running:
        _watch(watched, root / "witnesses", running)
        without = running.enter_context(serving(plain))
        beside = running.enter_context(serving(watched))
        _await_cosigned(beside, 1)
        turns = running.enter_context(_turns((plain, without), (watched, beside)))
        rates = run_rounds(plan.rounds, turns, until=until)
        _await_cosigned(beside, 1 + plan.rounds.least)
    kept = _count_cosigned(watched)
    fast, slow = (median(side) for side in zip(*rates, strict=True))
    return {
        "ingest_plain_per_s": fast,
        "ingest_cosigned_per_s": slow,
        # Pair by pair: what else the machine does falls on both of a pair.
        "ingest_cosigned_of_plain": median(b / a for a, b in rates),
        "checkpoints_cosigned": kept,
    }


def _watch(consortium: Consortium, root: Path, running: ExitStack) -> None:
    """Start witnesses of a log and name them in its trust anchor."""
    anchor = parse_anchor(consortium.folder.anchor.read_bytes())
    policy = encode_trust_policy(TrustPolicy(anchor.policy.logs, (), (), quorum=None))
    lines = policy.splitlines()[:-1]
    names = []
    for number in range(1, WITNESSES + 1):
        keeper = _make_keeper(root, f"w{number}")
        add_log(keeper.folder, anchor.origin, [log.key for log in anchor.policy.logs])
        address = running.enter_context(keeper.serving())
        url = f"http://{address.host}:{address.port}"
        lines.append(f"witness {keeper.name} {keeper.vkey} {url}")
        names.append(keeper.name)
    lines += [f"group q {QUORUM} {' '.join(names)}", "quorum q"]
    text = encode_anchor(anchor.origin, "".join(f"{line}\n" for line in lines), anchor.charter)
    consortium.folder.anchor.write_text(text, "utf-8")


@contextmanager
def _turns(
    plain: tuple[Consortium, Address], watched: tuple[Consortium, Address]
) -> Iterator[Callable[[int], tuple[float, float]]]:
    """Measures records a second of each log, one after the other."""
    number = count()
    with Workshop(plain[0]) as first, Workshop(watched[0]) as second:
        sides = (first, plain[1]), (second, watched[1])

        def measure(records: int) -> tuple[float, float]:
            made = [workshop.lines(records) for workshop, _ in sides]
            # Whoever is first in a pair changes from pair to pair.
            order = (0, 1) if next(number) % 2 else (1, 0)
            rates = {side: _ingest(sides[side][1], made[side]) for side in order}
            return rates[0], rates[1]

        yield measure


def _ingest(address: Address, lines: Sequence[bytes]) -> float:
    batches = [
        lines[start : start + LINES_PER_BATCH] for start in range(0, len(lines), LINES_PER_BATCH)
    ]
    requests = [encode_batch(batch) for batch in batches]
    answers = asyncio.run(closed_loop(address, requests, BATCHES_IN_FLIGHT))
    admitted = sum(body.count(b'"first":true') for body in answers.bodies)
    assert admitted == len(lines), f"expected {len(lines)} entries, found {admitted}"
    return len(lines) / answers.seconds


def _await_cosigned(address: Address, size: int) -> None:
    deadline = time.monotonic() + 20
    while _cosigned_size(address) < size:
        if time.monotonic() > deadline:
            raise TimeoutError(f"expected {size} entries to be cosigned within 20 s")
        time.sleep(0.05)


def _cosigned_size(address: Address) -> int:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
    try:
        connection.request("GET", "/checkpoint")
        answer = connection.getresponse()
        text = answer.read().decode()
        return int(text.splitlines()[1]) if answer.status == 200 else 0
    finally:
        connection.close()


def _count_cosigned(consortium: Consortium) -> int:

    store = open_log(consortium.folder, read_only=True)
    try:
        return sum(1 for _ in store.cosigned(0))
    finally:
        store.close()


if __name__ == "__main__":
    run_benchmark("witness", __doc__, measure=measure, quick=QUICK, full=FULL)
