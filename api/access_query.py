"""The parameters of questions about accesses and alerts, judged one by one, and their cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams

from api.accesses.book import AskedAccesses
from api.exchange import Reader, Refused
from api.search_query import LIMIT_DEFAULT, check_names, decode_cursor, malformed, read_integer
from api.search_query import encode_cursor as encode_number
from keys.limits import PARTY_DID_CHARACTERS_MAX
from ledger import limits
from ledger.faults import Refusal

__all__ = ["AskedAlerts", "encode_number", "parse_access_query", "parse_alert_query"]

_NAMES: Final = frozenset(
    {*("since", "until", "reader", "type", "group", "record"), *("limit", "cursor")}
    | {"evidence", "ascending"}
)
_CHARACTERS_MAX: Final = {
    "reader": PARTY_DID_CHARACTERS_MAX,
    **dict.fromkeys(("type", "group", "record"), 64),
}


@dataclass(frozen=True, slots=True)
class AskedAlerts:
    """Which alerts are asked for."""

    limit: int
    after: int | None
    is_all: bool


def parse_access_query(asked: QueryParams, reader: Reader) -> tuple[AskedAccesses, bool]:
    """Read the parameters of ``GET /v1/accesses``; with it whether evidence is asked for.

    Raises:
        Refused: the request is not signed; or one is unknown, doubled or of another form.
    """
    check_names(asked, _NAMES)
    if reader.did is None:
        raise Refused(Refusal("signature-required", "accesses: sign the request"))
    named = {name: _text(asked, name) for name in _CHARACTERS_MAX}
    found = AskedAccesses(
        owner=reader.did,
        limit=_limit(asked, limits.ACCESSES_PAGE_MAX),
        after=_after(asked),
        since_ms=read_integer(asked, "since"),
        until_ms=read_integer(asked, "until"),
        reader=named["reader"],
        vct=named["type"],
        group=named["group"],
        record=named["record"],
        is_ascending=_flag(asked, "ascending"),
    )
    return found, _flag(asked, "evidence")


def parse_alert_query(asked: QueryParams) -> AskedAlerts:
    """Read the parameters of ``GET /v1/access-alerts``.

    Raises:
        Refused: one is unknown, doubled or of another form.
    """
    check_names(asked, frozenset({"limit", "cursor", "all"}))
    return AskedAlerts(_limit(asked, limits.SEARCH_PAGE_MAX), _after(asked), _flag(asked, "all"))


def _after(asked: QueryParams) -> int | None:
    return decode_cursor(asked["cursor"]) if "cursor" in asked else None


def _limit(asked: QueryParams, most: int) -> int:
    limit = read_integer(asked, "limit")
    if limit is not None and not 1 <= limit <= most:
        raise malformed("limit", f"1..{most}", str(limit))
    return LIMIT_DEFAULT if limit is None else limit


def _flag(asked: QueryParams, name: str) -> bool:
    text = asked.get(name, "false")
    if text not in ("true", "false"):
        raise malformed(name, "true or false", text)
    return text == "true"


def _text(asked: QueryParams, name: str) -> str | None:
    text = asked.get(name)
    most = _CHARACTERS_MAX[name]
    if text is not None and not 0 < len(text) <= most:
        raise malformed(name, f"1 to {most} characters", text)
    return text
