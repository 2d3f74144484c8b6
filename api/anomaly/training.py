"""Trainings that owners of lines ask for: one at a time, in a thread of the service.

The draft of a card is signed by the service's key where the operator registered that for it, else
handed back for a signature; until a card of the model is signed, approved by two people and made
active, the model scores nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from api import __version__
from api.anomaly.alarm_book import AlarmBook, AlarmReading
from api.anomaly.card_signing import CardSigner
from api.anomaly.keeping import DONE, FAILED, RUNNING, Job, ModelStore
from api.anomaly.worker import AnomalyWorker
from api.observability import describe_fault, log
from ledger.clock import Clock
from ledger.errors import LedgerError
from ledger.store_errors import StoreUnavailable
from quality.deliveries.agreed import Filed

if TYPE_CHECKING:
    from api.anomaly.training_rows import TrainingRows
    from scoring.anomaly.drafting import Draft, Trained
    from scoring.anomaly.table import ParameterTable

LOOK_SECONDS: Final = 2.0
#: A training whose process is gone is begun again after this.
STALE_MS: Final = 10 * 60_000
ATTEMPTS_MAX: Final = 3
#: What an odd table can come to in a training, an ill-conditioned or a huge one among them.
_MISTAKES: Final = (
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    MemoryError,
    OSError,
)
_GOOD: Final = frozenset({"scored", "no-model", "model-missing", "parameters-differ"})


@dataclass(frozen=True, slots=True)
class TrainingParts:
    """What trainings are made with; ``records`` reads uploads by their ids, those held."""

    worker: AnomalyWorker
    records: Callable[[Sequence[str]], Sequence[Filed]]
    clock: Clock
    cards: CardSigner


class TrainingWorker:
    """Trains what is asked for. Create, :meth:`start`, :meth:`close`."""

    def __init__(self, parts: TrainingParts) -> None:
        """Prepare; nothing is trained yet."""
        self._parts = parts
        self._asked = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="training", daemon=True)

    @property
    def is_well(self) -> bool:
        """Whether what is asked for is trained."""
        return self._thread.is_alive()

    def describe(self) -> dict[str, object]:
        """What health says of it."""
        return {"status": "trains" if self.is_well else "stopped"}

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Something was asked for."""
        self._asked.set()

    def close(self) -> None:
        """Stop behind the training under way."""
        self._stop.set()
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                while not self._stop.is_set() and train_next(self._parts):
                    pass
            except LedgerError as fault:
                log.warning("training.behind", code=fault.code, detail=str(fault))
            except BaseException as fault:
                log.error("training.broken", **describe_fault(fault))
                raise
            self._asked.wait(LOOK_SECONDS)
            self._asked.clear()


def train_next(parts: TrainingParts) -> bool:
    """Do the training that waits longest; False where none waits. One call, for a task queue.

    Raises:
        StoreUnavailable: the log or the tables did not answer.
    """
    from scoring.errors import ScoringError

    store = parts.worker.models
    job = store.next_job(now_ms=parts.clock.now_ms(), stale_ms=STALE_MS)
    if job is None:
        return False
    attempts = int(job.facts.get("attempts", 0)) + 1
    job = replace(job, status=RUNNING, facts={**job.facts, "attempts": attempts})
    # A training that ends the process is not begun for ever: that is counted before it.
    store.note_job(replace(job, touched_ms=parts.clock.now_ms()))
    try:
        if attempts > ATTEMPTS_MAX:
            raise ProcessLookupError(f"expected an end within {ATTEMPTS_MAX} attempts")
        found = _train(parts, store, job)
        status = DONE
    except StoreUnavailable:
        raise
    except (ScoringError, LedgerError) as fault:
        found, status = {"code": fault.code, "detail": str(fault)}, FAILED
    except _MISTAKES as fault:
        # Whatever one table comes to, the trainings behind it are done.
        log.error("training.failed", **describe_fault(fault))
        found, status = {"code": "internal", "detail": type(fault).__name__}, FAILED
    facts = {**job.facts, **found}
    now_ms = parts.clock.now_ms()
    store.note_job(replace(job, status=status, touched_ms=now_ms, facts=facts))
    log.info("training.ended", status=status, code=facts.get("code", ""))
    return True


def _train(parts: TrainingParts, store: ModelStore, job: Job) -> dict[str, Any]:
    from api.anomaly.good_rows import rows_left_out
    from api.anomaly.training_rows import training_rows

    with AlarmBook(parts.worker.database).at_once() as book:
        asked = _chosen(job.facts["records"], good_uploads(book, job.line))
        left_out = rows_left_out(book, job.line)

    def note(done: int, of: int) -> None:
        facts = {**job.facts, "done": done, "of": of}
        store.note_job(replace(job, touched_ms=parts.clock.now_ms(), facts=facts))

    rows = training_rows(parts.records(asked), left_out)
    trained = _trained(rows.table, note, is_challenger=bool(job.facts.get("challenger")))
    draft = _drafted(parts, job, trained, rows)
    digest, card = trained.detector.digest, draft.content
    _keep(store, job, digest, trained.onnx, made_ms=parts.clock.now_ms())
    signed = parts.cards.sign(card, owner=job.owner, job=job.id)
    return {"model": digest, "card": card, "stage": card["state"]["stage"], **signed}


def _trained(
    table: ParameterTable, note: Callable[[int, int], None], *, is_challenger: bool
) -> Trained:
    from scoring.anomaly.detectors import open_detector
    from scoring.anomaly.drafting import Trained

    if is_challenger:
        from scoring.anomaly.challenger import export_challenger, train_challenger

        challenger = train_challenger(table)
        onnx = export_challenger(challenger)
        return Trained(challenger, onnx, open_detector(onnx), table)
    from scoring.anomaly.graph import export_model
    from scoring.anomaly.training import train

    model = train(table, note=note)
    onnx = export_model(model)
    return Trained(model, onnx, open_detector(onnx), table)


def _chosen(named: Sequence[str], own: Sequence[str]) -> Sequence[str]:
    """The uploads to train on. Those of another line are nobody's to train this one on."""
    from scoring.errors import MalformedTable

    foreign = sorted(set(named) - set(own))
    if foreign:
        raise MalformedTable(f"record {foreign[0]}: expected an upload of the line, found none")
    return named or own


def _drafted(parts: TrainingParts, job: Job, trained: Trained, rows: TrainingRows) -> Draft:
    from scoring.anomaly.cards import LinePlace
    from scoring.anomaly.drafting import Lineage, draft_card

    with AlarmBook(parts.worker.database).at_once() as book:
        line = book.line(job.line)
    assert line is not None, "it was there when the training was asked for"
    return draft_card(
        trained,
        Lineage(
            LinePlace(*line.place),
            rows.records,
            f"lotmark {__version__}",
            rows.from_us,
            rows.until_us,
            line.facts["card"],
        ),
    )


def _keep(store: ModelStore, job: Job, digest: str, onnx: bytes, *, made_ms: int) -> None:
    from api.anomaly.keeping import KeptModel

    store.keep(KeptModel(digest, job.owner, job.line, made_ms, onnx, {"job": job.id}))


def good_uploads(book: AlarmReading, line: str) -> list[str]:
    """The uploads of a line that may be trained on: neither sealed nor erased nor corrected."""
    return [each.record_id for each in book.uploads(line) if each.facts["status"] in _GOOD]
