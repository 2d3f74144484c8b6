"""Key files: what opens, and each way in which a damaged one does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt
from nacl.pwhash import argon2id

from keys.ed25519 import public_key_of
from keys.encoding import encode_base64url
from keys.errors import (
    DamagedKeyFile,
    KeyFileExists,
    MalformedKey,
    SignerUnavailable,
    UnusablePassphrase,
    WrongPassphrase,
)
from keys.key_file import (
    Cost,
    KeyFile,
    encode_key_file,
    open_seed,
    parse_key_file,
    seal_seed,
)
from keys.key_storage import load_key_file, store_key_file
from keys.multikey import KeyKind, encode_multikey, encode_sealing_multikey
from keys.signer import open_signer
from keys.x25519 import sealing_key_of

pytestmark = pytest.mark.item("2.2")

SEED = bytes(range(32))
PASSPHRASE = "correct horse, Größe 7"
OTHER_MULTIKEY = encode_multikey(public_key_of(bytes(32)))

Members = dict[str, Any]


@cache
def a_key_file() -> KeyFile:
    return seal_seed(SEED, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)


def members() -> Members:
    found: Members = json.loads(encode_key_file(a_key_file()))
    return found


def encoded(changed: Members) -> bytes:
    return json.dumps(changed).encode()


def test_a_sealed_seed_opens_with_its_passphrase() -> None:
    key_file = parse_key_file(encode_key_file(a_key_file()))
    assert key_file == a_key_file()
    assert open_seed(key_file, passphrase=PASSPHRASE) == SEED


@pytest.mark.parametrize("cost", Cost)
def test_both_costs_open(cost: Cost) -> None:
    key_file = seal_seed(SEED, passphrase=PASSPHRASE, cost=cost)
    assert (key_file.header.operations, key_file.header.memory_bytes) == cost.value
    assert open_seed(key_file, passphrase=PASSPHRASE) == SEED


def test_a_key_file_names_its_public_key_without_being_opened() -> None:
    header = parse_key_file(encode_key_file(a_key_file())).header
    assert header.multikey == encode_multikey(public_key_of(SEED))


def test_two_key_files_of_one_seed_share_nothing_secret() -> None:
    again = seal_seed(SEED, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)
    assert again.header.salt != a_key_file().header.salt
    assert again.header.nonce != a_key_file().header.nonce
    assert again.ciphertext != a_key_file().ciphertext


@pytest.mark.parametrize("passphrase", ["correct horse, Größe 8", PASSPHRASE + " ", "x"])
def test_another_passphrase_is_refused(passphrase: str) -> None:
    with pytest.raises(WrongPassphrase, match="expected the passphrase that sealed") as refusal:
        open_seed(a_key_file(), passphrase=passphrase)
    assert refusal.value.code == "wrong-passphrase"


def test_a_passphrase_typed_on_another_keyboard_opens() -> None:
    decomposed = PASSPHRASE.replace("ö", "o\u0308")
    assert decomposed != PASSPHRASE
    assert open_seed(a_key_file(), passphrase=decomposed) == SEED


@pytest.mark.parametrize("passphrase", ["", "x" * 1025, "ä" * 513, "raw byte \udcff"])
def test_an_unusable_passphrase_neither_seals_nor_opens(passphrase: str) -> None:
    with pytest.raises(UnusablePassphrase, match="expected a passphrase of 1 to 1024 bytes"):
        seal_seed(SEED, passphrase=passphrase, cost=Cost.INTERACTIVE)
    with pytest.raises(UnusablePassphrase, match="expected a passphrase of 1 to 1024 bytes"):
        open_seed(a_key_file(), passphrase=passphrase)


def test_a_seed_of_another_length_is_not_sealed() -> None:
    with pytest.raises(MalformedKey, match="expected 32 bytes of seed, found 31"):
        seal_seed(SEED[:31], passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)


# Each of these values is well-formed, so nothing but the tag can notice the change.
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("multikey", OTHER_MULTIKEY),
        ("operations", 3),
        ("memory_bytes", 64 * 1024 * 1024 + 1024),
        ("memory_bytes", 64 * 1024 * 1024 + 1),
        ("salt", encode_base64url(bytes(16))),
        ("nonce", encode_base64url(bytes(24))),
        ("ciphertext", encode_base64url(bytes(48))),
    ],
)
def test_a_changed_member_does_not_open(name: str, value: object) -> None:
    changed = members() | {name: value}
    with pytest.raises(WrongPassphrase):
        open_seed(parse_key_file(encoded(changed)), passphrase=PASSPHRASE)


def test_a_flipped_bit_of_the_ciphertext_does_not_open() -> None:
    ciphertext = bytearray(a_key_file().ciphertext)
    for position in (0, 31, 32, 47):
        ciphertext[position] ^= 1
        changed = KeyFile(a_key_file().header, bytes(ciphertext))
        with pytest.raises(WrongPassphrase):
            open_seed(changed, passphrase=PASSPHRASE)
        ciphertext[position] ^= 1


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("operations", 1, "expected operations from 2 to 8, found 1"),
        ("operations", 9, "expected operations from 2 to 8, found 9"),
        ("operations", True, "expected operations from 2 to 8, found True"),
        ("operations", 2.0, "expected operations from 2 to 8, found 2.0"),
        ("operations", "2", "expected operations from 2 to 8, found '2'"),
        ("memory_bytes", 2**26 - 1, "expected memory_bytes from 67108864 to 1073741824"),
        ("memory_bytes", 2**30 + 1, "found 1073741825"),
        ("memory_bytes", 2**70, "found 1180591620717411303424"),
        ("memory_bytes", -1, "found -1"),
        ("memory_bytes", None, "found None"),
        ("format", "lotmark.key/v2", "expected format 'lotmark.key/v1', found 'lotmark.key/v2'"),
        ("kdf", "argon2i", "expected kdf 'argon2id', found 'argon2i'"),
        ("cipher", "none", "expected cipher 'xchacha20-poly1305', found 'none'"),
        ("salt", encode_base64url(bytes(15)), "expected 16 bytes of salt, found 15"),
        ("salt", 1234567890123456789012, "expected text as salt"),
        ("nonce", encode_base64url(bytes(25)), "expected 24 bytes of nonce, found 25"),
        ("nonce", "===", "expected nonce in base64url"),
        ("ciphertext", encode_base64url(bytes(47)), "expected 48 bytes of ciphertext, found 47"),
        ("ciphertext", "", "expected 48 bytes of ciphertext, found 0"),
        ("ciphertext", {"a": 1}, "expected text as ciphertext"),
        ("multikey", OTHER_MULTIKEY[:-1], "expected an Ed25519 or X25519 multikey"),
        ("multikey", None, "expected text as multikey"),
        ("comment", "mine", "expected the members"),
    ],
)
def test_a_value_out_of_its_bounds_is_refused(name: str, value: object, found: str) -> None:
    assert parse_key_file(encoded(members())) == a_key_file()
    with pytest.raises(DamagedKeyFile, match=found) as refusal:
        parse_key_file(encoded(members() | {name: value}))
    assert refusal.value.code == "damaged-key-file"


@pytest.mark.parametrize(
    "name",
    [
        "format",
        "multikey",
        "kdf",
        "operations",
        "memory_bytes",
        "salt",
        "cipher",
        "nonce",
        "ciphertext",
    ],
)
def test_a_missing_member_is_refused(name: str) -> None:
    assert name in members()
    with pytest.raises(DamagedKeyFile, match="expected the members"):
        parse_key_file(encoded({key: value for key, value in members().items() if key != name}))


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda data: data[:0], "expected JSON"),
        (lambda data: data[:-3], "expected JSON"),
        (lambda data: data[: len(data) // 2], "expected JSON"),
        (lambda data: data + b"{}", "expected JSON"),
        (lambda data: b"\xff" + data, "expected JSON"),
        (lambda data: b"[" + data + b"]", "expected the members"),
        (lambda data: b'{"salt":"",' + data.lstrip(b"{"), "expected each member once"),
        (lambda data: data + b" " * 4096, "expected at most 4096 bytes"),
    ],
)
def test_a_damaged_file_is_refused(damage: Callable[[bytes], bytes], found: str) -> None:
    data = encode_key_file(a_key_file())
    assert parse_key_file(data) == a_key_file()
    with pytest.raises(DamagedKeyFile, match=found):
        parse_key_file(damage(data))


@pytest.mark.parametrize("data", [b"[]", b"{}", b"null", b"NaN", b"1", b'""', b"[" * 4000])
def test_json_that_is_no_key_file_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedKeyFile, match=r"expected (the members|JSON)"):
        parse_key_file(data)


def written_from_the_specification(multikey: str) -> bytes:
    """What another program would write that knows only docs/spec/keys.md, section 5."""
    salt, nonce = encode_base64url(b"s" * 16), encode_base64url(b"n" * 24)
    values = ["lotmark.key/v1", multikey, "argon2id", "2", "67108864", salt]
    values += ["xchacha20-poly1305", nonce]
    associated = "".join(value + "\n" for value in values).encode()
    key = argon2id.kdf(32, PASSPHRASE.encode(), b"s" * 16, opslimit=2, memlimit=67108864)
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(SEED, associated, b"n" * 24, key)
    changed = {"multikey": multikey, "salt": salt, "nonce": nonce}
    return encoded(members() | changed | {"ciphertext": encode_base64url(sealed)})


def test_a_key_file_written_from_the_specification_opens() -> None:
    data = written_from_the_specification(encode_multikey(public_key_of(SEED)))
    assert open_seed(parse_key_file(data), passphrase=PASSPHRASE) == SEED


# Only who knows the passphrase can make such a file; it is refused all the same.
def test_a_seed_of_another_public_key_is_refused() -> None:
    data = written_from_the_specification(OTHER_MULTIKEY)
    with pytest.raises(DamagedKeyFile, match=f"expected the seed of {OTHER_MULTIKEY}"):
        open_seed(parse_key_file(data), passphrase=PASSPHRASE)


def test_a_stored_key_file_is_its_owners_alone_and_loads_again(tmp_path: Path) -> None:
    path = tmp_path / "party.key"
    store_key_file(path, a_key_file())
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key_file(path) == a_key_file()
    assert [found.name for found in tmp_path.iterdir()] == ["party.key"]


@pytest.mark.parametrize("kind", ["file", "folder", "dangling symlink"])
def test_a_taken_name_is_never_overwritten(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "party.key"
    if kind == "file":
        path.write_bytes(b"somebody's key")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "elsewhere.key")
    with pytest.raises(KeyFileExists, match="expected no file at") as refusal:
        store_key_file(path, a_key_file())
    assert refusal.value.code == "key-file-exists"
    assert [found.name for found in tmp_path.iterdir()] == ["party.key"]
    assert kind != "file" or path.read_bytes() == b"somebody's key"


@pytest.mark.parametrize("name", ["missing/party.key", "", "nul\0l.key", "x" * 300])
def test_a_name_that_cannot_be_written_or_read_is_refused(tmp_path: Path, name: str) -> None:
    path = Path(name) if name == "" else tmp_path / name
    with pytest.raises(SignerUnavailable, match="choose a folder that exists") as refusal:
        store_key_file(path, a_key_file())
    assert refusal.value.code == "signer-unavailable"
    with pytest.raises(SignerUnavailable, match="bring it back"):
        load_key_file(path)


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "huge.key"
    with path.open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(DamagedKeyFile, match="expected at most 4096 bytes"):
        load_key_file(path)


@cache
def a_sealing_key_file() -> KeyFile:
    return seal_seed(SEED, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE, kind=KeyKind.X25519)


@pytest.mark.item("5.6.sealed")
def test_a_key_to_be_sealed_to_is_kept_in_the_same_form() -> None:
    kept = parse_key_file(encode_key_file(a_sealing_key_file()))
    assert kept.header.multikey == encode_sealing_multikey(sealing_key_of(SEED))
    assert open_seed(kept, passphrase=PASSPHRASE) == SEED


@pytest.mark.item("5.6.sealed")
def test_a_key_to_be_sealed_to_opens_as_no_signer(tmp_path: Path) -> None:
    store_key_file(tmp_path / "seal.key", a_sealing_key_file())
    with pytest.raises(SignerUnavailable, match="it signs nothing"):
        open_signer(f"file:{tmp_path / 'seal.key'}", environment={"LOTMARK_PASSPHRASE": PASSPHRASE})
