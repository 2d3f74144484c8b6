"""The parameters of questions about masters, and the cursor of their pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams

from api.exchange import Reader, Refused
from api.search_query import LIMIT_DEFAULT, check_names, malformed, read_integer
from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from keys.limits import PARTY_DID_CHARACTERS_MAX
from ledger import limits
from ledger.errors import MalformedJson
from ledger.faults import Refusal
from ledger.relations import KINDS
from ledger.strict_json import encode_json, parse_json

Place = tuple[str, ...]
"""Where an item stands among all of its kind: items of a page are sorted by it."""

CODE_CHARACTERS_MAX: Final = 64
_PARTIES: Final = frozenset({"party", "customer", "supplier", "owner", "reader"})
STATES: Final = ("offered", "in-force", "ended")
_CURSOR_BYTES_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class AskedMasters:
    """A question as it was asked: who asks, which page, and by name what an item must have.

    ``at_ms`` is the instant for which it is answered, where an answer depends on it.
    """

    party: str
    limit: int
    after: Place | None
    named: Mapping[str, str]
    at_ms: int = 0

    def admits(self, **members: str | None) -> bool:
        """Whether an item with these members is asked for."""
        return all(self.named.get(name, value) == value for name, value in members.items())


def parse_masters(
    asked: QueryParams, reader: Reader, *, names: tuple[str, ...], states: tuple[str, ...] = STATES
) -> AskedMasters:
    """Read the parameters of a question about masters.

    Args:
        asked: the parameters.
        reader: who asks.
        names: the parameters by which this kind of master is chosen.
        states: those that an item may be in.

    Raises:
        Refused: the request is not signed; or one is unknown, doubled or of another form.
    """
    check_names(asked, frozenset({"limit", "cursor", *names}))
    limit = read_integer(asked, "limit")
    if limit is not None and not 1 <= limit <= limits.SEARCH_PAGE_MAX:
        raise malformed("limit", f"1..{limits.SEARCH_PAGE_MAX}", str(limit))
    after = decode_place(asked["cursor"]) if "cursor" in asked else None
    choices = {"kind": KINDS, "state": states}
    named = {name: _text(asked, name, choices.get(name)) for name in names if name in asked}
    if reader.did is None:
        raise Refused(Refusal("signature-required", "masters: sign the request"))
    return AskedMasters(reader.did, LIMIT_DEFAULT if limit is None else limit, after, named)


def characters_max(name: str) -> int:
    """How long the value of a parameter may be."""
    return PARTY_DID_CHARACTERS_MAX if name in _PARTIES else CODE_CHARACTERS_MAX


def encode_place(place: Place) -> str:
    """An opaque cursor: the next page begins behind this place."""
    return encode_base64url(encode_json([*place]))


def decode_place(text: str) -> Place:
    """The inverse of :func:`encode_place`.

    Raises:
        Refused: it is not one of ours.
    """
    try:
        place = parse_json(decode_base64url(text), bytes_max=_CURSOR_BYTES_MAX)
    except (MalformedEncoding, MalformedJson) as fault:
        raise malformed("cursor", "one of an answer", text) from fault
    parts = [part for part in place if isinstance(part, str)] if isinstance(place, list) else []
    if not parts or parts != place:
        raise malformed("cursor", "one of an answer", text)
    return tuple(parts)


def _text(asked: QueryParams, name: str, choices: tuple[str, ...] | None) -> str:
    text = asked[name]
    if choices is not None and text not in choices:
        raise malformed(name, f"one of {', '.join(choices)}", text)
    most = characters_max(name)
    if not 0 < len(text) <= most:
        raise malformed(name, f"1 to {most} characters", text)
    return text
