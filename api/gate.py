"""Where a request is counted before anybody looks at it: bytes of bodies, and visits.

Who sends a request is not known here, so both are charged to the address. A visit is a request
without a signature that is no submission; those that are signed are charged to their party
(:mod:`api.reading`), and submissions to the party of the record (:mod:`api.desk`).
"""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem_response
from api.exchange import Refused
from api.http_addresses import flow_of_address
from api.quotas import Quotas
from api.signature_fields import SIGNATURE_INPUT

SUBMISSIONS: Final = "/v1/records"
#: Asked by whoever keeps the service running, who must not be turned away.
UNCOUNTED: Final = frozenset({"/livez", "/readyz", "/metrics"})
_WITH_BODIES: Final = frozenset({"POST", "PATCH"})
_SIGNED: Final = SIGNATURE_INPUT.encode("ascii")


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
        if _is_visit(scope):
            try:
                self._quotas.visits.charge(source)
            except Refused as refused:
                answer = problem_response(refused.refusal, headers=refused.headers)
                await answer(scope, receive, send)
                return
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
    if path in UNCOUNTED or (path == SUBMISSIONS and scope["method"] == "POST"):
        return False
    return all(name != _SIGNED for name, _ in scope["headers"])
