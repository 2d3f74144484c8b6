"""The nonce memory: once per key, for as long as a replay could pass."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.nonces import Nonce, NonceMemory, UnixSeconds
from api.request_errors import (
    NonceReplayed,
    NoncesFull,
    RequestError,
    SignatureExpired,
    SignedBeforeStart,
)
from ledger.limits import REQUEST_WINDOW_SECONDS

NOW = UnixSeconds(1_900_000_000)
pytestmark = pytest.mark.item("2.6")


def a_nonce(number: int) -> Nonce:
    return Nonce(f"{number:022d}")


def at(offset: int) -> UnixSeconds:
    return UnixSeconds(NOW + offset)


def test_a_nonce_is_taken_once_and_another_one_is_free() -> None:
    memory = NonceMemory()
    memory.claim("key", a_nonce(1), created=NOW, now=NOW)
    memory.claim("key", a_nonce(2), created=NOW, now=NOW)
    with pytest.raises(NonceReplayed, match="expected a nonce not used before, found"):
        memory.claim("key", a_nonce(1), created=NOW, now=NOW)


def test_two_keys_may_use_one_nonce() -> None:
    memory = NonceMemory()
    memory.claim("key", a_nonce(1), created=NOW, now=NOW)
    memory.claim("another key", a_nonce(1), created=NOW, now=NOW)
    assert memory.nonces_held == 2


def test_another_created_time_does_not_free_a_nonce() -> None:
    memory = NonceMemory()
    memory.claim("key", a_nonce(1), created=NOW, now=NOW)
    with pytest.raises(NonceReplayed):
        memory.claim("key", a_nonce(1), created=at(1), now=NOW)


@pytest.mark.parametrize("created", [-REQUEST_WINDOW_SECONDS, 0, REQUEST_WINDOW_SECONDS])
def test_a_nonce_is_held_until_its_signature_has_left_the_window(created: int) -> None:
    memory = NonceMemory()
    memory.claim("key", a_nonce(1), created=at(created), now=NOW)
    last = at(created + REQUEST_WINDOW_SECONDS)
    with pytest.raises(NonceReplayed):
        memory.claim("key", a_nonce(1), created=at(created), now=last)
    memory.claim("key", a_nonce(2), created=last, now=UnixSeconds(last + 1))
    assert memory.nonces_held == 1


def test_a_clock_that_steps_back_does_not_re_open_what_was_forgotten() -> None:
    memory = NonceMemory()
    memory.claim("key", a_nonce(1), created=NOW, now=NOW)
    later = at(REQUEST_WINDOW_SECONDS + 1)
    memory.claim("key", a_nonce(2), created=later, now=later)
    with pytest.raises(SignatureExpired) as refused:
        memory.claim("key", a_nonce(1), created=NOW, now=NOW)
    assert (refused.value.server_seconds, refused.value.skew_seconds) == (NOW, 0)


@pytest.mark.item("3.3")
@pytest.mark.parametrize(("created", "is_refused"), [(-1, True), (0, False), (5, False)])
def test_what_was_signed_before_the_memory_began_is_refused(created: int, is_refused: bool) -> None:
    memory = NonceMemory(started=NOW)
    if is_refused:
        with pytest.raises(SignedBeforeStart, match="sign it again") as refused:
            memory.claim("key", a_nonce(1), created=at(created), now=at(2))
        assert refused.value.skew_seconds == 2 - created
    else:
        memory.claim("key", a_nonce(1), created=at(created), now=at(2))


@pytest.mark.parametrize(("room", "refused"), [(3, False), (2, True)])
def test_a_full_memory_refuses_and_forgets_nothing(room: int, refused: bool) -> None:
    memory = NonceMemory(nonces_max=room)
    memory.claim("key", a_nonce(1), created=NOW, now=NOW)
    memory.claim("key", a_nonce(2), created=NOW, now=NOW)
    if refused:
        with pytest.raises(NoncesFull, match="expected fewer than 2 nonces held"):
            memory.claim("key", a_nonce(3), created=NOW, now=NOW)
    else:
        memory.claim("key", a_nonce(3), created=NOW, now=NOW)
    with pytest.raises(NonceReplayed):
        memory.claim("key", a_nonce(1), created=NOW, now=NOW)


def test_a_full_memory_has_room_again_after_the_window() -> None:
    memory = NonceMemory(nonces_max=1)
    memory.claim("key", a_nonce(1), created=NOW, now=NOW)
    later = at(REQUEST_WINDOW_SECONDS + 1)
    memory.claim("key", a_nonce(2), created=later, now=later)
    assert memory.nonces_held == 1


def test_of_many_threads_with_one_nonce_one_wins() -> None:
    memory = NonceMemory()

    def claim(_: int) -> bool:
        try:
            memory.claim("key", a_nonce(1), created=NOW, now=NOW)
        except NonceReplayed:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(claim, range(400))) == 1


# The reference remembers every signature for ever and asks only the clock.
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(-REQUEST_WINDOW_SECONDS, REQUEST_WINDOW_SECONDS),
            st.integers(0, 90),
        ),
        max_size=40,
    )
)
def test_no_signature_passes_twice_whatever_the_clock(
    steps: list[tuple[int, int, int]],
) -> None:
    memory, passed, now = NonceMemory(), set(), NOW
    for number, offset, elapsed in steps:
        now = UnixSeconds(now + elapsed)
        signature = (a_nonce(number), UnixSeconds(now + offset))
        try:
            memory.claim("key", signature[0], created=signature[1], now=now)
        except RequestError:
            continue
        assert signature not in passed
        passed.add(signature)
