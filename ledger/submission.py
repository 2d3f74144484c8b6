"""What is handed to the writer, and what comes back: the outcome of each record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ledger.content import CheckedRecord
from ledger.faults import Refusal


@dataclass(frozen=True, slots=True)
class Admitted:
    """The record is entry ``index``; ``is_first`` is False where it was there before.

    ``is_cosigned``: the receipt is against a checkpoint that the trust policy accepts.
    """

    record_id: str
    index: int
    receipt: str
    is_first: bool
    is_cosigned: bool = False


Outcome = Admitted | Refusal


class Answer(Protocol):
    """Who waits for the outcomes of a submission; told on the writer's thread. A future is one."""

    def set_running_or_notify_cancel(self) -> bool:
        """Whether anybody still waits; from here on nobody can give up any more."""

    def done(self) -> bool:
        """Whether it was told."""

    def set_result(self, outcomes: tuple[Outcome, ...], /) -> None:
        """The records were judged, and those admitted are durable."""

    def set_exception(self, fault: BaseException, /) -> None:
        """Nothing is known to have been admitted."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Records that belong together, who waits for them, and whose turn they take."""

    records: tuple[CheckedRecord, ...]
    answer: Answer
    flow: str = ""
