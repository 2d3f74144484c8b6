"""Signers: something that signs with one private key, opened from a URI.

``file:PATH``
    a key file under a passphrase (:mod:`keys.key_file`), PATH taken literally; the passphrase
    comes from the variable ``LOTMARK_PASSPHRASE``, else from the caller's prompt.
``env:NAME``
    the base64url of a seed in an environment variable; the one way to hold a key
    unencrypted, for containers whose platform keeps secrets.

A key that never leaves its device (``kms:``) is a further :class:`Signer` and a further entry
of the table of schemes, passed in by whoever wires the process; nothing here changes.
Every signature of Lotmark covers a purpose string; that is the caller's to include.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol, final

from keys.ed25519 import (
    SEED_BYTES,
    PublicKey,
    Seed,
    expand_seed,
    public_key_of_expanded,
    sign_expanded,
)
from keys.encoding import decode_base64url
from keys.errors import MalformedEncoding, SignerUnavailable, UnusablePassphrase, WrongPassphrase
from keys.key_file import open_seed
from keys.key_storage import load_key_file
from keys.multikey import KeyKind, Multikey, encode_multikey, split_multikey

PASSPHRASE_VARIABLE: Final = "LOTMARK_PASSPHRASE"  # noqa: S105 (a name, not a value)

_VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,19}")


class Signer(Protocol):
    """One Ed25519 private key, wherever it is kept."""

    @property
    def public_key(self) -> PublicKey:
        """The key that checks its signatures."""
        ...

    @property
    def multikey(self) -> Multikey:
        """The same as text."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign a message that begins with, or otherwise covers, its purpose."""
        ...


@final
class SeedSigner:
    """A signer that holds its seed in memory; nothing shows it."""

    __slots__ = ("_expanded", "_multikey", "_public_key")

    def __init__(self, seed: bytes) -> None:
        """Derive the key pair of a seed.

        Raises:
            MalformedKey: the seed is not 32 bytes.
        """
        self._expanded = expand_seed(seed)
        self._public_key = public_key_of_expanded(self._expanded)
        self._multikey = encode_multikey(self._public_key)

    @property
    def public_key(self) -> PublicKey:
        """The key that checks its signatures."""
        return self._public_key

    @property
    def multikey(self) -> Multikey:
        """The same as text."""
        return self._multikey

    def sign(self, message: bytes) -> bytes:
        """Sign a message."""
        return sign_expanded(self._expanded, message)

    def __repr__(self) -> str:
        """Show the public key only."""
        return f"SeedSigner({self._multikey})"


PassphrasePrompt = Callable[[], str]


@dataclass(frozen=True, slots=True)
class KeyAccess:
    """What an opener may use to get at a secret."""

    environment: Mapping[str, str] = field(repr=False)
    passphrase: PassphrasePrompt | None = field(repr=False)


SignerOpener = Callable[[str, KeyAccess], Signer]
"""Opens what follows the scheme and its colon in a signer URI."""


def open_file_signer(path: str, access: KeyAccess) -> Signer:
    """Open ``file:PATH``; asks for the passphrase only once the file is known to be sound.

    Raises:
        SignerUnavailable: no such file, damaged, or the passphrase does not open it.
    """
    if path.startswith("//") and not path.startswith("///"):
        raise SignerUnavailable("expected file:PATH, found file: with a host; use file:/the/path")
    file = Path(path.removeprefix("//"))
    key_file = load_key_file(file)
    if split_multikey(key_file.header.multikey)[0] is not KeyKind.ED25519:
        raise SignerUnavailable(
            f"expected a key that signs in {file}, found one to be sealed to: it signs nothing"
        )
    try:
        return SeedSigner(open_seed(key_file, passphrase=_passphrase(access)))
    except WrongPassphrase as fault:
        # One command may open several: which of them did not open is half of the remedy.
        raise WrongPassphrase(f"{file}: {fault}") from fault


def open_variable_signer(name: str, access: KeyAccess) -> Signer:
    """Open ``env:NAME``, the base64url of a 32-byte seed.

    Raises:
        SignerUnavailable: not set, or not a seed; the value is never shown.
    """
    if not _VARIABLE_NAME.fullmatch(name):
        raise SignerUnavailable("expected env:NAME with the name of a variable, found another text")
    if name not in access.environment:
        raise SignerUnavailable(f"expected the variable {name}, found it unset; set and export it")
    seed = _decode_seed(access.environment[name])
    if seed is None:
        raise SignerUnavailable(
            f"expected 32 bytes of seed in base64url (43 characters) in {name}, found another "
            "value; generate a seed anew",
        )
    return SeedSigner(seed)


BUILT_IN_SCHEMES: Final[Mapping[str, SignerOpener]] = MappingProxyType(
    {"env": open_variable_signer, "file": open_file_signer}
)


def open_signer(
    uri: str,
    *,
    environment: Mapping[str, str],
    passphrase: PassphrasePrompt | None = None,
    schemes: Mapping[str, SignerOpener] = BUILT_IN_SCHEMES,
) -> Signer:
    """Open the signer that a URI names.

    Args:
        uri: ``file:PATH``, ``env:NAME``, or another scheme of the table.
        environment: the process's variables.
        passphrase: asked if the environment has no ``LOTMARK_PASSPHRASE``.
        schemes: opener by scheme; extend :data:`BUILT_IN_SCHEMES` for a key service.

    Raises:
        SignerUnavailable: unknown scheme, or the key could not be opened; the text says what
            to do next and holds no secret.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme):
        # Not repeated: it could be a secret that somebody passed in place of its URI.
        raise SignerUnavailable("expected a signer URI file:PATH or env:NAME, found another text")
    if scheme not in schemes:
        known = ", ".join(sorted(schemes))
        raise SignerUnavailable(
            f"expected a signer URI of scheme {known}, found {scheme!r}; use file:PATH with a key "
            "file of 'lotmark keygen', or env:NAME with a seed in a variable",
        )
    return schemes[scheme](rest, KeyAccess(environment, passphrase))


def _passphrase(access: KeyAccess) -> str:
    if PASSPHRASE_VARIABLE in access.environment:
        return access.environment[PASSPHRASE_VARIABLE]
    if access.passphrase is None:
        raise UnusablePassphrase(
            f"expected a passphrase for the key file, found none; set {PASSPHRASE_VARIABLE} or "
            "run where it can be asked for",
        )
    return access.passphrase()


def _decode_seed(text: str) -> Seed | None:
    # No exception leaves here: its text, and its context's, would quote the secret.
    try:
        seed = decode_base64url(text)
    except MalformedEncoding:
        return None
    return Seed(seed) if len(seed) == SEED_BYTES else None
