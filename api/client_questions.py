"""What a client asks of a log beside its records: governance, tiles, what others see.

The base of :class:`api.client.LogClient`; every answer is what the service says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from api.client_errors import AnswerMalformed
from api.client_transport import Incoming, Outgoing, Transport


class LogQuestions:
    """Questions to a service, over the transport that signs and repeats them."""

    def __init__(self, transport: Transport) -> None:
        """Ask over ``transport``."""
        self.transport = transport

    # ---- what others see ----

    def seen_by(self, **conditions: str) -> Mapping[str, Any]:
        """``GET /v1/seen-by``: what another party sees of one's records, as the service says."""
        return self._get_object(f"/v1/seen-by{query_of(conditions)}")

    def page_link(self) -> Mapping[str, Any]:
        """``POST /v1/page-links``: an address that signs a browser in, once."""
        return _object(self.transport.send(Outgoing("POST", "/v1/page-links")))

    # ---- reading the log ----

    def anchor(self) -> bytes:
        """The service's own copy of the trust anchor: to look at, never to trust."""
        return self._get("/v1/anchor").body

    def parties(self) -> Mapping[str, Any]:
        """The members, their keys and the types, as the service says."""
        return self._get_object("/v1/parties")

    def proposals(self) -> Mapping[str, Any]:
        """What is being decided, as the service says."""
        return self._get_object("/v1/proposals")

    def record_type(self, vct: str) -> str:
        """The definition of a type, byte for byte as the log has it."""
        return self._get(f"/v1/types/{quote(vct)}").body.decode()

    def parameters(self) -> Mapping[str, Any]:
        """The parameters in force and those that the charter lists, as the service says."""
        return self._get_object("/v1/parameters")

    def parameters_text(self, name: str) -> str:
        """The text of parameters in force, byte for byte as the log has it."""
        return self._get(f"/v1/parameters/{quote(name)}").body.decode()

    def policies(self) -> Mapping[str, Any]:
        """The versions of the sharing policies, as the service says."""
        return self._get_object("/v1/policies")

    def policy_text(self, record_id: str) -> str:
        """The text of a policy, byte for byte as the log has it."""
        return self._get(f"/v1/policies/{quote(record_id)}").body.decode()

    def watched_models(self) -> Mapping[str, Any]:
        """The cards of the signer's lines; of those that wait what speaks against them."""
        return self._get_object("/v1/anomaly/models")

    def checkpoint(self) -> bytes:
        """The newest signed note."""
        return self._get("/checkpoint").body

    def tile(self, path: str) -> bytes:
        """A hash tile or an entry bundle by its path, ``tile/...``."""
        return self._get(f"/{quote(path)}").body

    def _get_object(self, target: str) -> Mapping[str, Any]:
        return _object(self._get(target))

    def _get(self, target: str, *, accept: str = "*/*") -> Incoming:
        return self.transport.send(Outgoing("GET", target, headers={"accept": accept}))


def _object(answer: Incoming) -> Mapping[str, Any]:
    found = answer.json()
    if not isinstance(found, dict):
        raise AnswerMalformed(f"expected an object, found {str(found)[:80]}")
    return found


def query_of(conditions: Mapping[str, str | int]) -> str:
    return f"?{urlencode(conditions, quote_via=quote)}" if conditions else ""
