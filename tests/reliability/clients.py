"""Clients that submit until the service is gone: 64 threads, a connection each.

Each has records of its own. It sends them one by one and in batches, and now and then one
again that it has a receipt for. What it was told, and what it sent without an answer, is all
that it knows afterwards.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

CLIENTS: Final = 64
BATCH_RECORDS: Final = 4
TIMEOUT_SECONDS: Final = 60
CREATED: Final = 201
JSON: Final = "application/json"
JSON_LINES: Final = "application/jsonl"
#: What of an answer is another when a record comes again, or in another line of a batch.
_PASSING: Final = frozenset({"first", "line"})

Answer = dict[str, Any]


class Unanswered(Exception):
    """The service ended, or cut the connection, before it answered."""


def post(connection: http.client.HTTPConnection, texts: Sequence[str]) -> tuple[int, list[Answer]]:
    """Submit records, several as a batch: the status, and an answer for each.

    Raises:
        Unanswered: no whole answer came.
    """
    lines = [json.dumps({"sd_jwt": text, "sealed": []}) for text in texts]
    media_type = JSON if len(texts) == 1 else JSON_LINES
    try:
        connection.request("POST", "/v1/records", "\n".join(lines), {"Content-Type": media_type})
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as fault:
        raise Unanswered(str(fault)) from fault
    answers = [json.loads(line) for line in content.splitlines() if line]
    if len(texts) == 1:
        # A batch says it in each line.
        answers[0]["first"] = answer.status == CREATED
    return answer.status, answers


def lasting(answer: Answer) -> Answer:
    """What must be the same whenever a record is submitted."""
    return {name: value for name, value in answer.items() if name not in _PASSING}


@dataclass
class Client:
    """One of them; ``held`` are its receipts by record, ``open`` what had no answer."""

    port: int
    texts: list[str]
    chance: random.Random
    held: dict[str, Answer] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    repeats: int = 0
    refusals: list[tuple[int, Answer]] = field(default_factory=list)

    def run(self, start: threading.Barrier) -> None:
        """Submit until the service is gone or no record is left."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        start.wait()
        try:
            while self.texts:
                self._submit(connection)
        except Unanswered:
            pass
        finally:
            connection.close()

    def _submit(self, connection: http.client.HTTPConnection) -> None:
        kind = self.chance.random()
        if self.held and kind < 0.2:
            self._repeat(connection)
            return
        count = BATCH_RECORDS if kind > 0.8 else 1
        # From here on each may be an entry, whatever becomes of the answer.
        self.open, self.texts = self.texts[:count], self.texts[count:]
        status, answers = post(connection, self.open)
        if status not in {200, 201} or not all("receipt" in answer for answer in answers):
            self.refusals.append((status, answers[0]))
            return
        self.held.update(zip(self.open, answers, strict=True))
        self.open = []

    def _repeat(self, connection: http.client.HTTPConnection) -> None:
        text = self.chance.choice(list(self.held))
        status, [answer] = post(connection, [text])
        assert status == 200, answer
        assert lasting(answer) == lasting(self.held[text]), "another receipt"
        self.repeats += 1
