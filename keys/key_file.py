"""Key files ``lotmark.key/v1``: a seed under a passphrase, as ``docs/spec/keys.md`` says.

argon2id (RFC 9106) stretches the passphrase, XChaCha20-Poly1305 encrypts the seed, and every
other member of the file is associated data, so that none of them can be changed. Parameters
are bounded before any work is done with them. There is no unencrypted key file. The disk is
the affair of :mod:`keys.key_storage`.

Not covered: whoever reads this process's memory reads the seed; Python cannot wipe it.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.exceptions import RuntimeError as SodiumRefusal
from nacl.pwhash import argon2id
from nacl.utils import random as random_bytes

from keys.ed25519 import SEED_BYTES, Seed, public_key_of
from keys.encoding import decode_base64url, encode_base64url
from keys.errors import (
    DamagedKeyFile,
    MalformedEncoding,
    MalformedKey,
    SignerUnavailable,
    UnusablePassphrase,
    WrongPassphrase,
)
from keys.limits import (
    ARGON2_MEMORY_BYTES_MAX,
    ARGON2_MEMORY_BYTES_MIN,
    ARGON2_OPERATIONS_MAX,
    ARGON2_OPERATIONS_MIN,
    KEY_FILE_BYTES_MAX,
    PASSPHRASE_BYTES_MAX,
)
from keys.multikey import (
    KeyKind,
    Multikey,
    encode_multikey,
    encode_sealing_multikey,
    parse_any_multikey,
    split_multikey,
)
from keys.x25519 import sealing_key_of

FORMAT: Final = "lotmark.key/v1"
KDF: Final = "argon2id"
CIPHER: Final = "xchacha20-poly1305"
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 24
CIPHERTEXT_BYTES: Final = SEED_BYTES + 16

_CONSTANTS: Final = {"format": FORMAT, "kdf": KDF, "cipher": CIPHER}
_VARIABLES: Final = ("multikey", "operations", "memory_bytes", "salt", "nonce", "ciphertext")
_OPERATIONS: Final = range(ARGON2_OPERATIONS_MIN, ARGON2_OPERATIONS_MAX + 1)
_MEMORY_BYTES: Final = range(ARGON2_MEMORY_BYTES_MIN, ARGON2_MEMORY_BYTES_MAX + 1)


class Cost(Enum):
    """What one guess at the passphrase costs: argon2id passes and bytes of memory."""

    INTERACTIVE = (2, 64 * 1024 * 1024)
    MODERATE = (3, 256 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class KeyFileHeader:
    """What stands in clear in a key file; until it is opened, the key is only its claim."""

    multikey: Multikey
    operations: int
    memory_bytes: int
    salt: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A well-formed key file that has not been opened."""

    header: KeyFileHeader
    ciphertext: bytes = field(repr=False)


def seal_seed(
    seed: bytes,
    *,
    passphrase: str,
    cost: Cost = Cost.MODERATE,
    kind: KeyKind = KeyKind.ED25519,
) -> KeyFile:
    """Encrypt a seed under a passphrase, with fresh salt and nonce.

    ``kind`` says whether it is the seed of a key that signs or a private key to open with.

    Raises:
        UnusablePassphrase: empty or over 1,024 bytes.
        MalformedKey: the seed is not 32 bytes.
        SignerUnavailable: this machine lacks the memory that the cost asks for.
    """
    operations, memory_bytes = cost.value
    multikey = _multikey_of(seed, kind)
    salt, nonce = random_bytes(SALT_BYTES), random_bytes(NONCE_BYTES)
    header = KeyFileHeader(multikey, operations, memory_bytes, salt, nonce)
    ciphertext = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        seed, _associated_data(header), nonce, _stretch(passphrase, header)
    )
    return KeyFile(header, ciphertext)


def open_seed(key_file: KeyFile, *, passphrase: str) -> Seed:
    """Decrypt the seed of a key file.

    Raises:
        UnusablePassphrase: empty or over 1,024 bytes.
        WrongPassphrase: another passphrase, or any member of the file was changed.
        DamagedKeyFile: the seed is not that of the public key in the file.
        SignerUnavailable: this machine lacks the memory that the file asks for.
    """
    header = key_file.header
    key = _stretch(passphrase, header)
    try:
        seed = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            key_file.ciphertext, _associated_data(header), header.nonce, key
        )
    except CryptoError as fault:
        raise WrongPassphrase(
            "expected the passphrase that sealed this key file, found another, or the file was "
            "changed; try again, or restore the file from its backup",
        ) from fault
    if _multikey_of(seed, split_multikey(header.multikey)[0]) != header.multikey:
        raise DamagedKeyFile(f"expected the seed of {header.multikey}, found another")
    return Seed(seed)


def encode_key_file(key_file: KeyFile) -> bytes:
    """Write a key file as JSON, one member a line; the inverse of :func:`parse_key_file`."""
    header = key_file.header
    members = {
        "format": FORMAT,
        "multikey": header.multikey,
        "kdf": KDF,
        "operations": header.operations,
        "memory_bytes": header.memory_bytes,
        "salt": encode_base64url(header.salt),
        "cipher": CIPHER,
        "nonce": encode_base64url(header.nonce),
        "ciphertext": encode_base64url(key_file.ciphertext),
    }
    return (json.dumps(members, indent=1) + "\n").encode("ascii")


def parse_key_file(data: bytes) -> KeyFile:
    """Read a key file and judge everything that can be judged without its passphrase.

    Raises:
        DamagedKeyFile: too long, not JSON, other members than those of the format, or a
            value that is out of bounds.
    """
    members = _parse_members(data)
    for name, constant in _CONSTANTS.items():
        if members[name] != constant:
            raise DamagedKeyFile(f"expected {name} {constant!r}, found {members[name]!r:.80}")
    header = KeyFileHeader(
        multikey=_multikey(members),
        operations=_bounded(members, "operations", _OPERATIONS),
        memory_bytes=_bounded(members, "memory_bytes", _MEMORY_BYTES),
        salt=_fixed_bytes(members, "salt", SALT_BYTES),
        nonce=_fixed_bytes(members, "nonce", NONCE_BYTES),
    )
    return KeyFile(header, _fixed_bytes(members, "ciphertext", CIPHERTEXT_BYTES))


def _multikey_of(seed: bytes, kind: KeyKind) -> Multikey:
    if kind is KeyKind.X25519:
        return encode_sealing_multikey(sealing_key_of(seed))
    return encode_multikey(public_key_of(seed))


def _stretch(passphrase: str, header: KeyFileHeader) -> bytes:
    secret = _passphrase_bytes(passphrase)
    try:
        return argon2id.kdf(
            32, secret, header.salt, opslimit=header.operations, memlimit=header.memory_bytes
        )
    except SodiumRefusal as fault:
        raise SignerUnavailable(
            f"expected {header.memory_bytes} bytes of free memory for argon2id, found fewer; "
            "free some and try again",
        ) from fault


def _passphrase_bytes(passphrase: str) -> bytes:
    # NFC, because keyboards of different systems compose the same letter differently. What
    # is no Unicode text (a variable of raw bytes) becomes empty here and is refused below;
    # the decoder's own message would quote the passphrase.
    try:
        secret = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    except UnicodeEncodeError:
        secret = b""
    if not 1 <= len(secret) <= PASSPHRASE_BYTES_MAX:
        raise UnusablePassphrase(
            f"expected a passphrase of 1 to {PASSPHRASE_BYTES_MAX} bytes of UTF-8, "
            f"found {len(secret)}",
        )
    return secret


def _associated_data(header: KeyFileHeader) -> bytes:
    lines = (
        FORMAT,
        header.multikey,
        KDF,
        str(header.operations),
        str(header.memory_bytes),
        encode_base64url(header.salt),
        CIPHER,
        encode_base64url(header.nonce),
    )
    return "".join(line + "\n" for line in lines).encode("ascii")


def _parse_members(data: bytes) -> dict[str, object]:
    if len(data) > KEY_FILE_BYTES_MAX:
        raise DamagedKeyFile(f"expected at most {KEY_FILE_BYTES_MAX} bytes, found more")
    try:
        members = json.loads(data.decode("utf-8"), object_pairs_hook=_members_once)
    # A few thousand brackets fit into the file and exhaust the decoder's stack.
    except (ValueError, RecursionError) as fault:
        raise DamagedKeyFile(f"expected JSON, found: {fault}") from fault
    expected = sorted([*_CONSTANTS, *_VARIABLES])
    found = sorted(members) if isinstance(members, dict) else []
    if found != expected:
        raise DamagedKeyFile(f"expected the members {expected}, found {found!r:.200}")
    return dict(members)


def _members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DamagedKeyFile("expected each member once, found one twice")
    return members


def _text(members: dict[str, object], name: str) -> str:
    value = members[name]
    if not isinstance(value, str):
        raise DamagedKeyFile(f"expected text as {name}, found {value!r:.80}")
    return value


def _multikey(members: dict[str, object]) -> Multikey:
    text = _text(members, "multikey")
    try:
        parse_any_multikey(text)
    except MalformedKey as fault:
        raise DamagedKeyFile(f"expected an Ed25519 or X25519 multikey, but: {fault}") from fault
    return Multikey(text)


def _bounded(members: dict[str, object], name: str, bounds: range) -> int:
    value = members[name]
    # True is an int to isinstance, and a range holds 2.0.
    if type(value) is not int or value not in bounds:
        raise DamagedKeyFile(
            f"expected {name} from {bounds[0]} to {bounds[-1]}, found {value!r:.80}",
        )
    return value


def _fixed_bytes(members: dict[str, object], name: str, length: int) -> bytes:
    try:
        data = decode_base64url(_text(members, name))
    except MalformedEncoding as fault:
        raise DamagedKeyFile(f"expected {name} in base64url, but: {fault}") from fault
    if len(data) != length:
        raise DamagedKeyFile(f"expected {length} bytes of {name}, found {len(data)}")
    return data
