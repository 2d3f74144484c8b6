"""Key binding: the holder's signature over one presentation, and each way in which it fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from keys.errors import KeysError
from ledger.errors import LedgerError
from tests.ledger.peer_sdjwt import PeerRefusals, verify_by_peer
from tests.ledger.sdjwt_tokens import (
    AUDIENCE,
    BINDING,
    BOUND,
    FIRST,
    HOLDER,
    ISSUER,
    NONCE,
    NOW,
    STRANGER,
    Bound,
    Token,
    code_of,
    hidden,
    verify,
)

pytestmark = pytest.mark.item("2.3")


def test_a_bound_presentation_verifies_here_and_elsewhere() -> None:
    text = Bound().text()
    assert verify(text, BOUND).claims == verify(Token().text()).claims
    elsewhere = verify_by_peer(text, ISSUER.jwk, audience=AUDIENCE, nonce=NONCE)
    assert elsewhere == verify(text, BOUND).claims


@pytest.mark.parametrize("disclosures", [(), (FIRST,), Token().disclosures])
def test_the_holder_chooses_what_to_disclose_and_signs_that(disclosures: tuple[()]) -> None:
    token = Token().with_disclosures(*disclosures)
    bound = verify(Bound(token=token).text(), BOUND)
    assert bound.claims == verify(token.text()).claims


@pytest.mark.parametrize("at", [NOW - 60, NOW, NOW + 5, NOW + 0.5])
def test_the_window_of_iat_is_closed_at_both_ends(at: float) -> None:
    assert verify(Bound(changes={"iat": at}).text(), BOUND)


REFUSED: Final[dict[str, tuple[Bound, str]]] = {
    "typ of another token": (Bound(header={"alg": "ES256", "typ": "JWT"}), "key-binding-typ"),
    "typ missing": (Bound(header={"alg": "ES256"}), "key-binding-typ"),
    "alg none": (Bound(header={"alg": "none", "typ": "kb+jwt"}), "algorithm-not-allowed"),
    "alg HS256": (Bound(header={"alg": "HS256", "typ": "kb+jwt"}), "algorithm-not-allowed"),
    "alg missing": (Bound(header={"typ": "kb+jwt"}), "algorithm-not-allowed"),
    "crit": (
        Bound(header={"alg": "ES256", "typ": "kb+jwt", "crit": ["x"], "x": 1}),
        "critical-header",
    ),
    "another holder": (Bound(holder=STRANGER), "bad-signature"),
    "the issuer as holder": (Bound(holder=ISSUER), "bad-signature"),
    "no cnf": (Bound(token=Token().with_claims(cnf=...)), "holder-key-missing"),
    "cnf without jwk": (Bound(token=Token().with_claims(cnf={"kid": "1"})), "holder-key-missing"),
    "jwk no object": (Bound(token=Token().with_claims(cnf={"jwk": "x"})), "holder-key-missing"),
    "cnf no object": (Bound(token=Token().with_claims(cnf=[1])), "holder-key-missing"),
    "iat missing": (Bound(changes={"iat": ...}), "malformed-key-binding"),
    "iat a string": (Bound(changes={"iat": str(NOW)}), "malformed-key-binding"),
    "iat true": (Bound(changes={"iat": True}), "malformed-key-binding"),
    "aud missing": (Bound(changes={"aud": ...}), "malformed-key-binding"),
    "aud an array": (Bound(changes={"aud": [AUDIENCE]}), "malformed-key-binding"),
    "nonce missing": (Bound(changes={"nonce": ...}), "malformed-key-binding"),
    "nonce a number": (Bound(changes={"nonce": 1}), "malformed-key-binding"),
    "sd_hash missing": (Bound(changes={"sd_hash": ...}), "malformed-key-binding"),
    "sd_hash null": (Bound(changes={"sd_hash": None}), "malformed-key-binding"),
    "too long": (Bound(changes={"x": "x" * 8192}), "malformed-jws"),
    "another verifier": (Bound(changes={"aud": AUDIENCE + "/"}), "key-binding-audience"),
    "another request": (Bound(changes={"nonce": NONCE.lower()}), "key-binding-nonce"),
    "too old": (Bound(changes={"iat": NOW - 61}), "key-binding-time"),
    "in the future": (Bound(changes={"iat": NOW + 6}), "key-binding-time"),
    "another hash": (Bound(changes={"sd_hash": "A" * 43}), "key-binding-hash"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_key_binding_is_refused_with_its_code(case: str) -> None:
    bound, code = REFUSED[case]
    with pytest.raises((LedgerError, KeysError), match=r"expected .*, found ") as refusal:
        verify(bound.text(), BOUND)
    assert code_of(refusal) == code


@pytest.mark.parametrize(
    "case", ["typ of another token", "another holder", "no cnf", "another verifier", "another hash"]
)
def test_the_other_implementation_refuses_too_where_it_looks(case: str) -> None:
    with pytest.raises(PeerRefusals):
        verify_by_peer(REFUSED[case][0].text(), ISSUER.jwk, audience=AUDIENCE, nonce=NONCE)


def test_required_key_binding_cannot_be_left_out() -> None:
    text = Bound().text()
    verify(text, BOUND)
    with pytest.raises(LedgerError, match="expected a key binding JWT, found none") as refusal:
        verify(text[: text.rindex("~") + 1], BOUND)
    assert code_of(refusal) == "key-binding-missing"


def test_a_disclosure_taken_away_after_signing_is_noticed() -> None:
    jws, first, *rest = Bound(token=Token().with_disclosures(FIRST)).text().split("~")
    verify("~".join([jws, first, *rest]), BOUND)
    with pytest.raises(LedgerError) as refusal:
        verify("~".join([jws, *rest]), BOUND)
    assert code_of(refusal) == "key-binding-hash"


def test_disclosures_reordered_after_signing_are_noticed() -> None:
    jws, *disclosures, binding = Bound().text().split("~")
    verify("~".join([jws, *disclosures, binding]), BOUND)
    with pytest.raises(LedgerError) as refusal:
        verify("~".join([jws, *reversed(disclosures), binding]), BOUND)
    assert code_of(refusal) == "key-binding-hash"


def test_key_binding_of_one_token_does_not_serve_another() -> None:
    other = Token().with_claims(weight=13)
    binding = Bound().text().rpartition("~")[2]
    verify(Bound(token=other).text(), BOUND)
    with pytest.raises(LedgerError) as refusal:
        verify(other.text() + binding, BOUND)
    assert code_of(refusal) == "key-binding-hash"


def test_the_holders_key_cannot_come_in_a_disclosure() -> None:
    cnf = hidden({"jwk": HOLDER.jwk}, name="cnf")
    token = Token().with_claims(cnf=..., _sd=[cnf.digest], list=[]).with_disclosures(cnf)
    with pytest.raises(LedgerError) as refusal:
        verify(Bound(token=token).text(), BOUND)
    assert code_of(refusal) == "claim-not-in-clear"


def test_even_where_cnf_may_be_hidden_the_holders_key_is_read_in_clear() -> None:
    cnf = hidden({"jwk": HOLDER.jwk}, name="cnf")
    token = Token().with_claims(cnf=..., _sd=[cnf.digest], list=[]).with_disclosures(cnf)
    with pytest.raises(LedgerError) as refusal:
        verify(Bound(token=token).text(), replace(BOUND, clear=frozenset()))
    assert code_of(refusal) == "holder-key-missing"


def test_the_verifier_says_which_algorithms_a_holder_may_use() -> None:
    text = Bound().text()
    verify(text, BOUND)
    narrower = replace(BOUND, binding=replace(BINDING, algorithms=frozenset({"ES384"})))
    with pytest.raises(LedgerError) as refusal:
        verify(text, narrower)
    assert code_of(refusal) == "algorithm-not-allowed"
