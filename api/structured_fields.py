"""Structured fields (RFC 9651) as signed requests need them: strict dictionaries.

The parser is ``http-sf``, which follows the standard's algorithm. On top of it doubled
keys are refused, where the standard lets the last one win: two readers that pick
differently would see two signatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import http_sf

from api.request_errors import RequestError


class _DoubledKey(ValueError):
    """Raised inside the parser's callback; never leaves this module."""


def parse_dictionary(name: str, value: str, *, refusal: type[RequestError]) -> Mapping[str, Any]:
    """Parse a field value as a dictionary.

    Args:
        name: the field, for the message.
        value: the field's value.
        refusal: the error class that a bad value raises.

    Returns:
        Each key with ``(value, parameters)``; the value of an inner list is a list of
        ``(item, parameters)``.

    Raises:
        RequestError: of class ``refusal``: not a dictionary, not ASCII, or a doubled key.
    """
    try:
        parsed = http_sf.parse(
            value.encode("ascii"), tltype="dictionary", on_duplicate_key=_refuse_doubled
        )
    except (UnicodeEncodeError, http_sf.StructuredFieldError, _DoubledKey) as fault:
        raise refusal(f"expected {name} to be a structured dictionary, found {fault}") from fault
    return cast("Mapping[str, Any]", parsed)


def encode_bytes_member(key: str, value: bytes) -> str:
    """Encode a dictionary that has one byte sequence."""
    return http_sf.ser({key: value})


def encode_inner_list(items: tuple[str, ...], parameters: Mapping[str, int | str]) -> str:
    """Encode an inner list of strings and its parameters, both in the order given."""
    listed: http_sf.InnerListType = (list(items), dict(parameters))
    return http_sf.ser([listed])


def _refuse_doubled(key: str, context: str) -> None:
    raise _DoubledKey(f"{context} key {key!r} twice")
