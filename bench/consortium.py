"""A consortium to measure with: a founded data folder, and signed uploads by the thousand.

One OEM and its suppliers. Every record is a ``parameter-upload/v1`` with five small groups,
about 1 KB of JWS and eight digests, signed by a supplier's machine key in worker processes.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from api.data_folder import DataFolder
from api.founding import FoundingKeys, FoundingPlan, found_log
from api.governing import (
    RECORD_TYPES,
    SIGNING_USES,
    KeyTerms,
    compose_endorsement,
    compose_key,
    compose_type,
)
from api.party_folder import signer_for
from api.process_clock import ProcessClock
from api.settings import Settings
from api.wiring import open_service
from keys.ed25519 import Seed, generate_seed
from keys.identifiers import Origin, Slug, party_did
from keys.key_file import Cost
from keys.signer import PASSPHRASE_VARIABLE, SeedSigner
from ledger.charter import FounderStatement
from ledger.commitment import commit_key
from ledger.compose import Composer, Filing
from ledger.record import encode_record_id, record_id
from ledger.record_type import RecordType, parse_record_type
from ledger.service import Ledger
from ledger.submission import Admitted
from quality.types import business_types

ORIGIN: Final = Origin("bench.lotmark.example")
OEM: Final = Slug("oem")
SUPPLIERS: Final = tuple(Slug(f"supplier-{number}") for number in range(1, 5))
VCT: Final = "parameter-upload/v1"
ACT: Final = "act/v1"
FAMILY: Final = "rotor"
CHUNK_RECORDS: Final = 500
CHUNKS_AHEAD: Final = 6


@dataclass(frozen=True, slots=True)
class Party:
    """A member and the seeds of its two keys."""

    slug: Slug
    admin: Seed = field(default_factory=generate_seed, repr=False)
    machine: Seed = field(default_factory=generate_seed, repr=False)

    def admin_composer(self, policy: str) -> Composer:
        """Composes what the party's admin key signs."""
        return _composer(self.slug, self.admin, policy)

    def machine_composer(self, policy: str) -> Composer:
        """Composes the party's business records."""
        return _composer(self.slug, self.machine, policy)


@dataclass(frozen=True, slots=True)
class Consortium:
    """A founded log in a data folder; ``passphrase`` opens its key."""

    folder: DataFolder
    policy: str
    suppliers: tuple[Party, ...]
    passphrase: str = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which a process serves this log."""
        return {
            "LOTMARK_DATA": str(self.folder.root),
            "LOTMARK_DATABASE_URL": self.folder.server_url,
            "LOTMARK_SHELF": str(self.folder.shelf),
            PASSPHRASE_VARIABLE: self.passphrase,
        }

    def settings(self, check_processes: int = 2) -> Settings:
        """The settings with which this process serves this log."""
        return Settings(
            data=self.folder.root,
            database_url=self.folder.server_url,
            shelf=self.folder.shelf,
            check_processes=check_processes,
        )


def found_consortium(folder: DataFolder) -> Consortium:
    """Fill a data folder: commit charter, endorsements, keys and types."""
    parties = [Party(slug) for slug in (OEM, *SUPPLIERS)]
    plan = FoundingPlan(ORIGIN, tuple(_statement(party) for party in parties), OEM, True)
    passphrase = secrets.token_urlsafe()
    admin = SeedSigner(parties[0].admin)
    founded = found_log(folder, plan, keys=FoundingKeys(admin, passphrase, cost=Cost.INTERACTIVE))
    consortium = Consortium(folder, founded.charter, tuple(parties[1:]), passphrase)
    service = open_service(consortium.settings(check_processes=0), passphrase=lambda: passphrase)
    try:
        _complete_genesis(service.ledger, parties, founded.charter)
    finally:
        service.close()
    return consortium


def _complete_genesis(ledger: Ledger, parties: Sequence[Party], charter: str) -> None:
    now = ProcessClock().now_s()
    for party in parties[1:]:
        _admit(ledger, compose_endorsement(party.admin_composer(charter), iat=now))
    for party in parties:
        key = compose_key(
            party.admin_composer(charter),
            SeedSigner(party.machine),
            terms=KeyTerms((*SIGNING_USES, RECORD_TYPES)),
            iat=now,
        )
        _admit(ledger, key)
    for definition in business_types():
        for record in compose_type(parties[0].machine_composer(charter), definition, iat=now):
            _admit(ledger, record)
    for supplier in parties[1:]:
        _agree(ledger, parties[0], supplier, policy=charter)


def _agree(ledger: Ledger, customer: Party, supplier: Party, *, policy: str) -> None:
    """A supply relation in force: without one, nothing is filed to anybody."""
    did = party_did(ORIGIN, supplier.slug)
    offer = {
        "act": "relation",
        "kind": "supply",
        "customer": party_did(ORIGIN, OEM),
        "provider": did,
        "families": [FAMILY],
    }
    kind = next(kind for kind in map(parse_record_type, business_types()) if kind.vct == ACT)
    composer = customer.machine_composer(policy)
    offered = composer.compose_record(
        kind, {"state": offer}, filing=Filing(subject=did, to=(did,)), iat=ProcessClock().now_s()
    )
    _admit(ledger, offered)
    of = encode_record_id(record_id(offered.partition("~")[0]))
    answer = {"act": "endorse", "of": of, "meaning": "approve"}
    _admit(
        ledger,
        supplier.machine_composer(policy).compose_record(
            kind,
            {"state": answer},
            filing=Filing(subject=party_did(ORIGIN, OEM), to=(party_did(ORIGIN, OEM),)),
            iat=ProcessClock().now_s(),
        ),
    )


def _admit(ledger: Ledger, sd_jwt: str) -> None:
    outcome = ledger.submit_text(sd_jwt)
    assert isinstance(outcome, Admitted), outcome


def _composer(slug: Slug, seed: Seed, policy: str) -> Composer:
    return Composer(ORIGIN, policy, signer_for(ORIGIN, slug, SeedSigner(seed)), os.urandom)


def _statement(party: Party) -> FounderStatement:
    roles = ("oem",) if party.slug == OEM else ("supplier",)
    admin = SeedSigner(party.admin).multikey
    return FounderStatement(party.slug, {"en": party.slug}, roles, (admin,), commit_key(admin))


# ---- records in bulk ----


class Workshop:
    """Worker processes that compose and sign records of a consortium's suppliers."""

    def __init__(self, consortium: Consortium, processes: int = 2) -> None:
        """Start the workers when the first records are asked for."""
        self._pool = ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(consortium.policy, consortium.suppliers),
        )

    def chunks(self, count: int) -> Iterator[list[bytes]]:
        """``count`` submission lines in chunks, made a few chunks ahead."""
        whole, rest = divmod(count, CHUNK_RECORDS)
        ahead: deque[Future[list[bytes]]] = deque()
        for size in [CHUNK_RECORDS] * whole + [rest] * bool(rest):
            ahead.append(self._pool.submit(_make_lines, size))
            if len(ahead) > CHUNKS_AHEAD:
                yield ahead.popleft().result()
        for made in ahead:
            yield made.result()

    def lines(self, count: int) -> list[bytes]:
        """``count`` submission lines."""
        return [line for chunk in self.chunks(count) for line in chunk]

    def __enter__(self) -> Workshop:
        """Leaving ends the workers."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        self._pool.shutdown(cancel_futures=True)


class _Worker:
    """What a worker signs with, and how many records it made."""

    composers: tuple[Composer, ...]
    kind: RecordType
    made = 0


def _start_worker(policy: str, suppliers: Sequence[Party]) -> None:
    _Worker.composers = tuple(party.machine_composer(policy) for party in suppliers)
    kinds = {kind.vct: kind for kind in map(parse_record_type, business_types())}
    _Worker.kind = kinds[VCT]


def _make_lines(count: int) -> list[bytes]:
    return [_make_line() for _ in range(count)]


def _make_line() -> bytes:
    _Worker.made += 1
    number = _Worker.made
    composer = _Worker.composers[number % len(_Worker.composers)]
    filing = Filing(to=(party_did(ORIGIN, OEM),), family=FAMILY, number=f"B-{number}")
    sd_jwt = composer.compose_record(
        _Worker.kind, upload_of(number), filing=filing, iat=int(time.time())
    )
    return orjson.dumps({"sd_jwt": sd_jwt, "sealed": []})


def upload_of(number: int) -> dict[str, Any]:
    """The groups of one small upload: one parameter, one row."""
    return {
        "process": {
            "site": "S1",
            "line": "L3",
            "machine": f"M-{number % 40}",
            "part": "ROTOR-7",
            "lot": f"LOT-{number // 50}",
            "parameters": [
                {"id": "T1", "unit": "CEL", "nominal": "180", "lower": "175", "upper": "185"}
            ],
        },
        "values": {
            "rows": [{"at": "2026-03-02T08:15:00+01:00", "values": [f"{175 + number % 10}.25"]}]
        },
    }
