"""Records whose every part passes its own check, made to break the one writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from keys.ed25519 import PublicKey
from keys.multikey import encode_multikey
from ledger.compose import Filing
from tests.api.service import SUPPLIER, LiveService, code_of, problem_of
from tests.ledger.parties import SAMPLE_GROUPS, record_id_of, sign_key

pytestmark = pytest.mark.item("2.6")
NOT_CANONICAL = "B" * 43
UNKNOWN = "B" * 42 + "A"
LINKS: Mapping[str, Callable[[str], Filing]] = {
    "case": lambda name: Filing(case=name),
    "corrects": lambda name: Filing(corrects=name),
    "answers": lambda name: Filing(answers=[name]),
    "endorses": lambda name: Filing(endorses=[name]),
    "cites": lambda name: Filing(cites=[name]),
}


@pytest.fixture(autouse=True)
def the_writer_goes_on(service: LiveService) -> Iterator[None]:
    """Whatever was sent, the next record is admitted."""
    yield
    service.admit(service.record())


@pytest.mark.parametrize("place", LINKS)
def test_a_link_with_spare_bits_is_refused(service: LiveService, place: str) -> None:
    def linked(name: str) -> str:
        correction = {"correction": {"reason": "typo"}} if place == "corrects" else {}
        return service.record({**SAMPLE_GROUPS, **correction}, filing=LINKS[place](name))

    first = service.record()
    # In one batch, so that the reference is looked up among records of the same group too.
    answers = service.submit_many([first, linked(NOT_CANONICAL), linked(record_id_of(first))])
    assert [answer.get("code") for answer in answers] == [None, "invalid-claims", None], answers
    assert code_of(service.submit(linked(UNKNOWN))) in {"unknown-record", "not-permitted"}


@pytest.mark.parametrize(
    "point", [b"\x01" + bytes(31), bytes(32), b"\xff" * 32], ids=["identity", "zero", "not-reduced"]
)
def test_a_key_that_is_no_acceptable_point_is_refused(service: LiveService, point: bytes) -> None:
    party = service.party(SUPPLIER)

    good = party.another_key(f"beside {point.hex()}")
    bad = encode_multikey(PublicKey(point))
    answer = service.submit(sign_key(service.consortium, party, good, multikey=bad))
    assert problem_of(answer)["errors"][0]["pointer"] == "/body/multikey"
    assert code_of(answer) == "invalid-claims"
    service.admit(sign_key(service.consortium, party, good))
