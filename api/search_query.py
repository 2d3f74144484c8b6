"""The parameters of a search, judged one by one, and its cursor."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams

from api.exchange import Reader, Refused
from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.faults import Fault, Refusal

LIMIT_DEFAULT: Final = 50
_NAMES: Final = frozenset(
    {"limit", "cursor", "party", "type", "owner", "field", "value", "since", "until", "mine"}
)
_INTEGER_DIGITS_MAX: Final = 15
_CURSOR_VERSION: Final = "1 "


@dataclass(frozen=True, slots=True)
class Content:
    """A search by content: a field of the type's search pointers, whose, and its value."""

    owner: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was asked, every parameter of its form.

    ``only_for`` is the reader's DID where nothing else may be found than what it signed or
    stands in.
    """

    limit: int
    before: int | None
    party: str | None
    vct: str | None
    since_ms: int | None
    until_ms: int | None
    content: Content | None
    only_for: str | None


EVERYTHING: Final = Asked(LIMIT_DEFAULT, None, None, None, None, None, None, None)


def parse_search(asked: QueryParams, reader: Reader, *, is_streamed: bool = False) -> Asked:
    """Read the parameters of ``GET /v1/records``.

    Args:
        asked: the query.
        reader: who asks.
        is_streamed: the answer may be one view in lines, which holds as many as a view may;
            what is searched by content never does.

    Raises:
        Refused: one is unknown, doubled, of another form, or needs a signed request.
    """
    check_names(asked, _NAMES)
    content = _content(asked, reader)
    is_mine = _is_mine(asked, reader)
    limit = read_integer(asked, "limit")
    most = limits.VIEW_RECORDS_MAX if is_streamed and not content else limits.SEARCH_PAGE_MAX
    if limit is not None and not 1 <= limit <= most:
        raise malformed("limit", f"1..{most}", str(limit))
    return Asked(
        limit=LIMIT_DEFAULT if limit is None else limit,
        before=decode_cursor(asked["cursor"]) if "cursor" in asked else None,
        party=asked.get("party"),
        vct=asked.get("type"),
        since_ms=read_integer(asked, "since"),
        until_ms=read_integer(asked, "until"),
        content=content,
        only_for=reader.did if content or is_mine else None,
    )


def encode_cursor(index: int) -> str:
    """An opaque cursor: the next page begins below this index."""
    return encode_base64url(f"{_CURSOR_VERSION}{index}".encode("ascii"))


def decode_cursor(text: str) -> int:
    """The inverse of :func:`encode_cursor`.

    Raises:
        Refused: it is not one of ours.
    """
    try:
        version, index = decode_base64url(text).split(b" ")
    except (MalformedEncoding, ValueError) as fault:
        raise malformed("cursor", "one of an answer", text) from fault
    is_index = index.isdigit() and len(index) <= _INTEGER_DIGITS_MAX
    if version != _CURSOR_VERSION.encode().strip() or not is_index:
        raise malformed("cursor", "one of an answer", text)
    return int(index)


def check_names(asked: QueryParams, names: frozenset[str]) -> None:
    """Refuse a parameter that is unknown or doubled.

    Raises:
        Refused: naming each.
    """
    counts = Counter(name for name, _ in asked.multi_items())
    faults = [
        Fault(f"/{name}", "one of " + ", ".join(sorted(names)), name)
        for name in counts
        if name not in names
    ]
    faults += [
        Fault(f"/{name}", "it once", f"{count} times")
        for name, count in counts.items()
        if count > 1
    ]
    if faults:
        first = faults[0]
        detail = f"{first.pointer[1:][:60]}: expected {first.expected}, found {first.found[:60]}"
        raise Refused(Refusal("malformed-query", detail, tuple(faults)))


def _content(asked: QueryParams, reader: Reader) -> Content | None:
    given = [name for name in ("field", "value", "owner") if name in asked]
    if not given:
        return None
    if not {"field", "value"} <= asked.keys():
        raise malformed(given[0], "field and value together", ", ".join(given))
    if reader.did is None:
        raise Refused(Refusal("signature-required", "field and value: sign the request"))
    return Content(asked.get("owner", reader.did), asked["field"], asked["value"])


def _is_mine(asked: QueryParams, reader: Reader) -> bool:
    if "mine" not in asked:
        return False
    if asked["mine"] != "1":
        raise malformed("mine", "1", asked["mine"])
    if reader.did is None:
        raise Refused(Refusal("signature-required", "mine: sign the request"))
    return True


def read_integer(asked: QueryParams, name: str) -> int | None:
    """A parameter that is a decimal integer; None where it is not given.

    Raises:
        Refused: it is none.
    """
    text = asked.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _INTEGER_DIGITS_MAX):
        raise malformed(name, "a decimal integer", text)
    return int(text)


def malformed(name: str, expected: str, found: str) -> Refused:
    """The refusal of one parameter."""
    fault = Fault(f"/{name}", expected, found[:60])
    detail = f"{name}: expected {expected}, found {found[:60]!r}"
    return Refused(Refusal("malformed-query", detail, (fault,)))
