"""Addresses of witnesses: what nobody could speak to is refused before the log runs."""

from __future__ import annotations

import socket

import pytest

from api.witness_client import WitnessClient
from ledger.errors import MalformedTrustPolicy
from ledger.note import ED25519_COSIGNATURE
from ledger.trust_policy import Witness
from ledger.witness_errors import WitnessSilent
from tests.ledger.signers import key_of

pytestmark = pytest.mark.item("3.4.cosigned")

KEY = key_of("w.example", ED25519_COSIGNATURE)


def client(url: str) -> WitnessClient:
    """A client for the witness at an address."""
    return WitnessClient(Witness("w", KEY, url), seconds_max=1)


@pytest.mark.parametrize(
    "url",
    [
        f"http://{'a' * 300}.example/",
        f"http://{'a' * 64}.example/",
        "http://xn--/",
        "http://xn--a.example/",
        "http://a..example/",
        "http://[::1/",
        "http://127.0.0.1:65536/",
        "http:///path",
        "ftp://witness.example/",
        "witness.example",
    ],
)
def test_what_is_no_address_is_refused_as_part_of_the_policy(url: str) -> None:
    with pytest.raises(MalformedTrustPolicy, match="witness w"):
        client(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_a_witness_that_is_not_there_is_silent(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = client(f"http://{host}:{port}/")
    with pytest.raises(WitnessSilent):
        found.add_checkpoint(b"")
    found.close()


@pytest.mark.parametrize("url", [f"http://{'a' * 63}.invalid/", "https://witness.invalid:443/x"])
def test_an_address_at_its_bounds_is_taken(url: str) -> None:
    client(url).close()


def test_a_fault_of_the_resolver_is_the_witness_s_silence() -> None:
    """The thread that has checkpoints cosigned goes on with the others."""
    found = client("http://127.0.0.1:1/")
    found._base = "http://xn--/"
    with pytest.raises(WitnessSilent):
        found.last_checkpoint("log.example")
    found.close()
