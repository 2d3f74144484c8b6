"""A served log with one party of each role, and clients that sign what a generator made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import requests

from api.request_errors import MalformedSignature, MalformedTarget
from tests.api.service import OPEN_PLAN, LiveService
from tests.ledger.parties import Plan

#: A slug for each role; whoever operates the log operates it and nothing else.
PARTIES: Final[Mapping[str, Sequence[str]]] = {
    "aldine-operations": ("operator",),
    "borealis-motors": ("oem",),
    "hanfeng-drive": ("supplier",),
    "meridian-cert": ("certifier",),
    "northgate-laboratory": ("laboratory",),
    "quillon-audit": ("auditor",),
}
ROLES_PLAN: Final = Plan(founders=PARTIES, types=OPEN_PLAN.types)
ANONYMOUS: Final = "anonymous"
ROLES: Final = (ANONYMOUS, *(roles[0] for roles in PARTIES.values()))


def slug_of(role: str) -> str:
    """The party that has a role."""
    return next(slug for slug, roles in PARTIES.items() if role in roles)


@dataclass(frozen=True)
class RoleSession:
    """Sends requests as a role: signed by its party, or by nobody.

    ``seen`` gathers the method and status of every answer.
    """

    service: LiveService
    role: str
    http: requests.Session
    seen: set[tuple[str, int]] = field(default_factory=set)

    def send(self, request: requests.PreparedRequest) -> requests.Response | None:
        """Sign and send; None where the generator made up an address that no client can sign."""
        if self.role != ANONYMOUS:
            fields = self._signature(request)
            if fields is None:
                return None
            request.headers.update(fields)
        answer = self.http.send(request, timeout=30, allow_redirects=False)
        self.seen.add((str(request.method), answer.status_code))
        return answer

    def _signature(self, request: requests.PreparedRequest) -> Mapping[str, str] | None:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        assert isinstance(content, bytes)
        assert request.method
        # What steers an upload is covered; the other fields travel unsigned.
        steering = {
            name: str(value)
            for name, value in request.headers.items()
            if name.lower() in {"upload-length", "upload-offset"}
        }
        client = self.service.signed(slug_of(self.role))
        try:
            return client.sign(
                request.method,
                request.path_url.removesuffix("?"),
                content=content,
                headers=steering,
            )
        except (MalformedSignature, MalformedTarget):
            return None
