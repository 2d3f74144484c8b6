"""Checks submissions beside the event loop: many at once in worker processes.

A verifying *thread* beside a busy Python thread starves, so batches go to processes; a
single record is checked where it arrives. What comes back is what
:func:`ledger.content.check_submissions` says, whoever ran it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any, Final

from api.turns import FairTurns
from ledger import limits
from ledger.content import CheckedRecord, Checker, TypeBook, check_submissions
from ledger.domain import DomainRules
from ledger.errors import MalformedJson, TooBusy
from ledger.faults import Fault, Refusal
from ledger.record_type import RecordType, parse_record_type
from ledger.strict_json import parse_json

CHUNK_LINES: Final = 250
CHUNK_LINES_MIN: Final = 16
LINES_AT_A_TIME: Final = 16
BYTES_AT_A_TIME: Final = 256 * 1024
ATTEMPTS_MAX: Final = 2
#: Enough that no worker waits for its next chunk, and few enough that none waits long for them.
CHUNKS_AHEAD: Final = 2
Checked = CheckedRecord | Refusal


@dataclass(frozen=True, slots=True)
class BookText:
    """A type book as text, to be sent to another process; equal books have equal keys."""

    texts: tuple[str, ...]
    disclosure_bytes_max: int
    disclosures_max: int
    entry_bytes_max: int


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker process is told once."""

    origin: str
    make_rules: Callable[[], DomainRules]
    search_secret: bytes


class CheckPool:
    """Checks lines of submissions, in worker processes or, with none, in a thread."""

    def __init__(self, setup: WorkerSetup, processes: int) -> None:
        """Start ``processes`` workers when the first batch comes."""
        self._setup = setup
        self._processes = processes
        self._book_text: tuple[TypeBook, BookText] | None = None
        self._pool = _make_pool(setup, processes) if processes else None
        self._turns = FairTurns(max(processes, 1) * CHUNKS_AHEAD, quantum=CHUNK_LINES)

    async def check_lines(
        self, lines: Sequence[bytes], checker: Checker, *, flow: str = ""
    ) -> list[Checked]:
        """Check many submissions, one JSON object a line, in their order.

        Chunks of them take their turns with those of other flows.

        Raises:
            TooBusy: the workers were killed over it, more than once.
        """
        for _ in range(ATTEMPTS_MAX):
            pool = self._pool
            if pool is None:
                return await self._check_in_thread(lines, checker, flow)
            try:
                return await self._check_in_workers(lines, checker, pool, flow=flow)
            except BrokenProcessPool:
                # A worker was killed, by the kernel for its memory perhaps.
                if self._pool is pool:
                    self._pool = _make_pool(self._setup, self._processes)
        # Whatever is in these lines, it is not let near the service's own process.
        raise TooBusy(f"expected workers to check {len(lines)} records, found them killed")

    async def _check_in_thread(
        self, lines: Sequence[bytes], checker: Checker, flow: str
    ) -> list[Checked]:
        checked: list[Checked] = []
        for at in range(0, len(lines), CHUNK_LINES):
            chunk = lines[at : at + CHUNK_LINES]
            async with self._turns.taken(flow, cost=len(chunk)):
                checked += await asyncio.to_thread(check_lines, chunk, checker)
        return checked

    async def _check_in_workers(
        self, lines: Sequence[bytes], checker: Checker, pool: ProcessPoolExecutor, *, flow: str
    ) -> list[Checked]:
        book = self._text_of(checker.book)
        # A share for every worker, unless that makes them too small to be worth the way.
        shares = max(1, min(self._processes, len(lines) // CHUNK_LINES_MIN))
        size = min(CHUNK_LINES, -(-len(lines) // shares))
        chunks = [lines[at : at + size] for at in range(0, len(lines), size)]

        async def check_chunk(chunk: Sequence[bytes]) -> list[Packed]:
            async with self._turns.taken(flow, cost=len(chunk)):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(pool, _check_in_worker, chunk, book)

        answers = await asyncio.gather(*map(check_chunk, chunks))
        return [_unpack(packed) for answer in answers for packed in answer]

    async def warm_up(self) -> None:
        """Start the workers now rather than at the first batch."""
        if self._pool is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._pool, _ready)

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _text_of(self, book: TypeBook) -> BookText:
        if self._book_text is None or self._book_text[0] is not book:
            texts = tuple(kind.text for kind in book.types.values())
            text = BookText(
                texts, book.disclosure_bytes_max, book.disclosures_max, book.entry_bytes_max
            )
            self._book_text = (book, text)
        return self._book_text[1]


def _make_pool(setup: WorkerSetup, processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(setup,),
    )


def parse_submission(line: bytes) -> str | Refusal:
    """The ``sd_jwt`` of ``{"sd_jwt": "...", "sealed": []}``."""
    try:
        members = parse_json(line, bytes_max=limits.SUBMISSION_LINE_BYTES_MAX)
    except MalformedJson as fault:
        return Refusal(fault.code, str(fault))
    if not isinstance(members, dict) or not {"sd_jwt"} <= members.keys() <= {"sd_jwt", "sealed"}:
        return Refusal(
            "malformed-submission", 'expected {"sd_jwt": "JWS~disclosure~...~", "sealed": []}'
        )
    sd_jwt, sealed = members["sd_jwt"], members.get("sealed", [])
    if not isinstance(sd_jwt, str) or not isinstance(sealed, list):
        return Refusal("malformed-submission", "expected sd_jwt as text and sealed as an array")
    if sealed:
        found = Fault("/sealed", "an empty array", f"{len(sealed)} elements")
        return Refusal("malformed-submission", "expected envelopes in sd_jwt, as !E~", (found,))
    return sd_jwt


def check_lines(lines: Sequence[bytes], checker: Checker) -> list[Checked]:
    """Check lines here, in their order."""
    return [checked for few in _few_at_a_time(lines) for checked in _check_few(few, checker)]


def _few_at_a_time(lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Lines whose parsed values may all be in memory at once; a large line goes alone."""
    start = size = 0
    for position, line in enumerate(lines):
        size += len(line)
        if position > start and (position - start == LINES_AT_A_TIME or size > BYTES_AT_A_TIME):
            yield lines[start:position]
            start, size = position, len(line)
    yield lines[start:]


def _check_few(lines: Sequence[bytes], checker: Checker) -> list[Checked]:
    parsed = [parse_submission(line) for line in lines]
    judged = iter(check_submissions([item for item in parsed if isinstance(item, str)], checker))
    return [next(judged) if isinstance(item, str) else item for item in parsed]


# ---- in the worker process ----


class _Worker:
    """A worker's own state: what it was told, and the last book it compiled."""

    setup: WorkerSetup
    rules: DomainRules
    book_text: BookText | None = None
    book: TypeBook


def _start_worker(setup: WorkerSetup) -> None:
    _Worker.setup = setup
    _Worker.rules = setup.make_rules()
    # Ctrl-C reaches every process of the terminal; when to end is the service's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A service that was killed cannot end its workers, and they would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "runs in a worker"
    wait([parent.sentinel])
    os._exit(1)


def _ready() -> None:
    """Nothing to do: the worker has started when this returns."""


# A plain tuple is pickled in half the time of a named one, which is sent by its constructor.
Packed = tuple[Any, ...] | Refusal


def _check_in_worker(lines: Sequence[bytes], text: BookText) -> list[Packed]:
    if _Worker.book_text != text:
        _Worker.book = _compile(text)
        _Worker.book_text = text
    setup = _Worker.setup
    checker = Checker(setup.origin, _Worker.book, _Worker.rules, setup.search_secret)
    return [_pack(checked) for checked in check_lines(lines, checker)]


def _pack(checked: Checked) -> Packed:
    return tuple(checked) if isinstance(checked, CheckedRecord) else checked


def _unpack(packed: Packed) -> Checked:
    return packed if isinstance(packed, Refusal) else CheckedRecord._make(packed)


def _compile(text: BookText) -> TypeBook:
    kinds: list[RecordType] = [parse_record_type(definition) for definition in text.texts]
    return TypeBook(
        {kind.vct: kind for kind in kinds},
        text.disclosure_bytes_max,
        text.disclosures_max,
        text.entry_bytes_max,
    )
