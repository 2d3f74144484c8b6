"""Composing: what a party's own software signs is what the log checks (docs/spec/record.md)."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import decode_base64url, encode_base64url
from ledger import limits
from ledger.compose import Composer, Filing, pad_digests
from ledger.content import (
    CheckedRecord,
    Checker,
    TypeBook,
    check_submission,
    split_submission,
)
from ledger.disclosure import digest_of, open_disclosures
from ledger.domain import NoDomainRules
from ledger.errors import MalformedClaims, MalformedJson
from ledger.record import NO_POLICY, parse_jws
from ledger.record_type import RecordType, parse_record_type
from ledger.strict_json import encode_json, parse_json
from tests.ledger.parties import (
    NOW_S,
    ORIGIN,
    SAMPLE_GROUPS,
    RandomStream,
    a_consortium,
    payload_of,
    record_id_of,
)
from tests.ledger.sample_types import sample_type_text

pytestmark = pytest.mark.item("2.3")

FOUNDED = a_consortium()
PARTY = FOUNDED.parties["hanfeng-drive"]
OEM = FOUNDED.parties["borealis-motors"]
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs"]), max_size=8).map(
    lambda text: unicodedata.normalize("NFC", text)
)
INTEGERS = st.integers(-limits.JSON_INTEGER_MAX, limits.JSON_INTEGER_MAX)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


def free_type(names: tuple[str, ...] = ("alpha", "beta", "gamma")) -> RecordType:
    """A type whose groups may hold any JSON."""
    rule = {"cardinality": "0..1", "floor": "public", "default": "partner", "ceiling": "sealed"}
    schema = {
        "type": "object",
        "properties": dict.fromkeys(names, True),
        "required": [],
        "additionalProperties": False,
    }
    members = {"groups": dict.fromkeys(names, rule), "schema": schema, "search": [], "blobs": []}
    return parse_record_type(sample_type_text(vct="free-form/v1", **members))


FREE = free_type()
CHECKER = Checker(ORIGIN, TypeBook({FREE.vct: FREE}), NoDomainRules(), bytes(32))


def composer(label: str = "") -> Composer:
    return FOUNDED.composer(PARTY.signing, label=label)


def groups_of(text: str) -> dict[str, Any]:
    jws, kept = split_submission(text)
    claims = parse_jws(jws, origin=ORIGIN).claims
    return {item.group: item.value for item in open_disclosures(claims, kept.disclosures)}


@given(st.dictionaries(st.sampled_from(["alpha", "beta", "gamma"]), VALUES))
def test_whatever_is_composed_is_accepted_and_opens_to_the_same_values(
    groups: dict[str, Any],
) -> None:
    text = composer().compose_record(FREE, groups, filing=Filing(), iat=NOW_S)
    assert isinstance(check_submission(text, CHECKER), CheckedRecord)
    opened = groups_of(text)
    # repr() tells true from 1, which Python takes for equal.
    assert repr({name: opened[name] for name in groups}) == repr(groups)
    assert opened.keys() == groups.keys() | {"manifest", "address", "filing"}


@given(
    to=st.lists(st.sampled_from([OEM.did, FOUNDED.parties["meridian-cert"].did]), unique=True),
    number=st.none() | TEXTS.filter(bool),
    notes=st.none() | TEXTS.filter(bool),
    tier=st.sampled_from(["public", "consortium", "partner", "restricted"]),
)
def test_every_filing_is_written_into_the_closed_groups(
    to: list[str], number: str | None, notes: str | None, tier: str
) -> None:
    filing = Filing(to=to, number=number, notes=notes, tiers={"beta": tier}, subject=OEM.did)
    text = composer().compose_record(FREE, {"beta": 1}, filing=filing, iat=NOW_S)
    opened = groups_of(text)
    assert opened["manifest"] == {
        "owner": PARTY.did,
        "subject": OEM.did,
        "corrects": None,
        "groups": {"alpha": "partner", "beta": tier, "gamma": "partner"},
    }
    assert opened["address"] == {
        "to": to,
        "case": None,
        "family": None,
        "links": {"answers": [], "endorses": [], "cites": []},
    }
    assert opened["filing"] == {"present": ["beta"], "number": number, "notes": notes}
    assert isinstance(check_submission(text, CHECKER), CheckedRecord)


def test_the_owner_follows_the_type_unless_it_is_named() -> None:
    subject_owns = parse_record_type(sample_type_text(owner="subject"))
    cases = [
        (FOUNDED.kind, Filing(subject=OEM.did), PARTY.did),
        (subject_owns, Filing(subject=OEM.did), OEM.did),
        (subject_owns, Filing(subject=OEM.did, owner=PARTY.did), PARTY.did),
    ]
    for kind, filing, owner in cases:
        text = composer().compose_record(kind, SAMPLE_GROUPS, filing=filing, iat=NOW_S)
        assert groups_of(text)["manifest"]["owner"] == owner


def test_the_clear_claims_are_the_closed_set_and_nothing_of_the_content() -> None:
    text = FOUNDED.record(PARTY, {**SAMPLE_GROUPS, "note": "nobody must see this"})
    claims = payload_of(text)
    assert claims.keys() == {"iss", "iat", "jti", "aud", "vct", "policy", "_sd"}
    assert claims["policy"] == FOUNDED.fold.charter_id
    assert (claims["iss"], claims["iat"], claims["aud"]) == (PARTY.did, NOW_S, ORIGIN)
    assert b"nobody" not in encode_json(claims)


def test_real_digests_and_decoys_look_alike() -> None:
    few = payload_of(FOUNDED.record(PARTY, {"lot": SAMPLE_GROUPS["lot"]}))["_sd"]
    many = payload_of(FOUNDED.record(PARTY, SAMPLE_GROUPS))["_sd"]
    assert len(few) == len(many) == 8
    assert few == sorted(few)
    assert many == sorted(many)
    # Where the real ones stand changes from record to record.
    positions = set()
    for number in range(20):
        text = FOUNDED.record(PARTY, label=str(number))
        real = {digest_of(item) for item in split_submission(text)[1].disclosures}
        positions.add(tuple(item in real for item in payload_of(text)["_sd"]))
    assert len(positions) > 10


def test_a_decoy_is_the_digest_of_32_random_bytes() -> None:
    drawn = RandomStream("decoys")
    expected = hashlib.sha256(RandomStream("decoys")(32)).digest()
    assert pad_digests([], 1, drawn) == [encode_base64url(expected)]


def test_salts_and_jti_are_drawn_anew_for_every_group_and_record() -> None:
    first, second = FOUNDED.record(PARTY, label="1"), FOUNDED.record(PARTY, label="2")
    assert payload_of(first)["jti"] != payload_of(second)["jti"]
    assert not set(payload_of(first)["_sd"]) & set(payload_of(second)["_sd"])
    salts = [
        parse[0]
        for text in (first, second)
        for parse in [disclosure_array(item) for item in split_submission(text)[1].disclosures]
    ]
    assert len({salt[:22] for salt in salts}) == len(salts) == 10
    # The tag is the record's: one for all groups of a record, another for the next record.
    assert [len({salt[22:] for salt in salts[at : at + 5]}) for at in (0, 5)] == [1, 1]
    assert salts[0][22:] != salts[5][22:]


def disclosure_array(text: str) -> list[Any]:
    array = parse_json(decode_base64url(text), bytes_max=10**6)
    assert isinstance(array, list)
    return array


def test_the_same_random_bytes_give_the_same_record() -> None:
    assert FOUNDED.record(PARTY, label="x") == FOUNDED.record(PARTY, label="x")
    assert record_id_of(FOUNDED.record(PARTY, label="x")) != record_id_of(
        FOUNDED.record(PARTY, label="y")
    )


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, "\ud800", {"a": (1, 2)}])
def test_what_no_reader_would_take_is_not_signed(value: Any) -> None:
    assert composer().compose_record(FREE, {"alpha": 1}, filing=Filing(), iat=NOW_S)
    with pytest.raises(MalformedJson):
        composer().compose_record(FREE, {"alpha": value}, filing=Filing(), iat=NOW_S)


def test_more_groups_than_digests_are_not_signed() -> None:
    five = {f"g{n}": n for n in range(5)}
    kind = free_type(tuple(five))
    assert composer().compose_record(kind, five, filing=Filing(), iat=NOW_S)
    with pytest.raises(MalformedClaims, match="expected at most 8 groups, found 9"):
        composer().compose_record(kind, five | {"g5": 5}, filing=Filing(), iat=NOW_S)


def test_only_a_key_entry_has_digests_and_a_holder() -> None:
    maker = Composer(ORIGIN, NO_POLICY, PARTY.admin, RandomStream("governance"))
    plain = maker.compose_governance("policy/v1", {"name": "x"}, iat=NOW_S)
    assert payload_of(plain).keys() == {"iss", "iat", "jti", "aud", "vct", "policy", "body"}
    assert plain.count("~") == 1
    for holder, count in [(None, 1), ({"name": "Line 4", "role": "gauge"}, 2)]:
        key = maker.compose_governance("key/v1", {"uses": []}, iat=NOW_S, holder=holder)
        assert key.count("~") == count
        assert len(payload_of(key)["_sd"]) == FOUNDED.fold.types["key/v1"].digests
