"""The parameters of questions about sampling, and which of them a reader gets answers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams

from api.deliveries_query import read_text, read_truth, sides_for
from api.exchange import Reader
from api.search_query import check_names, malformed, read_integer
from quality.sampling.history import SampledParts
from quality.sampling.parameters import CLASSES
from quality.sampling.told import SamplingQuestion

_NAMES: Final = frozenset(
    {"customer", "supplier", "part", "site", "class", "as_of_ms", "at_least", "inputs"}
)


@dataclass(frozen=True, slots=True)
class AskedSampling:
    """A question as it was asked, every parameter of its form.

    ``as_of_ms`` is the moment at which draws that were not revealed are looked at; ``at_least``
    the tree size that the answer should be made for, as far as it can.
    """

    parts: SampledParts
    site: str | None
    defect_class: str | None
    as_of_ms: int
    at_least: int
    with_inputs: bool


def parse_sampling(asked: QueryParams, *, now_ms: int) -> AskedSampling:
    """Read the parameters of ``GET /v1/sampling``.

    Args:
        asked: the parameters.
        now_ms: Unix milliseconds; ``as_of_ms`` by default.

    Raises:
        Refused: one is unknown, doubled or of another form.
    """
    check_names(asked, _NAMES)
    defect_class = asked.get("class")
    if defect_class not in (None, *CLASSES):
        raise malformed("class", f"one of {', '.join(CLASSES)}", str(defect_class))
    as_of_ms = read_integer(asked, "as_of_ms")
    return AskedSampling(
        parts=SampledParts(
            read_text(asked, "customer"), read_text(asked, "supplier"), read_text(asked, "part")
        ),
        site=read_text(asked, "site"),
        defect_class=defect_class,
        as_of_ms=now_ms if as_of_ms is None else as_of_ms,
        at_least=read_integer(asked, "at_least") or 0,
        with_inputs=read_truth(asked, "inputs"),
    )


def parts_for(parts: SampledParts, reader: Reader) -> Sequence[SampledParts]:
    """What of a question the reader is told: a supplier about itself, a customer about its own.

    Nothing where it is about others: the same answer as where nothing is inspected.

    Raises:
        Refused: the request is not signed.
    """
    return [
        SampledParts(customer, supplier, parts.part)
        for customer, supplier in sides_for(parts.customer, parts.supplier, reader=reader)
    ]


def question_of(asked: AskedSampling, part: SampledParts) -> SamplingQuestion:
    """What is asked about one side's parts."""
    return SamplingQuestion(
        part.customer,
        part.supplier,
        part.part,
        site=asked.site,
        defect_class=asked.defect_class,
        as_of_ms=asked.as_of_ms,
    )
