"""The general SD-JWT processor: what it discloses, and each thing that it must refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keys.errors import KeysError
from ledger.errors import LedgerError
from ledger.sdjwt import disclose, parse_sd_jwt, verify_sd_jwt
from ledger.sdjwt_errors import KeyBindingUnexpected, TooDeep
from ledger.strict_json import JsonObject, JsonValue
from ledger.validity import Validity
from tests.ledger.peer_sdjwt import PeerRefusals, verify_by_peer
from tests.ledger.sdjwt_cases import ACCEPTED, PEER_REFUSES, REFUSED, nested, plain, with_member
from tests.ledger.sdjwt_tokens import (
    BOUND,
    CLAIMS,
    DECOY,
    ISSUER,
    NOW,
    UNBOUND,
    Bound,
    Token,
    code_of,
    element,
    hidden,
    verify,
)

pytestmark = pytest.mark.item("2.3")

SHOWN_LIST: JsonValue = ["shown", "first", {"kind": "lot", "grade": 4}]
CLEAR: JsonObject = {name: CLAIMS[name] for name in ("iss", "iat", "nbf", "exp", "cnf", "weight")}


def test_disclosed_parts_take_the_place_of_their_digests() -> None:
    verified = verify(Token().text())
    assert verified.claims == {
        **CLEAR,
        "address": {"country": "CZ", "city": "Brno"},
        "list": SHOWN_LIST,
    }
    assert verified.issued.payload == CLAIMS
    assert len(verified.disclosures) == 5


def test_nothing_disclosed_leaves_what_is_in_clear() -> None:
    verified = verify(Token().with_disclosures().text())
    assert verified.claims == {**CLEAR, "list": ["shown"]}


def test_an_object_of_hidden_members_only_becomes_empty() -> None:
    assert disclose({"a": {"_sd": [DECOY]}, "b": [{"_sd": []}]}, []) == {"a": {}, "b": [{}]}


def test_a_payload_without_digests_is_itself() -> None:
    payload: JsonObject = {"a": [1, {"b": None}], "c": "_sd"}
    assert disclose(payload, []) == payload


def test_disclosing_does_not_change_its_argument() -> None:
    payload = parse_sd_jwt(Token().text()).issued.payload
    disclose(payload, parse_sd_jwt(Token().text()).disclosures)
    assert payload == CLAIMS


def test_the_order_of_disclosures_means_nothing() -> None:
    token = Token()
    backwards = token.with_disclosures(*reversed(token.disclosures))
    assert verify(backwards.text()).claims == verify(token.text()).claims


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_right_token_verifies(case: str) -> None:
    assert verify(ACCEPTED[case].text()).claims["iss"] == CLAIMS["iss"]


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_token_is_refused_with_its_code(case: str) -> None:
    token, code = REFUSED[case]
    with pytest.raises((LedgerError, KeysError), match=r"expected .*, found ") as refusal:
        verify(token.text())
    assert code_of(refusal) == code


@pytest.mark.parametrize(("inner_depth", "accepted"), [(15, True), (16, False)])
def test_disclosures_that_add_up_too_deep_are_refused(inner_depth: int, accepted: bool) -> None:
    inner = hidden(nested(inner_depth))
    outer = hidden(nested(15, element(inner)))
    text = plain(array=[element(outer)]).with_disclosures(inner, outer).text()
    if accepted:
        assert verify(text).claims["array"] == [nested(15 + inner_depth)]
    else:
        with pytest.raises(TooDeep, match="expected nesting of at most 32, found more"):
            verify(text)


def test_validity_is_judged_only_when_asked_for() -> None:
    text = Token().with_claims(exp=1, nbf=2).text()
    assert verify(text, replace(UNBOUND, validity=None)).claims["exp"] == 1


@pytest.mark.parametrize(("leeway", "accepted"), [(29, False), (30, True)])
@pytest.mark.parametrize("claim", [{"exp": NOW - 29}, {"nbf": NOW + 30}])
def test_clocks_may_differ_by_the_leeway(
    leeway: int, accepted: bool, claim: dict[str, int]
) -> None:
    expected = replace(UNBOUND, validity=Validity(at=NOW, leeway_seconds=leeway))
    text = Token().with_claims(**claim).text()
    if accepted:
        verify(text, expected)
    else:
        with pytest.raises(LedgerError, match="expected an instant"):
            verify(text, expected)


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "hs512"])
def test_algorithms_without_a_public_key_are_refused_on_any_list(alg: str) -> None:
    expected = replace(UNBOUND, algorithms=frozenset({alg, "ES256"}))
    verify(Token().text(), expected)
    with pytest.raises(LedgerError) as refusal:
        verify(Token().with_header(alg=alg).text(), expected)
    assert code_of(refusal) == "algorithm-not-allowed"


def test_what_must_be_in_clear_is_the_verifiers_to_say() -> None:
    expected = replace(UNBOUND, clear=frozenset({"a"}))
    verify(with_member(hidden(1, name="b")).text(), expected)
    with pytest.raises(LedgerError) as refusal:
        verify(with_member(hidden(1, name="a")).text(), expected)
    assert code_of(refusal) == "claim-not-in-clear"


def test_a_check_of_signatures_that_answers_is_a_wiring_fault() -> None:
    def answers_false(*_: object) -> bool:
        return False

    with pytest.raises(AssertionError, match="expected verify to raise or return None"):
        verify_sd_jwt(Token().text(), UNBOUND, verify=answers_false)  # type: ignore[arg-type]


def test_key_binding_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(KeyBindingUnexpected, match="expected no key binding JWT, found one"):
        verify(Bound().text(), UNBOUND)
    assert verify(Bound().text(), BOUND).claims == verify(Token().text()).claims


def test_the_other_implementation_agrees_on_what_both_accept() -> None:
    for case, token in ACCEPTED.items():
        text = token.text()
        assert verify(text).claims == verify_by_peer(text, ISSUER.jwk), case


@pytest.mark.parametrize("case", PEER_REFUSES)
def test_the_other_implementation_refuses_too_where_it_looks(case: str) -> None:
    with pytest.raises(PeerRefusals):
        verify_by_peer(REFUSED[case][0].text(), ISSUER.jwk)
