"""Concealing and disclosing undo one another, whatever is hidden inside what."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import decode_base64url
from ledger.errors import LedgerError, MalformedJson
from ledger.sdjwt import disclose, join_sd_jwt, parse_sd_jwt
from ledger.sdjwt_conceal import Decoy, Draw, Hidden, Padded, Plan, conceal
from ledger.sdjwt_disclosure import Disclosure
from ledger.strict_json import JsonObject, JsonValue, encode_json
from tests.ledger.peer_sdjwt import verify_by_peer
from tests.ledger.sdjwt_tokens import ISSUER, Token, code_of

pytestmark = pytest.mark.item("2.3")

NAMES = st.sampled_from(["a", "b", "c", "d", "", "é", "_SD", "....", "a~b"])


def draw_from(seed: int) -> Draw:
    return random.Random(seed).randbytes


def visible(plan: Plan) -> JsonValue:
    """The model: what a plan says once every mark is taken off and every decoy out."""
    match plan:
        case Hidden(value):
            return visible(value)
        case Padded(members, _) | (Mapping() as members):
            return {name: visible(value) for name, value in members.items()}
        case list():
            return [visible(element) for element in plan if not isinstance(element, Decoy)]
    assert plan is None or isinstance(plan, bool | int | float | str)
    return plan


def in_clear(plan: Plan) -> JsonValue:
    """The model: what a plan says while nothing hidden is disclosed."""
    match plan:
        case Padded(members, _) | (Mapping() as members):
            shown = ((n, v) for n, v in members.items() if not isinstance(v, Hidden))
            return {name: in_clear(value) for name, value in shown}
        case list():
            return [in_clear(each) for each in plan if not isinstance(each, Hidden | Decoy)]
    return visible(plan)


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.just(2.5) | st.sampled_from(["", "é"])


def _grow(inner: st.SearchStrategy[Plan]) -> st.SearchStrategy[Plan]:
    marked = inner | inner.map(Hidden)
    members = st.dictionaries(NAMES, marked, max_size=4)
    padded = members.map(lambda found: Padded(found, digests=6))
    return st.lists(marked | st.builds(Decoy), max_size=4) | members | padded


PLANS: st.SearchStrategy[Plan] = st.recursive(SCALARS, _grow, max_leaves=15)
CLAIMS = st.dictionaries(NAMES, PLANS | PLANS.map(Hidden), max_size=4)


@given(CLAIMS, st.integers())
def test_disclosing_everything_gives_the_plan_back(plan: dict[str, Plan], seed: int) -> None:
    concealed = conceal(plan, draw=draw_from(seed))
    assert disclose(concealed.payload, concealed.disclosures) == visible(plan)


@given(CLAIMS, st.integers())
def test_disclosing_nothing_leaves_what_was_not_marked(plan: dict[str, Plan], seed: int) -> None:
    assert disclose(conceal(plan, draw=draw_from(seed)).payload, []) == in_clear(plan)


def parents(disclosures: tuple[Disclosure, ...]) -> dict[str, Disclosure]:
    """Which disclosure holds the digest of which other one."""
    return {
        child.digest: parent
        for parent, child in itertools.permutations(disclosures, 2)
        if child.digest in encode_json(parent.value, numbers="any").decode()
    }


@given(CLAIMS, st.integers(), st.randoms(use_true_random=False))
def test_any_choice_is_read_as_another_implementation_reads_it(
    plan: dict[str, Plan], seed: int, chance: random.Random
) -> None:
    concealed = conceal({**plan, "iss": "i"}, draw=draw_from(seed))
    held_by = parents(concealed.disclosures)
    chosen: list[Disclosure] = []
    # Outer ones come last: whoever leaves one out leaves out what it holds.
    for disclosure in reversed(concealed.disclosures):
        holder = held_by.get(disclosure.digest)
        if (holder is None or holder in chosen) and chance.random() < 0.7:
            chosen.append(disclosure)
    text = Token(claims=concealed.payload, disclosures=tuple(chosen)).text()
    assert disclose(concealed.payload, chosen) == verify_by_peer(text, ISSUER.jwk)


@given(CLAIMS, st.integers())
def test_a_disclosure_without_its_holder_is_refused(plan: dict[str, Plan], seed: int) -> None:
    concealed = conceal({**plan, "x": Hidden({"y": Hidden(1)})}, draw=draw_from(seed))
    inner = next(d for d in concealed.disclosures if d.name == "y")
    with pytest.raises(LedgerError) as refusal:
        disclose(concealed.payload, [inner])
    assert code_of(refusal) == "disclosure-unused"


@given(CLAIMS, st.integers())
def test_what_is_written_is_read_back(plan: dict[str, Plan], seed: int) -> None:
    concealed = conceal(plan, draw=draw_from(seed))
    text = Token(claims=concealed.payload, disclosures=concealed.disclosures).text()
    parsed = parse_sd_jwt(text)
    assert parsed.disclosures == concealed.disclosures
    assert join_sd_jwt(parsed.issued.text, (d.text for d in parsed.disclosures)) == text


def digests_of(payload: JsonObject) -> list[str]:
    digests = payload["_sd"]
    assert isinstance(digests, list)
    return [str(digest) for digest in digests]


@pytest.mark.parametrize("hidden", range(4))
def test_a_padded_object_has_its_digests_whatever_is_hidden(hidden: int) -> None:
    members = {str(n): Hidden(n) for n in range(hidden)}
    payload = conceal(Padded(members, digests=3), draw=draw_from(1)).payload
    digests = digests_of(payload)
    assert len(set(digests)) == 3
    assert digests == sorted(digests)
    assert all(len(decode_base64url(digest)) == 32 for digest in digests)


def test_more_hidden_members_than_digests_are_refused() -> None:
    members = {str(n): Hidden(n) for n in range(4)}
    with pytest.raises(LedgerError, match="expected no more hidden members than digests, found 1"):
        conceal(Padded(members, digests=3), draw=draw_from(1))


def test_the_order_of_digests_tells_nothing_about_the_order_of_members() -> None:
    members = {str(n): Hidden(n) for n in range(20)}
    concealed = conceal(members, draw=draw_from(1))
    digests = digests_of(concealed.payload)
    assert digests == sorted(digests)
    assert digests != [disclosure.digest for disclosure in concealed.disclosures]


def test_each_disclosure_has_a_salt_of_its_own_of_16_bytes() -> None:
    concealed = conceal({str(n): Hidden([Hidden(n)]) for n in range(20)}, draw=draw_from(1))
    salts = {disclosure.salt for disclosure in concealed.disclosures}
    assert len(salts) == 40
    assert all(len(decode_base64url(salt)) == 16 for salt in salts)


@pytest.mark.parametrize(
    ("name", "code"),
    [("_sd", "reserved-name"), ("...", "reserved-name"), ("_sd_alg", "misplaced-sd-alg")],
)
@pytest.mark.parametrize("mark", [Hidden, lambda value: value], ids=["hidden", "in clear"])
def test_reserved_names_cannot_be_issued(name: str, code: str, mark: type[Hidden]) -> None:
    conceal({name + "x": mark(1)}, draw=draw_from(1))
    for plan in ({name: mark(1)}, {"a": [{name: mark(1)}]}, {"a": Hidden({name: mark(1)})}):
        with pytest.raises(LedgerError) as refusal:
            conceal(plan, draw=draw_from(1))
        assert code_of(refusal) == code


def test_a_mark_where_it_means_nothing_is_refused() -> None:
    with pytest.raises(LedgerError, match="expected a mark on a member or an element, found"):
        conceal({"a": Hidden(Hidden(1))}, draw=draw_from(1))
    with pytest.raises(LedgerError, match="expected a mark on a member or an element, found"):
        conceal({"a": Decoy()}, draw=draw_from(1))


def test_a_value_that_json_does_not_have_cannot_be_hidden() -> None:
    with pytest.raises(MalformedJson, match="expected JSON values with any, found"):
        conceal({"a": Hidden(float("nan"))}, draw=draw_from(1))
