"""What keeps a withheld group from being guessed: a salt for each, and decoys beside them."""

from __future__ import annotations

from typing import Any

import pytest

from keys.encoding import decode_base64url
from ledger.compose import Filing, pad_digests, sign_claims
from ledger.content import CheckedRecord, check_submission
from ledger.disclosure import encode_disclosure
from ledger.faults import Refusal
from ledger.strict_json import parse_json
from tests.ledger.parties import NOW_S, SAMPLE_GROUPS, RandomStream, payload_of
from tests.ledger.submissions import FOUNDED, KIND, PARTY, checker_of

RANDOM = 22


def parts_of(text: str) -> list[list[Any]]:
    """The [salt, group, value] of every disclosure of a record."""
    found = [parse_json(decode_base64url(one), bytes_max=10**6) for one in text[:-1].split("~")[1:]]
    return [item for item in found if isinstance(item, list)]


def with_salts(text: str, salts: list[str]) -> str:
    """The record with these salts, signed again."""
    disclosures = [
        encode_disclosure(salt, str(group), value)
        for salt, (_, group, value) in zip(salts, parts_of(text), strict=True)
    ]
    claims = payload_of(text)
    claims["_sd"] = pad_digests(disclosures, KIND.digests, RandomStream("decoys"))
    return "".join(f"{part}~" for part in (sign_claims(claims, PARTY.signing), *disclosures))


@pytest.mark.item("5.done.salts")
@pytest.mark.parametrize("pair", [(0, 1), (0, 3), (3, 4)])
def test_a_salt_that_two_groups_share_is_refused(pair: tuple[int, int]) -> None:
    text = FOUNDED.record(PARTY, SAMPLE_GROUPS)
    salts = [str(part[0]) for part in parts_of(text)]
    assert isinstance(check_submission(with_salts(text, salts), checker_of(KIND)), CheckedRecord)
    first, second = pair
    salts[second] = salts[first]
    refused = check_submission(with_salts(text, salts), checker_of(KIND))
    assert isinstance(refused, Refusal)
    assert refused.code == "salt-reused"


@pytest.mark.item("5.done.salts")
@pytest.mark.parametrize("salt", ["", "A" * 21, "tag of the record alone"])
def test_a_group_without_a_whole_salt_is_refused(salt: str) -> None:
    text = FOUNDED.record(PARTY, SAMPLE_GROUPS)
    salts = [str(part[0]) for part in parts_of(text)]
    salts[3] = salts[3][RANDOM:] if salt.startswith("tag") else salt
    refused = check_submission(with_salts(text, salts), checker_of(KIND))
    assert isinstance(refused, Refusal)
    assert refused.code == "disclosure-malformed"


@pytest.mark.item("5.done.salts")
def test_what_a_party_composes_has_a_salt_for_each_group_of_each_record() -> None:
    composer = FOUNDED.composer(PARTY.signing, label="salts")
    texts = [
        composer.compose_record(KIND, SAMPLE_GROUPS, filing=Filing(), iat=NOW_S) for _ in range(20)
    ]
    salts = [str(part[0])[:RANDOM] for text in texts for part in parts_of(text)]
    assert len(set(salts)) == len(salts)


@pytest.mark.item("5.done.decoys")
def test_a_record_has_as_many_digests_whatever_groups_it_has() -> None:
    fewer = {name: value for name, value in SAMPLE_GROUPS.items() if name != "note"}
    shapes = set()
    for groups in (SAMPLE_GROUPS, fewer):
        claims = payload_of(FOUNDED.record(PARTY, groups))
        assert claims["_sd"] == sorted(claims["_sd"])
        shapes.add((len(claims["_sd"]), frozenset(map(len, claims["_sd"])), frozenset(claims)))
    assert len(shapes) == 1


@pytest.mark.item("5.done.decoys")
def test_the_manifest_does_not_tell_which_groups_there_are() -> None:
    fewer = {name: value for name, value in SAMPLE_GROUPS.items() if name != "note"}
    manifests = []
    for groups in (SAMPLE_GROUPS, fewer):
        parts = parts_of(FOUNDED.record(PARTY, groups))
        manifests.append(next(value for _, group, value in parts if group == "manifest"))
    assert manifests[0] == manifests[1]
