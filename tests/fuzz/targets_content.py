"""Targets of what admission reads: submissions, record content, types, charters, policies."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

import orjson

from api.check_pool import parse_submission
from api.exchange import Refused
from api.submit import split_lines
from ledger.charter import parse_charter
from ledger.content import Checker, TypeBook, check_submission
from ledger.content_rules import Content, judge_content
from ledger.disclosure import Disclosure
from ledger.errors import (
    MalformedCharter,
    MalformedDocument,
    MalformedJson,
    MalformedType,
)
from ledger.faults import Refusal
from ledger.policy import parse_policy_document, read_policy_document
from ledger.record import Claims, parse_jws
from ledger.record_type import RecordType, parse_record_type
from ledger.schema_rules import check_schema, compile_schema
from ledger.strict_json import JsonValue, encode_json, parse_json_object
from ledger.text_forms import describe_pattern, sample_text
from quality.rules import QualityRules
from quality.types import business_types
from tests.api.forged_records import values_of
from tests.fuzz.choices import Choices, change_place, edited
from tests.fuzz.target import Target, text_of
from tests.ledger.parties import (
    ORIGIN,
    SEARCH_SECRET,
    Plan,
    a_consortium,
    charter_body,
)
from tests.ledger.sample_types import sample_definition, sample_type_text
from tests.ledger.submissions import RECORD
from tests.quality import examples

_FOUNDED: Final = a_consortium()
_RULES: Final = QualityRules()
_DRAWN: Final = tuple(bytes([number]) * 24 for number in range(0, 256, 37))


def _check_batch(data: bytes) -> None:
    for line in split_lines(edited(_batch(), data)):
        parsed = parse_submission(line)
        if not isinstance(parsed, str):
            assert isinstance(parsed, Refusal)
            continue
        outcome = check_submission(parsed, _checker())
        # Only what the party signed is accepted.
        assert isinstance(outcome, Refusal) or parsed == RECORD


def _judge_content(data: bytes) -> None:
    chance = Choices(data)
    vct = chance.choice(examples.VCTS)
    values = orjson.loads(_values(vct))
    for _ in range(chance.randrange(4)):
        change_place(chance, values)
    refusal = judge_content(_content(vct, values), kind=_kinds()[vct], rules=_RULES)
    if refusal is None:
        # What was admitted is read again by everyone who shows it.
        _RULES.flags(vct, values)
        _RULES.roles_for(vct, values)


def _parse_record_type(data: bytes) -> None:
    kind = parse_record_type(text_of(data))
    assert not kind.groups_validator.is_valid({})


def _parse_changed_type(data: bytes) -> None:
    chance, definition = Choices(data), sample_definition()
    for _ in range(1 + chance.randrange(4)):
        change_place(chance, definition)
    kind = parse_record_type(json.dumps(definition))
    kind.groups_validator.is_valid(values_of(RECORD))


def _compile_schema(data: bytes) -> None:
    schema = parse_json_object(data, bytes_max=4096)
    check_schema(schema)
    compile_schema(schema).is_valid({"a": [1, "b"]})


def _describe_pattern(data: bytes) -> None:
    pattern = text_of(data)
    assert describe_pattern(pattern)
    found = sample_text(pattern)
    assert found is None or compile_schema({"pattern": pattern}).is_valid(found)


def _parse_changed_charter(data: bytes) -> None:
    chance, body = Choices(data), orjson.loads(_charter())
    # The governance types are most of a charter and have one accepted form.
    places = [body, *(value for name, value in body.items() if name != "governance_types")]
    for _ in range(1 + chance.randrange(4)):
        change_place(chance, chance.choice(places))
    charter = parse_charter(body, origin=ORIGIN)
    assert charter.origin == ORIGIN
    assert charter.founders


def _parse_policy(data: bytes) -> None:
    document = parse_policy_document(text_of(data), _FOUNDED.fold.types)
    assert read_policy_document(text_of(data)) == document
    document.find_outside("sample-report/v1", (("lot", "public"), ("note", "sealed")))


# ---- what is changed ----


@cache
def _batch() -> bytes:
    line = json.dumps({"sd_jwt": RECORD, "sealed": []}).encode()
    return line + b"\n{}\n"


@cache
def _checker() -> Checker:
    return Checker(ORIGIN, TypeBook(_FOUNDED.fold.types), _RULES, SEARCH_SECRET)


@cache
def _kinds() -> dict[str, RecordType]:
    kinds = map(parse_record_type, business_types())
    return {kind.vct: kind for kind in kinds}


@cache
def _values(vct: str) -> bytes:
    """Every group of a record of the type that is right, the closed ones among them."""
    groups = examples.example(vct)
    closed = {name: values_of(RECORD)[name] for name in ("manifest", "address", "filing")}
    closed["filing"] = closed["filing"] | {"present": sorted(groups)}
    closed["manifest"] = closed["manifest"] | {"groups": dict.fromkeys(groups, "partner")}
    return encode_json(closed | groups)


@cache
def _claims() -> Claims:
    return parse_jws(RECORD.partition("~")[0], origin=ORIGIN).claims


def _content(vct: str, values: dict[str, Any]) -> Content:
    """The content of a record that was signed over these values; strict JSON, as it must be."""
    kind = _kinds()[vct]
    signed = _claims()._replace(vct=vct, digests=("A" * 43,) * kind.digests)
    disclosures = [
        Disclosure(group, value, encode_json(["salt", group, value]))
        for group, value in values.items()
    ]
    return Content(signed, tuple(disclosures), values)


@cache
def _charter() -> str:
    return json.dumps(charter_body(Plan(), _FOUNDED.parties))


_SMALL_TYPE: Final[dict[str, Any]] = {
    "vct": "a-type/v1",
    "title": {"en": "A"},
    "groups": {
        "a": {"cardinality": "1", "floor": "public", "default": "partner", "ceiling": "sealed"}
    },
    "schema": {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"$ref": "#/$defs/x"}},
        "additionalProperties": False,
        "$defs": {"x": {"type": "string", "maxLength": 5, "pattern": "^[a-z]"}},
    },
    "sd_length": 4,
    "search": ["/a"],
}


def _policies() -> list[bytes]:
    span = {"floor": "public", "default": "partner", "ceiling": "partner"}
    document: JsonValue = {"types": {"sample-report/v1": {"lot": {**span}}}}
    return [encode_json(document), b'{"types":{}}']


TARGETS: Final = (
    Target(
        "batch",
        _check_batch,
        (Refused,),
        (split_lines, parse_submission, check_submission),
        lambda: [b"", b"\x00\x01\x02A", b"\x10\x00\x00\x05", b"\x20\x00\x01\x02abc"],
        bytes_max=64,
        words=('"sd_jwt"', '"sealed"', "~", "\n"),
    ),
    # A place of the content takes any value; what strict JSON has not, no record can hold.
    Target(
        "content",
        _judge_content,
        (MalformedJson,),
        (judge_content,),
        lambda: _DRAWN,
        bytes_max=96,
    ),
    Target(
        "record-type",
        _parse_record_type,
        (MalformedType,),
        (parse_record_type,),
        lambda: [encode_json(_SMALL_TYPE), sample_type_text().encode()],
        bytes_max=2048,
        words=('"$ref"', '"pattern"', '"properties"', '"schema"', '"groups"', '"maxLength"'),
    ),
    Target(
        "record-type-changes",
        _parse_changed_type,
        (MalformedType,),
        (parse_record_type,),
        lambda: _DRAWN,
        bytes_max=96,
    ),
    Target(
        "schema",
        _compile_schema,
        (MalformedType, MalformedJson),
        (check_schema, compile_schema),
        lambda: [encode_json(sample_definition()["schema"]), b'{"type":"string","maxLength":1}'],
        words=(
            '"$ref"',
            '"#/$defs/a"',
            '"$defs"',
            '"anyOf"',
            '"pattern"',
            '"maxItems"',
            "[[:alpha:]]",
        ),
    ),
    Target(
        "pattern",
        _describe_pattern,
        (MalformedType,),
        (describe_pattern, sample_text),
        lambda: [b"^[a-z]{1,40}$", b".*", b"(a|b)+"],
        bytes_max=64,
        words=("\\p{Han}", "(?i)", "{1,1000}", "[^a]", "\\d"),
    ),
    Target(
        "charter",
        _parse_changed_charter,
        (MalformedCharter,),
        (parse_charter,),
        lambda: _DRAWN,
        bytes_max=96,
    ),
    Target(
        "policy",
        _parse_policy,
        (MalformedDocument,),
        (parse_policy_document, read_policy_document),
        _policies,
        words=('"types"', '"floor"', '"default"', '"ceiling"', '"sample-report/v1"', '"lot"'),
    ),
)
