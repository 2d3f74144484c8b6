"""A sealed recipe in the demo: a key to be sealed to, a record that the service cannot read whole.

For a chapter of :mod:`examples.demo`: each function is one step of one party, in its own
process, with its own keys. The passphrase is read from LOTMARK_PASSPHRASE.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from api.devices import draw_sealing_key
from api.governing import SEALING_USES, KeyTerms, compose_registration
from api.sealing import SealedRecord, Sealer
from api.sealing_keys import SealingKeys
from examples.demo_party import Desk
from keys.key_file import Cost, open_seed
from keys.key_storage import load_key_file
from ledger.anchor import Anchor
from ledger.sealed import OpenerKey
from ledger.submission import Admitted

RECIPE = "recipe"


def register_sealing_key(desk: Desk) -> None:
    """Draw the key that others seal to, and register it on the admin key's word."""
    passphrase = os.environ["LOTMARK_PASSPHRASE"]
    path = desk.folder.sealing_key
    key = draw_sealing_key(path, passphrase=passphrase, cost=Cost.INTERACTIVE)
    text = compose_registration(
        desk.composer(desk.admin),
        key,
        iat=int(time.time()),
        terms=KeyTerms(SEALING_USES, "device"),
    )
    admitted = desk.client.submit(text)
    name = desk.folder.root.name
    print(f"  {name:<19} entry {admitted.index:>3}  registers a key that others seal to")


def file_sealed(
    desk: Desk, sd_jwt: str, *, anchor: Anchor, readers: Sequence[str], group: str = RECIPE
) -> Admitted:
    """Seal a group of a composed record to these parties, and submit it.

    The record is composed with ``tiers={"recipe": "sealed"}``. Every reader's key is verified
    from the trust anchor before anything is sealed to it; the party's own are always among them.
    """
    keys = SealingKeys(desk.client, anchor)
    sealer = Sealer(keys, anchor.origin, str(desk.signing.did))
    return desk.client.submit(sealer.seal(sd_jwt, {group: readers}))


def open_group(desk: Desk, record_id: str, *, anchor: Anchor, group: str = RECIPE) -> Any:
    """What a sealed group says, opened with the party's own key, compared with what was signed."""
    key_file = load_key_file(desk.folder.sealing_key)
    seed = open_seed(key_file, passphrase=os.environ["LOTMARK_PASSPHRASE"])
    record = SealedRecord.read(desk.client.view(record_id), anchor, record_id)
    envelope = desk.client.envelope(record_id, group)
    key = OpenerKey.of(str(desk.signing.did), seed)
    return record.open(group, envelope, key).disclosure.value
