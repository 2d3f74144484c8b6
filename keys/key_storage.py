"""Key files on disk: written once, whole, and for their owner only.

The content is that of :mod:`keys.key_file`; nothing here knows a passphrase.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from keys.errors import KeyFileExists, SignerUnavailable
from keys.key_file import KeyFile, encode_key_file, parse_key_file
from keys.limits import KEY_FILE_BYTES_MAX


def store_key_file(path: Path, key_file: KeyFile) -> None:
    """Write a new key file: complete or not at all, readable by its owner only.

    Raises:
        KeyFileExists: there is something of that name; it is left as it was.
        SignerUnavailable: the file system refused.
    """
    try:
        _publish(path, encode_key_file(key_file))
    except FileExistsError as fault:
        raise KeyFileExists(
            f"expected no file at {path}, found one; choose another name, keys are not overwritten",
        ) from fault
    except (OSError, ValueError) as fault:
        raise SignerUnavailable(
            f"expected to write a key file at {path}, found: {_reason(fault)}; choose a folder "
            "that exists and that you may write to",
        ) from fault


def load_key_file(path: Path) -> KeyFile:
    """Read the key file at a path, without opening it.

    Raises:
        SignerUnavailable: it cannot be read.
        DamagedKeyFile: see :func:`parse_key_file`.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(KEY_FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as fault:
        raise SignerUnavailable(
            f"expected a key file at {path}, found: {_reason(fault)}; bring it back from where "
            "it is kept, or correct the path",
        ) from fault
    return parse_key_file(data)


def _publish(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.draft")
    try:
        _write_private(draft, data)
        # A link, unlike a rename, fails where the name is taken, even by a dangling symlink.
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _write_private(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(fault: OSError | ValueError) -> str:
    # The text of an OSError repeats its path and number.
    return str(getattr(fault, "strerror", None) or fault)
