"""Nonces of signed requests, remembered for as long as a replay could pass.

A signature is good while the server's clock is within the window around its ``created``
time, so a nonce is filed under ``created`` and forgotten when that second has left the
window. Nothing is forgotten earlier: a full memory refuses. A clock that steps back does
not re-open what was forgotten, because the memory never goes back.

The memory lives in one process and starts empty. So that a restart opens nothing, it takes no
signature made before its process started. It does **not** see requests that another process
answered: replicas share a table instead (:mod:`api.shared_nonces`).
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Final, NewType, Protocol

from api.request_errors import NonceReplayed, NoncesFull, SignatureExpired, SignedBeforeStart
from ledger.limits import REQUEST_NONCES_MAX, REQUEST_WINDOW_SECONDS

Nonce = NewType("Nonce", str)
UnixSeconds = NewType("UnixSeconds", int)


class Nonces(Protocol):
    """Remembers which key has used which nonce."""

    def claim(self, key: Hashable, nonce: Nonce, *, created: UnixSeconds, now: UnixSeconds) -> None:
        """Take the nonce for this key once, or raise."""

    def close(self) -> None:
        """Release what it holds."""


class NonceMemory:
    """The nonces that one process has seen; safe to share between threads."""

    def __init__(
        self,
        *,
        started: UnixSeconds = UnixSeconds(0),
        nonces_max: int = REQUEST_NONCES_MAX,
    ) -> None:
        """Start empty.

        Args:
            started: signatures of earlier seconds are refused; what became of them is not known.
            nonces_max: how many nonces are held at once, over all keys.
        """
        self._started: Final = started
        self._nonces_max: Final = nonces_max
        self._taken: set[tuple[Hashable, Nonce]] = set()
        self._by_second: dict[int, list[tuple[Hashable, Nonce]]] = {}
        self._oldest_second = 0
        self._lock = threading.Lock()

    def claim(self, key: Hashable, nonce: Nonce, *, created: UnixSeconds, now: UnixSeconds) -> None:
        """Take the nonce for this key once.

        The caller has checked that ``created`` is within the window around ``now``, which
        bounds the seconds held to twice the window and makes each claim O(1).

        Raises:
            NonceReplayed: this key has used this nonce, be it with another ``created`` time.
            SignedBeforeStart: the request may have been carried out before a restart.
            SignatureExpired: nonces of that second were forgotten already.
            NoncesFull: no room is left until the oldest second leaves the window.
        """
        if created < self._started:
            raise SignedBeforeStart(
                f"expected a request signed since the service started at {self._started}, found "
                f"one of {created}: sign it again",
                server_seconds=now,
                skew_seconds=now - created,
            )
        with self._lock:
            self._forget_before(now - REQUEST_WINDOW_SECONDS)
            if created < self._oldest_second:
                raise self._already_forgotten(created, now)
            self._remember(key, nonce, created)

    def close(self) -> None:
        """Nothing is to be released."""

    @property
    def nonces_held(self) -> int:
        """How many nonces are remembered now."""
        with self._lock:
            return len(self._taken)

    def _remember(self, key: Hashable, nonce: Nonce, created: int) -> None:
        if (key, nonce) in self._taken:
            raise NonceReplayed(f"expected a nonce not used before, found {nonce!r} again")
        if len(self._taken) >= self._nonces_max:
            raise NoncesFull(f"expected fewer than {self._nonces_max} nonces held, found no room")
        self._taken.add((key, nonce))
        self._by_second.setdefault(created, []).append((key, nonce))

    def _forget_before(self, second: int) -> None:
        if second <= self._oldest_second:
            return
        self._oldest_second = second
        for past in [held for held in self._by_second if held < second]:
            self._taken.difference_update(self._by_second.pop(past))

    @staticmethod
    def _already_forgotten(created: int, now: int) -> SignatureExpired:
        return SignatureExpired(
            f"expected created within {REQUEST_WINDOW_SECONDS} s of the server's latest time, "
            f"found {created}",
            server_seconds=now,
            skew_seconds=now - created,
        )
