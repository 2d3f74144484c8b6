"""What one flow may have of what all share: how fast, and how much at a time.

A flow is a party, once a signature has proven that it is one, and else the address that a
connection comes from: nobody spends what is another's by naming it. Two kinds of bound:

* a **rate**, a token bucket for each flow. A request is let in while anything is left and
  may then overdraw, so that a batch larger than the bucket passes, once;
* **room**, what all have waiting at once. A flow may have no more than is still free (the
  dynamic threshold of Choudhury and Hahne, 1998): one that floods gets half of the whole,
  two a third each, and there is always some left for who comes with little.

Every table is bounded. Safe to share between threads.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from api.exchange import Refused
from api.settings import Settings
from ledger import limits
from ledger.faults import Refusal

EXCEEDED: Final = "quota-exceeded"
BUSY: Final = "too-busy"
_RATE_SPAN_SECONDS: Final = 5.0

Now = Callable[[], float]


class Rate:
    """A token bucket for each flow: so much a second, and a burst of some seconds at once."""

    def __init__(self, per_second: float, *, unit: str, now: Now) -> None:
        """Give each flow ``per_second``, in ``unit`` as messages name it; ``now`` is monotonic."""
        self._per_second = per_second
        self._burst = per_second * limits.QUOTA_BURST_SECONDS
        self._unit = unit
        self._now = now
        # Flow -> what is left, and when that was; the one used longest ago first.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def charge(self, flow: str, amount: float = 1) -> None:
        """Spend ``amount``.

        Raises:
            Refused: the flow has spent all that it had; says when it has some again.
        """
        now = self._now()
        with self._lock:
            left = self._left_of(flow, now)
            allowed = left > 0
            self._left[flow] = (left - amount if allowed else left, now)
            self._left.move_to_end(flow)
            if len(self._left) > limits.QUOTA_FLOWS_MAX:
                # Forgetting a debt harms nobody; a table that grows does.
                self._left.popitem(last=False)
        if not allowed:
            raise self._spent(left)

    def expect_left(self, flow: str) -> None:
        """Let in who has anything left, before it is known what is to be spent.

        Raises:
            Refused: as :meth:`charge`.
        """
        with self._lock:
            left = self._left_of(flow, self._now())
        if left <= 0:
            raise self._spent(left)

    def _spent(self, left: float) -> Refused:
        return _exceeded(
            f"expected at most {self._per_second:g} {self._unit} a second, found more",
            seconds=(1 - left) / self._per_second,
        )

    @property
    def flows(self) -> int:
        """How many flows are remembered."""
        return len(self._left)

    def _left_of(self, flow: str, now: float) -> float:
        left, at = self._left.get(flow, (self._burst, now))
        return min(left + (now - at) * self._per_second, self._burst)


class Room:
    """What waits at once, of each flow and of all."""

    def __init__(self, total_max: int, *, unit: str, now: Now) -> None:
        """Let ``total_max`` wait."""
        self._total_max = total_max
        self._unit = unit
        self._now = now
        self._held: dict[str, int] = {}
        self._total = 0
        self._drained = 0.0
        self._drained_at = now()
        self._lock = threading.Lock()

    @property
    def total(self) -> int:
        """What waits of all flows."""
        return self._total

    @contextmanager
    def hold(self, flow: str, amount: int) -> Iterator[None]:
        """Let ``amount`` wait for the length of a block.

        Raises:
            Refused: there is no room for it; says when there may be.
        """
        self.enter(flow, amount)
        try:
            yield
        finally:
            self.leave(flow, amount)

    def held(self, flow: str) -> int:
        """What waits of one flow."""
        return self._held.get(flow, 0)

    def enter(self, flow: str, amount: int) -> None:
        """Let ``amount`` wait until :meth:`leave`.

        Raises:
            Refused: there is no room for it; says when there may be.
        """
        with self._lock:
            held, free = self._held.get(flow, 0), self._total_max - self._total
            # With nothing waiting at all, whatever a request may carry is let in.
            if held + amount > free and self._total:
                raise self._full(held, amount, free)
            self._held[flow] = held + amount
            self._total += amount

    def leave(self, flow: str, amount: int) -> None:
        """No longer wait."""
        with self._lock:
            self._total -= amount
            held = self._held[flow] - amount
            if held:
                self._held[flow] = held
            else:
                del self._held[flow]
            self._drained = self._drained_now() + amount

    def _full(self, held: int, amount: int, free: int) -> Refused:
        """Too much of this flow waits, or, where nothing of it does, too much of others."""
        seconds = self._seconds_to_drain(held or amount)
        if held:
            detail = f"expected {amount} {self._unit} more to find room, found {held} waiting"
            return _exceeded(detail, seconds=seconds)
        detail = f"expected room for {amount} {self._unit}, found room for {max(free, 0)}"
        return Refused(Refusal(BUSY, detail), headers=retry_after(seconds))

    def _seconds_to_drain(self, amount: int) -> float:
        """How long a flow's ``amount`` takes at its share of what has drained lately."""
        drained = self._drained_now()
        share = drained / _RATE_SPAN_SECONDS / max(len(self._held), 1)
        return amount / share if share > 0 else 1.0

    def _drained_now(self) -> float:
        """What has drained lately, older parts weighing less; notes the moment."""
        now = self._now()
        faded = self._drained * math.exp((self._drained_at - now) / _RATE_SPAN_SECONDS)
        self._drained, self._drained_at = faded, now
        return faded


def _exceeded(detail: str, *, seconds: float) -> Refused:
    return Refused(Refusal(EXCEEDED, detail), headers=retry_after(seconds))


def retry_after(seconds: float) -> dict[str, str]:
    """The field that says when to come back (RFC 9110, section 10.2.3)."""
    whole = min(max(math.ceil(seconds), 1), limits.RETRY_AFTER_SECONDS_MAX)
    return {"Retry-After": str(whole)}


@dataclass(frozen=True, slots=True)
class Quotas:
    """The bounds of one service.

    ``records`` and ``bytes`` are what is submitted, ``reads`` what parties read and
    ``visits`` what addresses do without proving who they are; ``waiting_records`` and
    ``waiting_bytes`` are batches on their way into the log, ``bodies`` the bytes of requests
    that are not answered yet.
    """

    records: Rate
    bytes: Rate
    reads: Rate
    visits: Rate
    waiting_records: Room
    waiting_bytes: Room
    bodies: Room


def charge_all(rate: Rate, amounts: Mapping[str, float]) -> None:
    """Spend what each flow has of one request; where one has nothing left, none of them.

    Raises:
        Refused: as :meth:`Rate.charge`.
    """
    for flow in amounts:
        rate.expect_left(flow)
    for flow, amount in amounts.items():
        rate.charge(flow, amount)


def build_quotas(settings: Settings, now: Now) -> Quotas:
    """The bounds that the settings say; ``now`` is monotonic, in seconds."""
    records, volume = settings.waiting_records, settings.waiting_bytes
    return Quotas(
        records=Rate(settings.party_records_per_s, unit="records", now=now),
        bytes=Rate(settings.party_bytes_per_s, unit="bytes", now=now),
        reads=Rate(settings.party_reads_per_s, unit="requests", now=now),
        visits=Rate(settings.address_reads_per_s, unit="requests", now=now),
        waiting_records=Room(records, unit="records", now=now),
        waiting_bytes=Room(volume, unit="bytes", now=now),
        bodies=Room(volume, unit="bytes", now=now),
    )
