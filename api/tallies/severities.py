"""The severity in force for the next lot of a part, from the derived tables of sampling.

Told to the two sides of the part alone, as ``GET /v1/sampling`` does, and for receiving
inspections alone: no other ones switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.derived.sampling import LoadedSampling
from api.derived.worker import DerivedWorker
from api.tallies.opening import NONE_IN_FORCE, InForce
from quality.in_force.parts import PartKey
from quality.sampling.history import SampledParts
from quality.sampling.severity import Severity
from quality.sampling.told import SamplingQuestion, tell_sampling
from quality.tally.opening import Opening
from quality.values import text


@dataclass(frozen=True, slots=True)
class DerivedSeverities:
    """Answers from the derived tables of one log."""

    derived: DerivedWorker

    def in_force(self, opening: Opening, key: PartKey, *, party: str) -> InForce:
        """The severities by class for the lot; none where nothing was inspected before.

        Args:
            opening: what the tally is opened with; the site is the one that is inspected.
            key: the part.
            party: the DID of who asks.

        Raises:
            TooMuch: the history of the part is longer than one answer may take.
            StoreUnavailable: the tables do not answer.
        """
        if opening.stage != "receiving" or party not in (key.customer, key.supplier):
            return NONE_IN_FORCE
        parts = SampledParts(key.customer, key.supplier, key.number)
        return _of_site(
            self.derived.sampling.load([parts]),
            SamplingQuestion(key.customer, key.supplier, key.number),
            text(opening.lot, "inspected", "site"),
        )


def _of_site(loaded: LoadedSampling, question: SamplingQuestion, site: str | None) -> InForce:
    states = tell_sampling(loaded.records, [question]).rows["states"]
    return InForce(
        {row["class"]: Severity(row["severity"]) for row in states if _is_of(row, site)},
        loaded.tree_size,
    )


def _is_of(row: Mapping[str, Any], site: str | None) -> bool:
    return bool(row["site"] == site)
