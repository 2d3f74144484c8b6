"""Where a request is counted before anybody looks at it: bytes of bodies, and visits.

Who sends a request is not known here, so both are charged to the address. A visit is every
request that is no submission, whatever its fields claim; only where the route looks at a
signature, one that has such a field is let through owing its visit. It is settled where the
signature is verified (:mod:`api.exchange`), by the party or else by the address; what is still
owed when the answer is out is charged to the address. Submissions are charged to the party of
the record (:mod:`api.desk`).
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem_response
from api.exchange import OWES_VISIT, Refused
from api.http_addresses import flow_of_address
from api.quotas import Quotas
from api.signature_fields import SIGNATURE_INPUT

SUBMISSIONS: Final = "/v1/records"
#: Asked by whoever keeps the service running, who must not be turned away.
UNCOUNTED: Final = frozenset({"/livez", "/readyz", "/metrics"})
_WITH_BODIES: Final = frozenset({"POST", "PATCH", "PUT"})
_SIGNED: Final = SIGNATURE_INPUT.encode("ascii")
#: Where a signature is looked at: searches, records, their flags, reports and blobs, deliveries,
#: sampling, alarms and models, masters, uploads, accesses and entry bundles.
_VERIFYING: Final = re.compile(
    r"/v1/records(/[^/]+(/flags|/report|/purge|/blobs/[^/]+|/sealed/[^/]+)?)?|/v1/deliveries/[^/]+"
    r"|/v1/(relations|sites|parts|specifications|requirements|grants|cases|tasks)"
    r"|/v1/(seen-by|page-links|erasures|retention|sampling)"
    r"|/v1/alarms(/[^/]+(/plot)?)?|/v1/anomaly/.+"
    r"|/v1/tallies(/[^/]+(/readings|/draft)?)?"
    r"|/v1/blobs(/[^/]+)?|/tile/entries/.+"
    r"|/v1/accesses|/v1/access-rules(/[^/]+)?|/v1/access-alerts(/[^/]+/acknowledgement)?"
)
_VERIFYING_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"})


class Gate:
    """Middleware that charges addresses."""

    def __init__(self, app: ASGIApp, quotas: Quotas) -> None:
        """Stand before ``app``."""
        self._app = app
        self._quotas = quotas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, counted, or turn it away."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        source = flow_of_address(client[0] if client else "")
        try:
            self._charge(scope, source)
        except Refused as refused:
            answer = problem_response(refused.refusal, headers=refused.headers)
            await answer(scope, receive, send)
            return
        try:
            await self._run(scope, receive, send, source=source)
        finally:
            if scope.pop(OWES_VISIT, False):
                with suppress(Refused):
                    self._quotas.visits.charge(source)

    def _charge(self, scope: Scope, source: str) -> None:
        """Charge a visit now, or note that it is owed until a signature has been looked at."""
        if not _is_visit(scope):
            return
        if _may_be_verified(scope):
            scope[OWES_VISIT] = True
        else:
            self._quotas.visits.charge(source)

    async def _run(self, scope: Scope, receive: Receive, send: Send, *, source: str) -> None:
        if scope["method"] in _WITH_BODIES:
            await self._count_body(scope, receive, send, source=source)
        else:
            await self._app(scope, receive, send)

    async def _count_body(self, scope: Scope, receive: Receive, send: Send, *, source: str) -> None:
        """Count a body for as long as its request is not answered."""
        bodies, held = self._quotas.bodies, 0

        async def receive_counted() -> Message:
            nonlocal held
            message = await receive()
            if size := len(message.get("body", b"")):
                # What this raises is raised where the body is read, and answered there.
                bodies.enter(source, size)
                held += size
            return message

        try:
            await self._app(scope, receive_counted, send)
        finally:
            if held:
                bodies.leave(source, held)


def _is_visit(scope: Scope) -> bool:
    path = scope["path"]
    return path not in UNCOUNTED and not (path == SUBMISSIONS and scope["method"] == "POST")


def _may_be_verified(scope: Scope) -> bool:
    """Whether a signature is claimed where one is looked at."""
    is_looked_at = scope["method"] in _VERIFYING_METHODS and _VERIFYING.fullmatch(scope["path"])
    return bool(is_looked_at) and any(name == _SIGNED for name, _ in scope["headers"])
