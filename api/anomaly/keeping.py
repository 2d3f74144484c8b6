"""Models by the digest of their bytes, and the trainings that were asked for.

They follow from training alone, so they are kept when everything else is made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, delete, func, select, update

from api.anomaly.changes import decode_facts, encode_facts
from api.anomaly.database import AnomalyDatabase
from api.anomaly.tables import JOB, MODEL
from api.anomaly.writing import put

#: Trainings of one party that are remembered, the newest; and that wait at once.
JOBS_MAX: Final = 200
WAITING_MAX: Final = 4
#: Models of one line that are kept without a card.
MODELS_MAX: Final = 100

QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model as it is kept: the ONNX bytes, and what was found when it was trained."""

    digest: str
    owner: str
    line: str
    made_ms: int
    onnx: bytes
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A training that was asked for; ``facts`` hold the question, the progress and the outcome."""

    id: str
    owner: str
    line: str
    status: str
    asked_ms: int
    touched_ms: int
    facts: dict[str, Any]


class ModelStore:
    """Models and jobs of one log; may be used by threads."""

    def __init__(self, database: AnomalyDatabase) -> None:
        """Keep them in ``database``."""
        self._database = database

    def keep(self, model: KeptModel) -> None:
        """Keep a model; one that is there stays as it is.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self._database.writing() as connection:
            row = {**_members(model), "facts": encode_facts(model.facts)}
            put(connection, MODEL, [row])

    def onnx(self, digest: str) -> bytes | None:
        """The bytes of a model, in hex of SHA-256; None where it is not held as it was kept."""
        with self._database.reading() as connection:
            found = connection.execute(select(MODEL.c.onnx).where(MODEL.c.digest == digest))
            content = found.scalar()
        if content is None or hashlib.sha256(content).hexdigest() != digest:
            return None
        return bytes(content)

    def models(self) -> Iterator[KeptModel]:
        """All that are held, in the order of their digests; one is in memory at a time.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self._database.reading() as connection:
            digests = connection.execute(select(MODEL.c.digest).order_by(MODEL.c.digest))
            held = [str(digest) for digest in digests.scalars()]
        yield from (found for digest in held if (found := self.model(digest)) is not None)

    def model(self, digest: str) -> KeptModel | None:
        """A model with what is known of it."""
        with self._database.reading() as connection:
            row = connection.execute(select(MODEL).where(MODEL.c.digest == digest)).one_or_none()
        if row is None:
            return None
        return KeptModel(
            row.digest, row.owner, row.line, row.made_ms, bytes(row.onnx), decode_facts(row.facts)
        )

    # ---- trainings ----

    def add_job(self, job: Job) -> bool:
        """Keep a question; False where the owner has too many that wait."""
        with self._database.writing() as connection:
            is_waiting = (JOB.c.owner == job.owner) & JOB.c.status.in_((QUEUED, RUNNING))
            waiting = select(func.count()).select_from(JOB).where(is_waiting)
            if int(connection.execute(waiting).scalar_one()) >= WAITING_MAX:
                return False
            put(connection, JOB, [{**_members(job), "facts": encode_facts(job.facts)}])
            newest = select(JOB.c.id).where(JOB.c.owner == job.owner)
            kept = newest.order_by(JOB.c.asked_ms.desc(), JOB.c.id).limit(JOBS_MAX)
            is_old = (JOB.c.owner == job.owner) & JOB.c.id.not_in(kept.subquery().select())
            connection.execute(delete(JOB).where(is_old))
        return True

    def job(self, name: str, *, owner: str) -> Job | None:
        """A training of this owner."""
        is_it = (JOB.c.id == name) & (JOB.c.owner == owner)
        with self._database.reading() as connection:
            row = connection.execute(select(JOB).where(is_it)).one_or_none()
        return None if row is None else _job(row)

    def next_job(self, *, now_ms: int, stale_ms: int) -> Job | None:
        """Take the oldest that waits, or one whose process is gone; None where there is none."""
        is_stale = (JOB.c.status == RUNNING) & (JOB.c.touched_ms < now_ms - stale_ms)
        waiting = select(JOB).where((JOB.c.status == QUEUED) | is_stale)
        with self._database.writing() as connection:
            first = waiting.order_by(JOB.c.asked_ms, JOB.c.id).limit(1)
            row = connection.execute(first).one_or_none()
            if row is None:
                return None
            is_same = (JOB.c.id == row.id) & (JOB.c.touched_ms == row.touched_ms)
            taken = update(JOB).where(is_same).values(status=RUNNING, touched_ms=now_ms)
            # Another replica may have taken it a moment ago.
            return _job(row) if connection.execute(taken).rowcount == 1 else None

    def note_job(self, job: Job) -> None:
        """Write how far a training is, or what came of it."""
        with self._database.writing() as connection:
            put(connection, JOB, [{**_members(job), "facts": encode_facts(job.facts)}])


def _members(found: KeptModel | Job) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__slots__}


def _job(row: Row[Any]) -> Job:
    return Job(
        row.id,
        row.owner,
        row.line,
        row.status,
        row.asked_ms,
        row.touched_ms,
        decode_facts(row.facts),
    )
