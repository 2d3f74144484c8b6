"""The DID document that a log serves for a party as a courtesy (W3C DID 1.0).

Nothing inside Lotmark reads it: it has no history, so keys come from entries. It lets
outside software check a credential. Each signing key stands in it twice: as ``Multikey``,
whose id is the ``kid`` of records, and as ``JsonWebKey`` for JOSE software.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from keys.encoding import encode_base64url
from keys.identifiers import Did, Multikey, kid
from keys.multikey import parse_multikey

CONTEXTS: Final = (
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/jwk/v1",
)
JSON_WEB_KEY_SUFFIX: Final = "-jwk"


def party_document(
    did: Did,
    multikeys: Iterable[Multikey],
    *,
    sealing: Iterable[Multikey] = (),
) -> dict[str, object]:
    """Describe a party's keys in force.

    Args:
        did: the party.
        multikeys: its Ed25519 keys, in the order in which they shall stand.
        sealing: its X25519 keys; never the ones derived from its signing keys.
    """
    methods: list[dict[str, object]] = []
    for multikey in multikeys:
        methods += [_multikey_method(did, multikey), _json_web_key_method(did, multikey)]
    agreement = [_multikey_method(did, multikey) for multikey in sealing]
    signing_ids = [method["id"] for method in methods]
    return {
        "@context": list(CONTEXTS),
        "id": did,
        "verificationMethod": methods + agreement,
        "authentication": signing_ids,
        "assertionMethod": list(signing_ids),
        "keyAgreement": [method["id"] for method in agreement],
    }


def _multikey_method(did: Did, multikey: Multikey) -> dict[str, object]:
    return {
        "id": kid(did, multikey),
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": multikey,
    }


def _json_web_key_method(did: Did, multikey: Multikey) -> dict[str, object]:
    x = encode_base64url(parse_multikey(multikey))
    return {
        "id": kid(did, multikey) + JSON_WEB_KEY_SUFFIX,
        "type": "JsonWebKey",
        "controller": did,
        "publicKeyJwk": {"kty": "OKP", "crv": "Ed25519", "x": x},
    }
