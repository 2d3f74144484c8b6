"""One HTTP exchange: bounded bodies, the signed reader, and answers in the one error form."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.errors import problem_response
from api.http_signatures import HttpRequest, SignedBy, is_signed, verify_request
from api.nonces import Nonce, Nonces, UnixSeconds
from api.request_errors import (
    BadRequestSignature,
    RequestError,
    SignatureExpired,
    SignedBeforeStart,
)
from api.target_uri import PublicBase, build_target_uri
from keys.identifiers import KeyId
from ledger.clock import Clock
from ledger.faults import Refusal
from ledger.service import Ledger

LANGUAGES: Final = ("en", "zh")
#: In the scope of a request whose visit nobody has been charged for yet (:mod:`api.gate`).
OWES_VISIT: Final = "owes_visit"
_LANGUAGE_RANGES_MAX: Final = 16
_LENGTH_DIGITS_MAX: Final = 15
_WEIGHT: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


class Refused(Exception):
    """An answer other than success, on its way to the outermost handler."""

    def __init__(
        self,
        refusal: Refusal,
        *,
        headers: dict[str, str] | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        """Carry the refusal, and header fields and members to add to the problem."""
        super().__init__(refusal.code)
        self.refusal = refusal
        self.headers = headers or {}
        self.extra = extra or {}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks: the DID whose key signed the request, None for anyone.

    ``signed`` is the request itself as evidence, where one was signed.
    """

    did: str | None
    signed: SignedBy | None = field(default=None, compare=False, repr=False)


ANYONE: Final = Reader(None)


class LogKeys:
    """Which keys may sign requests, as the log's fold says at this moment."""

    def __init__(self, ledger: Ledger) -> None:
        """Ask ``ledger``."""
        self._ledger = ledger

    def may_sign_requests(self, kid: KeyId) -> bool:
        """Whether the key is in force with the use ``requests``, for a party not removed."""
        if not self._ledger.fold.may_request(kid):
            # Another replica may have registered it a moment ago.
            self._ledger.catch_up()
        return self._ledger.fold.may_request(kid)


@dataclass(frozen=True, slots=True)
class ChargedNonces:
    """Nonces that cost: the party is charged for each that it has not used before."""

    nonces: Nonces
    expect_left: Callable[[str], None]
    charge: Callable[[str], None]

    def claim(self, key: Hashable, nonce: Nonce, *, created: UnixSeconds, now: UnixSeconds) -> None:
        """Take the nonce, then charge the party of the key.

        Charged before, a party would pay for every replay of what somebody captured. Who has
        nothing left is refused before, for a nonce takes room.
        """
        party = str(key).partition("#")[0]
        self.expect_left(party)
        self.nonces.claim(key, nonce, created=created, now=now)
        self.charge(party)

    def close(self) -> None:
        """Release what the nonces hold."""
        self.nonces.close()


@dataclass(frozen=True, slots=True)
class RequestJudge:
    """What it takes to establish who signed a request, and whom to charge where nobody did."""

    base: PublicBase
    keys: LogKeys
    nonces: Nonces
    clock: Clock
    charge_bad: Callable[[Request], None] = lambda _: None

    def reader_of(self, request: Request, body: bytes = b"") -> Reader:
        """Who signed the request; anyone where it is not signed.

        Raises:
            Refused: it claims a signature that does not hold.
        """
        if not is_signed(tuple(request.headers.items())):
            return ANYONE
        # From here on the party is charged, or the address.
        request.scope.pop(OWES_VISIT, None)
        try:
            signed = self._verify(request, body)
            return Reader(signed.did, signed)
        except RequestError as fault:
            self.charge_bad(request)
            raise self._refused(fault) from fault
        except Refused:
            # The party has nothing left: whether this is a replay was not looked at.
            self.charge_bad(request)
            raise

    def pass_over(self, request: Request) -> None:
        """Look at no signature: what the request does is the address's.

        Raises:
            Refused: the address has spent all that it had.
        """
        if request.scope.pop(OWES_VISIT, False):
            self.charge_bad(request)

    def _verify(self, request: Request, body: bytes) -> SignedBy:
        target = build_target_uri(
            self.base, request.scope["raw_path"], query=request.scope["query_string"]
        )
        signed = HttpRequest(request.method, target, body, tuple(request.headers.items()))
        now = UnixSeconds(self.clock.now_ms() // 1000)
        return verify_request(signed, now=now, keys=self.keys, nonces=self.nonces)

    def _refused(self, fault: RequestError) -> Refused:
        extra: dict[str, object] = {}
        headers: dict[str, str] = {}
        if isinstance(fault, SignedBeforeStart):
            # By then the client's clock shows what ours shows now.
            headers = {"Retry-After": str(max(1, fault.skew_seconds))}
        if isinstance(fault, SignatureExpired):
            extra = {"server_time": fault.server_seconds, "skew_seconds": fault.skew_seconds}
        elif isinstance(fault, BadRequestSignature):
            # Most often the client reached this service under another name than it signs as.
            extra = {"service_url": self.base}
        return Refused(Refusal(fault.code, str(fault)), headers=headers, extra=extra)


async def read_body(request: Request, bytes_max: int) -> bytes:
    """Read a body, never more than ``bytes_max``.

    Raises:
        Refused: it is larger, or the client went away.
    """
    declared = request.headers.get("content-length", "0")
    # The server has checked its form; what is longer than any bound is not even read as a number.
    if len(declared) > _LENGTH_DIGITS_MAX or int(declared) > bytes_max:
        raise Refused(
            Refusal("too-large", f"expected at most {bytes_max} bytes, found {declared[:20]}")
        )
    parts: list[bytes] = []
    total = 0
    try:
        async for part in request.stream():
            total += len(part)
            if total > bytes_max:
                raise Refused(Refusal("too-large", f"expected at most {bytes_max} bytes"))
            parts.append(part)
    except ClientDisconnect as fault:
        raise Refused(Refusal("malformed-submission", "the body ended early")) from fault
    return b"".join(parts)


def media_type_of(request: Request) -> str:
    """The media type of the body without its parameters, lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def language_of(request: Request) -> str:
    """``zh`` where the client prefers Chinese over English, else ``en``."""
    accepted = request.headers.get("accept-language", "").lower().replace(" ", "")
    best, language = 0.0, LANGUAGES[0]
    for item in accepted.split(",")[:_LANGUAGE_RANGES_MAX]:
        tag, _, weight = item.partition(";q=")
        name = tag.partition("-")[0]
        # Of two that weigh the same, the one named first is meant.
        if name in LANGUAGES and _weight_of(weight) > best:
            best, language = _weight_of(weight), name
    return language


def _weight_of(text: str) -> float:
    """A weight (RFC 9110, section 12.4.2); 1 where none is given or it is none."""
    return float(text) if _WEIGHT.fullmatch(text) else 1.0


def refuse(request: Request, refused: Refused) -> Response:
    """The problem document for a refusal."""
    return problem_response(
        refused.refusal,
        language=language_of(request),
        headers=refused.headers,
        extra=refused.extra,
    )
