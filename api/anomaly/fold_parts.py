"""What the fold of a line asks besides its records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.anomaly.judged_rows import ScoredUpload
from api.anomaly.models import Models
from quality.deliveries.agreed import Filed


@dataclass(frozen=True, slots=True)
class FoldParts:
    """What a fold asks besides its records.

    ``read`` gives records by their ids, those that are held, in the order of their entries;
    ``uploads`` the scored uploads of a line as they were written, the newest last.
    """

    models: Models
    read: Callable[[Sequence[str]], Sequence[Filed]]
    uploads: Callable[[str], Sequence[ScoredUpload]]
