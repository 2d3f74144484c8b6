"""The examples of RFC 9901, and the tampered siblings of each."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import KeysError
from ledger.errors import LedgerError
from ledger.sdjwt import Expectation, VerifiedSdJwt, split_sd_jwt, verify_sd_jwt
from ledger.sdjwt_binding import BindingExpectation
from ledger.sdjwt_disclosure import parse_disclosure
from ledger.strict_json import JsonObject
from ledger.validity import UnixSeconds, Validity
from tests.ledger.es256 import verify_with
from tests.ledger.peer_sdjwt import verify_by_peer
from tests.ledger.sdjwt_tokens import code_of, hidden
from tests.vectors import vectors_dir

pytestmark = [pytest.mark.item("2.3"), pytest.mark.item("2.done.vectors-sd-jwt")]

EXAMPLES: Final = 8
AT: Final = UnixSeconds(1_748_537_300)


class Example(NamedTuple):
    """One SD-JWT of the RFC, and the key binding that it comes with."""

    text: str
    binding: dict[str, Any] | None
    disclosures: int


@functools.cache
def _document() -> dict[str, Any]:
    path = vectors_dir() / "credentials/rfc9901-sd-jwt/rfc9901_compact_examples.json"
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def issuer() -> JsonObject:
    jwk: JsonObject = _document()["issuer_public_jwk"]
    return jwk


def example(number: int) -> Example:
    found = _document()["examples"][number]
    return Example(found["value"], found["kb"], found["disclosures"])


def expectation(of: Example, *, at: int = AT, nonce: str | None = None) -> Expectation:
    binding = of.binding and BindingExpectation(
        audience=of.binding["aud"],
        nonce=nonce or of.binding["nonce"],
        earliest=UnixSeconds(of.binding["iat"] - 60),
        latest=UnixSeconds(of.binding["iat"] + 60),
        algorithms=frozenset({"ES256"}),
        verify_with=verify_with,
    )
    return Expectation(
        algorithms=frozenset({"ES256"}),
        types=frozenset({"example+sd-jwt", "dc+sd-jwt"}),
        validity=Validity(at=UnixSeconds(at)),
        binding=binding or None,
    )


def verify(text: str, expected: Expectation) -> VerifiedSdJwt:
    return verify_sd_jwt(text, expected, verify=verify_with(issuer()))


def test_all_examples_are_there() -> None:
    assert len(_document()["examples"]) == EXAMPLES


@pytest.mark.parametrize("number", range(EXAMPLES))
def test_an_example_verifies_and_says_what_another_implementation_reads(number: int) -> None:
    of = example(number)
    verified = verify(of.text, expectation(of))
    kb = of.binding or {"aud": None, "nonce": None}
    elsewhere = verify_by_peer(of.text, issuer(), audience=kb["aud"], nonce=kb["nonce"])
    assert verified.claims == elsewhere
    assert len(verified.disclosures) == of.disclosures


def test_the_presentation_of_section_5_says_what_the_holder_chose() -> None:
    of = example(1)
    claims = verify(of.text, expectation(of)).claims
    assert claims.pop("cnf")
    assert claims == {
        "iss": "https://issuer.example.com",
        "iat": 1683000000,
        "exp": 1883000000,
        "sub": "user_42",
        "nationalities": ["US"],
        "family_name": "Doe",
        "given_name": "John",
        "address": {
            "street_address": "123 Main St",
            "locality": "Anytown",
            "region": "Anystate",
            "country": "US",
        },
    }


def test_the_presentation_of_appendix_a3_opens_a_disclosure_within_a_disclosure() -> None:
    of = example(5)
    claims = verify(of.text, expectation(of)).claims
    assert claims["age_equal_or_over"] == {"18": True}
    assert claims["nationalities"] == ["DE"]


Tampering = Callable[[str], str]


def _in_disclosures(change: Callable[[list[str]], list[str]]) -> Tampering:
    def tamper(text: str) -> str:
        jws, *disclosures, binding = text.split("~")
        return "~".join([jws, *change(disclosures), binding])

    return tamper


def _in_payload(text: str) -> str:
    # The payload still parses: one letter of the issuer's name is another.
    header, payload, rest = text.split(".", 2)
    changed = decode_base64url(payload).replace(b"issuer", b"issueR")
    assert changed != decode_base64url(payload)
    return f"{header}.{encode_base64url(changed)}.{rest}"


def _in_signature(text: str) -> str:
    jws, tilde, rest = text.partition("~")
    place = -40
    letter = "A" if jws[place] != "A" else "B"
    return f"{jws[:place]}{letter}{jws[place + 1 :]}{tilde}{rest}"


def _in_header(text: str) -> str:
    header, _, rest = text.partition(".")
    changed = decode_base64url(header).replace(b"ES256", b"none")
    return f"{encode_base64url(changed)}.{rest}"


def _in_value(disclosures: list[str]) -> list[str]:
    changed = json.loads(decode_base64url(disclosures[0]))
    changed[-1] = "changed"
    return [encode_base64url(json.dumps(changed).encode()), *disclosures[1:]]


TAMPERINGS: Final[dict[str, tuple[Tampering, str]]] = {
    "alg none": (_in_header, "algorithm-not-allowed"),
    "payload": (_in_payload, "bad-signature"),
    "signature": (_in_signature, "bad-signature"),
    "value": (_in_disclosures(_in_value), "disclosure-unused"),
    "repeated": (_in_disclosures(lambda found: [*found, found[0]]), "disclosure-duplicate"),
    "foreign": (
        _in_disclosures(lambda found: [*found, hidden("x", name="x").text]),
        "disclosure-unused",
    ),
    "padded": (_in_disclosures(lambda found: [found[0] + "=", *found[1:]]), "malformed-encoding"),
    "empty": (_in_disclosures(lambda found: ["", *found]), "malformed-sd-jwt"),
    "no array": (
        _in_disclosures(lambda found: [encode_base64url(b'"x"'), *found]),
        "disclosure-malformed",
    ),
    "cut": (lambda text: text[: text.rindex("~")], "missing-tilde"),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
@pytest.mark.parametrize("number", range(EXAMPLES))
def test_a_tampered_example_is_refused_with_its_code(number: int, tampering: str) -> None:
    of = example(number)
    tamper, code = TAMPERINGS[tampering]
    verify(of.text, expectation(of))
    with pytest.raises((LedgerError, KeysError)) as refusal:
        verify(tamper(of.text), expectation(of))
    assert code_of(refusal) == code


@pytest.mark.parametrize("number", [0, 2, 3, 4])
@pytest.mark.parametrize(("at", "accepted"), [(1_882_999_999, True), (1_883_000_000, False)])
def test_an_example_expires(number: int, at: int, accepted: bool) -> None:
    of = example(number)
    if accepted:
        verify(of.text, expectation(of, at=at))
    else:
        with pytest.raises(LedgerError) as refusal:
            verify(of.text, expectation(of, at=at))
        assert code_of(refusal) == "expired"


@pytest.mark.parametrize("number", [1, 5, 7])
def test_a_presentation_is_for_one_request_and_one_set_of_disclosures(number: int) -> None:
    of = example(number)
    with pytest.raises(LedgerError) as refusal:
        verify(of.text, expectation(of, nonce="another"))
    assert code_of(refusal) == "key-binding-nonce"
    # The last disclosure is never the parent of another one.
    jws, disclosures, binding = split_sd_jwt(of.text)
    fewer = "~".join([jws, *disclosures[:-1], binding or ""])
    with pytest.raises(LedgerError) as refusal:
        verify(fewer, expectation(of))
    assert code_of(refusal) == "key-binding-hash"


def test_the_worked_digest_is_that_of_the_rfc() -> None:
    # RFC 9901, section 4.2.3: over the base64url characters and not over the JSON.
    text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    disclosure = parse_disclosure(text)
    assert disclosure.digest == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
    assert (disclosure.name, disclosure.value) == ("family_name", "Möbius")
