"""The folder of a witness: which file is what, and how a new one is laid out.

::

    witness.json    name, where the key is, and the address that logs are told
    witness.key     the witness's key, under a passphrase (not with --key)
    witness.db      what was cosigned; without it the key must never cosign again
    logs.json       origin -> the log keys that are believed; read again when it changes
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.data_folder import write_new
from api.setup_errors import WitnessDamaged, WitnessExists, WitnessMissing
from keys.signer import Signer
from ledger import limits
from ledger.cosignature import Cosigner
from ledger.durable_files import replace_file
from ledger.errors import MalformedVerifierKey
from ledger.note import (
    ED25519_COSIGNATURE,
    ED25519_NOTE,
    KeyName,
    VerifierKey,
    encode_vkey,
    parse_vkey,
)
from ledger.store_witness import create_witness_store
from ledger.witness import WitnessedLog

FORMAT: Final = "lotmark.witness/v1"
KEY_URI: Final = "file:witness.key"


@dataclass(frozen=True, slots=True)
class WitnessFolder:
    """The paths below one witness's folder."""

    root: Path

    @property
    def config(self) -> Path:
        """Name and key URI."""
        return self.root / "witness.json"

    @property
    def key(self) -> Path:
        """The key file."""
        return self.root / "witness.key"

    @property
    def database(self) -> Path:
        """The memory."""
        return self.root / "witness.db"

    @property
    def logs(self) -> Path:
        """The logs that are witnessed."""
        return self.root / "logs.json"


@dataclass(frozen=True, slots=True)
class WitnessConfig:
    """What a witness must know of itself; ``vkey`` is what its policies name."""

    name: str
    key_uri: str
    vkey: str
    url: str

    @property
    def policy_line(self) -> str:
        """The line of a trust policy that names this witness."""
        return f"witness {self.name} {self.vkey} {self.url}".rstrip()


def create_witness(
    folder: WitnessFolder, name: str, *, signer: Signer, key_uri: str, url: str
) -> WitnessConfig:
    """Lay a new witness out; its key is there already.

    Raises:
        MalformedVerifierKey: the name is no key name.
        StoreUnavailable: its memory could not be made.
    """
    cosigner = witness_cosigner(name, signer)
    config = WitnessConfig(name, key_uri, encode_vkey(cosigner.key), url)
    create_witness_store(folder.database, config.vkey)
    write_new(folder.logs, b"{}\n", mode=0o600)
    members = {
        "format": FORMAT,
        "name": name,
        "key": key_uri,
        "vkey": config.vkey,
        "url": url,
    }
    # From here on the folder holds a witness.
    replace_file(folder.config, (json.dumps(members, indent=1) + "\n").encode())
    return config


def locate_witness_key(folder: WitnessFolder, uri: str) -> str:
    """The signer URI with a relative ``file:`` path made one below the folder."""
    scheme, _, path = uri.partition(":")
    if scheme != "file" or path.startswith("/"):
        return uri
    return f"file:{folder.root.absolute() / path}"


@contextmanager
def new_witness(folder: WitnessFolder) -> Iterator[None]:
    """Make a witness in an empty folder: whole, or nothing is left of it.

    Raises:
        WitnessExists: something is in the folder.
    """
    is_new = not folder.root.exists()
    expect_no_witness(folder)
    try:
        yield
    except BaseException:
        # Nothing was here before, and a key that no witness has used has signed nothing.
        for path in folder.root.iterdir():
            path.unlink()
        if is_new:
            folder.root.rmdir()
        raise


def expect_no_witness(folder: WitnessFolder) -> None:
    """Refuse a folder that something is in.

    Raises:
        WitnessExists: a witness, or files of another kind.
    """
    folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = sorted(path.name for path in folder.root.iterdir())
    if found:
        raise WitnessExists(
            f"expected an empty folder {folder.root}, found {', '.join(found[:4])}: a witness is "
            "made once; choose another --folder"
        )


def read_witness(folder: WitnessFolder) -> WitnessConfig:
    """Read ``witness.json``.

    Raises:
        WitnessMissing: there is no witness in the folder.
        WitnessDamaged: the file is not what :func:`create_witness` wrote.
    """
    try:
        match json.loads(folder.config.read_bytes()):
            case {
                "format": str(form),
                "name": str(name),
                "key": str(key),
                "vkey": str(vkey),
                "url": str(url),
            } if form == FORMAT:
                return WitnessConfig(name, key, vkey, url)
    except FileNotFoundError as fault:
        raise WitnessMissing(
            f"expected a witness in {folder.root.absolute()}, found no {folder.config.name}: run "
            "'lotmark witness init' first, or name the folder with --folder"
        ) from fault
    except (OSError, ValueError) as fault:
        raise WitnessDamaged(f"{folder.config}: {fault}") from fault
    raise WitnessDamaged(f"{folder.config}: expected the members of {FORMAT}")


def read_logs(folder: WitnessFolder) -> dict[str, WitnessedLog]:
    """Read which logs are witnessed.

    Raises:
        WitnessDamaged: the file is not of its form.
    """
    try:
        members = json.loads(folder.logs.read_bytes())
        return {str(origin): _parse_log(origin, vkeys) for origin, vkeys in members.items()}
    except (OSError, ValueError, AttributeError, TypeError, MalformedVerifierKey) as fault:
        raise WitnessDamaged(f"{folder.logs}: {fault}") from fault


def add_log(folder: WitnessFolder, origin: str, keys: Sequence[VerifierKey]) -> WitnessedLog:
    """Believe keys of a log, beside those that were believed before.

    Raises:
        MalformedVerifierKey: a key of another type than a log's.
        WitnessDamaged: the file is not of its form, or holds as many logs as it may.
    """
    for key in keys:
        if key.algorithm != ED25519_NOTE:
            raise MalformedVerifierKey(f"expected a log key (type 1), found that of {key.name}")
    with _one_at_a_time(folder):
        logs = read_logs(folder)
        before = logs[origin].keys if origin in logs else ()
        logs[origin] = WitnessedLog(origin, tuple(dict.fromkeys((*before, *keys))))
        if len(logs) > limits.WITNESS_LOGS_MAX:
            raise WitnessDamaged(f"expected at most {limits.WITNESS_LOGS_MAX} logs, found more")
        replace_file(folder.logs, _encode_logs(logs))
    return logs[origin]


class KnownLogs:
    """The logs that are witnessed, as their file says; looked at again when it has changed."""

    def __init__(self, folder: WitnessFolder) -> None:
        """Read them.

        Raises:
            WitnessDamaged: the file is not of its form.
        """
        self._folder = folder
        self._stamp = self._read_stamp()
        self._logs = read_logs(folder)

    def now(self) -> Mapping[str, WitnessedLog]:
        """By origin. A file that has become unreadable changes nothing until it is mended."""
        stamp = self._read_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._logs = read_logs(self._folder)
            except WitnessDamaged:
                return self._logs
        return self._logs

    def _read_stamp(self) -> tuple[int, int]:
        try:
            found = self._folder.logs.stat()
        except OSError:
            return (0, 0)
        # The file is replaced, never written to: another one has another number.
        return found.st_mtime_ns, found.st_ino


def witness_cosigner(name: str, signer: Signer) -> Cosigner:
    """The cosigner of a witness: its key under its name.

    Raises:
        MalformedVerifierKey: the name is no key name.
    """
    key = VerifierKey(KeyName(name), ED25519_COSIGNATURE, signer.public_key)
    return Cosigner(key, signer.sign)


@contextmanager
def _one_at_a_time(folder: WitnessFolder) -> Iterator[None]:
    """Wait until nobody else changes the list: what two add at once must both be in it."""
    try:
        # The folder itself: its file is replaced, and a lock on it would go with it.
        descriptor = os.open(folder.root, os.O_RDONLY)
    except OSError as fault:
        raise WitnessDamaged(f"{folder.root}: {fault}") from fault
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _parse_log(origin: Any, vkeys: Any) -> WitnessedLog:
    return WitnessedLog(str(origin), tuple(parse_vkey(vkey) for vkey in vkeys))


def _encode_logs(logs: Mapping[str, WitnessedLog]) -> bytes:
    members = {origin: [encode_vkey(key) for key in log.keys] for origin, log in logs.items()}
    return (json.dumps(members, indent=1, ensure_ascii=False) + "\n").encode()
