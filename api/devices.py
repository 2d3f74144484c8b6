"""A device that signs for a party: its folder, and what it hands to whoever registers its key.

The device has a signing key and nothing else of the party's; ``device.json`` says which key it
is and proves that the device holds it, for one party on one log.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Final

from api.governing import NewKey, prove_key
from api.party_folder import (
    PartyFolder,
    PartyProfile,
    make_empty,
    write_profile,
)
from api.setup_errors import MalformedStatement
from keys.ed25519 import SEED_BYTES
from keys.errors import KeysError
from keys.identifiers import parse_origin, parse_slug, party_did
from keys.key_file import Cost, seal_seed
from keys.key_storage import store_key_file
from keys.multikey import KeyKind, parse_sealing_multikey
from keys.signer import SeedSigner
from ledger import limits
from ledger.anchor import parse_anchor
from ledger.durable_files import replace_file
from ledger.errors import MalformedJson
from ledger.possession import verify_possession
from ledger.strict_json import parse_json

DEVICE_FORMAT: Final = "lotmark.device-key/v1"


def create_device(
    folder: PartyFolder,
    slug: str,
    *,
    anchor: bytes,
    passphrase: str,
    cost: Cost = Cost.MODERATE,
) -> NewKey:
    """Draw a device's key for a party of the anchor's log and write its folder.

    Raises:
        PartyExists: the folder holds something already.
        LedgerError, KeysError: no trust anchor, no slug, or it could not be written.
    """
    origin = parse_origin(parse_anchor(anchor).origin)
    did = party_did(origin, parse_slug(slug))
    make_empty(folder.root)
    seed = secrets.token_bytes(SEED_BYTES)
    store_key_file(folder.signing_key, seal_seed(seed, passphrase=passphrase, cost=cost))
    key = prove_key(SeedSigner(seed), origin=origin, did=did)
    state_key(folder.device, key, did)
    replace_file(folder.anchor, anchor)
    write_profile(folder, PartyProfile(slug, {"en": slug}, ()))
    return key


def draw_sealing_key(path: Path, *, passphrase: str, cost: Cost = Cost.MODERATE) -> NewKey:
    """Draw a key that others seal to, and keep it under a passphrase.

    Raises:
        KeysError: it could not be written.
    """
    seed = secrets.token_bytes(SEED_BYTES)
    key_file = seal_seed(seed, passphrase=passphrase, cost=cost, kind=KeyKind.X25519)
    store_key_file(path, key_file)
    return NewKey(key_file.header.multikey, None)


def state_key(path: Path, key: NewKey, did: str) -> None:
    """Write what is handed to whoever registers a key; it holds no secret."""
    members = {
        "format": DEVICE_FORMAT,
        "party": did,
        "multikey": key.multikey,
        "possession": key.possession,
    }
    replace_file(path, (json.dumps(members, indent=1) + "\n").encode())


def parse_device_key(data: bytes, *, origin: str, did: str) -> NewKey:
    """Read what a device handed over, and check its proof.

    Raises:
        MalformedStatement: it has another form, is for another party or log, or proves nothing.
    """
    try:
        members = parse_json(data, bytes_max=limits.STATEMENT_BYTES_MAX)
        match members:
            case {
                "format": "lotmark.device-key/v1",
                "party": str(party),
                "multikey": str(multikey),
                "possession": str(possession),
            } if party == did:
                verify_possession(possession, origin=origin, did=did, multikey=multikey)
                return NewKey(multikey, possession)
            case {
                "format": "lotmark.device-key/v1",
                "party": str(party),
                "multikey": str(multikey),
                "possession": None,
            } if party == did:
                parse_sealing_multikey(multikey)
                return NewKey(multikey, None)
    except (KeysError, MalformedJson) as fault:
        raise MalformedStatement(f"device key: {fault}") from fault
    raise MalformedStatement(
        f"expected format {DEVICE_FORMAT!r} for {did}: make the key on the device with "
        "'lotmark device-key' and the trust anchor of this log"
    )
