"""Signing drafts by the hundred: worker processes that each draw and sign their suppliers.

Signing costs more than drawing, and only the signed text has to cross between processes; so a
worker draws its own share of the consortium. A record refers only to records of the same
supplier, so each worker knows all ids that its stand-ins stand for.
"""

from __future__ import annotations

import heapq
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from itertools import islice
from typing import Final, NamedTuple

import orjson

from api.simulation.simulated_keys import SIGNING, DrawnBytes, SimulatedKeys
from ledger.compose import Composer
from ledger.record import encode_record_id, record_id
from ledger.record_type import RecordType, parse_record_type
from quality.evaluation.calendar import DAY_MS
from quality.evaluation.consortium import EvaluationConsortium
from quality.evaluation.draft import CITED_DAYS, Draft, with_ids
from quality.evaluation.truth import Fact
from quality.types import business_types

CHUNK_RECORDS: Final = 250
_CHUNKS_AHEAD: Final = 3
#: A party's system signs a minute before it hands over.
_SIGNED_BEFORE_SECONDS: Final = 60


class SignedDraft(NamedTuple):
    """A submission line, when it is to be admitted, and what is true about it."""

    at_ms: int
    stream: int
    line: bytes
    fact: Fact | None


class DraftSigner:
    """Signs drafts in their order, and remembers the ids that later ones refer to."""

    def __init__(self, keys: SimulatedKeys, policy: str) -> None:
        """Sign under the policy of a log, which is its charter's record id."""
        self._keys = keys
        self._policy = policy
        self._drawn = DrawnBytes(keys.seed)
        self._composers: dict[str, Composer] = {}
        self._kinds: Mapping[str, RecordType] = {
            kind.vct: kind for kind in map(parse_record_type, business_types())
        }
        self._ids: dict[str, str] = {}
        self._named: dict[str, deque[tuple[int, str]]] = {vct: deque() for vct in CITED_DAYS}

    def sign(self, draft: Draft) -> SignedDraft:
        """One draft as a submission line."""
        whole = with_ids(draft, self._ids)
        self._drawn.begin(draft.stand_in)
        sd_jwt = self._composer(draft.party).compose_record(
            self._kinds[draft.vct],
            whole.groups,
            filing=whole.filing,
            iat=draft.at_ms // 1000 - _SIGNED_BEFORE_SECONDS,
        )
        self._remember(draft, sd_jwt)
        line = orjson.dumps({"sd_jwt": sd_jwt, "sealed": []})
        return SignedDraft(draft.at_ms, draft.stream, line, draft.fact)

    def _composer(self, slug: str) -> Composer:
        found = self._composers.get(slug)
        if found is None:
            found = self._keys.composer(slug, SIGNING, policy=self._policy, drawn=self._drawn)
            self._composers[slug] = found
        return found

    def _remember(self, draft: Draft, sd_jwt: str) -> None:
        """Keep the id as long as it may be needed, and no others."""
        named = self._named.get(draft.vct)
        if named is None:
            return
        jws = sd_jwt.partition("~")[0]
        self._ids[draft.stand_in] = encode_record_id(record_id(jws))
        named.append((draft.at_ms, draft.stand_in))
        forgotten = draft.at_ms - CITED_DAYS[draft.vct] * DAY_MS
        while named[0][0] < forgotten:
            del self._ids[named.popleft()[1]]


def sign_all(
    consortium: EvaluationConsortium, policy: str, *, processes: int
) -> Iterator[SignedDraft]:
    """Every record of a consortium, signed, in the order of admission.

    Args:
        consortium: who speaks.
        policy: record id of the log's charter.
        processes: how many workers sign; the records are the same however many.
    """
    with ExitStack() as running:
        shares = [
            _read_share(
                running.enter_context(_start_share(consortium, policy, part, parts=processes))
            )
            for part in range(processes)
        ]
        yield from heapq.merge(*shares, key=_order)


def _order(signed: SignedDraft) -> tuple[int, int]:
    return signed.at_ms, signed.stream


def _start_share(
    consortium: EvaluationConsortium, policy: str, part: int, *, parts: int
) -> ProcessPoolExecutor:
    # One process each: a share is a generator, which lives where it was started.
    return ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(consortium, policy, part, parts),
    )


def _read_share(pool: ProcessPoolExecutor) -> Iterator[SignedDraft]:
    """The records of one worker, a few chunks of them made ahead."""
    ahead: deque[Future[list[SignedDraft]]] = deque()
    try:
        while True:
            while len(ahead) < _CHUNKS_AHEAD:
                ahead.append(pool.submit(_sign_chunk, CHUNK_RECORDS))
            chunk = ahead.popleft().result()
            if not chunk:
                return
            yield from chunk
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


# ---- in the worker process ----


class _Share:
    """What a worker signs, and with what."""

    signed: Iterator[SignedDraft]


def _begin(consortium: EvaluationConsortium, policy: str, part: int, parts: int) -> None:
    # Ctrl-C reaches every process of the terminal; when to end is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signer = DraftSigner(SimulatedKeys(consortium.seed, consortium.origin), policy)
    _Share.signed = map(signer.sign, consortium.share(part, parts))


def _sign_chunk(count: int) -> list[SignedDraft]:
    return list(islice(_Share.signed, count))
