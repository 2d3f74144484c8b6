"""Disclosures: their form, the tag, and the four ways to be refused (record.md, section 4)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import encode_base64url
from ledger import limits
from ledger.disclosure import (
    digest_of,
    encode_disclosure,
    is_group_name,
    open_admitted,
    open_disclosures,
    tag_of,
)
from ledger.errors import (
    DisclosureDuplicate,
    DisclosureMalformed,
    DisclosureNotOfThisRecord,
    DisclosureRefused,
    DisclosureUnused,
    MalformedJson,
)
from ledger.faults import Fault, Refusal
from ledger.record import Claims, parse_jws
from tests.ledger.parties import ORIGIN, SAMPLE_GROUPS, a_consortium, code_of, payload_of, resign

pytestmark = pytest.mark.item("2.3")

ISS = "did:web:log.example:parties:hanfeng-drive"
JTI = "j" * 22
RANDOM = "r" * 22
SALT = RANDOM + tag_of(ISS, JTI)
FOUNDED = a_consortium()
PARTY = FOUNDED.parties["hanfeng-drive"]
OTHER = FOUNDED.parties["meridian-cert"]
RECORD = FOUNDED.record(PARTY)


def a_disclosure(group: Any = "lot", value: Any = 1, *, salt: Any = SALT) -> str:
    return encode_array([salt, group, value])


def encode_array(array: Any) -> str:
    return encode_base64url(json.dumps(array, ensure_ascii=False).encode())


def committed(*disclosures: str) -> Claims:
    """Claims whose ``_sd`` holds these disclosures and a decoy."""
    decoy = encode_base64url(hashlib.sha256(b"decoy").digest())
    digests = {digest_of(item) for item in disclosures if item.isascii()} | {decoy}
    return Claims(ISS, 0, JTI, "sample-report/v1", "A" * 43, tuple(sorted(digests)), None)


def opened(*disclosures: str) -> list[tuple[str, Any]]:
    return [
        (item.group, item.value) for item in open_disclosures(committed(*disclosures), disclosures)
    ]


# ---- form ----


def test_a_disclosure_opens_to_its_group_and_value() -> None:
    text = encode_disclosure(SALT, "lot", {"number": "批号"})
    (disclosure,) = open_disclosures(committed(text), [text])
    assert disclosure.group == "lot"
    assert disclosure.value == {"number": "批号"}
    assert json.loads(disclosure.text)[2] == disclosure.value


def test_the_digest_is_taken_of_the_text_as_it_travels() -> None:
    text = a_disclosure()
    assert digest_of(text) == encode_base64url(hashlib.sha256(text.encode()).digest())
    spaced = encode_base64url(json.dumps([SALT, "lot", 1], indent=1).encode())
    assert opened(spaced) == [("lot", 1)]
    with pytest.raises(DisclosureUnused):
        open_disclosures(committed(text), [spaced])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        a_disclosure() + "=",
        a_disclosure() + "\n",
        a_disclosure()[:-1] + "*",
        "é",
        encode_base64url(b"\xff"),
        encode_base64url(b"["),
        encode_base64url(b'["a","a"]x'),
        encode_array({}),
        encode_array(None),
        encode_array("x"),
        encode_array([]),
        encode_array([SALT, "lot"]),
        encode_array([SALT, "lot", 1, 1]),
        encode_array([SALT, "lot", 1.5]),
    ],
)
def test_a_text_of_another_form_is_no_disclosure(text: str) -> None:
    assert opened(a_disclosure())
    with pytest.raises(DisclosureMalformed):
        opened(text)


@pytest.mark.parametrize(
    "salt",
    [
        None,
        1,
        "",
        RANDOM,
        RANDOM[:-1] + tag_of(ISS, JTI),
        RANDOM + "r" + tag_of(ISS, JTI),
        RANDOM[:-1] + "+" + tag_of(ISS, JTI),
        RANDOM[:-1] + "\n" + tag_of(ISS, JTI),
        RANDOM[:-1] + "é" + tag_of(ISS, JTI),
    ],
)
def test_a_salt_has_38_characters_of_base64url(salt: object) -> None:
    assert opened(a_disclosure(salt="-_" * 11 + tag_of(ISS, JTI)))
    with pytest.raises(DisclosureMalformed, match="expected a salt of 38 characters, found"):
        opened(a_disclosure(salt=salt))


@pytest.mark.item("2.bad.reserved-names")
@pytest.mark.parametrize("group", ["_sd", "...", "_sd_alg", "iss", "iat", "jti", "aud", "vct"])
def test_reserved_names_name_no_group(group: str) -> None:
    assert opened(a_disclosure("sd")) == [("sd", 1)]
    with pytest.raises(DisclosureMalformed, match="expected the name of a group"):
        opened(a_disclosure(group))


@pytest.mark.parametrize(
    "group",
    [
        "policy",
        "body",
        "",
        "Lot",
        "1lot",
        "_lot",
        "lot-1",
        "lot ",
        "lot\n",
        "löt",
        "l" * 41,
        None,
        [],
    ],
)
def test_the_name_of_a_group_has_one_form(group: object) -> None:
    assert opened(a_disclosure("l" + "o_1t_" * 7 + "lot4")) == [("l" + "o_1t_" * 7 + "lot4", 1)]
    assert not is_group_name(group)
    with pytest.raises(DisclosureMalformed, match="expected the name of a group"):
        opened(a_disclosure(group))


@pytest.mark.parametrize(
    "value", [None, True, 0, "", [], {}, {"_sd": ["x"], "_sd_alg": "md5"}, [{"...": "digest"}]]
)
def test_any_json_may_be_disclosed_and_nothing_inside_it_is_processed(value: object) -> None:
    assert opened(a_disclosure(value=value)) == [("lot", value)]


def test_a_value_nests_up_to_the_bound_of_the_document() -> None:
    value: Any = 1
    for _ in range(limits.JSON_DEPTH_MAX - 1):
        value = [value]
    assert opened(a_disclosure(value=value)) == [("lot", value)]
    with pytest.raises(DisclosureMalformed, match="nesting"):
        opened(a_disclosure(value=[value]))


def test_a_disclosure_has_at_most_its_bytes() -> None:
    overhead = len(a_disclosure(value=""))
    letters = (limits.DISCLOSURE_BYTES_MAX - overhead) // 4 * 3
    largest = a_disclosure(value="x" * letters)
    assert limits.DISCLOSURE_BYTES_MAX - 4 < len(largest) <= limits.DISCLOSURE_BYTES_MAX
    assert opened(largest)
    with pytest.raises(DisclosureMalformed, match="expected at most 1048576 characters, found"):
        opened(a_disclosure(value="x" * (letters + 3)))


def test_a_record_has_at_most_64_disclosures() -> None:
    texts = [a_disclosure(f"g{n}") for n in range(limits.DISCLOSURES_MAX + 1)]
    assert len(opened(*texts[:-1])) == 64
    with pytest.raises(DisclosureMalformed, match="expected at most 64 disclosures, found 65"):
        opened(*texts)


def test_a_value_that_no_reader_would_take_is_not_encoded() -> None:
    assert encode_disclosure("s", "lot", 1)
    with pytest.raises(MalformedJson):
        encode_disclosure("s", "lot", 1.5)


# ---- the four refusals, and their order ----


def test_the_tag_is_made_of_party_and_jti() -> None:
    expected = encode_base64url(hashlib.sha256(f"{ISS}\n{JTI}".encode()).digest())[:16]
    assert tag_of(ISS, JTI) == expected


@pytest.mark.parametrize(("iss", "jti"), [(ISS + "x", JTI), (ISS, "k" * 22)])
def test_the_tag_of_another_record_is_refused(iss: str, jti: str) -> None:
    assert opened(a_disclosure(salt=SALT))
    with pytest.raises(DisclosureNotOfThisRecord, match=f"expected the tag {tag_of(ISS, JTI)}"):
        opened(a_disclosure(salt=RANDOM + tag_of(iss, jti)))


@pytest.mark.item("2.bad.duplicated-disclosure")
def test_the_same_disclosure_twice_is_refused() -> None:
    first, second = a_disclosure("lot"), a_disclosure("note")
    assert opened(first, second) == [("lot", 1), ("note", 1)]
    with pytest.raises(DisclosureDuplicate):
        opened(first, first)


@pytest.mark.item("2.bad.duplicated-disclosure")
def test_two_disclosures_of_one_group_are_refused() -> None:
    first = a_disclosure("lot", 1)
    assert opened(first, a_disclosure("note", 2))
    with pytest.raises(DisclosureDuplicate, match="disclosure 1: lot stands twice"):
        opened(first, a_disclosure("lot", 2))


@pytest.mark.item("2.bad.unused-disclosure")
def test_a_disclosure_that_was_not_signed_is_refused() -> None:
    first, second = a_disclosure("lot"), a_disclosure("note")
    assert opened(first, second)
    with pytest.raises(DisclosureUnused, match=f"disclosure 1: {digest_of(second)} is not in _sd"):
        open_disclosures(committed(first), [first, second])


@pytest.mark.item("2.bad.unused-disclosure")
def test_a_record_without_sd_has_no_disclosures() -> None:
    claims = committed()._replace(digests=())
    assert open_disclosures(claims, []) == ()
    with pytest.raises(DisclosureUnused):
        open_disclosures(claims, [a_disclosure()])


UNUSED = a_disclosure("unused")
FIRST_FAULTS = [
    ("disclosure-malformed", ["", a_disclosure(salt=RANDOM + "t" * 16)]),
    ("disclosure-not-of-this-record", [a_disclosure(salt=RANDOM + "t" * 16), ""]),
    # What is wrong with the tag is said of a disclosure that is also not in _sd.
    ("disclosure-not-of-this-record", [a_disclosure("unused", salt=RANDOM + "t" * 16)]),
    # ... and that it stands twice, before it is looked for.
    ("disclosure-duplicate", [a_disclosure(), a_disclosure("lot", "not in _sd")]),
    ("disclosure-unused", [UNUSED, ""]),
]


@pytest.mark.parametrize(("code", "disclosures"), FIRST_FAULTS)
def test_the_first_fault_in_their_order_gives_the_code(code: str, disclosures: list[str]) -> None:
    with pytest.raises(DisclosureRefused) as refusal:
        open_disclosures(committed(a_disclosure()), disclosures)
    assert refusal.value.code == code


# ---- in a submission ----


def disclosures_of(text: str) -> list[str]:
    return text[:-1].split("~")[1:]


def with_disclosures(*disclosures: str) -> str:
    return "".join(f"{part}~" for part in (RECORD.split("~")[0], *disclosures))


def check(text: str) -> str | None:
    return code_of(FOUNDED.check(text))


def test_the_order_of_disclosures_means_nothing() -> None:
    assert check(with_disclosures(*disclosures_of(RECORD)[::-1])) is None


@pytest.mark.item("2.bad.unused-disclosure")
def test_a_submission_with_an_unused_disclosure_is_refused() -> None:
    claims = payload_of(RECORD)
    tag = tag_of(claims["iss"], claims["jti"])
    extra = a_disclosure("values", ["1"], salt=RANDOM + tag)
    assert check(with_disclosures(*disclosures_of(RECORD))) is None
    assert check(with_disclosures(*disclosures_of(RECORD), extra)) == "disclosure-unused"


@pytest.mark.item("2.bad.duplicated-disclosure")
def test_a_submission_with_a_disclosure_twice_is_refused() -> None:
    own = disclosures_of(RECORD)
    assert check(with_disclosures(*own, own[0])) == "disclosure-duplicate"


@pytest.mark.item("2.bad.missing-disclosure")
@pytest.mark.parametrize("position", range(5))
def test_a_submission_without_one_of_its_disclosures_is_refused(position: int) -> None:
    own = disclosures_of(RECORD)
    assert check(with_disclosures(*own)) is None
    assert check(with_disclosures(*own[:position], *own[position + 1 :])) == "disclosure-missing"


@pytest.mark.parametrize("party", [PARTY, OTHER], ids=["own record", "another party's"])
def test_nobody_adopts_the_commitment_of_another_record(party: Any) -> None:
    # The thief copies a digest into the own ``_sd`` and waits until the group is disclosed.
    victim = FOUNDED.record(party, label="victim")
    stolen = disclosures_of(victim)[3]
    own = disclosures_of(RECORD)
    signed = payload_of(RECORD)["_sd"]
    decoy = next(item for item in signed if item not in {digest_of(text) for text in own})
    digests = sorted({digest_of(stolen), *signed} - {decoy})
    thief = resign(RECORD, PARTY.signing, claims={"_sd": digests})
    assert check(thief) is None
    jws = thief.split("~")[0]
    adopted = "".join(f"{part}~" for part in (jws, *own[:3], stolen, *own[4:]))
    assert digest_of(stolen) in payload_of(adopted)["_sd"]
    assert check(adopted) == "disclosure-not-of-this-record"


def test_a_governance_record_takes_no_disclosures() -> None:
    charter = FOUNDED.charter
    empty = FOUNDED.endorsements[0]
    assert charter.count("~") == empty.count("~") == 1
    assert check(empty) is None
    assert check(empty + a_disclosure(salt=RANDOM + "t" * 16) + "~") == (
        "disclosure-not-of-this-record"
    )


@given(st.lists(st.sampled_from(["lot", "note", "values"]), unique=True))
def test_every_record_of_a_type_commits_to_the_same_number_of_digests(names: list[str]) -> None:
    values = {**SAMPLE_GROUPS, "values": ["1"]}
    text = FOUNDED.record(PARTY, {name: values[name] for name in names})
    digests = payload_of(text)["_sd"]
    assert len(digests) == FOUNDED.kind.digests
    assert digests == sorted(set(digests))
    assert {digest_of(item) for item in disclosures_of(text)} <= set(digests)


@pytest.mark.parametrize(
    ("count", "code"), [(7, "invalid-claims"), (8, None), (9, "invalid-claims")]
)
def test_a_record_with_another_number_of_digests_is_refused(count: int, code: str | None) -> None:
    real = {digest_of(text) for text in disclosures_of(RECORD)}
    decoys = [encode_base64url(hashlib.sha256(bytes([n])).digest()) for n in range(count - 5)]
    text = resign(RECORD, PARTY.signing, claims={"_sd": sorted([*real, *decoys])})
    outcome = FOUNDED.check(text)
    assert code_of(outcome) == code
    if isinstance(outcome, Refusal):
        assert outcome.faults == (Fault("/_sd", "8 digests", str(count)),)


def test_what_was_admitted_opens_to_the_same_without_its_form_being_judged_again() -> None:
    _, *disclosures, _ = RECORD.split("~")
    claims = parse_jws(RECORD.partition("~")[0], origin=ORIGIN).claims
    assert open_admitted(claims, disclosures) == open_disclosures(claims, disclosures)


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param([a_disclosure(), a_disclosure()], id="twice"),
        pytest.param([a_disclosure(salt=RANDOM + "x" * 16)], id="foreign-tag"),
        pytest.param([encode_array([SALT, "lot"])], id="two-members"),
        pytest.param([encode_array({"lot": 1})], id="an-object"),
        pytest.param(["*"], id="no-base64url"),
    ],
)
def test_what_was_admitted_and_is_damaged_is_refused_with_the_same_code(texts: list[str]) -> None:
    claims = committed(*texts)
    with pytest.raises(DisclosureRefused) as expected:
        open_disclosures(claims, texts)
    with pytest.raises(type(expected.value)):
        open_admitted(claims, texts)


def test_what_was_admitted_and_is_another_records_is_refused() -> None:
    with pytest.raises(DisclosureUnused):
        open_admitted(committed(), [a_disclosure()])
