"""One request to the service and its answer: signed, bounded, and tried again where that is safe.

What may be sent again is sent with a new nonce. An answer is read up to a bound, a wait is
never longer than the bound on waits, and every failure is an error that says what to do.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import httpx

from api import errors
from api.client_clock import ClockWatch
from api.client_errors import (
    AnswerMalformed,
    MalformedAddress,
    Problem,
    RequestRefused,
    ServerBusy,
    ServerUnreachable,
)
from api.http_signatures import HttpRequest, sign_request
from api.nonces import Nonce, UnixSeconds
from api.request_errors import BadRequestSignature, MalformedTarget, SignedBeforeStart
from api.target_uri import parse_public_base, parse_target_uri
from keys.encoding import encode_base64url
from keys.identifiers import Did
from keys.signer import Signer
from ledger import limits
from ledger.faults import Fault

_BUSY: Final = (errors.TOO_MANY, errors.UNAVAILABLE)
#: Refusals with the status of a busy service that waiting does not change.
_LASTING: Final = frozenset(
    {"too-many-open-blobs", "clock-suspect", "log-key-retired", "log-rolled-back"}
)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_KNOWN: Final = frozenset({"type", "title", "status", "detail", "code", "remedy", "errors"})


class RequestSigner(Protocol):
    """A party's key for signing requests."""

    @property
    def did(self) -> Did:
        """The party."""

    @property
    def signer(self) -> Signer:
        """Its key, registered with the use ``requests``."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What a client takes from the world: time, chance, and the wait between two tries.

    ``tell_skew`` is told, once, that the clocks are further apart than they should be.
    """

    now_s: Callable[[], int] = lambda: int(time.time())
    random_bytes: Callable[[int], bytes] = os.urandom
    wait: Callable[[float], None] = time.sleep
    tell_skew: Callable[[int], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to be sent. ``target`` is path and query, encoded as they will travel.

    ``may_repeat`` says that carrying it out twice does no harm, so that it may be sent again
    where no answer came.
    """

    method: str
    target: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    may_repeat: bool = True


@dataclass(frozen=True, slots=True)
class Incoming:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            AnswerMalformed: it is none.
        """
        try:
            return json.loads(self.body)
        # A long row of brackets exhausts the decoder's stack.
        except (ValueError, RecursionError) as fault:
            raise AnswerMalformed(
                f"expected JSON from the service, found {self.body[:60]!r}: "
                "is this the address of a Lotmark service?"
            ) from fault


class Transport:
    """Sends requests to one service. Close it, or use it in a ``with`` statement."""

    def __init__(
        self, base_url: str, *, signer: RequestSigner | None = None, effects: Effects | None = None
    ) -> None:
        """Prepare for the service at ``base_url``; nothing is sent yet.

        Raises:
            MalformedAddress: no service can have this address.
        """
        self.base = _parse_base(base_url)
        self._signer = signer
        self._effects = effects or Effects()
        self._clock = ClockWatch()
        self._is_skew_told = False
        # A proxy of the environment must not see what is meant for this very machine.
        self._is_local = httpx.URL(self.base).host in _LOOPBACK
        is_plain = self._is_local and self.base.startswith("http:")
        self._http = httpx.Client(
            timeout=httpx.Timeout(limits.CLIENT_ANSWER_SECONDS_MAX, connect=10),
            trust_env=not self._is_local,
            # Neither TLS nor a proxy: the certificates of the world take 20 ms to load.
            verify=not is_plain,
        )

    def close(self) -> None:
        """Release the connections."""
        self._http.close()

    def send(self, request: Outgoing) -> Incoming:
        """Send a request until it is answered, at most CLIENT_ATTEMPTS_MAX times.

        Raises:
            RequestRefused: the answer is a problem.
            ServerBusy, ServerUnreachable: it stayed so.
            AnswerMalformed: the answer is too long.
        """
        for attempt in range(1, limits.CLIENT_ATTEMPTS_MAX + 1):
            is_last = attempt == limits.CLIENT_ATTEMPTS_MAX
            try:
                answer = self._exchange(request)
            except httpx.TransportError as fault:
                if attempt >= self._attempts_max(fault) or not _may_retry(request, fault):
                    raise self._unreachable(fault) from fault
                self._wait(min(0.1 * 2**attempt, limits.CLIENT_WAIT_SECONDS_MAX))
                continue
            if self._follows_clock(answer):
                # It was refused before it was looked at: nothing is done twice.
                continue
            if not _may_pass(answer):
                self._tell_skew()
                return self._expect_success(answer)
            asked = _asked_seconds(answer)
            if is_last or asked > limits.CLIENT_RETRY_AFTER_SECONDS_MAX:
                raise _busy(answer)
            self._wait(asked or min(0.5 * 2**attempt, limits.CLIENT_WAIT_SECONDS_MAX))
        raise AssertionError("the last attempt returns or raises")

    def _exchange(self, request: Outgoing) -> Incoming:
        built = self._http.build_request(
            request.method,
            f"{self.base}{request.target}",
            content=request.body or None,
            headers=dict(request.headers),
        )
        built.headers.update(self._signature(request, built.url))
        sent_s = self._effects.now_s()
        response = self._http.send(built, stream=True)
        date = response.headers.get("date")
        self._clock.note(date, sent_s=sent_s, received_s=self._effects.now_s())
        try:
            return Incoming(response.status_code, dict(response.headers), _read(response))
        finally:
            response.close()

    def _follows_clock(self, answer: Incoming) -> bool:
        """Whether a request was refused for its time and is to be signed by the service's."""
        if answer.status != errors.UNAUTHORIZED:
            return False
        is_safe = self._is_local or self.base.startswith("https:")
        return is_safe and self._clock.correct(read_problem(answer))

    def _tell_skew(self) -> None:
        skew = self._clock.skew_seconds or 0
        if abs(skew) > limits.CLIENT_SKEW_TOLD_SECONDS and not self._is_skew_told:
            self._is_skew_told = True
            self._effects.tell_skew(skew)

    def _wait(self, seconds: float) -> None:
        """Wait so long, and up to a quarter longer: not all come back at once."""
        chance = int.from_bytes(self._effects.random_bytes(2), "big") / 65_536
        self._effects.wait(seconds * (1 + chance / 4))

    def _signature(self, request: Outgoing, url: httpx.URL) -> Mapping[str, str]:
        if self._signer is None:
            return {}
        # Signed is what httpx puts on the request line, not what was asked for.
        target = f"{url.scheme}://{url.netloc.decode('ascii')}{url.raw_path.decode('ascii')}"
        headers = tuple(request.headers.items())
        return sign_request(
            HttpRequest(request.method, parse_target_uri(target), request.body, headers),
            self._signer.signer,
            did=self._signer.did,
            created=UnixSeconds(self._effects.now_s() + self._clock.correction),
            nonce=Nonce(encode_base64url(self._effects.random_bytes(16))),
        )

    def _expect_success(self, answer: Incoming) -> Incoming:
        if answer.status >= errors.BAD_REQUEST:
            raise RequestRefused(_name_service(read_problem(answer), self.base))
        if answer.status >= errors.MULTIPLE_CHOICES:
            raise AnswerMalformed(
                f"expected an answer, found a redirection to "
                f"{answer.headers.get('location', 'nowhere')[:200]!r}: give that address as --url"
            )
        return answer

    def _attempts_max(self, fault: httpx.TransportError) -> int:
        # On this machine nobody listens, and nothing lies between that could be mended: what is
        # left to wait for is a service that was started a moment ago.
        if self._is_local and isinstance(fault, httpx.ConnectError):
            return limits.CLIENT_LOCAL_ATTEMPTS_MAX
        return limits.CLIENT_ATTEMPTS_MAX

    def _unreachable(self, fault: httpx.TransportError) -> ServerUnreachable:
        reason = str(fault) or type(fault).__name__
        return ServerUnreachable(
            f"expected an answer from {self.base}, found: {reason}; check that the service runs "
            "('lotmark serve') and the address (--url), then run the same command again"
        )


def _parse_base(text: str) -> str:
    try:
        return parse_public_base(text.rstrip("/"))
    except MalformedTarget as fault:
        raise MalformedAddress(str(fault)) from fault


def _may_retry(request: Outgoing, fault: httpx.TransportError) -> bool:
    # Where no connection came about nothing was sent, and anything may be sent again.
    return request.may_repeat or isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout)


def _may_pass(answer: Incoming) -> bool:
    """Whether the same request, signed anew, may be answered otherwise in a while."""
    if answer.status == errors.NOT_FOUND:
        # Only while the witnesses are awaited is a time told to come back.
        return "retry-after" in answer.headers and read_problem(answer).code == "not-cosigned"
    if answer.status == errors.UNAUTHORIZED:
        return read_problem(answer).code == SignedBeforeStart.code
    return answer.status in _BUSY and read_problem(answer).code not in _LASTING


def _read(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    total = 0
    for part in response.iter_bytes():
        total += len(part)
        if total > limits.CLIENT_ANSWER_BYTES_MAX:
            raise AnswerMalformed(
                f"expected at most {limits.CLIENT_ANSWER_BYTES_MAX} bytes, found more: "
                "ask for a smaller page"
            )
        parts.append(part)
    return b"".join(parts)


def _asked_seconds(answer: Incoming) -> int:
    """After how many seconds the service asks to come back; 0 where it does not say."""
    text = answer.headers.get("retry-after", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _busy(answer: Incoming) -> ServerBusy:
    problem, asked = read_problem(answer), _asked_seconds(answer)
    when = f"in {asked} s" if asked else "in a while"
    return ServerBusy(
        f"the service asks to come back later ({problem.code}: {problem.detail}); "
        f"run the same command again {when}"
    )


def _name_service(problem: Problem, base: str) -> Problem:
    """Say how the service calls itself, where a signature failed because we call it otherwise."""
    told = problem.more.get("service_url")
    if problem.code != BadRequestSignature.code or not isinstance(told, str) or told == base:
        return problem
    try:
        url = parse_public_base(told)
    except MalformedTarget:
        return problem
    return replace(problem, remedy=f"This service signs as {url}: use exactly that with --url.")


def read_problem(answer: Incoming) -> Problem:
    """The problem that an answer tells; one is made up where something else answered."""
    try:
        return parse_problem(answer.json())
    except AnswerMalformed:
        # The answer to a HEAD request has no body; its status still says this much.
        code = "not-found" if answer.status == errors.NOT_FOUND else AnswerMalformed.code
        return Problem(
            code,
            answer.status,
            f"expected a problem document, found status {answer.status}",
            "Check the address; something between may have answered instead of the service.",
        )


def parse_problem(members: Any) -> Problem:
    """Read a problem document.

    Raises:
        AnswerMalformed: it has another form.
    """
    match members:
        case {"code": str(code), "status": int(status), "detail": str(detail)}:
            return Problem(
                code,
                status,
                detail,
                str(members.get("remedy", "")),
                _parse_faults(members.get("errors", [])),
                {name: value for name, value in members.items() if name not in _KNOWN},
            )
    raise AnswerMalformed(f"expected a problem document, found {str(members)[:80]}")


def _parse_faults(items: object) -> tuple[Fault, ...]:
    if not isinstance(items, list):
        raise AnswerMalformed(f"expected errors as an array, found {str(items)[:80]}")
    return tuple(map(_parse_fault, items))


def _parse_fault(item: object) -> Fault:
    match item:
        case {"pointer": str(pointer), "expected": str(expected), "found": str(found)}:
            return Fault(pointer, expected, found)
    raise AnswerMalformed(f"expected pointer, expected, found; found {str(item)[:80]}")
