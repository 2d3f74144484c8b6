"""SD-JWTs to verify and to spoil: one that is right, of parts that a test can replace."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from keys.encoding import encode_base64url
from keys.errors import KeysError
from ledger.errors import LedgerError
from ledger.jws import encode_jws
from ledger.sdjwt import Expectation, VerifiedSdJwt, join_sd_jwt, verify_sd_jwt
from ledger.sdjwt_binding import BindingExpectation, key_binding_claims
from ledger.sdjwt_disclosure import Digest, Disclosure, Salt, digest_of, make_disclosure
from ledger.strict_json import JsonObject, JsonValue
from ledger.validity import UnixSeconds, Validity
from tests.ledger.es256 import Es256Key, verify_with

ISSUER = Es256Key(2_000_003)
HOLDER = Es256Key(3_000_017)
STRANGER = Es256Key(5_000_011)

NOW = UnixSeconds(1_800_000_000)
AUDIENCE = "https://verifier.example"
NONCE = "n-0S6_WzA2Mj"

UNBOUND = Expectation(
    algorithms=frozenset({"ES256"}),
    types=frozenset({"example+sd-jwt"}),
    validity=Validity(at=NOW, required=frozenset({"exp"})),
    binding=None,
)
BINDING = BindingExpectation(
    audience=AUDIENCE,
    nonce=NONCE,
    earliest=UnixSeconds(NOW - 60),
    latest=UnixSeconds(NOW + 5),
    algorithms=frozenset({"ES256"}),
    verify_with=verify_with,
)
BOUND = replace(UNBOUND, binding=BINDING)


def hidden(value: JsonValue, *, name: str | None = None, salt: str | None = None) -> Disclosure:
    """Make a disclosure whose salt follows from what it hides, so that runs are equal."""
    seed = salt or encode_base64url(repr((name, value)).encode())[:22]
    return make_disclosure(Salt(seed), value, name=name, numbers="any")


def raw(json_text: str) -> Disclosure:
    """Make a disclosure of any JSON text, right or wrong."""
    text = encode_base64url(json_text.encode("utf-8", "surrogatepass"))
    return Disclosure(text, digest_of(text), Salt(""), None, None)


def element(disclosure: Disclosure) -> JsonObject:
    """Write what stands in an array in the place of a hidden element."""
    return {"...": disclosure.digest}


CITY = hidden("Brno", name="city")
STREET = hidden("Hlavní 1", name="street")
ADDRESS = hidden({"country": "CZ", "_sd": [CITY.digest, STREET.digest]}, name="address")
GRADE = hidden(4, name="grade")
FIRST = hidden("first")
NESTED = hidden({"kind": "lot", "_sd": [GRADE.digest]})
DECOY = Digest("A" * 43)

CLAIMS: JsonObject = {
    "iss": "https://issuer.example",
    "iat": NOW - 100,
    "nbf": NOW - 100,
    "exp": NOW + 100,
    "cnf": {"jwk": HOLDER.jwk},
    "weight": 12.5,
    "_sd": [*sorted([ADDRESS.digest, DECOY])],
    "list": ["shown", element(FIRST), {"...": "B" * 43}, element(NESTED)],
    "_sd_alg": "sha-256",
}
DISCLOSURES = (ADDRESS, CITY, FIRST, NESTED, GRADE)


@dataclass(frozen=True)
class Token:
    """The parts of an SD-JWT that verifies; ``changed`` replaces one of them."""

    header: dict[str, Any] = field(
        default_factory=lambda: {"alg": "ES256", "typ": "example+sd-jwt"}
    )
    claims: dict[str, Any] = field(default_factory=lambda: dict(CLAIMS))
    disclosures: tuple[Disclosure, ...] = DISCLOSURES
    issuer: Es256Key = ISSUER

    def text(self) -> str:
        jws = encode_jws(self.header, self.claims, sign=self.issuer.sign, numbers="any")
        return join_sd_jwt(jws, (disclosure.text for disclosure in self.disclosures))

    def with_claims(self, **changes: Any) -> Token:
        """Replace claims; one that becomes ``...`` is left out."""
        merged = {**self.claims, **changes}
        return replace(self, claims={k: v for k, v in merged.items() if v is not ...})

    def with_header(self, **changes: Any) -> Token:
        return replace(self, header={**self.header, **changes})

    def with_disclosures(self, *disclosures: Disclosure) -> Token:
        return replace(self, disclosures=disclosures)


@dataclass(frozen=True)
class Bound:
    """A presentation with key binding."""

    token: Token = field(default_factory=Token)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "ES256", "typ": "kb+jwt"})
    changes: dict[str, Any] = field(default_factory=dict)
    holder: Es256Key = HOLDER

    def text(self) -> str:
        bound = self.token.text()
        claims = {
            **key_binding_claims(bound, audience=AUDIENCE, nonce=NONCE, at=NOW),
            **self.changes,
        }
        claims = {name: value for name, value in claims.items() if value is not ...}
        return bound + encode_jws(self.header, claims, sign=self.holder.sign, numbers="any")


def verify(text: str, expected: Expectation = UNBOUND) -> VerifiedSdJwt:
    """Verify as the issuer's token."""
    return verify_sd_jwt(text, expected, verify=verify_with(ISSUER.jwk))


def code_of(refusal: pytest.ExceptionInfo[Exception]) -> str:
    """Read the stable code of a refusal by any room."""
    error = refusal.value
    assert isinstance(error, LedgerError | KeysError)
    return error.code
