"""Governance documents: inline up to 40 KiB, else in parts (docs/spec/governance.md, 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from ledger import limits
from ledger.faults import Refusal
from ledger.fold import DocumentPart, PartKey, PublicFold
from ledger.record_type import document_digest
from ledger.strict_json import JsonValue, encode_json
from tests.ledger.governance_documents import (
    OPEN_POLICY,
    OTHER_TYPE,
    OTHER_VCT,
    sign_definition,
    sign_part,
    sign_policy,
)
from tests.ledger.parties import NOW_MS, Consortium, PartyKeys, Plan, a_consortium, code_of
from tests.ledger.sample_types import SAMPLE_VCT

pytestmark = pytest.mark.item("2.4")

LAPSES_MS: Final = limits.DOCUMENT_PART_MILLISECONDS_MAX

FOUNDED = a_consortium(Plan(thresholds={"record-type": 1, "policy": 1}))
FIRST, SECOND, _ = FOUNDED.parties.values()


def halves(party: PartyKeys = FIRST) -> list[str]:
    return [
        sign_part(FOUNDED, party, OTHER_TYPE[:900], 0, of=2, document=OTHER_TYPE),
        sign_part(FOUNDED, party, OTHER_TYPE[900:], 1, of=2, document=OTHER_TYPE),
    ]


NAMES_PARTS = sign_definition(FOUNDED, FIRST, OTHER_TYPE, inline=False)


def test_a_document_is_joined_of_its_parts_in_any_order() -> None:
    for parts in (halves(), halves()[::-1]):
        fold = FOUNDED.after(*parts, NAMES_PARTS).fold
        assert fold.types[OTHER_VCT].text == OTHER_TYPE
        assert fold.parts == {}


@pytest.mark.parametrize("kept", [[], [0], [1]])
def test_a_document_with_a_missing_part_is_refused(kept: list[int]) -> None:
    grown = FOUNDED.after(*[halves()[position] for position in kept])
    assert code_of(FOUNDED.after(*halves()).judge(NAMES_PARTS)) is None
    assert code_of(grown.judge(NAMES_PARTS)) == "malformed-document"


def test_parts_that_count_themselves_differently_are_not_joined() -> None:
    strange = sign_part(FOUNDED, FIRST, OTHER_TYPE[900:], 1, of=3, document=OTHER_TYPE)
    assert code_of(FOUNDED.after(halves()[0], strange).judge(NAMES_PARTS)) == "malformed-document"


def waiting_in(fold: PublicFold) -> list[tuple[str, str, int]]:
    """Party, document and number of every part that waits."""
    return [(did, *key) for did, parts in fold.parts.items() for key in parts]


def test_parts_of_another_party_are_not_taken() -> None:
    own, other = halves(), halves(SECOND)
    assert code_of(FOUNDED.after(*own).judge(NAMES_PARTS)) is None
    assert code_of(FOUNDED.after(*other).judge(NAMES_PARTS)) == "malformed-document"
    assert code_of(FOUNDED.after(own[0], other[1]).judge(NAMES_PARTS)) == "malformed-document"


def test_nobody_gets_in_the_way_of_another_party_s_parts() -> None:
    false = sign_part(FOUNDED, SECOND, "something else", 0, of=64, document=OTHER_TYPE)
    grown = FOUNDED.after(false, *halves(), NAMES_PARTS)
    assert grown.fold.types[OTHER_VCT].text == OTHER_TYPE
    # The other party's part still waits.
    assert waiting_in(grown.fold) == [(SECOND.did, document_digest(OTHER_TYPE), 0)]


def test_a_part_may_be_sent_again_until_the_document_is_named() -> None:
    wrong = sign_part(FOUNDED, FIRST, "wrong", 1, of=2, document=OTHER_TYPE)
    grown = FOUNDED.after(halves()[0], wrong)
    assert code_of(grown.judge(NAMES_PARTS)) == "malformed-document"
    assert code_of(grown.after(halves()[1]).judge(NAMES_PARTS)) is None


@pytest.mark.parametrize(("late_ms", "code"), [(0, None), (1, "malformed-document")])
def test_parts_lapse_after_thirty_days(late_ms: int, code: str | None) -> None:
    # Signed anew at the later time: only the parts are old.
    at_ms = NOW_MS + LAPSES_MS + late_ms
    grown = FOUNDED.after(*halves())
    composer = FOUNDED.composer(FIRST.signing, label="late")
    body = {"vct": OTHER_VCT, "sha256": document_digest(OTHER_TYPE), "definition": None}
    text = composer.compose_governance("record-type/v1", body, iat=at_ms // 1000)
    assert code_of(grown.judge(text, at_ms=at_ms)) == code


def test_lapsed_parts_are_forgotten_when_the_next_one_comes() -> None:
    at_ms = NOW_MS + LAPSES_MS + 1
    composer = FOUNDED.composer(FIRST.signing, label="late")
    body = {"document": document_digest("new"), "part": 0, "of": 1, "text": "new"}
    text = composer.compose_governance("document-part/v1", body, iat=at_ms // 1000)
    fold = FOUNDED.after(*halves()).after(text, at_ms=at_ms).fold
    assert waiting_in(fold) == [(FIRST.did, document_digest("new"), 0)]


@pytest.mark.parametrize("sign", [sign_definition, sign_policy])
def test_a_document_of_another_digest_is_refused(sign: Callable[..., str]) -> None:
    text = OTHER_TYPE if sign is sign_definition else OPEN_POLICY
    assert code_of(FOUNDED.judge(sign(FOUNDED, FIRST, text))) is None
    wrong = sign(FOUNDED, FIRST, text, sha256=document_digest(text + " "))
    assert code_of(FOUNDED.judge(wrong)) == "malformed-document"


@pytest.mark.parametrize("vct", ["third-report/v1", "other-report/v2"])
def test_a_definition_of_another_type_is_refused(vct: str) -> None:
    assert code_of(FOUNDED.judge(sign_definition(FOUNDED, FIRST, OTHER_TYPE))) is None
    renamed = sign_definition(FOUNDED, FIRST, OTHER_TYPE, vct=vct)
    assert code_of(FOUNDED.judge(renamed)) == "malformed-document"


@pytest.mark.parametrize("text", ["{}", OTHER_TYPE[:-1], "[]"])
def test_a_definition_that_is_none_is_refused(text: str) -> None:
    assert code_of(FOUNDED.judge(sign_definition(FOUNDED, FIRST, text))) == "malformed-type"


def test_a_policy_that_is_none_is_refused() -> None:
    assert code_of(FOUNDED.judge(sign_policy(FOUNDED, FIRST, '{"types":{}}'))) is None
    assert code_of(FOUNDED.judge(sign_policy(FOUNDED, FIRST, '{"types":[]}'))) == (
        "malformed-document"
    )


def test_a_policy_ranges_inside_the_types_in_force() -> None:
    def policy(ceiling: str) -> str:
        span = f'{{"floor":"public","default":"partner","ceiling":"{ceiling}"}}'
        document = f'{{"types":{{"{SAMPLE_VCT}":{{"lot":{span}}}}}}}'
        return sign_policy(FOUNDED, FIRST, document)

    assert code_of(FOUNDED.judge(policy("restricted"))) is None
    assert code_of(FOUNDED.judge(policy("sealed"))) == "policy-too-wide"


@pytest.mark.parametrize(("more", "code"), [(0, None), (1, "malformed-document")])
def test_a_text_over_40_kib_comes_in_parts(more: int, code: str | None) -> None:
    # Bytes count and not characters: each letter takes three, so the schema lets it through.
    purposes: list[JsonValue] = [
        {"code": f"p{at}", "title": {"zh": "批" * 400}} for at in range(32)
    ]
    document = encode_json({"types": {}, "purposes": purposes}).decode()
    spaces = limits.GOVERNANCE_INLINE_BYTES_MAX + more - len(document.encode())
    text = sign_policy(FOUNDED, FIRST, document + " " * spaces)
    assert len(text.split("~")[0]) < limits.ENTRY_BYTES_MAX - limits.ENTRY_HEAD_BYTES_MAX
    assert code_of(FOUNDED.judge(text)) == code


@pytest.mark.parametrize(
    ("part", "of", "text", "code"),
    [
        (0, 1, "x", None),
        (63, 64, "x", None),
        (1, 1, "x", "invalid-claims"),
        (2, 1, "x", "invalid-claims"),
        (64, 64, "x", "invalid-claims"),
        (-1, 1, "x", "invalid-claims"),
        (0, 65, "x", "invalid-claims"),
        (0, 1, "", "invalid-claims"),
        (0, 1, "x" * 32_768, None),
        (0, 1, "x" * 32_769, "invalid-claims"),
        # Three bytes each: within the characters that the schema allows.
        (0, 1, "批" * 10_922, None),
        (0, 1, "批" * 10_923, "invalid-claims"),
    ],
    ids=lambda value: f"{value[:1]}{len(value)}" if isinstance(value, str) else "",
)
def test_a_part_has_its_number_and_its_bytes(
    part: int, of: int, text: str, code: str | None
) -> None:
    outcome = FOUNDED.judge(sign_part(FOUNDED, FIRST, text, part, of=of))
    assert code_of(outcome) == code
    if isinstance(outcome, Refusal):
        assert {fault.pointer for fault in outcome.faults} <= {
            "/body/part",
            "/body/of",
            "/body/text",
        }
        assert outcome.faults


def with_waiting(count: int, admitted_ms: int = NOW_MS) -> Consortium:
    """As many parts of founder 1 waiting, without the work of signing them."""
    digests = [f"{n:043}" for n in range(count)]
    waiting: dict[PartKey, DocumentPart] = {
        (digest, 0): DocumentPart("x", 1, admitted_ms) for digest in digests
    }
    return replace(FOUNDED, fold=replace(FOUNDED.fold, parts={FIRST.did: waiting}))


@pytest.mark.parametrize(
    ("count", "admitted_ms", "code"),
    [
        (limits.DOCUMENT_PARTS_PENDING_MAX - 1, NOW_MS, None),
        (limits.DOCUMENT_PARTS_PENDING_MAX, NOW_MS, "not-permitted"),
        (
            limits.DOCUMENT_PARTS_PENDING_MAX,
            NOW_MS - LAPSES_MS,
            "not-permitted",
        ),
        # What has lapsed waits for nothing, also where nobody has cleared it away yet.
        (
            limits.DOCUMENT_PARTS_PENDING_MAX,
            NOW_MS - LAPSES_MS - 1,
            None,
        ),
    ],
)
def test_a_party_has_a_bounded_number_of_parts_waiting(
    count: int, admitted_ms: int, code: str | None
) -> None:
    full = with_waiting(count, admitted_ms)
    assert code_of(full.judge(sign_part(FOUNDED, FIRST, "one more", 0))) == code
    assert code_of(full.judge(sign_part(FOUNDED, SECOND, "another's", 0))) is None
