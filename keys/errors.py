"""The errors of :mod:`keys`.

::

    KeysError
    +-- MalformedEncoding     base64, base64url or base58btc text that is not canonical
    +-- MalformedIdentifier   an origin, slug, DID or kid that does not have the form
    +-- MalformedKey          bytes or text that are no acceptable public key
    |   +-- UnsupportedKey    a well-formed Multikey of a kind Lotmark does not use
    +-- BadSignature          the signature is not one by this key over these bytes
    +-- NotSealedToKey        sealed to another key or under another context, or altered
    +-- SignerUnavailable     a private key could not be opened or stored
        +-- UnusablePassphrase  no passphrase, an empty one or one beyond the bound
        +-- WrongPassphrase     the key file does not open: other passphrase, or altered
        +-- DamagedKeyFile      not a key file, or one whose parameters are out of bounds
        +-- KeyFileExists       a key file is never overwritten

Each class carries a stable ``code``; the text may change, the code may not.
"""

from __future__ import annotations

from typing import ClassVar


class KeysError(Exception):
    """Root of the family."""

    code: ClassVar[str] = "keys-error"


class MalformedEncoding(KeysError):
    """Text that is not the one canonical encoding of its bytes."""

    code = "malformed-encoding"


class MalformedIdentifier(KeysError):
    """An origin, slug, DID or kid that does not have the stated form."""

    code = "malformed-identifier"


class MalformedKey(KeysError):
    """Not an acceptable public key: wrong length, small order, not canonical, not on the curve."""

    code = "malformed-key"


class UnsupportedKey(MalformedKey):
    """A well-formed Multikey of a kind that Lotmark does not use."""

    code = "unsupported-key"


class NotSealedToKey(KeysError):
    """What was sealed does not open: another key, another context, or it was altered."""

    code = "not-sealed-to-key"


class BadSignature(KeysError):
    """The signature is not one by this key over these bytes."""

    code = "bad-signature"


class SignerUnavailable(KeysError):
    """A private key could not be opened or stored; the text says what to do next."""

    code = "signer-unavailable"


class UnusablePassphrase(SignerUnavailable):
    """No passphrase was given, or an empty one, or one beyond the bound."""

    code = "unusable-passphrase"


class WrongPassphrase(SignerUnavailable):
    """The key file does not open; another passphrase and an altered file look the same."""

    code = "wrong-passphrase"


class DamagedKeyFile(SignerUnavailable):
    """Not a key file of a known format, or one whose parameters are out of bounds."""

    code = "damaged-key-file"


class KeyFileExists(SignerUnavailable):
    """There is a file already; a key is never overwritten."""

    code = "key-file-exists"
