"""Reads to leave receipts of: a signed request, and what it is about to show."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from api.accesses.log import AccessLog
from api.accesses.rows import Seen, ShownGroup
from api.exchange import Reader
from api.nonces import Nonce, UnixSeconds
from keys.encoding import encode_base64url
from ledger.clock import Clock, ManualClock
from tests.api.signed_requests import DID, NOW, a_request, signed, verify

HOUR: Final = 3_600_000
START: Final = NOW * 1000 - NOW * 1000 % HOUR
OWNER: Final = "did:web:log.example:parties:owner"
OTHER: Final = "did:web:log.example:parties:other"
READER: Final = str(DID)
MEASUREMENTS: Final = ShownGroup("measurements", "restricted", "grant", "g" * 43)
MANIFEST: Final = ShownGroup("manifest", "consortium", "consortium", None)
SEEN: Final = Seen("r" * 43, 7, "inspection-report/v1", (OWNER,), (MANIFEST, MEASUREMENTS))


def a_reader(target: str = "https://log.example/v1/records?limit=1") -> Reader:
    """Somebody who has just signed a request."""
    nonce = Nonce(encode_base64url(os.urandom(16)))
    request = signed(a_request(target=target), created=UnixSeconds(NOW), nonce=nonce)
    by = verify(request)
    return Reader(by.did, by)


def seen(index: int = 7, *, owner: str = OWNER, vct: str = SEEN.vct) -> Seen:
    """One record more."""
    return replace(SEEN, record_id=f"{index:043}", index=index, owners=(owner,), vct=vct)


def a_log(root: Path, clock: Clock | None = None, *, origin: str = "log.example") -> AccessLog:
    """The receipts of a log that has none yet."""
    url = f"sqlite:///{root / 'accesses.sqlite'}"
    return AccessLog(url, origin=origin, clock=clock or ManualClock(START))
