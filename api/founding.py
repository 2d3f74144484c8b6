"""Founding a log: its key, its charter as entry 0, and the trust anchor to hand out.

Until ``config.json`` stands in the folder there is no log: everything else is written and
synced before it. A founding that fails cleans up after itself; one that was killed leaves
the mark ``founding`` behind, and its folder is refused until somebody has emptied it.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from api.builtin_types import builtin_types
from api.data_folder import (
    DataFolder,
    LogConfig,
    open_blobs,
    write_config,
    write_new,
    write_search_secret,
)
from api.governing import (
    DEFINING_USES,
    SIGNING_USES,
    KeyTerms,
    compose_key,
    compose_named,
    compose_type,
)
from api.migrate import needs_upgrade, upgrade
from api.opening_log import open_log
from api.party_folder import signer_for
from api.process_clock import ProcessClock
from api.service_key import SERVICE_TERMS, draw_service_key
from api.setup_errors import (
    FolderInUse,
    FolderNotEmpty,
    FoundingInterrupted,
    FoundingRefused,
)
from api.trade import opening_state
from api.wiring import note_signer
from keys.ed25519 import SEED_BYTES
from keys.identifiers import parse_origin
from keys.key_file import Cost, seal_seed
from keys.key_storage import store_key_file
from keys.signer import SeedSigner, Signer
from ledger.anchor import encode_anchor
from ledger.charter import CharterDraft, FounderStatement, draft_charter
from ledger.clock import Clock
from ledger.compose import Composer
from ledger.durable_files import sync_directory
from ledger.faults import Refusal
from ledger.high_water import HighWaterFile
from ledger.note import Ed25519Signer, encode_vkey
from ledger.record import NO_POLICY
from ledger.rules import NO_WITNESSES, Quorum, join_policy
from ledger.service import Ledger, LedgerParts
from ledger.store import Store
from ledger.trust_policy import encode_trust_policy
from ledger.vault.shelf import KeyShelf
from quality.builtin_parameters import builtin_parameters
from quality.builtin_policies import builtin_policies
from quality.credential import DEFAULT_RIGHTS
from quality.rules import QualityRules

LOG_KEY_URI: Final = "file:log.key"


@dataclass(frozen=True, slots=True)
class FoundingPlan:
    """What the founders agreed on. The first of ``founders`` signs the charter.

    ``witness_policy`` is tlog-policy text without log lines: who witnesses, and how many must.
    ``quorum`` holds the acts that have another rule than the majority of all members.
    """

    origin: str
    founders: tuple[FounderStatement, ...]
    operator: str
    has_open_bundles: bool
    witness_policy: str = NO_WITNESSES
    quorum: Mapping[str, Quorum] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundingKeys:
    """The keys at hand when a log is founded.

    ``admin`` is founder 1's. With ``signing``, founder 1's key for records, the only founder
    registers it and brings the built-in types, parameters and policies at once. The log's own
    key is drawn and kept under ``log_passphrase``.
    """

    admin: Signer
    log_passphrase: str = field(repr=False)
    signing: Signer | None = None
    cost: Cost = Cost.MODERATE


@dataclass(frozen=True, slots=True)
class Founded:
    """A new log: its charter's record id, the text of its trust anchor, and its size."""

    origin: str
    charter: str
    anchor: str
    size: int


def found_log(
    folder: DataFolder,
    plan: FoundingPlan,
    *,
    keys: FoundingKeys,
    clock: Clock | None = None,
) -> Founded:
    """Make the data folder of a new log and admit its first entries.

    Args:
        folder: absent or empty.
        plan: origin, founders, operator.
        keys: founder 1's keys, and the passphrase of the log's.
        clock: gives the time; the machine's own unless a replay brings one.

    Raises:
        FolderInUse: there is a log in the folder.
        FolderNotEmpty, FoundingInterrupted: there is something else in it.
        FoundingRefused: the plan does not make a log; the text says why.
        KeysError, LedgerError: something could not be written.
        MalformedTrustPolicy: the witness policy is none.
    """
    parse_origin(plan.origin)
    join_policy((), plan.witness_policy)
    with marked(folder):
        log_signer = note_signer(plan.origin, _draw_log_key(folder, keys))
        secret = write_search_secret(folder)
        if needs_upgrade(folder.database_url):
            upgrade(folder.database_url)
        given = clock or ProcessClock()
        opened = _open_ledger(folder, plan.origin, signer=log_signer, secret=secret, clock=given)
        with opened as ledger:
            founder = _Founder(ledger, plan, keys, given)
            charter = founder.admit_charter(encode_vkey(log_signer.key))
            if keys.signing is not None and len(plan.founders) == 1:
                founder.admit_types(charter, keys.signing)
                founder.admit_service_key(charter, _draw_service_key(folder, keys))
            size = ledger.size
        policy = join_policy([encode_vkey(log_signer.key)], plan.witness_policy)
        anchor = encode_anchor(plan.origin, encode_trust_policy(policy), charter)
        write_new(folder.anchor, anchor.encode(), mode=0o644)
        # From here on the folder holds a log.
        write_config(folder, LogConfig(plan.origin, LOG_KEY_URI))
    return Founded(plan.origin, charter, anchor, size)


@contextmanager
def marked(folder: DataFolder) -> Iterator[None]:
    """Mark a folder while it is being made, and empty it if that fails.

    Raises:
        FolderInUse, FolderNotEmpty, FoundingInterrupted: something stands in it.
    """
    expect_empty(folder)
    write_new(folder.founding, f"{os.getpid()}\n".encode(), mode=0o600)
    sync_directory(folder.root)
    try:
        yield
    except BaseException:
        _empty(folder)
        raise
    folder.founding.unlink()
    sync_directory(folder.root)


def expect_empty(folder: DataFolder) -> None:
    """Refuse a folder in which no log can be founded.

    Raises:
        FolderInUse, FolderNotEmpty, FoundingInterrupted: what stands in it instead.
    """
    folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.config.exists():
        raise FolderInUse(
            f"expected no log in {folder.root}, found one: a log is founded once; serve it, or "
            "found another one in another folder (--data)"
        )
    if folder.founding.exists():
        raise FoundingInterrupted(
            f"expected an empty folder, found a founding in {folder.root} that did not end: no "
            f"log came of it; empty the folder ('rm -r {folder.root}') and run init again"
        )
    found = sorted(path.name for path in folder.root.iterdir())
    if found:
        raise FolderNotEmpty(
            f"expected an empty folder {folder.root}, found {', '.join(found[:4])}: choose "
            "another one with --data"
        )


def _expect_no_log(store: Store) -> None:
    head = store.head()
    if head:
        raise FolderInUse(
            f"expected an empty database, found a log of {head.size} entries, which stays: found "
            "another log in another database (LOTMARK_DATABASE_URL)"
        )


def _empty(folder: DataFolder) -> None:
    """Take away what this founding wrote; the folder was empty before it.

    What a server has taken stays there: nothing is deleted from a log.
    """
    for path in folder.root.iterdir():
        if path == folder.founding:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    # Last, so that a crash in between leaves the folder marked.
    folder.founding.unlink()


def _draw_log_key(folder: DataFolder, keys: FoundingKeys) -> Signer:
    seed = secrets.token_bytes(SEED_BYTES)
    sealed = seal_seed(seed, passphrase=keys.log_passphrase, cost=keys.cost)
    store_key_file(folder.log_key, sealed)
    return SeedSigner(seed)


def _draw_service_key(folder: DataFolder, keys: FoundingKeys) -> Signer:
    return draw_service_key(folder, passphrase=keys.log_passphrase, cost=keys.cost)


@contextmanager
def _open_ledger(
    folder: DataFolder, origin: str, *, signer: Ed25519Signer, secret: bytes, clock: Clock
) -> Iterator[Ledger]:
    with ExitStack() as opened:
        store = open_log(folder)
        opened.callback(store.close)
        _expect_no_log(store)
        KeyShelf(folder.shelf).make()
        high_water = HighWaterFile(folder.high_water)
        opened.callback(high_water.close)
        parts = LedgerParts(
            origin=origin,
            store=store,
            high_water=high_water,
            clock=clock,
            signer=signer,
            blobs=open_blobs(folder),
            rules=QualityRules(),
            search_secret=secret,
            state=opening_state(),
            is_clock_given=not isinstance(clock, ProcessClock),
        )
        ledger = Ledger(parts, is_new=True)
        ledger.start()
        opened.callback(ledger.close)
        yield ledger


@dataclass(frozen=True, slots=True)
class _Founder:
    """Founder 1 at work on the empty log."""

    ledger: Ledger
    plan: FoundingPlan
    keys: FoundingKeys
    clock: Clock

    def admit_charter(self, log_key: str) -> str:
        """Admit entry 0; the answer is its record id."""
        draft = CharterDraft(
            origin=self.plan.origin,
            log_keys=(log_key,),
            founders=self.plan.founders,
            operator=self.plan.operator,
            types=builtin_types(),
            has_open_bundles=self.plan.has_open_bundles,
            credentials=DEFAULT_RIGHTS,
            witness_policy=self.plan.witness_policy,
            quorum=self.plan.quorum,
            parameters={document.name: document.text for document in builtin_parameters()},
            policies={document.name: document.text for document in builtin_policies()},
        )
        body = draft_charter(draft)
        composer = self._composer(NO_POLICY, self.keys.admin)
        return self._admit(composer.compose_governance("charter/v1", body, iat=self._now_s()))

    def admit_types(self, charter: str, signing: Signer) -> None:
        """Register founder 1's signing key, and bring types, parameters and policies with it."""
        key = compose_key(
            self._composer(charter, self.keys.admin),
            signing,
            terms=KeyTerms((*SIGNING_USES, *DEFINING_USES)),
            iat=self._now_s(),
        )
        self._admit(key)
        composer = self._composer(charter, signing)
        for definition in builtin_types():
            for sd_jwt in compose_type(composer, definition, iat=self._now_s()):
                self._admit(sd_jwt)
        kinds = {"parameters": builtin_parameters(), "policy": builtin_policies()}
        for kind, documents in kinds.items():
            for document in documents:
                name, text = document.name, document.text
                for sd_jwt in compose_named(
                    composer, kind, name=name, text=text, iat=self._now_s()
                ):
                    self._admit(sd_jwt)

    def admit_service_key(self, charter: str, service: Signer) -> None:
        """Register the key by which the service signs digests for the one founder."""
        composer = self._composer(charter, self.keys.admin)
        self._admit(compose_key(composer, service, terms=SERVICE_TERMS, iat=self._now_s()))

    def _now_s(self) -> int:
        return self.clock.now_ms() // 1000

    def _composer(self, policy: str, signer: Signer) -> Composer:
        origin = parse_origin(self.plan.origin)
        party = signer_for(origin, self.plan.founders[0].slug, signer)
        return Composer(origin, policy, party, secrets.token_bytes)

    def _admit(self, sd_jwt: str) -> str:
        outcome = self.ledger.submit_text(sd_jwt)
        if isinstance(outcome, Refusal):
            raise FoundingRefused(f"{outcome.code}: {outcome.detail}")
        return outcome.record_id
