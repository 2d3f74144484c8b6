"""Masters and deliveries are read in words, English and Chinese, beside the codes they have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from ledger.record_type import parse_record_type
from portal.contents import Fields, Inline, Node, Reading, Scalar, Table
from portal.messages import Words
from portal.names import NO_LABELS, labels_of
from quality.types import business_types
from tests.portal.small_log import SmallLog
from tests.quality.examples import example
from tests.quality.master_examples import MASTER_EXAMPLES

DEFINITIONS: Final = {json.loads(text)["vct"]: text for text in business_types()}
#: Codes that are names of their own, in every language.
NAMES: Final = frozenset(
    {
        *("ISO 2859-1", "GS1", "VDA 4902", "ODETTE", "Ppk", "Cpk", "I", "II", "III"),
        *("D3", "D4", "D5", "D6", "D7", "D8", "S-1", "S-2", "S-3", "S-4"),
    }
)
each_type = pytest.mark.parametrize("vct", MASTER_EXAMPLES)


def enums(place: Any, pointer: str, root: Any) -> Iterator[tuple[str, str]]:
    """Every value that a schema lists, with its pointer."""
    if "$ref" in place:
        place = root["$defs"][place["$ref"].rpartition("/")[2]]
    for value in place.get("enum", ()):
        yield pointer, value
    for name, inner in place.get("properties", {}).items():
        yield from enums(inner, f"{pointer}/{name}", root)
    if isinstance(place.get("items"), dict):
        yield from enums(place["items"], f"{pointer}/*", root)


@each_type
def test_every_code_that_a_type_lists_has_words_in_both_languages(
    vct: str, english: Words, chinese: Words
) -> None:
    schema = json.loads(DEFINITIONS[vct])["schema"]
    listed = [found for found in enums(schema, "", schema) if found[1] not in NAMES]
    for words in (english, chinese):
        assert [f"{at}.{code}" for at, code in listed if not words.has(f"value.{at}.{code}")] == []


def leaves(node: Node) -> Iterator[Scalar]:
    """Every value of a node."""
    match node:
        case Scalar():
            yield node
        case Fields():
            for field in node.fields:
                yield from leaves(field.value)
        case Inline():
            yield from node.values
        case Table():
            yield from (cell for row in node.rows for cell in row if cell)
        case _:
            for item in node.items:
                yield from leaves(item)


@pytest.mark.parametrize(
    ("vct", "group", "codes"),
    [
        ("act/v1", "state", {"relation": "提出关系", "supply": "供货"}),
        ("site/v1", "state", {"plant": "工厂"}),
        ("site/v1", "calendar", {"mon": "星期一"}),
        ("specification/v1", "characteristics", {"SC": "重要特性", "c=0": "零缺陷接收"}),
        ("requirement/v1", "uploads", {"lot": "每批"}),
        ("goods-receipt/v1", "differences", {"missing": "短缺"}),
    ],
)
def test_codes_are_glossed_where_a_record_has_them(
    vct: str, group: str, codes: dict[str, str], small_log: SmallLog, chinese: Words
) -> None:
    labels = labels_of(parse_record_type(DEFINITIONS[vct]))
    reading = Reading(labels, small_log.facts.fold, chinese)
    node = reading.read(example(vct)[group], f"/{group}")
    glosses = {leaf.text: leaf.gloss.text for leaf in leaves(node) if leaf.gloss}
    assert {code: glosses.get(code) for code in codes} == codes


def test_a_receipt_leads_to_its_shipment(small_log: SmallLog, english: Words) -> None:
    reading = Reading(NO_LABELS, small_log.facts.fold, english)
    kinds = {
        text: next(leaves(reading.read({"shipment": text}, "/state"))).kind
        for text in ("s" * 43, "DN-5521")
    }
    assert kinds == {"s" * 43: "record", "DN-5521": "text"}
