"""Where objects are built: plain constructor calls, and nothing else happens on import."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from api.accesses.digests import DigestParts, DigestWorker
from api.accesses.log import AccessLog
from api.anomaly.card_signing import CardSigner
from api.anomaly.held import HeldRecords
from api.anomaly.training import TrainingParts, TrainingWorker
from api.anomaly.worker import AnomalyParts, AnomalyWorker
from api.check_pool import CheckPool, WorkerSetup
from api.cosigning import Cosigning, open_cosigning
from api.data_folder import (
    DataFolder,
    LogConfig,
    locate_key,
    open_blobs,
    read_anchor_text,
    read_config,
    read_search_secret,
)
from api.derived.database import derived_url
from api.derived.worker import DerivedParts, DerivedWorker
from api.erasing.purge import Purge
from api.erasing.worker import ErasingParts, ErasingWorker
from api.nonces import NonceMemory, Nonces, UnixSeconds
from api.opening_log import open_log
from api.party_folder import PartySigner, signer_for
from api.process_clock import ProcessClock
from api.request_errors import MalformedTarget
from api.service_key import open_service_key
from api.settings import Settings
from api.setup_errors import KeyMismatch, MalformedBase
from api.shared_nonces import SharedNonces
from api.side_tables import side_url
from api.tallies.book import TallyBook
from api.target_uri import PublicBase, parse_public_base
from api.trade import opening_state
from keys.identifiers import parse_origin
from keys.signer import Signer, open_signer
from ledger.blob_files import FileBlobs
from ledger.clock import Clock
from ledger.high_water import HighWaterFile
from ledger.note import Ed25519Signer, KeyName, VerifierKey, encode_vkey
from ledger.service import Ledger, LedgerParts
from ledger.store import Store
from ledger.store_postgres_connections import is_postgres
from ledger.store_postgres_nonces import PostgresNonces
from ledger.vault.shelf import KeyShelf
from quality.rules import QualityRules

#: How often an idle replica looks for what others have appended.
FOLLOW_SECONDS: Final = 0.2
DAY_MS: Final = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Service:
    """Everything a running service holds."""

    settings: Settings
    base: PublicBase
    folder: DataFolder
    config: LogConfig
    ledger: Ledger
    store: Store
    blobs: FileBlobs
    pool: CheckPool
    cosigning: Cosigning
    derived: DerivedWorker
    anomaly: AnomalyWorker
    training_parts: TrainingParts
    trainings: TrainingWorker
    erasing: ErasingWorker
    accesses: AccessLog
    tallies: TallyBook
    digests: DigestWorker
    nonces: Nonces
    clock: Clock
    high_water: HighWaterFile
    log_signer: Ed25519Signer
    search_secret: bytes
    anchor_text: str

    def expire_blobs(self) -> int:
        """Remove uploads that no admitted record cites and that are too old."""
        return self.blobs.expire(now_ms=self.clock.now_ms(), is_cited=self.store.is_pinned)

    def close(self) -> None:
        """Stop the writer, then release files and connections."""
        self.cosigning.close()
        self.derived.close()
        self.trainings.close()
        self.anomaly.close()
        self.erasing.close()
        self.digests.close()
        self.ledger.close()
        self.accesses.close()
        self.tallies.close()
        self.pool.close()
        self.nonces.close()
        self.store.close()
        self.high_water.close()


def open_service(
    settings: Settings,
    *,
    passphrase: Callable[[], str] | None = None,
    clock: Clock | None = None,
    environment: Mapping[str, str] | None = None,
) -> Service:
    """Open the log of a data folder for writing.

    Args:
        settings: how it runs.
        passphrase: asks for that of the log's key.
        clock: gives the time; the machine's own unless a test or a replay brings one.
        environment: the variables that may hold the passphrase; the process's own, unless the
            key is of no secret.

    Raises:
        SetupError, KeysError, LedgerError: why it cannot run, and what to do.
    """
    base = _parse_base(settings)
    folder = DataFolder(settings.data, settings.database_url, settings.blobs, settings.shelf)
    config = read_config(folder)
    key_uri = locate_key(folder, config.key_uri)
    variables = os.environ if environment is None else environment
    # Asked for once: the service's own key lies under the same one.
    asked = cache(passphrase) if passphrase is not None else None
    signer = open_signer(key_uri, environment=variables, passphrase=asked)
    own = open_service_key(folder, settings.service_key, environment=variables, passphrase=asked)
    store = open_log(folder)
    # From here on no other process writes to a SQLite file; a server orders all that write.
    opened = _Opened(
        base, folder, config, signer, own, store, clock or ProcessClock(), clock is not None
    )
    try:
        if store.head() is not None:
            KeyShelf(folder.shelf).expect()
        return _assemble(settings, opened)
    except BaseException:
        store.close()
        raise


@dataclass(frozen=True, slots=True)
class _Opened:
    """What has been read and locked when a service is put together."""

    base: PublicBase
    folder: DataFolder
    config: LogConfig
    signer: Signer
    own_signer: Signer | None
    store: Store
    clock: Clock
    is_clock_given: bool


def _parse_base(settings: Settings) -> PublicBase:
    try:
        return parse_public_base(settings.public_url)
    except MalformedTarget as fault:
        raise MalformedBase(f"LOTMARK_BASE_URL: {fault}") from fault


def _assemble(settings: Settings, opened: _Opened) -> Service:
    folder, config, blobs = opened.folder, opened.config, open_blobs(opened.folder)
    secret, high_water = read_search_secret(folder), HighWaterFile(folder.high_water)
    anchor_text = read_anchor_text(folder)
    log_signer = note_signer(config.origin, opened.signer)
    ledger = _build_ledger(opened, blobs, signer=log_signer, high_water=high_water)
    _expect_log_key(ledger, log_signer, config.key_uri)
    cosigning = open_cosigning(
        anchor_text, opened.store, must_have_quorum=settings.require_witnesses
    )
    pool = CheckPool(WorkerSetup(config.origin, QualityRules, secret), settings.check_processes)
    ledger.start()
    cosigning.start(ledger.reader, size=lambda: ledger.size, stop=ledger.close)
    accesses, anomaly = _open_accesses(opened), _open_anomaly(opened, ledger)
    training_parts = _training_parts(opened, ledger, anomaly)
    return Service(
        settings=settings,
        base=opened.base,
        folder=folder,
        config=config,
        ledger=ledger,
        store=opened.store,
        blobs=blobs,
        pool=pool,
        cosigning=cosigning,
        derived=_open_derived(opened, ledger, anomaly=anomaly),
        anomaly=anomaly,
        training_parts=training_parts,
        trainings=_open_trainings(training_parts),
        erasing=_open_erasing(opened, ledger, blobs=blobs),
        accesses=accesses,
        tallies=TallyBook(side_url(folder.database_url, folder.tallies), origin=config.origin),
        digests=_open_digests(opened, settings, ledger, accesses=accesses),
        nonces=_open_nonces(opened),
        clock=opened.clock,
        high_water=high_water,
        log_signer=log_signer,
        search_secret=secret,
        anchor_text=anchor_text,
    )


def _build_ledger(
    opened: _Opened, blobs: FileBlobs, *, signer: Ed25519Signer, high_water: HighWaterFile
) -> Ledger:
    folder = opened.folder
    return Ledger(
        LedgerParts(
            origin=opened.config.origin,
            store=opened.store,
            high_water=high_water,
            clock=opened.clock,
            signer=signer,
            blobs=blobs,
            rules=QualityRules(),
            search_secret=read_search_secret(folder),
            follow_seconds=FOLLOW_SECONDS if is_postgres(folder.database_url) else None,
            is_clock_given=opened.is_clock_given,
            state=opening_state(),
        )
    )


def _expect_log_key(ledger: Ledger, signer: Ed25519Signer, uri: str) -> None:
    fold = ledger.fold
    if fold.charter is None or encode_vkey(signer.key) not in fold.rules.log_keys:
        raise KeyMismatch(f"{uri} is no log key in force of {fold.origin}")


def _open_anomaly(opened: _Opened, ledger: Ledger) -> AnomalyWorker:
    url = side_url(opened.folder.database_url, opened.folder.anomaly)
    worker = AnomalyWorker(
        AnomalyParts(url, opened.store, opened.config.origin, lambda: ledger.size)
    )
    worker.start()
    return worker


def _training_parts(opened: _Opened, ledger: Ledger, anomaly: AnomalyWorker) -> TrainingParts:
    origin = opened.config.origin
    records = HeldRecords(opened.store, origin, lambda: ledger.state.agreements)
    cards = CardSigner(ledger, opened.clock, _own_signer(opened, ledger))
    return TrainingParts(anomaly, records, opened.clock, cards)


def _open_trainings(parts: TrainingParts) -> TrainingWorker:
    worker = TrainingWorker(parts)
    worker.start()
    return worker


def _open_derived(opened: _Opened, ledger: Ledger, *, anomaly: AnomalyWorker) -> DerivedWorker:
    folder = opened.folder
    url = derived_url(folder.database_url, folder.derived)
    others = (lambda: anomaly.size,)
    worker = DerivedWorker(
        DerivedParts(url, opened.store, opened.config.origin, lambda: ledger.size, others)
    )
    worker.start()
    return worker


def _open_erasing(opened: _Opened, ledger: Ledger, *, blobs: FileBlobs) -> ErasingWorker:
    folder = opened.folder
    purge = Purge(opened.store, blobs, lambda: ledger.checker)
    worker = ErasingWorker(
        ErasingParts(
            derived_url(folder.database_url, folder.erasures),
            purge,
            lambda: ledger.state.agreements,
            opened.clock,
        )
    )
    worker.start()
    return worker


def _open_accesses(opened: _Opened) -> AccessLog:
    url = side_url(opened.folder.database_url, opened.folder.accesses)
    return AccessLog(url, origin=opened.config.origin, clock=opened.clock)


def _open_digests(
    opened: _Opened, settings: Settings, ledger: Ledger, *, accesses: AccessLog
) -> DigestWorker:
    signer = _own_signer(opened, ledger)
    retention_ms = settings.access_retention_days * DAY_MS
    worker = DigestWorker(DigestParts(accesses, ledger, opened.clock, signer, retention_ms))
    worker.start()
    return worker


def _own_signer(opened: _Opened, ledger: Ledger) -> PartySigner | None:
    """The service's key in the operator's name."""
    if opened.own_signer is None:
        return None
    origin = parse_origin(opened.config.origin)
    return signer_for(origin, ledger.fold.rules.operator, opened.own_signer)


def _open_nonces(opened: _Opened) -> Nonces:
    url = opened.folder.database_url
    if is_postgres(url):
        clock = opened.clock if opened.is_clock_given else None
        return SharedNonces(PostgresNonces(url, clock=clock))
    # Rounded up: a signature tells whole seconds, and may be older than it says.
    return NonceMemory(started=UnixSeconds(-(-opened.clock.now_ms() // 1000)))


def note_signer(origin: str, signer: Signer) -> Ed25519Signer:
    """The signer of checkpoints: the log's key under the log's name."""
    return Ed25519Signer(VerifierKey(KeyName(origin), 1, signer.public_key), signer.sign)
