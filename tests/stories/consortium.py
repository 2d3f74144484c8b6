"""A consortium in its days: a founded log that is served, on whichever engine.

The parties, their keys and types are those of :mod:`tests.api.service`; the service is the
real one on loopback, with a clock that the story moves::

    def test_something(consortium: Consortium) -> None:
        record_id = consortium.service.admit(consortium.service.record())
        consortium.wait(days=7)
        consortium.restart()
        consortium.audit()
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from api.audit_sources import StoreSource
from api.data_folder import DataFolder
from api.joining import join_replica
from api.opening_log import open_log
from api.wiring import open_service
from ledger.anchor import Anchor
from ledger.audit import audit
from ledger.audit_findings import AuditReport
from ledger.blobs import MemoryBlobs
from ledger.clock import ManualClock
from ledger.entry import split_entry
from ledger.high_water import HighWaterMemory
from ledger.receipt import VerifiedReceipt, verify_receipt
from ledger.service import Ledger, LedgerParts
from ledger.store import Store
from ledger.submission import Admitted
from quality.rules import QualityRules
from tests.api.service import OPEN_PLAN, LiveService, found_log
from tests.ledger.parties import NOW_MS, ORIGIN, Plan, RandomStream, a_log_signer
from tests.stories.engines import Engine

DAY_MS: Final = 24 * 3600 * 1000


@dataclass
class Consortium:
    """A served log and what a story does to it."""

    engine: Engine
    service: LiveService
    _replicas: list[LiveService] = field(default_factory=list)

    @classmethod
    @contextmanager
    def founded(cls, root: Path, engine: Engine, plan: Plan = OPEN_PLAN) -> Iterator[Consortium]:
        """Found a log below ``root`` and serve it until the block is left."""
        folder = DataFolder(root / "log")
        parties = found_log(folder, plan)
        with engine.attached(folder) as attached, ExitStack() as running:
            if attached.server_url:
                _move_log(folder, attached)
            story = cls(engine, LiveService(attached, parties))
            story.service.start()
            running.callback(story._stop)
            yield story

    @property
    def clock(self) -> ManualClock:
        """The time of the service, and of its database."""
        return self.service.clock

    @property
    def anchor(self) -> Anchor:
        """What every party holds."""
        return self.service.anchor

    def wait(self, *, days: float = 0, seconds: int = 0) -> None:
        """Let time go by."""
        self.clock.advance(int(days * DAY_MS) + 1000 * seconds)

    # ---- what happens to the service ----

    def stop(self) -> None:
        """Stop it as SIGTERM would."""
        self.service.stop()

    def start(self) -> None:
        """Start it again on the same port, so that its address stays the same.

        Raises:
            LedgerError, SetupError: why it does not start.
        """
        settings = self.service.settings
        # Whatever refuses a start does so before the server is there.
        open_service(settings, clock=self.clock).close()
        self.service.start(port=settings.port)

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def save(self) -> None:
        """Keep a copy of the database as it is now, for :meth:`bring_back`."""
        self.stop()
        self.engine.save(self.service.folder)
        self.start()

    def bring_back(self) -> None:
        """Put the kept copy in the place of the database of a stopped service."""
        self.engine.bring_back(self.service.folder)

    def another_replica(self) -> LiveService:
        """One more replica of the log, in a folder of its own, until the story ends."""
        folder, number = self.service.folder, len(self._replicas) + 2
        root = folder.root.with_name(f"replica-{number}")
        own = replace(folder, root=root, keys=folder.shelf)
        join_replica(folder, own)
        replica = replace(self.service, folder=own)
        replica.start()
        self._replicas.append(replica)
        return replica

    # ---- what anybody can check ----

    def receipt(self, sd_jwt: str, answer: Mapping[str, object]) -> VerifiedReceipt:
        """Verify the receipt in the answer to a submission, from the anchor."""
        text = str(answer["receipt"]).encode()
        return verify_receipt(text, sd_jwt.split("~", maxsplit=1)[0], anchor=self.anchor)

    def audit(self) -> AuditReport:
        """Audit the log as it lies in its database; there must be nothing to find."""
        with closing(open_log(self.service.folder, read_only=True)) as store:
            report = audit(str(ORIGIN), StoreSource.of(store))
        assert report.is_clean, report.findings
        return report

    def _stop(self) -> None:
        for service in (*self._replicas, self.service):
            if service.thread.is_alive():
                service.stop()


def _move_log(folder: DataFolder, attached: DataFolder) -> None:
    """Admit the entries of the founded log again on its server: the same bytes, the same root."""
    with (
        closing(open_log(folder, read_only=True)) as source,
        closing(open_log(attached)) as target,
    ):
        ledger = Ledger(_parts(attached, target), is_new=True)
        ledger.start()
        for row in list(source.entries(0, StoreSource.of(source).reach.size)):
            _, jws = split_entry(row.text)
            held = source.disclosures([row.index]).get(row.index, "")
            outcome = ledger.submit_text(f"{jws}~{held}")
            assert isinstance(outcome, Admitted), outcome
        ledger.close()
        assert target.head() == source.head()
    folder.database.unlink()


def _parts(folder: DataFolder, store: Store) -> LedgerParts:
    return LedgerParts(
        origin=str(ORIGIN),
        store=store,
        high_water=HighWaterMemory(),
        clock=ManualClock(NOW_MS),
        signer=a_log_signer(),
        blobs=MemoryBlobs(random_bytes=RandomStream("moved")),
        rules=QualityRules(),
        search_secret=folder.search_secret.read_bytes(),
        is_clock_given=True,
    )
