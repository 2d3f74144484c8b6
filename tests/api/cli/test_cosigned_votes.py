"""Votes on a log with witnesses: a proposal is read as soon as it is cosigned, and not before."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.api.cli.five import GEAR, OEM, FiveLog
from tests.api.cli.solo import lotmark
from tests.api.live_witness import LiveWitness
from tests.api.witness_relay import WitnessRelay, a_relay

pytestmark = [pytest.mark.item("3.done.cli"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def relay() -> Iterator[WitnessRelay]:
    with a_relay() as running:
        yield running


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory, relay: WitnessRelay) -> Iterator[FiveLog]:
    """Five members, and one witness behind a relay that must cosign."""
    root = tmp_path_factory.mktemp("votes")
    witness = LiveWitness(root / "w", "w1.example")
    witness.start()
    relay.target = witness.url
    policy = root / "witnesses.txt"
    line = witness.policy_line("w1").replace(witness.url, relay.url)
    policy.write_text(f"{line}\nquorum w1\n", "utf-8")
    found = FiveLog(root / "five", founding=("--witnesses", str(policy)))
    anchor = str(found.data / "anchor.json")
    assert lotmark("witness", "add-log", anchor, "--folder", str(witness.root)).exit_code == 0
    with found.served():
        found.complete()
        yield found
    witness.stop()


def propose(log: FiveLog, candidate: str) -> str:
    """Propose to admit a candidate; the proposal's record id."""
    log.keygen(candidate, "supplier")
    member = str(log.folder(candidate) / "member.json")
    made = log.act(OEM, "propose", "admit", member, "--reason", "tier 2", "--yes", "--json")
    assert made.exit_code == 0, made.stderr
    # What the service in this process logs meanwhile stands beside the document.
    document, _ = json.JSONDecoder().raw_decode(made.stdout[made.stdout.index("{\n") :])
    return str(document["record_id"])


def test_a_vote_right_after_the_proposal_waits_until_it_is_cosigned(
    log: FiveLog, relay: WitnessRelay
) -> None:
    relay.hold = 1.2
    started = time.monotonic()
    of = propose(log, "vega-forge")
    assert log.done(GEAR, "approve", of, "--yes")["missing"] == 1
    assert time.monotonic() - started > relay.hold
    relay.hold = 0


@pytest.mark.long
def test_a_vote_on_what_nobody_cosigns_ends_with_what_to_do(
    log: FiveLog, relay: WitnessRelay
) -> None:
    relay.target = None
    told = log.act(GEAR, "approve", propose(log, "orion-seals"), "--yes")
    assert told.exit_code != 0
    for words in ("not-cosigned", "no cosigned checkpoint covers", "run the same command again"):
        assert words in told.stderr
