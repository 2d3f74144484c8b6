"""The log's side of witnessing: a thread that has the newest checkpoint cosigned.

At most once a second, and only when there is something new, the newest checkpoint goes to
all witnesses of the trust policy at once. When the quorum is met the cosigned checkpoint is
kept and published. Nothing of this is waited for by a commit: the thread reads the log as any
reader does, and writes one row a second.

Before the first signature the same witnesses are asked what they cosigned last
(:meth:`Cosigning.check_start`); a log that does not extend it is refused. A witness that
shows, while the log runs, more than the log has stops it for the same reason.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final

from api import errors
from api.observability import log
from api.witness_client import WitnessAnswer, WitnessClient
from ledger.anchor import Anchor, parse_anchor
from ledger.cosigning import (
    SignedCheckpoint,
    check_witnessed,
    join_cosignatures,
    parse_conflict,
    read_cosignature,
    read_own_checkpoint,
    read_witnessed,
    refuse_shorter,
    request_proof,
)
from ledger.errors import LedgerError, LogRolledBack
from ledger.limits import (
    COSIGNED_WAIT_SECONDS_MAX,
    WITNESS_ANSWER_SECONDS_MAX,
    WITNESS_PAUSE_SECONDS_MAX,
)
from ledger.note import NoteSignature
from ledger.reader import LogReader
from ledger.store import Store
from ledger.trust_policy import Witness, is_quorum_met
from ledger.witness import encode_request
from ledger.witness_errors import SizeConflict, WitnessesMissing, WitnessSilent

PERIOD_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.05
#: Once the quorum is met, how long the other witnesses are waited for.
_GRACE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class StartAnswer:
    """What a witness said before the first signature; no size where it said nothing."""

    witness: str
    size: int | None
    reason: str


@dataclass(slots=True)
class _Link:
    """One witness, and how it stands with us. Used by one request at a time."""

    client: WitnessClient
    size: int = 0
    failures: int = 0
    not_before: float = 0.0
    pending: Future[NoteSignature | StartAnswer] | None = None
    lines: dict[str, NoteSignature] = field(default_factory=dict)

    @property
    def witness(self) -> Witness:
        return self.client.witness

    def close(self) -> None:
        """Close the connection; where a request is under way, once that is over."""
        if self.pending is None:
            self.client.close()
        else:
            self.pending.add_done_callback(lambda _: self.client.close())


class Cosigning:
    """Has checkpoints cosigned. Create, :meth:`check_start`, :meth:`start`, :meth:`close`."""

    def __init__(
        self, anchor: Anchor, store: Store, *, seconds_max: float = WITNESS_ANSWER_SECONDS_MAX
    ) -> None:
        """Follow the anchor's policy for the log in ``store``; nothing is asked yet."""
        self._origin, self._policy, self._store = anchor.origin, anchor.policy, store
        self.has_quorum = self._policy.quorum is not None
        self._seconds_max = seconds_max
        self.wait_seconds: float = COSIGNED_WAIT_SECONDS_MAX
        asked = self._policy.witnesses if self.has_quorum else ()
        self._links = [
            _Link(WitnessClient(witness, seconds_max=seconds_max))
            for witness in asked
            if witness.url
        ]
        self.start_answers: tuple[StartAnswer, ...] = ()
        self._pool = ThreadPoolExecutor(max(len(self._links), 1), "witnesses")
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._latest: tuple[int, str] | None = None

    # ---- before the first signature ----

    def check_start(self, *, must_have_quorum: bool = False) -> None:
        """Ask every witness what it cosigned last, and compare it with the stored log.

        A witness that does not answer is passed over, for the high-water file has vouched for
        the log already; unless ``must_have_quorum``.

        Raises:
            LogRolledBack: a witness has cosigned what the log does not have.
            WitnessesMissing: fewer answered than the quorum needs, and it must be met.
            StoreUnavailable: the log could not be read.
        """
        if not self._links or self._store.head() is None:
            return
        for link in self._links:
            link.pending = self._pool.submit(self._ask_at_start, link)
        # Only a name that is not resolved takes longer than the requests may.
        deadline = time.monotonic() + 3 * self._seconds_max
        self.start_answers = tuple(_await_start(link, deadline) for link in self._links)
        self._check_named()
        answered = [item.witness for item in self.start_answers if item.size is not None]
        if must_have_quorum and not is_quorum_met(self._policy, answered):
            silent = "; ".join(item.reason for item in self.start_answers if item.size is None)
            raise WitnessesMissing(
                f"expected answers that meet quorum {self._policy.quorum!r}, found "
                f"{answered or 'none'} ({silent}): wait for the witnesses, or start without "
                "LOTMARK_REQUIRE_WITNESSES"
            )

    def _check_named(self) -> None:
        """Refuse a log that is shorter than a witness names, though it shows nothing."""
        head = self._store.head()
        size = head.size if head else 0
        for answer in self.start_answers:
            if answer.size is not None and answer.size > size:
                refuse_shorter(size, answer.size, witness=answer.witness)

    def _ask_at_start(self, link: _Link) -> StartAnswer:
        name = link.witness.name
        try:
            seen = self._compare(link)
            link.size = self._ask_for_size(link) if seen is None else seen
        except LogRolledBack:
            raise
        except LedgerError as fault:
            return StartAnswer(name, None, str(fault))
        return StartAnswer(name, link.size, "")

    def _compare(self, link: _Link) -> int | None:
        """The size of what a witness shows, which the stored log extends; None for nothing."""
        answer = link.client.last_checkpoint(self._origin)
        if answer.status == errors.NOT_FOUND:
            return None
        if answer.status != errors.OK:
            raise WitnessSilent(f"witness {link.witness.name} answers {_describe(answer)}")
        seen = read_witnessed(answer.body, self._policy, witness=link.witness, origin=self._origin)
        check_witnessed(self._store, seen, witness=link.witness.name)
        return seen.size

    def _ask_for_size(self, link: _Link) -> int:
        """The size by the refusal of an old size of 0, where a witness shows no checkpoint.

        It is the witness's word alone: enough not to begin, and never to stop a log that runs.
        """
        own = read_own_checkpoint(LogReader(self._store).latest_checkpoint())
        answer = link.client.add_checkpoint(encode_request(0, (), note=own.note))
        if answer.status == errors.CONFLICT:
            return parse_conflict(answer.body)
        if answer.status == errors.OK:
            return own.size
        raise WitnessSilent(f"witness {link.witness.name} answers {_describe(answer)}")

    # ---- while the log runs ----

    def start(
        self, reader: LogReader, *, size: Callable[[], int], stop: Callable[[], None]
    ) -> None:
        """Start the thread.

        Args:
            reader: gives what may leave.
            size: how many entries have left, cheaply.
            stop: ends the log, should it turn out to be rolled back.
        """
        self._latest = self._store.latest_cosigned()
        if self._links:
            run = threading.Thread(
                target=self._run, args=(reader, size, stop), name="cosigning", daemon=True
            )
            self._thread = run
            run.start()

    def close(self) -> None:
        """Stop the thread and release the connections."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for link in self._links:
            link.close()

    @property
    def size(self) -> int:
        """The size of the newest cosigned checkpoint, as far as this process knows; 0 for none."""
        return self._latest[0] if self._latest else 0

    @property
    def is_collecting(self) -> bool:
        """Whether there are witnesses to ask."""
        return bool(self._links)

    def is_awaited(self, index: int) -> bool:
        """Whether a cosigned checkpoint over this entry is still to come."""
        return bool(self._links) and index >= self.size and not self._closing.is_set()

    def latest(self) -> str | None:
        """The newest cosigned checkpoint; other replicas' too."""
        found = self._store.latest_cosigned()
        return found[1] if found else None

    def _run(self, reader: LogReader, size: Callable[[], int], stop: Callable[[], None]) -> None:
        while not self._closing.wait(_LOOK_SECONDS):
            started = time.monotonic()
            try:
                # What came after its round is no part of a checkpoint any more, but a failure
                # is one, and a proof of a fork stops the log whenever it comes.
                self._take(self._links)
                if size() <= self.size:
                    continue
                self._collect(reader)
            except LogRolledBack as fault:
                log.error("log.rolled_back", detail=str(fault))
                stop()
                return
            except LedgerError as fault:
                log.warning("checkpoint.not_cosigned", code=fault.code, detail=str(fault))
            self._closing.wait(max(0.0, started + PERIOD_SECONDS - time.monotonic()))

    def _collect(self, reader: LogReader) -> None:
        """Have the newest checkpoint cosigned, by enough of the witnesses or by none."""
        self._latest = self._store.latest_cosigned()
        own = read_own_checkpoint(reader.latest_checkpoint())
        if own.size <= self.size:
            # Another replica was faster.
            return
        lines = self._gather(own, [link for link in self._links if self._may_ask(link)], reader)
        if is_quorum_met(self._policy, list(lines)):
            note = join_cosignatures(own, lines, policy=self._policy)
            self._store.keep_cosigned(own.size, note)
            self._latest = self._store.latest_cosigned()

    def _gather(
        self, own: SignedCheckpoint, links: Sequence[_Link], reader: LogReader
    ) -> dict[str, NoteSignature]:
        """Verified lines by witness; those that come long after the quorum are left out."""
        for link in links:
            link.pending = self._pool.submit(self._ask, link, own, reader)
        lines: dict[str, NoteSignature] = {}
        deadline = time.monotonic() + 2 * self._seconds_max
        while (open_ := [link.pending for link in links if link.pending]) and (
            left := deadline - time.monotonic()
        ) > 0:
            wait(open_, timeout=left, return_when=FIRST_COMPLETED)
            lines |= self._take(links)
            if is_quorum_met(self._policy, list(lines)):
                deadline = min(deadline, time.monotonic() + _GRACE_SECONDS)
        return lines

    def _take(self, links: Iterable[_Link]) -> dict[str, NoteSignature]:
        """Take what has come, each answer once.

        Raises:
            LogRolledBack: a witness showed what the log does not extend.
        """
        lines = {}
        for link in links:
            if link.pending is None or not link.pending.done():
                continue
            answer, link.pending = link.pending, None
            try:
                line = answer.result()
                link.failures = 0
                if isinstance(line, NoteSignature):
                    lines[link.witness.name] = line
            except LogRolledBack:
                raise
            except SizeConflict:
                # It is further than this checkpoint, on our own history: another replica's.
                link.failures = 0
            except LedgerError as fault:
                self._back_off(link, fault)
        return lines

    def _back_off(self, link: _Link, fault: LedgerError) -> None:
        link.failures += 1
        pause = min(2.0 ** (link.failures - 1), WITNESS_PAUSE_SECONDS_MAX)
        link.not_before = time.monotonic() + pause
        log.warning(
            "witness.failed", witness=link.witness.name, detail=str(fault), pause_seconds=pause
        )

    @staticmethod
    def _may_ask(link: _Link) -> bool:
        return link.pending is None and time.monotonic() >= link.not_before

    def _ask(self, link: _Link, own: SignedCheckpoint, reader: LogReader) -> NoteSignature:
        """One witness's line for a checkpoint; the size it names is tried once."""
        try:
            return self._ask_once(link, own, reader)
        except SizeConflict as conflict:
            link.size = conflict.size
            if link.size > own.size:
                # Another replica may have shown it a newer one; then the stored log has it.
                self._compare(link)
                raise
        return self._ask_once(link, own, reader)

    def _ask_once(self, link: _Link, own: SignedCheckpoint, reader: LogReader) -> NoteSignature:
        old = min(link.size, own.size)
        proof = request_proof(reader, old, own.size)
        answer = link.client.add_checkpoint(encode_request(old, proof, note=own.note))
        if answer.status == errors.OK:
            line = read_cosignature(answer.body, own, witness=link.witness)
            link.size = own.size
            return line
        name = link.witness.name
        if answer.status == errors.CONFLICT:
            size = parse_conflict(answer.body)
            raise SizeConflict(f"witness {name} has cosigned {size} entries", size=size)
        if answer.status == errors.UNPROCESSABLE:
            # It refuses what we signed: either it shows why, or it is wrong.
            self._compare(link)
        raise WitnessSilent(f"witness {name} answers {_describe(answer)}")


def _await_start(link: _Link, deadline: float) -> StartAnswer:
    """What a witness said in time; what it says later is taken while the log runs."""
    assert link.pending is not None
    wait([link.pending], timeout=max(0.0, deadline - time.monotonic()))
    if not link.pending.done():
        return StartAnswer(link.witness.name, None, f"witness {link.witness.name}: no answer")
    answer, link.pending = link.pending.result(), None
    assert isinstance(answer, StartAnswer)
    return answer


def _describe(answer: WitnessAnswer) -> str:
    return f"{answer.status} {answer.body[:120]!r}"


def open_cosigning(anchor_text: str, store: Store, *, must_have_quorum: bool) -> Cosigning:
    """The witnesses of a log, asked what they saw before anything is signed.

    Raises:
        MalformedAnchor: the trust anchor is not one.
        LogRolledBack, WitnessesMissing: the log must not sign; the text says why.
    """
    cosigning = Cosigning(parse_anchor(anchor_text.encode()), store)
    try:
        cosigning.check_start(must_have_quorum=must_have_quorum)
    except BaseException:
        cosigning.close()
        raise
    return cosigning
