"""What an owner asks of accesses to its records, as a client: rows, rules, alerts.

What is told is handed on as the service says it; :mod:`api.accesses.checking` checks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from api.client import JSON, LogClient
from api.client_errors import AnswerMalformed
from api.client_transport import Outgoing


@dataclass(frozen=True, slots=True)
class AccessClient:
    """Asks the service of a log in the name of the party that ``client`` signs for."""

    client: LogClient

    def accesses(self, **conditions: str | int) -> Mapping[str, Any]:
        """A page of who read this party's records."""
        return self._get("/v1/accesses", conditions)

    def alerts(self, **conditions: str | int) -> Mapping[str, Any]:
        """A page of reads that this party's rules are about."""
        return self._get("/v1/access-alerts", conditions)

    def acknowledge(self, alert: int) -> None:
        """Say that this party knows of an alert."""
        self._send("POST", f"/v1/access-alerts/{alert}/acknowledgement")

    def alert_rules(self) -> Mapping[str, Any]:
        """This party's rules for alerts."""
        return self._get("/v1/access-rules", {})

    def put_alert_rule(self, name: str, rule: bytes) -> None:
        """Keep a rule under a name."""
        self._send("PUT", f"/v1/access-rules/{quote(name, safe='')}", rule)

    def drop_alert_rule(self, name: str) -> None:
        """Delete a rule, and the alerts by it."""
        self._send("DELETE", f"/v1/access-rules/{quote(name, safe='')}")

    def _get(self, path: str, conditions: Mapping[str, str | int]) -> Mapping[str, Any]:
        query = f"?{urlencode(conditions, quote_via=quote)}" if conditions else ""
        answer = self.client.transport.send(Outgoing("GET", path + query)).json()
        if not isinstance(answer, dict):
            raise AnswerMalformed(f"expected an object, found {str(answer)[:80]}")
        return answer

    def _send(self, method: str, target: str, body: bytes = b"") -> None:
        headers = {"content-type": JSON} if body else {}
        self.client.transport.send(Outgoing(method, target, body, headers))
