"""The severity in force for the next lot of a part, from the derived tables of sampling.

Told to the two sides of the part alone, as ``GET /v1/sampling`` does, and for receiving
inspections alone: no other ones switch. To a laboratory between them it is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.derived.answering import TooMuch
from api.derived.sampling import LoadedSampling
from api.derived.worker import DerivedWorker
from api.tallies.opening import Due
from quality.errors import MalformedTally
from quality.in_force.parts import PartKey
from quality.sampling.history import SampledParts
from quality.sampling.severity import Severity
from quality.sampling.told import SamplingQuestion, tell_sampling
from quality.tally.opening import Opening
from quality.tally.plan import CLASSES
from quality.tally.severities import InForce
from quality.values import text


@dataclass(frozen=True, slots=True)
class DerivedSeverities:
    """Answers from the derived tables of one log."""

    derived: DerivedWorker

    def due(self, opening: Opening, key: PartKey, *, party: str) -> Due:
        """The severities by class for the lot; none where nothing was inspected before.

        Args:
            opening: what the tally is opened with; the site is the one that is inspected.
            key: the part.
            party: the DID of who asks.

        Raises:
            MalformedTally: the history of the part is longer than one answer may take, and the
                party does not state the severity of each class itself.
            StoreUnavailable: the tables do not answer.
        """
        if opening.stage != "receiving":
            return Due(InForce())
        if party not in (key.customer, key.supplier):
            return Due(InForce(is_told=False))
        parts = SampledParts(key.customer, key.supplier, key.number)
        try:
            loaded = self.derived.sampling.load([parts])
        except TooMuch as fault:
            _expect_stated(opening, fault)
            return Due(InForce(is_told=False))
        question = SamplingQuestion(key.customer, key.supplier, key.number)
        return _of_site(loaded, question, text(opening.lot, "inspected", "site"))


def _expect_stated(opening: Opening, fault: TooMuch) -> None:
    """Refuse an opening that needs the severity in force of a class: a typed plan needs none."""
    needing = [name for name in CLASSES if name not in opening.severities]
    if opening.typed is None and needing:
        named = ", ".join(needing)
        raise MalformedTally(
            f"/severities: expected {named} stated, as what is in force takes {fault}: state them"
        ) from fault


def _of_site(loaded: LoadedSampling, question: SamplingQuestion, site: str | None) -> Due:
    states = tell_sampling(loaded.records, [question]).rows["states"]
    by_class = {row["class"]: Severity(row["severity"]) for row in states if _is_of(row, site)}
    return Due(InForce(by_class), loaded.tree_size)


def _is_of(row: Mapping[str, Any], site: str | None) -> bool:
    return bool(row["site"] == site)
