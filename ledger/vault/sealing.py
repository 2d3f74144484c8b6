"""Sealing and opening the contents of records: AES-256-GCM under a key for each of them.

A record key encrypts one text and never another, so its nonce is fixed; an epoch key wraps
many record keys, each under a random nonce (NIST SP 800-38D, section 8.2.2: far below 2^32
of them). What is bound as additional data is told in docs/spec/vault.md, section 2.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.vault.epoch_file import KEY_BYTES, KEY_ID_BYTES, VERSIONS_MAX

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
WRAPPED_BYTES: Final = NONCE_BYTES + KEY_BYTES + TAG_BYTES
FIRST_VERSION: Final = 1

_CONTENT: Final = b"lotmark.vault/v1 content\n"
_WRAPPING: Final = b"lotmark.vault/v1 record key\n"
_ONLY_NONCE: Final = bytes(NONCE_BYTES)
_VERSION_BYTES: Final = 4


class Plain(NamedTuple):
    """Disclosures to be sealed, and the record that they belong to."""

    text: str
    entry: int
    record_id: bytes


class VaultRow(NamedTuple):
    """What the database holds of one record's contents."""

    entry: int
    epoch_key: bytes
    version: int
    wrapped: bytes
    content: bytes


class Found(NamedTuple):
    """An entry that was looked up, and its row, where it has one."""

    entry: int
    record_id: bytes
    row: VaultRow | None


class EpochKey:
    """The key of an epoch, ready for use."""

    def __init__(self, key_id: bytes, key: bytes) -> None:
        """Take the id that rows name it by, and its 32 bytes."""
        assert len(key_id) == KEY_ID_BYTES, "expected the id of a key"
        self.id = key_id
        self._cipher = AESGCM(key)

    def seal(self, plains: Sequence[Plain]) -> list[VaultRow]:
        """Seal each under a new key of its own; this is on the way of every record."""
        # One question to the system for the whole group: each costs as much as an encryption.
        drawn = os.urandom(len(plains) * (KEY_BYTES + NONCE_BYTES))
        step = KEY_BYTES + NONCE_BYTES
        version = FIRST_VERSION.to_bytes(_VERSION_BYTES, "big")
        wrap, rows = self._cipher.encrypt, []
        for at, (text, index, record_id) in zip(range(0, len(drawn), step), plains, strict=True):
            key, nonce = drawn[at : at + KEY_BYTES], drawn[at + KEY_BYTES : at + step]
            bound = record_id + version
            content = AESGCM(key).encrypt(_ONLY_NONCE, text.encode(), _CONTENT + bound)
            wrapped = nonce + wrap(nonce, key, _WRAPPING + self.id + bound)
            rows.append(VaultRow(index, self.id, FIRST_VERSION, wrapped, content))
        return rows

    def wrap(self, key: bytes, record_id: bytes, *, version: int) -> bytes:
        """A record key under this one."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, self._bound(record_id, version))

    def unwrap(self, wrapped: bytes, record_id: bytes, *, version: int) -> bytes | None:
        """The record key, None where another key wrapped it or it was changed."""
        if len(wrapped) != WRAPPED_BYTES or not is_version(version):
            return None
        try:
            return self._cipher.decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], self._bound(record_id, version)
            )
        except InvalidTag:
            return None

    def _bound(self, record_id: bytes, version: int) -> bytes:
        return _WRAPPING + self.id + record_id + version.to_bytes(_VERSION_BYTES, "big")


def encrypt_content(key: bytes, text: str, record_id: bytes, *, version: int) -> bytes:
    """A text under a record key, which must never have encrypted another."""
    return AESGCM(key).encrypt(_ONLY_NONCE, text.encode(), _bound_content(record_id, version))


def decrypt_content(key: bytes, content: bytes, record_id: bytes, *, version: int) -> str | None:
    """The text, None where it is not what was encrypted under this key for this record."""
    if not is_version(version):
        return None
    try:
        data = AESGCM(key).decrypt(_ONLY_NONCE, content, _bound_content(record_id, version))
        return data.decode()
    except (InvalidTag, UnicodeDecodeError):
        return None


def is_version(number: int) -> bool:
    """Whether a number can be the version of a record key."""
    return 0 < number < VERSIONS_MAX


def _bound_content(record_id: bytes, version: int) -> bytes:
    return _CONTENT + record_id + version.to_bytes(_VERSION_BYTES, "big")
