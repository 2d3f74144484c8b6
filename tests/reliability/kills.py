"""A series of kills on one log: load, kill, start again, and look at everything.

After each restart: every receipt that a client holds is given again, byte for byte; what had
no answer is submitted again and gets a receipt; each record is one entry, whole, with its
disclosures; the audit has nothing to find; the high-water mark covers every receipt and no
more than the log. At the end of a series the log is audited anew and its projections are
compared with what its entries say.
"""

from __future__ import annotations

import http.client
import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.audit_sources import StoreSource
from api.opening_log import open_log
from api.rebuilding import compare
from bench.consortium import ORIGIN, Consortium
from ledger.audit import Audit, audit
from ledger.audit_memory import AuditMemory
from ledger.high_water import HighWaterFile, Mark
from ledger.receipt import verify_receipt
from ledger.store import Store
from tests.ledger.parties import record_id_of
from tests.reliability.clients import CLIENTS, TIMEOUT_SECONDS, Answer, Client, lasting, post
from tests.reliability.grounds import Founded
from tests.stories.processes import ReplicaProcess

#: A kill falls somewhere in this time after all clients have begun.
LOAD_SECONDS_MAX: Final = 0.8
#: One start in ten is killed as well, somewhere in this time.
START_SECONDS: Final = 1.5
RECORDS_EACH: Final = 24
CHECK_LINES: Final = 200


@dataclass
class Counts:
    """What a series came to."""

    rounds: int = 0
    receipts: int = 0
    repeats: int = 0
    resubmitted: int = 0
    found_stored: int = 0
    starts_killed: int = 0
    entries: int = 0


@dataclass
class Series:
    """One log, its process, and what all clients together know."""

    founded: Founded
    consortium: Consortium
    process: ReplicaProcess
    chance: random.Random
    counts: Counts
    unused: list[str]
    held: dict[str, Answer] = field(default_factory=dict)
    memory: AuditMemory | None = None

    @classmethod
    @contextmanager
    def begun(
        cls, founded: Founded, root: Path, *, chance: random.Random, counts: Counts
    ) -> Iterator[Series]:
        """Serve a copy of the founded log until the block is left."""
        with founded.copied(root / "log") as consortium:
            process = ReplicaProcess(consortium.environment, root / "lines")
            try:
                process.start()
                process.await_ready()
                yield cls(founded, consortium, process, chance, counts, list(founded.texts))
            finally:
                process.end(signal.SIGKILL)

    @property
    def has_records(self) -> bool:
        """Whether one more round can be fed."""
        return len(self.unused) >= CLIENTS * RECORDS_EACH

    def play_round(self) -> None:
        """Load, kill, restart, check."""
        clients = [self._client() for _ in range(CLIENTS)]
        self._load_and_kill(clients)
        held = {text: answer for client in clients for text, answer in client.held.items()}
        unanswered = [text for client in clients for text in client.open]
        refusals = [refusal for client in clients for refusal in client.refusals]
        assert not refusals, refusals[:3]
        self._put_back(clients)
        self._check_mark(held)
        self._start_again()
        self.held.update(held)
        self._check_receipts(held)
        self._resubmit(unanswered)
        self._check_log([*held, *unanswered])
        self.counts.rounds += 1
        self.counts.receipts += len(held)
        self.counts.repeats += sum(client.repeats for client in clients)

    def finish(self) -> None:
        """Look at the whole log, once it is served no more."""
        self._check_receipts(self.held)
        self.process.end(signal.SIGKILL)
        # Opened once more, as a killed SQLite log is finished by who opens it next.
        with closing(open_log(self.consortium.folder)) as store:
            report = audit(str(ORIGIN), StoreSource.of(store))
        assert report.is_clean, report.findings
        assert report.entries == self.founded.size + len(self.held)
        rebuilt = compare(self.consortium.folder)
        assert rebuilt.is_as_before, rebuilt
        self.counts.entries += report.entries

    # ---- the load ----

    def _client(self) -> Client:
        texts, self.unused = self.unused[:RECORDS_EACH], self.unused[RECORDS_EACH:]
        return Client(self.process.port, texts, random.Random(self.chance.random()))

    def _put_back(self, clients: Sequence[Client]) -> None:
        """Keep for later rounds what no client has sent."""
        self.unused.extend(text for client in clients for text in client.texts)

    def _load_and_kill(self, clients: Sequence[Client]) -> None:
        start = threading.Barrier(len(clients) + 1)
        threads = [threading.Thread(target=client.run, args=(start,)) for client in clients]
        for thread in threads:
            thread.start()
        start.wait()
        time.sleep(self.chance.uniform(0, LOAD_SECONDS_MAX))
        self.process.end(signal.SIGKILL)
        for thread in threads:
            thread.join()

    def _start_again(self) -> None:
        if self.chance.random() < 0.1:
            # A start that dies has changed nothing.
            self.process.start()
            time.sleep(self.chance.uniform(0, START_SECONDS))
            self.process.end(signal.SIGKILL)
            self.counts.starts_killed += 1
        self.process.start()
        self.process.await_ready()

    # ---- what must hold ----

    def _mark(self) -> Mark:
        mark = HighWaterFile(self.consortium.folder.high_water).read()
        assert mark, "expected the mark of the last signed head"
        return mark

    def _check_mark(self, held: dict[str, Answer]) -> None:
        """The mark was durable before a receipt left."""
        assert self._mark().size > max((answer["index"] for answer in held.values()), default=-1)

    def _check_receipts(self, held: dict[str, Answer]) -> None:
        """The first receipt is given again, byte for byte."""
        texts = list(held)
        for text, again in zip(texts, self._post_all(texts), strict=True):
            assert lasting(again) == lasting(held[text])
            assert not again["first"]

    def _resubmit(self, unanswered: Sequence[str]) -> None:
        """What had no answer gets a receipt that is right, whether or not it was stored."""
        for text, answer in zip(unanswered, self._post_all(unanswered), strict=True):
            jws = text.partition("~")[0]
            verified = verify_receipt(answer["receipt"].encode(), jws, anchor=self.founded.anchor)
            assert (verified.record_id, verified.index) == (record_id_of(text), answer["index"])
            self.held[text] = answer
            self.counts.resubmitted += 1
            self.counts.found_stored += not answer["first"]

    def _post_all(self, texts: Sequence[str]) -> list[Answer]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.process.port, timeout=TIMEOUT_SECONDS
        )
        answers: list[Answer] = []
        with closing(connection):
            for start in range(0, len(texts), CHECK_LINES):
                status, found = post(connection, texts[start : start + CHECK_LINES])
                assert status in {200, 201}, found
                answers += found
        assert all("receipt" in answer for answer in answers), answers
        return answers

    def _check_log(self, texts: Sequence[str]) -> None:
        """Each record is one whole entry, and the log is as its mark and its audit say."""
        with closing(open_log(self.consortium.folder, read_only=True)) as store:
            self._check_entries(store, texts)
            head, mark = store.head(), self._mark()
            assert head
            assert (mark.size, mark.root) == (head.size, head.root)
            running = Audit(str(ORIGIN), StoreSource.of(store), memory=self.memory)
            for _ in running.run():
                pass
            report = running.finish()
            assert report.is_clean, report.findings
            self.memory = running.memory()

    def _check_entries(self, store: Store, texts: Sequence[str]) -> None:
        head = store.head()
        assert head
        assert head.size == self.founded.size + len(self.held), "each record once"
        indices = [self.held[text]["index"] for text in texts]
        kept = store.disclosures(indices)
        for text, index in zip(texts, indices, strict=True):
            assert kept[index] == text.partition("~")[2]
