"""Tokens that verify, and tokens that break one rule each, with the code of the refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ledger import limits
from ledger.sdjwt_disclosure import Disclosure, digest_of
from ledger.strict_json import JsonValue
from tests.ledger.sdjwt_tokens import (
    CITY,
    DECOY,
    FIRST,
    NOW,
    STRANGER,
    Token,
    element,
    hidden,
    raw,
)


def plain(**changes: Any) -> Token:
    """The token without disclosures but those that a case adds."""
    return Token().with_disclosures().with_claims(list=..., _sd=[], **changes)


def with_member(disclosure: Disclosure) -> Token:
    return plain().with_claims(_sd=[disclosure.digest]).with_disclosures(disclosure)


def spelled(text: str) -> Disclosure:
    """A disclosure of exactly this text, with its own digest."""
    return replace(NAMED, text=text, digest=digest_of(text))


def with_element(disclosure: Disclosure) -> Token:
    return plain(array=[element(disclosure)]).with_disclosures(disclosure)


def nested(depth: int, core: JsonValue = 1) -> JsonValue:
    value = core
    for _ in range(depth):
        value = [value]
    return value


NAMED, UNNAMED = hidden(1, name="a"), hidden(1)
HOLDS_NAMED = hidden({"_sd": [NAMED.digest]}, name="outer")

# Its last character has spare bits, and it has a dash.
DASHED = raw('["s", "a",  ">>>>"]').text
assert DASHED.endswith("Q")
assert "-" in DASHED

# Each case differs from one that is accepted in the one thing it names.
ACCEPTED: Final[dict[str, Token]] = {
    "as it is": Token(),
    "nothing hidden": plain(),
    "a member": with_member(NAMED),
    "the text that others misspell": with_member(spelled(DASHED)),
    "an element": with_element(UNNAMED),
    "a short salt": with_member(hidden(1, name="a", salt="-")),
    "a member called like one at another level": plain(
        a=1, deep={"_sd": [NAMED.digest]}
    ).with_disclosures(NAMED),
    "a disclosure inside a disclosure": plain()
    .with_claims(_sd=[HOLDS_NAMED.digest])
    .with_disclosures(NAMED, HOLDS_NAMED),
    "no _sd_alg": Token().with_claims(_sd_alg=...),
    "the last second": Token().with_claims(exp=NOW + 1),
    "the first second": Token().with_claims(nbf=NOW),
    "fractions of seconds": Token().with_claims(exp=NOW + 0.5, nbf=NOW - 0.5),
    "no nbf": Token().with_claims(nbf=...),
    "nesting up to the bound": plain(deep=nested(limits.JSON_DEPTH_MAX - 1)),
    "an unknown header": Token().with_header(kid="1", x=[1]),
}


REFUSED: Final[dict[str, tuple[Token, str]]] = {
    # RFC 9901, section 7.1, step 1: the issuer's JWS
    "alg none": (Token().with_header(alg="none"), "algorithm-not-allowed"),
    "alg HS256": (Token().with_header(alg="HS256"), "algorithm-not-allowed"),
    "alg not in the list": (Token().with_header(alg="ES384"), "algorithm-not-allowed"),
    "alg missing": (replace(Token(), header={"typ": "x"}), "algorithm-not-allowed"),
    "alg no string": (Token().with_header(alg=["ES256"]), "algorithm-not-allowed"),
    "crit": (Token().with_header(crit=["b64"], b64=False), "critical-header"),
    "typ of another token": (Token().with_header(typ="JWT"), "wrong-typ"),
    "typ in other letters": (Token().with_header(typ="Example+SD-JWT"), "wrong-typ"),
    "typ no string": (Token().with_header(typ=None), "wrong-typ"),
    "another key": (replace(Token(), issuer=STRANGER), "bad-signature"),
    # step 2: digests
    "unknown _sd_alg": (Token().with_claims(_sd_alg="sha-512"), "unknown-sd-alg"),
    "_sd_alg in other letters": (Token().with_claims(_sd_alg="SHA-256"), "unknown-sd-alg"),
    "_sd_alg no string": (Token().with_claims(_sd_alg=None), "unknown-sd-alg"),
    "_sd_alg below the top": (plain(deep={"_sd_alg": "sha-256"}), "misplaced-sd-alg"),
    "_sd_alg in an element": (plain(deep=[{"_sd_alg": "sha-256"}]), "misplaced-sd-alg"),
    "_sd_alg in a disclosed value": (
        with_member(hidden({"_sd_alg": "sha-256"}, name="a")),
        "misplaced-sd-alg",
    ),
    "_sd_alg as a disclosure": (with_member(raw('["s","_sd_alg","sha-256"]')), "misplaced-sd-alg"),
    "_sd no array": (plain().with_claims(_sd=DECOY), "malformed-digests"),
    "_sd with a number": (plain().with_claims(_sd=[1]), "malformed-digests"),
    "_sd of null below": (plain(deep={"_sd": None}), "malformed-digests"),
    "... at the top": (plain(**{"...": DECOY}), "malformed-digests"),
    "... as a member": (plain(deep={"...": DECOY}), "malformed-digests"),
    "... beside another member": (plain(a=[{"...": DECOY, "b": 1}]), "malformed-digests"),
    "... with a number": (plain(array=[{"...": 1}]), "malformed-digests"),
    "a disclosed element that is a digest": (
        with_element(hidden({"...": DECOY})),
        "malformed-digests",
    ),
    # step 3: disclosures
    "in the other base64": (with_member(spelled(DASHED.replace("-", "+"))), "malformed-encoding"),
    "padded": (with_member(spelled(DASHED + "=")), "malformed-encoding"),
    "spare bits": (with_member(spelled(DASHED[:-1] + "R")), "malformed-encoding"),
    "with a line end": (with_member(spelled(DASHED + "\n")), "malformed-encoding"),
    "no JSON": (with_member(raw('["s","a",1')), "malformed-json"),
    "a name twice in it": (with_member(raw('["s","a",{"x":1,"x":1}]')), "malformed-json"),
    "a lone surrogate in it": (with_member(raw('["s","a","\\ud800"]')), "malformed-json"),
    "NaN in it": (with_member(raw('["s","a",NaN]')), "malformed-json"),
    "an object": (with_member(raw('{"s":1}')), "disclosure-malformed"),
    "salt no string": (with_member(raw('[1,"a",1]')), "disclosure-malformed"),
    "name no string": (with_member(raw('["s",1,1]')), "disclosure-malformed"),
    "one element": (with_member(raw('["s"]')), "disclosure-arity"),
    "four elements": (with_member(raw('["s","a",1,2]')), "disclosure-arity"),
    "an element's disclosure for a member": (with_member(UNNAMED), "disclosure-arity"),
    "a member's disclosure for an element": (with_element(NAMED), "disclosure-arity"),
    "called _sd": (with_member(raw('["s","_sd",[]]')), "reserved-name"),
    "called ...": (with_member(raw('["s","...","x"]')), "reserved-name"),
    "called _sd in escapes": (with_member(raw('["s","\\u005fsd",[]]')), "reserved-name"),
    "called like a clear claim": (with_member(hidden(1, name="weight")), "name-collision"),
    "two of one name": (
        plain()
        .with_claims(_sd=[NAMED.digest, hidden(2, name="a").digest])
        .with_disclosures(NAMED, hidden(2, name="a")),
        "name-collision",
    ),
    "the same disclosure twice": (
        Token().with_disclosures(FIRST, FIRST),
        "disclosure-duplicate",
    ),
    "a digest twice in one _sd": (
        plain().with_claims(_sd=[NAMED.digest] * 2).with_disclosures(NAMED),
        "duplicate-digest",
    ),
    "a decoy twice": (plain().with_claims(_sd=[DECOY, DECOY]), "duplicate-digest"),
    "a digest at two levels": (
        plain(deep={"_sd": [DECOY]}).with_claims(_sd=[DECOY]),
        "duplicate-digest",
    ),
    "a digest in _sd and in an array": (
        plain(array=[{"...": DECOY}]).with_claims(_sd=[DECOY]),
        "duplicate-digest",
    ),
    "a digest again in a disclosed value": (
        with_member(hidden({"_sd": [DECOY]}, name="a")).with_claims(array=[{"...": DECOY}]),
        "duplicate-digest",
    ),
    "a disclosure that nothing asks for": (
        Token().with_disclosures(*Token().disclosures, NAMED),
        "disclosure-unused",
    ),
    "a disclosure without its parent": (Token().with_disclosures(CITY), "disclosure-unused"),
    "a disclosure of another text with the same content": (
        plain().with_claims(_sd=[NAMED.digest]).with_disclosures(raw(f'["{NAMED.salt}", "a",1]')),
        "disclosure-unused",
    ),
    "iss as a disclosure": (
        with_member(hidden("https://issuer.example", name="iss")).with_claims(iss=...),
        "claim-not-in-clear",
    ),
    "exp as a disclosure": (
        with_member(hidden(NOW + 100, name="exp")).with_claims(exp=...),
        "claim-not-in-clear",
    ),
    "null as a disclosure of aud": (with_member(hidden(None, name="aud")), "claim-not-in-clear"),
    "a part of cnf as a disclosure": (
        plain(cnf={"_sd": [NAMED.digest]}).with_disclosures(NAMED),
        "claim-not-in-clear",
    ),
    # step 4: validity
    "required claim missing": (Token().with_claims(exp=...), "validity-claim-missing"),
    "expired": (Token().with_claims(exp=NOW), "expired"),
    "expired long ago": (Token().with_claims(exp=-1), "expired"),
    "not yet valid": (Token().with_claims(nbf=NOW + 1), "not-yet-valid"),
    "exp a string": (Token().with_claims(exp=str(NOW + 1)), "malformed-validity-claim"),
    "exp true": (Token().with_claims(exp=True), "malformed-validity-claim"),
    "nbf null": (Token().with_claims(nbf=None), "malformed-validity-claim"),
    "iat an array": (Token().with_claims(iat=[1]), "malformed-validity-claim"),
}

# What sd-jwt 0.10 refuses as well. The others pass there, or it does not look at them, so on
# those the RFC's text alone stands behind the case.
PEER_REFUSES: Final = (
    "alg none",
    "alg HS256",
    "alg not in the list",
    "alg missing",
    "alg no string",
    "crit",
    "another key",
    "unknown _sd_alg",
    "_sd_alg in other letters",
    "_sd_alg no string",
    "_sd no array",
    "_sd of null below",
    "no JSON",
    "an object",
    "one element",
    "four elements",
    "an element's disclosure for a member",
    "a member's disclosure for an element",
    "called like a clear claim",
    "two of one name",
    "the same disclosure twice",
    "a digest twice in one _sd",
    "a decoy twice",
    "a digest at two levels",
)
