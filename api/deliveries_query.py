"""The parameters of questions about deliveries, and which of them a reader gets answers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from re import compile as compile_pattern
from typing import Final

from starlette.datastructures import QueryParams

from api.exchange import Reader, Refused
from api.search_query import check_names, malformed, read_integer
from ledger.faults import Refusal
from quality.deliveries.book import Question

#: Months of one question.
MONTHS_MAX: Final = 36
#: How long a request may wait for entries that it asks for (``at_least``).
WAIT_SECONDS_MAX: Final = 5.0
TEXT_CHARACTERS_MAX: Final = 700
MONTH_FORM: Final = "(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])"

_MONTH: Final = compile_pattern(MONTH_FORM)
_PARTIES: Final = ("customer", "supplier")
_NAMES: Final = frozenset({*_PARTIES, "part", "from", "to", "as_of", "at_least", "inputs"})


@dataclass(frozen=True, slots=True)
class AskedDeliveries:
    """A question as it was asked, every parameter of its form.

    ``at_least`` is the tree size that the answer should be made for, as far as it can.
    """

    question: Question
    as_of: date
    at_least: int
    with_inputs: bool


def parse_deliveries(asked: QueryParams, *, now_ms: int) -> AskedDeliveries:
    """Read the parameters of ``GET /v1/deliveries/...``.

    Args:
        asked: the parameters.
        now_ms: Unix milliseconds; the day ``as_of`` by default, in UTC.

    Raises:
        Refused: one is unknown, doubled or of another form.
    """
    check_names(asked, _NAMES)
    as_of = _day(asked, "as_of") or datetime.fromtimestamp(now_ms // 1000, UTC).date()
    last = _month(asked, "to") or f"{as_of:%Y-%m}"
    first = _month(asked, "from") or last
    if not 0 <= _months_between(first, last) < MONTHS_MAX:
        raise malformed("from", f"at most {MONTHS_MAX} months up to {last}", first)
    names = {name: read_text(asked, name) for name in (*_PARTIES, "part")}
    return AskedDeliveries(
        question=Question(first, last, **names),
        as_of=as_of,
        at_least=read_integer(asked, "at_least") or 0,
        with_inputs=read_truth(asked, "inputs"),
    )


def questions_for(question: Question, reader: Reader) -> Sequence[Question]:
    """What of a question the reader is told: a supplier about itself, a customer about its own.

    No question where it is about others: the same answer as where nothing is delivered.

    Raises:
        Refused: the request is not signed.
    """
    sides = sides_for(question.customer, question.supplier, reader=reader)
    return [replace(question, customer=customer, supplier=supplier) for customer, supplier in sides]


def sides_for(
    customer: str | None, supplier: str | None, *, reader: Reader
) -> Sequence[tuple[str | None, str | None]]:
    """Customer and supplier of the questions that the reader is told answers to.

    Raises:
        Refused: the request is not signed.
    """
    if reader.did is None:
        raise Refused(Refusal("signature-required", "what two parties trade: sign the request"))
    if reader.did in (customer, supplier):
        return ((customer, supplier),)
    own: list[tuple[str | None, str | None]] = []
    if customer is None:
        own.append((reader.did, supplier))
    if supplier is None:
        own.append((customer, reader.did))
    return own


def read_text(asked: QueryParams, name: str) -> str | None:
    """The text of a parameter, as a database takes it; None where it is absent.

    Raises:
        Refused: it is empty or too long.
    """
    text = asked.get(name)
    if text is not None and not 0 < len(text) <= TEXT_CHARACTERS_MAX:
        raise malformed(name, f"1 to {TEXT_CHARACTERS_MAX} characters", text)
    # No database takes one as text; there is no party or part of that name.
    return None if text is None else text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _month(asked: QueryParams, name: str) -> str | None:
    text = asked.get(name)
    if text is not None and not (text.isascii() and _MONTH.fullmatch(text)):
        raise malformed(name, "a month YYYY-MM", text)
    return text


def _months_between(first: str, last: str) -> int:
    (from_year, from_month), (to_year, to_month) = (
        map(int, month.split("-")) for month in (first, last)
    )
    return 12 * (to_year - from_year) + to_month - from_month


def _day(asked: QueryParams, name: str) -> date | None:
    text = asked.get(name)
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    # The other forms of ISO 8601 are taken by the library, and not by the record types.
    if day is None or day.isoformat() != text or not _MONTH.fullmatch(text[:7]):
        raise malformed(name, "a day YYYY-MM-DD", text)
    return day


def read_truth(asked: QueryParams, name: str) -> bool:
    """Whether a parameter is ``true``; by default it is not.

    Raises:
        Refused: it is neither ``true`` nor ``false``.
    """
    text = asked.get(name, "false")
    if text not in ("true", "false"):
        raise malformed(name, "true or false", text)
    return text == "true"
