"""Targets of what parties sign: JSON, texts, JWS, records, disclosures, SD-JWTs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any, Final

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import BadSignature, MalformedEncoding
from ledger.content import split_submission
from ledger.disclosure import open_disclosures
from ledger.errors import (
    AlgorithmNotAllowed,
    DisclosureRefused,
    ForeignKey,
    LedgerError,
    MalformedClaims,
    MalformedDecimal,
    MalformedHeader,
    MalformedJson,
    MalformedRecord,
    MalformedText,
    RecordTooLarge,
    WrongAudience,
)
from ledger.json_pointer import extend_pointer, resolve_pointer
from ledger.jws import parse_jws as parse_any_jws
from ledger.record import parse_header, parse_jws, verify_jws
from ledger.sdjwt import join_sd_jwt, parse_sd_jwt, split_sd_jwt, verify_sd_jwt
from ledger.sdjwt_disclosure import parse_disclosure
from ledger.sdjwt_errors import MalformedJws, MisplacedDigestAlgorithm
from ledger.strict_json import (
    JsonObject,
    check_decimal,
    check_text,
    encode_json,
    parse_json,
    parse_json_object,
)
from tests.api.forged_records import values_of
from tests.fuzz.choices import edited
from tests.fuzz.target import Target, raw_text_of, text_of
from tests.ledger import json_reference
from tests.ledger.parties import ORIGIN
from tests.ledger.sdjwt_tokens import BINDING, BOUND, UNBOUND, Bound, Token
from tests.ledger.submissions import RECORD

_JSON_WORDS: Final = ("\\u00e9", "\\ud800", "null", "true", "1e1", "-0", "9007199254740991")
_JSON: Final = (b'{"a":[1,{"b":null}],"c":"\xc3\xa9"}', b" [ 1 , 2 ]", b'"\\u0041"', b"[" * 40)
_RECORD_ERRORS: Final = (
    MalformedRecord,
    MalformedHeader,
    AlgorithmNotAllowed,
    MalformedClaims,
    WrongAudience,
    ForeignKey,
)
_TOKEN_ERRORS: Final = (LedgerError, MalformedEncoding)


def _parse_json(data: bytes) -> None:
    slow = _read_slowly(data)
    try:
        value = parse_json(data, bytes_max=1 << 20)
    except MalformedJson:
        assert slow is json_reference.Refused
        raise
    assert slow == value
    assert parse_json(encode_json(value), bytes_max=1 << 24) == value


def _read_slowly(data: bytes) -> object:
    """What the slow reference says; its own class of refusals where it refuses."""
    try:
        return json_reference.read_slowly(data)
    except json_reference.Refused:
        return json_reference.Refused


def _parse_json_with_fractions(data: bytes) -> None:
    value = parse_json_object(data, bytes_max=1 << 20, numbers="any")
    encoded = encode_json(value, numbers="any")
    assert parse_json(encoded, bytes_max=1 << 24, numbers="any") == value


def _check_text(data: bytes) -> None:
    text = raw_text_of(data)
    assert check_text(text) == text


def _check_decimal(data: bytes) -> None:
    text = raw_text_of(data)
    assert check_decimal(text) == text


def _resolve_pointer(data: bytes) -> None:
    text = text_of(data)
    resolve_pointer({"a": [{"b": 1}, [2]], "": {"~": 3, "/": 4}}, text)
    assert resolve_pointer({text: 5}, extend_pointer("", text)) == 5


def _parse_any_jws(data: bytes) -> None:
    found = parse_any_jws(raw_text_of(data), bytes_max=4096, numbers="any")
    assert data.startswith(found.signing_input + b".")


def _parse_record(data: bytes) -> None:
    text = raw_text_of(data)
    parse_header(text.partition(".")[0])
    parsed = parse_jws(text, origin=ORIGIN)
    assert parsed.header.did == parsed.claims.iss


def _parse_edited_record(data: bytes) -> None:
    # Header and payload are JSON in base64url: edits of the JSON reach where those of the text
    # do not.
    parts = list(_record_parts())
    which = data[0] % 3 if data else 0
    parts[which] = edited(parts[which], data[1:])
    text = ".".join(map(encode_base64url, parts))
    parsed = parse_jws(text, origin=ORIGIN)
    verify_jws(parsed)
    assert text == RECORD.partition("~")[0]


def _open_disclosures(data: bytes) -> None:
    _, kept = split_submission(raw_text_of(edited(RECORD.encode(), data)))
    claims = parse_jws(RECORD.partition("~")[0], origin=ORIGIN).claims
    opened = open_disclosures(claims, kept.disclosures)
    known = _known_values()
    assert all(known[item.group] == item.value for item in opened)


def _parse_disclosure(data: bytes) -> None:
    found = parse_disclosure(raw_text_of(data), numbers="any")
    assert found.text.encode() == data


def _accept(header: JsonObject, signed: bytes, signature: bytes) -> None:
    """Any signature: what stands behind its check is to be reached."""


def _verify_sd_jwt(data: bytes) -> None:
    text = raw_text_of(data)
    jws, disclosures, binding = split_sd_jwt(text)
    assert join_sd_jwt(jws, disclosures, binding=binding or "") == text
    parse_sd_jwt(text)
    verify_sd_jwt(text, UNBOUND if binding is None else _BOUND, verify=_accept)


def _verify_edited_sd_jwt(data: bytes) -> None:
    payload, disclosures = _token()
    program, _, other = data.partition(b"\xff\xff")
    jws = f"{_part(_HEADER)}.{_part(edited(payload, program))}.{_part(bytes(64))}"
    changed = [_part(edited(text, other)) for text in disclosures]
    verify_sd_jwt(join_sd_jwt(jws, changed), UNBOUND, verify=_accept)


# ---- what is changed ----

_BOUND: Final = replace(BOUND, binding=replace(BINDING, verify_with=lambda _: _accept))
_HEADER: Final = b'{"alg":"ES256","typ":"example+sd-jwt"}'
_PROGRAMS: Final = (b"", b"\x00\x00\x01\x02A", b"\x01\x10\x00\x00\x05", b"\x02\x20\x00\x02\x00")
_part = encode_base64url


@cache
def _record_parts() -> tuple[bytes, ...]:
    return tuple(map(decode_base64url, RECORD.partition("~")[0].split(".")))


@cache
def _known_values() -> dict[str, Any]:
    return values_of(RECORD)


@cache
def _token() -> tuple[bytes, tuple[bytes, ...]]:
    """The JSON of a token's payload and of its disclosures."""
    jws, *disclosures = Token().text()[:-1].split("~")
    return decode_base64url(jws.split(".")[1]), tuple(map(decode_base64url, disclosures))


def _records() -> list[bytes]:
    jws = RECORD.partition("~")[0].encode()
    return [jws, b"e30.e30." + b"A" * 86, b"..", b"e30.e30"]


def _disclosures() -> list[bytes]:
    arrays = (b'["s","name",1.5]', b'["s",{"a":[]}]', b'["s","_sd",1]', b"{}")
    return [_part(array).encode() for array in arrays]


TARGETS: Final = (
    Target(
        "strict-json",
        _parse_json,
        (MalformedJson,),
        (parse_json,),
        lambda: _JSON,
        words=_JSON_WORDS,
    ),
    Target(
        "json-with-fractions",
        _parse_json_with_fractions,
        (MalformedJson,),
        (parse_json_object,),
        lambda: (*_JSON, b'{"a":1.5e-3}'),
        words=_JSON_WORDS,
    ),
    Target("text", _check_text, (MalformedText,), (check_text,), lambda: [b"a\nb", b"\xc3\xa9"]),
    Target(
        "decimal",
        _check_decimal,
        (MalformedDecimal,),
        (check_decimal,),
        lambda: [b"-12.50", b"0", b"-0.0"],
        bytes_max=64,
    ),
    Target(
        "json-pointer",
        _resolve_pointer,
        (),
        (resolve_pointer, extend_pointer),
        lambda: [b"/a/0/b", b"//~0", b"/~1"],
        bytes_max=64,
    ),
    Target(
        "jws",
        _parse_any_jws,
        (MalformedJws, MalformedEncoding, MalformedJson),
        (parse_any_jws,),
        _records,
    ),
    Target(
        "record",
        _parse_record,
        _RECORD_ERRORS,
        (parse_jws, parse_header),
        _records,
        bytes_max=2048,
    ),
    Target(
        "record-edits",
        _parse_edited_record,
        (*_RECORD_ERRORS, BadSignature),
        (parse_jws, verify_jws),
        lambda: _PROGRAMS,
        bytes_max=64,
        words=('"alg"', '"kid"', '"iss"', '"_sd"', '"body"', "null", "charter/v1"),
    ),
    Target(
        "disclosures",
        _open_disclosures,
        (MalformedRecord, RecordTooLarge, DisclosureRefused),
        (open_disclosures, split_submission),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
    Target(
        "disclosure",
        _parse_disclosure,
        (MalformedEncoding, MalformedJson, DisclosureRefused, MisplacedDigestAlgorithm),
        (parse_disclosure,),
        _disclosures,
        bytes_max=256,
    ),
    Target(
        "sd-jwt",
        _verify_sd_jwt,
        _TOKEN_ERRORS,
        (verify_sd_jwt, parse_sd_jwt, split_sd_jwt),
        lambda: [Token().text().encode(), Bound().text().encode()],
        bytes_max=4096,
        words=("~",),
    ),
    Target(
        "sd-jwt-edits",
        _verify_edited_sd_jwt,
        _TOKEN_ERRORS,
        (verify_sd_jwt,),
        lambda: (*_PROGRAMS, b"\xff\xff\x00\x05\x01\x02[]"),
        bytes_max=64,
        words=('"_sd"', '"..."', '"_sd_alg"', '"cnf"', "1e400", "-0"),
    ),
)
