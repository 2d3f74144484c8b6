"""The error family of the room: one tree, one stable code each."""

from __future__ import annotations

import pytest

import keys.errors
from keys.errors import KeysError

pytestmark = pytest.mark.item("2.2")

CODES = {
    "KeysError": "keys-error",
    "MalformedEncoding": "malformed-encoding",
    "MalformedIdentifier": "malformed-identifier",
    "MalformedKey": "malformed-key",
    "UnsupportedKey": "unsupported-key",
    "BadSignature": "bad-signature",
    "NotSealedToKey": "not-sealed-to-key",
    "SignerUnavailable": "signer-unavailable",
    "UnusablePassphrase": "unusable-passphrase",
    "WrongPassphrase": "wrong-passphrase",
    "DamagedKeyFile": "damaged-key-file",
    "KeyFileExists": "key-file-exists",
}


def family() -> dict[str, type[Exception]]:
    members = vars(keys.errors).values()
    return {m.__name__: m for m in members if isinstance(m, type) and issubclass(m, Exception)}


def test_every_error_is_of_the_family_and_keeps_its_code() -> None:
    assert all(issubclass(error, KeysError) for error in family().values())
    assert {name: vars(error)["code"] for name, error in family().items()} == CODES


def test_no_two_errors_share_a_code() -> None:
    assert len(set(CODES.values())) == len(CODES)


def test_the_tree_in_the_module_names_every_error() -> None:
    assert keys.errors.__doc__ is not None
    assert all(name in keys.errors.__doc__ for name in family())
