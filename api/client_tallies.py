"""An inspection under way, as a client: opened, read, told, drafted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from api.client import JSON, LogClient
from api.client_errors import AnswerMalformed
from api.client_transport import Outgoing

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TallyClient:
    """Asks the service of a log in the name of the party that ``client`` signs for."""

    client: LogClient

    def open(self, opening: bytes) -> Told:
        """Open a tally: the answer has its id, its plan and its state."""
        # Carried out twice it would open two.
        return self._send("POST", "/v1/tallies", opening, may_repeat=False)

    def listed(self) -> Told:
        """This party's tallies."""
        return self._send("GET", "/v1/tallies")

    def show(self, tally: str) -> Told:
        """What a tally was opened for, and its state."""
        return self._send("GET", _path(tally))

    def read(self, tally: str, sequence: int, reading: object) -> Told:
        """Send a reading; it counts once, however often it is sent."""
        body = json.dumps({"sequence": sequence, "reading": reading}).encode()
        return self._send("POST", f"{_path(tally)}/readings", body)

    def draft(self, tally: str) -> Told:
        """The draft of the report."""
        return self._send("GET", f"{_path(tally)}/draft")

    def drop(self, tally: str) -> None:
        """Delete a tally."""
        self.client.transport.send(Outgoing("DELETE", _path(tally)))

    def _send(
        self, method: str, target: str, body: bytes = b"", *, may_repeat: bool = True
    ) -> Told:
        headers = {"content-type": JSON} if body else {}
        outgoing = Outgoing(method, target, body, headers, may_repeat=may_repeat)
        answer = self.client.transport.send(outgoing).json()
        if not isinstance(answer, dict):
            raise AnswerMalformed(f"expected an object, found {str(answer)[:80]}")
        return answer


def _path(tally: str) -> str:
    return f"/v1/tallies/{quote(tally, safe='')}"
