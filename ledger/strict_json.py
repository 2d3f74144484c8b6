"""Strict JSON: one value or a refusal, the same one from every conforming reader.

RFC 8259 with the holes closed that let two readers see two documents in the same bytes
(RFC 8785, section 3.1; RFC 7493): UTF-8 only, no byte order mark, no name twice in an
object, no lone surrogate, no NaN or infinity, bounded size and depth, and numbers that are
integers within 2^53-1. The rules are written out in ``docs/spec/json.md``. Nothing here
knows a schema; texts and decimals inside a document are judged by the functions at the end,
where the document's own format asks for it.

Two parsers share the work. The fast one accepts and never explains: when the parsed value
serialises to exactly the bytes that came in, no object can have had a name twice, because a
``dict`` cannot hold one. Whatever it does not accept (white space, escapes, faults) goes to
the careful one, which decides and names the place.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NewType, TypeAlias, cast

import orjson

from ledger import limits
from ledger.errors import MalformedDecimal, MalformedJson, MalformedText

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]
Numbers: TypeAlias = Literal["integers", "any"]
Text = NewType("Text", str)
DecimalText = NewType("DecimalText", str)

_DECIMAL: Final = re.compile(r"(-?)(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# C0, DEL and C1 without LF; then the bidirectional embeddings, overrides and isolates.
_FORBIDDEN: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_PLAIN: Final[dict[Numbers, frozenset[type]]] = {
    "integers": frozenset({bool, type(None)}),
    "any": frozenset({bool, type(None), float}),
}
_SERIALISE: Final[dict[Numbers, int]] = {"integers": orjson.OPT_STRICT_INTEGER, "any": 0}


@dataclass(frozen=True, slots=True)
class _Fault:
    """Stands in the parsed value where something was refused, so that its place is known."""

    expected: str
    found: str


def parse_json(
    data: bytes,
    *,
    bytes_max: int,
    depth_max: int = limits.JSON_DEPTH_MAX,
    numbers: Numbers = "integers",
) -> JsonValue:
    """Parse one strict JSON document (docs/spec/json.md, section 1).

    Args:
        data: the document; nothing but white space may stand around its one value.
        bytes_max: the largest size accepted.
        depth_max: how many arrays and objects may enclose one another; a scalar has depth 0.
        numbers: ``integers`` refuses fractions, exponents, ``-0`` and what lies outside
            2^53-1; ``any`` takes each finite number of at most
            :data:`ledger.limits.JSON_NUMBER_CHARACTERS_MAX` characters, integers exactly.

    Raises:
        MalformedJson: anything else, with the place and what was expected there.
    """
    if len(data) > bytes_max:
        raise MalformedJson(f"expected at most {bytes_max} bytes, found {len(data)}")
    try:
        value: JsonValue = orjson.loads(data)
        exact = orjson.dumps(value, option=_SERIALISE[numbers]) == data
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        exact = False
    # Equal bytes prove: no name twice, no surrogate, no white space, no spelling that two
    # readers could take differently. What is left to see are fractions and depth.
    if exact and _is_plain(value, depth_max, _PLAIN[numbers]):
        return value
    return _parse_carefully(data, depth_max, numbers)


def parse_json_object(
    data: bytes,
    *,
    bytes_max: int,
    depth_max: int = limits.JSON_DEPTH_MAX,
    numbers: Numbers = "integers",
) -> JsonObject:
    """Parse one strict JSON document that is an object; else like :func:`parse_json`.

    Raises:
        MalformedJson: not strict JSON, or another kind of value.
    """
    value = parse_json(data, bytes_max=bytes_max, depth_max=depth_max, numbers=numbers)
    if not isinstance(value, dict):
        raise MalformedJson(f"expected an object, found {describe(value)}")
    return value


def encode_json(value: JsonValue, *, numbers: Numbers = "integers") -> bytes:
    """Serialise compactly, in the order of the members, to what :func:`parse_json` takes.

    Raises:
        MalformedJson: a number or a string that strict JSON does not have, or a value that
            nests deeper than :data:`ledger.limits.JSON_DEPTH_MAX`.
    """
    if not _is_plain(value, limits.JSON_DEPTH_MAX, _PLAIN[numbers]):
        _raise_first_fault(value, "", limits.JSON_DEPTH_MAX)
        raise MalformedJson(f"expected JSON values with {numbers}, found {describe(value)}")
    try:
        if numbers == "integers":
            return orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
        # orjson would round what is wider than 64 bits and write NaN as null.
        return _ENCODER.encode(value).encode("utf-8")
    except (orjson.JSONEncodeError, ValueError) as fault:
        _raise_first_fault(value, "", limits.JSON_DEPTH_MAX)
        raise MalformedJson(f"expected JSON values with {numbers}, found {fault}") from fault


def describe(value: JsonValue) -> str:
    """Say in a few words what a JSON value is, for messages."""
    match value:
        case dict():
            return f"an object of {len(value)} members"
        case list():
            return f"an array of {len(value)} elements"
        case _:
            return repr(value)[:60]


def check_text(value: str) -> Text:
    """Check a text for people (docs/spec/json.md, section 2).

    LF is allowed; every other control character (C0, DEL, C1) and the bidirectional
    embeddings, overrides and isolates (U+202A to U+202E, U+2066 to U+2069) are not: they
    make a text that is shown differ from the one that was signed. The marks U+200E, U+200F
    and U+061C stay allowed, since Hebrew and Arabic need them and they reorder nothing else.

    Raises:
        MalformedText: such a character, text that is not in NFC, or one that is too long.
    """
    if len(value) > limits.TEXT_CHARACTERS_MAX:
        raise MalformedText(
            f"expected at most {limits.TEXT_CHARACTERS_MAX} characters, found {len(value)}"
        )
    if value.isascii() and value.isprintable():
        return Text(value)
    if fault := _FORBIDDEN.search(value):
        raise MalformedText(
            "expected no control, bidirectional control or surrogate character but LF, "
            f"found U+{ord(fault[0]):04X} at {fault.start()}"
        )
    if not unicodedata.is_normalized("NFC", value):
        raise MalformedText(f"expected text in NFC, found {value[:40]!r}")
    return Text(value)


def check_decimal(value: str) -> DecimalText:
    """Check an exact decimal: ``-?(0|[1-9][0-9]*)(.[0-9]+)?`` (docs/spec/json.md, section 3).

    Trailing zeros are kept, since they say how precisely something was measured. A minus
    sign before nothing but zeros is refused, so that each number has one sign.

    Raises:
        MalformedDecimal: another form, or more than 34 digits.
    """
    form = _DECIMAL.fullmatch(value)
    if form is None:
        raise MalformedDecimal(f"expected a decimal such as -12.50, found {value[:40]!r}")
    digits = sum(map(str.isdigit, value))
    if digits > limits.DECIMAL_DIGITS_MAX:
        raise MalformedDecimal(
            f"expected at most {limits.DECIMAL_DIGITS_MAX} digits, found {digits}"
        )
    if form[1] and not value.strip("-0."):
        raise MalformedDecimal(f"expected zero without a sign, found {value!r}")
    return DecimalText(value)


def _is_plain(value: JsonValue, depth_left: int, scalars: frozenset[type]) -> bool:
    """Tell whether the value nests within the bound and holds only these scalars.

    Exact types and one comparison for the two kinds that most values have: this loop is the
    larger half of what :func:`parse_json` costs beside the C parser.
    """
    if type(value) is dict:
        children: Iterable[JsonValue] = value.values()
    elif type(value) is list:
        children = value
    else:
        return type(value) is str or type(value) is int or type(value) in scalars
    if depth_left == 0:
        return False
    for child in children:
        kind = type(child)
        if kind is str or kind is int:
            continue
        if kind is dict or kind is list:
            if not _is_plain(child, depth_left - 1, scalars):
                return False
        elif kind not in scalars:
            return False
    return True


def _parse_carefully(data: bytes, depth_max: int, numbers: Numbers) -> JsonValue:
    """Decide by the slow way, and find the place of the first fault in reading order."""
    text = _decode_utf8(data)
    try:
        value = cast(JsonValue, _DECODER[numbers].decode(text))
    except json.JSONDecodeError as fault:
        offset = len(text[: fault.pos].encode("utf-8"))
        raise MalformedJson(
            f"expected JSON ({fault.msg}) at byte {offset}, "
            f"found {text[fault.pos : fault.pos + 20]!r}"
        ) from fault
    except RecursionError as fault:
        raise MalformedJson(f"expected nesting of at most {depth_max}, found more") from fault
    if not _is_plain(value, depth_max, _PLAIN[numbers]) or _SURROGATE_ESCAPE.search(text):
        _raise_first_fault(value, "", depth_max)
    return value


def _decode_utf8(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise MalformedJson(
            f"expected UTF-8 at byte {fault.start}, found {data[fault.start : fault.start + 4]!r}"
        ) from fault
    if text.startswith("\ufeff"):
        raise MalformedJson("expected no byte order mark at byte 0, found EF BB BF")
    return text


def _raise_first_fault(value: object, place: str, depth_left: int) -> None:
    """Walk in reading order and refuse the first fault that the value still shows."""
    match value:
        case _Fault(expected, found):
            raise MalformedJson(f"expected {expected} at {_show(place)}, found {found}")
        case str():
            _refuse_lone_surrogate(value, place)
        case dict() | list() if depth_left == 0:
            raise MalformedJson(
                f"expected no deeper nesting at {_show(place)}, found an array or object"
            )
        case list():
            for index, child in enumerate(value):
                _raise_first_fault(child, f"{place}/{index}", depth_left - 1)
        case dict():
            for name, child in value.items():
                _refuse_lone_surrogate(name, place)
                step = name.replace("~", "~0").replace("/", "~1")
                _raise_first_fault(child, f"{place}/{step}", depth_left - 1)


def _show(place: str) -> str:
    """Write a JSON pointer (RFC 6901) for a message, shortened: its names came from outside."""
    return repr(place if len(place) <= 120 else f"{place[:120]}...")


def _refuse_lone_surrogate(text: str, place: str) -> None:
    if fault := _LONE_SURROGATE.search(text):
        raise MalformedJson(
            f"expected no lone surrogate at {_show(place)}, found U+{ord(fault[0]):04X}"
        )


def _gather(members: list[tuple[str, object]]) -> object:
    """Make an object of its members, or a fault when a name comes twice."""
    gathered = dict(members)
    if len(gathered) == len(members):
        return gathered
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            break
        seen.add(name)
    return _Fault("each name once", f"{name[:40]!r} twice")


def _read_integer(literal: str) -> int | _Fault:
    """Read an integer literal; the length comes first, since reading is quadratic in it."""
    if literal != "-0" and len(literal) <= 17:
        number = int(literal)
        if abs(number) <= limits.JSON_INTEGER_MAX:
            return number
    return _Fault("an integer within 2^53-1, zero without a sign", literal[:40])


def _refuse_literal(literal: str) -> _Fault:
    return _Fault("an integer without fraction or exponent", literal[:40])


def _refuse_constant(literal: str) -> _Fault:
    return _Fault("a JSON value", literal)


def _read_any_integer(literal: str) -> int | _Fault:
    if len(literal) <= limits.JSON_NUMBER_CHARACTERS_MAX:
        return int(literal)
    return _Fault("a shorter number", literal[:40])


def _read_float(literal: str) -> float | _Fault:
    if len(literal) <= limits.JSON_NUMBER_CHARACTERS_MAX and math.isfinite(float(literal)):
        return float(literal)
    return _Fault("a finite, shorter number", literal[:40])


_DECODER: Final[dict[Numbers, json.JSONDecoder]] = {
    "integers": json.JSONDecoder(
        object_pairs_hook=_gather,
        parse_int=_read_integer,
        parse_float=_refuse_literal,
        parse_constant=_refuse_constant,
    ),
    "any": json.JSONDecoder(
        object_pairs_hook=_gather,
        parse_int=_read_any_integer,
        parse_float=_read_float,
        parse_constant=_refuse_constant,
    ),
}
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
