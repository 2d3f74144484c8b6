"""Records with one thing wrong, everything else as a careful client would have it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from keys.encoding import encode_base64url
from ledger.compose import conceal_groups, pad_digests, sign_claims
from ledger.disclosure import encode_disclosure, open_disclosures, tag_of
from ledger.record import parse_jws
from ledger.strict_json import encode_json
from tests.ledger.parties import ORIGIN, PartySigner, RandomStream, payload_of, sign_parts


def values_of(text: str) -> dict[str, Any]:
    """Every group that a submission discloses, the closed ones among them."""
    jws, *disclosures = text[:-1].split("~")
    opened = open_disclosures(parse_jws(jws, origin=ORIGIN).claims, disclosures)
    return {item.group: item.value for item in opened}


def with_values(text: str, signer: PartySigner, values: Mapping[str, Any]) -> str:
    """The record with other disclosures, committed to and signed anew."""
    claims = payload_of(text)
    random_bytes = RandomStream(f"other values of {claims['jti']}")
    disclosures = conceal_groups(values, claims, random_bytes)
    claims["_sd"] = pad_digests(disclosures, len(claims["_sd"]), random_bytes)
    return join(sign_claims(claims, signer), *disclosures)


def with_disclosure(text: str, group: str, value: Any) -> str:
    """The record with one more disclosure, which it does not commit to."""
    claims = payload_of(text)
    salt = "A" * 22 + tag_of(claims["iss"], claims["jti"])
    return text + encode_disclosure(salt, group, value) + "~"


def without_disclosure(text: str, group: str) -> str:
    """The record as signed, one of its disclosures held back."""
    jws, *disclosures = text[:-1].split("~")
    position = list(values_of(text)).index(group)
    return join(jws, *disclosures[:position], *disclosures[position + 1 :])


def signed_with_hmac(text: str, signer: PartySigner) -> str:
    """The classic confusion: an HMAC keyed with the public key, cut to a signature's length."""
    header: dict[str, Any] = {"alg": "HS256", "kid": signer.kid, "typ": "lotmark+sd-jwt"}
    jws, _, disclosures = text.partition("~")
    signed = f"{encode_base64url(encode_json(header))}.{jws.split('.')[1]}"
    mac = hmac.digest(signer.key.public_key, signed.encode("ascii"), "sha512")
    return f"{signed}.{encode_base64url(mac)}~{disclosures}"


def of_length(text: str, signer: PartySigner, characters: int) -> str:
    """The record with white space in its payload, until the JWS has this length or one more."""
    jws, _, disclosures = text.partition("~")
    header, _, _ = jws.partition(".")
    payload = encode_json(payload_of(text))
    missing = characters - len(sign_parts(b"", payload, signer)) - len(header)
    while True:
        padded = payload[:-1] + b" " * (missing * 3 // 4) + payload[-1:]
        signed = f"{header}.{encode_base64url(padded)}"
        signature = encode_base64url(signer.sign(signed.encode("ascii")))
        if len(signed) + 1 + len(signature) >= characters:
            return f"{signed}.{signature}~{disclosures}"
        missing += 1


def join(*parts: str) -> str:
    """``JWS~disclosure~...~``."""
    return "".join(f"{part}~" for part in parts)
