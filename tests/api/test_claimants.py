"""Whose share a submission spends: a party's only for what it alone can send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

import pytest

from api.desk import SubmissionDesk
from api.exchange import Refused
from api.quotas import Quotas, build_quotas
from ledger.faults import Refusal
from ledger.submission import Admitted, Outcome
from tests.api.service import SUPPLIER, LiveService, encode_submission, serve
from tests.ledger.parties import PartyKeys

pytestmark = pytest.mark.item("3.8.quotas")

SOURCE = "address:127.0.0.1"

BURST = 50
EMPTY = b"{}"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service whose desks below let fifty records of a flow in, and then none."""
    yield from serve(tmp_path_factory.mktemp("log"), party_records_per_s=BURST / 10)


class Counted:
    """A desk of its own, at which time stands still."""

    def __init__(self, live: LiveService) -> None:
        self._live = live
        self.quotas: Quotas = build_quotas(live.settings, lambda: 100.0)

    def single(self, line: bytes) -> Outcome:
        """The outcome of one submission."""
        return asyncio.run(self._desk().admit_line(line, SOURCE))

    def batch(self, lines: Sequence[bytes]) -> list[Outcome]:
        """The outcomes of a batch."""
        return asyncio.run(self._desk().admit_lines(lines, SOURCE))

    def spent(self, flow: str) -> int:
        """What a flow has spent of its share; it has nothing left then."""
        for count in range(BURST + 1):
            try:
                self.quotas.records.charge(flow)
            except Refused:
                return BURST - count
        raise AssertionError("no end to it")

    def _desk(self) -> SubmissionDesk:
        return SubmissionDesk(self._live.wired.ledger, self._live.wired.pool, self.quotas)


def a_line(live: LiveService) -> bytes:
    """A new record of the supplier's."""
    return encode_submission(live.record(by=SUPPLIER)).encode()


def an_entry(live: LiveService) -> bytes:
    """A record of the supplier's that is in the log, as anybody may read it there."""
    text = live.record(by=SUPPLIER)
    live.wired.ledger.submit_text(text)
    return encode_submission(text).encode()


def did_of(live: LiveService) -> str:
    """The supplier's flow."""
    return live.party(SUPPLIER).did


def test_a_new_record_is_charged_to_its_party(live: LiveService) -> None:
    desk = Counted(live)
    assert isinstance(desk.single(a_line(live)), Admitted)
    assert all(isinstance(item, Admitted) for item in desk.batch([a_line(live), a_line(live)]))
    assert (desk.spent(did_of(live)), desk.spent(SOURCE)) == (3, 0)


def test_an_entry_sent_again_is_charged_to_the_address(live: LiveService) -> None:
    desk, line = Counted(live), an_entry(live)
    assert all(isinstance(desk.single(line), Admitted) for _ in range(5))
    assert (desk.spent(did_of(live)), desk.spent(SOURCE)) == (0, 5)


@pytest.mark.parametrize("made", [an_entry, a_line])
@pytest.mark.parametrize("after", [EMPTY, None])
def test_what_follows_a_line_of_a_party_spends_nothing_of_its_share(
    live: LiveService, made: Callable[[LiveService], bytes], after: bytes | None
) -> None:
    """Be they malformed, or the same line again and again."""
    desk, line = Counted(live), made(live)
    assert len(desk.batch([line, *[after or line] * 500])) == 501
    assert desk.spent(did_of(live)) == (made is a_line)
    with pytest.raises(Refused):
        desk.batch([EMPTY])


def test_a_first_line_opens_no_door_for_an_address_without_a_share(live: LiveService) -> None:
    desk = Counted(live)
    desk.batch([EMPTY] * BURST)
    size = live.size()
    with pytest.raises(Refused):
        desk.batch([a_line(live), EMPTY])
    assert live.size() == size
    assert isinstance(desk.batch([a_line(live)])[0], Admitted), "a party has its own"


def test_an_ended_key_spends_nothing_of_its_party(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    for live in serve(tmp_path_factory.mktemp("log"), party_records_per_s=BURST / 10):
        line, party = a_line(live), live.party(SUPPLIER)
        live.admit(revocation(live, party))
        desk = Counted(live)
        for outcome in (desk.single(line), *desk.batch([line, line])):
            assert isinstance(outcome, Refusal)
            assert outcome.code == "key-not-valid"
        assert (desk.spent(did_of(live)), desk.spent(SOURCE)) == (0, 3)


def revocation(live: LiveService, party: PartyKeys) -> str:
    """The end of a party's signing key, by its admin key."""
    body: dict[str, object] = {
        "kid": party.signing.kid,
        "keeps": [],
        "reason": "left",
        "contested_from": None,
    }
    return live.consortium.governance(party.admin, "key-revocation/v1", body)
