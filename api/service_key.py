"""The service's own key: what it signs about the log in its operator's name, and nothing else.

A ``key/v1`` of the operator with the uses ``record:access-digest`` and ``record:model-card`` and
holder kind ``machine``. It lies in the data folder under the log's passphrase; who steals it files
digests of accesses, which owners compare with the rows they were told of, and model cards, which
are in force only once two people of the line's owner approved them, and can do no more.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from typing import Final

from api.data_folder import DataFolder, locate_key
from api.governing import KeyTerms
from keys.ed25519 import SEED_BYTES
from keys.key_file import Cost, seal_seed
from keys.key_storage import store_key_file
from keys.signer import SeedSigner, Signer, open_signer
from ledger.own_types import ACCESS_DIGEST_USE

SERVICE_KEY_URI: Final = "file:service.key"
MODEL_CARD_USE: Final = "record:model-card"
SERVICE_TERMS: Final = KeyTerms((ACCESS_DIGEST_USE, MODEL_CARD_USE), "machine")


def draw_service_key(folder: DataFolder, *, passphrase: str, cost: Cost) -> Signer:
    """Draw the key and keep it under the log's passphrase; one that is there is never replaced.

    Raises:
        KeysError: it cannot be written.
    """
    seed = secrets.token_bytes(SEED_BYTES)
    sealed = seal_seed(seed, passphrase=passphrase, cost=cost)
    store_key_file(folder.service_key, sealed)
    return SeedSigner(seed)


def open_service_key(
    folder: DataFolder,
    uri: str,
    *,
    environment: Mapping[str, str] | None = None,
    passphrase: Callable[[], str] | None = None,
) -> Signer | None:
    """Open the key at a signer URI; without one, the data folder's, if it is there.

    Raises:
        SignerUnavailable: it cannot be opened.
    """
    if not uri and not folder.service_key.exists():
        return None
    variables = os.environ if environment is None else environment
    located = locate_key(folder, uri or SERVICE_KEY_URI)
    return open_signer(located, environment=variables, passphrase=passphrase)
