"""Speaking to one witness: bounded time, bounded answers, one connection kept open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import httpx

from api.deadline_transport import Deadline, DeadlineTransport
from ledger.errors import MalformedTrustPolicy
from ledger.limits import WITNESS_ANSWER_SECONDS_MAX, WITNESS_REPLY_BYTES_MAX
from ledger.trust_policy import Witness
from ledger.witness import monitoring_path
from ledger.witness_errors import WitnessSilent

_PORT_MAX: Final = 65_535


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """A status and a body; nothing of it is verified."""

    status: int
    body: bytes


class WitnessClient:
    """Sends requests to one witness of a trust policy. May be used by one thread at a time."""

    def __init__(
        self, witness: Witness, *, seconds_max: float = WITNESS_ANSWER_SECONDS_MAX
    ) -> None:
        """Speak to the address in the policy.

        Raises:
            MalformedTrustPolicy: it is no address that could be spoken to.
        """
        self.witness = witness
        self._base = (witness.url or "").rstrip("/")
        self._seconds_max = seconds_max
        self._deadline = Deadline()
        is_tls = self._base.startswith("https:")
        _check_address(witness.name, self._base)
        # Nothing of the surroundings decides where a checkpoint goes.
        self._http = httpx.Client(
            transport=DeadlineTransport(self._deadline, is_tls=is_tls),
            timeout=seconds_max,
            trust_env=False,
            follow_redirects=False,
        )

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """``POST /add-checkpoint``.

        Raises:
            WitnessSilent: no answer in time, or more than an answer may have.
        """
        return self._exchange("POST", "add-checkpoint", body)

    def last_checkpoint(self, origin: str) -> WitnessAnswer:
        """``GET /<hex>/checkpoint``: what it cosigned last.

        Raises:
            WitnessSilent: as above.
        """
        return self._exchange("GET", monitoring_path(origin))

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _exchange(self, method: str, path: str, body: bytes | None = None) -> WitnessAnswer:
        self._deadline.begin(self._seconds_max)
        try:
            with self._http.stream(method, f"{self._base}/{path}", content=body) as answer:
                return WitnessAnswer(answer.status_code, self._read(answer))
        # Names that no resolver takes are ValueErrors, from the depths of two libraries.
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OverflowError) as fault:
            raise WitnessSilent(
                f"witness {self.witness.name} at {self._base}: {type(fault).__name__} {fault}"
            ) from fault

    def _read(self, answer: httpx.Response) -> bytes:
        parts = bytearray()
        for part in answer.iter_raw():
            parts += part
            if len(parts) > WITNESS_REPLY_BYTES_MAX:
                raise WitnessSilent(
                    f"witness {self.witness.name}: expected at most {WITNESS_REPLY_BYTES_MAX} bytes"
                )
        return bytes(parts)


def _check_address(name: str, base: str) -> None:
    """Refuse an address that fails before anything is sent (RFC 3986; RFC 1035, section 2.3.4).

    Raises:
        MalformedTrustPolicy: it is one.
    """
    try:
        url = httpx.URL(base)
        host = url.host
        # As the socket does: 63 characters of a label at most.
        url.raw_host.decode("ascii").encode("idna")
    except (httpx.InvalidURL, ValueError) as fault:
        raise MalformedTrustPolicy(f"witness {name}: expected an address: {fault}") from fault
    if url.scheme not in {"http", "https"} or not host or (url.port or 0) > _PORT_MAX:
        raise MalformedTrustPolicy(
            f"witness {name}: expected http:// or https://, a host and at most port {_PORT_MAX}, "
            f"found {base[:80]!r}"
        )
