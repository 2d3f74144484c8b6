"""Alarms, lines, models and trainings, as a client asks for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from api.client import JSON, LogClient
from api.client_errors import AnswerMalformed
from api.client_questions import query_of
from api.client_transport import Incoming, Outgoing

Told = Mapping[str, Any]
#: More entries than a log has: the answer is that of all which it has by now.
_ALL: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class AnomalyClient:
    """Asks the service of a log in the name of the party that ``client`` signs for.

    What it tells is derived data: the service's own word, until it is made again.
    """

    client: LogClient

    # ---- alarms ----

    def alarms(self, *, limit: int, **conditions: str | int) -> Iterator[Told]:
        """Events that the party is told of, the newest first, at most so many.

        The service looks first at all that the log has by now, a bounded while.
        """
        conditions = {"at_least": _ALL, **conditions}
        cursor: str | None = None
        while limit > 0:
            page = {**conditions, "limit": min(limit, 100)}
            answer = self._get(
                f"/v1/alarms{query_of(page | ({'cursor': cursor} if cursor else {}))}"
            )
            found = _objects(answer, "alarms")
            yield from found[:limit]
            limit, cursor = limit - len(found), answer.get("next")
            if cursor is None:
                return

    def alarm(self, name: str) -> Told:
        """One event with its verdicts, its decisions and what they follow from."""
        return self._get(f"/v1/alarms/{_quoted(name)}")

    def plot(self, name: str, *, form: str, language: str) -> bytes:
        """Its scores and contributions, drawn."""
        asked = query_of({"format": form, "language": language})
        target = f"/v1/alarms/{_quoted(name)}/plot{asked}"
        return self.client.transport.send(Outgoing("GET", target)).body

    def await_log(self) -> None:
        """Let the service look at all that the log has by now, a bounded while."""
        list(self.alarms(limit=1))

    # ---- lines and models ----

    def lines(self) -> list[Told]:
        """The party's own lines."""
        return _objects(self._get("/v1/anomaly/lines"), "lines")

    def train(self, line: str, records: tuple[str, ...], *, is_challenger: bool = False) -> Told:
        """Ask for a training of the model or of a challenger; the answer names it."""
        asked: dict[str, Any] = {"line": line, **({"records": list(records)} if records else {})}
        if is_challenger:
            asked["challenger"] = True
        # Asked for twice it would train twice.
        return self._post("/v1/anomaly/models", asked, may_repeat=False)

    def training(self, name: str) -> Told:
        """How far a training is."""
        return self._get(f"/v1/anomaly/jobs/{_quoted(name)}")

    def onnx(self, digest: str) -> bytes:
        """The bytes of a model.

        Raises:
            AnswerMalformed: they have another digest.
        """
        headers = {"accept": "application/octet-stream"}
        target = f"/v1/anomaly/models/{_quoted(digest)}"
        found = self.client.transport.send(Outgoing("GET", target, headers=headers)).body
        actual = hashlib.sha256(found).hexdigest()
        if actual != digest:
            raise AnswerMalformed(f"expected the model {digest}, found bytes of SHA-256 {actual}")
        return found

    def preview(self, line: str, rules: Mapping[str, Any]) -> Told:
        """What other rules would call of the rows that the model was trained on."""
        return self._post("/v1/anomaly/rules/preview", {"line": line, "rules": rules})

    def _get(self, target: str) -> Told:
        return _object(self.client.transport.send(Outgoing("GET", target)))

    def _post(self, target: str, asked: Told, *, may_repeat: bool = True) -> Told:
        body = json.dumps(asked).encode()
        headers = {"content-type": JSON}
        outgoing = Outgoing("POST", target, body, headers, may_repeat=may_repeat)
        return _object(self.client.transport.send(outgoing))


def _quoted(name: str) -> str:
    return quote(name, safe=":")


def _object(answer: Incoming) -> Told:
    found = answer.json()
    if not isinstance(found, dict):
        raise AnswerMalformed(f"expected an object, found {str(found)[:80]}")
    return found


def _objects(answer: Told, name: str) -> list[Told]:
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise AnswerMalformed(f"expected a list {name!r}, found {str(found)[:80]}")
    return found
